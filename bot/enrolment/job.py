"""Enrols the characters of a source: pictures are looked at once, their vectors are kept.

What was looked at is written down picture by picture, so that an enrolment that is ended, or
refused by its source, goes on where it was: a character that is done isn't asked for again.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Protocol

from bot.enrolment.found import PictureUnavailableError, SourceError
from models.types import Character

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bot.enrolment.found import FoundCharacter, FoundPicture, PictureSource
    from bot.enrolment.joining import Joining
    from bot.enrolment.sources.pack import PackSource
    from bot.storage import Storage
    from bot.storage.records import EnrolledSample, Enrolment
    from models.enrolment import SeenFace
    from models.types import Vector


GIVE_UP: Final = 5
"""Pictures that can't be had, one after another, after which the source is left for later."""


class Reader(Protocol):
    """What makes vectors of pictures; see `models.enrolment.SampleReader`."""

    backbone: str

    def read(self, data: bytes, name: str, *, crops: bool) -> SeenFace:
        """Read the one face of a picture file."""
        ...


@dataclass(slots=True)
class EnrolmentReport:
    """What an enrolment did, counted while it runs.

    `enrolled`: characters that answer now, `new` of them were not known. `before`: were done
    already. `without`: names of those without a usable picture. `skipped`: why pictures were left
    out, and how many. `outliers`: pictures left out as those of somebody else.
    """

    characters: int = 0
    enrolled: int = 0
    new: int = 0
    before: int = 0
    samples: int = 0
    outliers: int = 0
    without: list[str] = field(default_factory=list)
    skipped: dict[str, int] = field(default_factory=dict)


class EnrolmentJob:
    """Enrols sources into the storage. `progress` is told of every character and picture.

    `centre` is `models.gallery.enrolled.centre`.
    """

    def __init__(
        self,
        storage: Storage,
        joining: Joining,
        reader: Reader,
        centre: Callable[[Sequence[Vector]], tuple[list[bool], Vector | None]],
        progress: Callable[[str, EnrolmentReport], None] = lambda _name, _report: None,
    ) -> None:
        self._enrolled = storage.enrolled
        self._joining = joining
        self._reader = reader
        self._centre = centre
        self._progress = progress
        self._missed = 0

    async def run(self, source: PictureSource) -> EnrolmentReport:
        """Enrol the characters of a source of pictures. Raises SourceError."""
        report = EnrolmentReport()
        await source.open()
        source_id = await self._enrolled.source(source.key, source.title, datetime.now(UTC))
        before = await self._enrolled.enrolments(source_id)
        async for found in source.characters():
            report.characters += 1
            self._progress(found.name, report)
            earlier = before.get(found.ref)
            if earlier is not None and await self._is_done(source, found, earlier):
                report.before += 1
                continue
            enrolment, new = await self._begin(source_id, found, earlier)
            complete = await self._look(source, found, enrolment, report)
            samples = await self._enrolled.samples_of(enrolment.id)
            if complete or any(sample.vector is not None for sample in samples):
                await self._finish(found, enrolment, samples, report, new=new)
            else:
                report.without.append(found.name)
        return report

    async def run_pack(self, source: PackSource) -> EnrolmentReport:
        """Enrol the characters of a pack. Raises SourceError for one of another backbone."""
        source.check(self._reader.backbone)
        report = EnrolmentReport()
        now = datetime.now(UTC)
        source_id = await self._enrolled.source(source.key, source.title, now)
        before = await self._enrolled.enrolments(source_id)
        for found, vectors in source.characters():
            report.characters += 1
            self._progress(found.name, report)
            enrolment, new = await self._begin(source_id, found, before.get(found.ref))
            seen = {sample.ref for sample in await self._enrolled.samples_of(enrolment.id)}
            for number, vector in enumerate(vectors):
                if str(number) not in seen:
                    await self._enrolled.add_sample(enrolment.id, str(number), vector, "", now)
            samples = await self._enrolled.samples_of(enrolment.id)
            await self._finish(found, enrolment, samples, report, new=new)
        return report

    async def _is_done(
        self, source: PictureSource, found: FoundCharacter, earlier: Enrolment
    ) -> bool:
        """Say whether there is nothing to look at any more."""
        if not earlier.done or earlier.backbone != self._reader.backbone:
            return False
        if not source.local:
            return True
        seen = {sample.ref for sample in await self._enrolled.samples_of(earlier.id)}
        return all([picture.ref in seen async for picture in source.pictures(found)])

    async def _begin(
        self, source_id: int, found: FoundCharacter, earlier: Enrolment | None
    ) -> tuple[Enrolment, bool]:
        """Begin with a character, or go on; say whether it is new."""
        joined = self._joining.join(found)
        character = Character(
            joined.character.id if earlier is None else earlier.character_id,
            found.name, found.series, found.native_name, found.aliases, found.link, found.tag,
        )  # fmt: skip
        enrolment = await self._enrolled.begin(
            source_id, found.ref, character, self._reader.backbone, datetime.now(UTC),
            known=joined.known,
        )  # fmt: skip
        return enrolment, not joined.known

    async def _look(
        self,
        source: PictureSource,
        found: FoundCharacter,
        enrolment: Enrolment,
        report: EnrolmentReport,
    ) -> bool:
        """Look at pictures until there are enough; false where some may only be had later."""
        seen = await self._enrolled.samples_of(enrolment.id)
        known = {sample.ref for sample in seen}
        usable = sum(sample.vector is not None for sample in seen)
        missed = 0
        if usable >= source.most:
            return True
        async for picture in source.pictures(found):
            if picture.ref in known:
                continue
            try:
                sample = await self._sample(source, picture)
            except PictureUnavailableError as error:
                missed += 1
                self._missed += 1
                if self._missed >= GIVE_UP:
                    raise SourceError(
                        f"{self._missed} pictures in a row can't be had ({error}). What was "
                        "enrolled so far stays: the same command goes on from here."
                    ) from error
                continue
            self._missed = 0
            if sample.vector is None:
                report.skipped[sample.why] = report.skipped.get(sample.why, 0) + 1
            await self._enrolled.add_sample(
                enrolment.id, picture.ref, sample.vector, sample.why, datetime.now(UTC)
            )
            usable += sample.vector is not None
            self._progress(found.name, report)
            if usable >= source.most:
                return True
        return not missed

    async def _sample(self, source: PictureSource, picture: FoundPicture) -> SeenFace:
        """Look at a picture. Raises PictureUnavailableError where it may be had later."""
        from models.enrolment import SeenFace

        try:
            data = await source.fetch(picture)
        except PictureUnavailableError as error:
            if error.passing:
                raise
            return SeenFace(None, str(error))
        return await asyncio.to_thread(self._reader.read, data, picture.ref, crops=source.crops)

    async def _finish(
        self,
        found: FoundCharacter,
        enrolment: Enrolment,
        samples: Sequence[EnrolledSample],
        report: EnrolmentReport,
        *,
        new: bool,
    ) -> None:
        usable = [(s.id, s.vector) for s in samples if s.vector is not None]
        stays, centroid = await asyncio.to_thread(self._centre, [vector for _, vector in usable])
        used = [key for (key, _), kept in zip(usable, stays, strict=True) if kept]
        await self._enrolled.finish(enrolment.id, used, centroid, datetime.now(UTC))
        report.samples += len(used)
        report.outliers += len(usable) - len(used)
        if used:
            report.enrolled += 1
            report.new += new
        else:
            report.without.append(found.name)
        self._progress(found.name, report)
