"""Entries: the one relation that every timeline pages over; a boost is an entry too."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from storage.query import Joined, Rows, Value
from storage.thoughts import COLUMNS, Thought
from storage.visibility import ENTRY_VISIBLE, NOT_HIDDEN, NOT_SILENCED, VISIBLE

if TYPE_CHECKING:
    from storage.database import Connection


@dataclass(frozen=True, slots=True)
class Page:
    """A keyset page request: ids strictly between `newer_than` and `older_than`.

    With `ascending` the page is the one just above `newer_than` (min_id), else the newest (max_id, since_id).
    """

    limit: int = 20
    older_than: UUID | None = None
    newer_than: UUID | None = None
    ascending: bool = False


@dataclass(frozen=True, slots=True)
class Named:
    """Which hashtags and whom a thought names."""

    tags: list[str]
    mentions: list[UUID]


@dataclass(frozen=True, slots=True)
class Entry:
    """A place in a timeline: a thought, or somebody's boost of it. `named` is None where it was not read along."""

    id: UUID
    kind: str
    user_id: UUID
    created_at: datetime
    ap_id: str | None
    visibility: str
    thought: Thought
    named: Named | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """An entry with its thought's id, and the version of the thought's row (storage/kept.py)."""

    id: UUID
    kind: str
    user_id: UUID
    created_at: datetime
    ap_id: str | None
    visibility: str
    thought_id: UUID
    xmin: int
    ctid: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Written:
    """A thought with what it names."""

    thought: Thought
    named: Named


@dataclass(frozen=True, slots=True)
class StampedThought:
    """A thought with what it names, and in which version."""

    xmin: int
    ctid: tuple[int, int]
    tags: list[str]
    mentions: list[UUID]
    thought: Thought


@dataclass(frozen=True, slots=True)
class Marks:
    """What the viewer did to a thought."""

    thought_id: UUID
    liked: bool
    boosted: bool
    bookmarked: bool
    pinned: bool
    muted: bool


@dataclass(frozen=True, slots=True)
class Kept:
    """A thought in a list of somebody's, such as bookmarks, with the id that the page is keyed by."""

    cursor: UUID
    thought_id: UUID


@dataclass(frozen=True, slots=True)
class TagMix:
    """Which (normalised) hashtags a thought must carry: one of some, all of others, and none of the last."""

    any_of: list[str]
    all_of: list[str]
    none_of: list[str]


WRITTEN = Joined(
    StampedThought,
    Thought,
    """SELECT t.xmin, t.ctid,
        ARRAY(SELECT g.name FROM thought_tags x JOIN tags g ON g.id = x.tag_id
            WHERE x.thought_id = t.id ORDER BY g.name) AS tags,
        ARRAY(SELECT m.user_id FROM mentions m WHERE m.thought_id = t.id) AS mentions, {columns}
    FROM thoughts t WHERE t.id = ANY($1::uuid[])""",
    columns=COLUMNS,
)


class EntryRows(Rows[Place]):
    """A query of entries: it tells where they are, and of their thoughts is read what is not kept (storage/kept.py)."""

    __slots__ = ()

    def __init__(self, sql: str, **fragments: str) -> None:
        super().__init__(Place, sql, **fragments)

    async def entries(self, db: Connection, *args: Any) -> list[Entry]:
        """Return every entry; a thought that is deleted just now is left out."""
        places = await self.all(db, *args)
        found: dict[UUID, Written] = {}
        unknown = []
        for place in places:
            kept = db.memory.written.find(place.thought_id, (place.xmin, place.ctid))
            if kept is None:
                unknown.append(place.thought_id)
            else:
                found[place.thought_id] = kept
        for one in await WRITTEN.all(db, unknown) if unknown else ():
            read = found[one.thought.id] = Written(one.thought, Named(one.tags, one.mentions))
            db.memory.written.keep(one.thought.id, (one.xmin, one.ctid), read)
        return [_entry(place, found[place.thought_id]) for place in places if place.thought_id in found]

    async def entry(self, db: Connection, *args: Any) -> Entry | None:
        """Return the first entry, or None."""
        found = await self.entries(db, *args)
        return found[0] if found else None


