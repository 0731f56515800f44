"""The journal, `--undo` and `--dry-run`: what was sorted comes back byte for byte."""

from __future__ import annotations

import errno
import os
import random
import shutil
from pathlib import Path

import pytest

from bot.cli.sorting import moving
from tests.bot.cli.sorting.world import (
    BLACK,
    GREEN,
    RED,
    YELLOW,
    call,
    files,
    save,
)

Tree = dict[str, bytes | str | None]


def tree() -> Tree:
    """All there is: a file's bytes, a symbolic link's text, None for a folder."""
    found: Tree = {}
    for root, folders, names in os.walk("."):
        for name in (*folders, *names):
            path = Path(root, name)
            if path.is_symlink():
                found[str(path)] = os.readlink(path)
            else:
                found[str(path)] = None if path.is_dir() else path.read_bytes()
    return found


def fill(seed: int, *, links: bool = True) -> None:
    """A folder as people have them: names that repeat, copies, companions, links, other kinds."""
    chance = random.Random(seed)  # noqa: S311 - repeatable, no secret
    colours = [RED, GREEN, YELLOW, BLACK]
    for number in range(14):
        folder = chance.choice(["in", "in/deep", "in/deep/er", "in/漢字"])
        name = chance.choice(["a.png", "b.png", "c.jpg", f"{number}.png", "x" * 251 + ".png"])
        path = Path(folder, name)
        if path.exists():
            continue
        save(str(path), chance.choice(colours), chance.choice(colours), chance.choice([20, 22]))
        for ending in chance.sample([".json", ".txt"], chance.randrange(3)):
            if len(name) < 200:
                path.with_name(name + ending).write_text(f"{number}{ending}")
        if links and chance.random() < 0.2:
            Path(folder, f"link{number}.png").symlink_to(name)
        if links and chance.random() < 0.2:
            Path(folder, f"hard{number}.png").hardlink_to(path)
    Path("in/notes.md").write_text("notes")
    Path("in/broken.png").write_text("no picture")


@pytest.mark.parametrize("how", ["move", "copy", "link"])
@pytest.mark.parametrize("seed", range(4))
def test_what_was_sorted_and_taken_back_is_as_it_was(seed: int, how: str) -> None:
    fill(seed)
    before = tree()
    call("in", "--into", "far/out", "--how", how)
    assert tree() != before
    code, output = call("--undo", "far/out")
    assert (code, output.split(" ", 1)[1]) == (0, "taken back to where they came from.\n")
    assert tree() == before


@pytest.mark.parametrize("linked", [False, True])
def test_a_move_deletes_nothing_that_is_there_five_times(linked: bool) -> None:
    for folder in "abcde":
        path = save(f"in/{folder}/a.png", RED)
        if linked:
            path.unlink()
            path.hardlink_to(save("first.png", RED) if folder == "a" else "first.png")
    save("in/b.png", RED)
    before = tree()
    call("in", "--into", "out", "--how", "move")
    assert files() == sorted(
        ["characters/Red/a.png", "characters/Red/b.png"]
        + [f"characters/Red/a-{n}.png" for n in (2, 3, 4, 5)]
    )
    assert files("in") == []
    assert call("--undo", "out")[0] == 0
    assert tree() == before


def test_two_steps_are_taken_back_together_by_the_file_or_its_folder() -> None:
    for number in range(6):
        save(f"in/y{number}.png", YELLOW, size=20 + number)
    before = tree()
    call("in", "--into", "out", "--how", "move")
    save("mine/lemon/y.png", YELLOW, size=30)
    call("out/unknown", "--into", "out", "--gallery", "mine")
    assert len(files("out/characters/Lemon")) == 6
    code, output = call("--undo", "out/journal.csv")
    assert (code, output) == (0, "12 taken back to where they came from.\n")
    shutil.rmtree("mine")
    assert tree() == before


def test_what_somebody_put_right_by_hand_comes_back_too() -> None:
    save("in/a.png", RED)
    before = tree()
    call("in", "--into", "out", "--how", "move")
    Path("out/characters/Red").rename("out/characters/Scarlet")
    assert call("--undo", "out")[0] == 0
    assert files("in") == ["a.png"]
    Path("out/characters/Scarlet").rmdir()
    Path("out/characters").rmdir()
    Path("out").rmdir()
    assert tree() == before


