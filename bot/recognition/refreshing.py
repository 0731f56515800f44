"""Shows a correction at once: the answer is edited as soon as what is said of its faces changed."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

import aiohttp
import discord

from bot.storage.records import ON_THE_SITE

if TYPE_CHECKING:
    from bot.recognition.presenting import Presenter
    from bot.storage.answers import AnswerRepository

log = logging.getLogger(__name__)


class AnswerRefresh:
    """Edits answers in the background, each once for all that was said meanwhile.

    An answer that only its asker sees is edited by whoever pressed something on it: no other way
    leads to it.
    """

    def __init__(
        self, client: discord.Client, answers: AnswerRepository, presenter: Presenter
    ) -> None:
        self._client = client
        self._answers = answers
        self._presenter = presenter
        self._wanted: set[int] = set()
        self._editing: dict[int, asyncio.Task[None]] = {}
        self._locks: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    def soon(self, reply_id: int) -> None:
        """Edit an answer; many calls at once are one or two edits."""
        self._wanted.add(reply_id)
        if reply_id not in self._editing:
            task = asyncio.create_task(self._edit(reply_id), name=f"refresh {reply_id}")
            self._editing[reply_id] = task

    def lock(self, reply_id: int) -> asyncio.Lock:
        """Return what to hold while an answer's message is read and edited.

        What it shows stands in the message alone: of two edits at once, one would be undone.
        """
        return self._locks.setdefault(reply_id, asyncio.Lock())

    async def close(self) -> None:
        """End the work; what was not edited yet shows the next time something is said."""
        for task in self._editing.values():
            task.cancel()
        await asyncio.gather(*self._editing.values(), return_exceptions=True)

    async def _edit(self, reply_id: int) -> None:
        try:
            while reply_id in self._wanted:
                self._wanted.discard(reply_id)
                await self._edit_once(reply_id)
        except (discord.HTTPException, aiohttp.ClientError, TimeoutError) as error:
            # Deleted meanwhile, seen by its asker only, or in a channel that is closed to the bot.
            log.debug("Answer %d could not be edited: %s", reply_id, error)
        except Exception:  # nobody waits for this task
            log.exception("Answer %d could not be worded anew", reply_id)
        finally:
            self._wanted.discard(reply_id)
            del self._editing[reply_id]

    async def _edit_once(self, reply_id: int) -> None:
        answer = await self._answers.by_reply(reply_id)
        if answer is None or not answer.faces or answer.channel_id == ON_THE_SITE:
            return
        channel = self._client.get_partial_messageable(answer.channel_id, guild_id=answer.server_id)
        async with self.lock(reply_id):
            message = await channel.fetch_message(reply_id)
            await message.edit(**await self._presenter.edit(answer, message))
