"""Starts, resumes and cools down a run of `models.training.breadth.recipe`.

    python -m models.training.breadth.run --data ../shared/data --run FOLDER

`FOLDER` holds the run: `plan.json`, `state.npz` (replaced every few minutes), `averaged.npz` (the
averaged weights alone, what `models.training.breadth.network.load_breadth_network` reads) and
`log.jsonl`. The same command resumes it. Without `--production` it trains on the role `train` of
`models.training.breadth.split`; with it on every identity that is not reserved.
"""

# TensorFlow's and Keras's annotations name too narrow arguments.
# pyright: reportArgumentType=false, reportOptionalMemberAccess=false, reportAttributeAccessIssue=false

from __future__ import annotations

import json
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import numpy as np
import typer

from models.training.augmentation import framed
from models.training.breadth.faces import FaceSet, load_faces, read_roster
from models.training.breadth.recipe import BreadthPlan, ClassWeights, PairBatches
from models.training.breadth.split import HELD_OUT_SPLIT, split_roles
from models.training.breadth.start import HELD_OUT_START, load_start
from models.training.reserved import reserved_identities

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

STATE_FILE: Final = "state.npz"
AVERAGED_FILE: Final = "averaged.npz"
FEATURES_FILE: Final = "start_features.npy"
AHEAD: Final = 6
"""Batches that are drawn before they are wanted."""


def roles_of(faces: FaceSet, data: Path) -> list[str]:
    """The role of each face, (faces,)."""
    roster = read_roster(data)
    trained = {face.identity for face in faces.faces if face.folder == "characters"}
    appearances = {identity: row.appearances for identity, row in roster.items()}
    reserved = reserved_identities(appearances, trained)
    return split_roles(
        faces.faces, json.loads(HELD_OUT_SPLIT.read_text(encoding="utf-8")), reserved
    )


def trained_on(faces: FaceSet, roles: list[str], *, production: bool) -> list[int]:
    """The faces that a run trains on."""
    if not production:
        return [i for i, role in enumerate(roles) if role == "train"]
    reserved = {faces.faces[i].identity for i, role in enumerate(roles) if role == "reserved"}
    return [
        i
        for i, face in enumerate(faces.faces)
        if face.identity.removeprefix("icon/") not in reserved
    ]


def labels_of(faces: FaceSet, chosen: list[int]) -> tuple[list[str], NDArray[np.int64]]:
    """The identities in the order of the alphabet, and the class number of each chosen face."""
    identities = sorted({faces.faces[i].identity for i in chosen})
    numbers = {identity: number for number, identity in enumerate(identities)}
    return identities, np.array([numbers[faces.faces[i].identity] for i in chosen], np.int64)


def main(
    data: Annotated[Path, typer.Option(help="The data folder.")],
    run: Annotated[Path, typer.Option(help="The folder of the run.")],
    start: Annotated[
        Path, typer.Option(help="An embedding, or a finished run of one backbone.")
    ] = HELD_OUT_START,
    backbone: Annotated[int, typer.Option(help="Which of its backbones, from 0.")] = 0,
    production: Annotated[bool, typer.Option(help="Train on all but the reserved.")] = False,
    minutes: Annotated[float, typer.Option(help="Stop after so many.")] = 1e9,
    cool_down: Annotated[int, typer.Option(help="End in so many steps, at a falling rate.")] = 0,
    side: Annotated[int, typer.Option(help="Of the pictures, where resumed.")] = 0,
    rate: Annotated[float, typer.Option(help="Of learning, where resumed.")] = 0.0,
    bfloat16: Annotated[
        bool, typer.Option(help="Convolve in bfloat16: twice as fast on a processor with AMX.")
    ] = False,
) -> None:
    """Train until stopped."""
    from models.training.quiet_keras import keras

    keras.config.set_dtype_policy("mixed_bfloat16" if bfloat16 else "float32")
    cache = run.parent / "faces"
    run.mkdir(parents=True, exist_ok=True)
    faces = load_faces(data, cache)
    chosen = trained_on(faces, roles_of(faces, data), production=production)
    identities, labels = labels_of(faces, chosen)
    plan = _plan(run, side, rate)
    (run / "identities.json").write_text(json.dumps(identities), encoding="utf-8")
    trainer = Trainer(run, plan, faces, chosen, labels)
    if (run / STATE_FILE).is_file():
        trainer.resume()
    else:
        trainer.begin(start, backbone)
    trainer.train(minutes, cool_down)


