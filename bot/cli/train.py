"""`moedex train`: makes the weights, from pictures in `character/picture` folders."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.console import say
from bot.cli.options import one_line_for
from bot.terminal import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

app = typer.Typer(
    name="train",
    help="Make the weights from pictures in character/picture folders.",
    no_args_is_help=True,
)

DataArgument = Annotated[
    Path, typer.Argument(metavar="DIR", help="Folder of character/picture folders.")
]
OutOption = Annotated[
    Path, typer.Option("--out", metavar="DIR", help="Folder for checkpoints, logs and weights.")
]
StartOption = Annotated[
    Path,
    typer.Option(
        "--start",
        metavar="PATH",
        help="The npm package nsfwjs 4.3.0 (.tgz or unpacked) to start from.",
    ),
]
MinutesOption = Annotated[
    float | None,
    typer.Option("--minutes", min=1, help="End by the clock instead of after a number of passes."),
]
SeedOption = Annotated[int, typer.Option("--seed", help="Of the split and of every draw.")]
ShipOption = Annotated[
    bool, typer.Option("--ship", help="Put the weights where the bot loads them from.")
]


@app.command("all")
def train_all(
    data: DataArgument,
    start: StartOption,
    out: OutOption = Path("runs"),
    minutes: MinutesOption = None,
    seed: SeedOption = 0,
    ship: ShipOption = False,
) -> None:
    """Train backbones, names and detector: everything that the bot loads.

    A run that was broken off goes on where its last checkpoint was written. The detector stays as
    it is where the folder has no posts with boxes to train one.
    """
    _check_shipping(data, ship)
    _load_keras()
    from models.training.dataset import DatasetError
    from models.training.detector.training import train_detector

    with _readable_errors():
        folder = _train_backbone(data, out, start, minutes, seed)
        files = {path.name: path for path in _naming_files(folder)}
        try:
            detector = train_detector(data, out / "detector", start=start)
        except DatasetError as error:
            say(f"The detector stays as it is: {error}", err=True)
        else:
            files[detector.name] = detector
        _finish(files, ship)


@app.command("backbone")
def train_backbone(
    data: DataArgument,
    start: StartOption,
    out: OutOption = Path("runs"),
    minutes: MinutesOption = None,
    seed: SeedOption = 0,
    ship: ShipOption = False,
) -> None:
    """Train the embedding, first with a part held out to measure it, then on everything."""
    _check_shipping(data, ship)
    _load_keras()
    with _readable_errors():
        folder = _train_backbone(data, out, start, minutes, seed)
        _finish({path.name: path for path in _naming_files(folder)}, ship)


@app.command("further")
def train_further(
    data: DataArgument,
    out: OutOption = Path("runs"),
    minutes: MinutesOption = None,
    seed: SeedOption = 2,
    ship: ShipOption = False,
) -> None:
    """Go on training the installed weights, on every picture there is."""
    _check_shipping(data, ship)
    _load_keras()
    from models.training import pipeline

    with _readable_errors(), _progress("Training") as report:
        plan = pipeline.further_plan(minutes, seed)
        folder = pipeline.train_further(data, out, plan, report=report)
    _finish({path.name: path for path in _naming_files(folder)}, ship)


@app.command("head")
def train_head(
    data: DataArgument, out: OutOption = Path("runs/head"), ship: ShipOption = False
) -> None:
    """Learn the names of a folder's characters, on the embedding as it is: takes minutes."""
    _check_shipping(data, ship)
    from models.embedding.embedder import Embedder
    from models.gallery.namer import Namer
    from models.training.galleries import fit_own_head

    with _readable_errors(), _progress("Embedding") as report:
        path = fit_own_head(
            data, out, embedder=Embedder.load(), shipped=Namer.load(), report=report
        )
    _finish({path.name: path}, ship)


