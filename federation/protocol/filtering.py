"""Filters as a matcher: compiled once, then looked at for every thought. No storage, no clock."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import unescape
from uuid import UUID

CONTEXTS = ("home", "notifications", "public", "thread", "account")
ACTIONS = ("warn", "hide", "blur")
# Where a word ends in HTML: at a break, a paragraph, an item; other tags stand within words.
_BREAK = re.compile(r"<(?:br|/p|/li|/h[1-6]|/blockquote|/pre|/div)\b[^>]*>")
_TAG = re.compile(r"<[^>]*>")


@dataclass(frozen=True, slots=True)
class Rule:
    """A filter ready to be used; `words` is None when it names thoughts only."""

    id: UUID
    title: str
    action: str
    contexts: Sequence[str]
    expires_at: datetime | None
    words: re.Pattern[str] | None
    thoughts: frozenset[UUID]


@dataclass(frozen=True, slots=True)
class Match:
    """A rule that a thought falls under: by which words, and whether it is named."""

    rule: Rule
    words: tuple[str, ...]
    named: bool


def compile_words(keywords: Iterable[tuple[str, bool]]) -> re.Pattern[str] | None:
    """Make one expression of (keyword, whole_word); None when there are none.

    A whole word ends where the keyword's own first or last character is part of a word, so that `#fog` and `C++` work.
    """
    parts = []
    for keyword, whole_word in keywords:
        part = re.escape(keyword)
        if whole_word:
            before = r"\b" if re.match(r"\w", keyword) else ""
            after = r"\b" if re.search(r"\w$", keyword) else ""
            part = f"{before}{part}{after}"
        parts.append(part)
    return re.compile("|".join(parts), re.IGNORECASE) if parts else None


def searchable(*texts: str) -> str:
    """Return the words of HTML and plain texts, one after the other."""
    return unescape("\n".join(_TAG.sub("", _BREAK.sub("\n", text)) for text in texts if text))


def find_matches(rules: Sequence[Rule], thought_id: UUID, text: str, now: datetime) -> tuple[Match, ...]:
    """Return the rules in force that a thought falls under."""
    found = []
    for rule in rules:
        if rule.expires_at is not None and rule.expires_at <= now:
            continue
        match = rule.words.search(text) if rule.words is not None else None
        named = thought_id in rule.thoughts
        if match is not None or named:
            found.append(Match(rule, (match[0],) if match is not None else (), named))
    return tuple(found)
