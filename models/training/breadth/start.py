"""Where a breadth run starts: the convolutions of a finished embedding's backbone.

    python -m models.training.breadth.start start.npz

writes them to one file of 11 MiB for `models.training.breadth.accelerated`, whose machine has
neither TensorFlow nor LiteRT to read an embedding with.
"""

# Keras's annotations name too narrow arguments.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import numpy as np
import typer

from models.embedding.embedder import EMBEDDING_FILE
from models.training.breadth.recipe import BreadthPlan
from models.training.structure import prefix_of
from models.weight_files import WEIGHTS

if TYPE_CHECKING:
    import keras

HELD_OUT_START: Final = WEIGHTS / "held_out" / EMBEDDING_FILE.name
"""The held-out model, which saw nothing of what the run is measured with; in a checkout alone."""


def load_start(network: keras.Model, start: Path, number: int = 0) -> None:
    """Give a breadth network the convolutions of backbone `number` of what is finished.

    `start`: an exported embedding, or the folder of a finished run of one backbone. Raises
    WeightsError, and ValueError where the backbone ends before the network does.
    """
    from models.training.embedding_network import weighted_layers
    from models.training.export import load_embedding
    from models.training.runs import load_trained

    finished, _ = load_trained(start) if start.is_dir() else load_embedding(start)
    layers = {layer.name: layer for layer in weighted_layers(finished)}
    prefix = prefix_of(number)
    own = {
        name.removeprefix(prefix): one for name, one in layers.items() if name.startswith(prefix)
    }
    if not own:
        raise ValueError(f"{start} has no backbone {number}")
    first = min(own)  # the layers before it are those that backbones have in common
    for layer in weighted_layers(network):
        if layer.name in ("projection", "centred"):
            continue
        found = layers.get(layer.name) if layer.name < first else own.get(layer.name)
        if found is None:
            raise ValueError(f"backbone {number} of {start} has no {layer.name}")
        layer.set_weights(found.get_weights())


def main(
    out: Annotated[Path, typer.Argument(help="The file that is written.")],
    start: Annotated[
        Path, typer.Option(help="An embedding, or a finished run of one backbone.")
    ] = HELD_OUT_START,
    backbone: Annotated[int, typer.Option(help="Which of its backbones, from 0.")] = 0,
) -> None:
    """Write the starting weights; the projection is left to the run."""
    from models.training.breadth.network import build_breadth_network, save_weights

    plan = BreadthPlan()
    network = build_breadth_network(plan.taps, plan.dimensions)
    load_start(network, start, backbone)
    projection = network.get_layer("projection")
    projection.set_weights([np.zeros(w.shape, np.float32) for w in projection.weights])
    settings = {"taps": plan.taps, "dimensions": plan.dimensions, "projected": False}
    save_weights(out, network.get_weights(), int8=True, **settings)


if __name__ == "__main__":
    typer.run(main)
