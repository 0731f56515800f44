"""`moedex learn`, and the versions it keeps: `moedex model list|show|promote|rollback`."""

from __future__ import annotations

import asyncio
import json
import os
from contextlib import AbstractContextManager, suppress
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.console import say
from bot.cli.evaluate import model
from bot.cli.options import ConfigOption, ServerOption, one_line_for
from bot.learning.versions import SHIPPED, VersionError, roll_back, version_numbered
from bot.learning.versions import promote as let_answer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.config import Config
    from bot.learning.training import Trained
    from bot.storage import Storage
    from bot.storage.records import ModelVersion

TRAIN = "run `moedex learn`"
CHANGING = (
    "The backbone was exchanged: kept crops are embedded again while the bot runs. Train when that "
    "is done; /learning show tells."
)


JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, one object a line.")]
NumberArgument = Annotated[int, typer.Argument(metavar="VERSION", help="A version's number.")]


def learn(
    server: ServerOption = None, as_json: JsonOption = False, config: ConfigOption = None
) -> None:
    """Train servers' heads on their settled labels; the bot may go on running.

    A version that loses nothing answers within a second. Without --server, every server that has
    learning on and something new is trained.
    """
    from models.weight_files import WeightsError

    with _readable_errors(), one_line_for(WeightsError):
        with suppress(PermissionError):
            os.nice(10)  # answering goes first
        asyncio.run(_learn(_config(config), server, as_json))


@model.command("list")
def list_versions(
    server: ServerOption = None, as_json: JsonOption = False, config: ConfigOption = None
) -> None:
    """List the versions of servers' heads."""

    async def work(storage: Storage) -> None:
        chosen = [server] if server is not None else sorted(await storage.versions.servers())
        found = [v for s in chosen for v in await storage.versions.list(s)]
        if as_json:
            for version in found:
                say(json.dumps(_summary(version)))
            return
        for number in chosen:
            own = [v for v in found if v.server_id == number]
            answering = next((v for v in own if v.state == "current"), None)
            answers = f"version {answering.number}" if answering else SHIPPED
            say(f"Server {number}: {answers} answer{'s' if answering else ''}.")
            for version in own:
                say(f"  {_line(version)}")
        if not found:
            say("No server has a version of its own yet; `moedex learn` trains one.")

    _in_storage(config, work)


