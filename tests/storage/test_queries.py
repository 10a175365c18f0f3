"""Every named query prepares against the migrated schema and returns what its row class says."""

from __future__ import annotations

import dataclasses
import importlib
import pkgutil
import types
import typing
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg
import pytest

import storage
from storage.query import Command, Joined, Rows, Value

if TYPE_CHECKING:
    from storage.database import Connection

PYTHON_TYPES: dict[str, tuple[type, ...]] = {
    "uuid": (UUID,), "text": (str,), "varchar": (str,), "bool": (bool,), "int2": (int,), "int4": (int,),
    "int8": (int,), "float4": (float,), "timestamptz": (datetime,), "jsonb": (dict, list), "bytea": (bytes,),
    "text[]": (list,), "uuid[]": (list,), "int4[]": (list,), "interval": (timedelta,), "void": (), "date": (date,),
    "xid": (int,), "tid": (tuple,),
}  # fmt: skip


def _queries() -> list[tuple[str, Rows[Any] | Value[Any] | Command]]:
    found: list[tuple[str, Rows[Any] | Value[Any] | Command]] = []
    for info in pkgutil.iter_modules(storage.__path__):
        module = importlib.import_module(f"storage.{info.name}")
        for name, value in vars(module).items():
            for place, query in enumerate(value if isinstance(value, tuple) else (value,)):
                if isinstance(query, Rows | Value | Command):
                    found.append((f"{info.name}.{name}[{place}]", query))
    return found


def _accepts(annotation: Any, postgres: str) -> bool:
    options = typing.get_args(annotation) if isinstance(annotation, types.UnionType) else (annotation,)
    plain = {typing.get_origin(option) or option for option in options}
    return bool(plain & set(PYTHON_TYPES[postgres]))


def _fields(query: Rows[Any]) -> list[tuple[str, Any]]:
    hints = typing.get_type_hints(query.row)
    fields = [(field.name, hints[field.name]) for field in dataclasses.fields(query.row)]
    if isinstance(query, Joined):
        inner = fields.pop()[1]
        fields += [(f.name, typing.get_type_hints(inner)[f.name]) for f in dataclasses.fields(inner)]
    return fields


QUERIES = _queries()
MODULES = sorted({name.partition(".")[0] for name, _ in QUERIES})
# What PostgreSQL calls a column that has no name of its own.
UNNAMED = ("?column?", "coalesce", "exists", "case", "count", "greatest", "int4")


def test_there_are_queries_to_check() -> None:
    assert len(QUERIES) > 200


async def problems_of(db: Connection, name: str, query: Rows[Any] | Value[Any] | Command) -> list[str]:
    try:
        columns = (await db.prepare(query.sql)).get_attributes()
    except asyncpg.PostgresError as exc:
        return [f"{name} does not prepare: {exc}"]
    if isinstance(query, Value):
        if len(columns) == 1 and query.kind in PYTHON_TYPES[columns[0].type.name]:
            return []
        return [f"{name} gives {[c.type.name for c in columns]}, not one {query.kind.__name__}"]
    if isinstance(query, Command):
        return []
    fields = _fields(query)
    if len(columns) != len(fields):
        return [f"{name} gives {[c.name for c in columns]}, the row has {[field for field, _ in fields]}"]
    return [
        f"{name}: column {column.name} {column.type.name} fills {field}: {annotation}"
        for column, (field, annotation) in zip(columns, fields, strict=True)
        if not _accepts(annotation, column.type.name) or column.name not in (field, *UNNAMED, "id", "ap_id", "state")
    ]


@pytest.mark.parametrize("module", MODULES)
async def test_queries_match_schema(db: Connection, module: str) -> None:
    checked = [(name, query) for name, query in QUERIES if name.partition(".")[0] == module]
    problems = [problem for name, query in checked for problem in await problems_of(db, name, query)]
    assert not problems, "\n".join(problems)
