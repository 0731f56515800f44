"""Why a face has its name: what the page shows when somebody asks."""

from __future__ import annotations

import asyncio
import base64
from typing import TYPE_CHECKING

from aiohttp import web

from models.images.crop_files import write_crop
from models.types import Tier
from web.answers import answer
from web.api.schemas import KeptCrop, OcclusionMap, Why
from web.api.uploads import looked_at
from web.asked import number
from web.problems import ProblemError
from web.signing_in.person import sees_taught

if TYPE_CHECKING:
    from bot.inference.explaining import Explanation
    from models.types import NamedFace
    from web.site import Site

_ROWS = ("top", "upper part", "middle", "lower part", "bottom")
_COLUMNS = ("left", "left", "", "right", "right")


class WhyCalls:
    """The handler that tells why."""

    def __init__(self, site: Site) -> None:
        self._site = site
        # One at a time: each is worth some twenty faces of work.
        self._turn = asyncio.Lock()

    def add_to(self, router: web.UrlDispatcher, prefix: str) -> None:
        """Add its route."""
        router.add_post(f"{prefix}/why", self.why)

    async def why(self, request: web.Request) -> web.Response:
        """Tell why one face of a picture has its name."""
        place = number(request.query, "face", 0, 1000)
        async with looked_at(request, self._site) as (picture, server_id):
            if place >= len(picture.faces) or not picture.faces[place].guesses:
                raise ProblemError(422, "There is no such face in that picture.")
            face = picture.faces[place]

            async def sees(channel_id: int | None) -> bool:
                return server_id is not None and await sees_taught(request, server_id, channel_id)

            async with self._turn:
                reason = await self._site.services.reasons.of(face, server_id, sees)
            crop = await asyncio.to_thread(write_crop, face.crop)
        best = face.best.character.name
        if reason.pictures:
            pictures = [
                KeptCrop(image=_text(one.crop), similarity=round(one.similarity, 3))
                for one in reason.pictures
            ]
            sentence = f"These are the pictures of {best} here that this face is most like."
            return answer(Why(sentence=sentence, pictures=pictures, crop=_text(crop), map=None))
        told = reason.explanation
        shown = None if told is None else OcclusionMap(
            best=round(told.best, 3), runner_up=round(told.runner_up, 3),
            cells=[[round(cell, 4) for cell in row] for row in told.cells],
        )  # fmt: skip
        return answer(Why(sentence=_sentence(face, told), pictures=[], crop=_text(crop), map=shown))


def _sentence(face: NamedFace, told: Explanation | None) -> str:
    best = face.best.character.name
    if told is None:
        return f"There is nobody here whom {best} could be compared with."
    rival = next(g.character.name for g in face.guesses if g.character.id == told.rival)
    ahead = f"{told.best:.2f}; next is {rival} with {told.runner_up:.2f}."
    if face.tier is Tier.NOT_KNOWN:
        return f"Nobody fits well enough: {best} comes closest with a score of {ahead}"
    where = _where(told)
    come = f" Most of the difference comes from the {where}." if where else ""
    return f"{best} fits best with a score of {ahead}{come}"


def _where(told: Explanation) -> str:
    """Say which place of the crop speaks most for the name; empty where none does."""
    loss, row, column = max(
        (loss, row, column)
        for row, losses in enumerate(told.cells)
        for column, loss in enumerate(losses)
    )
    if loss <= 0:
        return ""
    side = _COLUMNS[column]
    return f"{_ROWS[row]} of the crop" + (f", on the {side}" if side else "")


def _text(file: bytes) -> str:
    return base64.b64encode(file).decode()
