"""`moedex evaluate`, `moedex embed` and `moedex model card`: the model looked at from outside."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.options import one_line_for
from models.weight_files import MODEL_CARD

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from models.bulk import FileResult
    from models.types import Vector

model = typer.Typer(
    name="model", help="The model, and the versions that servers trained.", no_args_is_help=True
)


def evaluate(
    data: Annotated[
        Path, typer.Argument(metavar="DIR", help="Faces to name, in character/picture folders.")
    ],
    gallery: Annotated[
        Path | None,
        typer.Option(
            "--gallery", metavar="DIR", help="Learn the names from this folder's faces instead."
        ),
    ] = None,
    shots: Annotated[
        int | None,
        typer.Option(
            "--shots", min=1, help="Learn from so many pictures a character; ten random draws."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Measure how well the faces in folders are named.

    By the shipped names; or by those of another folder (--gallery); or, with --shots alone, by
    pictures drawn from the folder itself. Folders of characters that can't be named are
    unknown identities.
    """
    from models.embedding.embedder import Embedder
    from models.gallery.namer import Namer
    from models.training.assessment import assess

    with _readable_errors():
        figures = assess(data, Embedder.load(), Namer.load(), gallery=gallery, shots=shots)
    if as_json:
        typer.echo(json.dumps(figures))
        return
    for name, value in figures.items():
        typer.echo(f"{name.replace('_', ' ')}: {_as_text(value)}")


def embed(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Pictures.")],
    out: Annotated[Path, typer.Option("--out", metavar="VECTORS.npz", help="The file to write.")],
    face: Annotated[
        bool, typer.Option("--face", help="Each file is one face already: look for none.")
    ] = False,
) -> None:
    """Write the vector of every face as arrays `file` and `vector`, in the order given.

    A vector is float32 of unit length. A file that can't be read, or shows no face, is an error
    that names it, and nothing is written.
    """
    from models.vectors import write_vectors

    names: list[str] = []
    vectors: list[Vector] = []
    with _readable_errors():
        for result in _faces(files, face):
            if result.error is not None or not result.faces:
                why = result.error.message if result.error else f"no face found in {result.file}"
                typer.echo(why, err=True)
                raise typer.Exit(1)
            names += [str(result.file)] * len(result.faces)
            vectors += [named.vector for named in result.faces]
        write_vectors(out, names, vectors)
    typer.echo(f"{len(names)} vectors in {out}")


@model.command("card")
def card() -> None:
    """Print the model card: data, command, figures, limits, licence."""
    with one_line_for(OSError):
        typer.echo(MODEL_CARD.read_text(encoding="utf-8"))


def _faces(files: list[Path], one_face: bool) -> list[FileResult]:
    from models.bulk import BulkNaming
    from models.identify import Identifier
    from models.images.decoding import LOCAL_LIMITS

    naming = BulkNaming(Identifier.load(), LOCAL_LIMITS, max_faces=64, one_face=one_face)
    return list(naming.name_all(files))


def _as_text(value: object) -> str:
    if isinstance(value, dict):
        low, high = value["interval"]
        return (
            f"{100 * value['share']:.1f} % ({100 * low:.1f} to {100 * high:.1f}; "
            f"{value['hits']} of {value['total']})"
        )
    return f"{value:.4f}" if isinstance(value, float) else str(value)


def _readable_errors() -> AbstractContextManager[None]:
    from models.training.dataset import DatasetError
    from models.weight_files import WeightsError

    return one_line_for(DatasetError, WeightsError, OSError)
