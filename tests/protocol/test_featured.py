"""Collections of people and stamps, as documents."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given

from federation.errors import Invalid
from federation.protocol.featured import ITEMS_LIMIT, hashtag_names, parse_featured_collection, parse_featured_item
from federation.protocol.quote_policy import feature_policy_of
from federation.protocol.stamps import FEATURE, QUOTE, Stamp, confirms, stamp_document
from tests.payloads.anything import documents, patient

HERE, THERE = "https://here.example", "https://there.example"
OWNER, PERSON = f"{HERE}/users/ann", f"{THERE}/users/bob"


def _document(**changes: Any) -> dict[str, Any]:
    document = {
        "id": f"{HERE}/collections/1", "type": "FeaturedCollection", "attributedTo": OWNER, "name": " Good  people ",
    } | changes  # fmt: skip
    return {name: value for name, value in document.items() if value is not None}


def _item(person: str = PERSON, **changes: Any) -> dict[str, Any]:
    return {"id": f"{HERE}/items/1", "type": "FeaturedItem", "featuredObject": person, **changes}


def test_a_collection_is_read_in_full() -> None:
    stamp = f"{THERE}/stamps/1"
    found = parse_featured_collection(
        _document(
            summary="plain", summaryMap={"en": "<p>Worth reading</p>"}, url=f"{HERE}/@ann/collections/1",
            topic={"type": "Hashtag", "name": "#Boats"}, sensitive=True, discoverable=True,
            orderedItems=[_item(featureAuthorization=stamp, published="2026-01-02T03:04:05Z")],
            published="2026-01-01T00:00:00Z", updated="2026-01-03T00:00:00Z",
        )
    )  # fmt: skip
    assert (found.name, found.language, found.description_html) == ("Good people", "en", "<p>Worth reading</p>")
    assert (found.topic, found.sensitive, found.discoverable) == ("boats", True, True)
    assert found.url == f"{HERE}/@ann/collections/1"
    (item,) = found.items
    assert (item.person, item.stamp) == (PERSON, stamp)
    assert item.published is not None


@pytest.mark.parametrize(
    "changes",
    [
        {"id": None}, {"attributedTo": None}, {"name": None}, {"name": "  "}, {"type": "OrderedCollection"},
        {"attributedTo": f"{THERE}/users/ann"}, {"id": "collections/1"},
    ],
)  # fmt: skip
def test_what_is_no_collection_of_its_owner_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        parse_featured_collection(_document(**changes))


def test_stamps_of_other_servers_than_the_persons_count_for_nothing() -> None:
    assert parse_featured_item(_item(featureAuthorization=f"{HERE}/stamps/1"), HERE) is not None
    item = parse_featured_item(_item(featureAuthorization=f"{HERE}/stamps/1"), f"{HERE}/collections/1")
    assert item is not None
    assert item.stamp is None
    assert parse_featured_item(_item(id=f"{THERE}/items/1"), f"{HERE}/collections/1") is None
    assert parse_featured_item(_item(type="Note"), f"{HERE}/collections/1") is None
    assert parse_featured_item(f"{HERE}/items/1", f"{HERE}/collections/1") is None


def test_everybody_is_in_a_collection_once_and_so_many_are_read() -> None:
    many = [_item(f"{THERE}/users/{number}", id=f"{HERE}/items/{number}") for number in range(ITEMS_LIMIT + 10)]
    assert len(parse_featured_collection(_document(orderedItems=many)).items) == ITEMS_LIMIT
    assert len(parse_featured_collection(_document(orderedItems=[_item(), _item()])).items) == 1


def test_a_page_elsewhere_is_not_linked_to() -> None:
    assert parse_featured_collection(_document(url=f"{THERE}/phishing")).url == f"{HERE}/collections/1"


_NAMES = "id type attributedTo name summary summaryMap topic url orderedItems featuredObject featureAuthorization"


@patient
@given(documents(_NAMES, "FeaturedItem"))
def test_no_document_breaks_reading(document: dict[str, Any]) -> None:
    with suppress(Invalid):
        parse_featured_collection({**document, "type": "FeaturedCollection"})
    with suppress(Invalid):
        parse_featured_collection({**_document(), "orderedItems": [document], "topic": document, "url": document})


def test_hashtags_of_a_profile_are_read_once_each() -> None:
    items = [{"type": "Hashtag", "name": "#Boats"}, {"type": "Hashtag", "name": "boats"}, {"type": "Hashtag"}, 7]
    assert hashtag_names(items, most=10) == ["boats"]
    assert hashtag_names([{"type": "Hashtag", "name": f"#t{number}x"} for number in range(20)], most=3) == [
        "t0x", "t1x", "t2x",
    ]  # fmt: skip


STAMP = Stamp(FEATURE, f"{THERE}/stamps/1", PERSON, f"{HERE}/collections/1", PERSON)


def test_a_stamp_confirms_what_it_was_made_for() -> None:
    assert STAMP.may_hold
    document = stamp_document(STAMP)
    assert confirms(document, STAMP)
    for name in ("interactingObject", "interactionTarget", "attributedTo"):
        assert not confirms({**document, name: f"{THERE}/else"}, STAMP)
    assert not confirms({**document, "type": QUOTE}, STAMP)


def test_only_stamps_for_featuring_may_leave_out_who_gives_them() -> None:
    document = stamp_document(STAMP)
    del document["attributedTo"]
    assert confirms(document, STAMP)
    quote = Stamp(QUOTE, STAMP.id, PERSON, f"{HERE}/notes/1", f"{THERE}/notes/1")
    document = stamp_document(quote)
    assert confirms(document, quote)
    del document["attributedTo"]
    assert not confirms(document, quote)


def test_a_stamp_lies_where_its_giver_is() -> None:
    assert not Stamp(FEATURE, f"{HERE}/stamps/1", PERSON, f"{HERE}/collections/1", PERSON).may_hold


class _Somebody:
    def __init__(self, policy: int | None, *, is_remote: bool = False, discoverable: bool = True) -> None:
        self.feature_policy, self.is_remote, self.discoverable, self.locked = policy, is_remote, discoverable, False


def test_who_never_said_so_may_not_be_featured_elsewhere_and_here_if_findable() -> None:
    assert feature_policy_of(_Somebody(None, is_remote=True)) is None
    assert feature_policy_of(_Somebody(None)) == 2
    assert feature_policy_of(_Somebody(None, discoverable=False)) == 0
    assert feature_policy_of(_Somebody(4, discoverable=False)) == 4
