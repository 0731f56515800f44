"""Asks a tagger about the faces that the own model does not name.

What the tagger says of a character whom the own model guesses too is taken together with that: both
would have to be wrong. The result has a threshold of its own, as the tagger's probabilities are not
those of the calibration.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from models.roster.tags import character_of_tag, id_of_tag
from models.types import Guess

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from models.gallery.policy import NamingPolicy
    from models.tagger.tagger import Tagger, TagGuess
    from models.types import Character, NamedFace, Pixels

TAGGER: Final = "tagger"
"""What `Guess.by` says of a name that a tagger gave."""
MOST_FACES: Final = 4
"""Faces of a picture that a tagger is asked about, largest first: it takes a second for each."""
LEAST_SIDE: Final = 24
"""Pixels of the side of a head that is too small to ask about."""


class SecondOpinion:
    """A loaded tagger and the probability, 0 to 1, from which on its names are given."""

    def __init__(self, tagger: Tagger, threshold: float) -> None:
        self._tagger = tagger
        self.threshold = threshold
        self.name = tagger.name

    def asked_about(self, faces: Sequence[NamedFace], scale: float = 1.0) -> list[int]:
        """Return the places of the faces to ask about; `scale` is as in `improve`."""
        unknown = [
            place
            for place, named in enumerate(faces)
            if named.unknown and named.face.box.side * scale >= LEAST_SIDE
        ]
        return sorted(unknown, key=lambda place: -faces[place].face.box.side)[:MOST_FACES]

    def improve(
        self,
        faces: Sequence[NamedFace],
        picture: Pixels,
        scale: float,
        characters: Mapping[str, Character],
        policy: NamingPolicy,
    ) -> tuple[NamedFace, ...]:
        """Return the faces of a picture, with those named that the tagger knows; takes seconds.

        `picture`, (height, width, 3) uint8 RGB, may be smaller than the one that the faces' boxes
        are of: `scale` is its side in sides of that. `characters` are those that can be named, by
        id; the others are named by their tag. `policy` says how surely.
        """
        improved = list(faces)
        for place in self.asked_about(faces, scale):
            box = faces[place].face.box.scaled(scale)
            seen = self._tagger.characters(picture, box)
            improved[place] = self._with(faces[place], seen, characters, policy)
        return tuple(improved)

    def _with(
        self,
        named: NamedFace,
        seen: Sequence[TagGuess],
        characters: Mapping[str, Character],
        policy: NamingPolicy,
    ) -> NamedFace:
        """Return a face as both see it, or as it was where that isn't enough."""
        own = {guess.character.id: guess.probability for guess in named.guesses}
        both = [
            Guess(character, 1 - (1 - guess.probability) * (1 - own.get(character.id, 0)), TAGGER)
            for guess in seen
            for character in [characters.get(id_of_tag(guess.tag)) or character_of_tag(guess.tag)]
        ]
        best = max(both, key=lambda guess: guess.probability, default=None)
        if best is None or best.probability < self.threshold:
            return named
        others = [guess for guess in named.guesses if guess.character.id != best.character.id]
        kept = max(1, len(named.guesses))
        return replace(named, guesses=(best, *others)[:kept], tier=policy.tier(best.probability))
