"""Named queries: SQL beside the type of what it returns, checked against the schema by one test.

Fragments that several queries share (a column list, the visibility predicate) are passed by name and
stand in the text as {name}; they are constants of ours, never input.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from storage.database import Connection

Row = TypeVar("Row")
Scalar = TypeVar("Scalar")


def _assembled(sql: str, fragments: dict[str, str]) -> str:
    for name, fragment in fragments.items():
        sql = sql.replace("{" + name + "}", fragment)
    return sql


class Rows(Generic[Row]):
    """A query whose rows become `row` dataclasses, built positionally: columns stand in field order."""

    __slots__ = ("row", "sql")

    def __init__(self, row: type[Row], sql: str, **fragments: str) -> None:
        self.row = row
        self.sql = _assembled(sql, fragments)

    async def all(self, db: Connection, *args: Any) -> list[Row]:
        """Return every row."""
        row = self.row
        return [row(*record) for record in await db.fetch(self.sql, *args)]

    async def first(self, db: Connection, *args: Any) -> Row | None:
        """Return the first row, or None."""
        record = await db.fetchrow(self.sql, *args)
        return None if record is None else self.row(*record)

    async def one(self, db: Connection, *args: Any) -> Row:
        """Return the row of a query that always has one."""
        found = await self.first(db, *args)
        if found is None:
            raise LookupError(f"no row from: {self.sql}")
        return found


class Joined(Rows[Row]):
    """A query whose last columns make a row of their own, `inner`, which is the last field of `row`."""

    __slots__ = ("inner", "own")

    def __init__(self, row: type[Row], inner: Callable[..., Any], sql: str, **fragments: str) -> None:
        super().__init__(row, sql, **fragments)
        self.inner = inner
        self.own = len(fields(row)) - 1  # type: ignore[arg-type]

    async def all(self, db: Connection, *args: Any) -> list[Row]:
        """Return every row."""
        return [self._made(record) for record in await db.fetch(self.sql, *args)]

    async def first(self, db: Connection, *args: Any) -> Row | None:
        """Return the first row, or None."""
        record = await db.fetchrow(self.sql, *args)
        return None if record is None else self._made(record)

    def _made(self, record: Any) -> Row:
        made: Callable[..., Row] = self.row
        return made(*record[: self.own], self.inner(*record[self.own :]))


class Value(Generic[Scalar]):
    """A query of one column."""

    __slots__ = ("kind", "sql")

    def __init__(self, kind: type[Scalar], sql: str, **fragments: str) -> None:
        self.kind = kind
        self.sql = _assembled(sql, fragments)

    async def get(self, db: Connection, *args: Any) -> Scalar | None:
        """Return the first row's value, or None when there is no row."""
        value: Scalar | None = await db.fetchval(self.sql, *args)
        return value

    async def one(self, db: Connection, *args: Any) -> Scalar:
        """Return the value of a query that always has one."""
        value = await self.get(db, *args)
        if value is None:
            raise LookupError(f"no value from: {self.sql}")
        return value

    async def all(self, db: Connection, *args: Any) -> list[Scalar]:
        """Return the column."""
        return [record[0] for record in await db.fetch(self.sql, *args)]


class Command:
    """A statement run for its effect."""

    __slots__ = ("sql",)

    def __init__(self, sql: str, **fragments: str) -> None:
        self.sql = _assembled(sql, fragments)

    async def run(self, db: Connection, *args: Any) -> int:
        """Run it and return how many rows it touched."""
        status: str = await db.execute(self.sql, *args)
        count = status.rpartition(" ")[2]
        return int(count) if count.isdigit() else 0

    async def run_each(self, db: Connection, rows: Iterable[Sequence[Any]]) -> None:
        """Run it once per row of arguments, in one round trip."""
        await db.executemany(self.sql, rows)