@app.command("gallery")
def train_gallery(
    data: DataArgument,
    embedding: Annotated[
        Path | None,
        typer.Option("--embedding", metavar="FILE", help="Of the bot; default: the installed one."),
    ] = None,
    held_out: Annotated[
        Path | None,
        typer.Option("--held-out", metavar="FILE", help="What calibrates; default: the same."),
    ] = None,
    out: OutOption = Path("runs/gallery"),
    cache: Annotated[
        Path, typer.Option("--cache", metavar="DIR", help="Keeps decoded faces, and their vectors.")
    ] = Path("runs/faces"),
    complete: Annotated[
        bool,
        typer.Option(help="Embed every face for the calibration, or use what is embedded already."),
    ] = True,
    ship: ShipOption = False,
) -> None:
    """Enrol all characters of the roster, calibrate, and keep impostors.

    Every face is embedded once, which takes minutes on two cores, and goes on where it was broken
    off.
    """
    from models.embedding.embedder import EMBEDDING_FILE
    from models.training.gallery.shipping import HELD_OUT, make_gallery

    with _readable_errors(), _progress("Embedding") as report:
        files = make_gallery(
            data,
            out,
            cache=cache,
            embedding=embedding or EMBEDDING_FILE,
            held_out=held_out or embedding or HELD_OUT,
            complete=complete,
            report=report,
        )
    made = {path.name: path for path in files}
    _finish(made | ({EMBEDDING_FILE.name: embedding} if embedding else {}), ship)


@app.command("detector")
def train_detector_alone(
    data: DataArgument,
    start: StartOption,
    out: OutOption = Path("runs/detector"),
    ship: ShipOption = False,
) -> None:
    """Train the head detector."""
    _load_keras()
    from models.training.detector.training import train_detector

    with _readable_errors():
        path = train_detector(data, out, start=start)
        _finish({path.name: path}, ship)


@app.command("roster")
def train_roster(
    sources: Annotated[
        list[Path],
        typer.Argument(metavar="CSV...", help="Sources of characters, the first one first."),
    ],
    tags: Annotated[
        Path | None,
        typer.Option("--tags", metavar="CSV", help="Appearances by tag on the fan-art board."),
    ] = None,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="The file to write.")] = Path(
        "runs/roster.json.xz"
    ),
    ship: ShipOption = False,
) -> None:
    """Make the roster of characters from CSV files and the reviewed corrections."""
    from models.roster.roster import ROSTER_FILE
    from models.training.roster.building import build
    from models.training.roster.rows import RosterError

    with one_line_for(RosterError, OSError):
        built = build(sources, tags)
        out.parent.mkdir(parents=True, exist_ok=True)
        built.write(out)
        series = {row.series for row in built.characters if row.series}
        say(
            f"{len(built.characters)} characters of {len(series)} series, "
            f"{len(built.same)} further ids that lead to one of them."
        )
        _finish({ROSTER_FILE.name: out}, ship)


def _check_shipping(data: Path, ship: bool) -> None:
    """Refuse to ship the names of a part of a folder's characters, before anything is trained."""
    from models.training.breadth.faces import FURTHER, has_further

    if ship and has_further(data):
        further = " and ".join(f"{name}/" for name in FURTHER)
        raise typer.BadParameter(
            f"would leave out the characters of {further}: go without it here, and ship everybody "
            "by `moedex train gallery`, by an --embedding and its --held-out of this run or others",
            param_hint="--ship",
        )


def _load_keras() -> None:
    """End the command where Keras, or what it computes with, is not installed."""
    try:
        import models.training.quiet_keras  # noqa: F401
    except ImportError as error:
        say(
            f"Training networks needs Keras and what it computes with ({error}). "
            f"Install them: {sys.executable} -m pip install 'moedex[train]'",
            err=True,
        )
        raise typer.Exit(1) from None


def _train_backbone(data: Path, out: Path, start: Path, minutes: float | None, seed: int) -> Path:
    from models.training.pipeline import default_plan, train_both

    with _progress("Training") as report:
        return train_both(data, out, default_plan(minutes, seed), start=start, report=report)


def _naming_files(folder: Path) -> Iterator[Path]:
    from models.training.pipeline import INSTALLED_FILES

    return (folder / name for name in INSTALLED_FILES)


def _finish(files: dict[str, Path], ship: bool) -> None:
    from models.weight_files import install

    for path in files.values():
        say(f"{path}  ({path.stat().st_size / 1e6:.1f} MB)")
    if ship:
        install(files)
        say("These are now the bot's weights.")


def _readable_errors() -> AbstractContextManager[None]:
    from models.training.dataset import DatasetError
    from models.training.start import StartError
    from models.weight_files import WeightsError

    return one_line_for(DatasetError, StartError, WeightsError, OSError)


@contextmanager
def _progress(title: str) -> Iterator[Callable[[dict], None]]:
    """Show a progress bar on stderr that follows the lines of a run's log."""
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True)) as bar:
        task = bar.add_task(title, total=None)

        def report(line: dict) -> None:
            if "progress" in line:
                bar.update(task, total=1.0, completed=line["progress"])
            text = ", ".join(f"{name} {value}" for name, value in line.items())
            bar.console.print(shown(text), highlight=False, markup=False)

        yield report
