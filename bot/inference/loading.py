"""Loads the real stages. Only here are the models imported, because that takes seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.inference.memory import give_back, share_one_pool, spare_what_is_loaded

if TYPE_CHECKING:
    from bot.config import Config
    from bot.inference.stages import Stages


def load_stages(config: Config) -> Stages:
    """Load the models and return the real stages; takes seconds, so call it in a thread."""
    share_one_pool()
    from bot.inference.real import RealStages

    stages = RealStages.load(config)
    spare_what_is_loaded()
    give_back()
    return stages
