"""The whole configuration, one attribute a section, and the sources that it is read from."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from pydantic import Field
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from bot.config.answers import AnswersConfig
from bot.config.catch_up import CatchUpConfig
from bot.config.cooldowns import CooldownsConfig
from bot.config.discord import DiscordConfig
from bot.config.file import read_file
from bot.config.inference import InferenceConfig
from bot.config.learning import LearningConfig
from bot.config.logs import LogsConfig
from bot.config.metrics import MetricsConfig
from bot.config.naming import NamingConfig
from bot.config.pictures import PicturesConfig
from bot.config.roster import RosterConfig
from bot.config.storage import StorageConfig
from bot.config.tagger import TaggerConfig
from bot.config.web import WebConfig

PREFIX = "MOEDEX_"
"""What the name of an environment variable begins with."""


class Config(BaseSettings):
    """The whole configuration; one attribute a section of the file."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True
    )
    file: ClassVar[Path | None] = None
    """The TOML file that a subclass made by `load_config` reads."""

    discord: DiscordConfig = Field(default_factory=lambda: DiscordConfig.model_validate({}))
    pictures: PicturesConfig = Field(default_factory=lambda: PicturesConfig.model_validate({}))
    inference: InferenceConfig = Field(default_factory=lambda: InferenceConfig.model_validate({}))
    naming: NamingConfig = Field(default_factory=lambda: NamingConfig.model_validate({}))
    answers: AnswersConfig = Field(default_factory=lambda: AnswersConfig.model_validate({}))
    catch_up: CatchUpConfig = Field(default_factory=lambda: CatchUpConfig.model_validate({}))
    cooldowns: CooldownsConfig = Field(default_factory=lambda: CooldownsConfig.model_validate({}))
    storage: StorageConfig = Field(default_factory=lambda: StorageConfig.model_validate({}))
    learning: LearningConfig = Field(default_factory=lambda: LearningConfig.model_validate({}))
    tagger: TaggerConfig = Field(default_factory=lambda: TaggerConfig.model_validate({}))
    roster: RosterConfig = Field(default_factory=lambda: RosterConfig.model_validate({}))
    web: WebConfig = Field(default_factory=lambda: WebConfig.model_validate({}))
    metrics: MetricsConfig = Field(default_factory=lambda: MetricsConfig.model_validate({}))
    logs: LogsConfig = Field(default_factory=lambda: LogsConfig.model_validate({}))

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Environment first, then the file; nothing else is read."""
        if cls.file is None:
            return init_settings, env_settings
        return init_settings, env_settings, InitSettingsSource(settings_cls, read_file(cls.file))
