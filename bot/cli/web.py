"""`moedex web`: the site without a bot."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.cli.console import say
from bot.cli.options import DEMO_PORT, ConfigOption, one_line_for, run_to_end

DEFAULT = f"127.0.0.1:{DEMO_PORT + 1}"


def web(
    listen: Annotated[
        str,
        typer.Option(
            metavar="ADDRESS:PORT",
            help="Where to listen; port 0 takes a free one.",
            show_default=f"[web] listen, else {DEFAULT}",
        ),
    ] = "",
    config: ConfigOption = None,
) -> None:
    """Serve the site: recognise a picture, see who is known. Only signing in needs a token."""
    from bot import logs
    from bot.app import run_site
    from bot.config import ConfigError, load_config
    from bot.errors import StartupError

    with one_line_for(ConfigError, StartupError):
        settings = load_config(config)
        where = listen or settings.web.listen or DEFAULT
        settings = load_config(config, web={**settings.web.model_dump(), "listen": where})
        secrets = (settings.discord.token, settings.metrics.token, settings.web.client_secret)
        logs.set_up(settings.logs.level, *(each.get_secret_value() for each in secrets))
        say("Loading the models; this takes some seconds ...", err=True)
        run_to_end(run_site(settings, lambda url: say(f"Open {url}", "Ctrl+C ends it.")))
