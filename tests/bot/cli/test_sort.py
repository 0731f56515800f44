"""`moedex sort`: where pictures go, that none is lost or overwritten, and that it can go on."""

from __future__ import annotations

import csv
import errno
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from models.bulk import BATCH_PICTURES
from tests.bot.cli.sorting.world import (
    BLACK,
    BLUE,
    GREEN,
    RED,
    YELLOW,
    LeftAndRight,
    call,
    files,
    save,
    use_light_stages,
)

if TYPE_CHECKING:
    from models.types import Face, Pixels


@pytest.fixture(autouse=True)
def _light_stages(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    use_light_stages(monkeypatch, tmp_path)


def recorded() -> list[dict[str, str]]:
    with Path("out/sorted.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_each_picture_goes_to_the_folder_of_who_is_in_it() -> None:
    save("in/a.png", RED)
    save("in/deep/b.png", GREEN, YELLOW)
    save("in/c.png", RED, GREEN)
    save("in/d.png", BLACK)
    save("in/e.png", YELLOW)
    before = files("in")
    code, output = call("in", "--into", "out")
    assert code == 0
    assert files() == [
        "characters/Green/b.png",
        "characters/Red/a.png",
        "no_face/d.png",
        "several/c.png",
        "unknown/e.png",
    ]
    assert output.endswith("5 sorted into out.\n")
    assert files("in") == before
    told = {row["to"]: row for row in recorded()}
    assert told["characters/Red/a.png"]["file"] == str(Path("in/a.png").absolute())
    assert told["characters/Red/a.png"]["best"] == "red"
    assert float(told["characters/Red/a.png"]["probability"]) > 0.9
    assert told["several/c.png"]["faces"] == "2"
    assert told["no_face/d.png"]["best"] == ""


def test_what_was_sorted_is_left_alone_where_somebody_put_it_right() -> None:
    save("in/a.png", RED)
    call("in", "--into", "out")
    Path("out/characters/Green").mkdir()
    Path("out/characters/Red/a.png").rename("out/characters/Green/a.png")
    save("in/b.png", RED)
    code, output = call("in", "--into", "out")
    assert code == 0
    assert files() == ["characters/Green/a.png", "characters/Red/b.png"]
    assert output.endswith("1 sorted into out; 1 were already.\n")
    # The target itself is sorted no further than what is unknown.
    code, output = call("out", "--into", "out")
    assert output == "0 sorted into out.\n"


def test_it_goes_on_where_it_was_ended_between_a_picture_and_its_record() -> None:
    save("in/a.png", RED)
    call("in", "--into", "out")
    record = Path("out/sorted.csv")
    record.write_text(record.read_text(encoding="utf-8").splitlines()[0] + "\n", encoding="utf-8")
    call("in", "--into", "out")
    assert files() == ["characters/Red/a.png"]
    assert len(recorded()) == 1


def test_ctrl_c_sorts_what_was_seen_and_the_rest_the_next_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    count = 2 * BATCH_PICTURES
    for number in range(count):
        save(f"in/{number:02}.png", RED if number % 2 else YELLOW, size=10 + number)
    detect = LeftAndRight.detect

    def interrupted(self: LeftAndRight, picture: Pixels) -> list[Face]:
        found = detect(self, picture)
        if found[0].box.side > 10 + count - 4:
            raise KeyboardInterrupt
        return found

    monkeypatch.setattr(LeftAndRight, "detect", interrupted)
    code, output = call("in", "--into", "out")
    assert code == 130
    assert output.endswith("Ended early: the same command goes on from here.\n")
    seen = files()
    assert {Path(file).parent.as_posix() for file in seen} == {"characters/Red", "unknown/group_1"}
    monkeypatch.setattr(LeftAndRight, "detect", detect)
    code, output = call("in", "--into", "out")
    assert code == 0
    assert f"; {len(seen)} were already." in output
    assert len(files()) == count


def test_two_pictures_of_one_name_are_both_kept() -> None:
    for folder, size in (("one", 20), ("two", 22), ("same", 20)):
        save(f"in/{folder}/a.png", RED, size=size)
    call("in", "--into", "out")
    assert files() == ["characters/Red/a-2.png", "characters/Red/a.png"]
    kept = {(Path("out") / file).read_bytes() for file in files()}
    assert kept == {path.read_bytes() for path in Path("in").rglob("*.png")}


def test_pictures_are_moved_or_linked_where_that_is_asked() -> None:
    save("in/a.png", RED)
    call("in", "--into", "linked", "--how", "link")
    assert Path("linked/characters/Red/a.png").samefile("in/a.png")
    call("in", "--into", "out", "--how", "move")
    assert files("in") == []
    assert files() == ["characters/Red/a.png"]


def test_a_move_leaves_nothing_behind_that_was_linked_or_is_a_link() -> None:
    picture = save("elsewhere/a.png", RED)
    Path("in/a.png").symlink_to(Path("..") / picture)
    save("in/b.png", GREEN)
    call("in/b.png", "--into", "out", "--how", "link")
    Path("out/sorted.csv").unlink()
    call("in", "--into", "out", "--how", "move")
    assert (files("in"), files()) == ([], ["characters/Green/b.png", "characters/Red/a.png"])
    assert Path("out/characters/Red/a.png").read_bytes() == picture.read_bytes()


def test_a_move_to_another_disk_copies_and_then_removes(monkeypatch: pytest.MonkeyPatch) -> None:
    save("in/a.png", RED)
    rename = Path.rename

    def refused(self: Path, target: Path) -> Path:
        if self.parent.name == "in":
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refused)
    call("in", "--into", "out", "--how", "move")
    assert (files("in"), files()) == ([], ["characters/Red/a.png"])


def test_what_cannot_be_read_is_named_and_stays() -> None:
    save("in/a.png", RED)
    Path("in/b.png").write_text("hello")
    code, output = call("in", "missing", "--into", "out", "--how", "move")
    assert code == 1
    assert "b.png" in output
    assert "“missing” does not exist." in output
    assert output.endswith("1 sorted into out; 2 could not be read and stay where they are.\n")
    assert files("in") == ["b.png"]


def test_a_full_disk_is_one_line_and_no_half_a_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    save("in/a.png", RED)

    def full(_source: Path, target: Path) -> None:
        target.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(shutil, "copy2", full)
    code, output = call("in", "--into", "out")
    assert (code, output) == (1, "[Errno 28] No space left on device\n")
    assert files() == []
    assert not Path("out/sorted.csv").exists()


def test_unknown_ones_who_look_alike_go_together() -> None:
    for number in range(5):
        save(f"in/y{number}.png", YELLOW, size=20 + number)
    save("in/b.png", BLUE)
    call("in", "--into", "out")
    assert files() == ["unknown/b.png", *(f"unknown/group_1/y{n}.png" for n in range(5))]
    for number in range(5):
        save(f"in/w{number}.png", YELLOW, size=25 + number)
    call("in", "--into", "out")
    assert files()[-5:] == [f"unknown/group_2/w{n}.png" for n in range(5)]
    # Sorted again, they are one group: the first of the two.
    call("out/unknown", "--into", "out")
    assert {Path(file).parent.as_posix() for file in files()[1:]} == {"unknown/group_1"}
    assert len(files()) == 11


def test_a_group_that_was_named_is_found_among_the_unknown() -> None:
    for number in range(6):
        save(f"in/y{number}.png", YELLOW, size=20 + number)
    save("in/b.png", BLUE)
    call("in", "--into", "out")
    Path("mine/lemon").mkdir(parents=True)
    Path("out/unknown/group_1/y0.png").rename("mine/lemon/y0.png")
    code, output = call("out/unknown", "--into", "out", "--gallery", "mine")
    assert code == 0
    assert files() == [*(f"characters/Lemon/y{n}.png" for n in range(1, 6)), "unknown/b.png"]
    assert not Path("out/unknown/group_1").exists()
    assert "5  characters/Lemon" in output


def test_a_gallery_says_what_it_could_not_learn_from() -> None:
    save("in/a.png", YELLOW)
    save("mine/lemon/whole.png", (90, 90, 0))  # too dark for the detector: it is the face itself
    save("mine/lemon/two.png", YELLOW, RED)
    save("mine/___/whole.png", (90, 90, 0))
    Path("mine/lemon/note.txt").write_text("hello")
    code, output = call("in", "--into", "out", "--gallery", "mine")
    assert code == 0
    assert files() == ["characters/Lemon/a.png"]
    assert "two.png” shows 2 faces: which one is meant?" in output
    assert "note.txt" in output
    assert "___” is no name: it has neither a letter nor a digit" in output
    Path("nobody").mkdir()
    code, output = call("in", "--into", "again", "--gallery", "nobody")
    assert code == 1
    assert output.startswith("“nobody” has nobody to learn: put one to five pictures")


def test_the_target_below_what_is_sorted_is_left_out() -> None:
    save("in/a.png", RED)
    call("in", "--into", "in/sorted")
    code, output = call("in", "--into", "in/sorted")
    assert (code, output) == (0, "0 sorted into in/sorted; 1 were already.\n")


def test_another_table_in_the_place_of_the_record_is_refused() -> None:
    save("in/a.png", RED)
    Path("out").mkdir()
    Path("out/sorted.csv").write_text("name,age\nann,20\n", encoding="utf-8")
    code, output = call("in", "--into", "out")
    assert code == 1
    assert output.endswith("is not a record of moedex sort: name another folder after --into.\n")
    assert Path("out/sorted.csv").read_text(encoding="utf-8") == "name,age\nann,20\n"
