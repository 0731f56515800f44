"""The calls about many faces at once: clusters, all crops, a character's crops, merges."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from aiohttp import web

from bot.feedback.labels import same_face
from models.types import percent
from web.answers import answer
from web.asked import body_of, is_number, number, number_in
from web.guard import CROPS
from web.label.api import PREFIX
from web.label.collection_schemas import (
    Cluster,
    Clusters,
    GridCrop,
    GridPage,
    Merge,
    MergeEntry,
    Merges,
    ShelfEntry,
    ShelfList,
)
from web.label.schemas import Candidate, Crop, Done, Undo, best_name
from web.problems import ProblemError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.gallery.roster import ServerRoster
    from bot.labelling.labeller import Labeller
    from bot.labelling.shelves import Shelved
    from bot.services import Services
    from bot.storage.records import FaceObservation, LabelledCrop, LabelState
    from web.label.access import Access

PAGE: Final = 200
"""Crops of a page where none is said."""
MOST_CROPS: Final = 1000
"""Crops of a page at most."""
_STATES: Final = ("open", "settled", "disputed")
_SPECIAL: Final = {"not_a_face": "not a face", "ignore": "left alone"}
_GUESSES: Final = 5


class CollectionsApi:
    """The handlers."""

    def __init__(self, services: Services, access: Access) -> None:
        self._services = services
        self._access = access

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Add the routes."""
        router.add_get(f"{PREFIX}/clusters", self.clusters)
        router.add_get(f"{PREFIX}/crops", self.crops)
        router.add_get(f"{PREFIX}/thumbnails", self.thumbnails, name=CROPS[2])
        router.add_get(f"{PREFIX}/characters", self.characters)
        router.add_get(f"{PREFIX}/characters/{{id}}/crops", self.shelf)
        router.add_get(f"{PREFIX}/merges", self.merges)
        router.add_post(f"{PREFIX}/merges", self.merge)

    async def clusters(self, request: web.Request) -> web.Response:
        """Give the clusters of unknown faces."""
        labeller = await self._labeller(request)
        found = await self._services.unknown_faces.find(labeller.server_id, labeller.channels)
        roster = await self._services.galleries.roster(labeller.server_id)
        return answer(Clusters(clusters=[_cluster(faces, roster) for faces in found]))

    async def crops(self, request: web.Request) -> web.Response:
        """Give a part of all crops, the newest first."""
        labeller = await self._labeller(request)
        state = request.query.get("state") or None
        if state is not None and state not in _STATES:
            raise ProblemError(400, f"“state” must be one of {', '.join(_STATES)}.")
        start = number(request.query, "start", 0, 10**8)
        count = number(request.query, "count", PAGE, MOST_CROPS)
        return answer(await page_of_crops(self._services, labeller, start, count, state))

    async def thumbnails(self, request: web.Request) -> web.Response:
        """Give many thumbnails at once, as a grid asks for a screenful of them.

        Of each face that is asked for, in that order: four bytes with the length of its file, the
        most significant first, and the file. What is gone, or not to be seen, has the length 0.
        """
        server_id = number_in(request, "server")
        labeller = await self._access.labeller(request, server_id, lately=True)
        asked = request.query.get("faces", "").split(",")
        if len(asked) > PAGE or not all(map(is_number, asked)):
            raise ProblemError(400, f"“faces” must be at most {PAGE} numbers.")
        ids = [int(each) for each in asked]
        kept = self._services.storage.labelled_crops
        files = await kept.files(server_id, labeller.channels, ids)
        if len(files) < len(set(ids)):  # or they are the first ones of their channel
            labeller = await self._access.labeller(request, server_id)
            files = await kept.files(server_id, labeller.channels, ids)
        found = await self._services.crops.thumbnails(list(files.values()))
        pictures = dict(zip(files, found, strict=True))
        parts: list[bytes] = []
        for each in ids:
            data = pictures.get(each) or b""
            parts += [len(data).to_bytes(4, "big"), data]
        return web.Response(
            body=b"".join(parts),
            content_type="application/octet-stream",
            headers={"Cache-Control": "no-store"},
        )

    async def characters(self, request: web.Request) -> web.Response:
        """Give the characters that have settled faces, or are the server's own."""
        labeller = await self._labeller(request)
        shelves = await self._services.shelves.all(labeller)
        return answer(
            ShelfList(
                characters=[
                    ShelfEntry(
                        id=each.character.id,
                        name=each.character.name,
                        series=each.character.series,
                        native_name=each.character.native_name,
                        faces=each.faces,
                        own=each.own,
                    )
                    for each in shelves
                ]
            )
        )

    async def shelf(self, request: web.Request) -> web.Response:
        """Give a character's faces, those that fit least first."""
        labeller = await self._labeller(request)
        roster = await self._services.galleries.roster(labeller.server_id)
        key = roster.resolve(request.match_info["id"])
        if key is None:
            raise ProblemError(404, "There is no character of that id here.")
        shelved = await self._services.shelves.one(labeller, key)
        name = roster.name(key)
        crops = [
            GridCrop(id=each.face.id, hidden=each.face.hidden, name=name, note=_note(each))
            for each in shelved
        ]
        return answer(GridPage(total=len(crops), crops=crops))

    async def merge(self, request: web.Request) -> web.Response:
        """Make two characters one."""
        labeller = await self._labeller(request)
        asked = await body_of(request, Merge)
        action = await self._services.shelves.merge(labeller, asked.character, asked.into)
        return answer(Done(name=action.summary, undo=Undo(said=[], action=action.id)))

    async def merges(self, request: web.Request) -> web.Response:
        """Give the merges that stand, to be taken back."""
        labeller = await self._labeller(request)
        found = await self._services.shelves.merges(labeller)
        return answer(
            Merges(
                merges=[
                    MergeEntry(action=each.id, summary=each.summary, at=each.at) for each in found
                ]
            )
        )

    async def _labeller(self, request: web.Request) -> Labeller:
        return await self._access.labeller(request, number_in(request, "server"))


