"""The work on an admitted request: read each picture, and have the worker name its faces.

In the mode "embed" the faces get vectors and the production model's names; no card is drawn.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.errors import UserError
from bot.inference import Job, JobCancelled
from models.images.decoding import PictureError

if TYPE_CHECKING:
    from bot.config import NamingConfig
    from bot.gallery.server_galleries import ServerGalleries
    from bot.gallery.settled_pictures import SettledPictures
    from bot.inference import IdentifiedPicture, InferenceWorker
    from bot.recognition.request import RecognitionRequest
    from bot.recognition.sources import Source
    from bot.storage import ServerSettings


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
        """Look at the pictures of a request, all at once; one result a picture, in order.

        A file that nobody meant for a picture, and that is none, is passed over in silence: always
        where nobody asked, and where somebody did if there is something else to show.
        """
        looks = [self._look_at(source, request, settings) for source in sources]
        results = await asyncio.gather(*looks)
        silent = not request.asked or any(each.found for each in results)
        return [
            PictureResult(each.source) if silent and _nobody_meant(each) else each
            for each in results
        ]

    def cancel(self, request: RecognitionRequest) -> None:
        """Drop the pictures of a request that are on their way."""
        request.cancelled = True
        self._worker.cancel(request.prompt_id)

    async def _look_at(
        self, source: Source, request: RecognitionRequest, settings: ServerSettings
    ) -> PictureResult:
        named = request.mode == "identify"
        try:
            data = await source.read()
            if request.cancelled:
                return PictureResult(source)
            found = await self._worker.identify(
                data,
                source.title,
                job=Job(server_id=request.line, message_id=request.prompt_id),
                gallery=await self._galleries.gallery(request.server_id) if named else None,
                policy=self._naming.policy(
                    settings.named, settings.probably, settings.unknown_share
                ),
                upload_limit=request.reply.upload_limit if named else None,
                settled=await self._settled.of(request.server_id) if named else None,
            )
        except JobCancelled:
            return PictureResult(source)
        except Exception as error:  # the other pictures of the request are still answered
            return PictureResult(source, error=error)
        return PictureResult(source, found)


def _nobody_meant(result: PictureResult) -> bool:
    foreseen = isinstance(result.error, UserError | PictureError)
    return foreseen and not result.source.meant
