"""Crops as files: who may sweep what, also where two processes share the folder."""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np

from bot.storage.crops import CropStore

CROP = np.zeros((8, 8, 3), np.uint8)


async def test_a_crop_is_swept_only_once_it_has_or_never_gets_a_row(tmp_path: Path) -> None:
    site, bot = CropStore(tmp_path), CropStore(tmp_path)
    names = await site.save(7, [CROP, CROP])
    assert await bot.list() == set()
    site.recorded(names[:1])
    assert await bot.list() == {names[0]}
    await bot.delete(names)
    assert not os.listdir(tmp_path / "7")


async def test_what_a_process_that_is_gone_left_behind_is_swept(tmp_path: Path) -> None:
    (name,) = await CropStore(tmp_path).save(7, [CROP])
    mark, old = tmp_path / f"{name}.unrecorded", time.time() - 7200
    os.utime(mark, (old, old))
    assert await CropStore(tmp_path).list() == {name}
    assert os.listdir(tmp_path / "7") == [Path(name).name]