def _entry(place: Place, written: Written) -> Entry:
    return Entry(
        place.id, place.kind, place.user_id, place.created_at, place.ap_id, place.visibility,
        written.thought, written.named,
    )  # fmt: skip


ENTRY_COLUMNS = "e.id, e.kind, e.user_id, e.created_at, e.ap_id, e.visibility, t.id AS thought_id, t.xmin, t.ctid"
# $2 older_than, $3 newer_than, $4 limit. Constants for the open ends keep one plan over the index.
BETWEEN = """e.id < coalesce($2::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
    AND e.id > coalesce($3::uuid, '00000000-0000-0000-0000-000000000000')"""


# Longer than any page. As a constant beside the page's own limit it lets PostgreSQL keep one plan: from `LIMIT $4`
# alone it expects a tenth of the timeline, finds no plan good for that, and plans anew at every request.
LONGEST_PAGE = 100
_WITHIN_LONGEST = "SELECT page.* FROM ({page} LIMIT {longest}) page LIMIT $4"


def _pages(sql: str) -> tuple[EntryRows, EntryRows]:
    """Make the descending and the ascending form of a page query, which is given without its limit."""
    sql = _WITHIN_LONGEST.replace("{page}", sql).replace("{longest}", str(LONGEST_PAGE))
    fragments = {
        "entry": ENTRY_COLUMNS,
        "between": BETWEEN,
        "visible": ENTRY_VISIBLE,
        "not_hidden": NOT_HIDDEN,
        "shown_to_all": f"({NOT_HIDDEN} AND {NOT_SILENCED})",
    }
    return (
        EntryRows(sql, order="DESC", **fragments),
        EntryRows(sql, order="ASC", **fragments),
    )


