"""The OpenAPI 3.1 document of the API, made from the pydantic models of its calls."""

from __future__ import annotations

from functools import cache
from importlib.metadata import version
from typing import Any

from pydantic.json_schema import models_json_schema

from web.api import openapi
from web.label import openapi as labelling_openapi
from web.problems import Problem


@cache
def document(*, labelling: bool) -> dict[str, Any]:
    """Return the document; its server is the one that it was read from.

    `labelling` says whether people can sign in, as the calls for labelling are there only then.
    """
    rooms = [openapi.described()]
    if labelling:
        rooms.append(labelling_openapi.described())
    models = dict.fromkeys([*(each for room in rooms for each in room.models), Problem])
    _, schemas = models_json_schema(
        [(each, "serialization") for each in models],
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
        "paths": {path: call for room in rooms for path, call in room.paths.items()},
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
