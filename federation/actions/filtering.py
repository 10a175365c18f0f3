"""Which of a page's thoughts fall under the viewer's filters.

Filters are compiled once per viewer and version; the version comes with the viewer's own row, so that a viewer
without filters costs no query, and every process notices a change.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final
from uuid import UUID

from federation.protocol.filtering import Match, Rule, compile_words, find_matches, searchable
from storage import filters
from storage.thoughts import Thought

if TYPE_CHECKING:
    from storage.database import Connection
    from storage.people import Person

_KEPT: Final = 1000
_compiled: OrderedDict[UUID, tuple[int, tuple[Rule, ...]]] = OrderedDict()


async def filter_thoughts(
    db: Connection, viewer: Person | None, found: Collection[Thought]
) -> dict[UUID, tuple[Match, ...]]:
    """Return the filters that thoughts of others fall under, by thought; those under none are left out."""
    if viewer is None or not viewer.filters_version or not found:
        return {}
    return (await filter_for(db, {viewer.id: viewer.filters_version}, found))[viewer.id]


async def filter_for(
    db: Connection, versions: Mapping[UUID, int], found: Collection[Thought]
) -> dict[UUID, dict[UUID, tuple[Match, ...]]]:
    """Return the same for several viewers, whose filters have these versions; each text is read once."""
    texts: dict[UUID, str] = {}
    now = datetime.now(UTC)
    filtered = {}
    for viewer_id, version in versions.items():
        rules = await _rules(db, viewer_id, version)
        if rules and not texts:
            texts.update((one.id, _text(one)) for one in found)
        others = [one.id for one in found if one.user_id != viewer_id] if rules else []
        matched = {thought_id: find_matches(rules, thought_id, texts[thought_id], now) for thought_id in others}
        filtered[viewer_id] = {thought_id: matches for thought_id, matches in matched.items() if matches}
    return filtered


def _text(thought: Thought) -> str:
    return searchable(thought.summary, thought.content, *(one.get("alt") or "" for one in thought.attachments))


async def _rules(db: Connection, viewer_id: UUID, wanted: int) -> tuple[Rule, ...]:
    kept = _compiled.get(viewer_id)
    if kept is not None and kept[0] == wanted:
        _compiled.move_to_end(viewer_id)
        return kept[1]
    # The version first: what is changed while the rest is read makes these rules outdated, never the other way round.
    version = await filters.VERSION.get(db, viewer_id) or 0
    own = await filters.list_filters(db, viewer_id)
    ids = [one.id for one in own]
    words, named = await filters.list_keywords(db, ids), await filters.list_thoughts(db, ids)
    rules = tuple(
        Rule(
            one.id, one.title, one.action, one.contexts, one.expires_at,
            compile_words((word.keyword, word.whole_word) for word in words if word.filter_id == one.id),
            frozenset(thought.thought_id for thought in named if thought.filter_id == one.id),
        )
        for one in own
    )  # fmt: skip
    _compiled[viewer_id] = version, rules
    if len(_compiled) > _KEPT:
        _compiled.popitem(last=False)
    return rules