HOME = _pages(
    """SELECT {entry} FROM home_entries h JOIN entries e ON e.id = h.entry_id JOIN thoughts t ON t.id = e.thought_id
    WHERE h.user_id = $1
        AND h.entry_id < coalesce($2::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
        AND h.entry_id > coalesce($3::uuid, '00000000-0000-0000-0000-000000000000')
        AND {visible} AND {not_hidden}
    ORDER BY h.entry_id {order}"""
)
# What one wrote, and what one was named in: each a page of its own, of which the page is made.
DIRECT = _pages(
    """SELECT {entry} FROM (
        (SELECT t.id FROM thoughts t JOIN entries e ON e.id = t.id
            WHERE t.user_id = $1 AND t.visibility = 'direct'
                AND t.id < coalesce($2::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
                AND t.id > coalesce($3::uuid, '00000000-0000-0000-0000-000000000000')
            ORDER BY t.id {order} LIMIT $4)
        UNION
        (SELECT m.thought_id FROM mentions m
                JOIN entries e ON e.id = m.thought_id JOIN thoughts t ON t.id = e.thought_id
            WHERE m.user_id = $1 AND t.visibility = 'direct' AND {visible} AND {not_hidden}
                AND m.thought_id < coalesce($2::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
                AND m.thought_id > coalesce($3::uuid, '00000000-0000-0000-0000-000000000000')
            ORDER BY m.thought_id {order} LIMIT $4)) chosen (id)
        JOIN entries e ON e.id = chosen.id JOIN thoughts t ON t.id = e.thought_id
    ORDER BY e.id {order}"""
)
LISTED = _pages(
    """SELECT {entry} FROM list_entries h JOIN entries e ON e.id = h.entry_id JOIN thoughts t ON t.id = e.thought_id
    WHERE h.list_id = $5
        AND h.entry_id < coalesce($2::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
        AND h.entry_id > coalesce($3::uuid, '00000000-0000-0000-0000-000000000000')
        AND {visible} AND {not_hidden}
    ORDER BY h.entry_id {order}"""
)
FEDERATED = _pages(
    """SELECT {entry} FROM entries e JOIN thoughts t ON t.id = e.thought_id
    WHERE e.kind = 'thought' AND e.visibility = 'public' AND NOT e.is_reply AND {between}
        AND {visible} AND {shown_to_all}
    ORDER BY e.id {order}"""
)
# As the federated one, without what our own people say: the same index, skipping local rows.
REMOTE = _pages(
    """SELECT {entry} FROM entries e JOIN thoughts t ON t.id = e.thought_id
    WHERE e.kind = 'thought' AND e.visibility = 'public' AND NOT e.is_reply AND e.is_remote AND {between}
        AND {visible} AND {shown_to_all}
    ORDER BY e.id {order}"""
)
LOCAL = _pages(
    """SELECT {entry} FROM entries e JOIN thoughts t ON t.id = e.thought_id
    WHERE e.kind = 'thought' AND e.visibility = 'public' AND NOT e.is_reply AND NOT e.is_remote AND {between}
        AND {visible} AND {shown_to_all}
    ORDER BY e.id {order}"""
)
OF_PERSON = _pages(
    """SELECT {entry} FROM entries e JOIN thoughts t ON t.id = e.thought_id
    WHERE e.user_id = $5 AND {between} AND {visible}
        AND ($6 OR NOT e.is_reply) AND ($7 OR e.kind = 'thought')
        AND (e.kind = 'thought' OR NOT EXISTS (
            SELECT FROM blocks h WHERE h.blocker_id = $1 AND h.blocked_id = t.user_id))
    ORDER BY e.id {order}"""
)
OF_PERSON_TAGGED = _pages(
    """SELECT {entry} FROM entries e JOIN thoughts t ON t.id = e.thought_id
    WHERE e.user_id = $5 AND e.kind = 'thought' AND {between} AND {visible} AND EXISTS (
        SELECT FROM thought_tags x JOIN tags g ON g.id = x.tag_id WHERE x.thought_id = t.id AND g.name = $6)
    ORDER BY e.id {order}"""
)
# The tag is looked up first and the range stands on the join table: one walk along its primary key.
TAGGED = _pages(
    """SELECT {entry} FROM thought_tags x
        JOIN entries e ON e.id = x.thought_id JOIN thoughts t ON t.id = e.thought_id
    WHERE x.tag_id = (SELECT g.id FROM tags g WHERE g.name = $5)
        AND x.thought_id < coalesce($2::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
        AND x.thought_id > coalesce($3::uuid, '00000000-0000-0000-0000-000000000000')
        AND e.visibility = 'public' AND {visible} AND {shown_to_all}
        AND e.is_remote = ANY($6::boolean[])
    ORDER BY x.thought_id {order}"""
)