@model.command("show")
def show(
    number: NumberArgument,
    server: ServerOption = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Show what a version was trained on, what was measured, and why it answers or doesn't."""

    async def work(storage: Storage) -> None:
        from bot.wording import counted

        chosen = await _server(storage, server)
        version = await version_numbered(storage.versions, chosen, number)
        if as_json:
            say(json.dumps(_summary(version) | {"report": asdict(version.report)}))
            return
        report = version.report
        say(f"Server {version.server_id}: {_line(version)}, backbone {version.backbone}")
        say(
            f"Trained on {counted(report.examples, 'labelled face')} of "
            f"{counted(report.characters, 'character')}, {report.held_out} held out."
        )
        for line in (*report.summary, *(f"- {reason}" for reason in report.reasons)):
            say(line)

    _in_storage(config, work)


@model.command("promote")
def promote(
    number: NumberArgument, server: ServerOption = None, config: ConfigOption = None
) -> None:
    """Let a kept version answer, whatever its report says; a running bot swaps in a second."""

    async def work(storage: Storage) -> None:
        from models.embedding.embedder import version_of
        from models.weight_files import WeightsError

        chosen = await _server(storage, server)
        with one_line_for(WeightsError):
            backbone = version_of()
        await let_answer(storage.versions, chosen, number, backbone, train=TRAIN)
        say(f"Server {chosen}: version {number} answers from now on.")

    _in_storage(config, work)


@model.command("rollback")
def rollback(server: ServerOption = None, config: ConfigOption = None) -> None:
    """Go back to the version that answered before, or to the shipped names."""

    async def work(storage: Storage) -> None:
        chosen = await _server(storage, server)
        number, target = await roll_back(storage.versions, chosen)
        now = SHIPPED if target is None else f"version {target}"
        say(f"Server {chosen}: back from version {number} to {now}.")

    _in_storage(config, work)


async def _learn(config: Config, server: int | None, as_json: bool) -> None:
    from bot.learning.training import NothingToLearnError
    from bot.learning.training import learn as train
    from bot.storage import Storage

    async with Storage.open(config.storage.url, exclusive=False) as storage:
        servers = [server] if server is not None else await _learning_servers(storage)
        if not servers:
            say("No server has learning on and something to learn from.", err=True)
            return
        # What is heavy is loaded only where there is something to do.
        from bot.learning.backbone_migration import ANSWERING
        from bot.learning.runs import WAITING
        from models.embedding.embedder import version_of
        from models.gallery.impostors import fitting_impostors
        from models.gallery.namer import Namer
        from models.gallery.training_vectors import VECTORS_FILE, VectorSet
        from models.roster.roster import load_roster

        namer, backbone = Namer.load(), version_of()
        if await storage.state.get(ANSWERING) not in (None, backbone):
            for number in servers:
                reason = {"server": number, "nothing": CHANGING}
                say(json.dumps(reason) if as_json else CHANGING)
            return
        data = VectorSet.load(VECTORS_FILE, backbone) or VectorSet.of_gallery(namer.gallery)
        impostors = fitting_impostors(backbone)

        def print_step(number: int, step: str) -> None:
            line = {"server": number, "step": step}
            say(json.dumps(line) if as_json else f"Server {number}: {step} ...")

        for number in servers:
            said = partial(print_step, number)
            try:
                async with storage.database.alone("train", partial(said, WAITING)):
                    trained = await train(
                        storage, number, namer, data, backbone, said, load_roster(),
                        impostors=impostors,
                    )  # fmt: skip
            except NothingToLearnError as error:
                reason = {"server": number, "nothing": str(error)}
                say(json.dumps(reason) if as_json else str(error))
                continue
            _print_outcome(trained, as_json)


def _print_outcome(trained: Trained, as_json: bool) -> None:
    version, decision = trained.version, trained.decision
    if as_json:
        line = _summary(version) | {
            "promoted": decision.promote,
            "summary": decision.summary,
            "reasons": decision.reasons,
        }
        say(json.dumps(line))
        return
    end = "answers from now on" if decision.promote else "is kept, but does not answer"
    say(f"Server {version.server_id}: version {version.number} {end}.")
    for line in (*decision.summary, *(f"- {reason}" for reason in decision.reasons)):
        say(line)


async def _learning_servers(storage: Storage) -> list[int]:
    touched = await storage.galleries.revisions()
    return [s for s in sorted(touched) if (await storage.settings.get(s)).learning]


async def _server(storage: Storage, server: int | None) -> int:
    if server is not None:
        return server
    known = await storage.versions.servers()
    if len(known) == 1:
        return next(iter(known))
    if not known:
        raise VersionError("No server has a version of its own yet; `moedex learn` trains one.")
    names = ", ".join(map(str, sorted(known)))
    raise VersionError(f"Several servers have versions: say --server with one of {names}.")


def _summary(version: ModelVersion) -> dict[str, object]:
    return {
        "server": version.server_id,
        "version": version.number,
        "state": version.state,
        "backbone": version.backbone,
        "at": version.at.isoformat(timespec="seconds"),
        "examples": version.report.examples,
    }


def _line(version: ModelVersion) -> str:
    from bot.wording import counted

    return (
        f"version {version.number}  {version.state:<8}  {version.at:%Y-%m-%d %H:%M} UTC  "
        f"{counted(version.report.examples, 'labelled face')}"
    )


def _in_storage(config: Path | None, work: Callable[[Storage], Awaitable[None]]) -> None:
    async def run() -> None:
        from bot.storage import Storage

        async with Storage.open(_config(config).storage.url, exclusive=False) as storage:
            await work(storage)

    with _readable_errors():
        asyncio.run(run())


def _config(path: Path | None) -> Config:
    from bot.config import load_config

    return load_config(path)


def _readable_errors() -> AbstractContextManager[None]:
    from bot.config import ConfigError
    from bot.storage import StorageError

    return one_line_for(ConfigError, StorageError, VersionError)
