"""`/train`: its progress is one edited message, and the bot's own process answers meanwhile."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from bot.learning import runs
from bot.learning.runs import TrainingRun
from bot.storage.records import FaceLabel, Label, TrainingReport
from bot.ui import progress
from sandbox.state.errors import UsageError
from tests.bot.fakes import FakeStages
from tests.bot.learning.test_commands import label_faces
from tests.e2e.conftest import PATIENCE_S, eventually, shown

if TYPE_CHECKING:
    from pathlib import Path

    from bot.client import MoedexBot
    from sandbox import Sandbox
    from sandbox.state.entities import Message
    from tests.e2e.conftest import Start

# Says a step for each file that appears, and its outcome at the last.
SCRIPT = """
import json, pathlib, sys, time
folder = pathlib.Path(sys.argv[1])
server = int(sys.argv[sys.argv.index("--server") + 1])
for number in range(1, 4):
    print(json.dumps({"server": server, "step": f"step {number}"}), flush=True)
    while not (folder / f"go{number}").exists():
        time.sleep(0.02)
reasons = ["own labels named rightly: 10.0 % -> 30.0 %"]
outcome = {"server": server, "version": 4, "promoted": True, "reasons": reasons}
print(json.dumps(outcome | {"summary": ["Your characters named rightly: 10.0 % before."]}))
"""


@pytest.fixture
def scripted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let trainings be a script that waits for files `go1` to `go3`; returns their folder."""
    script = tmp_path / "train.py"
    script.write_text(SCRIPT)
    monkeypatch.setattr(runs, "COMMAND", (sys.executable, str(script), str(tmp_path)))
    monkeypatch.setattr(progress, "EDIT_EVERY_S", 0.02)
    return tmp_path


async def begun(sandbox: Sandbox, bot: MoedexBot) -> Message:
    """Switch learning on and start a training; returns the message that shows it."""
    await bot.services.storage.settings.update(bot.guilds[0].id, learning=True)
    return await shown(await sandbox.member("ann").slash("general", "train"))


async def says(message: Message, text: str) -> None:
    """Return once a message has a text in it."""

    async def there() -> bool:
        return text in message.content

    await eventually(there)


async def test_progress_is_one_edited_message_while_the_bot_answers(
    sandbox: Sandbox, bot: MoedexBot, scripted: Path
) -> None:
    message = await begun(sandbox, bot)
    await says(message, "⏳ step 1")
    posted = await sandbox.member("ben").post("fan-art", files=[("a.png", b"1")])
    await sandbox.answer_to(posted, PATIENCE_S)
    (scripted / "go1").touch()
    await says(message, "✅ step 1\n⏳ step 2")
    # Asked again meanwhile, it shows the same training instead of beginning another.
    again = await shown(await sandbox.member("ann").slash("quiet", "train"))
    for number in (2, 3):
        (scripted / f"go{number}").touch()
    for each in (message, again):
        await says(each, "version 4 answers from now on")
        await says(each, "Your characters named rightly: 10.0 % before.")
    assert sandbox.messages("general") == [message]


async def test_a_real_training_ends_in_a_version_that_answers(
    sandbox: Sandbox, real_bot: MoedexBot
) -> None:
    server_id = real_bot.guilds[0].id
    await label_faces(
        real_bot.services.storage, server_id, real_bot.services.worker.stages.backbone
    )
    message = await begun(sandbox, real_bot)
    await says(message, "version 1 answers from now on")
    for step in ("loading the models", "fitting on", "calibrating", "measuring"):
        assert f"✅ {step}" in message.content
    version = await real_bot.services.storage.versions.current(server_id)
    assert version is not None
    assert version.number == 1


async def test_a_new_message_takes_over_once_edits_are_refused(
    sandbox: Sandbox, bot: MoedexBot, scripted: Path
) -> None:
    message = await begun(sandbox, bot)
    await says(message, "⏳ step 1")
    refused = sandbox.fault_injection.refuse_edits(times=1)
    (scripted / "go1").touch()

    async def taken_over() -> bool:
        return len(sandbox.messages("general")) == 2

    await eventually(taken_over)
    assert refused.met == 1
    second = sandbox.messages("general")[1]
    await says(second, "⏳ step 2")
    for number in (2, 3):
        (scripted / f"go{number}").touch()
    await says(second, "version 4 answers from now on")
    assert "⏳ step 1" in message.content
    assert len(sandbox.messages("general")) == 2


