"""Holds REST exchanges against Discord's published description of its API (OpenAPI 3.1).

What the client sends is checked against the operation's request body, what the sandbox answers
against its response, errors included.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from sandbox.rest.api import Exchange

DESCRIPTION = Path(__file__).parents[3] / "shared" / "discord" / "openapi.json"
CLIENT_ROUTES = {
    ("GET", "/channels/{channel_id}/application-command-index"),
    ("POST", "/interactions"),
}
"""Routes that Discord's own clients call for their users; the description holds those of bots."""

_ANSWERS, _REQUESTS = "urn:discord:answers", "urn:discord:requests"
_CHECKER = Draft202012Validator.FORMAT_CHECKER


class Description:
    """Discord's description, and what differs from it."""

    def __init__(self, path: Path = DESCRIPTION) -> None:
        self.document = json.loads(path.read_text())
        # where the description is behind what Discord does: forwards are references of type 1, ...
        schemas = self.document["components"]["schemas"]
        schemas["MessageReferenceType"]["oneOf"].append({"title": "FORWARD", "const": 1})
        schemas["ChannelTypes"]["oneOf"].append({"title": "GUILD_MEDIA", "const": 16})
        # ... and it has numbers here, where Discord's own documentation shows, and clients get,
        # words such as BASE_TYPE_MAX_LENGTH
        schemas["InnerErrors"]["properties"]["_errors"]["items"] = {
            "type": "object",
            "properties": {"code": {"type": "string"}},
        }
        lenient = copy.deepcopy(self.document)
        # Discord takes ids as numbers too, which is how the client sends some
        lenient["components"]["schemas"]["SnowflakeType"] = {"type": ["string", "integer"]}
        self._registry: Registry[Any] = Registry()
        for uri, document in ((_ANSWERS, self.document), (_REQUESTS, lenient)):
            resource = Resource(contents=document, specification=DRAFT202012)
            self._registry = self._registry.with_resource(uri, resource)
        self._validators: dict[str, Draft202012Validator] = {}

    def differences(self, exchanges: Iterable[Exchange]) -> list[str]:
        """Return one line for everything that isn't as described, each once."""
        found: dict[str, None] = {}
        for exchange in exchanges:
            for line in self._check(exchange):
                found[f"{exchange.method} {exchange.route} {exchange.status}: {line}"] = None
        return list(found)

    def errors_of(self, schema: str, value: Any) -> list[str]:
        """Return how a value differs from a named schema."""
        return list(self._errors(f"/components/schemas/{schema}", value, "answer"))

    def _check(self, exchange: Exchange) -> Iterable[str]:
        if exchange.status in (401, 404) and exchange.answer.get("code") == 0:
            return
        if (exchange.method, exchange.route) in CLIENT_ROUTES:
            return
        found = self.operation(exchange.method, exchange.path)
        if found is None:
            yield "no such operation in the description"
            return
        pointer, operation = found
        kind = "multipart/form-data" if exchange.multipart else "application/json"
        if exchange.body is not None and exchange.status < 400:
            if kind not in operation.get("requestBody", {}).get("content", {}):
                yield f"takes no {kind}"
            else:
                at = f"{pointer}/requestBody/content/{_escape(kind)}/schema"
                yield from self._errors(at, exchange.body, "request")
        yield from self._check_answer(pointer, operation, exchange)

    def _check_answer(
        self, pointer: str, operation: dict[str, Any], exchange: Exchange
    ) -> Iterable[str]:
        responses = operation["responses"]
        code = str(exchange.status)
        if exchange.status == 429:
            # the limit on edits of old messages (30046) is no rate limit of the usual shape
            schema = "ErrorResponse" if exchange.answer["code"] == 30046 else "RatelimitedResponse"
            yield from self._errors(f"/components/schemas/{schema}", exchange.answer, "answer")
        elif exchange.status >= 400:
            yield from self._errors("/components/schemas/ErrorResponse", exchange.answer, "answer")
        elif code not in responses:
            yield f"answers {', '.join(responses)}, not {code}"
        elif "content" in responses[code]:
            at = f"{pointer}/responses/{code}/content/{_escape('application/json')}/schema"
            yield from self._errors(at, exchange.answer, "answer")
        elif exchange.answer is not None:
            yield "answers nothing"

    def operation(self, method: str, path: str) -> tuple[str, dict[str, Any]] | None:
        """Return where an operation stands in the document; literal parts of a path win."""
        best: tuple[int, str] | None = None
        for template, operations in self.document["paths"].items():
            if method.lower() in operations and _pattern(template).fullmatch(path):
                literal = len(re.sub(r"{\w+}", "", template))
                best = max(best or (-1, ""), (literal, template))
        if best is None:
            return None
        operation = self.document["paths"][best[1]][method.lower()]
        return f"/paths/{_escape(best[1])}/{method.lower()}", operation

    def _errors(self, pointer: str, value: Any, what: str) -> Iterable[str]:
        if pointer not in self._validators:
            root = _REQUESTS if what == "request" else _ANSWERS
            self._validators[pointer] = Draft202012Validator(
                {"$ref": f"{root}#{pointer}"}, registry=self._registry, format_checker=_CHECKER
            )
        for error in self._validators[pointer].iter_errors(value):
            deepest = best_match([error]) or error
            where = ".".join(map(str, deepest.absolute_path)) or "(all)"
            yield f"{what} at {where}: {deepest.message[:300]}"


@lru_cache
def _pattern(template: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"{\w+}", "[^/]+", template))


def _escape(part: str) -> str:
    """Write a key as a part of a JSON pointer in a URI."""
    return part.replace("~", "~0").replace("/", "~1").replace("{", "%7B").replace("}", "%7D")
