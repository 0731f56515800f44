"""`moedex roster`: enrols further characters for all servers, on the operator's own machine."""

from __future__ import annotations

import asyncio
import json
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.console import emit, say
from bot.cli.enrolling import RosterError, enrol
from bot.cli.options import ConfigOption, one_line_for

if TYPE_CHECKING:
    from bot.storage.records import EnrolmentSummary

app = typer.Typer(
    name="roster",
    help="Enrol further characters, from your own pictures, AniList, or a board of fan art.",
    no_args_is_help=True,
)


@app.command("add")
def add(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="DIR|PACK...",
            help="Folders of <series>/<character>/<pictures>, or packs (`moedex dataset pack`).",
            exists=True,
        ),
    ] = None,
    anilist: Annotated[
        list[str] | None,
        typer.Option(metavar="TITLE", help="A series whose cast AniList shows with portraits."),
    ] = None,
    tag: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="A character's tag on a board with Danbooru's API."),
    ] = None,
    rating: Annotated[
        list[str] | None,
        typer.Option(
            metavar="RATING",
            help="Ratings of the board's pictures: general, sensitive, questionable, explicit.",
            show_default="general",
        ),
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Enrol characters, or improve those that can be named; a running bot names them at once.

    Pictures are looked at, not kept: only vectors and where they are from. Ended early, the same
    command goes on where it was. The exit code is 1 if nobody could be enrolled.
    """
    asked = bool(paths or anilist or tag)
    if not asked:
        raise typer.BadParameter("Say what to add: DIR, PACK, --anilist TITLE or --tag NAME.")
    with _readable_errors():
        try:
            enrolled = asyncio.run(enrol(config, paths or [], anilist or [], tag or [], rating))
        except KeyboardInterrupt:
            say("Ended early: the same command goes on from here.", err=True)
            raise typer.Exit(130) from None
    if not enrolled:
        raise typer.Exit(1)


@app.command("list")
def list_(
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON, one character a line.")
    ] = False,
    config: ConfigOption = None,
) -> None:
    """List what was enrolled: sources, characters, and how many vectors of each."""
    with _readable_errors():
        rows = asyncio.run(_summary(config))
    if as_json:
        for row in rows:
            emit(json.dumps(_as_object(row), ensure_ascii=False))
        return
    if not rows:
        say("Nobody was enrolled yet; `moedex roster add` does.")
        return
    from bot.wording import counted

    backbone = _backbone()
    for source in dict.fromkeys(row.source for row in rows):
        own = [row for row in rows if row.source == source]
        say(f"{source}  {own[0].source_title}: {counted(len(own), 'character')}")
        for row in own:
            say(f"  {_line(row, backbone)}")


@app.command("remove")
def remove(
    what: Annotated[
        str, typer.Argument(metavar="NAME|SOURCE", help="A character, or a source as listed.")
    ],
    config: ConfigOption = None,
) -> None:
    """Erase what was enrolled of a character or from a source; a running bot forgets it at once."""
    with _readable_errors():
        say(asyncio.run(_remove(config, what)))


async def _summary(config: Path | None) -> list[EnrolmentSummary]:
    from bot.config import load_config
    from bot.storage import Storage

    async with Storage.open(load_config(config).storage.url, exclusive=False) as storage:
        return await storage.enrolled.summary()


async def _remove(config: Path | None, what: str) -> str:
    from bot.config import load_config
    from bot.storage import Storage
    from bot.wording import counted
    from models.roster.matching import NameIndex

    now = datetime.now(UTC)
    async with Storage.open(load_config(config).storage.url, exclusive=False) as storage:
        had = await storage.enrolled.remove_source(what, now)
        if had:
            return f"{what} is removed, with what it gave of {counted(had, 'character')}."
        everyone = await storage.enrolled.characters()
        character = next((c for c in everyone if c.id == what), None)
        if character is None:
            character = NameIndex(everyone).resolve(what)
        if character is None:
            raise RosterError(f"Nobody and nothing enrolled is called {what!r}; see `roster list`.")
        await storage.enrolled.remove_character(character.id, now)
        return f"What was enrolled of {character.name} is removed."


def _backbone() -> str:
    from models.embedding.embedder import version_of

    return version_of()


def _line(row: EnrolmentSummary, backbone: str) -> str:
    from bot.wording import counted

    character = row.character
    series = f" ({character.series})" if character.series else ""
    state = f"{counted(row.samples, 'vector')}, {row.at:%Y-%m-%d}"
    if not row.done:
        state = "not finished: the same `roster add` goes on"
    elif row.backbone != backbone:
        state = "made by another backbone: `roster add` asks again"
    return f"{character.id}  {character.name}{series}  {state}"


def _as_object(row: EnrolmentSummary) -> dict[str, object]:
    return {
        "source": row.source,
        **row.character.as_dict(),
        "new": not row.known,
        "vectors": row.samples,
        "done": row.done,
        "at": row.at.isoformat(timespec="seconds"),
    }


def _readable_errors() -> AbstractContextManager[None]:
    from bot.config import ConfigError
    from bot.enrolment.found import SourceError
    from bot.storage import StorageError
    from cascades import CascadeError
    from models.gallery.packs import PackError
    from models.weight_files import WeightsError

    return one_line_for(
        ConfigError, StorageError, WeightsError, CascadeError, PackError, SourceError, RosterError
    )
