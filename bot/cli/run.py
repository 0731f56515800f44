"""`moedex run`: the bot on the real Discord, or on another server that the configuration names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.options import ConfigOption, one_line_for, run_to_end

if TYPE_CHECKING:
    from bot.client import MoedexBot


ShardsOption = Annotated[
    str | None,
    typer.Option(
        metavar="SHARDS",
        help='How many shards, or the slice of this process: "0-3/16". As [discord] shards.',
        show_default="as many as Discord recommends",
    ),
]


def run(config: ConfigOption = None, shards: ShardsOption = None) -> None:
    """Run the bot. Its token comes from MOEDEX_TOKEN or the configuration."""
    from bot import logs
    from bot.app import run_bot
    from bot.config import ConfigError, load_config
    from bot.errors import StartupError

    with one_line_for(ConfigError, StartupError):
        settings = load_config(config, discord={} if shards is None else {"shards": shards})
        secrets = (
            settings.discord.token,
            settings.roster.api_key,
            settings.metrics.token,
            settings.web.client_secret,
        )
        logs.set_up(settings.logs.level, *(each.get_secret_value() for each in secrets))
        run_to_end(run_bot(settings, on_ready=settle))


async def settle(_bot: MoedexBot) -> None:
    """Keep garbage collections short once the bot is connected: no picture is on its way yet."""
    from bot.inference.memory import spare_what_is_there

    spare_what_is_there()
