"""Finds a tagger on this machine, or fetches it from a model hub when the operator says so."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from models.tagger.tagger import NO_RUNTIME
from models.weight_files import WeightsError

FILES: Final = ["*.onnx", "*.onnx.data", "*.onnx_data", "selected_tags.csv", "*metadata.json"]
"""What is fetched of a tagger: the model, and which tags it gives."""


def find_tagger(model: str) -> Path:
    """Return where a tagger is: a path, or a hub's name (`owner/name`) that was fetched before.

    Nothing is asked of the network. Raises WeightsError.
    """
    path = Path(model).expanduser()
    if path.exists():
        return path
    if not _is_hub_name(model):
        raise WeightsError(f"There is no tagger at {model}.")
    try:
        return _snapshot(model, local_only=True)
    except OSError:  # the hub's client says so of what is not there
        raise WeightsError(
            f"The tagger {model} is not on this machine: `moedex tagger fetch {model}` gets it."
        ) from None


def fetch_tagger(model: str, endpoint: str | None = None) -> Path:
    """Fetch a tagger of a hub, with progress bars; return the folder. Raises WeightsError.

    What was fetched before isn't fetched again. `endpoint` is the hub, by default the usual one.
    """
    if not _is_hub_name(model):
        raise WeightsError(f"“{model}” is not a name on a hub: it is written owner/name.")
    try:
        return _snapshot(model, local_only=False, endpoint=endpoint)
    except WeightsError:
        raise
    except Exception as error:  # the hub's client has many kinds of errors, and its network more
        raise WeightsError(f"The tagger {model} can't be fetched ({error}).") from error


def _snapshot(model: str, *, local_only: bool, endpoint: str | None = None) -> Path:
    try:
        from huggingface_hub import snapshot_download
    except ImportError:
        raise WeightsError(NO_RUNTIME) from None
    folder = snapshot_download(
        model, allow_patterns=FILES, local_files_only=local_only, endpoint=endpoint
    )
    return Path(folder)


def _is_hub_name(model: str) -> bool:
    owner, _, name = model.partition("/")
    return bool(owner and name) and "/" not in name and not model.startswith((".", "/", "~"))
