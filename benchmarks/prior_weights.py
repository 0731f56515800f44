"""Weighs the priors of who is posted, and what other faces of a picture say, by one rule.

    python -m benchmarks.prior_weights --data ../shared/data --cache runs/faces

Servers of twenty characters, of three series or of many, ten of them their own, of the half of
`varied/` that reports nothing; so many that an embedding of all identities has learned from their
pictures. Half of the known faces are of own characters, by how often each is
posted. A server has only taught, or has six or forty posts behind it. Who was seen there must not
cost those who were only taught: of the weights by which own characters, each counted alike, are
named in no state `COST` less often than where a server of that kind has only taught, the rule takes
those that name most known faces rightly, on average over all states. Every server's gallery is held
against the impostors to fit on, so that the FPIR is the same for all. What other faces say must
keep names right in nine of ten where half of all faces are unknown, and must not raise the FPIR.
Prints the tables, what the rule chose last; the weights are written by hand.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import numpy as np
import typer

from benchmarks.options import DATA, Data
from benchmarks.simulated_server import make_world
from benchmarks.statistics import table
from models.gallery.calibration import confidence_features, log_odds
from models.gallery.gallery import Gallery
from models.gallery.policy import NAMED, UNKNOWN_SHARE
from models.gallery.posted import PRIOR_WEIGHTS, Seen, log_priors
from models.gallery.scoring import scores
from models.gallery.tuning import tuned
from models.types import Character

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from benchmarks.simulated_server import World
    from models.gallery.posted import PriorWeights
    from models.types import Vectors

CHARACTERS, OWN, SERIES = 20, 10, 3
POSTS: Final = (0, 6, 40)
ASKED: Final = 6
"""Pictures that are asked about of a character that is posted there; two of anybody else."""
OTHERS_SHARE: Final = 0.05
"""The share of known faces that nobody of the server's twenty is on."""
CROSSOVERS: Final = 0.15
"""The share of pictures of several whose other face is of another series."""
WEIGHTS: Final = tuple(product((0.5, 1.0, 2.0, 4.0), (0.0, 0.3, 1.0), (0.0003, 0.001, 0.004)))
"""The masses of own characters, of series and of anybody, beside 1 of who was seen."""
KINDS: Final = {"three series": False, "many series": True}
HEAD: Final = (
    "named rightly",
    "wrongly",
    "names that are right",
    "FPIR (fitted)",
    "own ones, named",
)
COST: Final = 0.05
"""How much less often, as a share, own characters may be named with posts than without."""
BESIDE: Final = tuple(product((0.05, 0.1, 0.15), (0.5, 1.0, 1.5, 2.0, 2.5)))
"""What a score gains by the series of another face, and the log odds that it loses."""


@dataclass(frozen=True, eq=False)
class Drawn:
    """A server: its gallery without priors, its own ids, its posts, and faces with their weight."""

    gallery: Gallery
    own: frozenset[str]
    seen: tuple[Seen, ...]
    vectors: Vectors
    truth: tuple[str, ...]
    weights: NDArray[np.float64]
    home: tuple[str, ...]

    def tuned(self, world: World, weights: PriorWeights, posts: int) -> Gallery:
        """Return what names there after so many posts."""
        posted = log_priors(self.gallery.characters, self.own, self.seen[:posts], weights)
        return tuned(replace(self.gallery, posted=posted), world.namer, world.fitting)


@dataclass(frozen=True, slots=True)
class Outcome:
    """Shares, 0 to 1: of known faces named rightly and wrongly, and the FPIR.

    `own`: how often the face of an own character is named rightly, each character alike.
    """

    right: float
    wrong: float
    fpir: float
    own: float

    @property
    def precision(self) -> float:
        """The share of right names where half of all faces are unknown."""
        return self.right / max(self.right + self.wrong + self.fpir, 1e-9)


