"""Pieces of an OpenAPI 3.1 document: parameters, bodies and answers, by their models' names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic import BaseModel

from web.api.uploads import FIELD
from web.problems import Problem

BYTES: Final = {"type": "string", "contentMediaType": "application/octet-stream"}
TEXT: Final = {"type": "string"}
SERVER_ID: Final = {"type": "integer", "minimum": 0, "maximum": 2**63 - 1}


@dataclass(frozen=True, slots=True)
class Described:
    """What a room's calls add to the document: paths, and the models that they name."""

    paths: Mapping[str, Mapping[str, Any]]
    models: tuple[type[BaseModel], ...]


def query(name: str, description: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    """Describe a parameter of the query."""
    return {"name": name, "in": "query", "description": description, "schema": schema}


def in_path(name: str, description: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    """Describe a parameter of the path."""
    return query(name, description, schema) | {"in": "path", "required": True}


def number(default: int, most: int) -> dict[str, Any]:
    """Return the schema of a whole number from 0 to `most`."""
    return {"type": "integer", "default": default, "minimum": 0, "maximum": most}


def model(of: type[BaseModel], kind: str = "application/json") -> dict[str, Any]:
    """Return what a body or an answer with a model contains."""
    return {kind: {"schema": {"$ref": f"#/components/schemas/{of.__name__}"}}}


def picture() -> dict[str, Any]:
    """Describe the body of an upload."""
    form = {"type": "object", "required": [FIELD], "properties": {FIELD: BYTES}}
    return {
        "required": True,
        "description": f"The field `{FIELD}` of a form, or the bytes of the file themselves.",
        "content": {
            "multipart/form-data": {"schema": form},
            "application/octet-stream": {"schema": BYTES},
        },
    }


def answers(description: str, content: Mapping[str, Any], problems: Mapping[str, str]) -> dict:
    """Describe what a call answers: what it is asked for, or one of some problems by status."""
    refused = {
        status: {"description": why, "content": model(Problem, "application/problem+json")}
        for status, why in problems.items()
    }
    return {"200": {"description": description, "content": content}, **refused}
