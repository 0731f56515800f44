"""What members do while things go wrong (`benchmarks.chaos`): post, vote, delete; and the count."""

from __future__ import annotations

import asyncio
import io
import random
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from PIL import Image, ImageEnhance

from sandbox.samples import shelf

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from sandbox import Member, Sandbox
    from sandbox.state.entities import Message, Server
    from sandbox.state.events import Event

SAMPLES: Final = Path(shelf.__file__).parent / "pictures"
VARIANTS: Final = 12
"""Different files that each sample picture is posted as."""
BURST: Final = 40
"""Pictures that are posted at once, at most."""
VOTES, DELETIONS = 0.2, 0.04
"""The shares of answers that get a vote, and of posts that are deleted."""
SLOW: Final = "slow"
"""How the name of a picture begins whose download breaks off."""


@dataclass(frozen=True, slots=True)
class Posted:
    """A message with pictures; `kind` says what they are like, `deleted` that its author did so."""

    message: Message
    kind: str


@dataclass
class Members:
    """Posts pictures into many servers, votes on their answers, and deletes some posts."""

    sandbox: Sandbox
    servers: list[Server]
    rng: random.Random
    posted: list[Posted] = field(default_factory=list)
    deleted: set[int] = field(default_factory=set)
    votes: list[tuple[int, int]] = field(default_factory=list)
    """The answer's and the voter's id of each."""

    def __post_init__(self) -> None:
        self._files = {
            path.stem: [_variant(path, number) for number in range(VARIANTS)]
            for path in sorted(SAMPLES.glob("*.webp"))
        }
        self._huge = _huge(SAMPLES / "three-friends.webp")
        self._later: set[asyncio.Task[None]] = set()
        self.sandbox.state.stream.listen(self._see)

    async def post(self, count: int, seconds: float) -> None:
        """Post `count` messages over so many seconds, in bursts."""
        left = count
        while left:
            size = min(left, self.rng.randint(1, BURST))
            left -= size
            for _ in range(size):
                await self._post_one()
            await asyncio.sleep(size * seconds / count * self.rng.uniform(0.5, 1.5))

    async def finish(self) -> None:
        """Wait for votes and deletions that are still to come."""
        await asyncio.gather(*self._later)

    async def _post_one(self) -> None:
        server = self.rng.choice(self.servers)
        member = self.sandbox.member("ann", server)
        kind = self.rng.choices(
            ["usual", "several", "huge", "cut short", "no picture", SLOW],
            [80, 6, 3, 4, 3, 4],
        )[0]
        # Who posts what can't be read asks for it, as nothing is said of it where nobody asked.
        asked = kind in {"cut short", "no picture"} or self.rng.random() < 0.1
        text = f"<@{self.sandbox.bot.id}>" if asked else ""
        message = await member.post("general", text, files=self._picked(kind))
        self.posted.append(Posted(message, kind))
        if self.rng.random() < DELETIONS:
            self._soon(self._delete(member, message))

    def _picked(self, kind: str) -> list[tuple[str, bytes]]:
        name = self.rng.choice(list(self._files))
        data = self.rng.choice(self._files[name])
        match kind:
            case "several":
                others = self.rng.choices(list(self._files), k=self.rng.randint(1, 3))
                return [(f"{one}.webp", self.rng.choice(self._files[one])) for one in others] + [
                    (f"{name}.webp", data)
                ]
            case "huge":
                return [("huge.jpg", self._huge)]
            case "cut short":
                return [("cut.webp", data[: len(data) // 2])]
            case "no picture":
                return [("letter.png", b"Dear friends, this is no picture.")]
            case "slow":
                slow = f"{SLOW}-{len(self.posted)}.webp"
                stall = self.rng.choice([None, 2.0, 60.0])
                self.sandbox.fault_injection.break_download(
                    slow, sent=self.rng.randrange(len(data)), stall=stall
                )
                return [(slow, data)]
            case _:
                return [(f"{name}.webp", data)]

    def _see(self, event: Event) -> None:
        """Vote on some of the bot's answers."""
        if event.kind != "message_create" or not event.by_bot or event.message is None:
            return
        answer = event.message
        if answer.referenced is None or not _is_card(answer):
            return
        if self.rng.random() < VOTES and answer.channel.server is not None:
            self._soon(self._vote(answer, answer.channel.server))

    async def _vote(self, answer: Message, server: Server) -> None:
        await asyncio.sleep(self.rng.uniform(0, 5))
        gone = answer.id not in answer.channel.messages
        if gone or (answer.referenced is not None and answer.referenced.id in self.deleted):
            return
        voter = self.sandbox.member("ann", server)
        await voter.react(answer, self.rng.choice(["✅", "❌"]))
        self.votes.append((answer.id, voter.id))

    async def _delete(self, member: Member, message: Message) -> None:
        await asyncio.sleep(self.rng.uniform(0, 8))
        self.deleted.add(message.id)
        await member.delete(message)

    def _soon(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._later.add(task)
        task.add_done_callback(self._later.discard)

    def unanswered(self) -> list[Posted]:
        """The posts that are still there and have got nothing."""
        return [
            one
            for one in self.posted
            if one.message.id not in self.deleted and not self._got(one.message)
        ]

    def count(self) -> Counter[str]:
        """How many posts got what; of those that were deleted, how many answers stay."""
        counted: Counter[str] = Counter()
        for one in self.posted:
            got = self._got(one.message)
            if one.message.id in self.deleted:
                counted["deleted"] += 1
                counted["deleted, and an answer is there"] += bool(self._replies(one.message))
            else:
                counted["kept"] += 1
                counted["nothing" if not got else "one" if len(got) == 1 else "several"] += 1
                counted["an answer"] += got == ["answer"]
                counted["an apology"] += got == ["apology"]
        return counted

    def _replies(self, message: Message) -> list[Message]:
        return [
            one
            for one in message.channel.messages.values()
            if one.author is self.sandbox.bot and one.referenced is message
        ]

    def _got(self, message: Message) -> list[str]:
        """What the bot said to a post: each an "answer" or an "apology" in words or a sign."""
        found = ["answer" if _is_card(one) else "apology" for one in self._replies(message)]
        signs = [r for r in message.reactions.values() if self.sandbox.bot.id in r.user_ids]
        return found or ["apology"] * bool(signs)


def _is_card(message: Message) -> bool:
    """Whether the bot answered with more than words."""
    return bool(message.attachments or message.embeds or message.embedded_files)


def _variant(path: Path, number: int) -> bytes:
    """A picture in other colours, which is no near-duplicate byte by byte."""
    image = Image.open(path).convert("RGB")
    image.thumbnail((700, 700))
    image = ImageEnhance.Color(image).enhance(0.6 + 0.08 * number)
    image = ImageEnhance.Brightness(image).enhance(0.9 + 0.02 * number)
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", quality=80)
    return buffer.getvalue()


def _huge(path: Path) -> bytes:
    buffer = io.BytesIO()
    Image.open(path).convert("RGB").resize((4000, 3000)).save(buffer, "JPEG", quality=85)
    return buffer.getvalue()
