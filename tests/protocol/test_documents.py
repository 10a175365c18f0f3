"""Reading JSON of strangers: what is accepted, what is refused, what is made plain."""

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given

from federation.errors import Invalid
from federation.protocol.documents import (
    AS,
    MAX_DEPTH,
    MAX_NODES,
    as_list,
    author_id,
    count,
    flag,
    ids,
    normalise,
    objects,
    one_id,
    parse_document,
    text,
    timestamp,
    type_of,
    types,
)
from tests.payloads.anything import json_values, patient


def parse(document: Any, **more: Any) -> dict[str, Any]:
    return parse_document(orjson.dumps(document), limit=1_000_000, **more)


def test_document_keeps_its_properties() -> None:
    document = {
        "@context": [AS, {"sensitive": "as:sensitive"}],
        "id": "https://a.example/1",
        "n": [1, 2.5, True],
    }
    assert parse(document) == document


@pytest.mark.parametrize("body", [b"", b"{", b"nonsense", b'{"a": "\\ud800"}', b"\xff", b"[" * 5000, b"1e999"])
def test_what_is_not_json_is_refused(body: bytes) -> None:
    with pytest.raises(Invalid, match="not JSON"):
        parse_document(body, limit=10_000)


@pytest.mark.parametrize("body", [b"[]", b"null", b'"text"', b"7"])
def test_json_that_is_no_object_is_refused(body: bytes) -> None:
    with pytest.raises(Invalid, match="not a JSON object"):
        parse_document(body, limit=100)


def test_oversize_document_is_refused_before_parsing() -> None:
    with pytest.raises(Invalid, match="larger than 10 bytes"):
        parse_document(b'{"a": "bbbbbbbbbbb"}', limit=10)


def test_last_of_duplicate_keys_counts() -> None:
    body = b'{"@context": "%s", "id": "first", "id": "second"}' % AS.encode()
    assert parse_document(body, limit=1000)["id"] == "second"


@pytest.mark.parametrize("context", [None, "https://schema.org", {"as": AS}, ["x", {"@vocab": AS}], AS + "#"])
def test_document_without_the_literal_context_is_refused(context: Any) -> None:
    with pytest.raises(Invalid, match="@context"):
        parse({"@context": context, "id": "https://a.example/1"})


def test_key_documents_need_no_activitystreams_context() -> None:
    assert parse({"id": "https://a.example/key"}, require_context=False) == {"id": "https://a.example/key"}


@pytest.mark.parametrize("keyword", ["@graph", "@included", "@reverse", "@nest"])
def test_keywords_that_move_properties_are_refused_anywhere(keyword: str) -> None:
    for document in (
        {"@context": AS, keyword: []},
        {"@context": AS, "object": {"tag": [{keyword: {}}]}},
        {"@context": [AS, {"hidden": keyword}]},
        {"@context": [AS, {"hidden": {keyword: "as:object"}}]},
    ):
        with pytest.raises(Invalid, match=keyword):
            parse(document)


def test_prefixes_and_keywords_are_made_plain() -> None:
    document = parse(
        {
            "@context": AS,
            "@id": "https://a.example/1",
            "@type": [AS + "#Create"],
            "as:object": {"@type": ["as:Note", "x:Other"], AS + "#content": "hi"},
        }
    )
    assert document == {
        "@context": AS,
        "id": "https://a.example/1",
        "type": "Create",
        "object": {"type": ["Note", "x:Other"], "content": "hi"},
    }


@pytest.mark.parametrize("other", ["@id", "as:id", AS + "#id"])
def test_one_property_under_two_names_is_refused(other: str) -> None:
    with pytest.raises(Invalid, match="two names"):
        parse({"@context": AS, "id": "https://a.example/1", other: "https://b.example/1"})


def test_context_terms_are_not_rewritten() -> None:
    context = [AS, {"Emoji": {"@id": "toot:Emoji", "@type": "@id"}, "id": "@id"}]
    assert parse({"@context": context})["@context"] == context


def test_null_is_absent() -> None:
    assert parse({"@context": AS, "summary": None, "to": ["a", None]}) == {"@context": AS, "to": ["a"]}


def test_nul_characters_are_removed() -> None:
    assert parse({"@context": AS, "content": "a\0b", "to": ["c\0"]}) == {
        "@context": AS,
        "content": "ab",
        "to": ["c"],
    }
    with pytest.raises(Invalid, match="property name"):
        parse({"@context": AS, "i\0d": "x"})


def test_lone_surrogates_are_removed_from_parsed_values() -> None:
    assert normalise({"@context": AS, "content": "a\ud800b"})["content"] == "ab"


def test_depth_is_limited() -> None:
    def nested(levels: int) -> dict[str, Any]:
        inner: Any = 1
        for _ in range(levels - 2):
            inner = [inner]
        return {"@context": AS, "deep": inner}

    parse(nested(MAX_DEPTH))
    with pytest.raises(Invalid, match="nested deeper"):
        parse(nested(MAX_DEPTH + 1))


