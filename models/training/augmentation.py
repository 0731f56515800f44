"""Random changes to a face crop: what a picture suffers between its artist and the chat.

Framing (zoom, shift, rotation, aspect), mirroring, recolouring, greying, blurring, shrinking,
re-compressing and covering. Plain OpenCV on uint8, about half a millisecond a picture.
"""

# OpenCV's annotations forget that uint8 goes in and out.
# pyright: reportArgumentType=false, reportReturnType=false, reportAssignmentType=false

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from models.detection.boxes import around
from models.images.crops import crop_face

if TYPE_CHECKING:
    from models.types import Pixels

MIN_HUE_CHANGE: Final = 9.0
"""The least mean change of the middle, in steps of 256, that makes another identity."""

_BORDERS: Final = (cv2.BORDER_REPLICATE, cv2.BORDER_REFLECT_101, cv2.BORDER_CONSTANT)


@dataclass(frozen=True, slots=True)
class Augmentation:
    """How strong and how frequent each change is; chances are 0 to 1.

    `zoom`: the side of the square that is cut, relative to the picture's longer side. `shift`: of
    its centre, relative to the picture. `degrees`: the largest rotation.
    """

    zoom: tuple[float, float] = (0.5, 1.25)
    shift: float = 0.09
    degrees: float = 18.0
    aspect: float = 0.1
    mirror: float = 0.5
    recolour: float = 0.8
    grey: float = 0.25
    blur: float = 0.12
    shrink: float = 0.3
    compress: float = 0.3
    cover: float = 0.3
    noise: float = 0.1

    def __call__(self, pixels: Pixels, side: int, rng: np.random.Generator) -> Pixels:
        """Return a changed copy, (side, side, 3) uint8."""
        out = self._reframed(pixels, side, rng)
        if rng.random() < self.mirror:
            out = out[:, ::-1]
        if rng.random() < self.recolour:
            out = _recoloured(out, rng)
        if rng.random() < self.shrink:
            out = _shrunk(out, rng)
        elif rng.random() < self.blur:
            out = cv2.GaussianBlur(out, (0, 0), rng.uniform(0.5, 1.6) * side / 128)
        if rng.random() < self.noise:
            spread = rng.uniform(2, 12)
            noise = rng.standard_normal((side, side, 1), np.float32) * np.float32(spread)
            out = np.clip(out + noise, 0, 255).astype(np.uint8)
        if rng.random() < self.compress:
            out = compressed(out, int(rng.integers(15, 75)))
        if rng.random() < self.cover:
            out = _covered(out, rng)
        if rng.random() < self.grey:
            out = _greyed(out)
        return np.ascontiguousarray(out)

    def _reframed(self, pixels: Pixels, side: int, rng: np.random.Generator) -> Pixels:
        height, width = pixels.shape[:2]
        longer = max(height, width)
        low, high = np.log(self.zoom)
        scale = side / (longer * float(np.exp(rng.uniform(low, high))))
        stretch = float(np.exp(rng.uniform(-self.aspect, self.aspect)))
        angle = np.deg2rad(rng.normal(0, self.degrees / 2))
        cos, sin = np.cos(angle) * scale, np.sin(angle) * scale
        matrix = np.array([[cos * stretch, -sin, 0], [sin, cos / stretch, 0]], np.float64)
        center = np.array([width, height]) / 2 + rng.uniform(-self.shift, self.shift, 2) * longer
        matrix[:, 2] = side / 2 - matrix[:, :2] @ center
        border = _BORDERS[int(rng.integers(len(_BORDERS)))]
        value = [int(v) for v in rng.integers(0, 256, 3)]
        if scale < 0.6:
            half = (max(1, round(width * scale * 1.2)), max(1, round(height * scale * 1.2)))
            pixels = cv2.resize(pixels, half, interpolation=cv2.INTER_AREA)
            matrix[:, :2] @= np.diag([width / half[0], height / half[1]])
        return cv2.warpAffine(
            pixels, matrix, (side, side), None, cv2.INTER_LINEAR, border, borderValue=value
        )


