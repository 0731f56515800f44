"""From votes to labels: how reliable each voter is, and when a label is settled.

The method is a one-coin Dawid-Skene model (Dawid and Skene 1979) with a beta prior. A voter's
accuracy has the posterior mean (a + agreed) / (a + b + agreed + disagreed); his vote weighs the
log-odds of it, so weights add up like independent evidence. A label is settled when the evidence
for it reaches 99 %, at least two voters carry it, and nobody of weight dissents: disagreement
waits for a moderator and never reaches training.

How often a voter agreed is estimated by expectation and maximisation over **all** faces with enough
voters, disputed ones too. Counting only what was settled would count unanimous faces only, where
everybody agrees by construction: weights would grow without bound, and two careless voters settle.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from bot.storage.records import Label

PRIOR_AGREED = 7.0
PRIOR_DISAGREED = 3.0
"""A newcomer is expected to be right in 7 of 10, as if ten of his votes had been seen."""
SETTLED_AT = math.log(0.99 / 0.01)
"""Evidence (log-odds) from which members' votes settle a label."""
DISSENT = 0.2
"""Evidence against the leading label above which a face is disputed."""
LARGEST_WEIGHT = 3.5
"""No member's vote alone reaches `SETTLED_AT`, however good the record."""
FEWEST_PEERS = 2
"""Other voters that a face needs to say something about a voter: a pair can't vouch mutually."""
ROUNDS = 8
"""Rounds of expectation and maximisation; the counts stand still after four or five."""


@dataclass(frozen=True, slots=True)
class Ballot:
    """One voter's last word on one face.

    `label` is what the voter says it is. Where `against` is true the vote says only that it is
    *not* that. `decides` marks a moderator or a holder of the labeller role at the time of the
    vote; `at` orders votes (seconds since the epoch).
    """

    user_id: int
    label: Label
    against: bool = False
    decides: bool = False
    at: float = 0.0


@dataclass(frozen=True, slots=True)
class Reliability:
    """How often a voter agreed with settled labels; the counts may be fractions."""

    agreed: float = 0.0
    disagreed: float = 0.0

    @property
    def accuracy(self) -> float:
        """The expected share of right votes, between 0 and 1 (exclusive)."""
        right = PRIOR_AGREED + self.agreed
        return right / (right + PRIOR_DISAGREED + self.disagreed)

    @property
    def weight(self) -> float:
        """The evidence of one vote (log-odds), between 0 and `LARGEST_WEIGHT`.

        Somebody who is wrong more often than right weighs nothing; his votes are not turned
        round, or he could steer labels by voting against what he wants.
        """
        odds = math.log(self.accuracy / (1.0 - self.accuracy))
        return min(LARGEST_WEIGHT, max(0.0, odds))


NEWCOMER = Reliability()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the votes on a face amount to.

    `label` is the settled or the leading label, None where nobody named one. `support` and
    `dissent` are the evidence for it and against it. `decided_by` is the moderator who decided.
    """

    state: Literal["open", "settled", "disputed"]
    label: Label | None = None
    support: float = 0.0
    dissent: float = 0.0
    decided_by: int | None = None


def decide(ballots: Iterable[Ballot], reliabilities: Mapping[int, Reliability]) -> Verdict:
    """Return what the ballots on one face amount to; one ballot a voter is expected.

    The newest vote of somebody who decides, and names something, settles at once. A deciding vote
    that only says "not that" leaves the face open where nobody else says otherwise, else disputed.
    """
    ballots = list(ballots)
    decisions = [b for b in ballots if b.decides and not b.against]
    if decisions:
        last = max(decisions, key=lambda b: b.at)
        return Verdict("settled", last.label, LARGEST_WEIGHT, 0.0, last.user_id)
    scores = _scores(ballots, reliabilities)
    if not scores.supporters:
        return Verdict("open", dissent=sum(scores.against.values()))
    label, support = max(scores.named.items(), key=lambda item: (item[1], item[0]))
    dissent = scores.total - support + scores.against.get(label, 0.0)
    vetoed = any(b.decides and b.against and b.label == label for b in ballots)
    if vetoed or dissent > DISSENT:
        return Verdict("disputed", label, support, dissent)
    if support >= SETTLED_AT and scores.supporters[label] >= 2:
        return Verdict("settled", label, support, dissent)
    return Verdict("open", label, support, dissent)


def learn_reliabilities(faces: Iterable[Sequence[Ballot]]) -> dict[int, Reliability]:
    """Return every voter's reliability from all faces that were voted on.

    A face decided by a moderator is certain; elsewhere a vote counts by the probability that all
    votes on that face, weighed, give it. Who has no record yet is a `NEWCOMER`.
    """
    faces = [list(ballots) for ballots in faces]
    reliabilities: dict[int, Reliability] = {}
    for _ in range(ROUNDS):
        agreed: dict[int, float] = defaultdict(float)
        disagreed: dict[int, float] = defaultdict(float)
        for ballots in faces:
            truth = _decided(ballots)
            for ballot in ballots:
                if ballot.decides:
                    continue
                if truth is not None:
                    credit = float((ballot.label == truth) != ballot.against)
                elif len(ballots) > FEWEST_PEERS:
                    credit = _credit(ballot, ballots, reliabilities)
                else:
                    continue
                agreed[ballot.user_id] += credit
                disagreed[ballot.user_id] += 1.0 - credit
        reliabilities = {user: Reliability(agreed[user], disagreed[user]) for user in agreed}
    return reliabilities


@dataclass(frozen=True, slots=True)
class _Scores:
    named: dict[Label, float]
    against: dict[Label, float]
    supporters: dict[Label, int]

    @property
    def total(self) -> float:
        return sum(self.named.values())


def _scores(ballots: Iterable[Ballot], reliabilities: Mapping[int, Reliability]) -> _Scores:
    named: dict[Label, float] = defaultdict(float)
    against: dict[Label, float] = defaultdict(float)
    supporters: dict[Label, int] = defaultdict(int)
    for ballot in ballots:
        weight = reliabilities.get(ballot.user_id, NEWCOMER).weight
        if ballot.against:
            against[ballot.label] += weight
        elif weight > 0.0:
            named[ballot.label] += weight
            supporters[ballot.label] += 1
    return _Scores(named, against, supporters)


def _decided(ballots: Iterable[Ballot]) -> Label | None:
    decisions = [b for b in ballots if b.decides and not b.against]
    return max(decisions, key=lambda b: b.at).label if decisions else None


def _credit(
    ballot: Ballot, ballots: Sequence[Ballot], reliabilities: Mapping[int, Reliability]
) -> float:
    """How probable all votes on a face make this one right, 0 to 1."""
    scores = _scores(ballots, reliabilities)
    evidence = {
        label: scores.named.get(label, 0.0) - scores.against.get(label, 0.0)
        for label in {*scores.named, *scores.against, ballot.label}
    }
    own = evidence.pop(ballot.label)
    probable = 1.0 / (1.0 + math.exp(max(evidence.values(), default=0.0) - own))
    return 1.0 - probable if ballot.against else probable
