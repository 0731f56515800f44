"""`moedex tagger`: fetches a tagger of a model hub, for a second opinion."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.cli.console import say
from bot.cli.options import one_line_for

app = typer.Typer(
    name="tagger",
    help="A second opinion on faces that the own model does not name.",
    no_args_is_help=True,
)


@app.callback()
def _group() -> None:
    """Keep `fetch` a subcommand though it is the only one."""


@app.command("fetch")
def fetch(
    model: Annotated[
        str, typer.Argument(metavar="OWNER/NAME", help="The tagger's name on the hub.")
    ],
) -> None:
    """Fetch a tagger, some hundred megabytes, and say what to write into the configuration."""
    from models.tagger.hub import fetch_tagger
    from models.tagger.tagger import Tagger
    from models.weight_files import WeightsError

    with one_line_for(WeightsError):
        folder = fetch_tagger(model)
        tagger = Tagger.load(folder)
    say(
        f"{model} knows {len(tagger.tags)} characters (form {tagger.form.name}). It is asked once "
        "config.toml says:",
        "",
        "[tagger]",
        f'model = "{model}"',
    )
