"""Which outputs of a tagger are characters: read from the file that lies beside a model."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any, Final

from models.weight_files import WeightsError

if TYPE_CHECKING:
    from pathlib import Path

WD_TAGS: Final = "selected_tags.csv"
_WD_CHARACTER: Final = "4"
_CAMIE_CHARACTER: Final = "character"


def wd_characters(file: Path) -> dict[int, str]:
    """Read `selected_tags.csv`: outputs come in its order; return the tags of characters by place.

    Raises WeightsError.
    """
    try:
        with file.open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
        found = {n: row["name"] for n, row in enumerate(rows) if row["category"] == _WD_CHARACTER}
    except (OSError, KeyError, ValueError, csv.Error) as error:
        raise WeightsError(f"{file} can't be read as a tagger's tags ({error}).") from error
    return _some(found, file)


def camie_characters(file: Path) -> dict[int, str]:
    """Read Camie's metadata: which tag has which place, and which category.

    Raises WeightsError.
    """
    try:
        written: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        mapping = written.get("dataset_info", written)
        mapping = mapping.get("tag_mapping", mapping)
        category = mapping["tag_to_category"]
        if "idx_to_tag" in mapping:
            places = {int(place): tag for place, tag in mapping["idx_to_tag"].items()}
        else:
            places = {int(place): tag for tag, place in mapping["tag_to_idx"].items()}
        found = {n: tag for n, tag in places.items() if category.get(tag) == _CAMIE_CHARACTER}
    except (OSError, KeyError, ValueError, TypeError, AttributeError) as error:
        raise WeightsError(f"{file} can't be read as a tagger's tags ({error!r}).") from error
    return _some(found, file)


def _some(found: dict[int, str], file: Path) -> dict[int, str]:
    if not found:
        raise WeightsError(f"{file} names no character: this tagger can't help.")
    return found
