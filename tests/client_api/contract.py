"""Compares answers with contract.json (derive_contract.py says how it is written)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_CONTRACT = json.loads(Path(__file__).with_name("contract.json").read_text())
ENTITIES: dict[str, dict[str, str]] = _CONTRACT["entities"]
ENUMS: dict[str, list[str]] = _CONTRACT["enums"]
# The reference knows collections in notifications, but forgot that those come in groups too.
ENUMS["NotificationGroupTypeEnum"] = ENUMS["NotificationTypeEnum"]
OPERATIONS: dict[tuple[str, str], dict[str, Any]] = {
    (one["method"], one["path"]): one for one in _CONTRACT["operations"]
}

_DATETIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_SCALARS = {
    "string": lambda value: isinstance(value, str),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "boolean": lambda value: isinstance(value, bool),
    "datetime": lambda value: isinstance(value, str) and _DATETIME.fullmatch(value) is not None,
    "date": lambda value: isinstance(value, str) and _DATE.fullmatch(value) is not None,
    "uri": lambda value: isinstance(value, str) and re.match(r"(https?|wss?)://[^/]", value) is not None,
    "any": lambda _: True,
    "empty": lambda value: value == {},
}


def problems(kind: str, value: Any, place: str = "") -> list[str]:
    """Say what in a value is not as its type says; nothing when all is well."""
    return list(_problems(kind, value, place or kind))


def _problems(kind: str, value: Any, place: str) -> Iterator[str]:
    if kind.endswith("?"):
        if value is not None:
            yield from _problems(kind[:-1], value, place)
    elif kind.startswith("["):
        if not isinstance(value, list):
            yield f"{place} is no list: {value!r:.80}"
            return
        for number, item in enumerate(value):
            yield from _problems(kind[1:-1], item, f"{place}[{number}]")
    elif kind.startswith("{"):
        if not isinstance(value, dict):
            yield f"{place} is no object: {value!r:.80}"
            return
        for name, item in value.items():
            yield from _problems(kind[1:-1], item, f"{place}.{name}")
    elif "|" in kind:
        found = [problems(one, value, place) for one in kind.split("|")]
        if all(found):
            yield from min(found, key=len)
    elif kind in ENUMS:
        if value not in ENUMS[kind]:
            yield f"{place} is none of {ENUMS[kind]}: {value!r:.80}"
    elif kind in ENTITIES:
        yield from _field_problems(ENTITIES[kind], value, place)
    elif not _SCALARS[kind](value):
        yield f"{place} is no {kind}: {value!r:.80}"


def _field_problems(fields: dict[str, str], value: Any, place: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{place} is no object: {value!r:.80}"
        return
    for field, kind in fields.items():
        name = field.removesuffix("?")
        if name in value:
            yield from _problems(kind, value[name], f"{place}.{name}")
        elif not field.endswith("?"):
            yield f"{place}.{name} is missing"
