"""URLs that others chose: which are usable, and how they go over the wire."""

from __future__ import annotations

import pytest

from federation.remote.failures import Blocked
from federation.remote.targets import authority, parse_target, wire_url


@pytest.mark.parametrize(
    "url",
    [
        "ftp://a.example/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "//a.example/",
        "https:///x",
        "https://",
        "https://user@a.example/",
        "https://user:secret@a.example/",
        "https://a.example\\@b.example/",
        "https://a.example/\x00",
        "https://a.example/\r\nX: y",
        "https://a.example/a b",
        " https://a.example/",
        "https://a.example:0/",
        "https://a.example:65536/",
        "https://a.example:x/",
        "https://a.example./",
        "https://a..example/",
        "https://%61.example/",
        "https://a%2eexample/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://017700000001/",
        "https://127.1/",
        "https://[fe80::1%25eth0]/",
        "https://[::1/",
        "https://①②⑦.⓪.⓪.①/",
        "https://" + "a" * 64 + ".example/",
        "https://a.example/" + "x" * 2048,
    ],
)
def test_unusable_urls_are_blocked(url: str) -> None:
    with pytest.raises(Blocked):
        parse_target(url)


@pytest.mark.parametrize(
    ("url", "wire"),
    [
        ("https://A.Example:443/x#main-key", "https://a.example/x"),
        ("https://a.example", "https://a.example/"),
        ("https://a.example?q=1", "https://a.example/?q=1"),
        ("https://a.example:8443/x?y", "https://a.example:8443/x?y"),
        ("https://a.example/%7eb/../c%c3%bc", "https://a.example/c%C3%BC"),
        ("https://münchen.example/ü", "https://xn--mnchen-3ya.example/%C3%BC"),
        ("https://[2A00::1]:80/", "https://[2a00::1]:80/"),
        ("https://127。0。0。1/", "https://127.0.0.1/"),
    ],
)
def test_wire_url_is_the_one_spelling(url: str, wire: str) -> None:
    assert wire_url(url) == wire
    assert wire_url(wire) == wire


def test_unicode_dots_do_not_hide_an_address() -> None:
    assert str(parse_target("https://127。0。0。1/").literal) == "127.0.0.1"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://A.example/", "a.example"),
        ("https://a.example:443/", "a.example"),
        ("http://a.example:443/", "a.example:443"),
        ("http://127.0.0.2:8000/inbox", "127.0.0.2:8000"),
        ("https://[2a00::1]:8443/", "[2a00::1]:8443"),
    ],
)
def test_authority_is_what_the_host_header_says(url: str, expected: str) -> None:
    assert authority(url) == expected