# Thoughts with media, along the indexes that hold only those; a thought's entry has its id.
PICTURED = _pages(
    """SELECT {entry} FROM thoughts t JOIN entries e ON e.id = t.id
    WHERE t.attachments <> '[]'::jsonb AND t.visibility = 'public' AND NOT e.is_reply
        AND t.id < coalesce($2::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
        AND t.id > coalesce($3::uuid, '00000000-0000-0000-0000-000000000000')
        AND {visible} AND {shown_to_all} AND e.is_remote = ANY($5::boolean[])
    ORDER BY t.id {order}"""
)
PICTURED_OF_PERSON = _pages(
    """SELECT {entry} FROM thoughts t JOIN entries e ON e.id = t.id
    WHERE t.attachments <> '[]'::jsonb AND t.user_id = $5
        AND t.id < coalesce($2::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
        AND t.id > coalesce($3::uuid, '00000000-0000-0000-0000-000000000000')
        AND {visible} AND ($6 OR NOT e.is_reply)
    ORDER BY t.id {order}"""
)
PICTURED_AND_TAGGED = _pages(
    """SELECT {entry} FROM thought_tags x
        JOIN entries e ON e.id = x.thought_id JOIN thoughts t ON t.id = e.thought_id
    WHERE x.tag_id = (SELECT g.id FROM tags g WHERE g.name = $5) AND t.attachments <> '[]'::jsonb
        AND x.thought_id < coalesce($2::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
        AND x.thought_id > coalesce($3::uuid, '00000000-0000-0000-0000-000000000000')
        AND e.visibility = 'public' AND {visible} AND {shown_to_all}
        AND e.is_remote = ANY($6::boolean[])
    ORDER BY x.thought_id {order}"""
)
# Each of the tags gives at most a page of its own, walked as above, and the page is made of these.
TAGGED_MIXED = _pages(
    """SELECT {entry} FROM (
        SELECT DISTINCT found.thought_id FROM tags g CROSS JOIN LATERAL (
            SELECT x.thought_id FROM thought_tags x
                JOIN entries e ON e.id = x.thought_id JOIN thoughts t ON t.id = e.thought_id
            WHERE x.tag_id = g.id
                AND x.thought_id < coalesce($2::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
                AND x.thought_id > coalesce($3::uuid, '00000000-0000-0000-0000-000000000000')
                AND e.visibility = 'public' AND {visible} AND {shown_to_all}
                AND e.is_remote = ANY($6::boolean[]) AND (NOT $7::boolean OR t.attachments <> '[]'::jsonb)
                AND cardinality($8::text[]) = (SELECT count(*) FROM thought_tags y JOIN tags w ON w.id = y.tag_id
                    WHERE y.thought_id = x.thought_id AND w.name = ANY($8))
                AND NOT EXISTS (SELECT FROM thought_tags y JOIN tags w ON w.id = y.tag_id
                    WHERE y.thought_id = x.thought_id AND w.name = ANY($9::text[]))
            ORDER BY x.thought_id {order} LIMIT $4) found
        WHERE g.name = ANY($5::text[])) chosen
        JOIN entries e ON e.id = chosen.thought_id JOIN thoughts t ON t.id = e.thought_id
    ORDER BY e.id {order}"""
)


def _kept(table: str) -> tuple[Rows[Kept], Rows[Kept]]:
    """Make both directions of a page over a table of (id, user_id, thought_id)."""
    sql = """SELECT k.id AS cursor, k.thought_id FROM {table} k JOIN thoughts t ON t.id = k.thought_id
    WHERE k.user_id = $1
        AND k.id < coalesce($2::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
        AND k.id > coalesce($3::uuid, '00000000-0000-0000-0000-000000000000') AND {visible}
    ORDER BY k.id {order} LIMIT $4"""
    return (
        Rows(Kept, sql, table=table, order="DESC", visible=VISIBLE),
        Rows(Kept, sql, table=table, order="ASC", visible=VISIBLE),
    )


