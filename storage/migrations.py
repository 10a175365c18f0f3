"""Schema changes: numbered SQL files, each applied once, whole or not at all."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg

import storage
from storage.database import open_connection
from storage.errors import MigrationFailed

if TYPE_CHECKING:
    from storage.database import Connection

# The same layout in a checkout and in an installed wheel.
FOLDER = Path(storage.__file__).parent.parent / "migrations"

_FILE_NAME = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")
_LOCK_KEY = 0x7468_6F75_6768_7473  # "thoughts"
# Another process that migrates may take long; a table that is busy must not stop the service for long.
_WAIT_FOR_OTHER_RUNNER = "30min"
_LOCK_TIMEOUT = "10s"

_CREATE_TABLE = """
CREATE TABLE IF NOT EXISTS schema_migrations (
    version integer PRIMARY KEY,
    name text NOT NULL,
    checksum text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
)"""
_TABLE_EXISTS = "SELECT to_regclass('schema_migrations') IS NOT NULL"
_LIST_APPLIED = "SELECT version, name, checksum, applied_at FROM schema_migrations ORDER BY version"
_INSERT_APPLIED = """
INSERT INTO schema_migrations (version, name, checksum) VALUES ($1, $2, $3)
RETURNING version, name, checksum, applied_at"""


@dataclass(frozen=True, slots=True)
class Migration:
    """One file; `checksum` is the SHA-256 of its bytes."""

    version: int
    name: str
    checksum: str
    sql: str


@dataclass(frozen=True, slots=True)
class Applied:
    """One row of `schema_migrations`."""

    version: int
    name: str
    checksum: str
    applied_at: datetime


@dataclass(frozen=True, slots=True)
class Status:
    """Where one migration stands; `applied_at` is None while it is pending.

    `changed` tells that the file is not, or no longer, the one that was applied.
    """

    version: int
    name: str
    applied_at: datetime | None
    changed: bool


async def migrate(database_url: str, *, folder: Path | None = None, lock_timeout: str = _LOCK_TIMEOUT) -> list[Applied]:
    """Apply every pending migration and return those applied now.

    Each file is a transaction of its own. Several processes may call this at once: one works, the others wait
    and then find nothing left. Raises `MigrationFailed`; files applied before the failing one stay applied.
    """
    migrations = read_folder(folder or FOLDER)
    connection = await open_connection(database_url, application_name="thoughts migrate")
    try:
        await connection.execute(f"SET lock_timeout = '{_WAIT_FOR_OTHER_RUNNER}'")
        await _wait_for_turn(connection)
        await connection.execute(f"SET lock_timeout = '{lock_timeout}'")
        await connection.execute(_CREATE_TABLE)
        applied = {row.version: row for row in await _list_applied(connection)}
        _refuse_differences(migrations, applied)
        return [await _apply(connection, migration) for migration in migrations if migration.version not in applied]
    finally:
        await connection.close()


async def migration_status(database_url: str, *, folder: Path | None = None) -> list[Status]:
    """List the known migrations with when they were applied; changes nothing."""
    connection = await open_connection(database_url, application_name="thoughts migrate")
    try:
        exists = await connection.fetchval(_TABLE_EXISTS)
        applied = {row.version: row for row in await _list_applied(connection)} if exists else {}
    finally:
        await connection.close()
    known = [_status(migration, applied.pop(migration.version, None)) for migration in read_folder(folder or FOLDER)]
    unknown = [Status(row.version, row.name, row.applied_at, changed=True) for row in applied.values()]
    return known + unknown


async def count_pending(connection: Connection) -> int:
    """Count the migrations that wait to be applied."""
    if not await connection.fetchval(_TABLE_EXISTS):
        return len(read_folder(FOLDER))
    applied = {row.version for row in await _list_applied(connection)}
    return sum(migration.version not in applied for migration in read_folder(FOLDER))


def read_folder(folder: Path) -> list[Migration]:
    """Read the migrations in order; refuse bad names, gaps and two files of one number."""
    if not folder.is_dir():
        raise MigrationFailed(f"The folder of migrations is missing: {folder}. Install Thoughts again.")
    migrations = [_read(path) for path in sorted(folder.glob("*.sql"))]
    for expected, migration in enumerate(migrations, start=1):
        if migration.version < expected:
            raise MigrationFailed(f"Two migrations have the number {migration.version:04}.")
        if migration.version > expected:
            raise MigrationFailed(f"Migration {expected:04} is missing; {migration.name} comes after it.")
    return migrations


def _read(path: Path) -> Migration:
    match = _FILE_NAME.fullmatch(path.name)
    if match is None:
        raise MigrationFailed(f"{path.name} must be named like 0001_words_with_underscores.sql.")
    data = path.read_bytes()
    return Migration(int(match[1]), path.name, hashlib.sha256(data).hexdigest(), data.decode())


def _status(migration: Migration, applied: Applied | None) -> Status:
    if applied is None:
        return Status(migration.version, migration.name, None, changed=False)
    changed = applied.checksum != migration.checksum
    return Status(migration.version, migration.name, applied.applied_at, changed=changed)


async def _wait_for_turn(connection: Connection) -> None:
    try:
        await connection.execute("SELECT pg_advisory_lock($1)", _LOCK_KEY)
    except asyncpg.LockNotAvailableError as exc:
        raise MigrationFailed(
            f"Another process has been migrating this database for {_WAIT_FOR_OTHER_RUNNER}. "
            "Look at it first; then run `thoughts migrate` again."
        ) from exc


async def _list_applied(connection: Connection) -> list[Applied]:
    return [Applied(*record) for record in await connection.fetch(_LIST_APPLIED)]


def _refuse_differences(migrations: Sequence[Migration], applied: Mapping[int, Applied]) -> None:
    known = {migration.version: migration for migration in migrations}
    for row in applied.values():
        migration = known.get(row.version)
        if migration is None:
            raise MigrationFailed(
                f"The database has {row.name}, which this release does not know: a newer release wrote it. "
                "Install that release, or restore a backup made before it."
            )
        if migration.checksum != row.checksum:
            raise MigrationFailed(
                f"{migration.name} differs from what was applied on {row.applied_at:%Y-%m-%d}. "
                "An applied migration never changes: restore the file, and put the change into a new one."
            )


async def _apply(connection: Connection, migration: Migration) -> Applied:
    statements = list(split_statements(migration.sql))
    for start, statement in statements:
        if _TRANSACTION_CONTROL.match(statement):
            line = _line_of(migration.sql, start)
            raise MigrationFailed(
                f"{migration.name}, line {line}: a migration is one transaction, which the runner opens and "
                "closes. Nothing of this file was applied. Remove the statement."
            )
    start = 0
    try:
        async with connection.transaction():
            for start, statement in statements:  # noqa: B007 - the error names the last one begun
                await connection.execute(statement)
            (record,) = await connection.fetch(_INSERT_APPLIED, migration.version, migration.name, migration.checksum)
    except asyncpg.PostgresError as exc:
        raise _failure(migration, start, exc) from exc
    return Applied(*record)


def _failure(migration: Migration, start: int, exc: asyncpg.PostgresError) -> MigrationFailed:
    # PostgreSQL counts from 1. Errors at run time carry no position: the start of the statement must do.
    offset = int(exc.position) - 1 if exc.position else 0
    line = _line_of(migration.sql, start + offset)
    if isinstance(exc, asyncpg.LockNotAvailableError):
        advice = "Another connection holds a table that it needs; stop that, then run `thoughts migrate` again."
    else:
        advice = "Correct the file or the data, then run `thoughts migrate` again."
    details = "".join(f"\n  {text}" for text in (exc.detail, exc.hint, exc.context) if text)
    return MigrationFailed(
        f"{migration.name}, line {line}: {exc}{details}\n"
        f"  {migration.sql.splitlines()[line - 1].strip()}\n"
        f"Nothing of this file was applied. {advice}"
    )


def _line_of(sql: str, offset: int) -> int:
    return sql.count("\n", 0, offset) + 1


_TRANSACTION_CONTROL = re.compile(
    r"(BEGIN|START\s+TRANSACTION|COMMIT|END|ROLLBACK|ABORT|PREPARE\s+TRANSACTION)\b", re.IGNORECASE
)
_SKIPPED = re.compile(r"(?:\s+|--[^\n]*|/\*.*?\*/)*", re.DOTALL)
_TOKEN = re.compile(
    r"""
      --[^\n]* | /\*.*?\*/                                   # comments
    | \b[eE]'(?:[^'\\]|\\.|'')*' | '(?:[^']|'')*'            # strings
    | "(?:[^"]|"")*"                                         # quoted names
    | (?<!\w)\$(?P<tag>(?:[A-Za-z_]\w*)?)\$.*?\$(?P=tag)\$   # dollar-quoted bodies
    | ;
    """,
    re.DOTALL | re.VERBOSE,
)


def split_statements(sql: str) -> Iterator[tuple[int, str]]:
    """Yield each statement with its offset, leading blanks and comments left out.

    One at a time, so that an error which PostgreSQL gives no position for still has a line. Function bodies
    are to be dollar-quoted: BEGIN ATOMIC and nested comments are not understood.
    """
    start = _first_word(sql, 0)
    for token in _TOKEN.finditer(sql, start):
        if token[0] == ";" and token.start() >= start:
            if token.start() > start:
                yield start, sql[start : token.start()]
            start = _first_word(sql, token.end())
    if start < len(sql):
        yield start, sql[start:]


def _first_word(sql: str, offset: int) -> int:
    match = _SKIPPED.match(sql, offset)
    return match.end() if match else offset
