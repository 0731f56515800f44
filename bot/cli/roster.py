"""`moedex roster`: enrols further characters for all servers, on the operator's own machine."""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.options import ConfigOption, local_limits, one_line_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import aiohttp

    from bot.config import Config
    from bot.enrolment.found import PictureSource
    from bot.enrolment.job import EnrolmentJob, EnrolmentReport
    from bot.enrolment.sources.pack import PackSource
    from bot.storage import Storage
    from bot.storage.records import EnrolmentSummary

app = typer.Typer(
    name="roster",
    help="Enrol further characters, from your own pictures, AniList, or a board of fan art.",
    no_args_is_help=True,
)


class RosterError(Exception):
    """What was asked for isn't there; the text says what is."""


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
            enrolled = asyncio.run(_add(config, paths or [], anilist or [], tag or [], rating))
        except KeyboardInterrupt:
            typer.echo("Ended early: the same command goes on from here.", err=True)
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
            typer.echo(json.dumps(_as_object(row), ensure_ascii=False))
        return
    if not rows:
        typer.echo("Nobody was enrolled yet; `moedex roster add` does.")
        return
    backbone = _backbone()
    for source in dict.fromkeys(row.source for row in rows):
        own = [row for row in rows if row.source == source]
        typer.echo(f"{source}  {own[0].source_title}: {len(own)} characters")
        for row in own:
            typer.echo(f"  {_line(row, backbone)}")


@app.command("remove")
def remove(
    what: Annotated[
        str, typer.Argument(metavar="NAME|SOURCE", help="A character, or a source as listed.")
    ],
    config: ConfigOption = None,
) -> None:
    """Erase what was enrolled of a character or from a source; a running bot forgets it at once."""
    with _readable_errors():
        typer.echo(asyncio.run(_remove(config, what)))


async def _add(
    config: Path | None,
    paths: list[Path],
    titles: list[str],
    tags: list[str],
    ratings: list[str] | None,
) -> int:
    """Enrol from all sources, one after the other; return how many characters answer."""
    import aiohttp

    from bot.config import load_config
    from bot.enrolment.found import SourceError
    from bot.storage import Storage

    settings = load_config(config)
    enrolled = 0
    failed: SourceError | None = None
    async with (
        Storage.open(settings.storage.url, exclusive=False) as storage,
        aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session,
    ):
        sources = _sources(settings, session, paths, titles, tags, ratings)
        with _progress() as tell:
            job = await _job(settings, storage, tell)
            for source in sources:
                try:
                    report = await _run(job, source)
                except SourceError as error:
                    typer.echo(str(error), err=True)
                    failed = error
                else:
                    typer.echo(_told(source.title, report))
                    enrolled += report.enrolled + report.before
    if failed is not None and not enrolled:
        raise typer.Exit(1)
    return enrolled


async def _run(job: EnrolmentJob, source: PictureSource | PackSource) -> EnrolmentReport:
    from bot.enrolment.sources.pack import PackSource

    return await (job.run_pack(source) if isinstance(source, PackSource) else job.run(source))


def _sources(
    settings: Config,
    session: aiohttp.ClientSession,
    paths: list[Path],
    titles: list[str],
    tags: list[str],
    ratings: list[str] | None,
) -> list[PictureSource | PackSource]:
    """Return the sources that were asked for, in the order of the command's help."""
    from bot.enrolment.sources.anilist import AniListSource
    from bot.enrolment.sources.danbooru import RATINGS, DanbooruSource
    from bot.enrolment.sources.folder import FolderSource
    from bot.enrolment.sources.pack import PackSource
    from models.gallery.packs import read_pack

    max_bytes, roster = settings.pictures.max_bytes, settings.roster
    wanted = [rating for rating in RATINGS if rating in (ratings or ["general"])]
    unknown = set(ratings or ()) - set(RATINGS)
    if unknown:
        raise RosterError(f"There is no rating {unknown.pop()!r}; there are {', '.join(RATINGS)}.")
    key = roster.api_key.get_secret_value()
    auth = (roster.login, key) if roster.login and key else None
    sources: list[PictureSource | PackSource] = []
    for path in paths:
        if path.is_dir():
            sources.append(FolderSource(path, local_limits(settings).max_bytes))
        else:
            sources.append(PackSource(read_pack(path), path.stem))
    sources.extend(AniListSource(session, title, max_bytes, api=roster.anilist) for title in titles)
    sources.extend(
        DanbooruSource(session, tag, max_bytes, ratings=wanted, auth=auth, board=roster.board)
        for tag in tags
    )
    return sources