def _plan(run: Path, side: int, rate: float) -> BreadthPlan:
    path = run / "plan.json"
    plan = BreadthPlan()
    if path.is_file():
        kept = json.loads(path.read_text(encoding="utf-8"))
        plain = {f.name for f in fields(plan)} - {"augmentation", "styles", "taps"}
        plan = replace(plan, **{name: kept[name] for name in plain if name in kept})
    plan = replace(plan, side=side or plan.side, rate=rate or plan.rate)
    path.write_text(json.dumps(asdict(plan), indent=1), encoding="utf-8")
    return plan


class Trainer:
    """A run in a folder."""

    def __init__(
        self,
        run: Path,
        plan: BreadthPlan,
        faces: FaceSet,
        chosen: list[int],
        labels: NDArray[np.int64],
    ) -> None:
        from models.training.breadth.network import TrainingStep, build_breadth_network, freeze

        self.run, self.plan = run, plan
        self._faces, self._chosen, self._labels = faces, chosen, labels
        self.batches = PairBatches(faces, chosen, labels, plan)
        self.network = build_breadth_network(plan.taps, plan.dimensions)
        freeze(self.network, plan.frozen)
        self.step = 0
        self.seconds = 0.0
        self.classes: ClassWeights
        self._training = TrainingStep(self.network, plan)

    def begin(self, start: Path, backbone: int) -> None:
        """Start from a finished backbone: a discriminant of its averages, the classes' means."""
        from models.training.breadth.network import outputs_of
        from models.training.projections import discriminant
        from models.training.quiet_keras import keras

        load_start(self.network, start, backbone)
        features_file = self.run / FEATURES_FILE
        if features_file.is_file():
            features = np.load(features_file).astype(np.float32)
        else:
            side = self.plan.side
            seen = keras.Model(self.network.input, self.network.get_layer("pooled").output)
            crops = lambda i: framed(self._faces.picture(self._chosen[i]), side)  # noqa: E731
            features = np.concatenate([*outputs_of(seen, crops, len(self._chosen))])
            np.save(features_file, features.astype(np.float16))
        kernel, bias = discriminant(features, self._labels.tolist(), self.plan.dimensions)
        vectors = features @ kernel + bias
        scale = 1 / np.linalg.norm(vectors, axis=1).mean()
        self.network.get_layer("projection").set_weights([kernel * scale, bias * scale])
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        means = np.zeros((self.batches.classes, vectors.shape[1]), np.float32)
        np.add.at(means, self._labels, vectors)
        means /= np.linalg.norm(means, axis=1, keepdims=True)
        hues = np.zeros((self.batches.classes * self.plan.hues, means.shape[1]), np.float32)
        known = np.arange(len(means) + len(hues)) < len(means)
        self.classes = ClassWeights(np.concatenate([means, hues]), known)

    def resume(self) -> None:
        """Go on from the last checkpoint."""
        with np.load(self.run / STATE_FILE) as file:
            state = {name: file[name] for name in file.files}
        self._training.restore(state)
        self.classes = ClassWeights(state["rows"], state["known"])
        self.step, self.seconds = int(state["step"]), float(state["seconds"])

    def save(self) -> None:
        """Write the checkpoint and the averaged weights, each whole or not at all."""
        from models.training.breadth.network import save_weights

        state = self._training.state()
        unfinished = self.run / (STATE_FILE + ".part")
        with unfinished.open("wb") as file:
            np.savez(
                file,
                rows=self.classes.rows,
                known=self.classes.known,
                step=np.array(self.step),
                seconds=np.array(self.seconds),
                **state,
            )
        unfinished.replace(self.run / STATE_FILE)
        settings = {"taps": self.plan.taps, "dimensions": self.plan.dimensions, "step": self.step}
        save_weights(self.run / AVERAGED_FILE, self._training.averaged(), **settings)

    def train(self, minutes: float, cool_down: int = 0) -> None:
        """Train for some minutes, or for the steps of a cool-down."""
        plan = self.plan
        begun = saved = time.monotonic()
        before, first = self.seconds, self.step
        memory = _Memory(plan.memory, plan.dimensions)
        rng = np.random.default_rng((plan.seed, self.step))
        figures: list[tuple[float, float, float]] = []
        for pixels, labels in self._drawn(first):
            now = time.monotonic()
            self.seconds = before + now - begun
            done = self.step - first >= cool_down if cool_down else now - begun > 60 * minutes
            if now - saved > 60 * plan.save_minutes or done:
                self.save()
                saved = time.monotonic()
            if done:
                return
            if (self.step - first) % 400 == 0:
                self.classes.find_like(self.batches.classes, plan.like)
            rate = plan.rate * min(1.0, (self.step + 1) / plan.warm_up)
            if cool_down:
                rate *= 1 - (self.step - first) / cool_down
            sample = self.classes.sample(labels, plan, rng)
            fresh = ~self.classes.known[sample]
            rows = self.classes.rows[sample]
            *seen, slope, vectors = self._training(
                pixels,
                labels,
                sample,
                rows,
                memory.content(),
                self.classes.known[labels],
                rate,
            )
            slope[fresh] = 0
            self.classes.train(sample[~fresh], slope[~fresh], plan.class_rate)
            self.classes.start(labels, vectors)
            memory.add(vectors, labels)
            figures.append((seen[0], seen[1], seen[2]))
            self.step += 1
            if self.step % 50 == 0:
                self._log(np.mean(figures, axis=0), len(figures) * len(labels), rate)
                figures.clear()

    def _drawn(self, first: int) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.int64]]]:
        with ThreadPoolExecutor(1, "batches") as pool:
            waiting = deque(pool.submit(self.batches.batch, first + i) for i in range(AHEAD))
            number = first + AHEAD
            try:
                while True:
                    drawn = waiting.popleft().result()
                    waiting.append(pool.submit(self.batches.batch, number))
                    number += 1
                    yield drawn
            finally:
                pool.shutdown(cancel_futures=True)

    def _log(self, means: NDArray[np.float64], pictures: int, rate: float) -> None:
        line = {"step": self.step, "seconds": round(self.seconds), "rate": round(rate, 7)}
        line |= {"side": self.plan.side, "softmax": round(float(means[0]), 4)}
        line |= {"contrast": round(float(means[1]), 4), "right": round(float(means[2]), 4)}
        with (self.run / "log.jsonl").open("a", encoding="utf-8") as log:
            log.write(json.dumps(line) + "\n")


class _Memory:
    """The vectors and classes of the last faces; empty places are of no class and far away."""

    def __init__(self, size: int, dimensions: int) -> None:
        self._vectors = np.zeros((size, dimensions), np.float32)
        self._labels = np.full(size, -1, np.int64)
        self._next = 0

    def content(self) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        return self._vectors, self._labels

    def add(self, vectors: NDArray[np.float32], labels: NDArray[np.int64]) -> None:
        places = (self._next + np.arange(len(labels))) % len(self._labels)
        self._vectors[places], self._labels[places] = vectors, labels
        self._next = (self._next + len(labels)) % len(self._labels)


if __name__ == "__main__":
    typer.run(main)
