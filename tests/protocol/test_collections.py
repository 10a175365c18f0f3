"""Collections of others, bounded, and ours."""

from typing import Any

import pytest
from hypothesis import given

from federation.errors import Invalid
from federation.protocol.collections import collection, page, parse_collection
from federation.protocol.documents import AS, normalise
from tests.payloads.anything import documents, patient

URL = "https://remote.example/users/alice/followers"


def test_collection_names_its_first_page() -> None:
    found = parse_collection(normalise(collection(URL, total=321, first=f"{URL}?page=1")), url=URL)
    assert (found.id, found.total, found.first, found.items) == (URL, 321, f"{URL}?page=1", ())


def test_hidden_collection_has_only_a_total() -> None:
    found = parse_collection(collection(URL, total=5), url=URL)
    assert (found.total, found.first, found.first_page, found.next) == (5, None, None, None)


def test_pages_are_walked_by_next() -> None:
    document = page(f"{URL}?page=1", part_of=URL, items=["https://a.example/1"], next_page=f"{URL}?page=2")
    found = parse_collection(normalise(document), url=URL)
    assert (found.items, found.next) == (("https://a.example/1",), f"{URL}?page=2")
    assert document["partOf"] == URL
    assert "prev" not in document


def test_first_page_may_be_inlined() -> None:
    inlined = {
        "type": "CollectionPage",
        "partOf": URL,
        "next": f"{URL}?page=2",
        "items": ["https://a.example/1"],
    }
    found = parse_collection({"@context": AS, "id": URL, "type": "Collection", "first": inlined}, url=URL)
    assert found.first_page is not None
    assert found.first_page.item_ids() == ("https://a.example/1",)
    assert found.first_page.next == f"{URL}?page=2"


def test_walk_never_leaves_the_server() -> None:
    document = {"type": "Collection", "first": "https://evil.example/1", "next": "https://evil.example/2"}
    found = parse_collection(document, url=URL)
    assert (found.first, found.next) == (None, None)


def test_embedded_objects_of_other_servers_are_cut_to_their_id() -> None:
    own = {"type": "Note", "id": "https://remote.example/1", "content": "mine"}
    foreign = {"type": "Note", "id": "https://victim.example/1", "content": "forged"}
    tag = {"type": "Hashtag", "name": "#cats"}
    found = parse_collection({"type": "Collection", "items": [own, foreign, tag, "junk", 7]}, url=URL)
    assert found.items == (own, "https://victim.example/1", tag)
    assert found.item_ids() == ("https://remote.example/1", "https://victim.example/1")


def test_items_are_bounded() -> None:
    items = [f"https://a.example/{number}" for number in range(50)]
    assert (
        len(parse_collection({"type": "OrderedCollection", "orderedItems": items}, url=URL, items_limit=9).items) == 9
    )


def test_single_item_needs_no_list() -> None:
    found = parse_collection({"type": "OrderedCollection", "orderedItems": "https://a.example/1"}, url=URL)
    assert found.items == ("https://a.example/1",)


def test_other_documents_are_no_collections() -> None:
    with pytest.raises(Invalid):
        parse_collection({"type": "Note"}, url=URL)


def test_ours_may_be_unordered() -> None:
    assert collection(URL, total=0, ordered=False)["type"] == "Collection"
    unordered = page(f"{URL}?page=1", part_of=URL, items=[], previous_page=f"{URL}?page=0", ordered=False)
    assert (unordered["type"], unordered["items"], unordered["prev"]) == (
        "CollectionPage",
        [],
        f"{URL}?page=0",
    )


@patient
@given(documents("id type first next items orderedItems totalItems attributedTo", "Collection", "CollectionPage"))
def test_any_json_is_a_collection_or_invalid(document: dict[str, Any]) -> None:
    for changes in ({}, {"type": "Collection"}):
        try:
            found = parse_collection(normalise({**document, **changes}), url=URL, items_limit=5)
        except Invalid:
            continue
        assert len(found.items) <= 5
