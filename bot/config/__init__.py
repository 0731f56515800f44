"""The configuration: a TOML file, and environment variables over it, read once at the start.

Every value has a default here, so an empty file is a valid one. An environment variable is named
`MOEDEX_<SECTION>__<KEY>` (`MOEDEX_INFERENCE__THREADS=4`) and wins over the file; the token is also
read from `MOEDEX_TOKEN` and `DISCORD_TOKEN`. What is wrong ends the start with a `ConfigError` that
names the key, what is wrong with it, and where it was set.
"""

from bot.config.answers import AnswersConfig
from bot.config.catch_up import CatchUpConfig
from bot.config.cooldowns import CooldownsConfig
from bot.config.discord import DiscordConfig
from bot.config.errors import ConfigError
from bot.config.inference import InferenceConfig
from bot.config.learning import LearningConfig
from bot.config.logs import LogsConfig
from bot.config.naming import NamingConfig
from bot.config.pictures import PicturesConfig
from bot.config.reading import load_config
from bot.config.roster import RosterConfig
from bot.config.storage import StorageConfig
from bot.config.tagger import TaggerConfig
from bot.config.web import WebConfig
from bot.config.whole import Config

__all__ = [
    "AnswersConfig",
    "CatchUpConfig",
    "Config",
    "ConfigError",
    "CooldownsConfig",
    "DiscordConfig",
    "InferenceConfig",
    "LearningConfig",
    "LogsConfig",
    "NamingConfig",
    "PicturesConfig",
    "RosterConfig",
    "StorageConfig",
    "TaggerConfig",
    "WebConfig",
    "load_config",
]