def hue_shifts(hues: int) -> list[int]:
    """Degrees by which `shifted_hues` makes so many synthetic identities of each, evenly spaced."""
    return [360 * shift // (hues + 1) for shift in range(1, hues + 1)]


def shifted_hues(pixels: Pixels, degrees: int) -> Pixels | None:
    """A synthetic identity: hair, eyes and clothes with their hues shifted, the skin as it was.

    None where the middle hardly changes, as with black or white hair.
    """
    hsv = cv2.cvtColor(pixels, cv2.COLOR_RGB2HSV)
    shifted = hsv.copy()
    shifted[..., 0] = (hsv[..., 0].astype(np.int16) + degrees // 2) % 180
    pale, pink = ((0, 12, 140), (15, 125, 255)), ((176, 12, 140), (179, 125, 255))
    skin = cv2.bitwise_or(cv2.inRange(hsv, *pale), cv2.inRange(hsv, *pink))
    kept = cv2.blur(skin, (5, 5))[..., None].astype(np.float32) / 255
    out = cv2.cvtColor(shifted, cv2.COLOR_HSV2RGB)
    out = (out * (1 - kept) + pixels * kept).astype(np.uint8)
    height, width = pixels.shape[:2]
    middle = np.s_[height // 6 : height - height // 6, width // 6 : width - width // 6]
    changed = cv2.absdiff(out[middle], np.ascontiguousarray(pixels[middle])).mean()
    return out if changed >= MIN_HUE_CHANGE else None


def _recoloured(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Shift saturation, brightness, contrast and tint; gently, as hair is known by its colour."""
    saturation = float(rng.uniform(0.6, 1.3))
    out = cv2.addWeighted(pixels, saturation, _greyed(pixels), 1 - saturation, 0)
    gains = rng.uniform(0.8, 1.2) * rng.uniform(0.9, 1.1, 3)
    ramp = np.arange(256, dtype=np.float32)[:, None]
    table = np.clip((ramp - 128) * gains + 128 + rng.uniform(-25, 25), 0, 255).astype(np.uint8)
    return cv2.LUT(out, table[None])


def _greyed(pixels: Pixels) -> Pixels:
    return cv2.cvtColor(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)


def _shrunk(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Shrink to 32 to 80 pixels and enlarge again, as faces in the back of a picture are."""
    side = pixels.shape[0]
    small = int(rng.integers(32, 81))
    if small >= side:
        return pixels
    tiny = cv2.resize(pixels, (small, small), interpolation=cv2.INTER_AREA)
    back = cv2.INTER_LINEAR if rng.random() < 0.6 else cv2.INTER_CUBIC
    return cv2.resize(tiny, (side, side), interpolation=back)


def compressed(pixels: Pixels, quality: int) -> Pixels:
    """Compress as JPEG of `quality` (1 to 100) and decode again."""
    encoded = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.asarray(cv2.imdecode(encoded, cv2.IMREAD_COLOR), np.uint8)


def _covered(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Cover a half (left, right, upper, lower), or a rectangle of up to a third of the area."""
    out = pixels.copy()
    side = out.shape[0]
    colour = rng.integers(0, 256, 3)
    if rng.random() < 0.35:
        half = slice(0, side // 2) if rng.random() < 0.5 else slice(side // 2, side)
        if rng.random() < 0.5:
            out[half] = colour
        else:
            out[:, half] = colour
        return out
    height, width = (int(v) for v in rng.uniform(0.15, 0.6, 2) * side)
    y, x = int(rng.integers(0, side - height)), int(rng.integers(0, side - width))
    out[y : y + height, x : x + width] = colour
    return out


def framed(pixels: Pixels, side: int) -> Pixels:
    """Bring a picture that is one face already to (side, side, 3), as `moedex identify --face`."""
    height, width = pixels.shape[:2]
    return crop_face(pixels, around(width / 2, height / 2, max(width, height)), side, margin=0)
