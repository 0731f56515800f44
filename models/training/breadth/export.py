"""Makes an embedding of the averaged weights of a breadth run.

    python -m models.training.breadth.export RUNS/held_out/averaged.npz embedding.tflite \
        --data ../shared/data --cache RUNS/faces

What the run learned are the late features, which know the characters of the run better than others.
The same backbone's intermediate features join them, projected onto the axes on which all characters
that the run learned from differ most: they know drawings of anybody. Gallery, calibration and
threshold are fitted anew (`moedex train gallery`).
"""

# Keras's annotations name too narrow arguments.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import numpy as np
import typer

from models.gallery.metric import fit_metric
from models.training.augmentation import framed
from models.training.breadth.faces import load_faces
from models.training.breadth.run import labels_of, roles_of, trained_on
from models.training.structure import Fusion, Structure
from models.training.trained import USED_SIDE

if TYPE_CHECKING:
    from numpy.typing import NDArray

TAPS: Final = ("mixed3", "mixed4")
"""The blocks whose averages are the intermediate features."""
SHARE: Final = 0.4
"""How much of a cosine comes from them; docs/experiments_breadth.md says why."""
AXES: Final = 192
"""Of a vector, so many from intermediate features, and the principal ones from late features."""


SHRINKAGE: Final = 0.3


def intermediate_projection(
    features: NDArray[np.float32], labels: NDArray[np.int64], axes: int
) -> list[NDArray[np.float32]]:
    """Kernel and bias of a projection onto the axes on which characters differ most."""
    metric = fit_metric(features, labels, shrinkage=SHRINKAGE, dimensions=axes)
    kernel = metric.kernel / np.linalg.norm(features @ metric.kernel, axis=1).mean()
    return [kernel, -metric.mean @ kernel]


def main(
    averaged: Annotated[Path, typer.Argument(help="Averaged weights of a breadth run.")],
    out: Annotated[Path, typer.Argument(help="The file that is written.")],
    data: Annotated[Path, typer.Option(help="The data folder.")],
    cache: Annotated[Path, typer.Option(help="Where decoded faces are kept.")],
    production: Annotated[
        bool, typer.Option(help="The run is one of all but the reserved.")
    ] = False,
) -> None:
    """Write the embedding, int8."""
    from models.training.breadth.network import give, load_breadth_network, outputs_of
    from models.training.embedding_network import build_embedding_network
    from models.training.export import export_embedding
    from models.training.fusion import AXES, TAPS, fusion_kernel
    from models.training.quiet_keras import keras

    run, settings = load_breadth_network(averaged)
    fusion = Fusion(TAPS, AXES, 2 * AXES)
    structure = Structure(("mixed8",), settings["dimensions"], fusion, tuple(settings["taps"]))
    network = build_embedding_network(USED_SIDE, structure)
    give(run, network)
    faces = load_faces(data, cache)
    chosen = trained_on(faces, roles_of(faces, data), production=production)
    parts = [network.get_layer(name).output for name in ("intermediate_roots", "unit")]
    seen = keras.Model(network.input, keras.layers.Concatenate()(parts))
    crops = lambda i: framed(faces.picture(chosen[i]), USED_SIDE)  # noqa: E731
    features = np.concatenate([*outputs_of(seen, crops, len(chosen))])
    late = features[:, -structure.axes :]
    intermediate = features[:, : -structure.axes]
    projection = intermediate_projection(intermediate, labels_of(faces, chosen)[1], AXES)
    network.get_layer("intermediate_projection").set_weights(projection)
    fused = [fusion_kernel([late], SHARE), np.zeros(2 * AXES, np.float32)]
    network.get_layer("fusion_projection").set_weights(fused)
    export_embedding(network, out, structure)


if __name__ == "__main__":
    typer.run(main)
