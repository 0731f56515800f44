"""A sandbox and the unmodified client in it; every exchange is held against the description."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from functools import lru_cache

import pytest
from PIL import Image

from sandbox import Member, Sandbox

from .client import Client, pointed_at, running
from .conformance import DESCRIPTION, Description


@lru_cache(maxsize=1)
def _description() -> Description | None:
    return Description() if DESCRIPTION.is_file() else None


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    """Run a sandbox; what it answered and was sent must be as Discord describes it."""
    async with Sandbox() as running_sandbox:
        with pointed_at(running_sandbox):
            yield running_sandbox
    description = _description()
    if description is not None:
        differences = "\n".join(description.differences(running_sandbox.exchanges))
        assert not differences, differences


@pytest.fixture
async def client(sandbox: Sandbox) -> AsyncIterator[Client]:
    """Run the client, with message content and members."""
    async with running(Client(), sandbox) as started:
        yield started


@pytest.fixture
def ann(sandbox: Sandbox) -> Member:
    """Return the server's owner."""
    return sandbox.member("ann")


@pytest.fixture
def ben(sandbox: Sandbox) -> Member:
    """Return a plain member."""
    return sandbox.member("ben")


@pytest.fixture(scope="session")
def picture() -> bytes:
    """Return a small PNG, 64 x 48."""
    out = io.BytesIO()
    Image.new("RGB", (64, 48), "teal").save(out, "PNG")
    return out.getvalue()
