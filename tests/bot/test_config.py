"""The configuration: defaults, file, environment, and errors that name the key."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from bot import reference
from bot.config import Config, ConfigError, load_config

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("MOEDEX_TOKEN", "DISCORD_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


def written(folder: Path, text: str) -> Path:
    file = folder / "config.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_everything_has_a_default() -> None:
    config = load_config()
    assert config.inference.threads == 2
    assert config.discord.token.get_secret_value() == ""
    assert config.discord.api == ""


def test_the_file_in_the_working_directory_is_read(tmp_path: Path) -> None:
    written(tmp_path, "[inference]\nthreads = 3\n")
    assert load_config().inference.threads == 3


def test_a_byte_order_mark_is_passed_over(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_bytes(b"\xef\xbb\xbf[inference]\r\nthreads = 3\r\n")
    assert load_config().inference.threads == 3
    assert load_config(file).inference.threads == 3


def test_the_environment_wins_over_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = written(tmp_path, "[inference]\nthreads = 3\nqueue = 7\n")
    monkeypatch.setenv("MOEDEX_INFERENCE__THREADS", "4")
    config = load_config(file)
    assert (config.inference.threads, config.inference.queue) == (4, 7)


def test_arguments_win_over_both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = written(tmp_path, '[discord]\nprefix = "?"\napi = "http://a/"\n')
    monkeypatch.setenv("MOEDEX_DISCORD__API", "http://b")
    config = load_config(file, discord={"api": "http://c/v10/"})
    assert (config.discord.api, config.discord.prefix) == ("http://c/v10", "?")


@pytest.mark.parametrize("name", ["MOEDEX_TOKEN", "DISCORD_TOKEN"])
def test_the_token_comes_from_the_environment(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, " secret-token\n")
    config = load_config()
    assert config.discord.token.get_secret_value() == "secret-token"
    assert "secret-token" not in repr(config)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (
            "[inference]\nthreds = 3\n",
            ["inference.threds", "no such key", "threads", "config.toml"],
        ),
        ("[inferense]\nthreads = 3\n", ["inferense", "no such key", "inference"]),
        ("[inference]\nthreads = 0\n", ["inference.threads", "greater than", "0", "config.toml"]),
        ('[inference]\nthreads = "many"\n', ["inference.threads", "integer", "many"]),
        ('[inference]\ndetector = "yolo"\n', ["inference.detector", "'cascade'", "yolo"]),
        ('[discord]\napi = "localhost"\n', ["discord.api", "http://", "localhost"]),
        ("[discord]\nshards = -1\n", ["discord.shards", "0-3/16", "-1", "config.toml"]),
        ("[discord]\nshards = true\n", ["discord.shards", "0-3/16"]),
        ('[discord]\nshards = "0-3"\n', ["discord.shards", "0-3/16", "'0-3'"]),
        ('[discord]\nshards = "4/4"\n', ["discord.shards", "from 0 to 3", "'4/4'"]),
        ('[discord]\nshards = "3-1/4"\n', ["discord.shards", "the lower one first"]),
        ('[discord]\nshards = "0/0"\n', ["discord.shards", "at least one"]),
        ("[inference\n", ["config.toml", "not valid TOML"]),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, names: list[str]) -> None:
    file = written(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        load_config(file)
    for name in names:
        assert name in str(caught.value)


@pytest.mark.parametrize(
    ("text", "ids"),
    [("0-3/16", [0, 1, 2, 3]), ("5/16", [5]), (" 14 - 15 / 16 ", [14, 15]), ("0/1", [0])],
)
def test_a_slice_of_the_shards(text: str, ids: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOEDEX_DISCORD__SHARDS", text)
    shards = load_config().discord.shard_slice
    assert shards is not None
    assert list(shards.ids) == ids
    assert [each for each in range(shards.count) if shards.has(each << 22 | 3)] == ids
    assert shards.has(None) == (0 in ids), "DMs are on shard 0"


@pytest.mark.parametrize("value", ["2", 2])
def test_a_number_of_shards_is_no_slice(value: object) -> None:
    discord = load_config(discord={"shards": value}).discord
    assert (discord.shards, discord.shard_slice) == (2, None)


def test_a_wrong_token_is_not_shown(tmp_path: Path) -> None:
    file = written(tmp_path, "[discord]\ntoken = 123456789\n")
    with pytest.raises(ConfigError) as caught:
        load_config(file)
    assert "discord.token" in str(caught.value)
    assert "123456789" not in str(caught.value)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("MOEDEX_INFERENCE__THREADS", "many"),
        ("MOEDEX_INFERENCE__THREDS", "2"),
        ("MOEDEX_INFERENSE__THREADS", "2"),
    ],
)
def test_a_wrong_environment_variable_is_named(
    variable: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(ConfigError, match=variable):
        load_config()


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.toml"):
        load_config(tmp_path / "nowhere.toml")


def test_the_example_holds_the_defaults() -> None:
    text = (ROOT / reference.EXAMPLE).read_text(encoding="utf-8")
    assert text == reference.example(), "run `python -m bot.reference`"
    assert load_config(ROOT / reference.EXAMPLE).model_dump() == load_config().model_dump()
    assert list(tomllib.loads(text)) == list(Config.model_fields)


def test_the_reference_is_in_step() -> None:
    text = (ROOT / reference.REFERENCE).read_text(encoding="utf-8")
    assert text == reference.reference(), "run `python -m bot.reference`"
