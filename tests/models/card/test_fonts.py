"""A font with Japanese is found where one is; otherwise Pillow's own is used."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.card import fonts
from models.card.fonts import Fonts, find_fonts


@pytest.fixture
def nothing_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "font_folders", tuple)
    fonts._installed_fonts.cache_clear()
    monkeypatch.setattr(fonts, "_installed_fonts", fonts._installed_fonts.__wrapped__)


@pytest.mark.usefixtures("nothing_installed")
def test_without_a_japanese_font_pillows_own_writes_romanised_names() -> None:
    found = find_fonts()
    assert not found.japanese
    assert found.can_write("Nishikino Maki, Élise")
    assert not found.can_write("西木野真姫")
    assert found.bold(20).getlength("Maki") > 20


@pytest.mark.usefixtures("nothing_installed")
def test_a_configured_file_that_is_no_font_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "font.ttf"
    path.write_text("no font")
    assert find_fonts(path) == Fonts(None, None)
    assert find_fonts(tmp_path / "missing.ttf") == Fonts(None, None)


def test_a_configured_font_comes_first() -> None:
    installed = find_fonts()
    if installed.bold_file is None:
        pytest.skip("no Japanese font is installed here")
    assert find_fonts(installed.bold_file) == Fonts(installed.bold_file, installed.bold_file)


def test_installed_font_writes_japanese() -> None:
    found = find_fonts()
    if not found.japanese:
        pytest.skip("no Japanese font is installed here")
    assert found.can_write("西木野真姫")
    box = found.regular(40).getbbox("姫")
    assert box[2] - box[0] > 25
