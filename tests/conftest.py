"""Fixtures that every test may use."""

from __future__ import annotations

from pathlib import Path

import pytest

SHARED_DATA = Path(__file__).resolve().parent.parent.parent / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of real labelled pictures, or skip where it is absent."""
    if not SHARED_DATA.is_dir():
        pytest.skip("real labelled pictures (../shared/data) are not on this machine")
    return SHARED_DATA
