"""What a cascade detector needs: the manifest of known cascade files and their loader."""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

HERE = Path(__file__).resolve().parent


class CascadeError(Exception):
    """No usable cascade file; the message says which file, why, and what to do."""


@dataclass(frozen=True, slots=True)
class Cascade:
    """A cascade that the manifest knows; `package` is the importable folder that carries it."""

    name: str
    file: str
    title: str
    origin: str
    licence: str
    sha256: str
    package: str
    distribution: str


@cache
def known_cascades() -> tuple[Cascade, ...]:
    """Return the manifest's entries, in its order."""
    manifest = tomllib.loads((HERE / "manifest.toml").read_text(encoding="utf-8"))
    return tuple(Cascade(**entry) for entry in manifest["cascade"])


def find_cascade(configured: Path | None = None, folder: Path = HERE) -> Path:
    """Return the path of the cascade to use.

    The order is: the file that the configuration names, the first `.xml` file in `folder`, the
    known cascade in its installed package (whose SHA-256 is checked).

    Raises CascadeError: the named file is missing or empty, or the package's file is missing or not
    the one that the manifest describes.
    """
    if configured is not None:
        return _checked_user_file(configured)
    dropped_in = sorted(folder.glob("*.xml"))
    if dropped_in:
        return _checked_user_file(dropped_in[0])
    return _packaged(known_cascades()[0])


def _checked_user_file(path: Path) -> Path:
    if not path.is_file():
        raise CascadeError(
            f"The cascade file {path} does not exist: correct the path in the configuration, "
            "or leave it out to use the one that is installed."
        )
    if path.stat().st_size == 0:
        raise CascadeError(f"The cascade file {path} is empty.")
    return path


def _packaged(cascade: Cascade) -> Path:
    # find_spec locates the package without running it: its own imports are of no use here.
    spec = find_spec(cascade.package)
    folders = spec.submodule_search_locations if spec else None
    path = Path(next(iter(folders))) / cascade.file if folders else None
    if path is None or not path.is_file():
        raise CascadeError(
            f"The cascade file {cascade.file} is not installed: run "
            f"`pip install {cascade.distribution}`, or drop a cascade file into {HERE}."
        )
    if hashlib.sha256(path.read_bytes()).hexdigest() != cascade.sha256:
        raise CascadeError(
            f"The cascade file {path} is not the one that the manifest describes (its SHA-256 "
            f"differs): reinstall it with `pip install --force-reinstall {cascade.distribution}`."
        )
    return path
