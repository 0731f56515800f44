"""The OpenAPI 3.1 document of the API, made from its pydantic models."""

from __future__ import annotations

from functools import cache
from importlib.metadata import version
from typing import Any, Final

from pydantic.json_schema import models_json_schema

from web import people
from web.api import PREFIX
from web.schemas import Character, Characters, Identified, Problem
from web.uploads import FIELD

_MODELS: Final = (Identified, Character, Characters, Problem)
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
            "description": "Nothing of an upload is kept.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "paths": {
            f"{PREFIX}/identify": {"post": _identify()},
            f"{PREFIX}/characters": {"get": _characters()},
            f"{PREFIX}/characters/{{id}}": {"get": _character()},
        },
        "components": {"schemas": schemas["$defs"]},
    }


def _identify() -> dict[str, Any]:
    form = {"type": "object", "required": [FIELD], "properties": {FIELD: _PICTURE}}
    return {
        "operationId": "identify",
        "summary": "Name the faces of a picture",
        "requestBody": {
            "required": True,
            "description": f"The field `{FIELD}` of a form, or the bytes of the file themselves.",
            "content": {
                "multipart/form-data": {"schema": form},
                "application/octet-stream": {"schema": _PICTURE},
            },
        },
        "responses": {
            "200": _json("Identified", "The faces, in reading order."),
            "400": _problem("There is no picture in the form."),
            "401": _problem("Who is signed in alone may ask here."),
            "403": _problem("Pictures are not recognised here."),
            "408": _problem("The picture did not come in in time."),
            "413": _problem("The picture has more bytes or pixels than may be."),
            "415": _problem("The file is no picture of a known kind."),
            "422": _problem("The picture is empty, damaged or cut short."),
            "429": _problem("That were too many."),
            "503": _problem("Too many pictures are waiting."),
        },
    }


def _characters() -> dict[str, Any]:
    return {
        "operationId": "characters",
        "summary": "List characters",
        "parameters": [
            _query("q", "A name in any spelling, an alias, a native name, or a series.", _text()),
            _query("series", "Only characters of this series.", _text()),
            _query("start", "How many to pass over.", _number(0, 10**9)),
            _query("count", "How many to give.", _number(people.PAGE, people.MOST)),
        ],
        "responses": {
            "200": _json("Characters", "Those that fit, best first."),
            "400": _problem("A number is none, or too large."),
            "429": _problem("That were too many requests."),
        },
    }


def _character() -> dict[str, Any]:
    parameter = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
    return {
        "operationId": "character",
        "summary": "Say what is known of a character",
        "parameters": [parameter | {"description": "The character's id."}],
        "responses": {
            "200": _json("Character", "What is known."),
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
