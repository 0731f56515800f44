"""`moedex identify`: its lines, objects, exit codes and cards, by stages that need no model."""

from __future__ import annotations

import csv
import io
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest
from typer.testing import CliRunner

from bot.cli import app
from bot.cli.options import one_line_for
from models.identify import Identifier
from tests.models.test_bulk import save
from tests.models.test_identify import BrightSquares, ByStrongestColour, MeanColour

if TYPE_CHECKING:
    from models.embedding.embedder import Embedder
    from models.gallery.namer import Namer
    from models.images.decoding import Picture
    from models.types import Face

RED = (250, 0, 0)


@pytest.fixture(autouse=True)
def _light_stages(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    stages = BrightSquares(), cast("Embedder", MeanColour()), cast("Namer", ByStrongestColour())
    monkeypatch.setattr(Identifier, "load", lambda *_: Identifier(*stages))
    monkeypatch.chdir(tmp_path)


def call(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["identify", *arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


def objects(output: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.splitlines()]


def test_an_object_a_file_in_the_order_given() -> None:
    save(Path("b.png"), RED)
    save(Path("a.png"), (0, 0, 0))
    code, output = call("b.png", "a.png", "--json")
    red, nobody = objects(output)
    assert code == 0
    assert list(red) == ["file", "width", "height", "faces", "error"]
    assert (red["file"], red["width"], red["height"], red["error"]) == ("b.png", 60, 50, None)
    (face,) = red["faces"]
    assert list(face) == ["box", "score", "unknown", "tier", "guesses"]
    assert face["box"] == [10, 10, 30, 30]
    assert (face["unknown"], face["tier"]) == (False, "named")
    assert face["guesses"][0].keys() == {"id", "name", "series", "probability"}
    assert face["guesses"][0]["id"] == "red"
    assert (nobody["file"], nobody["faces"]) == ("a.png", [])


def test_a_bad_file_is_an_object_with_an_error_and_the_exit_code_1() -> None:
    Path("bad.png").write_text("hello")
    Path("empty").mkdir()
    save(Path("good.png"), RED)
    code, output = call("bad.png", "empty", "missing", "good.png", "--json")
    found = objects(output)
    assert code == 1
    assert [each["error"] and each["error"]["code"] for each in found] == [
        "not_a_picture",
        "empty_folder",
        "not_found",
        None,
    ]
    assert found[0]["width"] is None
    assert "bad.png" in found[0]["error"]["message"]


def test_a_table_has_a_row_for_each_face_and_for_each_file_without_one() -> None:
    save(Path("a, b.png"), RED)
    save(Path("none.png"), (0, 0, 0))
    Path("bad.png").write_text("hello")
    code, output = call("a, b.png", "none.png", "bad.png", "--csv")
    red, nobody, bad = csv.DictReader(io.StringIO(output))
    assert code == 1
    assert output.startswith("file,width,height,face,x0,y0,x1,y1,score,unknown,tier,id,name,")
    assert (red["file"], red["width"], red["face"], red["x0"]) == ("a, b.png", "60", "1", "10.0")
    assert (red["id"], red["unknown"], red["tier"], red["error"]) == ("red", "false", "named", "")
    assert float(red["probability"]) > 0.9
    assert (nobody["file"], nobody["width"], nobody["face"]) == ("none.png", "60", "")
    assert "bad.png" in bad["error"]
    assert call("a, b.png", "--csv", "--json")[0] == 2


def test_a_card_that_can_not_be_written_is_named_and_the_rest_goes_on() -> None:
    name = "x" * 251
    for ending in (".png", ".bmp"):  # the second's card needs a number, for which is no room
        save(Path(name + ending), RED)
    save(Path("z.png"), RED)
    code, output = call(".", "--annotate", "out")
    assert code == 1
    assert f"“{name}.png” can't be annotated: " in output
    assert sorted(file.name for file in Path("out").iterdir()) == [f"{name}.jpg", "z.jpg"]


def test_lines_for_people_name_the_best_and_never_claim_certainty() -> None:
    save(Path("a.png"), RED)
    code, output = call("a.png")
    assert code == 0
    assert output.startswith("a.png  (60 × 50)\n  1. red over 99 %; then ")


def test_each_file_may_be_one_face() -> None:
    save(Path("a.png"), (0, 0, 0))
    assert objects(call("a.png", "--json")[1])[0]["faces"] == []
    assert len(objects(call("a.png", "--json", "--face")[1])[0]["faces"]) == 1


def test_a_card_is_written_for_each_picture_and_over_none() -> None:
    for file in ("a.png", "deep/a.png", "a.bmp"):
        Path(file).parent.mkdir(exist_ok=True)
        save(Path(file), RED)
    Path("a.jpg").write_bytes(Path("a.png").read_bytes())
    before = Path("a.jpg").read_bytes()
    code, _ = call(".", "--annotate", ".")
    assert code == 0
    assert Path("a.jpg").read_bytes() == before
    assert sorted(map(str, Path().glob("a-*.jpg"))) == [f"a-{n}.jpg" for n in (2, 3, 4, 5)]


def test_a_file_in_the_place_of_the_folder_of_cards_is_refused_before_the_work() -> None:
    save(Path("a.png"), RED)
    Path("out").touch()
    code, output = call("a.png", "--annotate", "out")
    assert code == 2
    assert "(60 × 50)" not in output


def test_a_reader_that_has_read_enough_is_told_nothing() -> None:
    with pytest.raises(BrokenPipeError), one_line_for(OSError):
        raise BrokenPipeError


def test_lines_go_on_where_they_were_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a.png", "b.png", "c.png"):
        save(Path(name), RED)
    _, whole = call("a.png", "b.png", "c.png", "--json")
    lines = Path("out.jsonl")
    first, second, _ = whole.encode().splitlines(keepends=True)
    lines.write_bytes(first + second[:30])  # a process was killed here
    seen: list[str] = []
    find = Identifier.find

    def noted(self: Identifier, picture: Picture, most: int) -> list[Face]:
        seen.append(picture.name)
        return find(self, picture, most)

    monkeypatch.setattr(Identifier, "find", noted)
    code, output = call("a.png", "b.png", "c.png", "--into", str(lines))
    assert (code, output) == (0, "2 written to out.jsonl; 1 were there already.\n")
    assert sorted(seen) == ["b.png", "c.png"]  # two threads take them
    assert lines.read_text() == whole
    assert call("a.png", "b.png", "c.png", "--into", str(lines))[0] == 0
    assert lines.read_text() == whole


def test_lines_of_another_kind_are_left_alone() -> None:
    save(Path("a.png"), RED)
    Path("notes.txt").write_text("milk\n")
    code, output = call("a.png", "--into", "notes.txt")
    assert (code, output) == (1, "notes.txt has other lines than those that go on here.\n")
    assert Path("notes.txt").read_text() == "milk\n"
    assert call("a.png", "--into", "x", "--csv")[0] == 2


def test_a_cluster_without_ray_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    save(Path("a.png"), RED)
    monkeypatch.setitem(sys.modules, "ray", None)
    assert call("a.png", "--cluster") == (1, "Ray is missing: install moedex[cluster].\n")
