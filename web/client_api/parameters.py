"""What an app sends: query, form, multipart and JSON bodies as one tree, read with names and types.

As Rails reads them for Mastodon: `a[]=1&a[]=2` is a list, `a[b]=1` nests, and a body wins over the query.
A plain name given several times is read as its last value, or as a list where one is wanted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import orjson
from quart import Request

from federation.errors import Invalid
from web.current import parse_uuid

_MOST_VALUES: Final = 1000
_DEEPEST: Final = 8
_LONGEST_TEXT: Final = 100_000
_NAME = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
_PART = re.compile(r"\[([^\[\]]*)\]")
_TRUE: Final = frozenset({"true", "t", "1", "on", "yes"})
_FALSE: Final = frozenset({"false", "f", "0", "off", "no"})

Pairs = Iterable[tuple[str, str]]


class _Repeated(list[Any]):
    """The values of a plain name that was given several times."""


class Parameters:
    """A tree of named values; every reader raises `Invalid`, naming the field, for what cannot be its type."""

    __slots__ = ("_tree",)

    def __init__(self, tree: Mapping[str, Any]) -> None:
        self._tree = tree

    def is_blank(self, name: str) -> bool:
        """Tell whether nothing was given, or nothing but emptiness."""
        value = self._tree.get(name)
        return value is None or value in ("", [], [""], {})

    def has(self, name: str) -> bool:
        """Tell whether a name was given at all, be it with nothing."""
        return self._tree.get(name) is not None

    def is_null(self, name: str) -> bool:
        """Tell whether a name was given as null, which only JSON can."""
        return name in self._tree and self._tree[name] is None

    def upload(self, name: str) -> str:
        """Return a file that was written as text, however long; "" when there is none."""
        value = self._value(name)
        if value is not None and not isinstance(value, str):
            raise Invalid(f"{name} must be a file.", field=name)
        return value or ""

    def text(self, name: str, default: str = "") -> str:
        """Return a text; numbers and booleans of JSON are read as their text."""
        found = self.optional_text(name)
        return default if found is None else found

    def optional_text(self, name: str) -> str | None:
        """Return a text, or None when there is none."""
        value = self._value(name)
        return None if value is None else _text(name, value)

    def flag(self, name: str, *, default: bool = False) -> bool:
        """Return a yes or no."""
        found = self.optional_flag(name)
        return default if found is None else found

    def optional_flag(self, name: str) -> bool | None:
        """Return a yes or no, or None when nothing was said."""
        value = self._value(name)
        if value is None or isinstance(value, bool):
            return value
        word = _text(name, value).strip().lower()
        if word in _TRUE or word in _FALSE:
            return word in _TRUE
        if not word:
            return None
        raise Invalid(f"{name} must be true or false.", field=name)

    def number(self, name: str, default: int, *, least: int, most: int) -> int:
        """Return a whole number, brought within its bounds."""
        value = self._value(name)
        if value is None or value == "":
            return default
        word = _text(name, value).strip()
        if not re.fullmatch(r"[+-]?[0-9]{1,18}", word):
            raise Invalid(f"{name} must be a whole number.", field=name)
        return min(max(int(word), least), most)

    def moment(self, name: str) -> datetime | None:
        """Return a moment, written as ISO 8601; without a zone it is UTC."""
        word = self.text(name).strip()
        if not word:
            return None
        try:
            found = datetime.fromisoformat(word)
            return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
        except (ValueError, OverflowError) as exc:
            raise Invalid(f"{name} must be a moment such as 2030-01-31T12:00:00Z.", field=name) from exc

    def id(self, name: str) -> UUID | None:
        """Return an id; a malformed one is like none."""
        value = self._value(name)
        return parse_uuid(value.lower()) if isinstance(value, str) else None

    def ids(self, name: str, *, most: int) -> list[UUID]:
        """Return the ids of a list, each once; malformed ones belong to nobody and are left out."""
        found = (parse_uuid(text.lower()) for text in self.texts(name, most=most))
        return list(dict.fromkeys(one for one in found if one is not None))

    def texts(self, name: str, *, most: int) -> list[str]:
        """Return the texts of a list; a single value is a list of one."""
        value = self._tree.get(name)
        if value is None:
            return []
        if isinstance(value, dict):
            raise Invalid(f"{name} must be a list.", field=name)
        values = value if isinstance(value, list) else [value]
        if len(values) > most:
            raise Invalid(f"{name} may have at most {most} values.", field=name)
        return [_text(name, one) for one in values if one is not None]

    def nested(self, name: str) -> Parameters:
        """Return the parameters within one, none when there is nothing."""
        value = self._value(name)
        if value is None or value == "":
            return Parameters({})
        if not isinstance(value, dict):
            raise Invalid(f"{name} must be an object.", field=name)
        return Parameters(value)

    def records(self, name: str, *, most: int) -> list[Parameters] | None:
        """Return a list of objects, given as a list or, as Rails' forms do, by their numbers; None when absent."""
        value = self._value(name)
        if value is None:
            return None
        if isinstance(value, dict):
            value = [value[key] for key in sorted(value, key=_by_number)]
        if not isinstance(value, list) or len(value) > most or not all(isinstance(one, dict) for one in value):
            raise Invalid(f"{name} must be a list of at most {most} objects.", field=name)
        return [Parameters(one) for one in value]

    def _value(self, name: str) -> Any:
        value = self._tree.get(name)
        return value[-1] if isinstance(value, _Repeated) else value


