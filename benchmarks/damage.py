"""What happens to a picture between its maker and the chat, as fixed, repeatable damages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from models.types import Pixels


def cropped(picture: Pixels, share: float) -> Pixels:
    """Cut `share` of width and height away, evenly from all sides."""
    height, width = picture.shape[:2]
    dy, dx = round(height * share / 2), round(width * share / 2)
    return picture[dy : height - dy, dx : width - dx]


def greyed(picture: Pixels) -> Pixels:
    """Take the colour away, three equal channels kept."""
    grey = np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.uint8)
    return np.repeat(grey[..., None], 3, axis=2)


def shrunk(picture: Pixels, side: int) -> Pixels:
    """Scale the longer side down to `side` pixels."""
    scale = side / max(picture.shape[:2])
    return np.asarray(
        cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8
    )


def compressed(picture: Pixels, quality: int) -> Pixels:
    """Save as JPEG of `quality` (0 to 100) and read again."""
    done, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise ValueError("the picture can't be saved as JPEG")
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)


def half_covered(picture: Pixels) -> Pixels:
    """Cover the right half with grey."""
    covered = picture.copy()
    covered[:, picture.shape[1] // 2 :] = 127
    return covered


def mirrored(picture: Pixels) -> Pixels:
    """Flip left and right."""
    return np.ascontiguousarray(picture[:, ::-1])


def recoloured(picture: Pixels) -> Pixels:
    """Turn all hues by 60 degrees and lift the brightness by a tenth."""
    hsv = cv2.cvtColor(picture, cv2.COLOR_RGB2HSV).astype(np.int16)
    hsv[..., 0] = (hsv[..., 0] + 30) % 180
    hsv[..., 2] = np.minimum(hsv[..., 2] * 1.1, 255)
    return np.asarray(cv2.cvtColor(hsv.astype(np.uint8), cv2.COLOR_HSV2RGB), np.uint8)


def screen_photo(picture: Pixels) -> Pixels:
    """Photograph it off a screen: perspective, moiré of the screen's lines, glare and noise."""
    height, width = picture.shape[:2]
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    inset = np.array([[0.06, 0.04], [0.97, 0.0], [0.93, 0.97], [0.0, 1.0]], np.float32)
    matrix = cv2.getPerspectiveTransform(corners, inset * corners[2])
    seen = cv2.warpPerspective(picture, matrix, (width, height), borderValue=(20, 20, 24))
    y, x = np.mgrid[:height, :width].astype(np.float32)
    moire = 1 + 0.08 * np.sin(x * 2.1 + y * 0.13) * np.sin(y * 1.9 - x * 0.11)
    glare = 40 * np.exp(-((x / width - 0.7) ** 2 + (y / height - 0.3) ** 2) / 0.05)
    noise = np.random.default_rng(0).normal(0, 6, picture.shape)
    shown = seen * moire[..., None] + glare[..., None] + noise
    return np.clip(shown, 0, 255).astype(np.uint8)


FACE_DAMAGES: Final[dict[str, Callable[[Pixels], Pixels]]] = {
    "20 % cropped": lambda picture: cropped(picture, 0.2),
    "greyscale": greyed,
    "48 px": lambda picture: shrunk(picture, 48),
    "JPEG 30": lambda picture: compressed(picture, 30),
    "half covered": half_covered,
}
"""The damages of the accuracy table, by name."""

PICTURE_DAMAGES: Final[dict[str, Callable[[Pixels], Pixels]]] = {
    "itself": lambda picture: picture,
    "cropped by 20 %": lambda picture: cropped(picture, 0.2),
    "cropped by 40 %": lambda picture: cropped(picture, 0.4),
    "mirrored": mirrored,
    "recoloured": recoloured,
    "re-compressed (JPEG 30)": lambda picture: compressed(picture, 30),
    "photo of a screen": screen_photo,
}
"""The damages of the reverse-search table, by name."""
