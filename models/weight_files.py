"""Where the weights files lie, how they are opened, and how others take their place."""

from __future__ import annotations

import json
import os
import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from safetensors import SafetensorError, safe_open

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

WEIGHTS: Final = Path(__file__).parent / "weights"
MODEL_CARD: Final = WEIGHTS / "README.md"


class WeightsError(Exception):
    """A weights file is missing or broken; the message says which and what to do."""


@contextmanager
def readable(path: Path, whose: str, command: str) -> Iterator[None]:
    """Raise WeightsError for whatever is found wrong while the file `path` is read.

    `whose` weights they are, and which `moedex train` makes them, is for the error's text.
    """
    try:
        yield
    except (OSError, SafetensorError, KeyError, TypeError, ValueError, RuntimeError) as error:
        raise WeightsError(
            f"{whose} weights {path} can't be read ({error}); "
            f"reinstall Moedex or run `moedex train {command}`"
        ) from error


@contextmanager
def opened(path: Path, whose: str, command: str) -> Iterator[safe_open]:
    """Open a safetensors file; raises WeightsError as `readable` does."""
    with readable(path, whose, command), safe_open(path, "numpy") as file:
        yield file


def read_bound(path: Path, backbone: str) -> tuple[dict[str, Any], dict[str, NDArray[Any]]] | None:
    """Read vectors that were made by a backbone: what is said of them, and the arrays by name.

    None where there is no file, or it is of another backbone: its vectors then mean nothing.
    """
    if not path.is_file():
        return None
    with safe_open(path, "numpy") as file:
        about = json.loads(file.metadata()["moedex"])
        if about["backbone"] != backbone:
            return None
        return about, {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118


def write_bound(
    path: Path, backbone: str, about: Mapping[str, Any], tensors: dict[str, NDArray[Any]]
) -> None:
    """Write what `read_bound` reads for this backbone."""
    from safetensors.numpy import save  # NumPy takes longer to load than `moedex --help` does

    text = json.dumps({"backbone": backbone, **about})
    path.write_bytes(save(tensors, {"moedex": text}))


def install(files: Mapping[str, Path], folder: Path = WEIGHTS) -> None:
    """Put weights files, by name, where `Embedder` and `Namer` look for them.

    A file is replaced as a whole: a bot that runs goes on reading the former one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, path in files.items():
        new = folder / f"{name}.new"
        shutil.copyfile(path, new)
        new.chmod(0o644)
        os.replace(new, folder / name)
