"""Shows how a training goes: one message that is edited, now and then, as long as that works."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

import discord

if TYPE_CHECKING:
    from bot.learning.runs import TrainingRun

log = logging.getLogger(__name__)

EDIT_EVERY_S = 5.0
"""Seconds between two edits, at least."""
PATIENCE_S = 20.0
"""Seconds an edit may take; the client would wait out a long refusal without a word."""
TOO_MANY_EDITS = 30046
"""Discord's code for "no more edits of this message for now"."""

HEADING = "**Learning from this server's labels**, begun <t:{started}:R>"
ANSWERS = "**Done: version {number} answers from now on.**"
KEPT = "**Done: version {number} is kept, but does not answer**, since it would lose something."
NOTHING = "**Nothing to learn:** {reason}"
FAILED = (
    "**That did not work.** What answered before still does; whoever runs me finds the reason in "
    "my log."
)

_LIMIT = 1900


async def follow(run: TrainingRun, message: discord.Message | discord.PartialMessage) -> None:
    """Show a training in a message until it is done.

    Once Discord refuses more edits, a new message below takes over. Where neither works (the
    message was deleted, the channel may not be written to), nothing is shown any more.
    """
    shown = None
    while True:
        news, done, text = run.news, run.done, describe(run)
        if text != shown:
            try:
                message = await _show(message, text)
                shown = text
            except discord.HTTPException as error:
                log.info("The training of server %d is not shown: %s", run.server_id, error)
                if isinstance(error, (discord.NotFound, discord.Forbidden)):
                    return
        if done and text == shown:
            return
        await asyncio.sleep(EDIT_EVERY_S)
        if not done:
            await news.wait()


async def _show(
    message: discord.Message | discord.PartialMessage, text: str
) -> discord.Message | discord.PartialMessage:
    try:
        async with asyncio.timeout(PATIENCE_S):
            await message.edit(content=text)
        return message
    except TimeoutError:
        log.debug("An edit of message %d took too long", message.id)
    except discord.HTTPException as error:
        if error.code != TOO_MANY_EDITS:
            raise
    return await message.channel.send(text)


def describe(run: TrainingRun) -> str:
    """Return how far a training has come, in words."""
    lines = [HEADING.format(started=int(run.started.timestamp()))]
    done, current = (run.steps, []) if run.done else (run.steps[:-1], run.steps[-1:])
    lines += [f"✅ {step}" for step in done] + [f"⏳ {step} …" for step in current]
    if run.done:
        lines += _outcome(run)
    text = "\n".join(lines)
    return text if len(text) <= _LIMIT else text[:_LIMIT] + "…"


def _outcome(run: TrainingRun) -> list[str]:
    if run.outcome is None:
        return [FAILED]
    if "nothing" in run.outcome:
        return [NOTHING.format(reason=run.outcome["nothing"])]
    number, summary = run.outcome["version"], run.outcome["summary"]
    if run.outcome["promoted"]:
        return [ANSWERS.format(number=number), *summary]
    worse = [reason for reason in run.outcome["reasons"] if reason.endswith("worse")]
    return [KEPT.format(number=number), *summary, *(f"-# {reason}" for reason in worse)]
