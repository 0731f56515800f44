"""The work on an admitted request: read each picture, and have the worker name its faces.

In the mode "embed" the faces get vectors and the production model's names, all of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot.errors import UserError
from bot.inference import Job, JobCancelled
from models.images.decoding import PictureError
from models.shown_faces import worth_showing

if TYPE_CHECKING:
    from bot.config import NamingConfig
    from bot.gallery.server_galleries import ServerGalleries
    from bot.gallery.settled_pictures import SettledPictures
    from bot.inference import IdentifiedPicture, InferenceWorker
    from bot.inference.settled import SettledFaces
    from bot.recognition.request import RecognitionRequest
    from bot.recognition.sources import Source
    from bot.storage import ServerSettings
    from models.gallery.gallery import Gallery
    from models.gallery.policy import NamingPolicy

    _Known = tuple[Gallery | None, SettledFaces | None]
    """What a server's faces are named by: its gallery, and which of its pictures are settled."""

STALLED_S = 5.0
"""Seconds after which a message's other pictures are answered without one that doesn't come."""


@dataclass(frozen=True, slots=True)
class PictureResult:
    """What came of a picture: its faces, or the error that left it without.

    Both are None where the request was cancelled meanwhile, or where nothing is to be said of it.
    """

    source: Source
    found: IdentifiedPicture | None = None
    error: Exception | None = None


class Pipeline:
    """Runs requests through the worker."""

    def __init__(
        self,
        worker: InferenceWorker,
        galleries: ServerGalleries,
        settled: SettledPictures,
        naming: NamingConfig,
    ) -> None:
        self._worker = worker
        self._galleries = galleries
        self._settled = settled
        self._naming = naming

    async def run(
        self, request: RecognitionRequest, sources: Sequence[Source], settings: ServerSettings
    ) -> list[PictureResult]:
        """Look at the pictures of a request, all at once; one result a picture, in order."""
        return [each async for part in self.parts(request, sources, settings) for each in part]

    async def parts(
        self, request: RecognitionRequest, sources: Sequence[Source], settings: ServerSettings
    ) -> AsyncIterator[list[PictureResult]]:
        """Look at the pictures of a request, all at once; one result a picture.

        They come together, but for those that have not been downloaded after `STALLED_S`: these
        come later, by themselves.

        A file that nobody meant for a picture, and that is none, is passed over in silence: always
        where nobody asked, and where somebody did if there is something else to show.
        """
        downloads = [asyncio.ensure_future(source.read()) for source in sources]
        looks = [
            asyncio.create_task(self._look_at(source, download, request, settings))
            for source, download in zip(sources, downloads, strict=True)
        ]
        silent = not request.asked
        try:
            if len(sources) > 1:
                await asyncio.wait(downloads, timeout=STALLED_S)
            there = [look for look, data in zip(looks, downloads, strict=True) if data.done()]
            late = [look for look in looks if look not in there]
            for part in (there, late):
                results = await asyncio.gather(*part)
                silent = silent or any(each.found for each in results)
                if results:
                    yield [
                        PictureResult(each.source) if silent and _nobody_meant(each) else each
                        for each in results
                    ]
        finally:
            for task in (*looks, *downloads):
                task.cancel()
            await asyncio.gather(*looks, *downloads, return_exceptions=True)

    async def identify(
        self, data: bytes, title: str, job: Job, server_id: int | None, settings: ServerSettings
    ) -> IdentifiedPicture:
        """Name the faces of one picture as a server knows them; None as a direct message does.

        Raises PictureError and InferenceError.
        """
        known = await self._known(server_id)
        return await self._identify(data, title, job, settings, known)

    @property
    def model_version(self) -> str:
        """The version of the model that answers."""
        return self._worker.stages.model_version

    def _policy(self, settings: ServerSettings) -> NamingPolicy:
        return self._naming.policy(settings.named, settings.probably, settings.unknown_share)

    async def _known(self, server_id: int | None) -> _Known:
        """Return what a server's faces are named by."""
        return await asyncio.gather(self._galleries.gallery(server_id), self._settled.of(server_id))

    async def _identify(
        self, data: bytes, title: str, job: Job, settings: ServerSettings, known: _Known
    ) -> IdentifiedPicture:
        gallery, settled = known
        return await self._worker.identify(
            data, title, job=job, gallery=gallery, policy=self._policy(settings), settled=settled
        )

    def cancel(self, request: RecognitionRequest) -> None:
        """Drop the pictures of a request that are on their way."""
        request.cancelled = True
        self._worker.cancel(request.prompt_id)

    async def _look_at(
        self,
        source: Source,
        download: Awaitable[bytes],
        request: RecognitionRequest,
        settings: ServerSettings,
    ) -> PictureResult:
        named = request.mode == "identify"
        job = Job(server_id=request.line, message_id=request.prompt_id)
        try:
            data, known = await asyncio.gather(
                download, self._known(request.server_id) if named else _nothing()
            )
            if request.cancelled:
                return PictureResult(source)
            found = await self._identify(data, source.title, job, settings, known)
        except JobCancelled:
            return PictureResult(source)
        except Exception as error:  # the other pictures of the request are still answered
            return PictureResult(source, error=error)
        if named:
            found = replace(found, faces=tuple(worth_showing(found.faces)))
        return PictureResult(source, found)


async def _nothing() -> _Known:
    return None, None


def _nobody_meant(result: PictureResult) -> bool:
    foreseen = isinstance(result.error, UserError | PictureError)
    return foreseen and not result.source.meant