BOOKMARKED = _kept("bookmarks")
LIKED = _kept("likes")
PINNED = EntryRows(
    """SELECT {entry} FROM pins k JOIN entries e ON e.id = k.thought_id JOIN thoughts t ON t.id = e.thought_id
    WHERE k.user_id = $2 AND {visible} ORDER BY k.id DESC LIMIT 20""",
    entry=ENTRY_COLUMNS,
    visible=VISIBLE,
)
OF_THOUGHTS = EntryRows(
    """SELECT {entry} FROM unnest($1::uuid[]) WITH ORDINALITY AS wanted (id, place)
        JOIN entries e ON e.id = wanted.id JOIN thoughts t ON t.id = e.thought_id
    ORDER BY wanted.place""",
    entry=ENTRY_COLUMNS,
)
VISIBLE_ENTRIES = EntryRows(
    """SELECT {entry} FROM unnest($2::uuid[]) WITH ORDINALITY AS wanted (id, place)
        JOIN entries e ON e.id = wanted.id JOIN thoughts t ON t.id = e.thought_id
    WHERE {visible} ORDER BY wanted.place""",
    entry=ENTRY_COLUMNS,
    visible=ENTRY_VISIBLE,
)
ONE = EntryRows(
    "SELECT {entry} FROM entries e JOIN thoughts t ON t.id = e.thought_id WHERE e.id = $2 AND {visible}",
    entry=ENTRY_COLUMNS,
    visible=ENTRY_VISIBLE,
)
# Outbox: what anybody may see, newest first.
PUBLIC_OF_PERSON = EntryRows(
    """SELECT {entry} FROM entries e JOIN thoughts t ON t.id = e.thought_id
    WHERE e.user_id = $1 AND e.visibility IN ('public', 'unlisted') AND t.visibility IN ('public', 'unlisted')
        AND e.id < coalesce($2::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
        AND EXISTS (SELECT FROM users a WHERE a.id = t.user_id AND a.state = 'active')
    ORDER BY e.id DESC LIMIT $3""",
    entry=ENTRY_COLUMNS,
)
COUNT_PUBLIC_OF_PERSON = Value(
    int,
    """SELECT count(*) FROM entries WHERE user_id = $1 AND visibility IN ('public', 'unlisted')""",
)
MARKS = Rows(
    Marks,
    """SELECT t.id,
        EXISTS (SELECT FROM likes l WHERE l.user_id = $1 AND l.thought_id = t.id),
        EXISTS (SELECT FROM entries e WHERE e.user_id = $1 AND e.thought_id = t.id AND e.kind = 'boost'),
        EXISTS (SELECT FROM bookmarks k WHERE k.user_id = $1 AND k.thought_id = t.id),
        EXISTS (SELECT FROM pins p WHERE p.user_id = $1 AND p.thought_id = t.id),
        EXISTS (SELECT FROM thread_mutes q WHERE q.user_id = $1 AND q.conversation_id = t.conversation_id)
    FROM unnest($2::uuid[], $3::uuid[]) AS t (id, conversation_id)""",
)


async def _page(
    queries: tuple[EntryRows, EntryRows], db: Connection, viewer: UUID | None, page: Page, *extra: object
) -> list[Entry]:
    found = await queries[page.ascending].entries(db, viewer, page.older_than, page.newer_than, page.limit, *extra)
    return found[::-1] if page.ascending else found


async def list_home(db: Connection, viewer: UUID, page: Page) -> list[Entry]:
    """List a page of a home timeline, newest first."""
    return await _page(HOME, db, viewer, page)


async def list_direct(db: Connection, viewer: UUID, page: Page) -> list[Entry]:
    """List a page of the direct thoughts that the viewer wrote or is named in."""
    return await _page(DIRECT, db, viewer, page)


async def list_listed(db: Connection, viewer: UUID, list_id: UUID, page: Page) -> list[Entry]:
    """List a page of the timeline of a list."""
    return await _page(LISTED, db, viewer, page, list_id)


async def list_federated(db: Connection, viewer: UUID | None, page: Page) -> list[Entry]:
    """List a page of everything public that we know of."""
    return await _page(FEDERATED, db, viewer, page)


async def list_local(db: Connection, viewer: UUID | None, page: Page) -> list[Entry]:
    """List a page of what our own people say in public."""
    return await _page(LOCAL, db, viewer, page)


async def list_remote(db: Connection, viewer: UUID | None, page: Page) -> list[Entry]:
    """List a page of everything public that came from elsewhere."""
    return await _page(REMOTE, db, viewer, page)


async def list_of_person(
    db: Connection, viewer: UUID | None, person_id: UUID, page: Page, *, replies: bool = True, boosts: bool = True
) -> list[Entry]:
    """List a page of one person's entries that the viewer may see."""
    return await _page(OF_PERSON, db, viewer, page, person_id, replies, boosts)


async def list_of_person_tagged(
    db: Connection, viewer: UUID | None, person_id: UUID, tag: str, page: Page
) -> list[Entry]:
    """List a page of one person's thoughts with a (normalised) hashtag that the viewer may see."""
    return await _page(OF_PERSON_TAGGED, db, viewer, page, person_id, tag)


async def list_pictured_of_person(
    db: Connection, viewer: UUID | None, person_id: UUID, page: Page, *, replies: bool = True
) -> list[Entry]:
    """List a page of one person's thoughts with media that the viewer may see."""
    return await _page(PICTURED_OF_PERSON, db, viewer, page, person_id, replies)


