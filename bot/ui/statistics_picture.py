"""Draws the picture of `/stats`. Slow, and imports matplotlib when first called: for a thread."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any

from bot.feedback.statistics import WEEKS
from bot.wording import share
from models.card.fonts import find_fonts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from bot.feedback.statistics import Statistics
    from models.types import Pixels

WIDTH, HEIGHT = 12.0, 9.2
"""Inches, of 100 pixels each."""
CROP = 128
"""Side of a crop as it is handed in, in pixels; it is drawn at about half of that."""

# A card of its own: readable on Discord's dark background and on its light one.
BACK, PANEL, LINE = "#1f2024", "#2a2c31", "#44474e"
TEXT, MUTED = "#f4f5f7", "#b8bcc4"
PINK, BLUE, GREEN, RED = "#f2789f", "#7cb7ff", "#7fd6a2", "#ff8f7a"

NOT_ENOUGH = "Too few faces are settled yet:\nyour votes and /review settle them."
NONE_CONFUSED = "Nobody was taken for somebody else\nin what you may see."

_DPI = 100
_LABELS = 8
_NAME = 26
_BOTH = 30
_lock = threading.Lock()  # matplotlib's text and fonts are not made for two threads


@dataclass(frozen=True, slots=True)
class ShownPair:
    """A confused pair with names to read: romanised, and in Japanese where there is one."""

    said: str
    said_native: str
    meant: str
    meant_native: str
    count: int
    crop: Pixels | None


def draw(statistics: Statistics, pairs: Sequence[ShownPair]) -> bytes:
    """Return the picture as a PNG; `pairs` are those of the statistics, in their order."""
    with _lock:
        return _Drawing(statistics, pairs).png()


class _Drawing:
    def __init__(self, statistics: Statistics, pairs: Sequence[ShownPair]) -> None:
        from matplotlib.figure import Figure
        from matplotlib.font_manager import FontProperties

        fonts = find_fonts()
        self._fonts = fonts
        self._regular = FontProperties(fname=fonts.regular_file and str(fonts.regular_file))
        self._bold = FontProperties(fname=fonts.bold_file and str(fonts.bold_file))
        if fonts.bold_file is None:
            self._bold.set_weight("bold")
        self._statistics, self._pairs = statistics, pairs
        self._figure: Figure = Figure(figsize=(WIDTH, HEIGHT), dpi=_DPI, facecolor=BACK)

    def png(self) -> bytes:
        """Draw all of it."""
        self._tiles()
        self._answers(self._panel(0.025, 0.445, 0.555, 0.365, "Answers a day"))
        self._stated(self._panel(0.600, 0.445, 0.375, 0.365, "Do the stated probabilities hold?"))
        self._weeks(self._panel(0.025, 0.030, 0.555, 0.385, "Named rightly, by week"))
        self._confused(0.600, 0.030, 0.375, 0.385)
        buffer = BytesIO()
        self._figure.savefig(buffer, format="png", facecolor=BACK)
        return buffer.getvalue()

    # --- the parts ------------------------------------------------------------------------------

    def _tiles(self) -> None:
        found = self._statistics
        decided = found.confirmed + found.corrected if found.enough else 0
        tiles = [
            (f"{found.answered:,}", f"answers in {WEEKS} weeks", TEXT),
            (f"{found.named:,}", "faces named", TEXT),
            (share(found.confirmed, found.named), "of them confirmed", GREEN),
            (share(found.confirmed, decided), "right, of those settled", PINK),
        ]
        width = (0.95 - 3 * 0.02) / 4
        for place, (figure, words, colour) in enumerate(tiles):
            x = 0.025 + place * (width + 0.02)
            self._box(x, 0.840, width, 0.135)
            self._write(x + width / 2, 0.910, figure, 27, colour, bold=True)
            self._write(x + width / 2, 0.864, words, 12.5, MUTED)

    def _answers(self, axes: Axes) -> None:
        from matplotlib.ticker import MaxNLocator

        days = self._statistics.answers
        axes.bar(range(len(days)), [number for _, number in days], color=BLUE, width=0.72, zorder=2)
        ticks = list(range(len(days) - 1, -1, -7))
        axes.set_xticks(ticks, [_day(days[place][0]) for place in ticks])
        axes.set_xlim(-0.7, len(days) - 0.3)
        top = max((number for _, number in days), default=0)
        axes.set_ylim(0, max(4, top * 1.12))
        axes.yaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
        self._finish(axes)

    def _stated(self, axes: Axes) -> None:
        if not self._statistics.enough:
            self._instead(axes, NOT_ENOUGH)
            return
        found = self._statistics.stated
        axes.plot([0, 100], [0, 100], color=MUTED, linewidth=1.2, linestyle=(0, (4, 4)), zorder=1)
        x = [100 * each.mean for each in found]
        y = [100 * each.held.value for each in found]
        ends = [each.held.interval for each in found]
        axes.vlines(
            x, [100 * low for low, _ in ends], [100 * high for _, high in ends],
            color=PINK, alpha=0.45, linewidth=2, zorder=2,
        )  # fmt: skip
        axes.plot(x, y, "o-", color=PINK, linewidth=2, markersize=6, zorder=3)
        axes.set(xlim=(0, 100), ylim=(0, 102))
        axes.set_xlabel("stated, %")
        axes.set_ylabel("turned out right, %")
        self._finish(axes)

    def _weeks(self, axes: Axes) -> None:
        weeks = self._statistics.weeks
        if not self._statistics.enough or not weeks:
            self._instead(axes, NOT_ENOUGH)
            return
        first = weeks[0][0]
        x = [(week - first).days / 7 for week, _ in weeks]
        ends = [share.interval for _, share in weeks]
        axes.fill_between(
            x, [100 * low for low, _ in ends], [100 * high for _, high in ends],
            color=GREEN, alpha=0.18, linewidth=0, zorder=1,
        )  # fmt: skip
        axes.plot(
            x, [100 * right.value for _, right in weeks],
            "o-", color=GREEN, linewidth=2.2, markersize=6, zorder=3,
        )  # fmt: skip
        for place, (_, right) in zip(x, weeks, strict=True):
            axes.annotate(
                f"n = {right.total}", (place, 0), (0, 6), textcoords="offset points",
                color=MUTED, fontsize=9, ha="center", fontproperties=self._sized(9),
            )  # fmt: skip
        every = 1 if len(weeks) <= _LABELS else 2
        axes.set_xticks(x[::-every], [_day(week) for week, _ in weeks[::-every]])
        axes.set_xlim(-0.4, max(x[-1], 1) + 0.4)
        axes.set_ylim(0, 104)
        axes.set_ylabel("of those settled, %")
        self._finish(axes)

    def _confused(self, x: float, y: float, width: float, height: float) -> None:
        from matplotlib.patches import Rectangle

        self._box(x, y, width, height)
        self._write(
            x + 0.018, y + height - 0.034, "Most often confused", 14, TEXT, left=True, bold=True
        )
        if not self._statistics.enough or not self._pairs:
            text = NONE_CONFUSED if self._statistics.enough else NOT_ENOUGH
            self._write(x + width / 2, y + height / 2, text, 12.5, MUTED)
            return
        row = (height - 0.065) / 4
        for place, pair in enumerate(self._pairs):
            top = y + height - 0.058 - place * row
            side = row * 0.86
            axes = self._figure.add_axes((x + 0.018, top - side, side * HEIGHT / WIDTH, side))
            axes.axis("off")
            if pair.crop is not None:
                axes.imshow(pair.crop, interpolation="lanczos")
            else:
                self._instead(axes, "?")
                axes.add_artist(Rectangle((0, 0), 1, 1, color=LINE, transform=axes.transAxes))
            left = x + 0.018 + side * HEIGHT / WIDTH + 0.014
            self._write(
                left,
                top - 0.027,
                f"“{self._name(pair.said, pair.said_native)}”",
                11.5,
                RED,
                left=True,
            )
            meant = f"was {self._name(pair.meant, pair.meant_native)}"
            self._write(left, top - 0.056, meant, 11.5, TEXT, left=True)
            self._write(x + width - 0.020, top - 0.042, f"{pair.count} ×", 13, MUTED, right=True)

    # --- how it is done -------------------------------------------------------------------------

    def _panel(self, x: float, y: float, width: float, height: float, title: str) -> Axes:
        self._box(x, y, width, height)
        self._write(x + 0.018, y + height - 0.034, title, 14, TEXT, left=True, bold=True)
        axes = self._figure.add_axes((x + 0.058, y + 0.062, width - 0.085, height - 0.130))
        axes.set_facecolor(PANEL)
        return axes

    def _box(self, x: float, y: float, width: float, height: float) -> None:
        from matplotlib.patches import FancyBboxPatch

        self._figure.add_artist(
            FancyBboxPatch(
                (x, y), width, height, boxstyle="round,pad=0,rounding_size=0.012",
                facecolor=PANEL, edgecolor="none", mutation_aspect=WIDTH / HEIGHT,
                transform=self._figure.transFigure, zorder=-1,
            )
        )  # fmt: skip

    def _write(
        self,
        x: float,
        y: float,
        text: str,
        size: float,
        colour: str,
        *,
        left: bool = False,
        right: bool = False,
        bold: bool = False,
    ) -> None:
        self._figure.text(
            x, y, text, color=colour, va="baseline", linespacing=1.5,
            ha="left" if left else "right" if right else "center",
            fontproperties=self._sized(size, bold=bold),
            parse_math=False,  # a name with two dollar signs is no formula
        )  # fmt: skip

    def _sized(self, size: float, *, bold: bool = False) -> Any:
        font = (self._bold if bold else self._regular).copy()
        font.set_size(size)
        return font

    def _name(self, name: str, native: str) -> str:
        short = _cut(name)
        fits = _wide(short) + _wide(native) <= _BOTH
        both = native and native != name and self._fonts.can_write(native) and fits
        return f"{short}  {native}" if both else short

    def _instead(self, axes: Axes, text: str) -> None:
        axes.axis("off")
        axes.text(
            0.5, 0.5, text, transform=axes.transAxes, ha="center", va="center", color=MUTED,
            fontproperties=self._sized(12.5), linespacing=1.5,
        )  # fmt: skip

    def _finish(self, axes: Axes) -> None:
        axes.grid(axis="y", color=LINE, linewidth=0.8, zorder=0)
        axes.set_axisbelow(True)
        for side, spine in axes.spines.items():
            spine.set_visible(side == "bottom")
            spine.set_color(LINE)
        axes.tick_params(colors=MUTED, length=0, pad=5)
        for label in (*axes.get_xticklabels(), *axes.get_yticklabels()):
            label.set_fontproperties(self._sized(10.5))
        for label in (axes.xaxis.label, axes.yaxis.label):
            label.set_fontproperties(self._sized(10.5))
            label.set_color(MUTED)


def _day(day: Any) -> str:
    return f"{day.day} {day:%b}"


def _wide(text: str) -> int:
    """Return how many Latin letters a text is about as wide as."""
    return sum(1 if ord(letter) < 0x2E80 else 2 for letter in text)


def _cut(text: str) -> str:
    while _wide(text) > _NAME:
        text = text[:-2] + "…" if text.endswith("…") else text[:-1] + "…"
    return text
