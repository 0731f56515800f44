"""The reader of the npm package that training starts from."""

from __future__ import annotations

import base64
import io
import tarfile
from typing import TYPE_CHECKING

import numpy as np
import pytest

from models.training.start import StartError, read_start

if TYPE_CHECKING:
    from pathlib import Path


def _package(folder: Path) -> None:
    folder.mkdir(parents=True)
    manifest = (
        'weightsManifest:[{weights:[{name:"conv2d_1/kernel",shape:[2,3],dtype:"float32",'
        'quantization:{min:-1,scale:.5,dtype:"uint8"}},{name:"conv2d_2/kernel",shape:[1],'
        'dtype:"float32",quantization:{min:0,scale:2,dtype:"uint8"}}]}]'
    )
    (folder / "model.min.js").write_text(manifest)
    for index, part in enumerate((bytes([0, 1, 2, 3]), bytes([4, 5, 6])), 1):
        text = f'n.exports="{base64.b64encode(part).decode()}"'
        (folder / f"group1-shard{index}of2.min.js").write_text(text)


def test_start_is_read_from_folder_and_tarball_alike(tmp_path: Path) -> None:
    inner = tmp_path / "package" / "dist" / "models" / "inception_v3"
    _package(inner)
    tarball = tmp_path / "nsfwjs.tgz"
    with tarfile.open(tarball, "w:gz") as archive:
        archive.add(tmp_path / "package", "package")

    for path in (tmp_path, tmp_path / "package", inner, tarball):
        tensors = read_start(path)
        np.testing.assert_allclose(tensors["conv2d_1/kernel"], [[-1, -0.5, 0], [0.5, 1, 1.5]])
        np.testing.assert_allclose(tensors["conv2d_2/kernel"], [12])


def test_a_folder_without_the_package_is_said_to_be_one(tmp_path: Path) -> None:
    with pytest.raises(StartError, match=r"nsfwjs 4\.3\.0"):
        read_start(tmp_path)
    broken = tmp_path / "broken.tgz"
    broken.write_bytes(io.BytesIO(b"no archive").getvalue())
    with pytest.raises(StartError, match="not an npm package"):
        read_start(broken)
