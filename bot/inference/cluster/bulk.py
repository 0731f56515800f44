"""Names the faces of files by the million: Ray Data streams them through replicas and back.

Replicas read the files themselves, by the paths that they have here. A replica, or a machine, that
is lost costs the files that it was at another time; results come once, in the order given.
"""

from __future__ import annotations

import os
import pickle
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import ray
import ray.data
from ray.exceptions import RayError

from bot.errors import StartupError, in_one_line
from bot.inference.cluster.node import connect
from bot.inference.threads import share_machine
from models.bulk import BATCH_PICTURES, FileResult

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from models.bulk import Recipe
    from models.gallery.gallery import Gallery

WINDOW: Final = 100_000
"""Files that are handed to Ray at once: of more, neither the list nor its results take memory."""


class _Namer:
    """One replica: takes one processor, and computes in one thread."""

    def __init__(self, recipe: Recipe, gallery: Gallery | None) -> None:
        share_machine()
        self._naming = recipe.load(gallery, threads=1)

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        files = [Path(os.fsdecode(file)) for file in batch["file"]]
        # Ray Data keeps bytes as they are; they are read by whoever had them written.
        return {"result": [pickle.dumps(each) for each in self._naming.name_all(files)]}


def name_all(
    recipe: Recipe,
    entries: Iterable[Path | FileResult],
    gallery: Gallery | None = None,
    replicas: int = 0,
) -> Iterator[FileResult]:
    """Yield a result for every entry, as `BulkNaming.name_all` does, in the order given.

    `replicas`: how many work; 0 is one for each processor that is free. Raises StartupError.
    """
    try:
        connect(None)
    except (ConnectionError, RuntimeError) as error:
        raise StartupError(f"No Ray cluster: {in_one_line(error)}") from error
    try:
        free = int(ray.available_resources().get("CPU", 0))
        if free < max(1, replicas):
            raise StartupError(f"The cluster has {free} free processors, too few to work with.")
        left = iter(entries)
        while window := list(islice(left, WINDOW)):
            yield from _named(recipe, gallery, window, replicas or free)
    except RayError as error:
        raise StartupError(f"The Ray cluster was lost: {in_one_line(error)}") from error
    finally:
        ray.shutdown()


def _named(
    recipe: Recipe,
    gallery: Gallery | None,
    entries: Sequence[Path | FileResult],
    replicas: int,
) -> Iterator[FileResult]:
    rows = [{"file": os.fsencode(entry)} for entry in entries if isinstance(entry, Path)]
    results = _streamed(recipe, gallery, rows, replicas) if rows else iter(())
    for entry in entries:
        yield next(results) if isinstance(entry, Path) else entry


def _streamed(
    recipe: Recipe, gallery: Gallery | None, rows: list[dict[str, bytes]], replicas: int
) -> Iterator[FileResult]:
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    context.execution_options.preserve_order = True
    # A block is what a replica takes at once, and what is done again when it is lost.
    blocks = min(len(rows), max(replicas, -(-len(rows) // BATCH_PICTURES)))
    named = ray.data.from_items(rows, override_num_blocks=blocks).map_batches(
        _Namer,
        fn_constructor_args=(recipe, gallery),
        batch_size=BATCH_PICTURES,
        compute=ray.data.ActorPoolStrategy(size=min(replicas, blocks)),
        num_cpus=1,
    )
    for row in named.iter_rows():
        # Our own replicas wrote it, over connections that asked for the cluster's token.
        yield pickle.loads(row["result"])  # noqa: S301
