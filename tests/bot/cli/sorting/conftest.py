"""Every test of sorting runs in a folder of its own, with stages that need no model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.bot.cli.sorting.world import use_light_stages

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _light_stages(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    use_light_stages(monkeypatch, tmp_path)
