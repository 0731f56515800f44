"""A detector is one file: its name is valid by being there."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pytest

import models.detection
from bot.config import ConfigError, load_config
from models.detection import registry
from models.detection.cascade import CascadeDetector
from models.detection.learned import LearnedDetector
from models.detection.registry import detector_names, load_detector

if TYPE_CHECKING:
    from pathlib import Path

MIDDLE = '''
"""A head in the middle of every picture."""

from models.detection.registry import registered
from models.types import Box, Face


class Middle:
    def detect(self, picture):
        height, width = picture.shape[:2]
        return [Face(Box(width / 4, height / 4, width * 3 / 4, height * 3 / 4), 1.0)]


@registered("middle")
def _load(cascade):
    return Middle()
'''


@pytest.fixture
def middle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A further file beside the detectors."""
    (tmp_path / "middle.py").write_text(MIDDLE, encoding="utf-8")
    monkeypatch.setattr(models.detection, "__path__", [*models.detection.__path__, str(tmp_path)])
    registry.detector_names()  # the installed ones register once a process: before the change
    monkeypatch.setattr(registry, "_entries", dict(registry._entries))
    yield
    sys.modules.pop("models.detection.middle", None)


def test_the_detectors_there_are() -> None:
    assert detector_names() == ["auto", "cascade", "learned"]
    assert isinstance(load_detector("learned"), LearnedDetector)
    assert isinstance(load_detector("cascade"), CascadeDetector)
    with pytest.raises(KeyError):
        load_detector("middle")


def test_auto_takes_the_best_whose_weights_are_there(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert isinstance(load_detector(), LearnedDetector)
    gone = registry._Entry(registry._entries["learned"].load, 2, tmp_path / "gone.tflite")
    monkeypatch.setitem(registry._entries, "learned", gone)
    assert isinstance(load_detector(), CascadeDetector)


@pytest.mark.usefixtures("middle")
def test_one_more_file_is_one_more_detector(tmp_path: Path) -> None:
    assert detector_names() == ["auto", "cascade", "learned", "middle"]
    (face,) = load_detector("middle").detect(np.zeros((80, 40, 3), np.uint8))
    assert face.box.as_list() == [10, 20, 30, 60]
    config = tmp_path / "config.toml"
    config.write_text('[inference]\ndetector = "middle"\n', encoding="utf-8")
    assert load_config(config).inference.detector == "middle"
    config.write_text('[inference]\ndetector = "corner"\n', encoding="utf-8")
    with pytest.raises(ConfigError, match="'middle'"):
        load_config(config)
