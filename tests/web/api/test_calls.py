"""The API answers as `moedex identify --json` does, and as its own document says."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from bot.cli.identify import as_object
from models.bulk import FileResult
from models.types import Box
from tests.bot.fakes import MARIN, ListingStages
from tests.models.drawn import named_face
from tests.web.conftest import Served, served
from web.api.calls import answer
from web.api.schemas import Identified
from web.document import document


async def test_a_picture_is_recognised(site: Served) -> None:
    status, answer = await site.upload(b"2", "who.png")
    assert status == 200
    assert (answer["file"], answer["width"], answer["height"]) == ("who.png", 30, 20)
    assert [face["guesses"][0]["name"] for face in answer["faces"]] == ["Marin", "Marin"]
    assert {face["tier"] for face in answer["faces"]} == {"named"}


async def test_bytes_are_taken_without_a_form(site: Served) -> None:
    headers = {"Content-Type": "application/octet-stream"}
    url = f"{site.url}api/v1/identify"
    async with site.client.post(url, data=b"1", headers=headers) as answer:
        assert answer.status == 200
        assert len((await answer.json())["faces"]) == 1


def test_an_answer_has_the_keys_of_the_command_line() -> None:
    face = named_face(Box(1, 2, 9, 10))
    printed = as_object(FileResult(Path("a.png"), 30, 20, (face,), None))
    text = answer(Identified.model_validate(printed)).text
    assert text is not None
    assert json.loads(text) == printed


@pytest.mark.parametrize(
    ("data", "status", "words"),
    [(b"bad", 422, "is damaged"), (b"0", 200, "")],
)
async def test_what_is_said_of_a_picture(
    site: Served, data: bytes, status: int, words: str
) -> None:
    answered, answer = await site.upload(data, "x.png")
    assert answered == status
    assert words in answer.get("detail", "")
    if status == 200:
        assert answer["faces"] == []


async def test_characters_are_searched(site: Served) -> None:
    status, answer = await site.get("api/v1/characters?q=rem")
    assert status == 200
    assert [one["id"] for one in answer["characters"]] == ["rem", "rem_death_note"]
    assert answer["total"] == 2
    assert not answer["characters"][0]["named"]
    _, answer = await site.get("api/v1/characters?q=rem&series=Death%20Note")
    assert [one["id"] for one in answer["characters"]] == ["rem_death_note"]
    _, answer = await site.get("api/v1/characters?start=1&count=1")
    assert (answer["total"], len(answer["characters"])) == (3, 1)


async def test_one_character(site: Served) -> None:
    status, answer = await site.get(f"api/v1/characters/{MARIN.id}")
    assert (status, answer["name"], answer["named"]) == (200, "Marin", True)
    status, answer = await site.get("api/v1/characters/nobody")
    assert (status, answer["title"]) == (404, "Not Found")


@pytest.mark.parametrize("query", ["count=x", "count=-1", "count=201", "start=1e3", "count=²"])
async def test_numbers_that_are_none(site: Served, query: str) -> None:
    status, answer = await site.get(f"api/v1/characters?{query}")
    assert status == 400
    assert "must be a number" in answer["detail"]


async def test_answers_are_as_the_document_says(site: Served) -> None:
    _, described = await site.get("api/v1/openapi.json")
    assert described == json.loads(json.dumps(document(labelling=False)))
    schemas = described["components"]["schemas"]

    def check(name: str, answer: object) -> None:
        schema = {"$ref": f"#/components/schemas/{name}", "components": {"schemas": schemas}}
        Draft202012Validator(schema).validate(answer)

    check("Identified", (await site.upload(b"1"))[1])
    check("Characters", (await site.get("api/v1/characters"))[1])
    check("Character", (await site.get("api/v1/characters/rem"))[1])
    check("Problem", (await site.get("api/v1/characters/nobody"))[1])


async def test_too_many_uploads_at_a_time_and_in_a_minute(tmp_path: Path) -> None:
    async with served(tmp_path, parallel_uploads=2, uploads_a_minute=4) as site:
        site.stages.gate.clear()
        first = [asyncio.create_task(site.upload(b"1")) for _ in range(2)]
        await one_looked_at(site, waiting=1)
        status, answer = await site.upload(b"1")
        assert status == 429
        assert "wait for one of them" in answer["detail"]
        site.stages.gate.set()
        assert [status for status, _ in await asyncio.gather(*first)] == [200, 200]
        assert [(await site.upload(b"1"))[0] for _ in range(3)] == [200, 200, 429]


async def test_an_answer_says_how_many_uploads_are_left(tmp_path: Path) -> None:
    async with served(tmp_path, uploads_a_minute=5) as site:
        for left in ("4", "3"):
            async with site.client.post(f"{site.url}api/v1/identify", data=b"1") as answer:
                assert answer.headers["X-RateLimit-Limit"] == "5"
                assert answer.headers["X-RateLimit-Remaining"] == left


@pytest.mark.parametrize("beside_chat", [True, False])
async def test_a_thread_is_kept_free_where_there_is_a_chat(
    tmp_path: Path, beside_chat: bool
) -> None:
    stages = ListingStages()
    async with served(tmp_path, stages, beside_chat=beside_chat) as site:
        threads = site.config.inference.threads
        stages.gate.clear()
        uploads = [asyncio.create_task(site.upload(b"1")) for _ in range(threads + 1)]
        busy = max(1, threads - 1) if beside_chat else threads
        for _ in range(busy):
            assert await asyncio.to_thread(stages.started.acquire, timeout=20)
        for _ in range(2000):  # until the others have come in
            if site.services.worker.waiting == threads + 1 - busy:
                break
            await asyncio.sleep(0.01)
        assert len(stages.order) == busy
        stages.gate.set()
        assert {status for status, _ in await asyncio.gather(*uploads)} == {200}


async def test_a_browser_that_leaves_takes_its_picture_along(site: Served) -> None:
    site.stages.gate.clear()
    busy = [asyncio.create_task(site.upload(b"1", f"busy-{n}")) for n in range(2)]
    await one_looked_at(site, waiting=1)
    gone = asyncio.create_task(site.upload(b"1", "gone"))
    await until_waiting(site, 2)
    gone.cancel()
    await until_waiting(site, 1)
    site.stages.gate.set()
    await asyncio.gather(*busy)
    assert "gone" not in site.stages.order


async def one_looked_at(site: Served, *, waiting: int) -> None:
    """Wait until one upload is with the stages; a thread stays free for the chat."""
    assert await asyncio.to_thread(site.stages.started.acquire, timeout=20)
    await until_waiting(site, waiting)


async def until_waiting(site: Served, count: int) -> None:
    while (await site.get("readyz"))[1]["waiting"] != count:  # noqa: ASYNC110 - asked over HTTP
        await asyncio.sleep(0.02)


async def test_recognising_may_be_off(tmp_path: Path) -> None:
    async with served(tmp_path, recognise="off") as site:
        status, answer = await site.upload(b"1")
        assert (status, answer["detail"]) == (403, "Pictures are not recognised here.")
