"""Texts that no database takes as they are: NUL, which PostgreSQL refuses, and half surrogates."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from bot.gallery.lookup import row_for
from bot.gallery.roster import ServerRoster
from bot.storage import Storage
from bot.storage.records import NewExemplar, ServerCharacter, TeachCharacter
from models.types import Character

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
BAD = "\x00\ud83d"


async def test_a_character_is_kept_and_found(storage_url: str) -> None:
    vector = np.ones(384, np.float32)
    async with Storage.open(storage_url) as storage:
        await storage.galleries.change(
            1, "teach", 2, f"taught{BAD} Rin", NOW,
            characters=[ServerCharacter(f"rin{BAD}", f"R{BAD}in", f"Fa{BAD}te", f"{BAD}凛")],
            aliases={"rin": (f"Tohsaka{BAD}",)},
            exemplars=[NewExemplar(f"rin{BAD}", 2, "pack", vector, "b", NOW, f"a{BAD} pack")],
        )  # fmt: skip
        assert await storage.galleries.characters(1) == [
            ServerCharacter("rin", "Rin", "Fate", "凛")
        ]
        assert await storage.galleries.aliases(1) == {"rin": ("Tohsaka",)}
        assert [e.provenance for e in await storage.exemplars.in_use(1)] == ["a pack"]


async def test_a_proposal_and_a_key_are_kept(storage_url: str) -> None:
    async with Storage.open(storage_url) as storage:
        await storage.proposals.add(1, 2, TeachCharacter(f"R{BAD}in", f"Fa{BAD}te"), NOW)
        await storage.state.set(f"a{BAD}b", f"1{BAD}")
        assert await storage.state.get(f"{BAD}ab") == "1"


async def test_enrolment_takes_any_name(storage_url: str) -> None:
    async with Storage.open(storage_url) as storage:
        source = await storage.enrolled.source(f"folder:a{BAD}", f"the folder a{BAD}", NOW)
        assert source == await storage.enrolled.source("folder:a", "", NOW)
        found = Character("rin", f"R{BAD}in", f"Fa{BAD}te", f"凛{BAD}", (f"Tohsaka{BAD}",))
        begun = await storage.enrolled.begin(source, f"Fate/Rin{BAD}", found, "b", NOW, known=False)
        await storage.enrolled.add_sample(begun.id, f"{BAD}1.png", None, f"why{BAD} not", NOW)
        samples = await storage.enrolled.samples_of(begun.id)
        assert [(each.ref, each.why_not) for each in samples] == [("1.png", "why not")]


def test_a_series_is_one_line_without_what_nobody_sees() -> None:
    row = row_for(ServerRoster([]), None, "Rin", f" Fate{BAD}\n  Zero ")
    assert row.series == "Fate Zero"
