"""Ids: canonical form, origins, and the shapes of our own."""

from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from federation.errors import Invalid
from federation.protocol.ids import (
    LocalActivity,
    LocalActor,
    LocalFeatured,
    LocalFollowers,
    LocalInstanceActor,
    LocalThought,
    Origin,
    Urls,
    is_id,
    origin_of,
    parse_id,
    same_origin,
)

URLS = Urls("https://thoughts.example")
ID = UUID("0193f0a1-2b3c-7d4e-8f50-617283940a1b")


@pytest.mark.parametrize(
    "good",
    [
        "https://a.example/users/alice",
        "http://127.0.0.2:8000/users/alice#main-key",
        "https://blog.example/?author=1",
        "https://[2001:db8::1]:8443/x",
        "https://faß.example/ünïcode",
        "https://a.example",
    ],
)
def test_good_ids_are_returned_unchanged(good: str) -> None:
    assert parse_id(good) == good


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "alice",
        "//a.example/x",
        "ftp://a.example/x",
        "javascript:alert(1)",
        "bear:?t=1&u=https://a.example/1",
        "https:///x",
        "https://",
        "https://user@a.example/x",
        "https://user:pw@a.example/x",
        "https://@a.example/x",
        "https://good.example\\@evil.example/x",
        "https://a.example/\n",
        "https://a.example/\0",
        "https://a.example/a b",
        "https://a.example/\u2028",
        "https://a.example:99999/x",
        "https://a.example:port/x",
        "https://a%2eexample/x",
        "https://[::1/x",
        "https://[::1%25eth0]/x",
        "https://-a.example/x",
        "https://\u0301.example/x",
        "https://a.example/" + "x" * 2048,
        "https://a.example/" + "é" * 1024,
    ],
)
def test_bad_ids_are_refused(bad: str) -> None:
    with pytest.raises(Invalid):
        parse_id(bad)


@settings(deadline=None)
@given(st.text() | st.text().map("https://{}".format))
def test_any_text_is_an_id_or_invalid(text: str) -> None:
    assert is_id(text) in (True, False)


def test_origins_compare_scheme_host_and_port() -> None:
    assert origin_of("https://A.Example/x") == Origin("https", "a.example", 443)
    assert same_origin("https://a.example/x", "https://A.EXAMPLE:443/y#z")
    assert same_origin("https://bücher.example/x", "https://xn--bcher-kva.example/y")
    assert not same_origin("https://a.example/x", "http://a.example/x")
    assert not same_origin("https://a.example/x", "https://a.example:8443/x")
    assert not same_origin("https://a.example/x", "https://b.a.example/x")
    assert not same_origin("nonsense", "nonsense")


def test_hosts_that_old_idna_rules_confuse_are_different() -> None:
    assert not same_origin("https://faß.example/x", "https://fass.example/x")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (URLS.actor("alice"), LocalActor("alice")),
        (URLS.profile("alice"), LocalActor("alice")),
        (URLS.followers("alice"), LocalFollowers("alice")),
        (URLS.featured("alice"), LocalFeatured("alice")),
        (URLS.thought(ID), LocalThought(ID)),
        (URLS.thought_page("alice", ID), LocalThought(ID)),
        (URLS.activity(ID), LocalActivity(ID)),
        (URLS.instance_actor, LocalInstanceActor()),
    ],
)
def test_our_urls_are_read_back(url: str, expected: object) -> None:
    assert URLS.parse_local(url) == expected


@pytest.mark.parametrize(
    "url",
    [
        "https://other.example/users/alice",
        "https://thoughts.example.evil.example/users/alice",
        "https://thoughts.example:8443/users/alice",
        "http://thoughts.example/users/alice",
        "https://thoughts.example",
        "https://thoughts.example/users/",
        "https://thoughts.example/users/alice/",
        "https://thoughts.example/users/alice#main-key",
        "https://thoughts.example/users/alice?x=1",
        "https://thoughts.example/users/alice\n",
        "https://thoughts.example/@alice@other.example",
        f"https://thoughts.example/thoughts/{str(ID).upper()}",
        f"https://thoughts.example/thoughts/{ID.hex}",
        "https://thoughts.example/thoughts/1",
        "",
    ],
)
def test_other_urls_name_nothing_of_ours(url: str) -> None:
    assert URLS.parse_local(url) is None


def test_shapes_of_our_urls() -> None:
    assert URLS.inbox("alice") == "https://thoughts.example/users/alice/inbox"
    assert URLS.outbox("alice") == "https://thoughts.example/users/alice/outbox"
    assert URLS.following("alice") == "https://thoughts.example/users/alice/following"
    assert URLS.shared_inbox == "https://thoughts.example/inbox"
    assert URLS.replies(ID) == f"https://thoughts.example/thoughts/{ID}/replies"
    assert URLS.tag("käse/1") == "https://thoughts.example/tags/k%C3%A4se%2F1"
    assert URLS.rsa_key(URLS.actor("alice")) == "https://thoughts.example/users/alice#main-key"
    assert URLS.ed25519_key(URLS.actor("alice")) == "https://thoughts.example/users/alice#ed25519-key"


def test_our_origin_is_recognised_however_it_is_spelt() -> None:
    assert URLS.is_ours("https://THOUGHTS.example:443/x")
    assert not URLS.is_ours("https://thoughts.example:8443/x")
