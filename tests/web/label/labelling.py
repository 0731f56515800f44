"""A site on a local Discord, with faces of drawn samples that wait to be labelled."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import numpy as np
from PIL import Image
from playwright.async_api import Browser, Page
from yarl import URL

import sandbox.samples
from bot.storage.records import (
    Answer,
    AnsweredFace,
    AnsweredPicture,
    FaceObservation,
    LearnedAnswer,
    LearnedFace,
    StoredGuess,
)
from models.roster.roster import Roster
from models.types import Box, Character, Pixels, Tier, Vector
from sandbox import Member, Sandbox
from tests.bot.fakes import FakeStages, ListingStages
from tests.web.conftest import Served, csrf_of, served, sign_in

PICTURES = Path(sandbox.samples.__file__).parent / "pictures"
NAMES = ("hikari", "kuroe", "mikan", "ren", "suzu", "tsumugi")
CAST = tuple(Character(name, name.title(), "Drawn Samples") for name in NAMES)
AUTHOR = 4242
START = datetime.now(UTC) - timedelta(days=3)


class DrawnStages(ListingStages):
    """Stages that know the drawn samples' characters."""

    characters = CAST  # pyright: ignore[reportAssignmentType]
    roster = Roster(CAST, {}, {}, {})
    backbone = FakeStages.backbone


def drawn_crop(name: str, number: int = 1, side: int = 144) -> Pixels:
    """Return the head of a drawn sample, (side, side, 3) uint8."""
    with Image.open(PICTURES / f"{name}-{number}.webp") as image:
        width, height = image.size
        square = min(width, height)
        left = (width - square) // 2
        part = image.convert("RGB").crop((left, 0, left + square, square))
        return np.asarray(part.resize((side, side)))


def guesses(best: str, probability: float) -> tuple[StoredGuess, ...]:
    """Return five guesses, the best one first."""
    others = [each for each in CAST if each.id != best][:4]
    first = next(each for each in CAST if each.id == best)
    rest = (1 - probability) / 8
    return (
        StoredGuess(first.id, first.name, first.series, probability),
        *(StoredGuess(each.id, each.name, each.series, rest) for each in others),
    )


def vector_of(name: str, seed: int, spread: float = 0.05) -> Vector:
    """Return a unit vector near those of the same name, (16,)."""
    centre = np.random.default_rng(sum(map(ord, name))).normal(size=16)
    found = centre + spread * np.random.default_rng(seed).normal(size=16)
    return (found / np.linalg.norm(found)).astype(np.float32)


@dataclass
class LabelSite:
    """A running site and its Discord; faces are posted in `channel`."""

    site: Served
    sandbox: Sandbox
    channel: int
    csrf: str = field(default="")
    _posted: int = 0

    @property
    def server(self) -> int:
        """The server that everything is in."""
        return self.sandbox.server.id

    @property
    def path(self) -> str:
        """The address of the calls for labelling there."""
        return f"{self.site.url}api/v1/label/{self.server}"

    async def post(
        self,
        name: str,
        *,
        best: str = "",
        probability: float = 0.6,
        tier: Tier = Tier.PROBABLY,
        hidden: bool = False,
        channel: int = 0,
        server: int = 0,
        group: int | None = None,
        vector: Vector | None = None,
        author: int = AUTHOR,
    ) -> FaceObservation:
        """Keep a face as an answer in a server that learns does; `name` is whom it shows."""
        self._posted += 1
        number, server = self._posted, server or self.server
        services = self.site.services
        picture = AnsweredPicture(
            "a.png",
            (
                AnsweredFace(
                    box=Box(0.1, 0.1, 0.5, 0.6), tier=tier,
                    guesses=guesses(best or name, probability),
                ),
            ),
        )  # fmt: skip
        answer = Answer(
            number, 10**6 + number, channel or self.channel, server, (picture,), "m1",
            START + timedelta(minutes=number),
        )  # fmt: skip
        await services.storage.answers.add(answer)
        (crop,) = await services.crops.save(server, [drawn_crop(name, number % 4 + 1)])
        face = LearnedFace(
            np.random.default_rng(number).bytes(8).hex(), group, crop,
            vector_of(name, number) if vector is None else vector, services.galleries.backbone,
        )  # fmt: skip
        (kept,) = await services.storage.faces.record(
            number, [hidden], LearnedAnswer(author, author, (face,))
        )
        services.crops.recorded([crop])
        return kept

    async def sign_in(self, member: Member) -> None:
        """Sign the client in."""
        self.site.client.cookie_jar.clear()
        await sign_in(self.site, member)
        self.csrf = await csrf_of(self.site)

    async def ask(self, path: str, server: int = 0) -> tuple[int, Any]:
        """Return status and answer of a call."""
        where = f"{self.site.url}api/v1/label/{server or self.server}/{path}"
        async with self.site.client.get(where) as answer:
            return answer.status, await answer.json(content_type=None)

    async def tell(self, path: str, body: object) -> tuple[int, Any]:
        """Return status and answer of a call that changes something."""
        headers = {"X-CSRF-Token": self.csrf}
        async with self.site.client.post(
            f"{self.path}/{path}", json=body, headers=headers
        ) as answer:
            return answer.status, await answer.json(content_type=None)

    async def label(self, face: int, character: str) -> Any:
        """Say who a face is; return what undoes it."""
        status, done = await self.tell(
            "labels", {"faces": [face], "kind": "is", "value": character}
        )
        assert status == 200, done
        return done["undo"]


@asynccontextmanager
async def label_site(
    folder: Path, stages: ListingStages | None = None, database: str | None = None
) -> AsyncIterator[LabelSite]:
    """Serve a site whose server learns, with Ann, its moderator, signed in."""
    async with (
        Sandbox() as running,
        served(
            folder,
            stages or DrawnStages(),
            running,
            database=database,
            requests_a_minute=100_000,
        ) as site,
    ):
        channel = running.channel("fan-art")
        made = LabelSite(site, running, channel.id)
        await site.services.storage.consents.set_learning(
            made.server, running.member("ann").id, datetime.now(UTC) - timedelta(days=9), on=True
        )
        await made.sign_in(running.member("ann"))
        yield made


@asynccontextmanager
async def opened_page(
    browser: Browser,
    label: LabelSite,
    path: str,
    *,
    width: int = 1280,
    height: int = 800,
    scheme: Literal["light", "dark"] = "light",
    bypass_csp: bool = False,
    fine: Sequence[str] = (),
) -> AsyncIterator[Page]:
    """Open a page as whoever is signed in; errors in it fail the test, but for `fine` ones."""
    errors: list[str] = []
    context = await browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme, bypass_csp=bypass_csp
    )
    url = URL(label.site.url)
    cookies = label.site.client.cookie_jar.filter_cookies(url)
    await context.add_cookies(
        [{"name": key, "value": each.value, "url": str(url)} for key, each in cookies.items()]
    )
    page = await context.new_page()
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    await page.goto(f"{label.site.url}{path}")
    yield page
    await context.close()
    bad = [error for error in errors if not any(each in error for each in fine)]
    assert not bad, bad
