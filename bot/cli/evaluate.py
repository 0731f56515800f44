"""`moedex evaluate`, `moedex embed` and `moedex model card`: the model looked at from outside."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.console import say
from bot.cli.identify import named
from bot.cli.options import ClusterOption, one_line_for
from models.weight_files import MODEL_CARD

if TYPE_CHECKING:
    from contextlib import AbstractContextManager


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
        say(json.dumps(figures))
        return
    for name, value in figures.items():
        say(f"{name.replace('_', ' ')}: {_as_text(value)}")


def embed(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Pictures.")],
    out: Annotated[Path, typer.Option("--out", metavar="VECTORS.npz", help="The file to write.")],
    face: Annotated[
        bool, typer.Option("--face", help="Each file is one face already: look for none.")
    ] = False,
    cluster: ClusterOption = False,
) -> None:
    """Write the vector of every face as arrays `file` and `vector`, in the order given.

    A vector is float32 of unit length. A file that can't be read, or shows no face, is an error
    that names it, and nothing is written. What was embedded till then is kept in a file beside it,
    VECTORS.npz.[...].part: the same command goes on from there.
    """
    from bot.cli.lines import Lines, LinesError
    from bot.errors import StartupError
    from models.bulk import Recipe
    from models.embedding.embedder import version_of
    from models.images.decoding import LOCAL_LIMITS
    from models.vectors import from_text, to_text, write_vectors

    recipe = Recipe(LOCAL_LIMITS, max_faces=64, one_face=face)
    with _readable_errors(StartupError, LinesError):
        # What other weights, or another way, began is not gone on with.
        part = out.with_name(f"{out.name}.{version_of()}{'-face' * face}.part")
        lines = Lines(part)
        left = [file for file in dict.fromkeys(files) if str(file) not in lines.there]
        for result in named(recipe, left, cluster=cluster) if left else ():
            if result.error is not None or not result.faces:
                why = result.error.message if result.error else f"no face found in {result.file}"
                say(why, err=True)
                raise typer.Exit(1)
            vectors = [to_text(each.vector) for each in result.faces]
            lines.add({"file": str(result.file), "vectors": vectors})
        texts = {row["file"]: row["vectors"] for row in lines.rows()}
        names = [str(file) for file in files for _ in texts[str(file)]]
        write_vectors(out, names, [from_text(text) for file in files for text in texts[str(file)]])
        part.unlink()
    say(f"{len(names)} vectors in {out}")


@model.command("card")
def card() -> None:
    """Print the model card: data, command, figures, limits, licence."""
    with one_line_for(OSError):
        say(*MODEL_CARD.read_text(encoding="utf-8").splitlines())


def _as_text(value: object) -> str:
    if isinstance(value, dict):
        low, high = value["interval"]
        return (
            f"{100 * value['share']:.1f} % ({100 * low:.1f} to {100 * high:.1f}; "
            f"{value['hits']} of {value['total']})"
        )
    return f"{value:.4f}" if isinstance(value, float) else str(value)


def _readable_errors(*others: type[Exception]) -> AbstractContextManager[None]:
    from models.training.dataset import DatasetError
    from models.weight_files import WeightsError

    return one_line_for(DatasetError, WeightsError, OSError, *others)
