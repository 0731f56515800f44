"""Who answers a message that two processes heard: one of them, and the other if that one ends.

A process that takes the place of another hears the same events for a while. Whoever claims a
message first answers it. The other waits until that is done; where it was given up, as at the end
of the process, or is heard of no more, as after a crash, the other answers. (An interaction needs
no claim: Discord takes its first acknowledgement alone.)
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.errors import in_one_line
from bot.patience import FAILED
from bot.recognition.history import messages_after
from bot.storage.leases import Held

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import discord

    from bot.storage.answers import AnswerRepository
    from bot.storage.leases import LeaseRepository

log = logging.getLogger(__name__)

LENGTH = timedelta(seconds=30)
"""How long a claim lasts that is not renewed; that is done thrice in this time."""
_REMEMBERED = timedelta(minutes=5)
"""How long it is known that a message was dealt with: longer than two processes run beside."""
_ASKED_EVERY_S = 0.5


class Claims:
    """Claims on messages. Without `leases` no other process hears them, and each is this one's."""

    def __init__(
        self, client: discord.Client, answers: AnswerRepository, leases: LeaseRepository | None
    ) -> None:
        self._client = client
        self._answers = answers
        self._leases = leases
        self._taking: dict[tuple[str, str], asyncio.Task[Held | None]] = {}
        self._renewing: dict[tuple[str, str], asyncio.Task[None]] = {}

    async def close(self) -> None:
        """Give up what is not done yet: nothing can be sent any more."""
        for (name, holder), taking in list(self._taking.items()):
            await asyncio.gather(taking, return_exceptions=True)
            self._keep(name, holder)
        for name, holder in list(self._renewing):
            await self._end(name, holder)

    @asynccontextmanager
    async def on(self, message: discord.Message, what: str = "") -> AsyncIterator[bool]:
        """Say whether to deal with a message: not where another process did.

        `what` tells apart what one message asks for at different times, as by an edit. Leaving the
        context says that it is done, unless the bot is ending.
        """
        if self._leases is None:
            yield True
            return
        name, holder = f"message:{message.id}:{what}", secrets.token_hex(8)
        try:
            yield await self._take(self._leases, name, holder, message)
        finally:
            await self._end(name, holder)

    def _keep(self, name: str, holder: str) -> None:
        """Renew a claim until it ends."""
        if self._leases is not None and (name, holder) not in self._renewing:
            renewing = _renew(self._leases, name, holder)
            self._renewing[name, holder] = asyncio.create_task(renewing, name=f"renew {name}")

    async def _end(self, name: str, holder: str) -> None:
        """Say that something is done, or, at the end of the bot, that another may do it."""
        renewing = self._renewing.pop((name, holder), None)
        if renewing is None or self._leases is None:
            return
        renewing.cancel()
        await asyncio.gather(renewing, return_exceptions=True)
        try:
            if self._client.is_closed():
                await self._leases.release(name, holder)
            else:
                await self._leases.finish(name, holder, _REMEMBERED)
        except Exception as error:  # then the lease ends by itself
            log.debug("The claim %s could not be ended (%s)", name, in_one_line(error))

    async def _take(
        self, leases: LeaseRepository, name: str, holder: str, message: discord.Message
    ) -> bool:
        waited = False
        try:
            while (held := await self._attempt(leases, name, holder)) is not None:
                if held.done:
                    return False
                waited = True
                await asyncio.sleep(min(held.seconds, _ASKED_EVERY_S))
        except Exception as error:  # better two answers than none
            log.warning("Message %d could not be claimed (%s)", message.id, in_one_line(error))
            return not self._client.is_closed()
        if self._client.is_closed():  # and so `close` gave it up
            return False
        self._keep(name, holder)
        return not (waited and await self._is_answered(message))

    async def _attempt(self, leases: LeaseRepository, name: str, holder: str) -> Held | None:
        """Try to take a lease; `close` waits for that, and gives it back."""
        if self._client.is_closed():
            return Held(0.0, done=True)
        taking = asyncio.create_task(leases.take(name, holder, LENGTH), name=f"claim {name}")
        self._taking[name, holder] = taking
        try:
            return await asyncio.shield(taking)
        finally:
            del self._taking[name, holder]

    async def _is_answered(self, message: discord.Message) -> bool:
        """Say whether the bot answered a message, be it that the answer was kept or not."""
        if await self._answers.by_messages([message.id]):
            return True
        me = self._client.user
        try:
            async for later in messages_after(self._client, message.channel, message.id, pages=1):
                to = None if later.reference is None else later.reference.message_id
                if me is not None and later.author.id == me.id and to == message.id:
                    return True
        except FAILED as error:
            log.debug("What follows %d could not be read (%s)", message.id, in_one_line(error))
        return False


async def _renew(leases: LeaseRepository, name: str, holder: str) -> None:
    while True:
        await asyncio.sleep(LENGTH.total_seconds() / 3)
        with contextlib.suppress(Exception):  # a database that is locked now may not be so later
            await leases.take(name, holder, LENGTH)
