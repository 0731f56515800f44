"""The calls for labelling, as OpenAPI describes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, get_args

from pydantic import BaseModel

from bot.storage.records import LabelState
from web.api.describing import (
    BYTES,
    SERVER_ID,
    TEXT,
    Described,
    answers,
    in_path,
    model,
    number,
    picture,
    query,
)
from web.label.api import PREFIX
from web.label.batch import Kept, Known, KnownAsked
from web.label.collection_schemas import Clusters, GridPage, Merge, Merges, ShelfList
from web.label.collections_api import MOST_CROPS, PAGE
from web.label.schemas import Done, Log, Names, Queue, Say, Undo, Undone
from web.label.takeaway import FORMS

_SERVER: Final = in_path("server", "The server's id.", SERVER_ID)
_FACE: Final = in_path("face", "The face's number.", SERVER_ID)
_WEBP: Final = {"image/webp": {"schema": BYTES}}
_PROBLEMS: Final = {
    "400": "Something of the query or the body is wrong.",
    "401": "Who is signed in alone may ask that.",
    "403": "That is for who may label in the server, and exports for who manages it.",
    "404": "There is no such thing here, or it may not be seen.",
    "422": "That can't be done, and the sentence says why.",
    "429": "That were too many.",
    "503": "Discord does not answer, or too many pictures are waiting.",
}
_UPLOAD_PROBLEMS: Final = _PROBLEMS | {
    "408": "The picture did not come in in time.",
    "413": "The picture has more bytes or pixels than may be.",
    "415": "The file is no picture of a known kind.",
}


def described() -> Described:
    """Describe the calls."""
    faces = f"{PREFIX}/faces/{{face}}"
    return Described(
        {
            f"{PREFIX}/queue": {"get": _queue()},
            f"{PREFIX}/names": {"get": _names()},
            f"{PREFIX}/labels": {
                "post": _call("label", "Say who faces are", model(Done), body=Say),
            },
            f"{PREFIX}/undo": {
                "post": _call("undo", "Take what was said back", model(Undone), body=Undo),
            },
            f"{faces}/log": {
                "get": _call("log", "The audit log of a face", model(Log), [_FACE]),
            },
            f"{faces}/crop": {"get": _call("crop", "A face's crop", _WEBP, [_FACE])},
            f"{faces}/thumbnail": {
                "get": _call("thumbnail", "A face's crop, small", _WEBP, [_FACE]),
            },
            f"{PREFIX}/thumbnails": {"get": _thumbnails()},
            f"{PREFIX}/clusters": {
                "get": _call("clusters", "Unknown faces that look alike", model(Clusters)),
            },
            f"{PREFIX}/crops": {"get": _crops()},
            f"{PREFIX}/characters": {
                "get": _call("shelves", "Characters that have faces", model(ShelfList)),
            },
            f"{PREFIX}/characters/{{id}}/crops": {
                "get": _call(
                    "shelf",
                    "A character's faces, those that fit least first",
                    model(GridPage),
                    [in_path("id", "The character's id.", TEXT)],
                ),
            },
            f"{PREFIX}/merges": {
                "get": _call("merges", "The merges that stand", model(Merges)),
                "post": _call("merge", "Make two characters one", model(Done), body=Merge),
            },
            f"{PREFIX}/batch/known": {
                "post": _call(
                    "known", "Which pictures of a batch are there", model(Known), body=KnownAsked
                ),
            },
            f"{PREFIX}/batch/pictures": {"post": _picture()},
            f"{PREFIX}/export/pack": {
                "get": _call("pack", "A pack without pictures", _file("application/octet-stream")),
            },
            f"{PREFIX}/export/{{form}}": {
                "get": _call(
                    "export",
                    "Labels and crops as a zip",
                    _file("application/zip"),
                    [in_path("form", "How they are laid out.", {"enum": list(FORMS)})],
                ),
            },
        },
        (
            Clusters, Done, GridPage, Kept, Known, KnownAsked, Log, Merge, Merges, Names, Queue,
            Say, ShelfList, Undo, Undone,
        ),
    )  # fmt: skip


def _call(
    name: str,
    summary: str,
    content: Mapping[str, Any],
    parameters: Sequence[Mapping[str, Any]] = (),
    *,
    body: type[BaseModel] | None = None,
    description: str = "",
) -> dict[str, Any]:
    call = {
        "operationId": f"label-{name}",
        "tags": ["Labelling"],
        "summary": summary,
        "parameters": [_SERVER, *parameters],
        "responses": answers(f"{summary}.", content, _PROBLEMS),
    }
    if body is not None:
        call["requestBody"] = {"required": True, "content": model(body)}
    if description:
        call["description"] = description
    return call


def _queue() -> dict[str, Any]:
    besides = "Numbers of faces that are left out, with commas between them."
    return _call("queue", "What waits next", model(Queue), [query("besides", besides, TEXT)])


def _names() -> dict[str, Any]:
    typed = query("q", "What is typed of a name, in any spelling.", TEXT)
    return _call("names", "Characters by a part of their name", model(Names), [typed])


def _crops() -> dict[str, Any]:
    states = query("state", "Only those.", {"enum": list(get_args(LabelState))})
    start = query("start", "How many to pass over.", number(0, 10**8))
    count = query("count", "How many to give.", number(PAGE, MOST_CROPS))
    return _call("crops", "All crops, the newest first", model(GridPage), [states, start, count])


def _thumbnails() -> dict[str, Any]:
    asked = query("faces", f"At most {PAGE} numbers of faces, with commas between them.", TEXT)
    return _call(
        "thumbnails",
        "Many small crops at once",
        _file("application/octet-stream"),
        [asked | {"required": True}],
        description="Of each face, in the order of the query: four bytes with the length of its "
        "WebP file, the most significant first, and the file. The length 0 is one that is gone.",
    )


def _picture() -> dict[str, Any]:
    name = query("name", "The file's name, for what is said of it.", TEXT)
    return _call("picture", "Take a picture of a batch in", model(Kept), [name]) | {
        "requestBody": picture(),
        "responses": answers("How many faces it shows.", model(Kept), _UPLOAD_PROBLEMS),
    }


def _file(kind: str) -> dict[str, Any]:
    return {kind: {"schema": BYTES}}
