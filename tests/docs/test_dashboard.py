"""`docs/grafana.json` asks for metrics and labels that there are, and for nothing else."""

from __future__ import annotations

import importlib
import json
import re
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

DASHBOARD = Path(__file__).resolve().parents[2] / "docs" / "grafana.json"
PANELS = json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
ASKED = [(panel["title"], target["expr"]) for panel in PANELS for target in panel["targets"]]


def names_there_are() -> set[str]:
    """Return the names of all series that are or would be told."""
    for module in ("bot.metrics", "web.metrics"):
        importlib.import_module(module)
    collectors = REGISTRY._names_to_collectors
    return set(collectors)


@pytest.mark.parametrize(("title", "query"), ASKED, ids=[title for title, _ in ASKED])
def test_a_panel_asks_for_what_there_is(title: str, query: str) -> None:
    names = set(re.findall(r"\b(?:moedex|process)_[a-z_]+", query))
    assert names
    assert names <= names_there_are()
    for labels in re.findall(r"by \(([a-z, ]+)\)", query):
        (name,) = names
        known = getattr(REGISTRY._names_to_collectors[name], "_labelnames", ())
        assert set(re.split(r",\s*", labels)) <= {*known, "le"}


def test_every_own_metric_is_shown() -> None:
    asked = " ".join(query for _, query in ASKED)
    own = {family.name for family in REGISTRY.collect() if family.name.startswith("moedex_")}
    assert {name for name in own if name not in asked} == set()
