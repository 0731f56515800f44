"""A site with faces to label, on which Ann, who moderates its server, is signed in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.web.label.labelling import DrawnStages, LabelSite, label_site


@pytest.fixture
def stages() -> DrawnStages:
    """Return the site's stages; a module may have its own."""
    return DrawnStages()


@pytest_asyncio.fixture(loop_scope="module")
async def label(tmp_path: Path, stages: DrawnStages, database: str) -> AsyncIterator[LabelSite]:
    """Return the site. Its tests share a loop with the browser, which a module opens once."""
    async with label_site(tmp_path, stages, database) as running:
        yield running
