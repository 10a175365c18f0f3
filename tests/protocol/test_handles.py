"""Handles in all the forms in which people and servers write them."""

import pytest

from federation.protocol.handles import Handle, is_local_username, normalise_host


@pytest.mark.parametrize(
    "text", ["@bob@example.com", "bob@example.com", "acct:bob@example.com", "ACCT:bob@EXAMPLE.com"]
)
def test_every_spelling_of_a_handle_is_the_same(text: str) -> None:
    assert Handle.parse(text) == Handle("bob", "example.com")


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("@a@127.0.0.2:8000", "127.0.0.2:8000"),
        ("@a@[::1]:8000", "[::1]:8000"),
        ("@a@[0:0:0:0:0:0:0:1]", "[::1]"),
        ("@a@localhost:8000", "localhost:8000"),
        ("@a@Bücher.example", "xn--bcher-kva.example"),
    ],
)
def test_hosts_are_ascii_with_their_port(text: str, host: str) -> None:
    handle = Handle.parse(text)
    assert handle is not None
    assert handle.host == host


def test_username_alone_is_one_of_ours() -> None:
    assert Handle.parse("@alice") == Handle("alice")
    assert Handle("alice") != Handle("alice", "example.com")


def test_usernames_compare_without_case_and_keep_their_letters() -> None:
    handle = Handle.parse("@Bob@example.com")
    assert handle == Handle("bob", "example.com")
    assert hash(handle) == hash(Handle("bob", "example.com"))
    assert str(handle) == "@Bob@example.com"
    assert Handle("Bob", "example.com").acct == "Bob@example.com"
    assert Handle("bob").acct == "bob"


def test_remote_usernames_may_hold_dots_and_hyphens_ours_may_not() -> None:
    assert Handle.parse("@a.b-c@example.com") == Handle("a.b-c", "example.com")
    assert Handle.parse("@a.b-c") is None


@pytest.mark.parametrize(
    "text",
    [
        "", "@", "@@example.com", "@a@", "a@b@c", "@a@b..c", "@a@-b.example", "@a@b.example:0",
        "@a@b.example:70000",
        "@a@b.example/path", "@a@user:pw@b.example", "@.a@b.example", "@a b@c.example", "@a@[:::]",
        "@a@b_\\c",
        "a@\ud800.example", "\ud800@b.example", "@a@" + "b" * 64 + ".example", "@a@" + "b." * 200 + "example",
    ],
)  # fmt: skip
def test_what_is_not_a_handle_is_none(text: str) -> None:
    assert Handle.parse(text) is None


@pytest.mark.parametrize(
    ("name", "valid"),
    [
        ("alice_1", True),
        ("A" * 32, True),
        ("a" * 33, False),
        ("", False),
        ("é", False),
        ("a-b", False),
        ("a\n", False),
    ],
)
def test_local_usernames(name: str, valid: bool) -> None:
    assert is_local_username(name) is valid


def test_host_with_userinfo_or_path_is_refused() -> None:
    assert normalise_host("good.example@evil.example") is None
    assert normalise_host("good.example#evil.example") is None
    assert normalise_host("good.example?x") is None
