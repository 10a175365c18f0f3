"""JSON documents of other servers: from bytes to one normalised dict, and tolerant readers of its values.

Documents are read as plain JSON after a normalising step, never by a JSON-LD processor: remote contexts are
neither fetched nor believed, so what was verified and what is carried out cannot be two different readings.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import orjson

from federation.errors import Invalid
from federation.protocol.ids import ID_LIMIT, same_origin

AS = "https://www.w3.org/ns/activitystreams"
MAX_DEPTH = 30
MAX_NODES = 20_000

_FORBIDDEN = frozenset({"@graph", "@included", "@reverse", "@nest"})
_KEYWORDS = {"@id": "id", "@type": "type"}
_PREFIXED = re.compile(rf"(?:{re.escape(AS)}#|as:)([A-Za-z]\w*)", re.ASCII)
# PostgreSQL stores no NUL, UTF-8 carries no lone surrogate.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_COUNT = re.compile(r"[0-9]{1,15}")
_TIMESTAMP = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}:[0-9]{2}(?::[0-9]{2})?)(?:\.([0-9]+))?"
    r"(?:([Zz])|([+-][0-9]{2}):?([0-9]{2}))?"
)


def parse_document(body: bytes, *, limit: int, require_context: bool = True) -> dict[str, Any]:
    """Return the document that these bytes hold; raise `Invalid` when they hold none that is safe to read.

    `limit` is in bytes. Of duplicate keys the last wins: signatures and digests cover the same bytes that are
    parsed here, so nobody reads another one. Bare key documents come without the ActivityStreams context:
    `require_context=False` is for them and for JRD and NodeInfo.
    """
    if len(body) > limit:
        raise Invalid(f"The document is larger than {limit} bytes.")
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as exc:
        raise Invalid("The document is not JSON.") from exc
    return normalise(value, require_context=require_context)


def normalise(value: object, *, require_context: bool = True) -> dict[str, Any]:
    """Return a copy of a parsed document with `@id`, `@type`, prefixed terms and null values made plain.

    Values of `@context` are kept as they are. Raises `Invalid` for anything but an object, for more than
    `MAX_DEPTH` levels or `MAX_NODES` values, and for JSON-LD keywords that would move properties to other
    places than the ones read here (GHSA-9rfg-v8g9-9367).
    """
    if not isinstance(value, dict):
        raise Invalid("The document is not a JSON object.")
    if require_context and AS not in as_list(value.get("@context")):
        raise Invalid(f"The document's @context does not name {AS}.")
    document: dict[str, Any] = _Normaliser().plain(value, depth=1)
    return document


class _Normaliser:
    """One walk over one document; counts what it has seen."""

    def __init__(self) -> None:
        self._nodes = 0

    def plain(self, value: Any, *, depth: int, in_context: bool = False) -> Any:
        self._nodes += 1
        if depth > MAX_DEPTH:
            raise Invalid(f"The document is nested deeper than {MAX_DEPTH} levels.")
        if self._nodes > MAX_NODES:
            raise Invalid(f"The document holds more than {MAX_NODES} values.")
        if isinstance(value, dict):
            return self._object(value, depth=depth, in_context=in_context)
        if isinstance(value, list):
            items = [self.plain(item, depth=depth + 1, in_context=in_context) for item in value]
            return [item for item in items if item is not None]
        if isinstance(value, str):
            if in_context and value in _FORBIDDEN:
                raise Invalid(f"The document uses {value}, which is not accepted.")
            return _UNSTORABLE.sub("", value)
        return value

    def _object(self, value: dict[str, Any], *, depth: int, in_context: bool) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for raw_key, raw_item in value.items():
            if raw_key in _FORBIDDEN:
                raise Invalid(f"The document uses {raw_key}, which is not accepted.")
            if _UNSTORABLE.search(raw_key):
                raise Invalid("A property name of the document contains a character that is not text.")
            key = raw_key if in_context else _term(raw_key)
            item = self.plain(raw_item, depth=depth + 1, in_context=in_context or key == "@context")
            if item is None:
                continue
            if key in result:
                # Two spellings of one property: readers could disagree about which one counts.
                raise Invalid(f"The document states {key!r} under two names.")
            result[key] = _plain_type(item) if key == "type" and not in_context else item
        return result


def _term(key: str) -> str:
    return _KEYWORDS.get(key) or _without_prefix(key)


def _without_prefix(text: str) -> str:
    match = _PREFIXED.fullmatch(text)
    return match[1] if match else text


def _plain_type(value: Any) -> Any:
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, list):
        return [_without_prefix(item) if isinstance(item, str) else item for item in value]
    return _without_prefix(value) if isinstance(value, str) else value


def as_list(value: Any) -> list[Any]:
    """Return the values of a property that may be absent, single, a list, or a JSON-LD `@list` or `@set`."""
    if isinstance(value, dict):
        for keyword in ("@list", "@set"):
            if keyword in value:
                value = value[keyword]
                break
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def types(document: Any) -> tuple[str, ...]:
    """Return the types of an object, in its own order."""
    if not isinstance(document, dict):
        return ()
    return tuple(item for item in as_list(document.get("type")) if isinstance(item, str))


def type_of(document: Any, supported: Iterable[str] = ()) -> str | None:
    """Return the first type of an object that is supported, else its first type."""
    named = types(document)
    known = frozenset(supported)
    return next((item for item in named if item in known), named[0] if named else None)


def one_id(value: Any) -> str | None:
    """Return the first id in a string, an object with an id, a Link, or a list of them, unchecked."""
    return next(iter(ids(value, limit=1)), None)


def ids(value: Any, limit: int = 256) -> tuple[str, ...]:
    """Return up to `limit` distinct ids in the order given; over-long ones are skipped."""
    found: dict[str, None] = {}
    for item in as_list(value):
        text = _id(item)
        if text:
            found[text] = None
        if len(found) == limit:
            break
    return tuple(found)


def _id(item: Any) -> str | None:
    if isinstance(item, dict):
        item = item.get("id") or (item.get("href") if "Link" in types(item) else None)
    return item if isinstance(item, str) and len(item) <= ID_LIMIT else None


def author_id(document: dict[str, Any]) -> str | None:
    """Return the one id in `attributedTo`, else in `actor`, that counts as the author; None if there is none.

    Of several (PeerTube names the account and the channel) the first on the origin of the document's id is
    taken, here and so in every check and every effect.
    """
    authors = ids(document.get("attributedTo")) or ids(document.get("actor"))
    own = one_id(document.get("id")) or ""
    return next((author for author in authors if same_origin(author, own)), next(iter(authors), None))


def text(value: Any, limit: int) -> str | None:
    """Return the first non-empty string in `value`, language-tagged or not, cut to `limit` characters."""
    for item in as_list(value):
        plain = item.get("@value") if isinstance(item, dict) else item
        if isinstance(plain, str) and plain:
            return plain[:limit]
    return None


def objects(value: Any, limit: int = 256) -> list[dict[str, Any]]:
    """Return up to `limit` embedded objects; plain ids among them are left out."""
    return [item for item in as_list(value) if isinstance(item, dict)][:limit]


def flag(value: Any) -> bool:
    """Read a boolean; some servers send it as a string."""
    return value is True or (isinstance(value, str) and value.lower() == "true")


def count(value: Any) -> int | None:
    """Read a number of things: an integer, a string of digits, or an old Fedify `{"@value": 3}`."""
    if isinstance(value, dict):
        value = value.get("@value")
    if isinstance(value, str) and _COUNT.fullmatch(value):
        return int(value)
    number = number_of(value)
    # More than PostgreSQL's integer is no count of anything.
    return int(number) if number is not None and 0 <= number < 2**31 else None


def number_of(value: Any) -> float | None:
    """Read a finite number; booleans are none."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return value


def timestamp(value: Any) -> datetime | None:
    """Read an RFC 3339 time as UTC; None when malformed or out of Python's range.

    Times without an offset, which some servers send, are taken as UTC.
    """
    match = _TIMESTAMP.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        return None
    date, clock, fraction, _zulu, hours, minutes = match.groups()
    clock = clock if clock.count(":") == 2 else clock + ":00"
    # Leap seconds: Python knows none, the second before is close enough.
    clock = clock[:-2] + "59" if clock.endswith(":60") else clock
    offset = f"{hours}:{minutes}" if hours else "+00:00"
    micro = (fraction or "")[:6].ljust(6, "0")
    try:
        return datetime.fromisoformat(f"{date}T{clock}.{micro}{offset}").astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def moment(at: datetime) -> str:
    """Write a time as RFC 3339 in UTC, to the second."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