async def list_pictured(
    db: Connection, viewer: UUID | None, page: Page, *, local: bool = True, remote: bool = True
) -> list[Entry]:
    """List a page of public thoughts with media, of our own people, of others or both."""
    return await _page(PICTURED, db, viewer, page, _remoteness(local=local, remote=remote))


async def list_tagged(
    db: Connection,
    viewer: UUID | None,
    tag: str,
    page: Page,
    *,
    local: bool = True,
    remote: bool = True,
    only_media: bool = False,
) -> list[Entry]:
    """List a page of public thoughts with a (normalised) hashtag, of our own people, of others or both."""
    queries = PICTURED_AND_TAGGED if only_media else TAGGED
    return await _page(queries, db, viewer, page, tag, _remoteness(local=local, remote=remote))


async def list_tagged_mixed(
    db: Connection,
    viewer: UUID | None,
    tags: TagMix,
    page: Page,
    *,
    local: bool = True,
    remote: bool = True,
    only_media: bool = False,
) -> list[Entry]:
    """List a page of public thoughts that carry these (normalised) hashtags and not those."""
    where = _remoteness(local=local, remote=remote)
    return await _page(TAGGED_MIXED, db, viewer, page, tags.any_of, where, only_media, tags.all_of, tags.none_of)


def _remoteness(*, local: bool, remote: bool) -> list[bool]:
    return [is_remote for is_remote, asked in ((False, local), (True, remote)) if asked]


async def list_bookmarked(db: Connection, viewer: UUID, page: Page) -> list[Kept]:
    """List a page of the viewer's bookmarks; the page's ids are those of the bookmarks."""
    return await _kept_page(BOOKMARKED, db, viewer, page)


async def list_liked(db: Connection, viewer: UUID, page: Page) -> list[Kept]:
    """List a page of what the viewer liked; the page's ids are those of the likes."""
    return await _kept_page(LIKED, db, viewer, page)


async def _kept_page(queries: tuple[Rows[Kept], Rows[Kept]], db: Connection, viewer: UUID, page: Page) -> list[Kept]:
    found = await queries[page.ascending].all(db, viewer, page.older_than, page.newer_than, page.limit)
    return found[::-1] if page.ascending else found


async def list_pinned(db: Connection, viewer: UUID | None, person_id: UUID) -> list[Entry]:
    """List what a person pinned, newest pin first."""
    return await PINNED.entries(db, viewer, person_id)


async def list_of_thoughts(db: Connection, thought_ids: Sequence[UUID]) -> list[Entry]:
    """List the own entries of thoughts, in the order asked for."""
    return await OF_THOUGHTS.entries(db, thought_ids) if thought_ids else []


async def list_visible_entries(db: Connection, viewer: UUID | None, entry_ids: Sequence[UUID]) -> list[Entry]:
    """List those of these entries whose thought the viewer may see, in the order asked for."""
    return await VISIBLE_ENTRIES.entries(db, viewer, entry_ids) if entry_ids else []


async def find_visible_entry(db: Connection, viewer: UUID | None, entry_id: UUID) -> Entry | None:
    """Find an entry whose thought the viewer may see."""
    return await ONE.entry(db, viewer, entry_id)


async def list_public_of_person(db: Connection, person_id: UUID, before: UUID | None, *, limit: int) -> list[Entry]:
    """List a page of an outbox, newest first."""
    return await PUBLIC_OF_PERSON.entries(db, person_id, before, limit)


async def list_marks(db: Connection, viewer: UUID, thoughts: Collection[Thought]) -> dict[UUID, Marks]:
    """Tell what the viewer did to each of these thoughts."""
    if not thoughts:
        return {}
    ids, threads = [one.id for one in thoughts], [one.conversation_id for one in thoughts]
    return {marks.thought_id: marks for marks in await MARKS.all(db, viewer, ids, threads)}
