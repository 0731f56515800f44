"""Finds a font that has Japanese for the card, among those installed.

The configured file comes first, then the fonts below by name in the system's and the user's font
folders. Where none is found, Pillow's own scalable font writes the romanised names.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from PIL import ImageFont

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

JAPANESE_FONTS = (
    # regular, bold: the best first
    ("NotoSansCJK-Regular.ttc", "NotoSansCJK-Bold.ttc"),
    ("NotoSansCJKjp-Regular.otf", "NotoSansCJKjp-Bold.otf"),
    ("NotoSansJP-Regular.otf", "NotoSansJP-Bold.otf"),
    ("NotoSansJP-Regular.ttf", "NotoSansJP-Bold.ttf"),
    ("SourceHanSansJP-Regular.otf", "SourceHanSansJP-Bold.otf"),
    ("ipaexg.ttf", "ipaexg.ttf"),
    ("ipagp.ttf", "ipagp.ttf"),
    ("VL-PGothic-Regular.ttf", "VL-PGothic-Regular.ttf"),
    ("VL-Gothic-Regular.ttf", "VL-Gothic-Regular.ttf"),
    ("TakaoPGothic.ttf", "TakaoPGothic.ttf"),
    ("ヒラギノ角ゴシック W3.ttc", "ヒラギノ角ゴシック W6.ttc"),  # macOS
    ("YuGothM.ttc", "YuGothB.ttc"),  # Windows
    ("meiryo.ttc", "meiryob.ttc"),
    ("msgothic.ttc", "msgothic.ttc"),
    ("NotoSerifCJK-Regular.ttc", "NotoSerifCJK-Bold.ttc"),
)


@dataclass(frozen=True, slots=True)
class Fonts:
    """The two weights that the card is written in; None stands for Pillow's own font."""

    regular_file: Path | None
    bold_file: Path | None

    @property
    def japanese(self) -> bool:
        """Whether Japanese can be written."""
        return self.regular_file is not None

    def regular(self, size: int) -> Font:
        """Return the regular weight at `size` pixels."""
        return _loaded(self.regular_file, size)

    def bold(self, size: int) -> Font:
        """Return the bold weight at `size` pixels; the regular one where there is no bold."""
        return _loaded(self.bold_file, size)

    def can_write(self, text: str) -> bool:
        """Tell whether the font has the text's letters, by script."""
        return self.japanese or all(ord(letter) < 0x250 for letter in text)


def find_fonts(configured: Path | None = None) -> Fonts:
    """Return the fonts to use; `configured` is a font file that comes first.

    A configured file that is no font is passed over, as one that isn't installed is.
    """
    if configured is not None and _is_font(configured):
        return Fonts(configured, configured)
    return _installed_fonts()


@cache
def _installed_fonts() -> Fonts:
    files = {path.name: path for folder in font_folders() for path in _files(folder)}
    for regular, bold in JAPANESE_FONTS:
        if regular in files and _is_font(files[regular]):
            return Fonts(files[regular], files.get(bold, files[regular]))
    return Fonts(None, None)


def font_folders() -> tuple[Path, ...]:
    """Return where this system keeps its fonts."""
    home = Path.home()
    if sys.platform == "darwin":
        return (Path("/System/Library/Fonts"), Path("/Library/Fonts"), home / "Library/Fonts")
    if sys.platform == "win32":
        return (
            Path(os.environ.get("WINDIR", r"C:\Windows")) / "Fonts",
            home / r"AppData\Local\Microsoft\Windows\Fonts",
        )
    return (
        Path("/usr/share/fonts"),
        Path("/usr/local/share/fonts"),
        home / ".local/share/fonts",
        home / ".fonts",
    )


def _files(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.[to]t[fc]")) if folder.is_dir() else []


def _is_font(path: Path) -> bool:
    try:
        ImageFont.truetype(path, 12)
    except OSError:
        return False
    return True


@lru_cache(maxsize=64)
def _loaded(path: Path | None, size: int) -> Font:
    if path is None:
        return ImageFont.load_default(size)
    return ImageFont.truetype(path, size)
