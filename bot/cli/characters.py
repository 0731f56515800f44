"""`moedex characters`: who is in the roster, and who of them can be named."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.console import emit, say
from bot.cli.options import one_line_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    from models.types import Character


def characters(
    query: Annotated[
        str, typer.Argument(metavar="[QUERY]", help="A name, in any spelling, or a series.")
    ] = "",
    series: Annotated[
        str, typer.Option("--series", metavar="S", help="Only characters of this series.")
    ] = "",
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object a line, one a character.")
    ] = False,
) -> None:
    """List the characters of the roster; * marks those that the installed weights can name."""
    from models.embedding.embedder import WeightsError
    from models.gallery.namer import named_ids
    from models.roster.matching import NameIndex
    from models.roster.name_list import NameList
    from models.roster.roster import load_roster

    with one_line_for(WeightsError, OSError, ValueError):
        roster, named = load_roster(), named_ids()
    found: Sequence[Character] = sorted(roster, key=lambda each: (each.name.casefold(), each.id))
    if query or series:
        index = NameIndex((), NameList(roster, roster.titles))
        if series:
            found = index.in_series(series)
        if query:
            ids = {character.id for character in found}
            fitting = index.complete(query, len(roster))
            found = [character for character in fitting if character.id in ids]
    for character in found:
        can_be_named = character.id in named
        if as_json:
            row = {**character.as_dict(), "named": can_be_named}
            emit(json.dumps(row, ensure_ascii=False))
        else:
            say(_line(character, named=can_be_named))
    count = sum(character.id in named for character in found)
    say(f"{len(found)} characters; {count} of them can be named.", err=True)
    if not found:
        raise typer.Exit(1)


def _line(character: Character, *, named: bool) -> str:
    native = f" ({character.native_name})" if character.native_name else ""
    series = f" — {character.series}" if character.series else ""
    return f"{'*' if named else ' '} {character.name}{native}{series}  [{character.id}]"
