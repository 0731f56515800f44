"""Stand-ins that pass `isinstance`, around a real storage and the real body of asking."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import DEFAULT, AsyncMock, MagicMock, Mock

import discord
import numpy as np
import pytest
from discord.ext import commands

from bot.app import build_services
from bot.client import MoedexBot
from bot.config import load_config
from bot.inference import Drawing, FacePictures, IdentifiedPicture, InferenceWorker, Stages
from bot.recognition.record import answered_picture
from bot.storage import Answer, AnsweredPicture, Storage
from models.types import Box, Character, Face, Guess, NamedFace, Tier

IDS = count(1_000_000_000_000_000_000)
BOT_ID = next(IDS)
CHARACTERS = tuple(
    Character(f"c{number}", name, series, native)
    for number, (name, series, native) in enumerate(
        [
            ("Hatsune Miku", "VOCALOID", "初音ミク"),
            ("Kagamine Rin", "VOCALOID", "鏡音リン"),
            ("Rei_*Ayanami*", "Neon Genesis Evangelion", "綾波レイ"),
            ("Yuki", "Somewhere", ""),
            ("Aoi", "Elsewhere", ""),
        ]
    )
)


@pytest.fixture
async def storage(tmp_path: Path) -> AsyncIterator[Storage]:
    """Return an empty storage of its own."""
    async with Storage.open(tmp_path / "moedex.db") as opened:
        yield opened


@pytest.fixture
def worker() -> Any:
    """Return a worker that finds one known face in every picture."""
    found = Mock(spec=InferenceWorker)
    found.stages = Mock(
        spec=Stages,
        model_version="test",
        characters=CHARACTERS,
        roster=None,
        gallery=None,
        backbone="test",
    )
    found.identify = AsyncMock(side_effect=lambda *_, **__: identified(1))
    found.draw = AsyncMock(side_effect=drawn)
    return found


@pytest.fixture
def bot(storage: Storage, worker: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a stand-in for the client, with real services around a light worker.

    The bytes of every posted file are `b"data"`.
    """
    monkeypatch.setattr("bot.recognition.fetching.download", AsyncMock(return_value=b"data"))
    found = MagicMock(spec=MoedexBot)
    found.intents = discord.Intents.all()
    found.user = Mock(spec=discord.ClientUser, id=BOT_ID)
    found.get_context = AsyncMock(return_value=Mock(spec=commands.Context, valid=False))
    elsewhere = Mock(spec=discord.PartialMessageable)
    elsewhere.get_partial_message.return_value.delete = AsyncMock()
    elsewhere.fetch_message = AsyncMock(side_effect=gone())
    partial = elsewhere.get_partial_message.return_value
    partial.fetch = AsyncMock(side_effect=gone())

    def known_by(message_id: int) -> Any:
        partial.id = message_id
        return DEFAULT

    elsewhere.get_partial_message.side_effect = known_by
    found.get_partial_messageable = Mock(return_value=elsewhere)
    found.is_closed = Mock(return_value=False)
    found.get_guild = Mock(return_value=None)
    ann = Mock(spec=discord.User)
    ann.display_name = "Ann"
    found.get_user = Mock(return_value=ann)
    found.services = build_services(load_config(None), storage, worker, found)
    return found


def gone() -> discord.NotFound:
    """Return what Discord says of a message that is not there."""
    return discord.NotFound(Mock(status=404, reason="Not Found"), "Unknown Message")


def identified(faces: int, *, tier: Tier = Tier.NAMED) -> IdentifiedPicture:
    """Return what the worker gives for a picture with so many faces."""
    guesses = tuple(
        Guess(character, probability)
        for character, probability in zip(CHARACTERS, (0.83, 0.1, 0.04, 0.02, 0.01), strict=True)
    )
    nothing = np.zeros(4, np.float32)
    crop = np.zeros((2, 2, 3), np.uint8)
    face = NamedFace(Face(Box(0, 0, 9, 9), 0.9), guesses, tier, nothing, crop)
    return IdentifiedPicture(
        name="a.png",
        width=10,
        height=10,
        faces=(face,) * faces,
        more=0,
        frames={0: np.zeros((10, 10, 3), np.uint8)},
        backbone="test",
        phash="0f",
        sha256="ff",
        seconds={},
    )


