"""What a filter's words match, and when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from federation.protocol.filtering import Rule, compile_words, find_matches, searchable

NOW = datetime(2026, 11, 21, tzinfo=UTC)


@pytest.mark.parametrize(
    ("keyword", "whole", "text", "matches"),
    [
        ("fog", True, "The Fog lifts", True),
        ("fog", True, "the foghorn", False),
        ("fog", False, "the foghorn", True),
        ("#fog", True, "so much #fog!", True),
        ("C++", True, "I write C++, daily", True),
        ("über", True, "ÜBER allem", True),
        ("a.c", True, "abc", False),
        ("two words", True, "these two words", True),
    ],
)
def test_words_match_as_people_expect(keyword: str, whole: bool, text: str, matches: bool) -> None:
    words = compile_words([("zebra", True), (keyword, whole)])
    assert words is not None
    assert (words.search(text) is not None) is matches


def test_words_are_found_across_inline_tags_and_not_across_paragraphs() -> None:
    text = searchable("a warning", '<p>Fog &amp; <a href="x">#<span>sea</span></a></p><p>side</p>')
    assert "Fog & #sea" in text
    assert "seaside" not in text
    assert text.startswith("a warning")


def _rule(**facts: object) -> Rule:
    given = {
        "title": "t",
        "action": "warn",
        "contexts": ("home",),
        "expires_at": None,
        "words": compile_words([("fog", True)]),
    }
    return Rule(id=uuid4(), thoughts=frozenset(), **{**given, **facts})  # type: ignore[arg-type]


def test_rule_is_over_at_its_end_and_names_thoughts_without_words() -> None:
    thought_id = uuid4()
    over, holds = _rule(expires_at=NOW), _rule(expires_at=NOW + timedelta(seconds=1))
    assert [match.rule for match in find_matches([over, holds], thought_id, "fog", NOW)] == [holds]
    named = Rule(uuid4(), "t", "hide", ("home",), None, None, frozenset({thought_id}))
    assert [(match.named, match.words) for match in find_matches([named], thought_id, "", NOW)] == [(True, ())]
    assert find_matches([named], uuid4(), "fog", NOW) == ()
