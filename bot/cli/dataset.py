"""`moedex dataset`: what a server taught, as folders of pictures or as packs without any."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.console import say
from bot.cli.options import ConfigOption, ServerOption, one_line_for

if TYPE_CHECKING:
    from bot.gallery.roster import ServerRoster
    from bot.storage import Storage
    from bot.storage.crops import CropStore

app = typer.Typer(
    name="dataset",
    help="Take what a server taught elsewhere: as labelled pictures, or as a pack of vectors.",
    no_args_is_help=True,
)

FolderArgument = Annotated[Path, typer.Argument(metavar="DIR", help="Folder of the dataset.")]
PackArgument = Annotated[Path, typer.Argument(metavar="FILE", help="The pack.")]
PROVENANCE = "a server's labels"


class ServerError(Exception):
    """It isn't clear which server is meant; the text says which there are."""


@app.command("export")
def export(
    folder: FolderArgument, server: ServerOption = None, config: ConfigOption = None
) -> None:
    """Write a server's labelled faces into character folders with a manifest.

    What was exported can't be recalled when somebody asks for erasure later.
    """

    async def work(storage: Storage, chosen: int, roster: ServerRoster, crops: CropStore) -> None:
        from bot.gallery.dataset import export_dataset
        from bot.wording import counted

        count = await export_dataset(storage, crops, chosen, roster, folder)
        say(f"{folder} holds {counted(count, 'face')} of server {chosen}.")

    _in_server(config, server, work)


@app.command("import")
def import_(
    folder: FolderArgument, server: ServerOption = None, config: ConfigOption = None
) -> None:
    """Teach a server the faces of an exported dataset; a running bot names by them at once."""

    async def work(storage: Storage, chosen: int, roster: ServerRoster, crops: CropStore) -> None:
        from bot.gallery.dataset import import_dataset
        from bot.wording import counted
        from models.embedding.embedder import Embedder

        embedder = Embedder.load()
        count = await import_dataset(
            storage, crops, chosen, roster, folder,
            embed=embedder.embed, side=embedder.side, backbone=embedder.version,
        )  # fmt: skip
        say(f"Server {chosen} learned {counted(count, 'face')} from {folder}.")

    _in_server(config, server, work)


@app.command("pack")
def pack(
    file: PackArgument,
    server: ServerOption = None,
    provenance: Annotated[
        str, typer.Option("--from", metavar="TEXT", help="Where the pack says it comes from.")
    ] = PROVENANCE,
    config: ConfigOption = None,
) -> None:
    """Write a server's characters with names and centroids, without any picture."""

    async def work(storage: Storage, chosen: int, roster: ServerRoster, _: CropStore) -> None:
        from bot.gallery.serving import read_server
        from bot.wording import counted
        from models.embedding.embedder import version_of
        from models.gallery.packs import make_pack, write_pack

        backbone = version_of()
        state = await read_server(storage, chosen, roster, backbone)
        made = make_pack(state.examples, roster.characters, backbone, provenance)
        write_pack(made, file)
        say(f"{file} holds {counted(len(made.characters), 'character')} of server {chosen}.")

    _in_server(config, server, work)


@app.command("load")
def load(file: PackArgument, server: ServerOption = None, config: ConfigOption = None) -> None:
    """Give a server the characters of a pack; a running bot names by them at once."""

    async def work(storage: Storage, chosen: int, roster: ServerRoster, _: CropStore) -> None:
        from bot.gallery.packs import load_pack
        from bot.wording import counted
        from models.embedding.embedder import version_of
        from models.gallery.packs import read_pack

        count = await load_pack(storage, chosen, roster, read_pack(file), version_of())
        say(f"Server {chosen} has {counted(count, 'character')} from {file}.")

    _in_server(config, server, work)


def _in_server(
    config: Path | None,
    server: int | None,
    work: Callable[[Storage, int, ServerRoster, CropStore], Awaitable[None]],
) -> None:
    async def run() -> None:
        from bot.config import load_config
        from bot.gallery.roster import Listed
        from bot.gallery.serving import read_roster
        from bot.storage import Storage
        from bot.storage.crops import CropStore, crop_folder
        from models.roster.roster import load_roster

        settings = load_config(config)
        async with Storage.open(settings.storage.url, exclusive=False) as storage:
            chosen = await _server(storage, server)
            roster = await read_roster(storage, chosen, Listed((), load_roster()))
            crops = CropStore(crop_folder(settings.learning, storage.files))
            await work(storage, chosen, roster, crops)

    with _readable_errors():
        asyncio.run(run())


async def _server(storage: Storage, server: int | None) -> int:
    if server is not None:
        return server
    known = sorted(await storage.galleries.revisions())
    if len(known) == 1:
        return known[0]
    which = f"one of {', '.join(map(str, known))}" if known else "a server's id"
    raise ServerError(f"Say --server with {which}.")


def _readable_errors() -> AbstractContextManager[None]:
    from bot.config import ConfigError
    from bot.gallery.dataset import DatasetFolderError
    from bot.storage import StorageError
    from models.gallery.packs import PackError
    from models.weight_files import WeightsError

    return one_line_for(
        ConfigError, StorageError, WeightsError, DatasetFolderError, PackError, ServerError
    )
