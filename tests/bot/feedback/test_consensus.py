"""Votes to labels: who decides, who is reliable, and what never settles."""

from __future__ import annotations

import random

import pytest

from bot.feedback.consensus import (
    LARGEST_WEIGHT,
    NEWCOMER,
    SETTLED_AT,
    Ballot,
    Reliability,
    decide,
    learn_reliabilities,
)
from bot.storage.records import Label

MIKU, RIN = Label.of("miku"), Label.of("rin")
TRUSTED = Reliability(agreed=60, disagreed=2)
HOSTILE = Reliability(agreed=0, disagreed=40)


def test_a_moderator_decides_at_once() -> None:
    ballots = [Ballot(user, RIN) for user in range(20)] + [Ballot(99, MIKU, decides=True)]
    verdict = decide(ballots, {})
    assert (verdict.state, verdict.label, verdict.decided_by) == ("settled", MIKU, 99)


def test_the_last_of_two_moderators_stands() -> None:
    ballots = [
        Ballot(1, MIKU, decides=True, at=2.0),
        Ballot(2, RIN, decides=True, at=1.0),
    ]
    assert decide(ballots, {}).label == MIKU


def test_a_moderators_no_keeps_members_from_settling() -> None:
    ballots = [Ballot(user, MIKU) for user in range(20)]
    ballots.append(Ballot(99, MIKU, against=True, decides=True))
    assert decide(ballots, {}).state == "disputed"


def test_nobody_of_the_members_settles_alone() -> None:
    assert decide([Ballot(1, MIKU)], {1: Reliability(10_000, 0)}).state == "open"
    assert LARGEST_WEIGHT < SETTLED_AT


def test_two_trusted_members_settle() -> None:
    verdict = decide([Ballot(1, MIKU), Ballot(2, MIKU)], {1: TRUSTED, 2: TRUSTED})
    assert verdict.state == "settled"
    assert verdict.decided_by is None


def test_dissent_of_weight_goes_to_review() -> None:
    ballots = [Ballot(user, MIKU) for user in range(10)] + [Ballot(10, RIN)]
    assert decide(ballots, {}).state == "disputed"
    ballots[-1] = Ballot(10, MIKU, against=True)
    assert decide(ballots, {}).state == "disputed"


def test_who_is_always_wrong_neither_settles_nor_blocks() -> None:
    ballots = [Ballot(1, MIKU), Ballot(2, MIKU), Ballot(3, RIN), Ballot(4, RIN)]
    reliabilities = {1: TRUSTED, 2: TRUSTED, 3: HOSTILE, 4: HOSTILE}
    assert decide(ballots, reliabilities).label == MIKU
    assert decide(ballots, reliabilities).state == "settled"
    assert decide(ballots[2:], reliabilities).state == "open"


def test_only_noes_label_nothing() -> None:
    verdict = decide([Ballot(user, MIKU, against=True) for user in range(9)], {})
    assert (verdict.state, verdict.label) == ("open", None)


def test_the_order_of_votes_does_not_matter() -> None:
    ballots = [Ballot(u, MIKU if u % 3 else RIN, against=u % 5 == 0) for u in range(12)]
    first = decide(ballots, {})
    for seed in range(5):
        random.Random(seed).shuffle(ballots)  # noqa: S311
        assert decide(ballots, {}) == first


def test_one_more_agreeing_vote_never_weakens() -> None:
    ballots: list[Ballot] = []
    support = 0.0
    for user in range(12):
        ballots.append(Ballot(user, MIKU))
        verdict = decide(ballots, {})
        assert verdict.support > support
        support = verdict.support
    assert decide(ballots, {}).state == "settled"


def test_weight_grows_with_agreement_and_never_turns_negative() -> None:
    assert HOSTILE.weight == 0.0
    assert 0.0 < NEWCOMER.weight < Reliability(20, 0).weight <= LARGEST_WEIGHT


def test_agreeing_alone_vouches_for_nobody() -> None:
    """A lone voter, or a pair, has too few others to agree with: they stay newcomers."""
    assert learn_reliabilities([[Ballot(1, MIKU)] for _ in range(100)]) == {}
    assert learn_reliabilities([[Ballot(1, MIKU), Ballot(2, MIKU)] for _ in range(100)]) == {}


def test_reliabilities_follow_moderators() -> None:
    faces = [[Ballot(9, MIKU, decides=True), Ballot(1, MIKU), Ballot(2, RIN)] for _ in range(30)]
    reliabilities = learn_reliabilities(faces)
    assert reliabilities[1].weight > NEWCOMER.weight
    assert reliabilities[2].weight == 0.0
    assert 9 not in reliabilities


@pytest.mark.parametrize("seed", range(4))
def test_a_hostile_tenth_and_a_fifth_of_slips_leave_under_one_percent_wrong(seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311
    names = [Label.of(f"c{i}") for i in range(10)]
    faces: list[tuple[Label, list[Ballot]]] = []
    for _ in range(600):
        truth = rng.choice(names)
        wrong = rng.choice([name for name in names if name != truth])
        ballots = []
        for user in rng.sample(range(40), 6):
            slips = user < 4 or rng.random() < 0.2
            ballots.append(Ballot(user, wrong if slips else truth))  # all slips agree: the worst
        faces.append((truth, ballots))
    reliabilities = learn_reliabilities([ballots for _, ballots in faces])
    assert all(reliabilities[user].weight == 0.0 for user in range(4))
    settled = [(truth, decide(ballots, reliabilities)) for truth, ballots in faces]
    settled = [(truth, verdict) for truth, verdict in settled if verdict.state == "settled"]
    assert len(settled) > 60
    assert sum(truth != v.label for truth, v in settled) <= 0.01 * len(settled)


def test_faces_of_unanimous_votes_do_not_inflate_weights() -> None:
    """Voters who are right in 70 % must not look better because disputed faces are left out."""
    rng = random.Random(5)  # noqa: S311
    faces = [
        [Ballot(user, RIN if rng.random() < 0.7 else MIKU) for user in rng.sample(range(30), 3)]
        for _ in range(800)
    ]
    reliabilities = learn_reliabilities(faces)
    mean = sum(s.accuracy for s in reliabilities.values()) / len(reliabilities)
    assert 0.5 < mean < 0.8
