"""The configuration: a TOML file, and environment variables over it, read once at the start.

Every value has a default here, so an empty file is a valid one. An environment variable is named
`MOEDEX_<SECTION>__<KEY>` (`MOEDEX_INFERENCE__THREADS=4`) and wins over the file; the token is also
read from `MOEDEX_TOKEN` and `DISCORD_TOKEN`. What is wrong ends the start with a `ConfigError` that
names the key, what is wrong with it, and where it was set.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Any, ClassVar, Literal, cast

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from models.detection.registry import AUTO, detector_names

DEFAULT_FILE = Path("config.toml")
TOKEN_VARIABLES = ("MOEDEX_TOKEN", "DISCORD_TOKEN")
SECRET_KEYS = ("token", "api_key")
"""Keys whose values are never shown."""
_PREFIX = "MOEDEX_"


class ConfigError(Exception):
    """A wrong configuration; the text is complete and meant for the person who wrote it."""


class _Section(BaseModel):
    """A section of the file: frozen, and without room for a misspelled key."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class DiscordConfig(_Section):
    """Where Discord is and how the bot shows itself there."""

    token: SecretStr = Field(
        SecretStr(""), description="The bot's token. Better set as MOEDEX_TOKEN than written here."
    )
    prefix: str = Field(
        "!",
        min_length=1,
        max_length=10,
        description="What a typed command starts with. A mention of the bot always works too.",
    )
    shards: int = Field(0, ge=0, description="How many gateway connections; 0 lets Discord say.")
    api: str = Field(
        "", description="Base URL of another REST API, version included. Empty: Discord's own."
    )
    gateway: str = Field("", description="Websocket URL of another gateway. Empty: Discord's own.")
    cdn: str = Field("", description="Base URL of another CDN. Empty: Discord's own.")

    @field_validator("api", "gateway", "cdn")
    @classmethod
    def _is_url(cls, value: str, info: Any) -> str:
        schemes = ("ws://", "wss://") if info.field_name == "gateway" else ("http://", "https://")
        if value and not value.startswith(schemes):
            raise ValueError(f"must be empty or start with {' or '.join(schemes)}")
        return value if info.field_name == "gateway" else value.rstrip("/")


class PicturesConfig(_Section):
    """Limits of what is taken in from a chat; commands take larger files from your own disk."""

    max_bytes: int = Field(
        25 * 2**20, ge=1024, description="Bytes of one picture file; bigger ones are refused."
    )
    max_pixels: int = Field(
        50_000_000, ge=10_000, description="Pixels of one picture; more are refused undecoded."
    )
    frames: int = Field(
        6, ge=1, le=32, description="Frames looked at in an animation, spread over its length."
    )
    per_message: int = Field(10, ge=1, le=50, description="Pictures answered in one message.")
    faces: int = Field(16, ge=1, le=100, description="Faces named in one picture, best first.")


class InferenceConfig(_Section):
    """The worker that names faces, and the models it uses."""

    threads: int = Field(
        2, ge=1, le=64, description="Threads that decode, find faces and draw; one more embeds."
    )
    queue: int = Field(
        64, ge=1, description="Pictures that may wait; the next one is told that the bot is busy."
    )
    batch: int = Field(16, ge=1, le=256, description="Faces embedded at once, at most.")
    wait_ms: float = Field(
        5.0, ge=0, le=1000, description="Milliseconds a batch waits for faces still on their way."
    )
    timeout_s: float = Field(
        30.0, gt=0, description="Seconds a picture may take, waiting included."
    )
    detector: str = Field(
        AUTO, description='Face detector: "auto", "cascade", "learned" or one of your own.'
    )
    cascade: str = Field(
        "", description="Path of your own cascade file. Empty: one in cascades/, else nagadomi's."
    )
    threshold: float | None = Field(
        None,
        ge=0,
        le=1,
        description="Below this probability a face is unknown. Unset: what the model came with, "
        "which rises with the characters that can be named.",
    )

    @field_validator("detector")
    @classmethod
    def _is_registered(cls, value: str) -> str:
        # Asking which there are imports them all; the usual one need not wait for that.
        if value != AUTO and value not in (names := detector_names()):
            raise ValueError(f"Input should be {', '.join(map(repr, names))}")
        return value