async def test_a_new_message_takes_over_from_an_edit_that_never_ends(
    sandbox: Sandbox, bot: MoedexBot, scripted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = await begun(sandbox, bot)
    await says(message, "⏳ step 1")
    monkeypatch.setattr(progress, "PATIENCE_S", 0.1)
    sandbox.fault_injection.slow_down("PATCH /channels/*/messages/*", PATIENCE_S, times=1)
    (scripted / "go1").touch()

    async def taken_over() -> bool:
        return len(sandbox.messages("general")) == 2

    await eventually(taken_over)
    monkeypatch.setattr(progress, "PATIENCE_S", PATIENCE_S)
    for number in (2, 3):
        (scripted / f"go{number}").touch()
    await says(sandbox.messages("general")[-1], "version 4 answers from now on")


async def test_a_deleted_message_ends_the_showing_and_not_the_training(
    sandbox: Sandbox, bot: MoedexBot, scripted: Path
) -> None:
    message = await begun(sandbox, bot)
    await says(message, "⏳ step 1")
    await sandbox.member("ann").delete(message)
    for number in (1, 2, 3):
        (scripted / f"go{number}").touch()
    cog: Any = bot.get_cog("Training")

    async def ended() -> bool:
        return cog.schedule.running(bot.guilds[0].id) is None and not cog._followed

    await eventually(ended)
    assert not sandbox.messages("general")


async def test_a_failed_training_says_so(
    sandbox: Sandbox, bot: MoedexBot, scripted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "COMMAND", (sys.executable, "-c", "raise SystemExit('no models')"))
    message = await begun(sandbox, bot)
    await says(message, "That did not work")


async def test_only_moderators_of_a_server_that_learns_train(
    sandbox: Sandbox, bot: MoedexBot, scripted: Path
) -> None:
    off = await shown(await sandbox.member("ann").slash("general", "train"))
    assert "Learning is off" in off.content
    with pytest.raises(UsageError):
        await sandbox.member("ben").slash("general", "train")


async def test_a_server_is_due_with_new_labels_after_the_interval(
    sandbox: Sandbox, bot: MoedexBot, scripted: Path
) -> None:
    cog: Any = bot.get_cog("Training")
    server_id = bot.guilds[0].id
    posted = await sandbox.member("ben").post("fan-art", files=[("a.png", b"1")])
    reply = await sandbox.answer_to(posted, PATIENCE_S)
    (face,) = await eventually(lambda: bot.services.storage.faces.by_reply(reply.id))

    async def looked() -> bool:
        await cog.train_due()
        return cog.schedule.running(server_id) is not None

    def days_ago(days: int) -> datetime:
        return datetime.now(UTC) - timedelta(days=days)

    async def last_trained(at: datetime) -> None:
        await bot.services.storage.state.set(f"trained:{server_id}", at.isoformat())

    async def labelled(name: str, at: datetime) -> None:
        label = FaceLabel(face.id, "settled", Label.of(name), None, at)
        await bot.services.storage.labels.set([label], "test")

    await last_trained(days_ago(3))
    await labelled("marin", days_ago(2))
    assert not await looked()  # learning is off
    await bot.services.storage.settings.update(server_id, learning=True)
    await last_trained(days_ago(0))
    assert not await looked()  # too early
    await last_trained(days_ago(1))
    assert not await looked()  # nothing new
    await labelled("aoi", days_ago(0))
    assert await looked()


async def test_a_server_that_lost_its_version_is_trained_again_after_a_restart(
    sandbox: Sandbox, start: Start, scripted: Path
) -> None:
    async with start(FakeStages()) as bot:
        server_id = bot.guilds[0].id
        await bot.services.storage.settings.update(server_id, learning=True)
        gone = [("face", 404)]
        await bot.services.storage.versions.add(
            server_id, "b", b"", TrainingReport(), gone, datetime.now(UTC), promoted=True
        )
        await bot.services.erasure.sweep()
    async with start(FakeStages()) as bot:
        cog: Any = bot.get_cog("Training")

        async def begun() -> TrainingRun | None:
            return cog.schedule.running(server_id)

        run = await eventually(begun)
        await eventually(lambda: told(run))
        # A restart in the middle begins it again.
    async with start(FakeStages()) as bot:
        cog = bot.get_cog("Training")
        await eventually(begun)
        for number in (1, 2, 3):
            (scripted / f"go{number}").touch()

        async def none_is_due() -> bool:
            return not await bot.services.storage.versions.to_refit()

        await eventually(none_is_due)


async def told(run: TrainingRun) -> bool:
    """Say whether the process of a training runs."""
    return "step 1" in run.steps


async def test_many_steps_in_a_moment_are_one_edit(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    run = TrainingRun(1)

    async def slept(seconds: float) -> None:
        waits.append(seconds)
        for number in range(10):
            run.update(f"step {number}")
        run.update(outcome={"nothing": "nothing new"}, done=True)

    class Edited:
        texts: list[str] = []  # noqa: RUF012 - one message in the test

        async def edit(self, *, content: str) -> None:
            self.texts.append(content)

    monkeypatch.setattr("asyncio.sleep", slept)
    message: Any = Edited()
    await progress.follow(run, message)
    assert len(message.texts) == 2
    assert waits == [5.0]
    assert "✅ step 9" in message.texts[1]
    assert "nothing new" in message.texts[1]
