"""`moedex run`: the bot on the real Discord, or on another server that the configuration names."""

from __future__ import annotations

from bot.cli.options import ConfigOption, one_line_for, run_to_end


def run(config: ConfigOption = None) -> None:
    """Run the bot. Its token comes from MOEDEX_TOKEN or the configuration."""
    from bot import logs
    from bot.app import run_bot
    from bot.config import ConfigError, load_config
    from bot.errors import StartupError

    with one_line_for(ConfigError, StartupError):
        settings = load_config(config)
        secrets = (
            settings.discord.token,
            settings.roster.api_key,
            settings.metrics.token,
            settings.web.client_secret,
        )
        logs.set_up(settings.logs.level, *(each.get_secret_value() for each in secrets))
        run_to_end(run_bot(settings))
