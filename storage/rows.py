"""Records to row objects: the columns of a query, in order, are the fields of a class."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    import asyncpg

Row = TypeVar("Row")


def row_of(cls: type[Row], record: Sequence[Any] | asyncpg.Record) -> Row:
    """Build a row; columns are taken by position, so the query lists them in the order of the fields."""
    return cls(*record)


def maybe_row_of(cls: type[Row], record: Sequence[Any] | asyncpg.Record | None) -> Row | None:
    """Build a row, or return None where `fetchrow` found nothing."""
    return None if record is None else cls(*record)


def rows_of(cls: type[Row], records: Iterable[Sequence[Any] | asyncpg.Record]) -> list[Row]:
    """Build a row from each record."""
    return [cls(*record) for record in records]
