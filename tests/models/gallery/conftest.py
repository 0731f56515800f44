"""The fixtures of `tests.models.gallery.world` for the tests of this folder."""

from tests.models.gallery.world import data, namer

__all__ = ["data", "namer"]
