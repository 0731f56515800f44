"""`moedex tagger fetch`, and what the doctor says of a tagger."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from bot.cli import app
from bot.config import load_config
from bot.doctor import _tagger
from models.tagger import hub
from tests.models.tagger.small_models import camie_model

if TYPE_CHECKING:
    from pathlib import Path


def test_a_fetched_tagger_is_tried_and_the_configuration_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    camie_model(tmp_path)
    monkeypatch.setattr(hub, "fetch_tagger", lambda _model: tmp_path)
    result = CliRunner().invoke(app, ["tagger", "fetch", "somebody/camie-small"])

    assert result.exit_code == 0
    assert "knows 3 characters (form Camie v2)" in result.output
    assert 'model = "somebody/camie-small"' in result.output


def test_what_is_no_name_is_one_line() -> None:
    result = CliRunner().invoke(app, ["tagger", "fetch", "nothing"])

    assert (result.exit_code, result.output.count("\n")) == (1, 1)


@pytest.mark.parametrize(
    ("model", "state"), [("", "well"), ("own", "well"), ("nowhere/at/all", "broken")]
)
def test_the_doctor_tries_the_tagger(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model: str, state: str
) -> None:
    camie_model(tmp_path / "own")
    monkeypatch.chdir(tmp_path)

    assert _tagger(load_config(tagger={"model": model})).state == state
