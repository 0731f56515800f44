"""A running bot and its site: what is said on the one is known on the other."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import aiohttp
from yarl import URL

from sandbox import Sandbox
from tests.bot.fakes import ListingStages
from tests.e2e.conftest import Start, eventually, hide_channel, kept, watch
from web.signing_in.memberships import Memberships


async def test_chat_and_site_teach_one_another(
    sandbox: Sandbox, start: Start, unused_tcp_port: int
) -> None:
    url = URL(f"http://127.0.0.1:{unused_tcp_port}/")
    section = {"listen": f"127.0.0.1:{unused_tcp_port}", **sandbox.application(f"{url}signed-in")}
    ann, server = sandbox.member("ann"), sandbox.server.id
    async with (
        start(ListingStages(), web=section) as bot,
        aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as client,
    ):
        await watch(bot)
        await bot.services.storage.consents.set_learning(server, ann.id, datetime.now(UTC), on=True)
        async with client.get(url / "sign-in", allow_redirects=False) as begun:
            asked = URL(begun.headers["Location"], encoded=True)
        async with client.post(asked, data={"user": str(ann.id)}) as signed_in:
            token = re.search(r'name="csrf" content="(\w+)"', await signed_in.text())
        assert token is not None

        query = {"server": str(server), "face": "0", "kind": "is", "value": "rem"}
        headers = {"X-CSRF-Token": token[1]}
        async with client.post(
            url / "api/v1/corrections", params=query, data=b"1", headers=headers
        ) as said:
            assert said.status == 200, await said.text()
        await bot.services.votes.judged()

        # The same picture, posted in chat, has the name that the site was told.
        posted = await sandbox.member("ben").post("fan-art", files=[("a.png", b"1")])
        answer = await sandbox.answer_to(posted)
        assert "Rem" in str(answer.components)
        await kept(bot, answer)
        # A bot that is started anew looks for no message of what was handed in on the site.
        assert [place.channel_id for place in await bot.services.storage.answers.places()] == [
            answer.channel.id
        ]


async def test_the_bots_own_client_says_who_sees_what(sandbox: Sandbox, start: Start) -> None:
    ann, ben, server = sandbox.member("ann"), sandbox.member("ben"), sandbox.server.id
    async with start(ListingStages()) as bot:
        asked = Memberships(bot, bot.services.storage.settings)
        assert await asked.servers() == {server: sandbox.server.name}
        for member, labels in ((ann, True), (ben, False)):
            found = await asked.of(member.id, server)
            assert found is not None
            assert found.may_label is labels
        for channel, seen in (("quiet", True), ("art talk", True), ("age-restricted", False)):
            assert await asked.may_see(ben.id, server, sandbox.channel(channel).id) is seen
        hide_channel(sandbox, "quiet", ben)

        async def hidden() -> bool:
            return not await asked.may_see(ben.id, server, sandbox.channel("quiet").id)

        await eventually(hidden)
