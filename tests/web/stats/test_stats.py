"""`/stats` and `/health`: the numbers of the chat, who may see them, and which version answers."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.feedback import statistics
from sandbox import Sandbox
from sandbox.state.entities import Overwrite
from sandbox.state.events import Event
from sandbox.state.permissions import Permission
from tests.web.conftest import Served, csrf_of, served, sign_in
from tests.web.counted_server import REASON, answered, trained
from web.stats.process import quantile


async def page(site: Served, path: str) -> tuple[int, str]:
    async with site.client.get(f"{site.url}{path}") as answer:
        return answer.status, await answer.text()


async def post(site: Served, path: str, **fields: str) -> int:
    async with site.client.post(f"{site.url}{path}", data=fields, allow_redirects=False) as answer:
        return answer.status


async def test_the_numbers_are_those_of_the_chat(tmp_path: Path, sandbox: Sandbox) -> None:
    async with served(tmp_path, sandbox=sandbox) as site:
        storage, server_id = site.services.storage, sandbox.server.id
        await answered(storage, sandbox, right=9, wrong=3)
        await sign_in(site, sandbox.member("ben"))
        status, shown = await page(site, "stats")
        assert status == 200

        async def all_of_them(channel_ids: set[int]) -> set[int]:
            return channel_ids

        chat = await statistics.of_server(
            storage.statistics,
            server_id,
            await site.services.galleries.roster(server_id),
            datetime.now(UTC),
            all_of_them,
        )
        assert (chat.answered, chat.named, chat.confirmed, chat.corrected) == (20, 16, 9, 3)
        for number, words in (
            (chat.answered, "answers"),
            (chat.named, "faces named"),
            (chat.confirmed, "of them confirmed"),
            (chat.corrected, "corrected"),
        ):
            assert f"<li><b>{number}</b> {words}</li>" in shown
        for week, share in chat.weeks:
            assert f"{week:%Y-%m-%d}: {share.hits} of {share.total}" in shown
        assert '<a href="/characters/rem">Rem</a></td>\n  <td>3</td>' in shown
        assert "Promote" not in shown


async def test_one_is_not_said_in_the_plural(tmp_path: Path, sandbox: Sandbox) -> None:
    async with served(tmp_path, sandbox=sandbox) as site:
        await answered(site.services.storage, sandbox, right=1, wrong=0, unsettled=0)
        await sign_in(site, sandbox.member("ben"))
        _, shown = await page(site, "stats")
        for words in ("<b>1</b> answer<", "<b>1</b> face named<", "at most 1 answer<", ">1 face<"):
            assert words in shown
        assert '<b>1</b> <span class="faint">100 %</span>' in shown


async def test_who_may_not_read_a_channel_hears_of_no_confusion_in_it(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    channel, ben = sandbox.channel("fan-art"), sandbox.member("ben")
    channel.overwrites[ben.id] = Overwrite(ben.id, member=True, deny=Permission.VIEW_CHANNEL)
    sandbox.state.stream.emit(Event("channel_update", channel.server, channel))
    async with served(tmp_path, sandbox=sandbox) as site:
        await answered(site.services.storage, sandbox, right=9, wrong=3)
        await sign_in(site, ben)
        _, shown = await page(site, "stats")
        assert "Nobody, in the channels that you may read." in shown
        assert "<b>20</b> answers" in shown


async def test_few_settled_faces_and_none_are_said_kindly(tmp_path: Path, sandbox: Sandbox) -> None:
    async with served(tmp_path, sandbox=sandbox) as site:
        await sign_in(site, sandbox.member("ben"))
        assert "nothing to count yet" in (await page(site, "stats"))[1]
        await answered(site.services.storage, sandbox, right=1, wrong=0)
        shown = (await page(site, "stats"))[1]
        assert "a settled name so far: 1, and it takes 10" in shown


async def test_moderators_promote_and_go_back_as_in_chat(tmp_path: Path, sandbox: Sandbox) -> None:
    async with served(tmp_path, sandbox=sandbox) as site:
        storage, server_id = site.services.storage, sandbox.server.id
        await trained(storage, server_id, site.services.galleries.backbone)
        await sign_in(site, sandbox.member("ann"))
        at, csrf = f"stats/{server_id}", await csrf_of(site)
        shown = (await page(site, at))[1]
        assert "Version 1 answers." in shown
        assert REASON in shown
        assert await post(site, f"{at}/promote", version="2") == 403  # without the token
        assert await post(site, f"{at}/promote", version="2", csrf=csrf) == 303
        assert "Version 2 answers." in (await page(site, at))[1]
        assert await post(site, f"{at}/promote", version="3", csrf=csrf) == 422
        assert await post(site, f"{at}/promote", version="²", csrf=csrf) == 400
        assert await post(site, f"{at}/rollback", csrf=csrf) == 303
        assert "Version 1 answers." in (await page(site, at))[1]
        assert await post(site, f"{at}/rollback", csrf=csrf) == 303
        assert "The shipped names answer." in (await page(site, at))[1]
        assert await post(site, f"{at}/rollback", csrf=csrf) == 422
        site.client.cookie_jar.clear()
        await sign_in(site, sandbox.member("ben"))
        csrf = await csrf_of(site)
        assert await post(site, f"{at}/promote", version="2", csrf=csrf) == 403
        assert await post(site, f"{at}/rollback", csrf=csrf) == 403
        assert await storage.versions.current(server_id) is None


async def test_members_alone_see_a_server(tmp_path: Path, sandbox: Sandbox) -> None:
    async with served(tmp_path, sandbox=sandbox) as site:
        for path in ("stats", f"stats/{sandbox.server.id}", "health"):
            async with site.client.get(f"{site.url}{path}", allow_redirects=False) as answer:
                assert answer.status == 303
                assert answer.headers["Location"].startswith("/sign-in")
        await sign_in(site, sandbox.member("ben"))
        assert (await page(site, "stats/1"))[0] == 404
        assert (await page(site, f"stats/{'9' * 20}"))[0] == 404
        assert (await page(site, "health"))[0] == 200


async def test_the_process_is_shown_to_who_sits_at_the_machine(site: Served) -> None:
    await asyncio.gather(*[site.upload(b"2") for _ in range(3)])
    status, shown = await page(site, "health")
    assert status == 200
    assert '<th scope="row">decode</th>' in shown
    assert f"0 of {site.config.inference.queue}</b>" in shown
    assert "<code>fake-1</code>" in shown
    for passed_on in ("203.0.113.7", ""):
        headers = {"X-Forwarded-For": passed_on}
        async with site.client.get(f"{site.url}health", headers=headers) as answer:
            assert answer.status == 403
    assert (await page(site, "stats"))[0] == 404


@pytest.mark.parametrize(
    ("counts", "share", "value"),
    [
        ([(0.1, 4.0), (0.5, 8.0), (float("inf"), 8.0)], 0.5, 0.1),
        ([(0.1, 4.0), (0.5, 8.0), (float("inf"), 8.0)], 0.75, 0.3),
        ([(0.1, 0.0), (0.5, 2.0), (float("inf"), 2.0)], 0.5, 0.3),
        ([(0.1, 0.0), (0.5, 1.0), (float("inf"), 4.0)], 0.9, 0.5),
    ],
)
def test_quantiles_are_those_of_prometheus(
    counts: list[tuple[float, float]], share: float, value: float
) -> None:
    assert quantile(counts, share) == pytest.approx(value)
