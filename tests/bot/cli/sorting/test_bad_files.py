"""One bad file never ends a run: it is named, the others are sorted, and the exit code is 1."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

import pytest

from bot.cli.sorting.shelf import Seen, Shelf
from tests.bot.cli.sorting.world import GREEN, RED, call, files, save

LONG = "x" * 249 + ".png"
"""253 bytes: two more than leave room for an ending."""


@pytest.mark.parametrize("how", ["copy", "link", "move"])
def test_a_name_as_long_as_can_be(how: str) -> None:
    save("in/one/" + LONG, RED)
    save("in/two/" + LONG, RED, size=22)
    save("in/" + "x" * 251 + ".png", RED)
    code, _ = call("in", "--into", "out", "--how", how)
    assert code == 0
    numbered = f"characters/Red/{'x' * 249}-2.png"
    assert files() == sorted(
        [f"characters/Red/{LONG}", numbered, f"characters/Red/{'x' * 251}.png"]
    )


def test_a_number_shortens_a_name_that_leaves_no_room_for_it() -> None:
    name = "漢" * 83 + "xx.png"  # 255 bytes
    for folder, size in (("one", 20), ("two", 22)):
        save(f"in/{folder}/{name}", RED, size=size)
    assert call("in", "--into", "out", "--how", "move")[0] == 0
    assert files() == [f"characters/Red/{'漢' * 83}-2.png", f"characters/Red/{name}"]


def test_a_file_that_is_gone_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a", "b", "c"):
        save(f"in/{name}.png", RED)
    put = Shelf.put

    def late(self: Shelf, seen: Seen, folder: str) -> list[tuple[Path, OSError]]:
        Path("in/b.png").unlink(missing_ok=True)
        return put(self, seen, folder)

    monkeypatch.setattr(Shelf, "put", late)
    code, output = call("in", "--into", "out")
    assert code == 1
    assert "“in/b.png” can't be copied: no such file or directory.\n" in output
    assert output.endswith("2 sorted into out; 1 could not be put there and stay where they are.\n")
    assert files() == ["characters/Red/a.png", "characters/Red/c.png"]


def test_a_link_to_another_disk_is_refused_file_by_file(monkeypatch: pytest.MonkeyPatch) -> None:
    save("in/a.png", RED)
    save("in/b.png", GREEN)
    link = Path.hardlink_to

    def refused(self: Path, target: str) -> None:
        if target.endswith("a.png"):
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        link(self, target)

    monkeypatch.setattr(Path, "hardlink_to", refused)
    code, output = call("in", "--into", "out", "--how", "link")
    assert code == 1
    assert "“in/a.png” can't be linked to: invalid cross-device link.\n" in output
    assert files() == ["characters/Green/b.png"]
    assert files("in") == ["a.png", "b.png"]
    assert call("--undo", "out") == (0, "1 taken back to where they came from.\n")


def test_a_disk_that_knows_no_permissions_gets_the_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    picture = save("in/a.png", RED)

    def refused(*_: object, **__: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(shutil, "copystat", refused)
    assert call("in", "--into", "out")[0] == 0
    copied = Path("out/characters/Red/a.png")
    assert copied.read_bytes() == picture.read_bytes()
    assert copied.stat().st_mtime_ns == picture.stat().st_mtime_ns


def test_a_folder_that_may_not_be_written_to(monkeypatch: pytest.MonkeyPatch) -> None:
    save("in/a.png", RED)
    save("in/b.png", GREEN)
    mkdir = Path.mkdir

    def refused(self: Path, *, exist_ok: bool) -> None:
        if self.name == "Red":
            raise PermissionError(errno.EACCES, "Permission denied")
        mkdir(self, exist_ok=exist_ok)

    monkeypatch.setattr(Path, "mkdir", refused)
    code, output = call("in", "--into", "out", "--how", "move")
    assert code == 1
    assert "“in/a.png” can't be moved: permission denied.\n" in output
    assert (files("in"), files()) == (["a.png"], ["characters/Green/b.png"])


def test_a_folder_that_nothing_may_be_taken_out_of(monkeypatch: pytest.MonkeyPatch) -> None:
    save("in/a.png", RED)
    unlink, rename = Path.unlink, Path.rename

    def kept(self: Path, missing_ok: bool = False) -> None:
        if self.parent.name == "in":
            raise PermissionError(errno.EACCES, "Permission denied")
        unlink(self, missing_ok)

    def elsewhere(self: Path, target: Path) -> Path:
        if self.parent.name == "in":
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        return rename(self, target)

    monkeypatch.setattr(Path, "unlink", kept)
    monkeypatch.setattr(Path, "rename", elsewhere)
    assert call("in", "--into", "out", "--how", "move")[0] == 1
    assert (files("in"), files()) == (["a.png"], [])


def test_links_that_lead_nowhere_and_files_in_the_place_of_folders() -> None:
    save("in/a.png", RED)
    save("in/b.png", GREEN)
    Path("in/loop.png").symlink_to("loop.png")
    Path("in/broken.png").symlink_to("missing.png")
    os.mkfifo("in/pipe.png")
    Path("out/characters").mkdir(parents=True)
    Path("out/characters/Red").write_text("a file")
    code, output = call("in", "y" * 300, "--into", "out")
    assert code == 1
    for name in ("a.png", "loop.png", "broken.png", "pipe.png"):
        assert f"“in/{name}” " in output
    assert files() == ["characters/Green/b.png", "characters/Red"]
    assert "1 could not be put there" in output
    assert "4 could not be read" in output
