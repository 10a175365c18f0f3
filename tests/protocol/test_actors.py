"""Actors and their keys as every server publishes them."""

from datetime import UTC, datetime
from types import ModuleType
from typing import Any

import orjson
import pytest
from hypothesis import given

from federation.errors import Invalid
from federation.protocol.actors import (
    Field,
    KeyDocument,
    Picture,
    RemoteActor,
    parse_actor,
    parse_key_document,
)
from federation.protocol.addressing import PUBLIC
from federation.protocol.documents import normalise, parse_document
from federation.protocol.tags import Emoji
from tests.payloads import gotosocial, lemmy, mastodon, misskey, peertube, pixelfed, pleroma, wordpress
from tests.payloads.anything import documents, patient

THERE = "https://remote.example"
ALICE = mastodon.actor_id(THERE)


def read(document: dict[str, Any], **changes: Any) -> RemoteActor:
    return parse_actor(parse_document(orjson.dumps({**document, **changes}), limit=1_000_000))


@pytest.mark.parametrize("software", [gotosocial, lemmy, mastodon, misskey, peertube, pixelfed, pleroma, wordpress])
def test_actor_of_every_software_has_inbox_name_and_key(software: ModuleType) -> None:
    actor = read(software.actor(THERE))
    assert actor.type == "Person"
    assert actor.username
    assert actor.inbox.startswith(THERE)
    assert [key.pem for key in actor.keys] == [mastodon.PEM]


def test_mastodon_actor_in_full() -> None:
    assert read(mastodon.actor(THERE)) == RemoteActor(
        id=ALICE,
        type="Person",
        username="alice",
        webfinger=None,
        name="Alice :wave:",
        summary_html="<p>Hello</p>",
        url=f"{THERE}/@alice",
        inbox=f"{ALICE}/inbox",
        shared_inbox=f"{THERE}/inbox",
        outbox=f"{ALICE}/outbox",
        followers=f"{ALICE}/followers",
        following=f"{ALICE}/following",
        featured=f"{ALICE}/collections/featured",
        keys=(KeyDocument(f"{ALICE}#main-key", ALICE, mastodon.PEM, None),),
        key_ids=(),
        locked=True,
        discoverable=True,
        indexable=False,
        icon=Picture(f"{THERE}/system/a.png", "Portrait"),
        image=Picture(f"{THERE}/system/h.jpg", None),
        fields=(Field("Site", '<a href="https://alice.example" rel="me">x</a>'),),
        moved_to=None,
        also_known_as=(),
        published=datetime(2026, 1, 5, tzinfo=UTC),
        suspended=False,
        memorial=False,
        emojis=(Emoji("wave", f"{THERE}/emoji/wave.png"),),
        implements_rfc9421=False,
        collections=f"{ALICE}/collections/featured_collections",
        featured_tags=f"{ALICE}/collections/tags",
        may_feature=(PUBLIC,),
        may_ask_to_feature=(),
        attribution_domains=(),
    )


def test_shared_inbox_may_stand_at_the_top() -> None:
    assert read(misskey.actor(THERE), endpoints=None).shared_inbox == f"{THERE}/inbox"
    assert read(gotosocial.actor(THERE)).shared_inbox is None


def test_wordpress_claims_webfinger_and_rfc9421() -> None:
    actor = read(wordpress.actor(THERE))
    assert actor.webfinger == "writer@remote.example"
    assert actor.implements_rfc9421
    assert actor.id == f"{THERE}/?author=1"


def test_webfinger_property_stands_in_for_the_name() -> None:
    assert read(mastodon.actor(THERE), preferredUsername=None, webfinger="acct:al@remote.example").username == "al"


def test_lemmy_community_is_a_group() -> None:
    assert read(lemmy.community(THERE)).type == "Group"


