"""Taggers of both forms: what they are shown, and what they say."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest

from models.roster.tags import character_of_tag
from models.tagger.hub import find_tagger
from models.tagger.inputs import camie_input, surroundings, wd_input
from models.tagger.tagger import CAMIE, WD, Tagger
from models.types import Box
from models.weight_files import WeightsError
from tests.models.tagger.small_models import camie_model, wd_model

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from models.types import Pixels

GREEN, RED, BLUE = (0, 255, 0), (255, 0, 0), (0, 0, 255)


def coloured(colour: tuple[int, int, int], height: int = 300, width: int = 300) -> Pixels:
    return np.full((height, width, 3), colour, np.uint8)


@pytest.mark.parametrize("write", [wd_model, camie_model])
@pytest.mark.parametrize(
    ("colour", "tag"),
    [(GREEN, "hatsune_miku"), (RED, "kasane_teto"), (BLUE, "rem_(re:zero)")],
)
def test_both_forms_see_the_character(
    tmp_path: Path, write: Callable[[Path], Path], colour: tuple[int, int, int], tag: str
) -> None:
    write(tmp_path)
    tagger = Tagger.load(tmp_path)
    best, *others = tagger.characters(coloured(colour), Box(100, 100, 200, 200))

    assert best.tag == tag
    assert best.probability > 0.99
    assert len(others) == 2  # characters alone
    assert all(other.probability < 0.01 for other in others)


def test_the_form_is_known_by_the_files_beside(tmp_path: Path) -> None:
    wd = Tagger.load(wd_model(tmp_path / "wd"))
    camie = Tagger.load(camie_model(tmp_path / "camie", nested=False))

    assert (wd.form, wd.side) == (WD, 448)
    assert (camie.form, camie.side) == (CAMIE, 512)
    assert wd.tags == camie.tags


def test_another_side_is_taken_from_the_model(tmp_path: Path) -> None:
    assert Tagger.load(wd_model(tmp_path, side=224)).side == 224


def test_wd_is_shown_bgr_on_white() -> None:
    given = wd_input(coloured(RED, 50, 100), 8)

    assert given.shape == (1, 8, 8, 3)
    assert given.dtype == np.float32
    assert given[0, 4, 4].tolist() == [0, 0, 255]
    assert given[0, 0, 4].tolist() == [255, 255, 255]


def test_camie_is_shown_normalised_rgb() -> None:
    given = camie_input(coloured(RED, 50, 100), 8)

    assert given.shape == (1, 3, 8, 8)
    assert given.dtype == np.float32
    np.testing.assert_allclose(
        given[0, :, 4, 4], [(1 - 0.485) / 0.229, -0.456 / 0.224, -0.406 / 0.225], rtol=1e-5
    )
    np.testing.assert_allclose(given[0, :, 0, 4], 0, atol=0.02)  # the border is the mean colour


@pytest.mark.parametrize(
    ("box", "shape"),
    [
        (Box(100, 100, 150, 150), (100, 100, 3)),
        (Box(0, 0, 50, 50), (75, 75, 3)),
        (Box(-40, 180, 60, 280), (120, 110, 3)),
        (Box(500, 500, 520, 520), (1, 1, 3)),
    ],
)
def test_a_head_is_shown_with_its_surroundings(box: Box, shape: tuple[int, ...]) -> None:
    assert surroundings(coloured(RED, 250, 200), box).shape == shape


def test_a_wrong_model_is_one_readable_line(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="no tagger at"):
        Tagger.load(tmp_path)
    file = wd_model(tmp_path / "no_tags")
    (file.parent / "selected_tags.csv").unlink()
    with pytest.raises(WeightsError, match="neither"):
        Tagger.load(file)
    (file.parent / "selected_tags.csv").write_text("tag_id,name,category,count\n1,solo,0,1\n")
    with pytest.raises(WeightsError, match="names no character"):
        Tagger.load(file)
    (file.parent / "selected_tags.csv").write_text("nothing")
    with pytest.raises(WeightsError, match="names no character"):
        Tagger.load(file)
    camie = camie_model(tmp_path / "camie")
    camie.with_name("camie-tagger-v2-metadata.json").write_text("{}")
    with pytest.raises(WeightsError, match="can't be read as a tagger's tags"):
        Tagger.load(camie)
    broken = wd_model(tmp_path / "broken")
    broken.write_bytes(b"no model")
    with pytest.raises(WeightsError, match="can't be loaded as a tagger"):
        Tagger.load(broken)
    swapped = camie_model(tmp_path / "swapped")
    wd_model(tmp_path / "swapped_tags")
    (tmp_path / "swapped_tags" / "selected_tags.csv").rename(swapped.parent / "selected_tags.csv")
    with pytest.raises(WeightsError, match="not how the form WD v3 does"):
        Tagger.load(swapped)


def test_without_onnx_runtime_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(WeightsError, match=r"pip install moedex\[tagger\]"):
        Tagger.load(wd_model(tmp_path))


def test_a_tagger_is_found_by_path_or_was_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert find_tagger(str(tmp_path)) == tmp_path
    with pytest.raises(WeightsError, match="moedex tagger fetch nobody/no-tagger"):
        find_tagger("nobody/no-tagger")
    with pytest.raises(WeightsError, match="no tagger at"):
        find_tagger("./nowhere/at/all")


@pytest.mark.parametrize(
    ("tag", "key", "name", "series"),
    [
        ("hatsune_miku", "hatsune_miku", "Hatsune Miku", ""),
        ("rem_(re:zero)", "rem_re_zero", "Rem", "Re:zero"),
        ("saber_(alter)_(fate)", "saber_alter_fate", "Saber (alter)", "Fate"),
    ],
)
def test_a_tag_names_a_character(tag: str, key: str, name: str, series: str) -> None:
    character = character_of_tag(tag)

    assert (character.id, character.name, character.series) == (key, name, series)
