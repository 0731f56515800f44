"""When a version may answer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from models.gallery.promotion import Results, decide


def test_the_rule_of_promotion() -> None:
    ones, zeros = np.ones(200), np.zeros(200)
    slightly = np.where(np.arange(200) < 1, 0.0, 1.0)
    base = Results(ones, slightly, zeros)
    assert decide(base, base, base).promote
    assert not decide(replace(base, shipped=slightly), base, base).promote
    # A face less of two hundred is chance on the server's own labels, and no reason to refuse.
    assert decide(base, replace(base, own=ones), base).promote
    assert not decide(replace(base, own=zeros), base, base).promote
    assert not decide(replace(base, impostors=ones), base, base).promote
    assert not decide(base, base, Results(ones * 2, slightly, zeros)).promote


def test_more_unknown_faces_named_are_no_gain() -> None:
    ones, none = np.ones(400), np.zeros(400)
    some = np.where(np.arange(400) < 16, 1.0, 0.0)  # 4 %: within what is stated, yet surely more
    many = np.where(np.arange(400) < 40, 1.0, 0.0)
    assert not decide(Results(ones, ones, some), *[Results(none, none, none)] * 2).promote
    assert not decide(Results(ones, ones, many), *[Results(none, none, many)] * 2).promote
    # A version that names too many is no measure for names: an honest one takes its place.
    honest = Results(none, none, none)
    assert decide(honest, Results(ones, ones, many), honest).promote


def test_what_lost_labels_must_be_shown_to_be_no_worse() -> None:
    ones, zeros = np.ones(200), np.zeros(200)
    base = Results(ones, np.where(np.arange(200) < 1, 0.0, 1.0), zeros)
    assert decide(base, base, base, labels_lost=3).promote
    # A face less would pass as chance, were it not for the labels that are gone.
    worse = decide(base, replace(base, own=ones), base, labels_lost=3)
    assert not worse.promote
    unmeasured = replace(base, own=np.empty(0))
    assert decide(unmeasured, unmeasured, unmeasured).promote
    kept = decide(unmeasured, unmeasured, unmeasured, labels_lost=3)
    assert not kept.promote
    assert any("3 labelled faces fewer" in reason for reason in kept.reasons)
    assert decide(unmeasured, unmeasured, unmeasured, labels_lost=-3).promote


def test_the_summary_says_three_numbers() -> None:
    results = Results(np.ones(8), np.array([0.0, 1.0]), np.zeros(10))
    decision = decide(replace(results, own=np.ones(2)), results, results)
    assert decision.summary == (
        "Your characters named rightly: 50.0 % before, 100.0 % after, of 2.",
        "The shipped ones named rightly: 100.0 % before, 100.0 % after, of 8.",
        "Unknown faces wrongly named: 0.0 % before, 0.0 % after, of 10.",
    )
    nothing = replace(results, own=np.empty(0))
    assert decide(nothing, nothing, nothing).summary[0].endswith("too few pictures to tell yet.")
