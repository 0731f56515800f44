"""Corrections on the site: the chat's consensus and proposals, consent first."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.recognition.uploads import NO_SUCH_FACE, NOBODY, NOT_LEARNING
from bot.storage.records import ON_THE_SITE, Label, TeachCharacter
from sandbox import Member, Sandbox
from tests.web.conftest import Served, csrf_of, served, sign_in


@asynccontextmanager
async def learning(
    folder: Path, sandbox: Sandbox, member: Member, *, on: bool = True
) -> AsyncIterator[Served]:
    """Serve a site on which a member is signed in, whose server learns."""
    async with served(folder, sandbox=sandbox, uploads_a_minute=1000) as site:
        ann = sandbox.member("ann").id
        await site.services.storage.consents.set_learning(
            sandbox.server.id, ann, datetime.now(UTC), on=on
        )
        await sign_in(site, member)
        yield site


async def correct(
    site: Served, sandbox: Sandbox, kind: str, value: str = "", data: bytes = b"2", **more: Any
) -> tuple[int, Any]:
    """Say something of the first of two faces; return the status and the answer."""
    form = aiohttp.FormData()
    form.add_field("image", data, filename="a.png")
    query = {"server": str(sandbox.server.id), "face": "0", "kind": kind, "value": value, **more}
    headers = {"X-CSRF-Token": await csrf_of(site)}
    url = f"{site.url}api/v1/corrections"
    async with site.client.post(url, params=query, data=form, headers=headers) as answer:
        return answer.status, await answer.json(content_type=None)


async def test_a_moderators_word_holds_at_once(tmp_path: Path, sandbox: Sandbox) -> None:
    async with learning(tmp_path, sandbox, sandbox.member("ann")) as site:
        status, answer = await correct(site, sandbox, "is", "rem")
        assert status == 200, answer
        assert answer["sentence"] == "Thank you: this is noted as Rem."
        await site.services.votes.judged()
        ((face, label),) = await site.services.storage.labels.in_server(
            sandbox.server.id, "settled"
        )
        assert label.label == Label.of("rem")
        assert (face.channel_id, face.author_id) == (ON_THE_SITE, sandbox.member("ann").id)
        assert face.crop is not None
        # The picture is known from now on, in that server and nowhere else.
        async with site.client.post(
            f"{site.url}api/v1/identify?server={sandbox.server.id}", data=b"2"
        ) as again:
            faces = (await again.json())["faces"]
        assert faces[0]["guesses"][0]["id"] == "rem"
        # Said again it is the same picture, not another one.
        await correct(site, sandbox, "not_a_face", face="1")
        assert len(await site.services.storage.faces.in_server(sandbox.server.id)) == 2


async def test_members_agree(tmp_path: Path, sandbox: Sandbox) -> None:
    names = ["ben", "cleo", "dan", "eve", "fay", "gil"]  # so many newcomers it takes
    for name in names[1:]:
        sandbox.places.add_member(name.title())
    async with learning(tmp_path, sandbox, sandbox.member("ben")) as site:
        for name in names:
            site.client.cookie_jar.clear()
            await sign_in(site, sandbox.member(name))
            status, answer = await correct(site, sandbox, "is", "rem", b"1")
            assert (status, answer["sentence"]) == (200, "Thank you: your vote for Rem counts.")
        await site.services.votes.judged()
        settled = await site.services.storage.labels.in_server(sandbox.server.id, "settled")
        # One picture, handed in by each, with a face that they agree about.
        assert len(settled) == len(names)
        assert all(label.label == Label.of("rem") for _, label in settled)


async def test_a_new_name_is_taught_or_proposed(tmp_path: Path, sandbox: Sandbox) -> None:
    async with learning(tmp_path, sandbox, sandbox.member("ben")) as site:
        status, answer = await correct(site, sandbox, "new", "Grey Wolf", series="Own")
        assert (status, answer["outcome"]) == (200, "proposed")
        (waiting,) = await site.services.storage.proposals.waiting(sandbox.server.id)
        assert isinstance(waiting.change, TeachCharacter)
        assert waiting.change.name == "Grey Wolf"
        site.client.cookie_jar.clear()
        await sign_in(site, sandbox.member("ann"))
        status, answer = await correct(site, sandbox, "new", "Grey Wolf", series="Own")
        assert (status, answer["outcome"]) == (200, "new")
        _, found = await site.get(f"api/v1/characters?q=grey&server={sandbox.server.id}")
        assert [one["name"] for one in found["characters"]] == ["Grey Wolf"]
        # Other servers, and those who are in none, hear nothing of it.
        _, found = await site.get("api/v1/characters?q=grey")
        assert "Grey Wolf" not in [one["name"] for one in found["characters"]]
        key = found and "grey_wolf"
        async with site.client.get(
            f"{site.url}characters/{key}?server={sandbox.server.id}"
        ) as page:
            assert page.status == 200


async def test_nothing_is_kept_without_consent(tmp_path: Path, sandbox: Sandbox) -> None:
    ann = sandbox.member("ann")
    async with learning(tmp_path, sandbox, ann, on=False) as site:
        storage = site.services.storage
        status, answer = await correct(site, sandbox, "is", "rem")
        assert (status, answer["detail"]) == (422, NOT_LEARNING)
        await storage.consents.set_learning(sandbox.server.id, ann.id, datetime.now(UTC), on=True)
        await storage.consents.opt_out(ann.id, datetime.now(UTC))
        assert (await correct(site, sandbox, "is", "rem"))[0] == 422
        assert await storage.faces.in_server(sandbox.server.id) == []
        assert not [file for file in tmp_path.rglob("*.webp")]  # noqa: ASYNC240, C416


async def test_what_is_kept_is_its_uploaders_to_delete(tmp_path: Path, sandbox: Sandbox) -> None:
    ben = sandbox.member("ben")
    async with learning(tmp_path, sandbox, ben) as site:
        await correct(site, sandbox, "is", "rem")
        assert (await site.services.erasure.kept(ben.id)).faces == 2
        await site.services.erasure.erase_member(ben.id)
        assert await site.services.storage.faces.in_server(sandbox.server.id) == []
        assert not [file for file in tmp_path.rglob("*.webp")]  # noqa: ASYNC240, C416


async def test_the_bot_looks_for_no_message_of_it(tmp_path: Path, sandbox: Sandbox) -> None:
    async with learning(tmp_path, sandbox, sandbox.member("ben")) as site:
        await correct(site, sandbox, "is", "rem")
        assert await site.services.storage.answers.places() == []


@pytest.mark.parametrize(
    ("more", "status", "said"),
    [
        ({"kind": "is", "value": "nobody_at_all"}, 422, NOBODY),
        ({"kind": "is", "value": "rem", "face": "7"}, 422, NO_SUCH_FACE),
        ({"kind": "is", "value": "rem", "face": "-1"}, 400, "“face” can't be read"),
        ({"kind": "ignore"}, 400, "“kind” can't be read"),
        ({"kind": "new", "value": ""}, 422, ""),
        ({"kind": "is", "value": "rem", "server": "99"}, 404, "You and I share no such server."),
        ({"kind": "is", "value": "rem", "data": b"bad"}, 422, "damaged"),
    ],
)
async def test_what_can_not_be_said(
    tmp_path: Path, sandbox: Sandbox, more: dict[str, Any], status: int, said: str
) -> None:
    async with learning(tmp_path, sandbox, sandbox.member("ann")) as site:
        found, answer = await correct(site, sandbox, **more)
        assert found == status, answer
        assert said in answer["detail"]
        assert await site.services.storage.votes.count_of(sandbox.member("ann").id) == 0


async def test_nobody_corrects_unseen(tmp_path: Path, sandbox: Sandbox) -> None:
    async with served(tmp_path, sandbox=sandbox) as site:
        query = {"server": str(sandbox.server.id), "face": "0", "kind": "not_a_face"}
        url = f"{site.url}api/v1/corrections"
        async with site.client.post(url, params=query, data=b"1") as answer:
            assert answer.status == 401
        # Nor are a server's names shown to who is in none.
        for path in ("api/v1/characters", "api/v1/characters/rem"):
            async with site.client.get(f"{site.url}{path}?server={sandbox.server.id}") as answer:
                assert answer.status == 401
