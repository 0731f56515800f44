"""The calls of the API for everybody, as OpenAPI describes them."""

from __future__ import annotations

from typing import Any, Final

from web.addresses import PREFIX
from web.api.corrections import CorrectionAsked
from web.api.describing import (
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
from web.api.schemas import Character, Characters, Corrected, Identified, Why
from web.characters import search

_SERVER: Final = query(
    "server", "A server's id: as it knows characters, for its members.", SERVER_ID
)
_UPLOAD_PROBLEMS: Final = {
    "400": "There is no picture in the form, or something of the query is wrong.",
    "401": "Who is signed in alone may ask that.",
    "403": "Pictures are not recognised here.",
    "404": "You and the bot share no such server.",
    "408": "The picture did not come in in time.",
    "413": "The picture has more bytes or pixels than may be.",
    "415": "The file is no picture of a known kind.",
    "422": "The picture is damaged or cut short, or nothing may be kept.",
    "429": "That were too many.",
    "503": "Too many pictures are waiting, or Discord does not answer.",
}
_PROBLEMS: Final = {
    "400": "A number is none, or too large.",
    "401": "A server's characters are for who is signed in.",
    "404": "You and the bot share no such server, or there is no character of that id.",
    "429": "That were too many requests.",
    "503": "Discord does not answer.",
}


def described() -> Described:
    """Describe the calls."""
    return Described(
        {
            f"{PREFIX}/identify": {"post": _identify()},
            f"{PREFIX}/corrections": {"post": _correct()},
            f"{PREFIX}/why": {"post": _why()},
            f"{PREFIX}/characters": {"get": _characters()},
            f"{PREFIX}/characters/{{id}}": {"get": _character()},
        },
        (Identified, Corrected, Why, Character, Characters),
    )


def _identify() -> dict[str, Any]:
    return {
        "operationId": "identify",
        "tags": ["Pictures"],
        "summary": "Name the faces of a picture",
        "description": "The headers `X-RateLimit-Limit` and `X-RateLimit-Remaining` say how many "
        "uploads a minute there may be, and how many are left.",
        "parameters": [_SERVER],
        "requestBody": picture(),
        "responses": answers("The faces, in reading order.", model(Identified), _UPLOAD_PROBLEMS),
    }


def _why() -> dict[str, Any]:
    return {
        "operationId": "why",
        "tags": ["Pictures"],
        "summary": "Tell why a face has its name",
        "parameters": [
            query("face", "Which face of the picture, counted from 0.", number(0, 1000)),
            _SERVER,
        ],
        "requestBody": picture(),
        "responses": answers("What speaks for it.", model(Why), _UPLOAD_PROBLEMS),
    }


def _correct() -> dict[str, Any]:
    asked = CorrectionAsked.model_json_schema()
    return {
        "operationId": "correct",
        "tags": ["Pictures"],
        "summary": "Say who a face is",
        "description": "The same consensus as in chat. What is said, and the picture's faces, are "
        "kept where the server learns (`/learning on`), and nowhere else.",
        "parameters": [
            query(name, schema["description"], schema) | {"required": name in asked["required"]}
            for name, schema in asked["properties"].items()
        ],
        "requestBody": picture(),
        "responses": answers("What came of it.", model(Corrected), _UPLOAD_PROBLEMS),
    }


def _characters() -> dict[str, Any]:
    return {
        "operationId": "characters",
        "tags": ["Characters"],
        "summary": "List characters",
        "parameters": [
            query("q", "A name in any spelling, an alias, a native name, or a series.", TEXT),
            query("series", "Only characters of this series.", TEXT),
            query("start", "How many to pass over.", number(0, 10**9)),
            query("count", "How many to give.", number(search.PAGE, search.MOST)),
            _SERVER,
        ],
        "responses": answers("Those that fit, best first.", model(Characters), _PROBLEMS),
    }


def _character() -> dict[str, Any]:
    return {
        "operationId": "character",
        "tags": ["Characters"],
        "summary": "Say what is known of a character",
        "parameters": [in_path("id", "The character's id.", TEXT), _SERVER],
        "responses": answers("What is known.", model(Character), _PROBLEMS),
    }
