"""The OpenAPI 3.1 document of the API, made from its pydantic models."""

from __future__ import annotations

from functools import cache
from importlib.metadata import version
from typing import Any, Final

from pydantic.json_schema import models_json_schema

from web.addresses import PREFIX
from web.api.corrections import CorrectionAsked
from web.api.schemas import Character, Characters, Corrected, Identified, Why
from web.api.uploads import FIELD
from web.characters import search
from web.problems import Problem

_MODELS: Final = (Identified, Corrected, Why, Character, Characters, Problem)
_PICTURE: Final = {"type": "string", "contentMediaType": "application/octet-stream"}


@cache
def document() -> dict[str, Any]:
    """Return the document; its server is the one that it was read from."""
    _, schemas = models_json_schema(
        [(model, "serialization") for model in _MODELS],
        ref_template="#/components/schemas/{model}",
    )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Moedex",
            "version": version("moedex"),
            "summary": "Names the anime characters in pictures.",
            "description": "Nothing of an upload is kept, but for what a correction teaches.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "paths": {
            f"{PREFIX}/identify": {"post": _identify()},
            f"{PREFIX}/corrections": {"post": _correct()},
            f"{PREFIX}/why": {"post": _why()},
            f"{PREFIX}/characters": {"get": _characters()},
            f"{PREFIX}/characters/{{id}}": {"get": _character()},
        },
        "components": {
            "schemas": schemas["$defs"],
            "securitySchemes": {
                "key": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A key of yours, made on the page /account.",
                }
            },
        },
        # Without a key one asks as nobody, or as whoever the browser's cookie says.
        "security": [{}, {"key": []}],
    }


def _identify() -> dict[str, Any]:
    return {
        "operationId": "identify",
        "tags": ["Pictures"],
        "summary": "Name the faces of a picture",
        "parameters": [_server()],
        "requestBody": _pictures(),
        "responses": {
            "200": _json("Identified", "The faces, in reading order."),
            **_upload_problems(),
        },
    }


def _why() -> dict[str, Any]:
    return {
        "operationId": "why",
        "tags": ["Pictures"],
        "summary": "Tell why a face has its name",
        "parameters": [
            _query("face", "Which face of the picture, counted from 0.", _number(0, 1000)),
            _server(),
        ],
        "requestBody": _pictures(),
        "responses": {"200": _json("Why", "What speaks for it."), **_upload_problems()},
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
            _query(name, schema["description"], schema) | {"required": name in asked["required"]}
            for name, schema in asked["properties"].items()
        ],
        "requestBody": _pictures(),
        "responses": {"200": _json("Corrected", "What came of it."), **_upload_problems()},
    }


def _server() -> dict[str, Any]:
    schema = {"type": "integer", "minimum": 0, "maximum": 2**63 - 1}
    return _query("server", "A server's id: as it knows characters, for its members.", schema)


def _pictures() -> dict[str, Any]:
    form = {"type": "object", "required": [FIELD], "properties": {FIELD: _PICTURE}}
    return {
        "required": True,
        "description": f"The field `{FIELD}` of a form, or the bytes of the file themselves.",
        "content": {
            "multipart/form-data": {"schema": form},
            "application/octet-stream": {"schema": _PICTURE},
        },
    }


def _upload_problems() -> dict[str, Any]:
    return {
        "400": _problem("There is no picture in the form, or something of the query is wrong."),
        "401": _problem("Who is signed in alone may ask that."),
        "403": _problem("Pictures are not recognised here."),
        "404": _problem("You and the bot share no such server."),
        "408": _problem("The picture did not come in in time."),
        "413": _problem("The picture has more bytes or pixels than may be."),
        "415": _problem("The file is no picture of a known kind."),
        "422": _problem("The picture is damaged or cut short, or nothing may be kept."),
        "429": _problem("That were too many."),
        "503": _problem("Too many pictures are waiting, or Discord does not answer."),
    }


def _characters() -> dict[str, Any]:
    return {
        "operationId": "characters",
        "tags": ["Characters"],
        "summary": "List characters",
        "parameters": [
            _query("q", "A name in any spelling, an alias, a native name, or a series.", _text()),
            _query("series", "Only characters of this series.", _text()),
            _query("start", "How many to pass over.", _number(0, 10**9)),
            _query("count", "How many to give.", _number(search.PAGE, search.MOST)),
            _server(),
        ],
        "responses": {
            "200": _json("Characters", "Those that fit, best first."),
            "400": _problem("A number is none, or too large."),
            "401": _problem("A server's characters are for who is signed in."),
            "503": _problem("Discord does not answer."),
            "404": _problem("You and the bot share no such server."),
            "429": _problem("That were too many requests."),
        },
    }


def _character() -> dict[str, Any]:
    parameter = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
    return {
        "operationId": "character",
        "tags": ["Characters"],
        "summary": "Say what is known of a character",
        "parameters": [parameter | {"description": "The character's id."}, _server()],
        "responses": {
            "200": _json("Character", "What is known."),
            "400": _problem("A number is none, or too large."),
            "401": _problem("A server's characters are for who is signed in."),
            "503": _problem("Discord does not answer."),
            "404": _problem("There is no character of that id."),
            "429": _problem("That were too many requests."),
        },
    }


def _query(name: str, description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "query", "description": description, "schema": schema}


def _text() -> dict[str, Any]:
    return {"type": "string"}


def _number(default: int, most: int) -> dict[str, Any]:
    return {"type": "integer", "default": default, "minimum": 0, "maximum": most}


def _json(model: str, description: str, kind: str = "application/json") -> dict[str, Any]:
    schema = {"$ref": f"#/components/schemas/{model}"}
    return {"description": description, "content": {kind: {"schema": schema}}}


def _problem(description: str) -> dict[str, Any]:
    return _json("Problem", description, "application/problem+json")