class AnswersConfig(_Section):
    """How an answer looks."""

    side: int = Field(
        1600, ge=200, le=4096, description="Longest side of the answered picture, in pixels."
    )
    format: Literal["JPEG", "WEBP"] = Field(
        "JPEG", description='Format of the answered picture: "JPEG" or "WEBP".'
    )


class CooldownsConfig(_Section):
    """How often a person and a server may ask or `/teach`; ten times as often, correct."""

    user_times: int = Field(5, ge=1, description="Questions a user may ask ...")
    user_seconds: float = Field(20.0, gt=0, description="... in this many seconds.")
    server_times: int = Field(30, ge=1, description="Questions a server may ask ...")
    server_seconds: float = Field(20.0, gt=0, description="... in this many seconds.")


class StorageConfig(_Section):
    """What is kept, where, and for how long."""

    url: str = Field(
        "sqlite+aiosqlite:///data/moedex.db",
        description="SQLAlchemy URL of the database. The folder is made if it is missing.",
    )
    answers_days: int = Field(
        180,
        ge=1,
        description="Days after which an answer and its votes are erased, in servers that learn.",
    )
    buttons_days: int = Field(
        7,
        ge=1,
        description="Days after which they are erased everywhere else: in servers that don't "
        "learn, in DMs, and of members who opted out. Until then the buttons of the answer work.",
    )


class LearningConfig(_Section):
    """What is learned from votes, where a server's moderators switched that on."""

    crops: str = Field(
        "",
        description="Folder of the kept crops of faces. Empty: beside the database, where backups "
        "take them along.",
    )
    crops_days: int = Field(
        365,
        ge=1,
        description="Days after which a kept crop and its vector are erased, and a proposal that "
        "no moderator decided.",
    )
    leave_days: int = Field(
        30, ge=0, description="Days after which a server that the bot left is erased."
    )
    forget_days: int = Field(
        7,
        ge=0,
        description="Days after which the drawings of a character that `/forget` took away are "
        "erased; until then it can be undone.",
    )
    train_hours: int = Field(
        24,
        ge=0,
        description="Hours after which a server with new labels is trained again; 0 leaves that to "
        "/train and `moedex learn`.",
    )
    cluster_faces: int = Field(
        6,
        ge=3,
        description="Unknown faces alike, in different pictures, from which `/review` asks who it "
        "is.",
    )
    cluster_days: int = Field(14, ge=1, description="Days that are searched for such faces.")


class TaggerConfig(_Section):
    """A second opinion on faces that the own model does not name; needs moedex[tagger]."""

    model: str = Field(
        "",
        description="Path of a tagger (WD v3 or Camie v2), or its name on a hub, fetched by "
        "`moedex tagger fetch`. Empty: none is asked.",
    )
    threshold: float = Field(
        0.8, gt=0, le=1, description="Below this probability a tagger's name is not given."
    )


class RosterConfig(_Section):
    """Where `moedex roster add` finds further characters."""

    anilist: str = Field(
        "https://graphql.anilist.co", description="Address of AniList's GraphQL API."
    )
    board: str = Field(
        "https://danbooru.donmai.us", description="Address of a board with Danbooru's API."
    )
    login: str = Field("", description="Your name on that board; most of it needs none.")
    api_key: SecretStr = Field(
        SecretStr(""),
        description="Your API key there. Better set as MOEDEX_ROSTER__API_KEY than written here.",
    )

    teach_series: bool = Field(
        True,
        description="Whether moderators may give their server a series' cast from AniList by "
        "`/teach series:`.",
    )

    @field_validator("anilist", "board")
    @classmethod
    def _is_address(cls, value: str) -> str:
        if not value.startswith(("http://", "https://")):
            raise ValueError("must start with http:// or https://")
        return value.rstrip("/")


class LogsConfig(_Section):
    """What is logged, to standard error."""

    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description='"DEBUG", "INFO", "WARNING" or "ERROR".'
    )


