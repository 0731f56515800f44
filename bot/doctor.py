"""What `moedex doctor` looks at: each check says what it found and, if need be, what to do."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Literal

from bot.config import Config, ConfigError, load_config
from bot.inference import load_stages
from bot.storage import StorageError, StorageInUseError
from bot.storage.backup import revision_of
from bot.storage.database import look_at
from bot.storage.location import hold, shown, sqlite_file
from bot.storage.schema import known_revision, newest_revision

_NEEDED_MEMORY = 2**30
_NEEDED_DISK = 500 * 2**20


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of a check. `advice` is empty where all is well."""

    state: Literal["well", "warning", "broken"]
    subject: str
    found: str
    advice: str = ""


def examine(path: Path | None, port: int) -> Iterator[Finding]:
    """Run every check, quick ones first.

    `path` is the configuration file, `port` that of the demo's page. A check that fails in an
    unforeseen way is a finding too, and the others still run.
    """
    python = ".".join(map(str, sys.version_info[:3]))
    yield Finding("well", "Moedex", f"{version('moedex')} on Python {python}")
    try:
        config = load_config(path)
    except ConfigError as error:
        yield Finding("broken", "Configuration", str(error), "Correct it; see config.example.toml.")
        config = Config.model_construct()
    else:
        yield _token(config)
    checks: list[tuple[str, Callable[[Config], Finding]]] = [
        ("Storage", _storage),
        ("Memory", _memory),
        ("Disk", _disk),
        ("Demo's port", partial(_port, port)),
        ("Fonts", _fonts),
        ("Cascade", _cascade),
        ("Weights", _weights),
        ("Tagger", _tagger),
        ("Cluster", _cluster),
    ]
    for subject, check in checks:
        try:
            yield check(config)
        except Exception as error:  # a doctor must not fall over what he came to look at
            found = f"{error} ({type(error).__name__})"
            yield Finding("broken", subject, found, "If that says nothing, install Moedex anew.")


def _token(config: Config) -> Finding:
    if config.discord.token.get_secret_value():
        return Finding("well", "Token", "set")
    return Finding(
        "warning", "Token", "not set", "Set MOEDEX_TOKEN for `moedex run`; the demo needs none."
    )


def _storage(config: Config) -> Finding:
    try:
        file = sqlite_file(config.storage.url)
    except StorageError as error:
        return Finding("broken", "Storage", str(error), "Correct [storage] url.")
    if file is None:
        return _server(config.storage.url)
    if not file.exists():
        return Finding("well", "Storage", f"{file}: will be made")
    try:
        newer = not known_revision(revision_of(file))
        hold(file).close()
    except StorageInUseError:
        return Finding("well", "Storage", f"{file}: a bot runs on it")
    except StorageError as error:
        return Finding("broken", "Storage", str(error), "Restore a backup.")
    if newer:
        return Finding("broken", "Storage", f"{file}: written by a newer Moedex", "Upgrade.")
    return Finding("well", "Storage", f"{file}: sound, and nobody uses it")


def _server(url: str) -> Finding:
    try:
        state = asyncio.run(look_at(url))
    except StorageError as error:
        return Finding("broken", "Storage", str(error), "See docs/storage.md.")
    found = f"{shown(url)}: PostgreSQL {state.server}"
    if state.vector is None:
        advice = "As superuser in that database: CREATE EXTENSION vector;"
        return Finding("broken", "Storage", f"{found}, without the extension vector", advice)
    found += f" with pgvector {state.vector}"
    if not known_revision(state.schema):
        return Finding("broken", "Storage", f"{found}, written by a newer Moedex", "Upgrade.")
    if state.schema is None:
        return Finding("well", "Storage", f"{found}, tables will be made")
    if state.schema != newest_revision():
        return Finding("well", "Storage", f"{found}, will be brought up to date at the start")
    return Finding("well", "Storage", f"{found}, up to date")


def _memory(_config: Config) -> Finding:
    free = _free_memory()
    if free is None:
        return Finding("warning", "Memory", "can't be told here", "About 1 GB must be free.")
    found = f"{free / 2**30:.1f} GB free"
    if free < _NEEDED_MEMORY:
        return Finding("warning", "Memory", found, "Close something: about 1 GB is needed.")
    return Finding("well", "Memory", found)


def _free_memory() -> int | None:
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, AttributeError):
        return None


def _disk(config: Config) -> Finding:
    file = sqlite_file(config.storage.url)
    folder = (file or Path(tempfile.gettempdir(), "moedex")).absolute().parent
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    found = f"{free / 2**30:.1f} GB free in {folder}"
    if not os.access(folder, os.W_OK):
        return Finding("broken", "Disk", f"{folder} can't be written to", "Change its owner.")
    if free < _NEEDED_DISK:
        return Finding("warning", "Disk", found, "Make room.")
    return Finding("well", "Disk", found)


def _port(port: int, _config: Config) -> Finding:
    with closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            advice = "Start the demo with --port 0 for a free one."
            return Finding("warning", "Demo's port", f"{port}: {error.strerror}", advice)
    return Finding("well", "Demo's port", f"{port} is free")


def _fonts(_config: Config) -> Finding:
    from models.card.fonts import find_fonts

    fonts = find_fonts()
    if fonts.regular_file is not None:
        return Finding("well", "Fonts", f"{fonts.regular_file.name} writes Japanese names")
    return Finding(
        "warning",
        "Fonts",
        "none with Japanese: names are written romanised",
        "Install one: on Debian and Ubuntu, sudo apt-get install fonts-noto-cjk.",
    )


def _cascade(config: Config) -> Finding:
    from cascades import find_cascade

    configured = config.inference.cascade
    path = find_cascade(Path(configured) if configured else None)
    return Finding("well", "Cascade", str(path))


def _weights(config: Config) -> Finding:
    start = time.perf_counter()
    stages = load_stages(config)
    seconds = time.perf_counter() - start
    return Finding(
        "well",
        "Weights",
        f"model {stages.model_version} knows {len(stages.characters)} characters "
        f"(loaded in {seconds:.0f} s)",
    )


def _tagger(config: Config) -> Finding:
    if not config.tagger.model:
        return Finding("well", "Tagger", "none is asked ([tagger] model is empty)")
    from models.tagger.hub import find_tagger
    from models.tagger.tagger import Tagger
    from models.weight_files import WeightsError

    try:
        tagger = Tagger.load(find_tagger(config.tagger.model))
    except WeightsError as error:
        return Finding("broken", "Tagger", str(error), "Correct [tagger] model, or empty it.")
    return Finding("well", "Tagger", f"{tagger.name} knows {len(tagger.tags)} characters")


def _cluster(config: Config) -> Finding:
    inference = config.inference
    if inference.backend == "threads":
        return Finding("well", "Cluster", 'none is asked ([inference] backend is "threads")')
    from bot.inference.cluster.client import look_at_clusters
    from bot.inference.cluster.settings import fingerprint
    from models.embedding.embedder import version_of

    settings = fingerprint(config, version_of())
    found = asyncio.run(look_at_clusters(inference.addresses, settings))
    said = "; ".join(f"{address} {state}" for address, state in found.items())
    if all(state == "answers" for state in found.values()):
        return Finding("well", "Cluster", said)
    advice = "Start `moedex serve` there, with this configuration and version of Moedex."
    state = "warning" if inference.when_away == "threads" else "broken"
    return Finding(state, "Cluster", said, advice)
