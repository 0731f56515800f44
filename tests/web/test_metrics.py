"""What Prometheus reads: names by its conventions, figures that move, nothing for the public."""

from __future__ import annotations

import re
from pathlib import Path

import aiohttp
import pytest
from prometheus_client import REGISTRY, Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from bot.config import ConfigError, load_config
from bot.inference import InferenceWorker
from bot.storage import Storage
from tests.bot.fakes import ListingStages
from tests.web.conftest import Served, served
from web.metrics import serving

TOKEN = "a token"
ASKED = {
    "Authorization": f"Bearer {TOKEN}",
    "Accept": "application/openmetrics-text; version=1.0.0",
}


def value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


async def families(site: Served) -> dict[str, Metric]:
    """Return what the site tells, read by the client's own parser."""
    async with site.client.get(f"{site.url}metrics", headers=ASKED) as answer:
        assert answer.status == 200
        assert answer.content_type == "application/openmetrics-text"
        text = await answer.text()
    return {family.name: family for family in text_string_to_metric_families(text)}


async def test_names_are_as_prometheus_recommends(tmp_path: Path) -> None:
    async with served(tmp_path, token=TOKEN) as site:
        await site.upload(b"2")
        told = await families(site)
    own = [family for name, family in told.items() if name.startswith("moedex_")]
    assert len(own) >= 14
    for family in own:
        assert re.fullmatch(r"moedex(_[a-z]+)+", family.name)
        assert family.documentation.endswith(".")
        assert (family.type == "histogram") <= family.name.endswith("_duration_seconds")
        assert not re.search(r"_(ms|minutes|mb|milliseconds|kilobytes)$", family.name)
        for sample in family.samples:
            if family.type == "counter":
                assert sample.name.endswith(("_total", "_created"))
            assert len(sample.labels) <= 3


async def test_figures_move(tmp_path: Path) -> None:
    async with served(tmp_path, token=TOKEN) as site:
        pictures = {
            o: value("moedex_pictures_total", outcome=o) for o in ("answered", "unreadable")
        }
        faces = value("moedex_faces_total", tier="named")
        decoded = value("moedex_stage_duration_seconds_count", stage="decode")
        route = {"method": "POST", "route": "/api/v1/identify", "status": "200"}
        uploads = value("moedex_http_requests_total", **route)
        unknown = value("moedex_http_requests_total", method="GET", route="none", status="404")
        assert (await site.upload(b"2"))[0] == 200
        assert (await site.upload(b"bad"))[0] == 422
        async with site.client.get(f"{site.url}nowhere/12345"):
            pass
        assert value("moedex_pictures_total", outcome="answered") == pictures["answered"] + 1
        assert value("moedex_pictures_total", outcome="unreadable") == pictures["unreadable"] + 1
        assert value("moedex_faces_total", tier="named") == faces + 2
        assert value("moedex_stage_duration_seconds_count", stage="decode") == decoded + 1
        assert value("moedex_http_requests_total", **route) == uploads + 1
        assert (
            value("moedex_http_requests_total", method="GET", route="none", status="404")
            == unknown + 1
        )
        told = await families(site)
        build = told["moedex_build"].samples[0].labels
        assert (build["model"], build["backbone"]) == ("fake-1", "fake")
        (limit,) = told["moedex_queue_limit_pictures"].samples
        assert limit.value == site.config.inference.queue


async def test_the_public_reads_nothing(site: Served, tmp_path: Path) -> None:
    async with site.client.get(f"{site.url}metrics") as answer:
        assert answer.status == 404
    (tmp_path / "closed").mkdir()
    async with served(tmp_path / "closed", token=TOKEN) as closed:
        for sent in ({}, {"Authorization": "Bearer other"}, {"Authorization": TOKEN}):
            async with closed.client.get(f"{closed.url}metrics", headers=sent) as answer:
                assert answer.status == 401
                assert "moedex_" not in await answer.text()


async def test_an_address_of_their_own(tmp_path: Path) -> None:
    config = load_config(None, metrics={"listen": "127.0.0.1:0"})
    assert config.metrics.host_and_port == ("127.0.0.1", 0)
    async with (
        Storage.open(tmp_path / "own.db") as storage,
        InferenceWorker(ListingStages, config.inference) as worker,
        serving(config, worker, storage, "127.0.0.1", 0) as url,
        aiohttp.ClientSession() as client,
        client.get(url) as answer,
    ):
        assert answer.status == 200
        assert 'moedex_labels{state="settled"} 0.0' in await answer.text()
    with pytest.raises(ConfigError, match=r"metrics\]? listen|metrics\.listen"):
        load_config(None, metrics={"listen": "9643"})
