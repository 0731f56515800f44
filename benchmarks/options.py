"""The options that measurements have in common, and what they are where nobody says."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

DATA: Final = Path("../shared/data")
RUN: Final = Path("runs/held_out")
CACHE: Final = Path("runs/faces")

Data = Annotated[Path, typer.Option(help="The folder of labelled pictures.")]
Cache = Annotated[Path, typer.Option(help="Where decoded faces are kept.")]
Run = Annotated[Path, typer.Option(help="The folder of the held-out model.")]
Docs = Annotated[Path | None, typer.Option(help="Page whose section is rewritten.")]
