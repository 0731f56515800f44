"""The check against Discord's description itself: that it covers every route, and that it bites."""

from __future__ import annotations

import dataclasses
import re

import pytest

from sandbox import Member, Sandbox
from sandbox.rest.api import BASE, Exchange
from sandbox.state.payloads.messages import message_event_json
from tests.sandbox.client import Client
from tests.sandbox.conformance import CLIENT_ROUTES, DESCRIPTION, Description


@pytest.fixture(scope="module")
def description() -> Description:
    if not DESCRIPTION.is_file():
        pytest.skip("Discord's description (../shared/discord/openapi.json) is not on this machine")
    return Description()


async def test_every_route_is_one_of_discords(sandbox: Sandbox, description: Description) -> None:
    assert sandbox._runner is not None
    app = sandbox._runner.app
    assert app is not None
    routes = {
        (route.method, route.resource.canonical.removeprefix(BASE))
        for route in app.router.routes()
        if route.resource is not None and route.resource.canonical.startswith(BASE)
    }
    assert len(routes) > 40
    assert routes >= CLIENT_ROUTES
    for method, path in routes - CLIENT_ROUTES:
        concrete = re.sub(r"{\w+}", "1", path)
        assert description.operation(method, concrete) is not None, (method, path)


async def test_differences_are_found(
    sandbox: Sandbox, client: Client, description: Description
) -> None:
    await client.text(sandbox.channel("general")).send("one")
    (sent,) = [item for item in sandbox.exchanges if item.method == "POST"]
    assert description.differences([sent]) == []

    def changed(**changes: object) -> list[str]:
        return description.differences([dataclasses.replace(sent, **changes)])

    assert "'channel_id' is a required" in changed(answer=_without(sent, "channel_id"))[0]
    assert "12 is not of type 'string'" in changed(answer=sent.answer | {"id": 12})[0]
    assert "content" in changed(body={"content": "x" * 5_000})[0]
    assert "not 204" in changed(status=204, answer=None)[0]
    assert "no such operation" in changed(path="/nowhere")[0]
    assert "'code' is a required" in changed(status=400, answer={"message": "no"})[0]


def _without(exchange: Exchange, key: str) -> dict[str, object]:
    return {name: value for name, value in exchange.answer.items() if name != key}


async def test_messages_on_the_gateway_are_as_described(
    sandbox: Sandbox, ann: Member, picture: bytes, description: Description
) -> None:
    first = await ann.post("general", f"hi {ann.mention}", files=[("a.png", picture)])
    await ann.react(first, "✅")
    reply = await ann.post("general", "well", reply_to=first)
    forward = await ann.forward(first, "quiet")
    for message in (first, reply, forward):
        body = message_event_json(sandbox.state.world, message, with_content=True)
        assert description.errors_of("MessageResponse", body) == []
