"""Small taggers of the two forms: they see the colour of a picture, and call it a character.

Inputs, outputs and the files beside are those of the real models; in between is a mean over the
picture and one matrix. The real ones can't be fetched by tests.
"""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

TAGS = ("1girl", "hatsune_miku", "kasane_teto", "solo", "rem_(re:zero)")
"""Miku is a green picture, Teto a red one, and Rem a blue one; the others are no characters."""
CHARACTERS = {1: "hatsune_miku", 2: "kasane_teto", 4: "rem_(re:zero)"}
RGB = {1: (0, 1, 0), 2: (1, 0, 0), 4: (0, 0, 1)}


def wd_model(folder: Path, side: int = 448) -> Path:
    """Write a model of the form WD v3: NHWC, BGR from 0 to 255, probabilities."""
    weights = _weights(bgr=True, white=255)
    file = _write(folder / "model.onnx", [1, side, side, 3], weights, axes=[1, 2], outputs=1)
    with (folder / "selected_tags.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["tag_id", "name", "category", "count"])
        for place, tag in enumerate(TAGS):
            writer.writerow([place + 470, tag, 4 if place in CHARACTERS else 0, 1000])
    return file


def camie_model(folder: Path, side: int = 512, *, nested: bool = True) -> Path:
    """Write a model of the form Camie v2: NCHW, ImageNet's normalisation, refined logits second."""
    weights = _weights(bgr=False, white=1)
    file = _write(
        folder / "camie-tagger-v2.onnx", [1, 3, side, side], weights, axes=[2, 3], outputs=2
    )
    mapping: dict[str, dict[str, Any]] = {
        "idx_to_tag": {str(place): tag for place, tag in enumerate(TAGS)},
        "tag_to_category": {
            tag: "character" if place in CHARACTERS else "general" for place, tag in enumerate(TAGS)
        },
    }
    if not nested:
        mapping["tag_to_idx"] = {tag: int(n) for n, tag in mapping.pop("idx_to_tag").items()}
    written = {"dataset_info": {"tag_mapping": mapping}} if nested else mapping
    file.with_name("camie-tagger-v2-metadata.json").write_text(json.dumps(written))
    return file


def _weights(*, bgr: bool, white: float) -> NDArray[np.float32]:
    """Return (3, tags): 12 for the character's own colour at its brightest, -12 for the others."""
    weights = np.zeros((3, len(TAGS)), np.float32)
    for place, rgb in RGB.items():
        own = np.array(rgb[::-1] if bgr else rgb, np.float32)
        weights[:, place] = 12 * (2 * own - 1) / white
    return weights


def _write(
    file: Path, shape: list[int], weights: NDArray[np.float32], axes: list[int], outputs: int
) -> Path:
    nodes = [
        helper.make_node("ReduceMean", ["input", "axes"], ["mean"], keepdims=0),
        helper.make_node("MatMul", ["mean", "weights"], ["logits"]),
    ]
    if outputs == 1:
        nodes.append(helper.make_node("Sigmoid", ["logits"], ["output"]))
        names = ["output"]
    else:
        nodes.append(helper.make_node("Mul", ["logits", "nothing"], ["initial_predictions"]))
        nodes.append(helper.make_node("Identity", ["logits"], ["refined_predictions"]))
        names = ["initial_predictions", "refined_predictions"]
    graph = helper.make_graph(
        nodes,
        "colours",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, len(TAGS)]) for name in names],
        [
            numpy_helper.from_array(weights, "weights"),
            numpy_helper.from_array(np.array(axes, np.int64), "axes"),
            numpy_helper.from_array(np.zeros(1, np.float32), "nothing"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    file.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(model, file)
    return file
