"""The whole database as one stream, and back: pg_dump, pg_restore and psql, run on a database's URL."""

from __future__ import annotations

import asyncio
import os
import shutil
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from urllib.parse import unquote, urlsplit

from storage.database import open_connection
from storage.engines.postgres import programs
from storage.errors import DumpFailed, EngineFailed
from storage.query import Value

_CHUNK = 256 * 1024
# What pg_restore 17 and later say at the beginning, and PostgreSQL 15 and 16 do not understand.
_NEWER_SETTING = b"SET transaction_timeout = 0;\n"
_NEWER_FROM = 170000
_PREAMBLE_LINES = 40
_CLOSED = (BrokenPipeError, ConnectionResetError)

COUNT_RELATIONS = Value(
    int,
    """SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%'
        AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')""",
)
SERVER_VERSION = Value(int, "SELECT current_setting('server_version_num')::int")


async def is_empty(database_url: str) -> bool:
    """Tell whether a database holds nothing but extensions."""
    connection = await open_connection(database_url, application_name="thoughts restore")
    try:
        return not await COUNT_RELATIONS.get(connection)
    finally:
        await connection.close()


async def dump(database_url: str) -> AsyncIterator[bytes]:
    """Yield a dump in pg_dump's custom format: one consistent moment, also while others write.

    Raises `DumpFailed`, at the end too: what came before is a dump only if this ends without.
    """
    target, environment = _connection(database_url)
    options = ("--format=custom", "--no-owner", "--no-privileges", "--no-password", f"--dbname={target}")
    async with _running("pg_dump", *options, environment=environment, stdin=DEVNULL) as process:
        complaints = asyncio.ensure_future(_pipe(process.stderr).read())
        try:
            while chunk := await _pipe(process.stdout).read(_CHUNK):
                yield chunk
            await _ended_well("pg_dump", process, complaints)
        finally:
            complaints.cancel()


async def restore(database_url: str, chunks: Iterable[bytes]) -> None:
    """Fill an empty database from a dump, in one transaction: all of it or nothing. Raises `DumpFailed`."""
    connection = await open_connection(database_url, application_name="thoughts restore")
    try:
        old = (await SERVER_VERSION.get(connection) or 0) < _NEWER_FROM
    finally:
        await connection.close()
    target, environment = _connection(database_url)
    reading = ("--no-owner", "--no-privileges", "--no-comments", "--file=-")
    writing = (
        "--no-psqlrc", "--quiet", "--output=/dev/null", "--set=ON_ERROR_STOP=1", "--no-password",
        "--single-transaction", f"--dbname={target}", "--file=-",
    )  # fmt: skip
    async with (
        _running("pg_restore", *reading, environment=environment, stdin=PIPE) as reader,
        _running("psql", *writing, environment=environment, stdin=PIPE) as writer,
    ):
        # Both are killed on the way out if they still run: psql must not take a dump that breaks off for its end.
        feeding = asyncio.ensure_future(_feed(reader, chunks))
        unread, unwritten = (asyncio.ensure_future(_pipe(process.stderr).read()) for process in (reader, writer))
        try:
            await _relay(reader, writer, drop_newer_setting=old)
            if not writer.returncode:
                await feeding
                await _ended_well("pg_restore", reader, unread)
            with suppress(*_CLOSED):
                await _close(writer)
            await _ended_well("psql", writer, unwritten)
        finally:
            for task in (feeding, unread, unwritten):
                task.cancel()


async def _feed(process: Process, chunks: Iterable[bytes]) -> None:
    pipe = _stdin(process)
    try:
        with suppress(*_CLOSED):  # its exit status tells why
            for chunk in chunks:
                pipe.write(chunk)
                await pipe.drain()
            await _close(process)
    except BaseException:
        process.kill()  # else it would wait for the rest, and everybody for it
        raise


async def _relay(reader: Process, writer: Process, *, drop_newer_setting: bool) -> None:
    """Hand SQL from one to the other until the first ends or the second refuses."""
    source, target = _pipe(reader.stdout), _stdin(writer)
    with suppress(*_CLOSED):
        for _ in range(_PREAMBLE_LINES if drop_newer_setting else 0):
            line = await source.readline()
            if line == _NEWER_SETTING:
                break
            target.write(line)
        while chunk := await source.read(_CHUNK):
            target.write(chunk)
            await target.drain()
        return
    await writer.wait()


async def _close(process: Process) -> None:
    pipe = _stdin(process)
    pipe.close()
    await pipe.wait_closed()


def _stdin(process: Process) -> asyncio.StreamWriter:
    assert process.stdin is not None  # noqa: S101 - it is a pipe
    return process.stdin


def _pipe(stream: asyncio.StreamReader | None) -> asyncio.StreamReader:
    assert stream is not None  # noqa: S101 - it is a pipe
    return stream


async def _ended_well(name: str, process: Process, complaints: asyncio.Future[bytes]) -> None:
    said = (await complaints).decode(errors="replace").strip()
    if await process.wait():
        raise DumpFailed(f"{name} failed: {said or f'status {process.returncode}'}")


@asynccontextmanager
async def _running(name: str, *options: str, environment: Mapping[str, str], stdin: int) -> AsyncIterator[Process]:
    """Run one of PostgreSQL's programs; it is killed if it still runs at the end of the block."""
    process = await asyncio.create_subprocess_exec(
        _program(name), *options, env=environment, stdin=stdin, stdout=PIPE, stderr=PIPE
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        for stream in (process.stdout, process.stderr):
            while await _pipe(stream).read(_CHUNK):
                pass  # asyncio sees the end of a process only after that of its pipes
        await process.wait()


def _program(name: str) -> str:
    """Prefer the programs that come with us: pg_dump must not be older than the server."""
    with suppress(EngineFailed):
        ours: Path = programs() / name
        if ours.exists():
            return str(ours)
    found = shutil.which(name)
    if found is None:
        raise EngineFailed(f"{name} is missing: install PostgreSQL's client programs, as new as your server.")
    return found


def _connection(database_url: str) -> tuple[str, Mapping[str, str]]:
    """Return the URL without its password, and an environment with it: command lines are for everybody to read."""
    parts = urlsplit(database_url)
    if parts.password is None:
        return database_url, os.environ
    user, _, host = parts.netloc.rpartition("@")
    public = parts._replace(netloc=f"{user.partition(':')[0]}@{host}").geturl()
    return public, os.environ | {"PGPASSWORD": unquote(parts.password)}
