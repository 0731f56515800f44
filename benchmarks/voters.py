"""Simulated members who vote on answers: careless ones, and a band that lies together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bot.storage import Vote

if TYPE_CHECKING:
    import numpy as np

    from bot.storage.records import FaceObservation

MEMBERS = 30
ONLY_NO = 0.3
"""How often somebody who disagrees presses ❌ and leaves the question unanswered."""
MISLED = 0.5
"""How often somebody who is wrong believes one of the bot's guesses."""


@dataclass(frozen=True)
class Member:
    """One voter; `lies` are the names that a hostile one gives, by the true one."""

    user_id: int
    activity: float
    wrong: float
    names: Sequence[str]
    lies: dict[str, str] = field(default_factory=dict)

    def vote(self, answer: FaceObservation, truth: str, rng: np.random.Generator) -> Vote:
        """Vote on an answered face as this member would."""
        belief = self.lies.get(truth) or self._belief(answer, truth, rng)
        best = None if answer.unknown else answer.guesses[0].character_id
        if belief == best:
            return self._cast(answer, None, "yes")
        if best is not None and not self.lies and rng.random() < ONLY_NO:
            return self._cast(answer, None, "no")
        return self._cast(answer, 0, "is", belief)

    def _belief(self, answer: FaceObservation, truth: str, rng: np.random.Generator) -> str:
        if rng.random() >= self.wrong:
            return truth
        guessed = [g.character_id for g in answer.guesses if g.character_id != truth]
        if guessed and rng.random() < MISLED:
            return guessed[int(rng.integers(len(guessed)))]
        others = [name for name in self.names if name != truth]
        return others[int(rng.integers(len(others)))]

    def _cast(self, answer: FaceObservation, face: int | None, kind: str, value: str = "") -> Vote:
        now = datetime.now(UTC)
        return Vote(answer.reply_id, face, self.user_id, kind, value, now)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Crowd:
    """A server's members: how often each is wrong, and the share that is hostile."""

    wrong: float
    hostile: float = 0.0

    def members(self, names: Sequence[str], rng: np.random.Generator) -> list[Member]:
        """Draw the members; activity falls with rank, as it does in chats."""
        ranks = rng.permutation(MEMBERS)
        shifted = [names[int(i)] for i in rng.permutation(len(names))]
        lies = dict(zip(shifted, [*shifted[1:], shifted[0]], strict=True))
        bad = round(self.hostile * MEMBERS)
        return [
            Member(n + 1, 1 / (1 + int(ranks[n])), self.wrong, names, lies if n < bad else {})
            for n in range(MEMBERS)
        ]
