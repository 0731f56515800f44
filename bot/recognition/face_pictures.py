"""Which of an answer's faces have a picture of their own, and which are shown together.

A message takes ten files. Up to as many faces each have one. Of more, the first page's have, and
the others share pictures, one a page where that is few enough. Hidden faces share none with others.
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Final

from bot.inference import FacePictures

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MOST_FILES: Final = 10
"""Files of a message that Discord takes."""

FACES_PER_PAGE: Final = 5
"""Faces on one page of an answer: with their pictures and buttons they fill what Discord allows."""


def face_pictures(hidden: Sequence[bool]) -> FacePictures:
    """Return how faces are shown beside their numbered pictures; `hidden` says which are spoilers.

    It is for the form with components v2; the plain form has no room for faces of several.
    """
    total = len(hidden)
    files = MOST_FILES - (len(set(hidden)) if total > 1 else 0)
    if total <= files:
        return FacePictures(total)
    for on_each in count(FACES_PER_PAGE, FACES_PER_PAGE):
        together = tuple(_parts(hidden, on_each))
        if FACES_PER_PAGE + len(together) <= files:
            return FacePictures(FACES_PER_PAGE, together)
    raise AssertionError  # all that is left fits into two


def _parts(hidden: Sequence[bool], on_each: int) -> Iterator[tuple[int, ...]]:
    """Yield the faces after the first page, at most `on_each` together, hidden ones apart."""
    for start in range(FACES_PER_PAGE, len(hidden), on_each):
        places = range(start, min(start + on_each, len(hidden)))
        for kind in (False, True):
            if part := tuple(place for place in places if hidden[place] == kind):
                yield part
