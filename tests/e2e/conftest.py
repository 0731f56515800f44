"""A running bot in a running sandbox, with light stages or with the real models."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bot.client import MoedexBot
from bot.config import Config, load_config
from bot.inference import InferenceWorker, Stages, load_stages
from bot.storage import Answer
from bot.storage.records import FaceLabel, FaceObservation, Label
from models.tagger.second_opinion import SecondOpinion
from sandbox import Sandbox
from sandbox.state.component_tree import BUTTON, texts, walk
from sandbox.state.entities import Message, Overwrite
from sandbox.state.events import Event
from sandbox.state.interaction import Interaction
from sandbox.state.permissions import Permission
from sandbox.testing.member import Member
from tests.bot.fakes import FakeStages
from tests.running import running_bot
from tests.sandbox.conformance import DESCRIPTION, Description

PATIENCE_S = 60
"""How long a test waits for what must happen; long, because the machine may be busy."""

Start = Callable[..., Any]


@pytest.fixture(scope="session")
def models() -> Stages:
    """Return the real stages, loaded once: that takes seconds."""
    return load_stages(load_config(None))


@pytest.fixture
def stages() -> FakeStages:
    """Return stages that find as many faces as a picture's bytes say, and can be held."""
    return FakeStages()


@pytest.fixture(autouse=True)
def _impatient_client(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the client's `on_ready` wait less for servers still to come: there is only one."""
    make_state = MoedexBot._get_state

    def impatient(self: MoedexBot, **options: Any) -> Any:
        return make_state(self, **options, guild_ready_timeout=0.2)

    monkeypatch.setattr(MoedexBot, "_get_state", impatient)


@pytest.fixture(autouse=True)
def _impatient_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let requests that failed for a moment be made again at once."""
    monkeypatch.setattr("bot.patience.WAITS_S", (0.01,) * 4)


@pytest.fixture(scope="session")
def description() -> Description | None:
    """Return Discord's description of its API; None where it is not on this machine."""
    return Description() if DESCRIPTION.is_file() else None


@pytest.fixture
async def sandbox(description: Description | None) -> AsyncIterator[Sandbox]:
    """Return a running local Discord; all that the bot sent is then held against the real one."""
    async with Sandbox(least_wait=PATIENCE_S) as running:
        yield running
    if description is not None:
        differences = "\n".join(description.differences(running.exchanges))
        assert not differences, differences


@pytest.fixture
def start(
    sandbox: Sandbox, database: str, tmp_path: Path
) -> Callable[..., contextlib.AbstractAsyncContextManager[MoedexBot]]:
    """Return what starts a bot in the sandbox; the same storage is kept between two starts."""

    @asynccontextmanager
    async def starts(
        stages: Stages, tagger: SecondOpinion | None = None, **sections: dict[str, object]
    ) -> AsyncIterator[MoedexBot]:
        def worker(config: Config) -> InferenceWorker:
            load_tagger = None if tagger is None else partial(_itself, tagger)
            return InferenceWorker(lambda: stages, config.inference, load_tagger)

        cooldowns = {"user_times": 1000, "server_times": 1000}
        # Beside an SQLite file, and there for a bot without one.
        learning = {"crops": str(tmp_path / "moedex-files" / "crops")}
        given = {
            "discord": sandbox.discord_section,
            "storage": {"url": database},
            "cooldowns": cooldowns,
            **sections,
            "learning": {**learning, **sections.get("learning", {})},
        }
        async with running_bot(load_config(None, **given), worker) as bot:
            yield bot

    return starts


def _itself(opinion: SecondOpinion) -> SecondOpinion:
    return opinion


@pytest.fixture
async def bot(start: Start, stages: FakeStages) -> AsyncIterator[MoedexBot]:
    """Return a bot with light stages that watches the channel fan-art."""
    async with start(stages) as running:
        await watch(running)
        yield running


@pytest.fixture
async def real_bot(start: Start, models: Stages) -> AsyncIterator[MoedexBot]:
    """Return a bot with the real models that watches the channel fan-art."""
    async with start(models) as running:
        await watch(running)
        yield running


async def watch(bot: MoedexBot, name: str = "fan-art") -> None:
    """Switch a channel on as its moderator would."""
    guild = bot.guilds[0]
    found = next(each for each in guild.text_channels if each.name == name)
    await bot.services.storage.settings.watch(guild.id, found.id, guild.owner_id or 0)


def hide_channel(sandbox: Sandbox, name: str, member: Member) -> None:
    """Let a member no longer see a channel."""
    channel = sandbox.channel(name)
    channel.overwrites[member.id] = Overwrite(member.id, member=True, deny=Permission.VIEW_CHANNEL)
    sandbox.state.stream.emit(Event("channel_update", channel.server, channel))


async def eventually(what: Callable[[], Awaitable[Any]]) -> Any:
    """Return what a question says as soon as that is true; fails where it never is."""
    async with asyncio.timeout(PATIENCE_S):
        while not (found := await what()):  # noqa: ASYNC110 - a database tells nobody
            await asyncio.sleep(0.02)
    return found


async def kept(bot: MoedexBot, reply: Message) -> Answer:
    """Return the answer that is kept for a reply, as soon as it is."""
    return await eventually(lambda: bot.services.storage.answers.by_reply(reply.id))


async def shown(interaction: Interaction) -> Message:
    """Return the first message that the bot answers an interaction with, once it says something."""

    async def said() -> bool:
        return bool(interaction.answers and interaction.answers[0].content)

    await eventually(said)
    return interaction.answers[0]


async def confirmed(member: Member, question: Interaction, label: str) -> str:
    """Press a button under the bot's question; returns what it says in place of it."""
    message = await shown(question)
    before = message.content
    await member.press(message, label)

    async def changed() -> bool:
        return message.content != before

    await eventually(changed)
    return message.content


async def opened(interaction: Interaction) -> bool:
    """Say whether the bot opened a form."""
    return interaction.modal is not None


async def answered(sandbox: Sandbox, faces: bytes = b"1") -> Message:
    """Post a picture and return the bot's card."""
    posted = await sandbox.member("ben").post("fan-art", files=[("a.png", faces)])
    return await sandbox.answer_to(posted, PATIENCE_S)


async def labels(bot: MoedexBot, reply: Message) -> list[tuple[FaceObservation, FaceLabel | None]]:
    """Return the faces of an answer with their labels."""
    await bot.services.votes.judged()
    faces = await bot.services.storage.faces.by_reply(reply.id)
    return [(face, await bot.services.storage.labels.get(face.id)) for face in faces]


async def label_is(bot: MoedexBot, reply: Message, name: Label | str | None, state: str) -> bool:
    """Say whether the first face of an answer has that label; a text is a character's id."""
    wanted = Label.of(name) if isinstance(name, str) else name
    found = await labels(bot, reply)
    label = found[0][1] if found else None
    return label is not None and (label.label, label.state) == (wanted, state)


async def asked(reply: Message) -> bool:
    """Say whether a card has its question."""
    return f"moedex:who:{reply.id}:0" in str(reply.components)


async def settled(sandbox: Sandbox, bot: MoedexBot) -> None:
    """Return once everything posted so far has been dealt with.

    Events arrive in order, so a picture posted last is answered after all before it were seen.
    """
    last = await sandbox.member("ann").post("fan-art", files=[("last.png", b"1")])
    await sandbox.answer_to(last)


def text_of(message: Message) -> str:
    """Return all that a message says: its text, its embeds' and its layout's."""
    parts = [message.content, texts(message.components)]
    for embed in message.embeds:
        parts += [embed.get("title", ""), embed.get("description", "")]
        parts += [f"{each['name']}\n{each['value']}" for each in embed.get("fields", [])]
        parts.append(embed.get("footer", {}).get("text", ""))
        parts.append(embed.get("author", {}).get("name", ""))
    return "\n".join(part for part in parts if part)


def labels_of(message: Message) -> list[str]:
    """Return the labels of a message's buttons."""
    return [item["label"] for item in walk(message.components) if item["type"] == BUTTON]
