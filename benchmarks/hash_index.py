"""What the index of perceptual hashes takes to build and to ask, as the event loop does it.

    python -m benchmarks.hash_index

prints the median CPU times for 100,000 random hashes.
"""

from __future__ import annotations

import random
import time
from statistics import median
from typing import Final

from models.images.hashing import HashIndex

HASHES: Final = 100_000
BUILDS: Final = 5
QUERIES: Final = 500


def main() -> None:
    """Build and ask an index, and print both times."""
    rng = random.Random(1)  # noqa: S311 - no secret
    items = [(number, f"{rng.getrandbits(64):016x}") for number in range(HASHES)]
    index, builds = HashIndex(), list[float]()
    for _ in range(BUILDS):
        start = time.process_time()
        index = HashIndex(items)
        builds.append(time.process_time() - start)
    queries: list[float] = []
    for _, phash in items[:QUERIES]:
        start = time.process_time()
        index.within(phash)
        queries.append(time.process_time() - start)
    print(
        f"{HASHES:,} hashes: built in {1000 * median(builds):.0f} ms, "
        f"a query takes {1000 * median(queries):.2f} ms (CPU time)"
    )


if __name__ == "__main__":
    main()
