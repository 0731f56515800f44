"""`moedex characters`: the roster on the command line."""

from __future__ import annotations

import json

from typer.testing import CliRunner

from bot.cli import app


def objects(*arguments: str) -> list[dict[str, object]]:
    found = CliRunner().invoke(app, ["characters", *arguments, "--json"])
    assert found.exit_code == 0, found.output
    return [json.loads(line) for line in found.stdout.splitlines()]


def test_one_object_a_line_says_who_somebody_is() -> None:
    first = objects("初音ミク")[0]
    assert list(first)[:6] == ["id", "name", "series", "native_name", "aliases", "link"]
    assert first["id"] == "hatsune_miku"
    assert first["link"] == "https://myanimelist.net/character/7156"
    assert first["named"] is True


def test_a_series_by_any_title() -> None:
    found = objects("--series", "Boku no Hero Academia")
    assert {each["series"] for each in found} == {"My Hero Academia"}
    [both] = objects("midoriya", "--series", "mha")
    assert both["id"] == "midoriya_izuku"


def test_who_can_be_named_is_marked() -> None:
    shown = CliRunner().invoke(app, ["characters", "hatsune miku"])
    assert shown.stdout.splitlines()[0] == "* Hatsune Miku (初音ミク) — VOCALOID  [hatsune_miku]"
    assert "can be named" in shown.stderr


def test_nobody_is_an_error() -> None:
    assert CliRunner().invoke(app, ["characters", "zzqqxxzz"]).exit_code == 1
