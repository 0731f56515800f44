"""Skips what needs Keras, or TensorFlow below it, where they are not installed."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

CAN_TRAIN: Final = all(find_spec(name) for name in ("keras", "tensorflow"))


class _Module(pytest.Module):
    """A test module that is skipped where it can't be imported."""

    def collect(self) -> Iterable[pytest.Item | pytest.Collector]:
        try:
            return list(super().collect())
        except self.CollectError:
            pytest.skip("training needs moedex[train]", allow_module_level=True)


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> _Module | None:
    """Take the place of pytest's own modules where nothing can be trained."""
    return None if CAN_TRAIN else _Module.from_parent(parent, path=module_path)
