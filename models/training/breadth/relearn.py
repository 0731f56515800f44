"""Learns the projection of an embedding's intermediate features anew, on all identities.

    python -m models.training.breadth.relearn --data ../shared/data --cache RUNS/faces \
        --out RUNS/relearned

The backbones and their late features stay as they are, so nothing is slower; what changes is on
which axes intermediate features are compared: those on which thousands of characters differ,
instead of those of the 96. Gallery, calibration and threshold must be fitted anew. Features are
kept in `--out` as they are computed, so that the command can be broken off and given again.
"""

# Keras's annotations name too narrow arguments.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import numpy as np
import typer

from models.embedding.embedder import EMBEDDING_FILE
from models.gallery.metric import fit_metric
from models.training.augmentation import framed
from models.training.breadth.faces import FaceSet, load_faces
from models.training.breadth.run import labels_of, roles_of, trained_on
from models.training.trained import USED_SIDE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Outputs = Callable[[NDArray[np.float32]], NDArray[np.float32]]

BATCH: Final = 32
SHRINKAGE: Final = 0.3
FEATURES_FILE: Final = "early.npy"
"""Intermediate features, half precision; runs of former versions are resumed by this name."""


def features_of(
    outputs: Outputs, faces: FaceSet, chosen: Sequence[int], side: int, kept: Path
) -> NDArray[np.float32]:
    """What `outputs` gives for faces; goes on where a file `kept` of a broken-off call ends."""
    first = np.load(kept).astype(np.float32) if kept.is_file() else None
    parts = [] if first is None else [first]
    for start in range(0 if first is None else len(first), len(chosen), BATCH):
        some = [framed(faces.picture(i), side) for i in chosen[start : start + BATCH]]
        crops = np.zeros((BATCH, side, side, 3), np.float32)
        crops[: len(some)] = some
        parts.append(outputs(crops / 127.5 - 1)[: len(some)])
        if len(parts) % 50 == 0:
            parts = [np.concatenate(parts)]
            _save(kept, parts[0])
    found = np.concatenate(parts)
    _save(kept, found)
    return found


def _save(path: Path, features: NDArray[np.float32]) -> None:
    unfinished = path.with_name(f"unfinished_{path.name}")
    np.save(unfinished, features.astype(np.float16))
    unfinished.replace(path)


def relearned(
    features: NDArray[np.float32], labels: NDArray[np.int64], axes: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Kernel and bias of a projection onto the axes on which characters differ most."""
    metric = fit_metric(features, labels, shrinkage=SHRINKAGE, dimensions=axes)
    kernel = metric.kernel / np.linalg.norm(features @ metric.kernel, axis=1).mean()
    return kernel, -metric.mean @ kernel


def main(
    data: Annotated[Path, typer.Option(help="The data folder.")],
    cache: Annotated[Path, typer.Option(help="Where decoded faces are kept.")],
    out: Annotated[Path, typer.Option(help="The folder of what is written.")],
    weights: Annotated[Path, typer.Option(help="A fused embedding.")] = EMBEDDING_FILE,
    production: Annotated[bool, typer.Option(help="Learn from all but the reserved.")] = False,
) -> None:
    """Write `out/embedding.tflite`."""
    from models.training.embedding_network import build_embedding_network
    from models.training.export import export_embedding, load_embedding
    from models.training.quiet_keras import keras

    out.mkdir(parents=True, exist_ok=True)
    faces = load_faces(data, cache)
    chosen = trained_on(faces, roles_of(faces, data), production=production)
    labels = labels_of(faces, chosen)[1]
    finished, structure = load_embedding(weights)
    if structure.fusion is None:
        raise typer.BadParameter(f"{weights} has no intermediate features")
    network = build_embedding_network(USED_SIDE, structure)
    network.set_weights(finished.get_weights())
    intermediate = keras.Model(network.input, network.get_layer("intermediate_roots").output)

    def outputs(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(intermediate.predict_on_batch(pixels), np.float32)

    features = features_of(outputs, faces, chosen, USED_SIDE, out / FEATURES_FILE)
    projection = relearned(features, labels, structure.fusion.axes)
    network.get_layer("intermediate_projection").set_weights(projection)
    export_embedding(network, out / EMBEDDING_FILE.name, structure)


if __name__ == "__main__":
    typer.run(main)