class Config(BaseSettings):
    """The whole configuration; one attribute a section of the file."""

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True
    )
    file: ClassVar[Path | None] = None
    """The TOML file that a subclass made by `load_config` reads."""

    discord: DiscordConfig = Field(default_factory=lambda: DiscordConfig.model_validate({}))
    pictures: PicturesConfig = Field(default_factory=lambda: PicturesConfig.model_validate({}))
    inference: InferenceConfig = Field(default_factory=lambda: InferenceConfig.model_validate({}))
    answers: AnswersConfig = Field(default_factory=lambda: AnswersConfig.model_validate({}))
    cooldowns: CooldownsConfig = Field(default_factory=lambda: CooldownsConfig.model_validate({}))
    storage: StorageConfig = Field(default_factory=lambda: StorageConfig.model_validate({}))
    learning: LearningConfig = Field(default_factory=lambda: LearningConfig.model_validate({}))
    tagger: TaggerConfig = Field(default_factory=lambda: TaggerConfig.model_validate({}))
    roster: RosterConfig = Field(default_factory=lambda: RosterConfig.model_validate({}))
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
        return init_settings, env_settings, InitSettingsSource(settings_cls, _read(cls.file))


def load_config(path: Path | None = None, **sections: dict[str, object]) -> Config:
    """Read the configuration.

    `path` is the TOML file; None takes `config.toml` in the working directory if there is one.
    `sections` win over both file and environment (`load_config(storage={"url": ...})`).

    Raises ConfigError if the file can't be read or a key in it, or in the environment, is wrong.
    """
    file = path if path is not None else DEFAULT_FILE if DEFAULT_FILE.is_file() else None
    if file is not None:
        _read(file)  # what is wrong with it is said before what is wrong in it
    _check_environment()
    reader = cast("type[Config]", type("Config", (Config,), {"file": file, "__doc__": None}))
    try:
        config = reader(**cast("dict[str, Any]", sections))
    except ValidationError as error:
        raise ConfigError(_explain(error, file, sections)) from None
    token = next((os.environ[name] for name in TOKEN_VARIABLES if os.environ.get(name)), None)
    if token is None or "token" in sections.get("discord", {}):
        return config
    section = config.discord.model_copy(update={"token": SecretStr(token.strip())})
    return config.model_copy(update={"discord": section})


def _read(file: Path) -> dict[str, Any]:
    """Read a TOML file, with or without the mark that Windows editors begin a file with."""
    try:
        return tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ConfigError(f"Configuration {file}: can't be read ({error.strerror}).") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"Configuration {file}: is not valid TOML: {error}.") from None


def _check_environment() -> None:
    # pydantic-settings passes over variables whose section doesn't exist; a typo must not.
    for name in os.environ:
        if not name.upper().startswith(_PREFIX) or "__" not in name:
            continue
        section = name[len(_PREFIX) :].split("__", 1)[0].lower()
        if section not in Config.model_fields:
            known = ", ".join(Config.model_fields)
            raise ConfigError(
                f"Environment variable {name}: there is no section {section!r} (there are {known})."
            )


def _explain(error: ValidationError, file: Path | None, sections: dict[str, Any]) -> str:
    lines = []
    for problem in error.errors():
        location = [str(part) for part in problem["loc"]]
        key = ".".join(location)
        variable = (_PREFIX + "__".join(location)).upper()
        set_names = {name.upper(): name for name in os.environ}
        if location[0] in sections and location[-1] in sections[location[0]]:
            where = f"Setting {key}"
        elif variable in set_names:
            where = f"Environment variable {set_names[variable]} (key {key})"
        else:
            where = f"Configuration {file}, key {key}"
        lines.append(f"{where}: {_reason(problem, location)}")
    return "\n".join(lines)


def _reason(problem: Any, location: list[str]) -> str:
    if problem["type"] == "extra_forbidden":
        section = Config.model_fields.get(location[0])
        known: list[str] = list(Config.model_fields)
        if section is not None and len(location) > 1:
            known = list(cast("type[BaseModel]", section.annotation).model_fields)
        return f"there is no such key (there are {', '.join(known)})."
    text = str(problem["msg"]).removeprefix("Value error, ")
    text = text[:1].lower() + text[1:]
    if location[-1] in SECRET_KEYS:
        return f"{text}."
    return f"{text}, but it is {problem['input']!r}."