def draw(world: World, seed: int, *, mixed: bool) -> Drawn:
    """Draw a server of three series, or `mixed` of all; its gallery has the others as shipped."""
    rng = np.random.default_rng((seed, 22))
    groups: dict[str, dict[int, int]] = defaultdict(dict)
    for row in world.own:
        if world.series.get(world.labels[row]):
            groups[world.labels[row]].setdefault(world.groups[row], row)
    by_series: dict[str, list[str]] = defaultdict(list)
    for key in sorted(groups):
        by_series[world.series[key]].append(key)
    large = [name for name, keys in sorted(by_series.items()) if len(keys) > SERIES]
    pool = sorted(groups) if mixed else []
    while len(pool) < CHARACTERS:
        pool = [k for name in rng.choice(large, SERIES, replace=False) for k in by_series[name]]
    here = [str(key) for key in rng.permutation(pool)[:CHARACTERS]]
    own = frozenset(here[:OWN])
    popular = 1 / np.arange(1, CHARACTERS + 1) ** 0.7
    often = dict(zip(here, rng.permutation(popular / popular.sum()).tolist(), strict=True))
    enrolled: dict[Character, Vectors] = {}
    asked: list[tuple[int, str]] = []
    for key in sorted(groups):
        rows = rng.permutation(list(groups[key].values())).tolist()
        shots = min(int(rng.choice([1, 1, 3, 5])), len(rows) // 2)
        enrolled[Character(key, key, world.series[key])] = world.vectors[rows[:shots]]
        more = ASKED if key in often else 2
        asked += [(row, key) for row in rows[shots : shots + more]]
    truth = tuple(key for _, key in asked)
    count = Counter(truth)
    part = {True: 0.0, False: 0.0}  # by whether a character is the server's own
    for key in count.keys() & often.keys():
        part[key in own] += often[key]
    elsewhere = sum(key not in often for key in truth)
    halves = {True: 0.5, False: 0.5 - OTHERS_SHARE}
    weights = [
        halves[key in own] * often[key] / part[key in own] / count[key]
        if key in often
        else OTHERS_SHARE / elsewhere
        for key in truth
    ]
    posts = rng.choice(here, max(POSTS), p=[often[key] for key in here]).tolist()
    return Drawn(
        world.namer.gallery.extended(Gallery.of(enrolled)),
        own,
        tuple(Seen(key, 0.0) for key in posts),
        world.vectors[[row for row, _ in asked]],
        truth,
        np.array(weights),
        tuple(sorted({world.series[key] for key in here})),
    )


def outcome(
    world: World,
    server: Drawn,
    gallery: Gallery,
    beside: tuple[Sequence[str], Sequence[str]] | None = None,
    gains: float = 0.0,
    loses: float = 0.0,
) -> Outcome:
    """Say what a gallery makes of the faces; `beside`: the series of a sure face beside each."""
    known, unknown = beside or (None, None)
    names, told = _named(world, server.vectors, gallery, known, gains, loses)
    right = np.array([name == key for name, key in zip(names, server.truth, strict=True)])
    asked, truth = server.own & set(server.truth), np.array(server.truth)
    inside = world.fitting.unknown_to(gallery)
    _, wrongly = _named(world, world.fitting.vectors, inside, unknown, gains, loses)
    return Outcome(
        float(server.weights @ (right & told)),
        float(server.weights @ (~right & told)),
        float(wrongly.mean()),
        float(np.mean([(right & told)[truth == key].mean() for key in asked])),
    )


def _named(
    world: World,
    vectors: Vectors,
    gallery: Gallery,
    series: Sequence[str] | None,
    gains: float,
    loses: float,
) -> tuple[list[str], NDArray[np.bool_]]:
    """Return the best guess for each face, and whether it is said as a name."""
    prior = None
    if series is not None:
        places = {name: n for n, name in enumerate(sorted(set(series)))}
        of = np.array([places.get(c.series, -1) for c in gallery.characters])
        beside = np.array([places[name] for name in series])
        prior = np.float32(gains) * (of[None, :] == beside[:, None])
    score = scores(vectors, gallery, world.namer.scoring, prior)
    calibration = gallery.calibration or world.namer.calibration
    odds = log_odds(confidence_features(score, gallery.counts), calibration) - loses
    said = np.log(NAMED / (1 - NAMED)) - calibration.shift(UNKNOWN_SHARE)
    least = max(world.namer.threshold_in(gallery), float(said))
    return [gallery.characters[i].id for i in score.argmax(1)], odds >= least


def beside_of(world: World, server: Drawn, seed: int) -> tuple[list[str], list[str]]:
    """Draw the series of a sure face beside each known face, and beside each impostor."""
    rng = np.random.default_rng((seed, 23))
    shown = {c.id: c.series for c in world.namer.gallery.characters} | dict(world.series)

    def drawn(key: str) -> str:
        own = shown.get(key, "")
        other = own == "" or rng.random() < CROSSOVERS
        return str(rng.choice(server.home)) if other else own

    return [drawn(key) for key in server.truth], [drawn(key) for key in world.fitting.identities]


def mean(found: Sequence[Outcome]) -> Outcome:
    """Return the mean of servers."""
    return Outcome(
        float(np.mean([o.right for o in found])),
        float(np.mean([o.wrong for o in found])),
        float(np.mean([o.fpir for o in found])),
        float(np.mean([o.own for o in found])),
    )


def _state(posts: int) -> str:
    return f"{posts} posts" if posts else "only taught"


def _cells(found: Outcome) -> list[object]:
    shares = (found.right, found.wrong, found.precision, found.fpir, found.own)
    return [f"{100 * value:.1f} %" for value in shares]


def main(
    data: Data = DATA,
    cache: Annotated[Path, typer.Option(help="Where decoded faces are kept.")] = Path("runs/faces"),
    draws: Annotated[int, typer.Option(help="Servers.")] = 8,
) -> None:
    """Print what each choice of weights names."""
    world = make_world(data, cache, reporting=False, trained_on=True)
    servers = {
        kind: [draw(world, seed, mixed=mixed) for seed in range(draws)]
        for kind, mixed in KINDS.items()
    }
    beside = _by_what_is_beside(world, servers["three series"])
    typer.echo(f"{beside}\n\n{_by_weights(world, servers)}")


def _by_weights(world: World, servers: Mapping[str, Sequence[Drawn]]) -> str:
    states = tuple(product(servers, POSTS))
    by_weights: dict[tuple[float, float, float], dict[tuple[str, int], Outcome]] = {}
    for own, series, anybody in WEIGHTS:
        weights = replace(PRIOR_WEIGHTS, own=own, series=series, anybody=anybody)
        by_weights[own, series, anybody] = {
            (kind, posts): mean(
                [outcome(world, s, s.tuned(world, weights, posts)) for s in servers[kind]]
            )
            for kind, posts in states
        }
    rows: list[list[object]] = [
        [*weights, *(f"{100 * o.right:.1f} / {100 * o.own:.1f} %" for o in found.values())]
        for weights, found in by_weights.items()
    ]
    keep = [
        weights
        for weights, found in by_weights.items()
        if all(o.own >= found[kind, 0].own - COST for (kind, _), o in found.items())
    ]
    best = max(keep, key=lambda w: mean([*by_weights[w].values()]).right, default=None)
    head = ["own", "series", "anybody", *(f"{kind}, {_state(posts)}" for kind, posts in states)]
    return f"{table(head, rows)}\n\nThe rule chose, for own, series and anybody: {best}."


def _by_what_is_beside(world: World, servers: Sequence[Drawn]) -> str:
    rows: list[list[object]] = []
    for posts in (max(POSTS), 0):
        made = [(s, s.tuned(world, PRIOR_WEIGHTS, posts)) for s in servers]
        state = _state(posts)
        rows.append([state, "alone", "", *_cells(mean([outcome(world, *one) for one in made]))])
        for gains, loses in BESIDE:
            found = [
                outcome(world, s, g, beside_of(world, s, n), gains, loses)
                for n, (s, g) in enumerate(made)
            ]
            rows.append([state, gains, loses, *_cells(mean(found))])
    return table(["server", "gains", "loses", *HEAD], rows)


if __name__ == "__main__":
    typer.run(main)
