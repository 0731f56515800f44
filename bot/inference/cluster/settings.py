"""What decides how a picture is seen: bot and cluster must agree on it, to the bit."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from bot.inference.finding import Intake
from models.detection.learned import DETECTOR_FILE

if TYPE_CHECKING:
    from bot.config import Config


def fingerprint(config: Config, backbone: str) -> str:
    """Return twelve digits that are the same where the same picture gives the same vectors.

    Reads files, so call it in a thread. Raises OSError: the configured cascade can't be read.
    """
    inference, digest = config.inference, hashlib.sha256()
    parts = {
        "version": version("moedex"),
        "backbone": backbone,
        "intake": asdict(Intake.of(config)),
        "detector": inference.detector,
    }
    digest.update(json.dumps(parts, sort_keys=True).encode())
    files = [DETECTOR_FILE, *([Path(inference.cascade)] if inference.cascade else [])]
    for file in files:
        digest.update(file.read_bytes() if file.is_file() else b"missing")
    return digest.hexdigest()[:12]
