"""What a character always looks like, and how she is shown in one drawing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .canvas import Color, mix

BackHair = Literal["long", "wavy", "bob", "short", "twintails", "ponytail", "buns"]
Bangs = Literal["straight", "swept", "parted", "messy", "curtain"]
Accessory = Literal["ribbon", "clips", "headphones", "glasses", "flower", "ears", "star"]
Outfit = Literal["sailor", "hoodie", "kimono", "shirt", "cloak"]
Expression = Literal["smile", "laugh", "surprised", "shy", "serious", "wink", "pout", "dreamy"]
Style = Literal["cel", "flat", "grey", "soft"]
Backdrop = Literal["sky", "blossoms", "dusk", "room", "dots", "rays", "night", "plain", "rain"]


@dataclass(frozen=True, slots=True)
class Look:
    """A character: what stays the same in every drawing of her."""

    name: str
    hair: Color
    eyes: Color
    back: BackHair
    bangs: Bangs
    accessories: tuple[Accessory, ...]
    accent: Color
    outfit: Outfit
    cloth: Color
    trim: Color
    skin: Color = (255, 229, 214)
    eye_height: float = 1.0


@dataclass(frozen=True, slots=True)
class Shot:
    """One drawing of a character: pose, expression, light and framing.

    `x`, `y` and `size` place the head in fractions of the picture's width, height and width;
    `tilt` is in degrees; `turn` is how far she looks aside, -1 (left) to 1 (right).
    """

    x: float = 0.5
    y: float = 0.46
    size: float = 0.24
    tilt: float = 0.0
    turn: float = 0.0
    expression: Expression = "smile"
    gaze: tuple[float, float] = (0.0, 0.0)
    blush: float = 0.5
    hand: bool = False


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of one figure, derived from its look and the drawing's style."""

    hair: Color
    hair_dark: Color
    hair_light: Color
    hair_line: Color
    skin: Color
    skin_dark: Color
    skin_line: Color
    eye: Color
    eye_dark: Color
    eye_light: Color
    lash: Color
    flat: bool

    @classmethod
    def of(cls, look: Look, style: Style) -> Palette:
        """Return the colours that `look` is drawn with."""
        violet = (70, 40, 90)
        flat = style == "flat"
        return cls(
            hair=look.hair,
            hair_dark=mix(look.hair, violet, 0.22 if flat else 0.36),
            hair_light=mix(look.hair, (255, 250, 240), 0.30 if flat else 0.55),
            hair_line=mix(look.hair, (40, 16, 44), 0.45 if flat else 0.68),
            skin=look.skin,
            skin_dark=mix(look.skin, (226, 126, 128), 0.36),
            skin_line=mix(look.skin, (122, 44, 52), 0.70),
            eye=look.eyes,
            eye_dark=mix(look.eyes, (24, 10, 44), 0.66),
            eye_light=mix(look.eyes, (255, 255, 235), 0.55),
            lash=mix(mix(look.hair, (36, 14, 34), 0.82), (30, 16, 30), 0.35),
            flat=flat,
        )
