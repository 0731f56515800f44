"""The answer in components v2, and in its plain form: what Discord gets of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from bot.inference import Drawing, FacePictures
from bot.recognition.face_pictures import FACES_PER_PAGE, face_pictures
from bot.storage.records import AnsweredFace, StoredGuess
from bot.ui.answer_embed import answer_embed, answer_view
from bot.ui.answer_faces import ShownFace
from bot.ui.answer_files import files_of, media_to_send, sheets
from bot.ui.answer_layout import answer_layout
from bot.ui.answer_state import CardState
from models.types import Box, Tier
from sandbox.state.component_rules import check_message
from sandbox.state.component_tree import MEDIA_GALLERY, SECTION, texts, walk
from tests.bot.discord_objects import CHARACTERS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.gallery.roster import ServerRoster


@pytest.fixture
async def roster(bot: Any) -> ServerRoster:
    """Return the roster of a server that changed nothing."""
    return await bot.services.galleries.roster(0)


def face(
    index: int = 0,
    tier: Tier = Tier.NAMED,
    *,
    hidden: bool = False,
    guesses: int = 5,
    name: str = "",
) -> ShownFace:
    found = tuple(
        StoredGuess(character.id, name or character.name, name or character.series, 0.9 / (n + 1))
        for n, character in enumerate(CHARACTERS[:guesses])
    )
    return ShownFace(index, AnsweredFace(box=Box(0, 0, 1, 1), guesses=found, tier=tier), hidden)


def media(faces: Sequence[ShownFace]) -> dict[str, str]:
    """Return the pictures that an answer is sent with, each by its name."""
    shown = face_pictures([each.hidden for each in faces])
    drawing = Drawing(
        ".jpg",
        (b"",) * len(sheets(faces)),
        (b"",) * min(shown.own, len(faces)),
        (b"",) * len(shown.together),
    )
    files = files_of(faces, drawing)
    assert len(files) <= 10
    return dict(media_to_send(files))


def crops(items: Sequence[Any]) -> list[dict[str, Any]]:
    """Return what shows faces by their crops: thumbnails, and what of a gallery is no sheet."""
    own = [item["accessory"] for item in walk(items) if item["type"] == SECTION]
    shown = [
        each for item in walk(items) if item["type"] == MEDIA_GALLERY for each in item["items"]
    ]
    return own + [each for each in shown if "faces-" in each["media"]["url"]]


def sent(faces: Sequence[ShownFace], state: CardState | None = None, **more: Any) -> list[Any]:
    """Return what Discord gets, as the bot sends it and Discord takes it."""
    options: dict[str, Any] = {"guesses": 5, "media": media(faces), **more}
    items = answer_layout(faces, state or CardState(), **options).to_components()
    check_message(items, layout=True)
    return items


def buttons(items: Sequence[Any]) -> list[str]:
    return [item["label"] for item in walk(items) if item["type"] == 2]


def test_one_face_is_a_section_with_its_picture_and_the_posted_one_is_not_repeated() -> None:
    items = sent([face()])
    (section,) = [item for item in walk(items) if item["type"] == SECTION]
    assert section["accessory"]["media"]["url"] == "attachment://face-1.jpg"
    assert section["accessory"]["description"] == "Hatsune Miku (VOCALOID), 90 %."
    assert not [item for item in walk(items) if item["type"] == MEDIA_GALLERY]
    assert buttons(items) == ["Yes", "Someone else", "Top five"]
    assert "`1`" not in texts(items)


def test_several_faces_have_one_numbered_picture_and_buttons_each() -> None:
    items = sent([face(index) for index in range(4)])
    (gallery,) = [item for item in walk(items) if item["type"] == MEDIA_GALLERY]
    (picture,) = gallery["items"]
    assert picture["media"]["url"] == "attachment://faces.jpg"
    assert picture["description"].startswith("Face 1, centre: Hatsune Miku")
    assert buttons(items) == [*["Yes", "Someone else"] * 4, "Top five"]


def test_who_is_not_known_has_one_button_that_asks() -> None:
    assert buttons(sent([face(tier=Tier.NOT_KNOWN, guesses=2)])) == ["Say who it is", "Top two"]
    assert buttons(sent([face(tier=Tier.NOT_KNOWN, guesses=0)])) == ["Say who it is"]
    assert buttons(sent([face(tier=Tier.PROBABLY, guesses=1)])) == ["Yes", "Someone else"]


def test_hidden_faces_have_a_picture_of_their_own_and_all_of_it_is_a_spoiler() -> None:
    faces = [face(0), face(1, hidden=True)]
    items = sent(faces)
    (gallery,) = [item for item in walk(items) if item["type"] == MEDIA_GALLERY]
    assert [entry["spoiler"] for entry in gallery["items"]] == [False, True]
    assert "SPOILER_faces" in gallery["items"][1]["media"]["url"]
    sections = [item for item in walk(items) if item["type"] == SECTION]
    assert [section["accessory"]["spoiler"] for section in sections] == [False, True]
    assert "SPOILER_face-2" in sections[1]["accessory"]["media"]["url"]


@pytest.mark.parametrize("count", [1, 2, 6, 16])
@pytest.mark.parametrize("opened", [False, True])
@pytest.mark.parametrize("asked", [None, 0])
@pytest.mark.parametrize("name", ["", "_" * 200])
async def test_every_page_stays_within_discords_limits(
    roster: ServerRoster, count: int, opened: bool, asked: int | None, name: str
) -> None:
    faces = [face(index, hidden=index % 3 == 1, name=name) for index in range(count)]
    seen: list[str] = []
    for page in range(-(-count // FACES_PER_PAGE)):
        items = sent(
            faces,
            CardState(page, opened, asked=asked),
            above=["x" * 3000],
            reply_id=10**18,
            roster=roster,
        )
        seen += texts(items).split("\n")
        questions = [item["custom_id"] for item in walk(items) if item["type"] == 3]
        assert bool(questions) == (asked is not None)
    numbers = [f"`{number}` " for number in range(1, count + 1)]
    for number in numbers if count > 1 else ():
        assert sum(line.startswith(number) for line in seen) == 1


@pytest.mark.parametrize("count", [9, 10, 16, 26, 60, 160])
@pytest.mark.parametrize("every", [1000, 3])
def test_every_listed_face_has_its_picture_with_alt_text(count: int, every: int) -> None:
    faces = [face(index, hidden=index % every == 2) for index in range(count)]
    for page in range(-(-count // FACES_PER_PAGE)):
        shown = faces[page * FACES_PER_PAGE :][:FACES_PER_PAGE]
        items = sent(faces, CardState(page=page))
        described = "\n".join(each["description"] for each in crops(items))
        assert described.count("Hatsune Miku") == sum(not each.hidden for each in shown)
        for each in shown if count > 9 and page else ():
            hidden = re.search(rf"Hidden faces? [0-9, ]*\b{each.number}\b", described)
            assert hidden if each.hidden else f"Face {each.number}: " in described
        for each in crops(items):
            assert each.get("spoiler", False) == ("Hidden" in each["description"])
            assert ("SPOILER_" in each["media"]["url"]) == ("Hidden" in each["description"])


def test_up_to_nine_of_several_faces_have_pictures_of_their_own() -> None:
    assert face_pictures([False] * 9) == FacePictures(9)
    assert face_pictures([False] * 12) == FacePictures(5, (tuple(range(5, 10)), (10, 11)))
    assert face_pictures([False]) == FacePictures(1)


async def test_the_plain_form_says_the_same_and_pages_too(roster: ServerRoster) -> None:
    faces = [face(index) for index in range(7)]
    state = CardState(page=1, asked=0, votes=True)
    card = answer_embed(faces, state, guesses=5, media=media(faces))
    assert card.image.url == "attachment://faces.jpg"
    assert card.footer.text == "faces 6 to 7 of 7 · ✅ right · ❌ wrong"
    assert texts(sent(faces, CardState(page=1))) == card.description
    view = answer_view(faces, state, guesses=5, reply_id=1, roster=roster)
    assert view is not None
    items = view.to_components()
    check_message(items, layout=False)
    assert buttons(items) == ["Faces ▶", "◀", "▶", "Next 4 guesses", "Right", "Wrong"]
    assert answer_view([face(guesses=1)], CardState(), guesses=5) is None


def test_an_embed_shows_no_hidden_picture() -> None:
    alone, hidden = [face()], [face(hidden=True)]
    for faces, url in ((alone, "attachment://face-1.jpg"), (hidden, None)):
        card = answer_embed(faces, CardState(), guesses=5, media=media(faces))
        assert card.thumbnail.url == url
    mixed = [face(0, hidden=True), face(1, hidden=True)]
    assert answer_embed(mixed, CardState(), guesses=5, media=media(mixed)).image.url is None
