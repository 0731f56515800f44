"""A database that an older version wrote is brought up to date with all that is in it."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import sys
from contextlib import closing
from typing import TYPE_CHECKING

import numpy as np
import pytest
from alembic import command
from sqlalchemy import create_engine

from bot.storage import Storage
from bot.storage.records import NOT_A_FACE, Label, StoredGuess
from bot.storage.schema import migrations
from models.gallery.comparison import Comparison
from models.types import Box, Tier
from models.vectors import pack_vector

if TYPE_CHECKING:
    from pathlib import Path

LEARNS, LEARNS_NOT = 7, 8
AT = "2026-05-04 12:00:00.000000"
VECTOR = pack_vector(np.eye(1, 8, 3, dtype=np.float32)[0])
GUESS = {"id": "rin", "name": "Rin", "series": "Fate", "probability": 0.8125}
REPORT = {
    "current": {
        "holdout": {"faces": 40, "before": 0.5, "after": 0.75, "interval": [-0.1, 0.3]},
        "strangers": {"faces": 9, "before": 1.0, "after": 1.0, "interval": [0.0, 0.0]},
    },
    "reasons": ["impostors left unnamed: nothing to measure yet"],
    "examples": 6,
}


def face(*, unknown: bool = False) -> dict[str, object]:
    """Return a face as an answer kept it before revision 0006."""
    return {"box": [1.0, 2.0, 3.0, 4.0], "score": 0.9, "unknown": unknown, "guesses": [GUESS]}


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """Return a database of revision 0004: two servers with an answer each, and one of a DM."""
    file = tmp_path / "moedex.db"
    engine = create_engine(f"sqlite:///{file}")
    with engine.begin() as connection:
        config = migrations()
        config.attributes["connection"] = connection
        command.upgrade(config, "0004")
    engine.dispose()
    with closing(sqlite3.connect(file)) as database:
        for server_id, learning in ((LEARNS, 1), (LEARNS_NOT, 0)):
            database.execute(
                "INSERT INTO server_settings VALUES (?, 0.75, 5, 1, 'answer', ?, NULL, 0)",
                (server_id, learning),
            )
        for reply_id, server_id in ((1, LEARNS), (2, LEARNS_NOT), (3, None)):
            pictures = [
                {"name": "SPOILER_a.png", "phash": "ab" * 8, "sha256": "cd" * 32,
                 "faces": [face()]},
                {"name": "b.png", "phash": "ef" * 8, "sha256": "01" * 32,
                 "faces": [face(unknown=True)]},
            ]  # fmt: skip
            database.execute(
                "INSERT INTO answers VALUES (?, ?, 20, ?, 40404040, ?, 'm1', ?, ?)",
                (reply_id, reply_id + 100, server_id, json.dumps(pictures), AT, reply_id + 200),
            )
            if server_id is None:
                continue
            for index in (0, 1):
                number = reply_id * 10 + index
                database.execute(
                    "INSERT INTO sightings (id, server_id, channel_id, message_id, reply_id,"
                    " face_index, author_id, group_id, phash, x0, y0, x1, y1, guesses, unknown,"
                    " model_version, hidden, crop, vector, backbone, at)"
                    " VALUES (?, ?, 20, ?, ?, ?, 50505050, ?, ?, 0.1, 0.2, 0.3, 0.4, '[]', ?, 'm1',"
                    " ?, ?, ?, 'b1', ?)",
                    (number, server_id, reply_id + 100, reply_id, index, number, "ab" * 8, index,
                     index, f"{server_id}/{number}.webp", VECTOR, AT),
                )  # fmt: skip
            database.executemany(
                "INSERT INTO labels VALUES (?, ?, ?, ?, 9, ?)",
                [(reply_id * 10, server_id, "settled", "rin", AT),
                 (reply_id * 10 + 1, server_id, "settled", "!not_a_face", AT)],
            )  # fmt: skip
            database.execute(
                "INSERT INTO label_changes VALUES (?, ?, ?, NULL, 'rin', 9, 'votes', ?)",
                (reply_id, reply_id * 10, server_id, AT),
            )
            database.execute(
                "INSERT INTO shown_clusters VALUES (?, ?, ?)", (reply_id, server_id, AT)
            )
            database.execute("INSERT INTO shown_faces VALUES (?, ?)", (reply_id, reply_id * 10))
            events = [("is", "rin"), ("yes", ""), ("withdrawn", "yes")]
            database.executemany(
                "INSERT INTO vote_events (reply_id, face_index, user_id, sequence, kind, value, at)"
                " VALUES (?, 0, 60, ?, ?, ?, ?)",
                [(reply_id, place, *event, AT) for place, event in enumerate(events)],
            )
            database.execute("INSERT INTO decisions VALUES (?, 60)", (reply_id,))
        database.execute(
            "INSERT INTO model_versions VALUES (1, ?, 1, 'current', 'b1', x'00', ?, ?)",
            (LEARNS, json.dumps(REPORT), AT),
        )
        database.execute("INSERT INTO state VALUES (?, '12', ?)", (f"strangers:{LEARNS}", AT))
        database.execute("INSERT INTO model_sources VALUES (1, 'sighting', 10)")
        database.commit()
    return file


async def test_everything_of_a_server_that_learns_is_found_again(old: Path) -> None:
    async with Storage.open(old) as storage:
        answer = await storage.answers.by_reply(1)
        assert answer is not None
        assert (answer.source_message_id, answer.prompt_id) == (101, 201)
        assert [picture.name for picture in answer.pictures] == ["SPOILER_a.png", "b.png"]
        assert answer.faces[0].guesses == (StoredGuess("rin", "Rin", "Fate", 0.8125),)
        assert [(f.box, f.tier) for f in answer.faces] == [
            (Box(0.1, 0.2, 0.3, 0.4), Tier.NAMED),
            (Box(0.1, 0.2, 0.3, 0.4), Tier.NOT_KNOWN),
        ]
        settings = await storage.settings.get(LEARNS)
        assert (settings.named, settings.probably) == (0.75, None)
        first, second = await storage.faces.by_reply(1)
        assert (first.id, first.author_id, first.phash, first.crop) == (
            10, 50505050, "ab" * 8, "7/10.webp",
        )  # fmt: skip
        assert first.vector is not None
        assert (second.hidden, second.face_index, second.group) == (True, 1, 11)
        settled = await storage.labels.in_server(LEARNS, "settled")
        assert [label.label for _, label in settled] == [Label.of("rin"), NOT_A_FACE]
        (change,) = await storage.audit_log.of_face(10)
        assert (change.before, change.after, change.user_id) == (None, Label.of("rin"), 9)
        assert [face.id for face in await storage.clusters.faces(1, LEARNS)] == [10]
        (vote,) = await storage.votes.for_answer(1)
        assert (vote.kind, vote.character_id, vote.user_id) == ("is", "rin", 60)
        assert await storage.labels.deciders(LEARNS) == {(1, 60)}
        assert await storage.versions.trained_on_erased() == []
        (version,) = await storage.versions.trained_on([10])
        assert version.report.examples == 6
        assert version.report.reasons == ("impostors left unnamed: nothing to measure yet",)
        assert version.report.current == {
            "shipped": Comparison(40, 0.5, 0.75, (-0.1, 0.3)),
            "impostors": Comparison(9, 1.0, 1.0, (0.0, 0.0)),
        }
        assert await storage.state.get(f"unknown_faces:{LEARNS}") == "12"
        assert await storage.answers.delete_of(40404040) == 1


async def test_what_a_server_that_does_not_learn_kept_shrinks_to_what_buttons_need(
    old: Path,
) -> None:
    async with Storage.open(old) as storage:
        for reply_id in (2, 3):
            answer = await storage.answers.by_reply(reply_id)
            assert answer is not None
            assert [face.tier for face in answer.faces] == [Tier.NAMED, Tier.NOT_KNOWN]
        (face, _) = await storage.faces.by_reply(2)
        assert (face.author_id, face.phash, face.group_id) == (None, None, None)
        assert (face.crop, face.vector, face.backbone) == (None, None, None)
        assert await storage.faces.by_reply(3) == [], "nothing of a DM is labelled"
        assert len(await storage.votes.for_answer(2)) == 1
        assert len(await storage.labels.in_server(LEARNS_NOT, "settled")) == 2
        await storage.answers.delete_server(LEARNS)
        await storage.versions.erase(await storage.versions.list(LEARNS))
    everything = b"".join(file.read_bytes() for file in old.parent.iterdir() if file.is_file())
    for needle in (b"ab" * 8, b"cd" * 32, VECTOR, (50505050).to_bytes(4), (40404040).to_bytes(4)):
        assert needle not in everything


async def test_processes_that_start_at_once_bring_it_up_to_date_once(old: Path) -> None:
    program = (
        "import asyncio, sys\n"
        "from pathlib import Path\n"
        "from bot.storage import Storage\n"
        "async def use():\n"
        "    async with Storage.open(Path(sys.argv[1]), exclusive=False) as storage:\n"
        "        await storage.state.get('anything')\n"
        "asyncio.run(use())\n"
    )
    started = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", program, str(old), stderr=asyncio.subprocess.PIPE
        )
        for _ in range(3)
    ]
    said = [(await each.communicate())[1].decode() for each in started]
    assert [each.returncode for each in started] == [0] * 3, said
