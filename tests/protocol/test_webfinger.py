"""WebFinger and host-meta, asked and answered."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from federation.errors import Invalid
from federation.protocol.documents import normalise
from federation.protocol.handles import Handle
from federation.protocol.ids import Urls
from federation.protocol.webfinger import (
    ResourceUrl,
    account_jrd,
    fill_template,
    host_meta_json,
    host_meta_xml,
    instance_actor_jrd,
    lrdd_template,
    parse_jrd,
    parse_resource,
    query_url,
    server_jrd,
)
from tests.payloads.anything import json_values, patient

URLS = Urls("https://social.thoughts.example")
LD = 'application/ld+json; profile="https://www.w3.org/ns/activitystreams"'


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        ("acct:alice@thoughts.example", Handle("alice", "thoughts.example")),
        ("acct:Alice@Thoughts.Example", Handle("Alice", "thoughts.example")),
        ("ACCT:@alice@thoughts.example", Handle("alice", "thoughts.example")),
        ("@alice@127.0.0.2:8000", Handle("alice", "127.0.0.2:8000")),
        ("alice@[::1]:8000", Handle("alice", "[::1]:8000")),
        ("alice@bücher.example", Handle("alice", "xn--bcher-kva.example")),
        ("acct:thoughts.example@thoughts.example", Handle("thoughts.example", "thoughts.example")),
        ("acct:127.0.0.2:8000@127.0.0.2:8000", Handle("127.0.0.2:8000", "127.0.0.2:8000")),
        ("https://thoughts.example/users/alice", ResourceUrl("https://thoughts.example/users/alice")),
        ("https://thoughts.example/", ResourceUrl("https://thoughts.example/")),
        ("http://127.0.0.1:8000/@alice", ResourceUrl("http://127.0.0.1:8000/@alice")),
    ],
)
def test_resources_are_read(resource: str, expected: Handle | ResourceUrl) -> None:
    assert parse_resource(resource) == expected


@pytest.mark.parametrize(
    "resource",
    [
        "",
        "alice",
        "acct:alice",
        "acct:@thoughts.example",
        "a@b@thoughts.example",
        "a b@thoughts.example",
        "alice@thoughts.example/x",
        "alice@thoughts.example:port",
        "alice@[::1",
        "https://user@thoughts.example/x",
        "https:thoughts",
        "a@" + "b" * 3000,
    ],
)
def test_other_resources_are_invalid(resource: str) -> None:
    with pytest.raises(Invalid):
        parse_resource(resource)


@settings(deadline=None)
@given(st.text() | st.text().map("a@{}".format))
def test_any_text_is_a_resource_or_invalid(text: str) -> None:
    try:
        assert parse_resource(text)
    except Invalid:
        return


def test_account_answer_loops_back_and_splits_the_domain() -> None:
    jrd = account_jrd(
        URLS,
        username="alice",
        account_domain="thoughts.example",
        avatar=("https://x.example/a.png", "image/png"),
    )
    assert jrd["subject"] == "acct:alice@thoughts.example"
    assert jrd["aliases"] == [
        "https://social.thoughts.example/@alice",
        "https://social.thoughts.example/users/alice",
    ]
    by_rel = {link["rel"]: link for link in reversed(jrd["links"])}
    assert by_rel["self"] == {
        "rel": "self",
        "type": "application/activity+json",
        "href": "https://social.thoughts.example/users/alice",
    }
    assert by_rel["http://ostatus.org/schema/1.0/subscribe"]["template"].endswith("/authorize_interaction?uri={uri}")
    assert by_rel["https://w3id.org/fep/3b86/Object"]["template"].endswith("/authorize_interaction?uri={object}")
    assert by_rel["https://w3id.org/fep/3b86/Create"]["template"].endswith("/share?text={content}")
    assert by_rel["http://webfinger.net/rel/avatar"]["type"] == "image/png"


def test_our_answers_read_back() -> None:
    account = parse_jrd(account_jrd(URLS, username="alice", account_domain="thoughts.example"))
    assert account.subject_handle == Handle("alice", "thoughts.example")
    assert account.actor_urls == (URLS.actor("alice"),)
    assert account.subscribe_template == "https://social.thoughts.example/authorize_interaction?uri={uri}"
    instance = parse_jrd(instance_actor_jrd(URLS, account_domain="thoughts.example"))
    assert instance.actor_urls == (URLS.instance_actor,)
    assert instance.subject_handle == Handle("thoughts.example", "thoughts.example")
    assert parse_jrd(server_jrd(URLS)).actor_urls == (URLS.instance_actor,)


@pytest.mark.parametrize("kind", ["application/activity+json", LD])
def test_both_types_of_self_links_are_read(kind: str) -> None:
    jrd = parse_jrd(
        {
            "subject": "acct:a@b.example",
            "links": [{"rel": "self", "type": kind, "href": "https://b.example/a"}],
        }
    )
    assert jrd.actor_urls == ("https://b.example/a",)


@pytest.mark.parametrize(
    "link",
    [
        {"rel": "self", "type": "text/html", "href": "https://b.example/a"},
        {"rel": "self", "type": "application/ld+json", "href": "https://b.example/a"},
        {"rel": "self", "href": "https://b.example/a"},
        {"rel": "self", "type": "application/activity+json", "href": "javascript:x"},
        {"rel": "alternate", "type": "application/activity+json", "href": "https://b.example/a"},
    ],
)
def test_other_links_name_no_actor(link: dict[str, str]) -> None:
    assert parse_jrd({"links": [link]}).actor_urls == ()


@patient
@given(json_values("links", "rel", "self", "type", "href", "subject", "aliases", "application/activity+json"))
def test_any_json_is_a_jrd(value: Any) -> None:
    try:
        document = normalise({"links": value, "subject": value, "aliases": value}, require_context=False)
    except Invalid:
        return
    assert isinstance(parse_jrd(document).actor_urls, tuple)


def test_host_meta_reads_back() -> None:
    template = "https://social.thoughts.example/.well-known/webfinger?resource={uri}"
    assert lrdd_template(host_meta_xml(URLS)) == template
    assert host_meta_json(URLS) == {"links": [{"rel": "lrdd", "template": template}]}


def test_host_meta_of_others() -> None:
    assert (
        lrdd_template("<XRD><hm:Link template='https://b.example/wf?a=1&amp;r={uri}' type='x' rel='lrdd'></XRD>")
        == "https://b.example/wf?a=1&r={uri}"
    )
    for bad in (
        "",
        "<Link rel='lrdd' template='javascript:{uri}'/>",
        "<Link rel='lrdd' template='https://b.example/wf'/>",
        "<Link rel='other' template='https://b.example/{uri}'/>",
        "<!DOCTYPE x [<!ENTITY e 'https://b.example/{uri}'>]><Link rel='lrdd' template='&e;'/>",
    ):
        assert lrdd_template(bad) is None


def test_questions_are_encoded() -> None:
    assert query_url("https://b.example", "acct:a@b.example") == (
        "https://b.example/.well-known/webfinger?resource=acct%3Aa%40b.example"
    )
    assert fill_template("https://b.example/wf?r={uri}", "acct:a&b@c") == "https://b.example/wf?r=acct%3Aa%26b%40c"