async def _job(
    settings: Config, storage: Storage, tell: Callable[[str, EnrolmentReport], None]
) -> EnrolmentJob:
    """Load the models and who is known."""
    from bot.enrolment.job import EnrolmentJob
    from bot.enrolment.joining import Joining
    from models.enrolment import SampleReader
    from models.gallery.enrolled import centre
    from models.gallery.roster import load_roster
    from models.identify import Identifier
    from models.types import Character

    inference = settings.inference
    cascade = Path(inference.cascade) if inference.cascade else None
    identifier = await asyncio.to_thread(Identifier.load, inference.detector, cascade)
    before = await storage.enrolled.characters()
    listed = load_roster()
    joining = Joining(
        listed,
        [Character(c.id, c.name, c.series, c.native_name, c.aliases) for c in before],
        tags={**listed.tags, **{c.tag: c.id for c in before if c.tag}},
        taken={*listed.same, *await storage.enrolled.taken_ids()},
    )
    # What is fetched has passed a chat's limit of bytes; folders are the operator's own.
    limits = replace(local_limits(settings), frames=1)
    return EnrolmentJob(storage, joining, SampleReader(identifier, limits), centre, tell)


@contextmanager
def _progress() -> Iterator[Callable[[str, EnrolmentReport], None]]:
    """Show on stderr what is being done, where that is a terminal."""
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn()
    with Progress(
        *columns,
        console=console,
        transient=True,
        disable=not console.is_terminal,
        redirect_stdout=sys.stdout.isatty(),
    ) as bar:
        task = bar.add_task("Loading", total=None)

        def tell(name: str, report: EnrolmentReport) -> None:
            looked = report.samples + report.outliers + sum(report.skipped.values())
            text = f"{name}  ({report.characters} characters, {looked} pictures)"
            bar.update(task, description=text)

        yield tell


def _told(title: str, report: EnrolmentReport) -> str:
    """Say what an enrolment did."""
    lines = [
        f"{title}: {report.enrolled} characters enrolled by {report.samples} pictures, "
        f"{report.new} of them new."
    ]
    if report.before:
        lines.append(f"  {report.before} were enrolled before.")
    if report.outliers:
        lines.append(f"  {report.outliers} pictures look like somebody else: left out.")
    if report.skipped:
        reasons = sorted(report.skipped.items(), key=lambda item: -item[1])
        lines.append("  Left out: " + ", ".join(f"{n} × {why}" for why, n in reasons) + ".")
    if report.without:
        shown = ", ".join(report.without[:10]) + (", …" if len(report.without) > 10 else "")
        lines.append(f"  {len(report.without)} without a usable picture: {shown}.")
    return "\n".join(lines)


async def _summary(config: Path | None) -> list[EnrolmentSummary]:
    from bot.config import load_config
    from bot.storage import Storage

    async with Storage.open(load_config(config).storage.url, exclusive=False) as storage:
        return await storage.enrolled.summary()


async def _remove(config: Path | None, what: str) -> str:
    from bot.config import load_config
    from bot.storage import Storage
    from models.gallery.matching import NameIndex
    from models.types import Character

    now = datetime.now(UTC)
    async with Storage.open(load_config(config).storage.url, exclusive=False) as storage:
        had = await storage.enrolled.remove_source(what, now)
        if had:
            return f"{what} is removed, with what it gave of {had} characters."
        everyone = await storage.enrolled.characters()
        character = next((c for c in everyone if c.id == what), None)
        if character is None:
            index = NameIndex(
                Character(c.id, c.name, c.series, c.native_name, c.aliases) for c in everyone
            )
            found = index.resolve(what)
            character = next((c for c in everyone if found and c.id == found.id), None)
        if character is None:
            raise RosterError(f"Nobody and nothing enrolled is called {what!r}; see `roster list`.")
        await storage.enrolled.remove_character(character.id, now)
        return f"What was enrolled of {character.name} is removed."


def _backbone() -> str:
    from models.embedding.embedder import version_of

    return version_of()


def _line(row: EnrolmentSummary, backbone: str) -> str:
    character = row.character
    series = f" ({character.series})" if character.series else ""
    state = f"{row.samples} vectors, {row.at:%Y-%m-%d}"
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