async def page_of_crops(
    services: Services,
    labeller: Labeller,
    start: int = 0,
    count: int = PAGE,
    state: LabelState | None = None,
) -> GridPage:
    """Return a part of all crops that a labeller may see, the newest first."""
    kept = services.storage.labelled_crops
    where = labeller.server_id, labeller.channels
    crops = await kept.page(*where, start, count, state)
    total = await kept.count(*where, state)
    roster = await services.galleries.roster(labeller.server_id)
    return GridPage(total=total, crops=[_crop(each, roster) for each in crops])


def _cluster(faces: Sequence[FaceObservation], roster: ServerRoster) -> Cluster:
    distinct: list[FaceObservation] = []
    copies: dict[int, list[int]] = {}
    for face in faces:
        first = next((each for each in distinct if same_face(each, face)), None)
        if first is None:
            distinct.append(face)
        else:
            copies.setdefault(first.id, []).append(face.id)
    guessed = Counter(
        key
        for face in distinct
        for guess in face.guesses
        if (key := roster.resolve(guess.character_id)) is not None
    )
    return Cluster(
        faces=[Crop.of(face, best_name(face, roster)) for face in distinct],
        copies=copies,
        guesses=[
            Candidate(
                id=key,
                name=roster.characters[key].name,
                series=roster.characters[key].series,
                probability=count / len(distinct),
            )
            for key, count in guessed.most_common(_GUESSES)
        ],
    )


def _crop(crop: LabelledCrop, roster: ServerRoster) -> GridCrop:
    name = ""
    if crop.label is not None and crop.state == "settled":
        name = _SPECIAL.get(crop.label.kind) or roster.name(crop.label.character_id)
    note = "disputed" if crop.state == "disputed" else ""
    return GridCrop(id=crop.face_id, hidden=crop.hidden, name=name, note=note)


def _note(shelved: Shelved) -> str:
    if shelved.copy:
        return "the same picture again"
    return "" if shelved.typical is None else f"fits {percent(shelved.typical)}"
