"""`moedex doctor`: looks whether everything is here that Moedex needs."""

from __future__ import annotations

import typer

from bot.cli.options import DEMO_PORT, ConfigOption

_MARKS = {"well": "[green]✓[/]", "warning": "[yellow]![/]", "broken": "[red]✗[/]"}


def doctor(config: ConfigOption = None) -> None:
    """Look whether all that Moedex needs is there, and say what to do where it isn't.

    The exit code is 1 if something is broken; warnings don't count.
    """
    from rich.console import Console
    from rich.markup import escape

    from bot.doctor import examine
    from bot.terminal import shown

    console = Console(highlight=False, soft_wrap=True)
    broken = 0
    for finding in examine(config, DEMO_PORT):
        mark = _MARKS[finding.state]
        console.print(f"{mark} [bold]{finding.subject}[/]: {escape(shown(finding.found))}")
        if finding.advice:
            console.print(f"  → {escape(shown(finding.advice))}")
        broken += finding.state == "broken"
    if broken:
        console.print(f"\n{broken} broken.")
        raise typer.Exit(1)
    console.print("\nReady.")