def drawn(
    pictures: Sequence[tuple[IdentifiedPicture, bool]], *, shown: FacePictures, max_bytes: int
) -> Drawing:
    """Return what the worker draws of an answer."""
    count = sum(len(picture.faces) for picture, _ in pictures)
    sheets = len({hidden for _, hidden in pictures}) if count > 1 else 0
    faces, together = min(shown.own, count), len(shown.together)
    return Drawing(".jpg", (b"sheet",) * sheets, (b"face",) * faces, (b"faces",) * together)


def stored_picture(faces: int, name: str = "a.png", *, tier: Tier = Tier.NAMED) -> AnsweredPicture:
    """Return a picture as the storage keeps it."""
    return answered_picture(name, identified(faces, tier=tier))


def stored_answer(*pictures: AnsweredPicture, **changes: Any) -> Answer:
    """Return an answer as the storage keeps it."""
    fields: dict[str, Any] = {
        "reply_id": next(IDS),
        "source_message_id": next(IDS),
        "channel_id": next(IDS),
        "server_id": None,
        "pictures": pictures,
        "model_version": "test",
        "at": datetime.now(UTC),
    }
    return Answer(**{**fields, **changes})


def person(**changes: Any) -> Any:
    """Return a member who is no bot."""
    return Mock(spec=discord.Member, id=next(IDS), bot=False, **changes)


def channel(permissions: discord.Permissions | None = None, *, nsfw: bool = False) -> Any:
    """Return a text channel in which the bot has all permissions, or those given."""
    held = discord.Permissions.all() if permissions is None else permissions
    guild = Mock(spec=discord.Guild, id=next(IDS), filesize_limit=10**7, owner_id=next(IDS))
    guild.name = "Server"
    found = MagicMock(spec=discord.TextChannel, id=next(IDS), guild=guild, mention="<#1>")
    found.permissions_for = Mock(return_value=held)
    found.is_nsfw = Mock(return_value=nsfw)
    guild.get_channel_or_thread = Mock(return_value=found)
    return found


def attachment(name: str = "a.png", **changes: Any) -> Any:
    """Return an attachment."""
    fields: dict[str, Any] = {
        "id": next(IDS),
        "content_type": "image/png",
        "size": 4,
        "width": None,
        "url": f"https://cdn.discordapp.com/attachments/1/2/{name}",
        "_http": SimpleNamespace(connector=None),
        "proxy_url": f"https://media.discordapp.net/attachments/1/2/{name}",
    }
    found = Mock(spec=discord.Attachment, filename=name, **{**fields, **changes})
    found.is_spoiler = Mock(return_value=name.startswith("SPOILER_"))
    return found


def message(where: Any, *attachments: Any, **changes: Any) -> Any:
    """Return a message posted by a person just now."""
    fields: dict[str, Any] = {
        "id": next(IDS),
        "author": person(),
        "webhook_id": None,
        "type": discord.MessageType.default,
        "content": "",
        "attachments": list(attachments),
        "embeds": [],
        "stickers": [],
        "components": [],
        "message_snapshots": [],
        "mentions": [],
        "raw_mentions": [],
        "reference": None,
        "created_at": datetime.now(UTC),
    }
    fields["guild"] = getattr(where, "guild", None)
    found = Mock(spec=discord.Message, channel=where, **{**fields, **changes})
    sent = Mock(spec=discord.Message, id=next(IDS), channel=where)
    sent.add_reaction = AsyncMock()
    sent.delete = AsyncMock()
    found.reply = AsyncMock(return_value=sent)
    return found
