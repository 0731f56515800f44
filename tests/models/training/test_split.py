"""The evaluation split never shows a group, or a left-out character, to training."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from models.training.dataset import Sample
from models.training.split import (
    IMPOSTOR_CHARACTERS,
    UNSEEN_CHARACTERS,
    Split,
    split_samples,
)

if TYPE_CHECKING:
    from pathlib import Path

PIXELS = np.zeros((1, 1, 3), np.uint8)


def _samples() -> list[Sample]:
    samples: list[Sample] = []
    for character in range(60):
        for picture in range(20):
            group = (character * 20 + picture) // 2
            label = f"c{character:02d}_miku" if character == 0 else f"c{character:02d}"
            samples.append(Sample("", label, "character", group, "", 0, PIXELS))
    for icon in range(50):
        samples += [Sample("", f"icon/{icon}", "icon", 10_000 + icon, "", 0, PIXELS)] * 2
    samples += [Sample("", "sticker/miku", "sticker", 20_000, "", 0, PIXELS)]
    samples += [Sample("", "no_face", "no_face", 30_000 + n, "", 0, PIXELS) for n in range(40)]
    return samples


def test_no_group_is_on_both_sides() -> None:
    samples = _samples()
    split = split_samples(samples)
    trained = {samples[i].group for i in split.train}
    for part in (split.known, split.unseen, split.impostors, split.icons, split.no_face):
        assert part
        assert not trained & {samples[i].group for i in part}


def test_left_out_characters_are_left_out() -> None:
    samples = _samples()
    split = split_samples(samples)
    trained = {samples[i].label for i in split.train}
    unseen = {samples[i].label for i in split.unseen}
    impostors = {samples[i].label for i in split.impostors}
    assert (len(unseen), len(impostors)) == (UNSEEN_CHARACTERS, IMPOSTOR_CHARACTERS)
    assert not trained & (unseen | impostors)
    assert not unseen & impostors
    assert {samples[i].label for i in split.known} <= trained


def test_a_small_folder_keeps_characters_to_learn_from() -> None:
    samples = [
        Sample("", f"c{number // 10}", "character", number, "", 0, PIXELS) for number in range(50)
    ]
    split = split_samples(samples)
    assert len({samples[i].label for i in split.train}) == 3
    assert len({samples[i].label for i in split.unseen}) == 1
    assert len({samples[i].label for i in split.impostors}) == 1


def test_a_held_out_group_is_asked_about_once() -> None:
    samples = _samples()
    groups = [samples[i].group for i in split_samples(samples).known]
    assert len(groups) == len(set(groups))


def test_the_seed_decides() -> None:
    samples = _samples()
    assert split_samples(samples, 3) == split_samples(samples, 3)
    assert split_samples(samples, 3) != split_samples(samples, 4)


def test_a_saved_split_is_the_same_and_leaves_out_what_is_gone(tmp_path: Path) -> None:
    samples = [replace(sample, file=str(index)) for index, sample in enumerate(_samples())]
    split = split_samples(samples)
    split.save(tmp_path / "split.json", samples)

    assert Split.load(tmp_path / "split.json", samples) == split
    fewer = Split.load(tmp_path / "split.json", samples[:-1])
    assert len(fewer.train) + len(fewer.no_face) == len(split.train) + len(split.no_face) - 1


def test_a_picture_more_of_one_character_moves_no_other() -> None:
    samples = _samples()
    extra = Sample("", "c05", "character", 40_000, "", 0, PIXELS)
    before, after = split_samples(samples), split_samples([*samples, extra])

    def others(split: Split) -> list[int]:
        return [i for i in split.known if samples[i].label != "c05"]

    assert others(before) == [
        i for i in after.known if i < len(samples) and samples[i].label != "c05"
    ]
