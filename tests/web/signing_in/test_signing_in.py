"""Signing in with the local Discord: the way there and back, sessions, and who may what."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from limits import RateLimitItemPerMinute
from yarl import URL

from sandbox import Member, Sandbox
from tests.web.conftest import Served, authorized, csrf_of, hide, served, sign_in
from web.signing_in.memberships import Membership, Memberships


async def cookie_of(site: Served) -> str:
    return site.client.cookie_jar.filter_cookies(URL(site.url))["moedex"].value


async def name_shown(site: Served) -> str | None:
    """Return the name that the first page shows of who is signed in."""
    async with site.client.get(site.url) as page:
        text = await page.text()
    return found[1] if (found := re.search(r"<a href=\"/account\">(.*?)</a>", text)) else None


async def change(site: Served, path: str, **options: str) -> int:
    """Ask for a change as a form does, with these fields; return the status."""
    async with site.client.post(f"{site.url}{path}", data=options, allow_redirects=False) as answer:
        return answer.status


async def test_somebody_signs_in_and_out(tmp_path: Path, sandbox: Sandbox) -> None:
    async with served(tmp_path, sandbox=sandbox) as site:
        assert await name_shown(site) is None
        assert await sign_in(site, sandbox.member("ben"), "sign-in?next=/characters%3Fq=a") == (
            "/characters?q=a"
        )
        assert await name_shown(site) == "Ben"
        (kept,) = await site.services.storage.sessions.of_user(sandbox.member("ben").id)
        assert kept.who.servers == (sandbox.server.id,)
        # Discord's own token is given back: nothing of Discord's is kept that reads anything.
        assert not sandbox.state.authorizations._access
        assert await change(site, "sign-out", csrf=await csrf_of(site)) == 303
        assert await name_shown(site) is None
        assert await site.services.storage.sessions.count_of(sandbox.member("ben").id) == 0


async def test_signing_out_everywhere(tmp_path: Path, sandbox: Sandbox) -> None:
    ben = sandbox.member("ben")
    async with served(tmp_path, sandbox=sandbox) as site:
        await sign_in(site, ben)
        first = await cookie_of(site)
        site.client.cookie_jar.clear()
        await sign_in(site, ben)
        assert await site.services.storage.sessions.count_of(ben.id) == 2
        assert await change(site, "sign-out-everywhere", csrf=await csrf_of(site)) == 303
        site.client.cookie_jar.update_cookies({"moedex": first}, URL(site.url))
        assert await name_shown(site) is None


@asynccontextmanager
async def as_ben(
    folder: Path, sandbox: Sandbox
) -> AsyncIterator[tuple[Served, time_machine.Traveller, str]]:
    """Sign Ben in while the clock stands; gives the site, the clock, and his first cookie."""
    async with served(folder, sandbox=sandbox) as site:
        with time_machine.travel(datetime.now(UTC), tick=False) as clock:
            await sign_in(site, sandbox.member("ben"))
            yield site, clock, await cookie_of(site)


async def test_the_token_changes_and_an_old_one_ends_the_session(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    async with as_ben(tmp_path, sandbox) as (site, clock, first):
        clock.shift(timedelta(minutes=20))
        assert await name_shown(site) == "Ben"
        second = await cookie_of(site)
        assert second != first
        clock.shift(timedelta(seconds=1))
        assert await name_shown(site) == "Ben"
        # What was asked for at the same moment still came with the old one.
        site.client.cookie_jar.update_cookies({"moedex": first}, URL(site.url))
        assert await name_shown(site) == "Ben"
        clock.shift(timedelta(minutes=5))
        assert await name_shown(site) is None
        site.client.cookie_jar.update_cookies({"moedex": second}, URL(site.url))
        assert await name_shown(site) is None


async def test_a_new_token_that_never_arrived_locks_nobody_out(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    async with as_ben(tmp_path, sandbox) as (site, clock, first):
        clock.shift(timedelta(minutes=20))
        await name_shown(site)
        site.client.cookie_jar.update_cookies({"moedex": first}, URL(site.url))
        clock.shift(timedelta(minutes=20))
        assert await name_shown(site) == "Ben"
        assert await cookie_of(site) != first


async def test_a_session_ends_by_itself(tmp_path: Path, sandbox: Sandbox) -> None:
    async with served(tmp_path, sandbox=sandbox) as site:
        with time_machine.travel(datetime.now(UTC), tick=False) as clock:
            await sign_in(site, sandbox.member("ben"))
            clock.shift(timedelta(days=15))
            assert await name_shown(site) is None
            site.client.cookie_jar.clear()
            await sign_in(site, sandbox.member("ben"))
            for _ in range(11):
                clock.shift(timedelta(days=8))
                await name_shown(site)
                assert await name_shown(site) == "Ben"
            clock.shift(timedelta(days=3))
            assert await name_shown(site) is None


async def test_no_consent_signs_nobody_in(tmp_path: Path, sandbox: Sandbox) -> None:
    async with served(tmp_path, sandbox=sandbox) as site:
        async with site.client.get(f"{site.url}sign-in", allow_redirects=False) as begun:
            asked = URL(begun.headers["Location"], encoded=True)
        async with site.client.post(asked, data={}) as back:
            assert back.status == 403
            assert "not signed in" in await back.text()
        assert await name_shown(site) is None


async def test_recognising_may_be_for_who_is_signed_in(tmp_path: Path, sandbox: Sandbox) -> None:
    async with served(tmp_path, sandbox=sandbox, recognise="signed in") as site:
        status, answer = await site.upload(b"1")
        assert (status, answer["detail"]) == (401, "Sign in first.")
        await sign_in(site, sandbox.member("ben"))
        assert (await site.upload(b"1"))[0] == 200


async def test_who_may_label_and_see_what(tmp_path: Path, sandbox: Sandbox) -> None:
    places, server = sandbox.places, sandbox.server
    ann, ben = sandbox.member("ann"), sandbox.member("ben")
    fan_art, quiet = sandbox.channel("fan-art"), sandbox.channel("quiet")
    role = places.add_role("Labeller")
    elsewhere = places.add_server("Elsewhere")
    async with served(tmp_path, sandbox=sandbox) as site:

        async def label(member: Member, server_id: int = server.id) -> bool | None:
            """Ask as somebody who comes a minute later."""
            found = await asked().of(member.id, server_id)
            return None if found is None else found.may_label

        async def see(member: Member, channel_id: int) -> bool:
            return await asked().may_see(member.id, server.id, channel_id)

        def asked() -> Memberships:
            return Memberships(site.bot, site.services.storage.settings)

        assert set(await asked().servers()) == {server.id, elsewhere.id}
        assert (await label(ann), await label(ben)) == (True, False)
        await site.services.storage.settings.update(server.id, labeller_role=role.id)
        assert await label(ben) is False
        places.set_role(ben, role)
        assert await label(ben) is True
        places.set_role(ben, role, granted=False)
        assert await label(ben) is False
        assert await label(ben, elsewhere.id) is None
        assert await label(ben, 1234) is None

        assert await see(ben, quiet.id)
        hide(sandbox, quiet)
        assert (await see(ben, quiet.id), await see(ann, quiet.id)) == (False, True)
        assert await see(ben, sandbox.channel("art talk").id)
        hide(sandbox, fan_art)
        assert not await see(ben, sandbox.channel("art talk").id)
        assert not await see(ann, sandbox.channel("age-restricted").id)
        assert not await see(ann, elsewhere.channel_named("general").id)
        assert not await see(ann, 1234)


async def test_roles_are_those_of_a_minute_ago_at_most(
    tmp_path: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    ben, server = sandbox.member("ben"), sandbox.server
    async with served(tmp_path, sandbox=sandbox) as site:
        asked = Memberships(site.bot, site.services.storage.settings)
        assert await asked.of(ben.id, server.id) is not None
        sandbox.places.leave(ben)
        assert await asked.of(ben.id, server.id) is not None
        monkeypatch.setattr("web.signing_in.memberships.FRESH_S", 0.0)
        assert await asked.of(ben.id, server.id) is None


async def test_a_server_that_was_joined_or_left_since_shows(
    tmp_path: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    places, ben = sandbox.places, sandbox.member("ben")
    elsewhere = places.add_server("Elsewhere")
    async with served(tmp_path, sandbox=sandbox) as site:

        async def shown() -> tuple[bool, bool]:
            async with site.client.get(f"{site.url}account") as page:
                text = await page.text()
            return (f"<span>{sandbox.server.name}</span>" in text, "<span>Elsewhere" in text)

        await sign_in(site, ben)
        assert await shown() == (True, False)
        places.join(ben, elsewhere)
        assert await shown() == (True, False)
        monkeypatch.setattr("web.signing_in.memberships.ABSENT_S", 0.0)
        assert await shown() == (True, True)
        places.leave(ben)
        monkeypatch.setattr("web.signing_in.memberships.FRESH_S", 0.0)
        assert await shown() == (False, True)


async def test_looking_for_somebody_in_servers_keeps_to_a_rate(
    tmp_path: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    ben = sandbox.member("ben")
    for number in range(4):
        sandbox.places.add_server(f"Elsewhere {number}")
    monkeypatch.setattr("web.signing_in.memberships.LOOKS", RateLimitItemPerMinute(3))
    monkeypatch.setattr("web.signing_in.memberships.ABSENT_S", 0.0)
    async with served(tmp_path, sandbox=sandbox) as site:
        asked = Memberships(site.bot, site.services.storage.settings)
        looked: list[int] = []
        of = asked.of

        async def noted(user_id: int, server_id: int) -> Membership | None:
            looked.append(server_id)
            return await of(user_id, server_id)

        monkeypatch.setattr(asked, "of", noted)
        for _ in range(2):
            (one,) = await asked.of_all(ben.id, (sandbox.server.id,))
            assert one.server_id == sandbox.server.id
        assert len(looked) == 2 + 3


async def test_discord_that_does_not_answer_lets_nobody_in(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    async with served(tmp_path, sandbox=sandbox) as site:
        back = await authorized(site, sandbox.member("ben"))
        await sandbox.close()
        async with site.client.get(back) as answer:
            assert answer.status in (502, 503)
        assert await name_shown(site) is None
