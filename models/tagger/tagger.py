"""Runs a tagger on heads and gives the characters that it sees, by tag and probability."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from models.tagger.inputs import camie_input, surroundings, wd_input
from models.tagger.tags import WD_TAGS, camie_characters, wd_characters
from models.weight_files import WeightsError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.types import Box, Pixels

NO_RUNTIME: Final = "A tagger needs ONNX Runtime: pip install moedex[tagger]"
METADATA: Final = "*metadata.json"
TOP: Final = 5
"""Characters that are given for a head, at most."""


@dataclass(frozen=True, slots=True)
class TagGuess:
    """A character's tag, and how probable the tagger finds it, 0 to 1."""

    tag: str
    probability: float


@dataclass(frozen=True, slots=True)
class Form:
    """How a kind of taggers is asked.

    `prepare` makes the input of a picture and a side; `read` picks the scores, (tags,), of a run's
    outputs by name, and makes them probabilities.
    """

    name: str
    prepare: Callable[[Pixels, int], NDArray[np.float32]]
    read: Callable[[dict[str, NDArray[np.float32]]], NDArray[np.float32]]
    side_at: int
    """Which dimension of the input is the side of the picture."""
    side: int
    """The side where a model takes any."""


def _wd_probabilities(outputs: dict[str, NDArray[np.float32]]) -> NDArray[np.float32]:
    return next(iter(outputs.values()))[0]


def _camie_probabilities(outputs: dict[str, NDArray[np.float32]]) -> NDArray[np.float32]:
    """Take the refined scores, which come second where there are two kinds."""
    names = list(outputs)
    refined = [name for name in names if "refined" in name]
    logits = outputs[refined[0] if refined else names[min(1, len(names) - 1)]][0]
    return 1 / (1 + np.exp(-np.clip(logits, -50, 50)))


WD: Final = Form("WD v3", wd_input, _wd_probabilities, side_at=1, side=448)
CAMIE: Final = Form("Camie v2", camie_input, _camie_probabilities, side_at=2, side=512)


class Tagger:
    """A loaded tagger. `form` says of which kind; `tags` has the characters' tags by output."""

    def __init__(self, session: Any, form: Form, tags: dict[int, str], name: str) -> None:
        self.form = form
        self.tags = tags
        self.name = name
        self._session = session
        asked = session.get_inputs()[0]
        self._input = asked.name
        self._outputs = [output.name for output in session.get_outputs()]
        self.side = _side(asked.shape, form, name)
        self._places = np.array(sorted(tags))

    @classmethod
    def load(cls, path: Path, threads: int = 1) -> Tagger:
        """Load a model file, or the one in a folder, with the tags that lie beside it.

        Raises WeightsError, also where ONNX Runtime isn't installed.
        """
        try:
            import onnxruntime
        except ImportError:
            raise WeightsError(NO_RUNTIME) from None
        file = _model_file(path)
        form, tags = _tags_beside(file)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        try:
            session = onnxruntime.InferenceSession(
                str(file), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # it has errors of its own kinds for every way to be broken
            raise WeightsError(f"{file} can't be loaded as a tagger ({error}).") from error
        return cls(session, form, tags, file.parent.name if path.is_dir() else file.stem)

    def characters(self, picture: Pixels, box: Box) -> list[TagGuess]:
        """Return the characters seen at a head, most probable first; takes a second.

        `picture` is (height, width, 3) uint8 RGB. Raises ValueError where the model gives fewer
        scores than there are tags.
        """
        given = self.form.prepare(surroundings(picture, box), self.side)
        outputs = self._session.run(self._outputs, {self._input: given})
        scores = self.form.read(dict(zip(self._outputs, outputs, strict=True)))
        if len(scores) <= self._places[-1]:
            raise ValueError(f"{self.name} gives {len(scores)} scores, its tags go further")
        own = scores[self._places]
        best = np.argsort(-own, kind="stable")[:TOP]
        return [TagGuess(self.tags[int(self._places[n])], float(own[n])) for n in best]


def _model_file(path: Path) -> Path:
    """Return the model's file of a path or folder; of several in a folder `model.onnx`."""
    if path.is_file():
        return path
    found = sorted(path.glob("*.onnx"), key=lambda file: (file.name != "model.onnx", file.name))
    if not found:
        raise WeightsError(f"There is no tagger at {path}: a folder with an .onnx file is meant.")
    return found[0]


def _tags_beside(file: Path) -> tuple[Form, dict[int, str]]:
    """Return the form of the model `file` and its characters. Raises WeightsError."""
    if (file.parent / WD_TAGS).is_file():
        return WD, wd_characters(file.parent / WD_TAGS)
    own = file.with_name(f"{file.stem}-metadata.json")
    others = sorted(file.parent.glob(METADATA))
    if own.is_file() or others:
        return CAMIE, camie_characters(own if own.is_file() else others[0])
    raise WeightsError(
        f"Beside {file} there is neither {WD_TAGS} nor a metadata.json with the names of its tags."
    )


def _side(shape: list[int | str | None], form: Form, name: str) -> int:
    """Return the side of the pictures that a model takes. Raises WeightsError for another form."""
    colours = shape[3 if form.side_at == 1 else 1] if len(shape) == 4 else None
    if colours != 3:
        raise WeightsError(f"{name} takes {shape}, which is not how the form {form.name} does.")
    side = shape[form.side_at]
    return side if isinstance(side, int) else form.side
