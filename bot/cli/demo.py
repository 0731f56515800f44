"""`moedex demo`: the local Discord, the bot and its site, in one process."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import tempfile
import webbrowser
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.console import say
from bot.cli.options import DEMO_PORT, ConfigOption, one_line_for, run_to_end

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.client import MoedexBot
    from sandbox import Sandbox
    from sandbox.samples.shelf import Sample
    from sandbox.state.entities import Message

WATCHED = ("general", "fan-art")
"""Channels whose pictures are answered unasked; in "quiet" the bot waits to be asked."""

HOW_TO_TEACH = (
    "Not taught yet, so somebody else may come closest. Type /teach, write “{name}” and click one "
    "of these pictures."
)
"""Under the last character's heading; a click puts a picture into the open command."""

_ANSWER_SECONDS = 60.0


class DemoError(Exception):
    """The demo can't go on; the text is one readable line."""


def demo(
    port: Annotated[
        int,
        typer.Option(help="Port of the chat page; the site has the next one. 0: free ones."),
    ] = DEMO_PORT,
    samples: Annotated[
        Path | None,
        typer.Option(exists=True, file_okay=False, help="Folder of pictures for the shelf."),
    ] = None,
    once: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            help="Post this picture, print the answer, save its card, and end.",
        ),
    ] = None,
    open_page: Annotated[
        bool, typer.Option("--open", help="Open the page in the browser.")
    ] = False,
    config: ConfigOption = None,
) -> None:
    """Try Moedex on this machine: a chat page that stands in for Discord, and the site."""
    from bot import logs
    from bot.config import ConfigError
    from bot.errors import StartupError

    with one_line_for(ConfigError, StartupError, DemoError):
        logs.set_up("WARNING")
        run_to_end(_demo(port, samples, once, open_page, config))


async def _demo(
    port: int, samples: Path | None, once: Path | None, open_page: bool, config: Path | None
) -> None:
    from bot.app import run_bot
    from bot.config import load_config
    from sandbox import Sandbox
    from sandbox.samples.shelf import cast, load_samples
    from sandbox.state.files import media_type

    if once is not None and not (media_type(once.name) or "").startswith("image/"):
        raise DemoError(
            f"“{once.name}” doesn't end as a picture does (.png, .jpg, .webp ...): "
            "a bot would leave it alone."
        )

    async def on_ready(bot: MoedexBot) -> None:
        await bot.services.storage.consents.set_learning(
            sandbox.server.id, sandbox.member("ann").id, datetime.now(UTC), on=True
        )
        for name in WATCHED:
            await bot.services.storage.settings.watch(
                sandbox.server.id, sandbox.channel(name).id, sandbox.member("ann").id
            )
        if once is not None:
            await _ask_once(sandbox, once)
            await bot.close()
            return
        await teach_cast(bot, sandbox, taught)
        say("", "Moedex is ready. Open either; each links to the other.", *places)
        say("Sign in on the site as Ann, a moderator, or as Ben. Ctrl+C ends it.")
        say(f"It knows the drawn characters of the shelf but {untaught}: teach it that one.")
        say("Learning is on in the demo's server; all of it is deleted at the end.")
        if open_page:
            await asyncio.to_thread(webbrowser.open, sandbox.page_url)

    *taught, (untaught, _) = cast(load_samples()).items()
    notes = {untaught: HOW_TO_TEACH.format(name=untaught)}
    site = f"127.0.0.1:{port + 1 if port else _free_port()}"
    sandbox = Sandbox(
        port=0 if once else port,
        samples=samples,
        shelf_notes=notes,
        beside="" if once else f"http://{site}/",
    )
    async with contextlib.AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="moedex-demo-"))
        try:
            await stack.enter_async_context(sandbox)
        except OSError as error:
            raise DemoError(
                f"Port {port} can't be used ({error.strerror}): try --port 0 for a free one."
            ) from error
        web: dict[str, object] = {} if once else {"listen": site, "chat": sandbox.page_url}
        web |= sandbox.application(f"http://{site}/signed-in")
        places = f"  Chat:  {sandbox.page_url}", f"  Site:  http://{site}/"
        settings = load_config(
            config,
            discord=sandbox.discord_section,
            storage={"url": f"sqlite+aiosqlite:///{folder}/demo.db"},
            # A newcomer clicks through the whole shelf, and is promised an answer to each picture.
            cooldowns={"user_times": 30},
            answers={"no_face": True},
            web=web,
        )
        if once is None:
            say("A chat page and the site beside it will be here:", *places)
        say("Loading the models; this takes some seconds ...", err=True)
        await run_bot(settings, on_ready=on_ready)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


async def teach_cast(
    bot: MoedexBot, sandbox: Sandbox, characters: Sequence[tuple[str, Sequence[Sample]]]
) -> None:
    """Teach characters as Ann, each by its second picture and its third.

    The others, the first one above all, are to be recognised.
    """
    from bot.gallery.samples import largest_face
    from bot.inference import Job

    services, server = bot.services, sandbox.server.id
    for name, pictures in characters:
        jobs = [
            services.worker.identify(
                await asyncio.to_thread(each.read),
                each.filename,
                job=Job(server, number),
            )
            for number, each in enumerate(pictures[1:3])
        ]
        found = await asyncio.gather(*jobs)
        faces = [largest_face(picture) for picture in found if picture.faces]
        await services.teaching.teach(server, sandbox.member("ann").id, name, "", faces, new=True)
    await services.galleries.gallery(server)


async def _ask_once(sandbox: Sandbox, picture: Path) -> None:
    """Post a picture as Ann, wait for the answer, print it and save its card beside us."""
    data = await asyncio.to_thread(picture.read_bytes)
    posted = await sandbox.member("ann").post(
        "general", f"<@{sandbox.bot.id}> who is this?", files=[(picture.name, data)]
    )
    try:
        answer = await sandbox.answer_to(posted, timeout=_ANSWER_SECONDS)
    except TimeoutError:
        raise DemoError(f"No answer came within {_ANSWER_SECONDS:g} seconds.") from None
    say(*_as_text(answer).split("\n"))
    for attachment in answer.embedded_files + answer.attachments:
        card = Path(f"{picture.stem}-moedex{Path(attachment.filename).suffix}")
        await asyncio.to_thread(card.write_bytes, attachment.data)
        say(f"The card is in {card}: {attachment.description or 'no description'}")
        break


def _as_text(answer: Message) -> str:
    from sandbox.state.component_tree import texts as shown_texts

    lines = [text for text in (answer.content, shown_texts(answer.components)) if text]
    for embed in answer.embeds:
        texts = (
            embed.get("author", {}).get("name"),
            embed.get("title"),
            embed.get("description"),
            embed.get("footer", {}).get("text"),
        )
        lines += [text for text in texts if text]
    return "\n".join(lines)
