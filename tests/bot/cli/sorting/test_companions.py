"""What goes along with a picture, and what is counted and left alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bot.cli.sorting.world import GREEN, RED, call, files, save


@pytest.mark.parametrize("how", ["copy", "link", "move"])
def test_companions_go_where_their_picture_goes(how: str) -> None:
    save("in/x.jpg", RED)
    save("in/y.png", GREEN)
    for name in ("x.jpg.json", "x.txt", "x.xmp", "y.png.supplemental-metadata.json", "lone.txt"):
        Path("in", name).write_text(name)
    code, output = call("in", "--into", "out", "--how", how)
    assert code == 0
    assert files() == [
        "characters/Green/y.png",
        "characters/Green/y.png.supplemental-metadata.json",
        "characters/Red/x.jpg",
        "characters/Red/x.jpg.json",
        "characters/Red/x.txt",
        "characters/Red/x.xmp",
    ]
    assert Path("out/characters/Red/x.txt").read_text() == "x.txt"
    assert "1 of other kinds left alone: 1 .txt.\n" in output
    assert output.endswith("2 sorted into out; 4 companions with them.\n")
    assert files("in") == (["lone.txt"] if how == "move" else sorted(files("in")))


def test_companions_take_the_number_that_their_picture_takes() -> None:
    for folder, size in (("one", 20), ("two", 22)):
        save(f"in/{folder}/a.png", RED, size=size)
        Path(f"in/{folder}/a.txt").write_text(folder)
    save("in/three/a.gif", RED)  # its own name is free, its companion's is not
    Path("in/three/a.txt").write_text("three")
    call("in", "--into", "out", "--how", "move")
    assert files() == [
        "characters/Red/a-2.gif",
        "characters/Red/a-2.txt",
        "characters/Red/a-3.png",
        "characters/Red/a-3.txt",
        "characters/Red/a.png",
        "characters/Red/a.txt",
    ]
    assert Path("out/characters/Red/a-3.txt").read_text() == "two"


def test_other_kinds_are_one_line_and_no_error() -> None:
    save("in/a.png", RED)
    for name in ("film.mp4", "b.MP4", "song.mp3", "page.html", "drawing.psd", "README", "z.svg"):
        Path("in", name).write_bytes(b"what it holds")
    Path("in/empty.dat").touch()
    code, output = call("in", "--into", "out", "--how", "move")
    assert code == 0
    assert "8 of other kinds left alone: 2 .mp4, " in output
    assert "1 without an ending" in output
    assert len(output.splitlines()) == 3
    assert len(files("in")) == 8


def test_what_is_called_a_picture_and_is_none_is_an_error() -> None:
    Path("in/a.png").write_text("hello")
    Path("in/a.txt").write_text("hello")
    assert call("in", "--into", "out", "--how", "move")[0] == 1
    assert files("in") == ["a.png", "a.txt"]


def test_a_picture_without_a_pictures_name_is_one() -> None:
    save("in/a.png", RED).rename("in/maki.jpg_large")
    Path("in/maki.jpg_large.json").write_text("{}")
    assert call("in", "--into", "out")[0] == 0
    assert files() == ["characters/Red/maki.jpg_large", "characters/Red/maki.jpg_large.json"]


def test_a_companion_that_stays_is_named() -> None:
    save("in/a.png", RED)
    Path("in/a.txt").symlink_to("missing")
    code, output = call("in", "--into", "out", "--how", "move")
    assert code == 1
    assert "“in/a.txt” can't be moved: no such file or directory.\n" in output
    assert files() == ["characters/Red/a.png"]
