"""A running bot beside `/metrics`: what chat does is counted there, and the gateway too."""

from __future__ import annotations

from aiohttp import ClientSession
from prometheus_client import REGISTRY

from sandbox import Sandbox
from tests.bot.fakes import FakeStages
from tests.e2e.conftest import Start, eventually, settled, watch


def value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


async def test_what_happens_in_chat_is_counted(
    sandbox: Sandbox, start: Start, stages: FakeStages, unused_tcp_port: int
) -> None:
    def counted() -> tuple[float, ...]:
        return (
            value("moedex_requests_total", outcome="answered"),
            value("moedex_votes_total", kind="yes"),
            value("moedex_gateway_connections_total", shard="0", kind="begun"),
            value("moedex_gateway_connections_total", shard="0", kind="resumed"),
            value("moedex_gateway_disconnects_total", shard="0"),
        )

    before = counted()
    where = f"127.0.0.1:{unused_tcp_port}"
    async with start(stages, metrics={"listen": where}, web={"listen": ""}) as bot:
        await watch(bot)
        ann = sandbox.member("ann")
        reply = await sandbox.answer_to(await ann.post("fan-art", files=[("one.png", b"1")]))
        await ann.react(reply, "✅")
        await sandbox.fault_injection.drop_gateway()
        await settled(sandbox, bot)

        async def all_counted() -> bool:
            moved = [now - then for now, then in zip(counted(), before, strict=True)]
            # `settled` asks about pictures of its own.
            return moved[0] >= 1 and moved[1:] == [1.0, 1.0, 1.0, 1.0]

        await eventually(all_counted)
        async with ClientSession() as client, client.get(f"http://{where}/metrics") as answer:
            assert 'moedex_gateway_latency_seconds{shard="0"}' in await answer.text()
    assert REGISTRY.get_sample_value("moedex_gateway_latency_seconds", {"shard": "0"}) is None
