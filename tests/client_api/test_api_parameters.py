"""Reading what apps send: trees, types, and clear refusals."""

from __future__ import annotations

import pytest

from federation.errors import Invalid
from web.client_api.parameters import Parameters, read_json, read_pairs


def test_names_build_a_tree_as_in_rails() -> None:
    assert read_pairs([("a", "1"), ("b[]", "2"), ("b[]", "3"), ("c[d]", "4"), ("c[e][]", "5")]) == {
        "a": "1",
        "b": ["2", "3"],
        "c": {"d": "4", "e": ["5"]},
    }
    assert read_pairs([("f[][n]", "1"), ("f[][v]", "2"), ("f[][n]", "3")]) == {"f": [{"n": "1", "v": "2"}, {"n": "3"}]}
    assert read_pairs([("odd[", "1"), ("", "2")]) == {"odd[": "1", "": "2"}


def test_a_repeated_name_is_a_list_where_one_is_wanted_and_its_last_value_elsewhere() -> None:
    parameters = Parameters(read_pairs([("id", "1"), ("id", "2")]))
    assert parameters.texts("id", most=5) == ["1", "2"]
    assert parameters.text("id") == "2"
    assert Parameters({"id": "1"}).texts("id", most=5) == ["1"]


def test_a_list_in_a_list_is_read_as_one() -> None:
    assert read_pairs([("a[][]", "1"), ("a[][]", "2"), ("a[]", "3")]) == {"a": ["1", "2", "3"]}


def test_a_list_in_json_may_be_named_as_in_a_form() -> None:
    assert Parameters(read_json(b'{"types[]": ["a", "b"]}')).texts("types", most=5) == ["a", "b"]
    assert read_json(b" ") == {}


@pytest.mark.parametrize(
    "pairs",
    [
        [("a", "1"), ("a[]", "2")],
        [("a[]", "1"), ("a", "2")],
        [("a[b]", "1"), ("a[]", "2")],
        [("a", "1"), ("a[b]", "2")],
        [("a[][][b]", "1")],
        [("a" + "[b]" * 9, "1")],
        [("a", "1")] * 1001,
    ],
)
def test_contradicting_deep_or_endless_names_are_refused(pairs: list[tuple[str, str]]) -> None:
    with pytest.raises(Invalid):
        read_pairs(pairs)


@pytest.mark.parametrize("word", ["true", "1", "on", "t", "TRUE", "yes", True, 1])
def test_words_for_yes(word: object) -> None:
    assert Parameters({"a": word}).flag("a")


@pytest.mark.parametrize("word", ["false", "0", "off", "f", "FALSE", "no", False, 0])
def test_words_for_no(word: object) -> None:
    assert not Parameters({"a": word}).flag("a", default=True)


def test_saying_nothing_leaves_the_default() -> None:
    for nothing in ({}, {"a": None}, {"a": ""}):
        assert Parameters(nothing).flag("a", default=True)
        assert Parameters(nothing).number("a", 7, least=1, most=9) == 7
        assert Parameters(nothing).is_blank("a")
    assert Parameters({}).text("a", "x") == "x"
    assert Parameters({}).records("a", most=3) is None


def test_numbers_are_brought_within_bounds() -> None:
    assert [Parameters({"a": given}).number("a", 5, least=1, most=9) for given in ("-3", 4, "99")] == [1, 4, 9]


def test_records_come_as_a_list_or_by_number() -> None:
    for given in ([{"n": "a"}, {"n": "b"}], {"1": {"n": "b"}, "0": {"n": "a"}}):
        found = Parameters({"f": given}).records("f", most=4)
        assert found is not None
        assert [one.text("n") for one in found] == ["a", "b"]


@pytest.mark.parametrize("value", [[], {}, "nul\0", "x" * 100_001])
def test_what_is_no_text_is_refused_by_name(value: object) -> None:
    with pytest.raises(Invalid) as refused:
        Parameters({"a": value}).text("a")
    assert refused.value.field == "a"


def test_other_types_are_refused() -> None:
    with pytest.raises(Invalid):
        Parameters({"a": "perhaps"}).flag("a")
    with pytest.raises(Invalid):
        Parameters({"a": "1.5"}).number("a", 1, least=0, most=9)
    with pytest.raises(Invalid):
        Parameters({"a": {"b": 1}}).texts("a", most=3)
    with pytest.raises(Invalid):
        Parameters({"a": ["1"] * 4}).texts("a", most=3)
    with pytest.raises(Invalid):
        Parameters({"a": "x"}).nested("a")
    with pytest.raises(Invalid):
        Parameters({"a": ["x"]}).records("a", most=3)