def _by_number(key: str) -> tuple[int, str]:
    return (int(key) if key.isascii() and key.isdigit() and len(key) < 10 else 1_000_000_000, key)


def _text(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if not isinstance(value, str):
        raise Invalid(f"{name} must be text.", field=name)
    if "\0" in value:
        raise Invalid(f"{name} contains a null character.", field=name)
    if len(value) > _LONGEST_TEXT:
        raise Invalid(f"{name} is too long.", field=name)
    return value


async def read_parameters(request: Request) -> Parameters:
    """Read everything that a request carries; raise `Invalid` for a body that cannot be read."""
    tree = read_pairs(request.args.items(multi=True))
    kind = request.mimetype
    if kind == "application/json" or kind.endswith("+json"):
        tree.update(read_json(await request.get_data(parse_form_data=False)))
    elif kind in ("application/x-www-form-urlencoded", "multipart/form-data"):
        tree.update(read_pairs((await request.form).items(multi=True)))
    return Parameters(tree)


def read_json(body: str | bytes) -> dict[str, Any]:
    """Read a JSON body: an object, or nothing."""
    if not body.strip():
        return {}
    try:
        tree = orjson.loads(body)
    except orjson.JSONDecodeError as exc:
        raise Invalid("The body is not valid JSON.") from exc
    if not isinstance(tree, dict):
        raise Invalid("The JSON body must be an object.")
    # An app may write names as in a form.
    return {name.removesuffix("[]"): value for name, value in tree.items()}


def read_pairs(pairs: Pairs) -> dict[str, Any]:
    """Read the pairs of a query or form as a tree."""
    tree: dict[str, Any] = {}
    for count, (name, value) in enumerate(pairs):
        if count >= _MOST_VALUES:
            raise Invalid(f"More than {_MOST_VALUES} values were sent.")
        match = _NAME.fullmatch(name)
        if match is None:
            # As odd as it is, it is a name.
            tree[name] = value
            continue
        parts = _PART.findall(match[2])
        if len(parts) > _DEEPEST:
            raise Invalid("The parameters are nested too deeply.")
        _put(tree, match[1], parts, value)
    return tree


def _put(tree: dict[str, Any], name: str, parts: list[str], value: str) -> None:
    """Put a value at its place in the tree, making lists and objects on the way."""
    if not parts:
        _put_plain(tree, name, value)
        return
    first, *rest = parts
    if first:
        within = tree.setdefault(name, {})
        if not isinstance(within, dict):
            raise Invalid(f"{name} is given both as an object and as something else.", field=name)
        _put(within, first, rest, value)
        return
    items = tree.setdefault(name, [])
    if not isinstance(items, list) or isinstance(items, _Repeated):
        raise Invalid(f"{name} is given both as a list and as something else.", field=name)
    if not any(rest):
        # Mastodon.py writes some lists as a[][]: for Rails a list of lists, which it reads as one.
        items.append(value)
        return
    # a[][b]=1&a[][c]=2 describe one object until a name comes again.
    if not items or not isinstance(items[-1], dict) or (len(rest) == 1 and rest[0] in items[-1]):
        items.append({})
    if not rest[0]:
        raise Invalid(f"{name} is a list of lists, which nothing takes.", field=name)
    _put(items[-1], rest[0], rest[1:], value)


def _put_plain(tree: dict[str, Any], name: str, value: str) -> None:
    before = tree.get(name)
    if before is None:
        tree[name] = value
    elif isinstance(before, _Repeated):
        before.append(value)
    elif isinstance(before, str):
        tree[name] = _Repeated([before, value])
    else:
        raise Invalid(f"{name} is given both as text and as something else.", field=name)
