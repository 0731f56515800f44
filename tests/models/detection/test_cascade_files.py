"""The loader of cascade files: its order, its check, its errors."""

from __future__ import annotations

from pathlib import Path

import pytest

import cascades
from cascades import CascadeError, find_cascade, known_cascades
from models.detection.cascade import CascadeDetector


def test_the_installed_cascade_is_found_and_is_the_one_in_the_manifest() -> None:
    path = find_cascade(folder=Path("nowhere"))
    assert path.name == "lbpcascade_animeface.xml"
    assert known_cascades()[0].licence == "MIT"


def test_named_file_comes_before_one_dropped_in_before_the_installed_one(tmp_path: Path) -> None:
    dropped, named = tmp_path / "a.xml", tmp_path / "other" / "b.xml"
    named.parent.mkdir()
    named.write_text("<opencv_storage/>")
    dropped.write_text("<opencv_storage/>")
    assert find_cascade(named, tmp_path) == named
    assert find_cascade(None, tmp_path) == dropped
    dropped.unlink()
    assert find_cascade(None, tmp_path) not in (dropped, named)


def test_missing_and_empty_files_are_told_by_name(tmp_path: Path) -> None:
    with pytest.raises(CascadeError, match=r"gone\.xml does not exist"):
        find_cascade(tmp_path / "gone.xml")
    empty = tmp_path / "empty.xml"
    empty.touch()
    with pytest.raises(CascadeError, match="is empty"):
        find_cascade(empty)


def test_a_changed_installed_file_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cascades.hashlib, "sha256", lambda _: cascades.hashlib.md5())
    with pytest.raises(CascadeError, match="SHA-256"):
        find_cascade(folder=Path("nowhere"))


def test_a_package_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cascades, "find_spec", lambda _: None)
    with pytest.raises(CascadeError, match="pip install danbooru-utility"):
        find_cascade(folder=Path("nowhere"))


def test_a_file_that_is_no_cascade_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "own.xml"
    path.write_text("<no/>")
    with pytest.raises(CascadeError, match="not a cascade"):
        CascadeDetector(path)
