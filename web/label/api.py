"""The calls that the pages for labelling make."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from aiohttp import web

from bot.labelling.labeller import GoneError
from web.addresses import PREFIX as API
from web.answers import answer
from web.asked import body_of, is_number, number_in
from web.crops import send_crop
from web.guard import CROPS
from web.label.audit import events_of
from web.label.schemas import Done, Log, Name, Names, Queue, Say, Undo, Undone, WaitingFace

if TYPE_CHECKING:
    from bot.labelling.labeller import Labeller
    from bot.labelling.queue import Waiting
    from bot.services import Services
    from bot.storage.records import FaceObservation
    from web.label.access import Access

PREFIX: Final = f"{API}/label/{{server}}"
AT_ONCE: Final = 20
"""Waiting faces that come at once; the page asks for more before they are through."""
NAMES: Final = 8
_OTHERS: Final = 8
_LEFT_OUT: Final = 400


class LabelApi:
    """The handlers."""

    def __init__(self, services: Services, access: Access) -> None:
        self._services = services
        self._access = access

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Add the routes."""
        router.add_get(f"{PREFIX}/queue", self.queue)
        router.add_get(f"{PREFIX}/names", self.names)
        router.add_post(f"{PREFIX}/labels", self.say)
        router.add_post(f"{PREFIX}/undo", self.undo)
        router.add_get(f"{PREFIX}/faces/{{face}}/log", self.log)
        router.add_get(f"{PREFIX}/faces/{{face}}/crop", self.crop, name=CROPS[0])
        router.add_get(f"{PREFIX}/faces/{{face}}/thumbnail", self.thumbnail, name=CROPS[1])

    async def queue(self, request: web.Request) -> web.Response:
        """Give what waits next, besides what the page has already."""
        labeller = await self._labeller(request)
        besides = [
            int(each) for each in request.query.get("besides", "").split(",") if is_number(each)
        ]
        queue = self._services.label_queue
        found = await queue.next(labeller, AT_ONCE, besides[:_LEFT_OUT])
        roster = await self._services.galleries.roster(labeller.server_id)
        waiting, settled = await queue.progress(labeller)
        answers = await self._services.storage.faces.by_replies([w.face.reply_id for w in found])
        faces = [
            WaitingFace.waiting(each, _others(each, answers.get(each.face.reply_id, [])), roster)
            for each in found
        ]
        return answer(Queue(faces=faces, waiting=waiting, settled=settled))

    async def names(self, request: web.Request) -> web.Response:
        """Give the characters that fit what is typed."""
        labeller = await self._labeller(request)
        roster = await self._services.galleries.roster(labeller.server_id)
        typed = request.query.get("q", "")[:100]
        # Looking through eleven thousand names takes some milliseconds: not on the event loop.
        found = await asyncio.to_thread(roster.index.complete, typed, NAMES)
        return answer(Names(names=[Name.of(character) for character in found]))

    async def say(self, request: web.Request) -> web.Response:
        """Label faces."""
        labeller = await self._labeller(request)
        asked = await body_of(request, Say)
        desk = self._services.label_desk
        faces = await desk.faces(labeller, asked.faces)
        act = await desk.say(labeller, faces, asked.choice, asked.why)
        return answer(Done.of(act, gone=len(set(asked.faces)) - len(faces)))

    async def undo(self, request: web.Request) -> web.Response:
        """Take an act back."""
        labeller = await self._labeller(request)
        asked = await body_of(request, Undo)
        said = [each.said for each in asked.said]
        taken = await self._services.label_desk.undo(labeller, said, asked.action)
        return answer(Undone(faces=taken))

    async def log(self, request: web.Request) -> web.Response:
        """Give a face's audit log."""
        labeller = await self._labeller(request)
        history = await self._services.label_desk.history(labeller, number_in(request, "face"))
        roster = await self._services.galleries.roster(labeller.server_id)
        mine = None if history.own is None else history.own.kind
        return answer(Log(events=events_of(history, roster, labeller), mine=mine))

    async def crop(self, request: web.Request) -> web.Response:
        """Give a face's crop."""
        return await self._picture(request, small=False)

    async def thumbnail(self, request: web.Request) -> web.Response:
        """Give a face's crop, small."""
        return await self._picture(request, small=True)

    async def _picture(self, request: web.Request, *, small: bool) -> web.Response:
        server_id, face_id = number_in(request, "server"), number_in(request, "face")
        labeller = await self._access.labeller(request, server_id, lately=True)
        try:
            face = await self._services.label_desk.face(labeller, face_id)
        except GoneError:  # or the first one of its channel
            labeller = await self._access.labeller(request, server_id)
            face = await self._services.label_desk.face(labeller, face_id)
        return await send_crop(request, self._services.crops, face.crop or "", small=small)

    async def _labeller(self, request: web.Request) -> Labeller:
        return await self._access.labeller(request, number_in(request, "server"))


def _others(waiting: Waiting, faces: list[FaceObservation]) -> list[FaceObservation]:
    """Return the other faces of the same answer, which is in the same channel."""
    return [face for face in faces if face.id != waiting.face.id and face.crop][:_OTHERS]
