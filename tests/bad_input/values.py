"""Requests made to break what reads them: bad values among good ones, in every kind of body, and broken bodies."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, quote_from_bytes

from hypothesis import strategies as st

from tests.client_api.contract import ENTITIES, ENUMS
from tests.media.samples import picture


@dataclass(frozen=True)
class Named:
    """The id of something that the tests made; known only when a request is sent."""

    name: str


@dataclass(frozen=True)
class Request:
    """One request, but for the ids of what it names."""

    caller: str
    places: tuple[str | Named, ...] = ()
    query: tuple[tuple[str, Any], ...] = ()
    headers: dict[str, str | bytes] = field(default_factory=dict)
    body: tuple[str, Any] | None = None
    """How it is written (json, form, multipart, or a content type), and what: a tree, or bytes as they are."""


TEXTS = (
    "", " ", "\0", "a\0b", "😀", "👩‍👩‍👧‍👦" * 40, "\u202eabc", "e\u0301" * 500, "\u0000\ufffe\uffff", "ﷺ" * 600,
    "\U00010400" * 600,
    "9" * 30, "-1", "0", "1e400", "NaN", "Infinity", "0x10", "١٢٣", "true", "null", "undefined", "None",
    "%", "_", "\\", "'", "'; --", "((((((", "a" * 5000, "x" * 120_000, "*:&|!<->", "{0}", "%s", "%(a)s",
    "\r\nX-Evil: 1",
    "@a@b", "@@@", "@ann", "@ann@localhost:8000", "#things", "#" * 50, "@" * 600, "ann@mail.example", "a@b@c@d",
    "http://[", "http://[::1", "https://\ud83d.example/", "javascript:alert(1)", "//", "http://localhost:8000/@ann",
    "http://a.example:99999/", "https://xn--a.example/", "https://remote.example/notes/1", "http://" + "a." * 200,
    "0000-00-00", "2026-02-30", "9999-12-31T23:59:59Z", "10000-01-01T00:00:00Z", "0001-01-01T00:00:00+23:59",
    "2030-01-01T00:00:00Z", "2030-01-01", "-271821-04-20T00:00:00Z", "2026-01-01T00:00:00+99:99", "1970-01-01",
    "../../etc/passwd", "<script>alert(1)</script>", "home", "public", "direct", "data:image/png;base64,AAAA",
    "data:,", "0.5,0.5", "nan,inf", "1e999,0", "00000000-0000-0000-0000-000000000000", "\ud800",
    "ffffffff-ffff-ffff-ffff-ffffffffffff", "{12345678-1234-1234-1234-123456789abc}", "[]", "a[b", ":blob:", "🎉",
)  # fmt: skip
NUMBERS = (
    0, 1, -1, 2, 40, 2**31 - 1, 2**31, -(2**31) - 1, 2**53, 2**63 - 1, 2**63, -(2**63), 2**64 - 1, 2**64, 10**30,
    10**400,
    0.5, -0.0, 1e308, float("nan"), float("inf"), float("-inf"),
)  # fmt: skip
TEXT = st.sampled_from(TEXTS) | st.text(max_size=12)
SCALAR = st.none() | st.booleans() | st.sampled_from(NUMBERS) | TEXT
ANYTHING = st.recursive(
    SCALAR,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(("id", "name", "0", "1", "-1", "", "a[b]", "\0")) | TEXT, inner, max_size=3)
    ),
    max_leaves=6,
)
BAD = ANYTHING | st.sampled_from(([[[]]], [{}] * 3, ["x"] * 1100, {str(n): {} for n in range(1100)}, [None], [[], {}]))
_GOOD_TEXTS = ("hello", "things", "en", "home", "😀", "a b c", "https://example.org/x", "@bob hi #things", "blob")


def deep(levels: int) -> Any:
    """Return lists within objects within lists."""
    tree: Any = 1
    for _ in range(levels):
        tree = {"a": [tree]}
    return tree


def good(kind: str, name: str, names: tuple[str, ...]) -> st.SearchStrategy[Any]:
    """Values that a parameter of this type and name may have; `names` can be put into ids."""
    if kind.endswith("?"):
        return good(kind[:-1], name, names)
    if kind.startswith("["):
        return st.lists(good(kind[1:-1], name, names), max_size=3)
    if kind in ENTITIES:
        return st.fixed_dictionaries(
            {}, optional={one.removesuffix("?"): good(inner, one, names) for one, inner in ENTITIES[kind].items()}
        )
    if kind in ENUMS:
        return st.sampled_from(ENUMS[kind])
    if name.removesuffix("?").endswith(("id", "ids")):
        return st.sampled_from([Named(one) for one in names])
    return {
        "boolean": st.sampled_from([True, False, "true", "0"]),
        "integer": st.integers(0, 90),
        "number": st.integers(0, 90),
        "datetime": st.sampled_from(["2030-01-01T00:00:00.000Z", "2020-01-01"]),
    }.get(kind, st.sampled_from(_GOOD_TEXTS))


_DUPLICATES = b'{"status": "one", "status": "two", "id": 1, "id": [], "id": {}}'
RAW: tuple[tuple[str, bytes], ...] = (
    *(
        ("application/json", body)
        for body in (
            b"", b" ", b"{", b"}", b"[]", b"null", b'"text"', b"1", b"nonsense", b'{"status": "x"', b"\xff\xfe{\0}\0",
            b'{"status": "\xff"}', b'{"status": "\\ud800"}', b'{"status": "\\u0000"}', b'{"id": NaN}', b'{"id": 1e999}',
            b'{"a":' * 3000 + b"1" + b"}" * 3000, b"[" * 100_000, _DUPLICATES, b"\xef\xbb\xbf{}",
            b'{"id":' + b"9" * 5000 + b"}", json.dumps({"id": deep(300)}).encode(), b"{}" + b" " * 50_000 + b"x",
            b'{"' + b"a" * 100_000 + b'": 1}', b'{"__proto__": {"x": 1}, "constructor": 1}',
        )
    ),
    *(
        ("application/x-www-form-urlencoded", body)
        for body in (
            b"%", b"%zz=%zz", b"a[=1", b"a]=1", b"a[b=1", b"a[][]=1", b"id[]=1&id[b]=2", b"id=1&id[]=2", b"=", b"&&&",
            b"=x", b"status=%ff%fe", b"status=%00", b"status=%ED%A0%80", b"[]=1", b"[a]=1",
            b"a[b][c][d][e][f][g][h][i][j]=1",
            b"&".join(b"id[]=%d" % number for number in range(1500)), b"status=" + b"x" * 200_000, b"a;b;c",
            b"media_attributes[][id]=1&media_attributes[][id]=2&media_attributes=3",
        )
    ),
    ("application/x-www-form-urlencoded; charset=nonsense", b"status=x"),
    ("application/x-www-form-urlencoded; charset=utf-16", b"s\0t\0=\0x\0"),
    ("application/json; charset=utf-16", '{"status": "x"}'.encode("utf-16")),
    ("application/vnd.api+json", b'{"status": "x"}'),
    ("text/plain", b"status=x"),
    ("", b"status=x"),
    ("\xff/\xfe", b"status=x"),
    ("multipart/form-data", b"--x\r\n\r\n"),
    ("multipart/form-data; boundary=", b"--\r\n\r\n"),
    ("multipart/form-data; boundary=x; boundary=y", b"--x\r\n--y--"),
    ('multipart/form-data; boundary="' + "b" * 300 + '"', b"--b"),
    *(
        ("multipart/form-data; boundary=x", body)
        for body in (b"", b"--x", b"--x--", b"nonsense", b"--x\r\n\r\nv\r\n--x--")
    ),
    *(
        ("multipart/form-data; boundary=x", (b"--x\r\nContent-Disposition: %s\r\n" % part) * times + b"--x--")
        for part, times in (
            (b"form-data\r\n\r\nv", 1),
            (b'form-data; name="status\r\n\r\nv', 1),
            (b'form-data; name="status"\r\n\r\n\xff\xfe\0', 1),
            (b'form-data; name="status"; filename="\0"\r\n\r\nv', 1),
            (b'form-data; name="file"; filename="a.png"\r\n\r\n', 1),
            (b'attachment; name="status"\r\nContent-Type: text/plain; charset=nonsense\r\n\r\nv', 1),
            (b'form-data; name="status"\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!', 1),
            (b'form-data; name="status"\r\nContent-Length: 99999\r\n\r\nv', 1),
            (b'form-data; name="status"\r\nX-Long: ' + b"h" * 70_000 + b"\r\n\r\nv", 1),
            (b'form-data; name="' + b"n" * 20_000 + b'"\r\n\r\nv', 1),
            (b'form-data; name="id"\r\n\r\n1', 1500),
            (b'form-data; name="file"; filename="f"\r\n\r\n1', 1500),
        )
    ),
)  # fmt: skip
FILES = (
    b"",
    b"x",
    b"\x89PNG\r\n\x1a\n",
    picture((3, 3)),
    b"GIF89a" + bytes(20),
    b"<svg onload='alert(1)'/>",
    bytes(70_000),
)
HEADERS: tuple[dict[str, str | bytes], ...] = (
    {"idempotency-key": "k" * 5000}, {"idempotency-key": b"\xff\xfe"}, {"idempotency-key": "same"},
    {"accept": "\xff;q=x"},
    {"accept-language": "x" * 5000 + ";q=9"}, {"range": "bytes=-99999999999999999999"}, {"if-none-match": '"' * 300},
    {"if-modified-since": "yesterday"}, {"cookie": "a=b; =; \xff=\xfe; thoughts-session=x"},
    {"x-forwarded-for": "nonsense, ,"},
    {"content-encoding": "gzip"}, {"accept-encoding": "br;q=x"}, {"origin": "null"}, {"user-agent": "\xff" * 900},
    {"x-forwarded-proto": "gopher"}, {"transfer-encoding": "nonsense"}, {"expect": "the worst"},
)  # fmt: skip
PLACES = (
    *(quote(text, safe="", errors="surrogatepass") for text in TEXTS if text and len(text) < 6000),
    "%ff%fe", "%C0%AF", "%2e%2e%2f%2e%2e", "%25", "%0d%0aX:1", "a%2Fb", "me", "...",
)  # fmt: skip


LONGEST_QUERY = 60_000
"""Longer addresses are refused before they come to us."""


def pairs(name: str, value: Any) -> list[tuple[str, Any]]:
    """Write a value as Rails' forms do."""
    if isinstance(value, Mapping):
        return [pair for key, inner in value.items() for pair in pairs(f"{name}[{key}]", inner)]
    if isinstance(value, list):
        return [pair for inner in value for pair in pairs(f"{name}[]", inner)]
    return [(name, value)]


def written(value: Any) -> bytes:
    """Write a scalar as a form does, whatever it holds."""
    text = "true" if value is True else "false" if value is False else "" if value is None else str(value)
    return text.encode(errors="surrogatepass")


def quoted(value: Any) -> str:
    """Write a scalar as a part of an address or a form does."""
    return quote_from_bytes(written(value))


def multipart(fields: list[tuple[str, Any]], files: list[tuple[str, bytes]]) -> tuple[str, bytes]:
    """Write a form with files, whatever its names and values hold; return its content type and its bytes."""
    parts = [
        b'--x7\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (written(name), written(value))
        for name, value in fields
    ] + [
        b'--x7\r\nContent-Disposition: form-data; name="%s"; filename="a"\r\n\r\n%s\r\n' % (written(name), data)
        for name, data in files
    ]
    return "multipart/form-data; boundary=x7", b"".join(parts) + b"--x7--\r\n"
