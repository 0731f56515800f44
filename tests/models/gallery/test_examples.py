"""Which of a server's labelled pictures measure a head, and which name."""

from __future__ import annotations

import numpy as np

from models.gallery.composition import server_gallery
from models.gallery.examples import FIRST, Example, each_once, hold_out
from models.gallery.gallery import unit
from models.gallery.namer import Namer
from tests.models.gallery.world import People, faces


def labelled(key: str, count: int, place: int, start: int = 0) -> list[Example]:
    """Return labelled faces of one character, each a picture of its own."""
    return [
        Example(vector, key, False, start + n, start + n)
        for n, vector in enumerate(faces(place, count, 1))
    ]


def test_a_characters_first_pictures_are_never_held_out() -> None:
    for start in range(0, 300, FIRST):
        assert not any(e.held_out for e in hold_out(labelled("aoi", FIRST, 20, start)))
    many = hold_out(labelled("aoi", 300, 20))
    assert not any(e.held_out for e in many[:FIRST])
    assert 40 <= sum(e.held_out for e in many) <= 80
    assert [e.held_out for e in hold_out(many)] == [e.held_out for e in many]


def test_copies_are_on_one_side_and_what_was_taught_measures_nothing() -> None:
    many = labelled("aoi", 60, 20)
    copies = [Example(e.vector, "aoi", False, 100 + e.source_id, e.group) for e in many]
    taught = [Example(e.vector, "aoi", True, 200 + n, -n - 1) for n, e in enumerate(many)]
    found = hold_out([*many, *copies, *taught])
    assert [e.held_out for e in found[:60]] == [e.held_out for e in found[60:120]]
    assert not any(e.held_out for e in found[120:])


def test_what_is_held_out_names_all_the_same(namer: Namer) -> None:
    examples = hold_out(labelled("aoi", 60, 20))
    gallery = server_gallery(namer.gallery, People.of("aoi"), examples)
    row = [c.id for c in gallery.characters].index("aoi")
    assert gallery.counts[row] == len(examples)
    held = [e.vector for e in examples if e.held_out]
    named = namer.name(np.stack(held), gallery)
    assert {n.guesses[0].character.id for n in named} == {"aoi"}


def test_a_picture_of_a_character_counts_once_however_often_it_comes() -> None:
    first, other = faces(20, 2, 1, 0.25)
    again = unit(first + np.float32(0.02) * other)
    turned = unit(first + np.float32(0.4) * other)  # as a copy is that was cropped or saved anew
    examples = [
        Example(first, "aoi", True, 1, -1),
        Example(again, "aoi", True, 2, -2),
        Example(turned, "aoi", False, 3, -1),
        Example(turned, "aoi", False, 4, 4),
        Example(other, "aoi", False, 5, -1),  # another face of the same picture
        Example(first, "yuu", True, 6, -1),
        Example(first, None, False, 7, -1),
        Example(first, None, False, 8, -1),
    ]
    assert [e.source_id for e in each_once(examples)] == [1, 4, 5, 6, 7, 8]