def test_what_can_not_come_back_is_named_and_stays_in_the_journal() -> None:
    save("in/a.png", RED)
    save("in/b.png", RED, size=22)
    before = tree()
    call("in", "--into", "out", "--how", "move")
    Path("in/a.png").write_text("somebody else's")
    code, output = call("--undo", "out")
    assert code == 1
    assert "“in/a.png” is another file now" in output.replace(str(Path.cwd()) + "/", "")
    assert output.endswith(
        "1 taken back to where they came from; 1 could not be, and stay in the journal.\n"
    )
    assert files("in") == ["a.png", "b.png"]
    assert files() == ["characters/Red/a.png"]
    Path("in/a.png").unlink()
    assert call("--undo", "out")[0] == 0
    assert tree() == before
    code, output = call("--undo", "out")
    assert code == 1
    assert "nothing to take back" in output


def test_a_copy_that_was_changed_stays_and_the_last_copy_goes_home() -> None:
    save("in/a.png", RED)
    kept = save("in/b.png", GREEN).read_bytes()
    call("in", "--into", "out")
    Path("out/characters/Red/a.png").write_text("painted over")
    Path("in/b.png").unlink()
    code, output = call("--undo", "out")
    assert code == 1
    assert "“out/characters/Red/a.png” is no longer the same as “" in output
    assert Path("in/b.png").read_bytes() == kept
    assert files() == ["characters/Red/a.png"]


def test_a_move_that_was_killed_between_copying_and_removing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    save("in/a.png", RED)
    before = tree()
    place = moving.place

    def killed(source: Path, target: Path, _: object) -> None:
        place(source, target, moving.How.COPY)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("bot.cli.sorting.shelf.place", killed)
        call("in", "--into", "out", "--how", "move")
    assert (files("in"), files()) == (["a.png"], ["characters/Red/a.png"])
    assert call("--undo", "out")[0] == 0
    assert tree() == before


def test_to_another_disk_and_back(monkeypatch: pytest.MonkeyPatch) -> None:
    save("in/a.png", RED)
    before = tree()
    rename = Path.rename

    def refused(self: Path, target: Path) -> Path:
        if self.name != moving.PART:
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refused)
    call("in", "--into", "out", "--how", "move")
    assert files("in") == []
    assert call("--undo", "out")[0] == 0
    assert tree() == before


def test_a_target_of_ones_own_keeps_what_else_is_in_it() -> None:
    save("in/a.png", RED)
    Path("out/characters/Red").mkdir(parents=True)
    Path("out/characters/Red/mine.png").write_text("mine")
    before = tree()
    call("in", "--into", "out", "--how", "move")
    shutil.move("out", "moved")
    assert call("--undo", "moved")[0] == 0
    shutil.move("moved", "out")
    assert tree() == before


def test_another_picture_where_one_was_moved_away_from_is_sorted_too() -> None:
    save("in/a.png", RED)
    call("in", "--into", "out", "--how", "move")
    save("in/a.png", GREEN)
    before = tree()
    assert call("in", "--into", "out", "--how", "move")[1].endswith("1 sorted into out.\n")
    assert files() == ["characters/Green/a.png", "characters/Red/a.png"]
    assert tree() != before
    code, output = call("--undo", "out")  # both came from one place: the last one goes back there
    assert code == 1
    assert "is another file now" in output
    assert files() == ["characters/Red/a.png"]


def test_a_dry_run_touches_nothing() -> None:
    fill(0, links=False)
    before = tree()
    code, output = call("in", "--into", "out", "--how", "move", "--dry-run")
    assert code == 1  # one of them is no picture
    assert tree() == before
    told = sorted(line.split(" -> ")[1] for line in output.splitlines() if " -> " in line)
    assert output.endswith("A dry run: nothing was touched.\n")
    assert " would be sorted into out" in output
    call("in", "--into", "out", "--how", "move")
    assert told == [f"out/{file}" for file in files()]
    sorted_ = tree()
    code, output = call("--undo", "out", "--dry-run")
    assert code == 0
    assert output.count(" -> ") == len(told)
    assert tree() == sorted_


def test_what_is_no_journal_is_refused() -> None:
    Path("table.csv").write_text("name,age\nann,20\n")
    assert call("--undo", "table.csv") == (1, "table.csv is not a journal of moedex sort.\n")
    code, output = call("--undo", "in")
    assert (code, output) == (
        1,
        "“in/journal.csv” does not exist: there is nothing to take back.\n",
    )


@pytest.mark.parametrize(
    "arguments",
    [("in",), ("--into", "out"), ("in", "--undo", "out"), ("--undo", "a", "--into", "b")],
)
def test_what_is_missing_or_too_much_is_said(arguments: tuple[str, ...]) -> None:
    assert call(*arguments)[0] == 2
