"""Makes an embedding of the averaged weights of a breadth run.

    python -m models.training.breadth.export RUNS/held_out/averaged.npz embedding.tflite

Gallery, calibration and threshold are fitted anew for it (`moedex train gallery`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from models.training.trained import USED_SIDE


def main(
    averaged: Annotated[Path, typer.Argument(help="Averaged weights of a breadth run.")],
    out: Annotated[Path, typer.Argument(help="The file that is written.")],
) -> None:
    """Write the embedding, int8."""
    from models.training.breadth.network import finished, load_breadth_network
    from models.training.export import export_embedding

    network, settings = load_breadth_network(averaged)
    embedding, structure = finished(network, settings["taps"], USED_SIDE)
    export_embedding(embedding, out, structure)


if __name__ == "__main__":
    typer.run(main)
