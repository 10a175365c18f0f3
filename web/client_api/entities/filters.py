"""Filter, FilterKeyword, FilterStatus, FilterResult, and the older V1Filter."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from federation.actions.filters import OwnFilter
from federation.protocol.filtering import Match
from storage.filters import Filter, FilteredThought, Keyword
from web.client_api.entities.site import moment


def filter_(own: OwnFilter) -> dict[str, Any]:
    """Write a filter with its keywords and statuses."""
    return {
        **_head(own.filter),
        "keywords": [keyword(one) for one in own.keywords],
        "statuses": [filter_status(one) for one in own.thoughts],
    }


def _head(one: Filter) -> dict[str, Any]:
    return {
        "id": str(one.id),
        "title": one.title,
        "context": one.contexts,
        "expires_at": moment(one.expires_at) if one.expires_at else None,
        "filter_action": one.action,
    }


def keyword(one: Keyword) -> dict[str, Any]:
    """Write a keyword."""
    return {"id": str(one.id), "keyword": one.keyword, "whole_word": one.whole_word}


def filter_status(one: FilteredThought) -> dict[str, Any]:
    """Write a status that a filter names."""
    return {"id": str(one.id), "status_id": str(one.thought_id)}


def results(matches: Iterable[Match], status_id: str) -> list[dict[str, Any]]:
    """Write the filters that a status falls under, whatever the context: apps choose by it."""
    return [
        {
            "filter": {
                "id": str(match.rule.id),
                "title": match.rule.title,
                "context": list(match.rule.contexts),
                "expires_at": moment(match.rule.expires_at) if match.rule.expires_at else None,
                "filter_action": match.rule.action,
            },
            "keyword_matches": list(match.words) or None,
            "status_matches": [status_id] if match.named else None,
        }
        for match in matches
    ]


def filter_v1(own: Filter, one: Keyword) -> dict[str, Any]:
    """Write a keyword as the older API knows filters."""
    return {
        "id": str(one.id),
        "phrase": one.keyword,
        "context": own.contexts,
        "whole_word": one.whole_word,
        "expires_at": moment(own.expires_at) if own.expires_at else None,
        "irreversible": own.action == "hide",
    }