@pytest.mark.parametrize(
    "changes",
    [
        {"id": None},
        {"id": "https://user@remote.example/users/alice"},
        {"type": "Note"},
        {"type": None},
        {"inbox": None},
        {"inbox": "javascript:x"},
        {"inbox": "https://victim.example/inbox"},
        {"inbox": "https://remote.example:8443/inbox"},
        {"preferredUsername": None},
        {"preferredUsername": ""},
    ],
)
def test_incomplete_or_unsafe_actors_are_invalid(changes: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        read(mastodon.actor(THERE), **changes)


@pytest.mark.parametrize("field", ["outbox", "followers", "following", "featured"])
def test_collections_on_other_servers_are_ignored(field: str) -> None:
    assert getattr(read(mastodon.actor(THERE), **{field: "https://victim.example/c"}), field) is None


def test_shared_inbox_on_another_server_is_ignored() -> None:
    actor = read(mastodon.actor(THERE), endpoints={"sharedInbox": "https://victim.example/inbox"})
    assert actor.shared_inbox is None


def test_page_on_another_host_gives_way_to_the_id() -> None:
    assert read(mastodon.actor(THERE), url="https://www.remote.example/@alice").url == ALICE
    assert read(mastodon.actor(THERE), url="javascript:x").url == ALICE


def test_keys_may_be_several_embedded_or_named() -> None:
    second = {"id": f"{ALICE}#second", "owner": ALICE, "publicKeyPem": "pem"}
    multikey = {
        "id": f"{ALICE}#ed25519-key",
        "type": "Multikey",
        "controller": ALICE,
        "publicKeyMultibase": "z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2",
    }
    actor = read(
        mastodon.actor(THERE),
        publicKey=[mastodon.actor(THERE)["publicKey"], second, f"{THERE}/keys/3"],
        assertionMethod=multikey,
    )
    assert [key.id for key in actor.keys] == [f"{ALICE}#main-key", f"{ALICE}#second", f"{ALICE}#ed25519-key"]
    assert actor.keys[2].multibase == "z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2"
    assert actor.key_ids == (f"{THERE}/keys/3",)


@pytest.mark.parametrize(
    "key",
    [
        {"id": f"{ALICE}#main-key", "owner": f"{THERE}/users/other", "publicKeyPem": "pem"},
        {"id": f"{ALICE}#main-key", "publicKeyPem": "pem"},
        {"id": "https://victim.example/users/v#main-key", "owner": ALICE, "publicKeyPem": "pem"},
        {"id": f"{ALICE}#main-key", "owner": ALICE},
        {"id": f"{ALICE}#k", "controller": "https://evil.example/e", "publicKeyMultibase": "z6Mk"},
        "https://victim.example/key",
    ],
)
def test_keys_of_others_are_not_taken(key: Any) -> None:
    for field in ("publicKey", "assertionMethod"):
        actor = read(mastodon.actor(THERE), **{"publicKey": None, field: key})
        assert (actor.keys, actor.key_ids) == ((), ())


def test_lists_and_texts_are_bounded() -> None:
    actor = read(
        mastodon.actor(THERE),
        name="n" * 5000,
        summary="s" * 50_000,
        attachment=[{"type": "PropertyValue", "name": "n" * 5000, "value": "v" * 5000}] * 60,
        alsoKnownAs=[f"https://a.example/{number}" for number in range(500)],
        publicKey=[{"id": f"{ALICE}#{n}", "owner": ALICE, "publicKeyPem": "x"} for n in range(50)],
    )
    assert (len(actor.name), len(actor.summary_html)) == (2048, 20_000)
    assert len(actor.fields) == 50
    assert (len(actor.fields[0].name), len(actor.fields[0].value_html)) == (2047, 2047)
    assert len(actor.also_known_as) == 256
    assert len(actor.keys) == 10


def test_moved_actor() -> None:
    actor = read(mastodon.actor(THERE), movedTo="https://new.example/a", alsoKnownAs=["https://old.example/a", "x"])
    assert (actor.moved_to, actor.also_known_as) == ("https://new.example/a", ("https://old.example/a",))
    assert read(mastodon.actor(THERE), movedTo="javascript:x").moved_to is None


def test_bare_key_document() -> None:
    key = {
        "@context": "https://w3id.org/security/v1",
        "id": f"{ALICE}/key",
        "type": "Key",
        "owner": ALICE,
        "publicKeyPem": "pem",
    }
    document = normalise(key, require_context=False)
    assert parse_key_document(document, key_id=f"{ALICE}/key") == KeyDocument(f"{ALICE}/key", ALICE, "pem", None)
    with pytest.raises(Invalid):
        parse_key_document(document, key_id=f"{ALICE}/other")
    with pytest.raises(Invalid):
        parse_key_document({**document, "owner": "https://victim.example/v"}, key_id=f"{ALICE}/key")


def test_stub_actor_at_the_key_url() -> None:
    stub = normalise(gotosocial.key_stub(THERE))
    own = gotosocial.actor_id(THERE)
    found = parse_key_document(stub, key_id=f"{own}/main-key")
    assert found == KeyDocument(f"{own}/main-key", own, mastodon.PEM, None)
    with pytest.raises(Invalid):
        parse_key_document(stub, key_id=f"{own}#main-key")


NAMES = (
    "id type inbox preferredUsername webfinger name summary url publicKey assertionMethod owner controller "
    "publicKeyPem publicKeyMultibase endpoints sharedInbox icon image attachment tag alsoKnownAs movedTo "
    "generator implements href value published followers"
)


@patient
@given(documents(NAMES, "Person", "PropertyValue", "Emoji", "Multikey", "Link"))
def test_any_json_is_an_actor_or_invalid(document: dict[str, Any]) -> None:
    for changes in (
        {},
        {"id": ALICE, "type": "Person", "inbox": f"{ALICE}/inbox", "preferredUsername": "alice"},
    ):
        for parse in (parse_actor, lambda found: parse_key_document(found, key_id=ALICE)):
            try:
                assert parse(normalise({**document, **changes})).id
            except Invalid:
                continue


def test_sites_that_may_name_somebody_are_hosts() -> None:
    claimed = ["News.example", "https://no.example/", "bücher.example", 7, "news.example", "a b", "x" * 300]
    parsed = read(mastodon.actor(THERE), attributionDomains=claimed)
    assert parsed.attribution_domains == ("news.example", "xn--bcher-kva.example")
    assert read(mastodon.actor(THERE), attributionDomains="one.example").attribution_domains == ("one.example",)
