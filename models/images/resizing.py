"""Makes large pictures smaller before something looks at them that needs few of their pixels."""

from __future__ import annotations

import cv2
import numpy as np

from models.types import Pixels


def halved(picture: Pixels, least: int) -> Pixels:
    """Halve a picture as often as its longer side stays at `least` pixels or more.

    (height, width, 3) uint8; a pixel becomes the mean of four, an odd last row or column is shared
    among all. Halving for a large side first and for a smaller one later gives the same picture as
    for the smaller one at once. A picture that is small enough is returned itself.
    """
    while max(picture.shape[:2]) >= 2 * least and min(picture.shape[:2]) >= 2:
        half = picture.shape[1] // 2, picture.shape[0] // 2
        picture = np.asarray(cv2.resize(picture, half, interpolation=cv2.INTER_AREA), np.uint8)
    return picture
