"""What `moedex roster add` does: the sources that are asked for, the job, and how it goes."""

from __future__ import annotations

import asyncio
import sys
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from bot.cli.console import say
from bot.cli.options import local_limits
from bot.terminal import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import aiohttp

    from bot.config import Config
    from bot.enrolment.found import PictureSource
    from bot.enrolment.job import EnrolmentJob, EnrolmentReport
    from bot.enrolment.sources.pack import PackSource
    from bot.storage import Storage


class RosterError(Exception):
    """What was asked for isn't there; the text says what is."""


async def enrol(
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
                    say(str(error), err=True)
                    failed = error
                else:
                    say(*_told(source.title, report))
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
    from models.identify import Identifier
    from models.roster.roster import load_roster

    inference = settings.inference
    cascade = Path(inference.cascade) if inference.cascade else None
    identifier = await asyncio.to_thread(Identifier.load, inference.detector, cascade)
    before = await storage.enrolled.characters()
    listed = load_roster()
    joining = Joining(
        listed,
        before,
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

    from bot.wording import counted

    console = Console(stderr=True)
    columns = SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn()
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
            text = shown(
                f"{name}  ({counted(report.characters, 'character')}, {counted(looked, 'picture')})"
            )
            bar.update(task, description=text)

        yield tell


def _told(title: str, report: EnrolmentReport) -> list[str]:
    """Return the lines that say what an enrolment did."""
    from bot.wording import counted

    lines = [
        f"{title}: {counted(report.enrolled, 'character')} enrolled by "
        f"{counted(report.samples, 'picture')}, "
        f"{report.new} of them new."
    ]
    if report.before:
        lines.append(f"  {report.before} were enrolled before.")
    if report.outliers:
        lines.append(f"  {counted(report.outliers, 'picture')} of somebody else: left out.")
    if report.skipped:
        reasons = sorted(report.skipped.items(), key=lambda item: -item[1])
        lines.append("  Left out: " + ", ".join(f"{n} × {why}" for why, n in reasons) + ".")
    if report.without:
        shown = ", ".join(report.without[:10]) + (", …" if len(report.without) > 10 else "")
        lines.append(f"  {len(report.without)} without a usable picture: {shown}.")
    return lines
