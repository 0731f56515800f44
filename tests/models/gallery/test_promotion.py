"""When a version may answer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from models.gallery.promotion import Results, decide


def test_the_rule_of_promotion() -> None:
    ones, zeros = np.ones(200), np.zeros(200)
    slightly = np.where(np.arange(200) < 1, 0.0, 1.0)
    base = Results(ones, slightly, ones)
    assert decide(base, base, base).promote
    assert not decide(replace(base, shipped=slightly), base, base).promote
    # A face less of two hundred is chance on the server's own labels, and no reason to refuse.
    assert decide(base, replace(base, own=ones), base).promote
    assert not decide(replace(base, own=zeros), base, base).promote
    assert not decide(replace(base, impostors=zeros), base, base).promote
    assert not decide(base, base, Results(ones, slightly, ones * 2)).promote