def test_number_of_values_is_limited() -> None:
    parse({"@context": AS, "items": [0] * (MAX_NODES - 3)})
    with pytest.raises(Invalid, match="more than"):
        parse({"@context": AS, "items": [0] * MAX_NODES})


@patient
@given(json_values("@id", "@type", "as:id", "@value", "@list", "2026-01-01T00:00:00Z"))
def test_any_json_is_read_or_invalid(value: Any) -> None:
    try:
        document = normalise({"@context": AS, "value": value})
    except Invalid:
        return
    assert b"null" not in orjson.dumps(document.get("value", 0)).replace(b'"null"', b"")


@patient
@given(json_values("@id", "@type", "as:id", "@value", "@list", "2026-01-01T00:00:00Z"))
def test_accessors_take_anything(value: Any) -> None:
    assert one_id(value) is None or isinstance(one_id(value), str)
    assert len(ids(value, 3)) <= 3
    assert len(text(value, 5) or "") <= 5
    assert timestamp(value) is None or timestamp(value).tzinfo is UTC
    assert all(isinstance(item, dict) for item in objects(value))
    assert all(isinstance(item, str) for item in types(value))
    assert (count(value) or 0) >= 0
    assert isinstance(flag(value), bool)
    assert isinstance(as_list(value), list)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("https://a.example/1", "https://a.example/1"),
        ({"id": "https://a.example/1", "type": "Note"}, "https://a.example/1"),
        ([{"type": "Note"}, {"id": "b"}, "c"], "b"),
        ({"type": "Link", "href": "https://a.example/1"}, "https://a.example/1"),
        ({"type": "Note", "href": "https://a.example/1"}, None),
        ({"id": ["https://a.example/1"]}, None),
        ("x" * 2049, None),
        ("", None),
        (None, None),
        (7, None),
    ],
)
def test_one_id_takes_the_first(value: Any, expected: str | None) -> None:
    assert one_id(value) == expected


def test_ids_are_distinct_ordered_and_bounded() -> None:
    assert ids(["b", {"id": "a"}, "b", 3, "c"]) == ("b", "a", "c")
    assert ids([str(number) for number in range(500)], 2) == ("0", "1")
    assert ids({"@list": ["a", "b"]}) == ("a", "b")


def test_text_is_cut_and_language_tagged_values_count() -> None:
    assert text("abcdef", 3) == "abc"
    assert text([7, "", "x"], 3) == "x"
    assert text({"@value": "hallo", "@language": "de"}, 9) == "hallo"
    assert text({"content": "x"}, 9) is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-11-21T10:00:00Z", datetime(2026, 11, 21, 10, tzinfo=UTC)),
        ("2026-11-21T10:00:00.123456789Z", datetime(2026, 11, 21, 10, 0, 0, 123456, tzinfo=UTC)),
        ("2026-11-21T10:00:00.5+02:00", datetime(2026, 11, 21, 8, 0, 0, 500000, tzinfo=UTC)),
        ("2026-11-21t10:00:60z", datetime(2026, 11, 21, 10, 0, 59, tzinfo=UTC)),
        ("2026-11-21T10:00:00-0530", datetime(2026, 11, 21, 15, 30, tzinfo=UTC)),
        ("2026-11-21T10:00:00", datetime(2026, 11, 21, 10, tzinfo=UTC)),
        ("0000-01-01T00:00:00Z", None),
        ("0001-01-01T00:00:00+10:00", None),
        ("9999-12-31T23:59:59-10:00", None),
        ("12026-11-21T10:00:00Z", None),
        ("2026-13-21T10:00:00Z", None),
        ("2026-11-21T10:00:00+99:00", None),
        ("yesterday", None),
        (1795259000, None),
    ],
)
def test_timestamps(value: Any, expected: datetime | None) -> None:
    assert timestamp(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (3, 3),
        (3.0, 3),
        ("12", 12),
        ({"type": "xsd:nonNegativeInteger", "@value": 3}, 3),
        (-1, None),
        (2**31, None),
        (float("inf"), None),
        (float("nan"), None),
        (True, None),
        ("many", None),
    ],
)
def test_counts(value: Any, expected: int | None) -> None:
    assert count(value) == expected


def test_booleans_may_be_strings() -> None:
    assert flag(True)
    assert flag("True")
    assert not flag("false")
    assert not flag(1)


def test_supported_type_wins_over_the_first() -> None:
    assert type_of({"type": ["x:Fancy", "Note"]}, {"Note"}) == "Note"
    assert type_of({"type": ["x:Fancy", "y:Other"]}, {"Note"}) == "x:Fancy"
    assert type_of({}) is None


def test_author_is_the_first_on_the_origin_of_the_document() -> None:
    own, other = "https://a.example/users/a", "https://b.example/users/b"
    assert author_id({"id": "https://a.example/1", "attributedTo": [other, {"id": own}]}) == own
    assert author_id({"id": "https://c.example/1", "attributedTo": [other, own]}) == other
    assert author_id({"id": "https://a.example/1", "actor": own}) == own
    assert author_id({"id": "https://a.example/1"}) is None
