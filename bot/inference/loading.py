"""Makes what the configuration names: the real stages, the tagger, the backend.

Only here are the models imported: that takes seconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.inference.backend import Threads
from bot.inference.memory import give_back, share_one_pool, spare_what_is_loaded
from bot.inference.threads import share_processors

if TYPE_CHECKING:
    from bot.config import Config
    from bot.inference.stages import Stages
    from models.tagger.second_opinion import SecondOpinion


def load_stages(config: Config) -> Stages:
    """Load the models and return the real stages; takes seconds, so call it in a thread."""
    share_one_pool()
    from bot.inference.real import RealStages

    share_processors()
    stages = RealStages.load(config)
    spare_what_is_loaded()
    give_back()
    return stages


def backend_of(config: Config) -> Threads:
    """Return the backend that the configuration names."""
    if config.inference.backend == "ray":
        from bot.inference.cluster.backend import Cluster

        return Cluster(config)
    return Threads(config.inference)


def load_second_opinion(config: Config) -> SecondOpinion:
    """Load the configured tagger; takes seconds. Raises WeightsError."""
    from models.tagger.hub import find_tagger
    from models.tagger.second_opinion import SecondOpinion
    from models.tagger.tagger import Tagger

    tagger = Tagger.load(find_tagger(config.tagger.model), config.inference.threads)
    return SecondOpinion(tagger, config.tagger.threshold)
