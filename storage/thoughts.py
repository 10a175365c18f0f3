"""Thoughts: insert, edit, delete, and find those that a viewer may see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from storage.conversations import STEP_BACK
from storage.news import EntriesGone, ThoughtEdited, tell
from storage.query import Command, Rows, Value
from storage.visibility import VISIBLE

if TYPE_CHECKING:
    from storage.database import Connection


@dataclass(frozen=True, slots=True)
class Thought:
    """A row of thoughts."""

    id: UUID
    user_id: UUID
    content: str
    page_html: str | None
    sanitiser: int
    source: str | None
    summary: str
    sensitive: bool
    language: str | None
    reply_to: UUID | None
    reply_to_ap_id: str | None
    reply_to_user_id: UUID | None
    conversation_id: UUID
    visibility: str
    ap_id: str
    url: str
    object_type: str
    attachments: list[dict[str, Any]]
    emojis: list[dict[str, Any]]
    likes_count: int
    boosts_count: int
    replies_count: int
    created_at: datetime
    edited_at: datetime | None
    application: dict[str, Any] | None
    reactions_count: int
    quotes_count: int
    quote_policy: int
    has_quote: bool
    link_id: UUID | None


@dataclass(frozen=True, slots=True)
class NewThought:
    """A thought to be stored, its text already sanitised. Without an `id` it gets one of its moment."""

    id: UUID | None
    user_id: UUID
    content: str
    page_html: str
    sanitiser: int
    source: str | None
    plain: str
    summary: str
    sensitive: bool
    language: str | None
    reply_to: UUID | None
    reply_to_ap_id: str | None
    reply_to_user_id: UUID | None
    visibility: str
    ap_id: str
    url: str
    object_type: str
    attachments: list[dict[str, Any]]
    emojis: list[dict[str, Any]]
    created_at: datetime
    application: dict[str, Any] | None = None
    quote_policy: int = 0
    has_quote: bool = False
    link_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Edit:
    """What an edit may change."""

    content: str
    page_html: str
    sanitiser: int
    source: str | None
    plain: str
    summary: str
    sensitive: bool
    language: str | None
    attachments: list[dict[str, Any]]
    emojis: list[dict[str, Any]]
    edited_at: datetime
    link_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Version:
    """An earlier version of a thought."""

    id: UUID
    content: str
    source: str | None
    summary: str
    sensitive: bool
    attachments: list[dict[str, Any]]
    poll_options: list[str] | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Mention:
    """Somebody whom a thought names."""

    thought_id: UUID
    user_id: UUID
    username: str
    domain: str | None
    ap_id: str
    profile_url: str


@dataclass(frozen=True, slots=True)
class TagOf:
    """A hashtag on a thought."""

    thought_id: UUID
    name: str


@dataclass(frozen=True, slots=True)
class StoredHtml:
    """A thought's HTML, for sanitising it again."""

    id: UUID
    content: str


@dataclass(frozen=True, slots=True)
class ReplyId:
    """A reply, by our id and its own."""

    id: UUID
    ap_id: str


@dataclass(frozen=True, slots=True)
class SeenAs:
    """The entries of a thought with their people, and on which timelines it stands."""

    entry_ids: list[UUID]
    user_ids: list[UUID]
    mentioned: list[UUID]
    tags: list[str]
    public: bool
    is_remote: bool
    has_media: bool


@dataclass(frozen=True, slots=True)
class Tombstone:
    """A deleted id."""

    ap_id: str
    owner_ap_id: str
    deleted_at: datetime


COLUMNS = """t.id, t.user_id, t.content, t.page_html, t.sanitiser, t.source, t.summary, t.sensitive,
    t.language, t.reply_to, t.reply_to_ap_id, t.reply_to_user_id,
    coalesce(t.conversation_id, t.id) AS conversation_id, t.visibility, t.ap_id, t.url, t.object_type,
    t.attachments, t.emojis, t.likes_count, t.boosts_count, t.replies_count, t.created_at, t.edited_at,
    t.application, t.reactions_count, t.quotes_count, t.quote_policy, t.has_quote, t.link_id"""

NEW_ID = Value(UUID, "SELECT uuid7($1)")
# A thought and whatever hangs on it from the start, in one statement: what every other server posts comes through here.
# Replies that came before their parent are joined to it; one that it answers in turn is not counted as answered,
# since a statement changes a row once. A tag that somebody else coins meanwhile is touched, so that its id comes
# back; tags that are there are not touched, since everybody uses them.
INSERT = Rows(
    Thought,
    """WITH written AS (
        INSERT INTO thoughts AS t (id, user_id, content, sanitiser, source, plain, summary, sensitive, language,
            reply_to, reply_to_ap_id, reply_to_user_id, visibility, ap_id, url, object_type, attachments, emojis,
            created_at, page_html, application, quote_policy, has_quote, link_id, replies_count, conversation_id)
        VALUES (coalesce($1, uuid7($19)), $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17,
            $18, $19, nullif($20, $3), $23, $24, $25, $26,
            (SELECT count(*) FROM thoughts r WHERE r.reply_to IS NULL AND r.reply_to_ap_id = $14),
            (SELECT coalesce(p.conversation_id, p.id) FROM thoughts p WHERE p.id = $10))
        ON CONFLICT (ap_id) DO NOTHING RETURNING {columns}),
    counted AS (
        UPDATE users u SET thoughts_count = thoughts_count + 1, last_thought_at = greatest(last_thought_at, $19)
        FROM written w WHERE u.id = w.user_id RETURNING u.is_remote),
    entered AS (
        INSERT INTO entries (id, user_id, thought_id, kind, visibility, is_remote, is_reply, ap_id, created_at)
        SELECT w.id, w.user_id, w.id, 'thought', w.visibility, c.is_remote,
            w.reply_to_ap_id IS NOT NULL AND w.reply_to_user_id IS DISTINCT FROM w.user_id, w.ap_id, w.created_at
        FROM written w CROSS JOIN counted c),
    answered AS (
        UPDATE thoughts p SET replies_count = p.replies_count + 1 FROM written w
        WHERE p.id = w.reply_to AND p.reply_to_ap_id IS DISTINCT FROM w.ap_id),
    adopted AS (
        UPDATE thoughts r SET reply_to = w.id, reply_to_user_id = w.user_id FROM written w
        WHERE r.reply_to IS NULL AND r.reply_to_ap_id = w.ap_id),
    named AS (
        INSERT INTO mentions (thought_id, user_id) SELECT w.id, unnest($21::uuid[]) FROM written w),
    coined AS (
        INSERT INTO tags (name) SELECT x.name FROM written w CROSS JOIN unnest($22::text[]) AS x (name)
        WHERE NOT EXISTS (SELECT FROM tags g WHERE g.name = x.name) ORDER BY x.name
        ON CONFLICT (name) DO UPDATE SET name = excluded.name RETURNING id),
    tagged AS (
        INSERT INTO thought_tags (thought_id, tag_id)
        SELECT w.id, g.id FROM written w CROSS JOIN (
            SELECT id FROM tags WHERE name = ANY($22::text[]) UNION ALL SELECT id FROM coined) g)
    SELECT {columns} FROM written t""",
    columns=COLUMNS,
)
# What hung on the adopted ones belongs to the parent's thread from now on, and who muted theirs muted it.
JOIN_THREADS = Command(
    """WITH RECURSIVE tree (id) AS (
        SELECT id FROM thoughts WHERE reply_to = $1
        UNION SELECT r.id FROM tree JOIN thoughts r ON r.reply_to = tree.id),
    muted AS (
        INSERT INTO thread_mutes (user_id, conversation_id)
        SELECT m.user_id, $2 FROM thread_mutes m JOIN tree ON tree.id = m.conversation_id
        ON CONFLICT DO NOTHING)
    UPDATE thoughts t SET conversation_id = $2 FROM tree WHERE t.id = tree.id AND t.id <> $2"""
)
COUNT_REPLY = Command("UPDATE thoughts SET replies_count = greatest(0, replies_count + $2) WHERE id = $1")
UNCOUNT_THOUGHT = Command("UPDATE users SET thoughts_count = greatest(0, thoughts_count - 1) WHERE id = $1")
INSERT_MENTIONS = Command(
    "INSERT INTO mentions (thought_id, user_id) SELECT $1, unnest($2::uuid[]) ON CONFLICT DO NOTHING"
)
DELETE_MENTIONS_EXCEPT = Command("DELETE FROM mentions WHERE thought_id = $1 AND NOT user_id = ANY($2::uuid[])")
INSERT_TAGS = Command("INSERT INTO tags (name) SELECT unnest($1::text[]) ON CONFLICT (name) DO NOTHING")
INSERT_THOUGHT_TAGS = Command(
    """INSERT INTO thought_tags (thought_id, tag_id) SELECT $1, id FROM tags WHERE name = ANY($2::text[])
    ON CONFLICT DO NOTHING"""
)
DELETE_TAGS_EXCEPT = Command(
    """DELETE FROM thought_tags x USING tags g
    WHERE x.thought_id = $1 AND g.id = x.tag_id AND NOT g.name = ANY($2::text[])"""
)
BY_ID = Rows(Thought, "SELECT {columns} FROM thoughts t WHERE t.id = $1", columns=COLUMNS)
BY_ID_LOCKED = Rows(Thought, "SELECT {columns} FROM thoughts t WHERE t.id = $1 FOR UPDATE", columns=COLUMNS)
BY_ID_KEPT = Rows(Thought, "SELECT {columns} FROM thoughts t WHERE t.id = $1 FOR KEY SHARE", columns=COLUMNS)
BY_AP_ID = Rows(Thought, "SELECT {columns} FROM thoughts t WHERE t.ap_id = $1", columns=COLUMNS)
BY_AP_ID_LOCKED = Rows(Thought, "SELECT {columns} FROM thoughts t WHERE t.ap_id = $1 FOR UPDATE", columns=COLUMNS)
# Deleting touches the parent (its count) and the replies (their parent): whoever locks a thought locks its
# parent first, so that a thread deleted from all ends at once is taken from the top.
LOCK_PARENT = Command("SELECT FROM thoughts WHERE id = (SELECT reply_to FROM thoughts WHERE id = $1) FOR NO KEY UPDATE")
LOCK_PARENT_BY_AP_ID = Command(
    "SELECT FROM thoughts WHERE id = (SELECT reply_to FROM thoughts WHERE ap_id = $1) FOR NO KEY UPDATE"
)
VISIBLE_BY_ID = Rows(
    Thought,
    "SELECT {columns} FROM thoughts t WHERE t.id = $2 AND {visible}",
    columns=COLUMNS,
    visible=VISIBLE,
)
# What is about to hang on it must not lose it meanwhile; likes and edits go on.
VISIBLE_BY_ID_KEPT = Rows(
    Thought,
    "SELECT {columns} FROM thoughts t WHERE t.id = $2 AND {visible} FOR KEY SHARE OF t",
    columns=COLUMNS,
    visible=VISIBLE,
)
# A boost's id stands for the boosted thought on most routes.
VISIBLE_BY_ENTRY = Rows(
    Thought,
    "SELECT {columns} FROM entries e JOIN thoughts t ON t.id = e.thought_id WHERE e.id = $2 AND {visible}",
    columns=COLUMNS,
    visible=VISIBLE,
)
VISIBLE_BY_URL = Rows(
    Thought,
    "SELECT {columns} FROM thoughts t WHERE (t.ap_id = $2 OR t.url = $2) AND {visible} LIMIT 1",
    columns=COLUMNS,
    visible=VISIBLE,
)
SAVE_VERSION = Command(
    """INSERT INTO thought_edits
        (thought_id, content, source, summary, sensitive, attachments, poll_options, created_at)
    SELECT id, content, source, summary, sensitive, attachments,
        (SELECT p.options FROM polls p WHERE p.thought_id = t.id), coalesce(edited_at, created_at)
    FROM thoughts t WHERE id = $1"""
)
UPDATE = Rows(
    Thought,
    """UPDATE thoughts t SET content = $2, sanitiser = $3, source = $4, plain = $5, summary = $6, sensitive = $7,
        language = $8, attachments = $9, emojis = $10, edited_at = $11, page_html = nullif($12, $2), link_id = $13
    WHERE t.id = $1 RETURNING {columns}""",
    columns=COLUMNS,
)
SET_OBJECT_TYPE = Rows(
    Thought, "UPDATE thoughts t SET object_type = $2 WHERE t.id = $1 RETURNING {columns}", columns=COLUMNS
)
# Whoever goes takes their quotes along; what they quoted is quoted less.
UNCOUNT_QUOTE = Command(
    """UPDATE thoughts t SET quotes_count = greatest(0, t.quotes_count - 1) FROM quotes q
    WHERE q.thought_id = $1 AND q.state = 'accepted' AND t.id = q.quoted_id"""
)
UNCOUNT_QUOTES_OF = Command(
    """UPDATE thoughts t SET quotes_count = greatest(0, t.quotes_count - x.count)
    FROM (SELECT quoted_id, count(*) FROM quotes WHERE user_id = $1 AND state = 'accepted' GROUP BY quoted_id) x
    WHERE t.id = x.quoted_id"""
)
MARK_SENSITIVE = Command("UPDATE thoughts SET sensitive = true WHERE id = ANY($1::uuid[])")
LOCAL_BY_AP_IDS = Value(
    UUID,
    """SELECT t.id FROM thoughts t JOIN users u ON u.id = t.user_id
    WHERE t.ap_id = ANY($1::text[]) AND NOT u.is_remote LIMIT 100""",
)
DELETE = Command("DELETE FROM thoughts WHERE id = $1")
VERSIONS = Rows(
    Version,
    """SELECT id, content, source, summary, sensitive, attachments, poll_options, created_at
    FROM thought_edits WHERE thought_id = $1 ORDER BY created_at, id LIMIT 100""",
)
INSERT_TOMBSTONE = Command("INSERT INTO tombstones (ap_id, owner_ap_id) VALUES ($1, $2) ON CONFLICT DO NOTHING")
BURY_ALL_OF = Command(
    """INSERT INTO tombstones (ap_id, owner_ap_id) SELECT ap_id, $2 FROM thoughts WHERE user_id = $1
    ON CONFLICT DO NOTHING"""
)
DELETE_ALL_OF = Command("DELETE FROM thoughts WHERE user_id = $1")
# What tells who may have seen a thought, for the streams; its own entry first, and some hundred boosts.
SEEN_AS = Rows(
    SeenAs,
    """SELECT array(SELECT e.id FROM entries e WHERE e.thought_id = t.id ORDER BY e.kind = 'boost', e.id LIMIT 500)
            AS entry_ids,
        array(SELECT e.user_id FROM entries e WHERE e.thought_id = t.id ORDER BY e.kind = 'boost', e.id LIMIT 500)
            AS user_ids,
        array(SELECT m.user_id FROM mentions m WHERE m.thought_id = t.id) AS mentioned,
        array(SELECT g.name FROM thought_tags x JOIN tags g ON g.id = x.tag_id WHERE x.thought_id = t.id) AS tags,
        t.visibility = 'public' AS public, u.is_remote, t.attachments <> '[]' AS has_media
    FROM thoughts t JOIN users u ON u.id = t.user_id WHERE t.id = $1""",
)
TOMBSTONE = Rows(
    Tombstone,
    "SELECT ap_id, owner_ap_id, deleted_at FROM tombstones WHERE ap_id = $1 ORDER BY deleted_at LIMIT 1",
)
MENTIONS = Rows(
    Mention,
    """SELECT m.thought_id, u.id, u.username, u.domain, u.ap_id, u.profile_url
    FROM mentions m JOIN users u ON u.id = m.user_id WHERE m.thought_id = ANY($1::uuid[])""",
)
TAGS = Rows(
    TagOf,
    """SELECT x.thought_id, g.name FROM thought_tags x JOIN tags g ON g.id = x.tag_id
    WHERE x.thought_id = ANY($1::uuid[]) ORDER BY g.name""",
)
PUBLIC_REPLIES = Rows(
    ReplyId,
    """SELECT t.id, t.ap_id FROM thoughts t JOIN users a ON a.id = t.user_id AND a.state = 'active'
    WHERE t.reply_to = $1 AND t.visibility IN ('public', 'unlisted')
        AND t.id > coalesce($2::uuid, '00000000-0000-0000-0000-000000000000') ORDER BY t.id LIMIT $3""",
)
OLD_SANITISER = Rows(
    StoredHtml,
    """SELECT id, content FROM thoughts WHERE sanitiser < $1 AND source IS NULL
    ORDER BY sanitiser, id LIMIT $2 FOR UPDATE SKIP LOCKED""",
)
RESANITISE = Command(
    """UPDATE thoughts t SET content = x.content, page_html = nullif(x.page_html, x.content), sanitiser = $4
    FROM unnest($1::uuid[], $2::text[], $3::text[]) AS x (id, content, page_html) WHERE t.id = x.id"""
)
COUNT_LOCAL = Value(int, "SELECT count(*) FROM entries WHERE kind = 'thought' AND NOT is_remote")


async def new_id(db: Connection, at: datetime) -> UUID:
    """Make a UUIDv7 for a moment (clamped to the past and to 2005)."""
    return await NEW_ID.one(db, at)


async def insert_thought(
    db: Connection, new: NewThought, *, mentions: Sequence[UUID], tags: Sequence[str]
) -> Thought | None:
    """Insert a thought with its entry, mentions, tags and counts; None when its ap_id is known already."""
    thought = await INSERT.first(
        db, new.id, new.user_id, new.content, new.sanitiser, new.source, new.plain, new.summary, new.sensitive,
        new.language, new.reply_to, new.reply_to_ap_id, new.reply_to_user_id, new.visibility, new.ap_id, new.url,
        new.object_type, new.attachments, new.emojis, new.created_at, new.page_html,
        list(dict.fromkeys(mentions)), list(dict.fromkeys(tags)), new.application, new.quote_policy,
        new.has_quote, new.link_id,
    )  # fmt: skip
    if thought is not None and thought.replies_count:
        await JOIN_THREADS.run(db, thought.id, thought.conversation_id)
    return thought


async def set_mentions(db: Connection, thought_id: UUID, people: Sequence[UUID]) -> None:
    """Record whom an edited thought names; forget those named no more."""
    await DELETE_MENTIONS_EXCEPT.run(db, thought_id, people)
    if people:
        await INSERT_MENTIONS.run(db, thought_id, people)


async def set_tags(db: Connection, thought_id: UUID, names: Sequence[str]) -> None:
    """Record an edited thought's hashtags; forget those gone."""
    await DELETE_TAGS_EXCEPT.run(db, thought_id, names)
    if names:
        await INSERT_TAGS.run(db, sorted(names))
        await INSERT_THOUGHT_TAGS.run(db, thought_id, names)


async def find_thought(db: Connection, thought_id: UUID, *, lock: bool = False) -> Thought | None:
    """Find a thought whoever may see it; `lock` holds its row until the transaction ends."""
    if lock:
        await LOCK_PARENT.run(db, thought_id)
    return await (BY_ID_LOCKED if lock else BY_ID).first(db, thought_id)


async def keep_thought(db: Connection, thought_id: UUID) -> Thought | None:
    """Find a thought whoever may see it, and let nobody edit or delete it until the transaction ends."""
    return await BY_ID_KEPT.first(db, thought_id)


async def find_by_ap_id(db: Connection, ap_id: str, *, lock: bool = False) -> Thought | None:
    """Find a thought by object id, whoever may see it; `lock` holds its row until the transaction ends."""
    if lock:
        await LOCK_PARENT_BY_AP_ID.run(db, ap_id)
    return await (BY_AP_ID_LOCKED if lock else BY_AP_ID).first(db, ap_id)


async def find_visible(db: Connection, viewer: UUID | None, thought_id: UUID, *, keep: bool = False) -> Thought | None:
    """Find a thought that the viewer may see; `keep` lets nobody delete it until the transaction ends."""
    return await (VISIBLE_BY_ID_KEPT if keep else VISIBLE_BY_ID).first(db, viewer, thought_id)


async def find_visible_by_entry(db: Connection, viewer: UUID | None, entry_id: UUID) -> Thought | None:
    """Find what an entry shows: the thought itself, or the boosted one."""
    return await VISIBLE_BY_ENTRY.first(db, viewer, entry_id)


async def find_visible_by_url(db: Connection, viewer: UUID | None, url: str) -> Thought | None:
    """Find a thought by its object id or page address."""
    return await VISIBLE_BY_URL.first(db, viewer, url)


async def update_thought(db: Connection, thought_id: UUID, edit: Edit) -> Thought | None:
    """Keep the present version in the history and write the new one."""
    await SAVE_VERSION.run(db, thought_id)
    tell(db, ThoughtEdited(thought_id))
    return await UPDATE.first(
        db, thought_id, edit.content, edit.sanitiser, edit.source, edit.plain, edit.summary, edit.sensitive,
        edit.language, edit.attachments, edit.emojis, edit.edited_at, edit.page_html, edit.link_id,
    )  # fmt: skip


async def set_object_type(db: Connection, thought_id: UUID, object_type: str) -> Thought | None:
    """Change what a thought is to other servers: a Note, or a Question when it has a poll."""
    return await SET_OBJECT_TYPE.first(db, thought_id, object_type)


async def delete_thought(db: Connection, thought: Thought, owner_ap_id: str) -> None:
    """Delete a thought, leave a tombstone, and count both."""
    await INSERT_TOMBSTONE.run(db, thought.ap_id, owner_ap_id)
    seen_as = await SEEN_AS.first(db, thought.id)
    if seen_as is not None:
        tell(db, EntriesGone(**asdict(seen_as)))
    if thought.has_quote:
        await UNCOUNT_QUOTE.run(db, thought.id)
    if thought.visibility == "direct":
        await STEP_BACK.run(db, thought.id)
    await DELETE.run(db, thought.id)
    await UNCOUNT_THOUGHT.run(db, thought.user_id)
    if thought.reply_to is not None:
        await COUNT_REPLY.run(db, thought.reply_to, -1)


async def bury(db: Connection, ap_id: str, owner_ap_id: str) -> None:
    """Remember that an id was deleted, though we never had it."""
    await INSERT_TOMBSTONE.run(db, ap_id, owner_ap_id)


async def delete_all_of(db: Connection, person_id: UUID, owner_ap_id: str) -> None:
    """Delete everything that a person wrote, leaving tombstones."""
    await BURY_ALL_OF.run(db, person_id, owner_ap_id)
    await UNCOUNT_QUOTES_OF.run(db, person_id)
    await DELETE_ALL_OF.run(db, person_id)


async def find_tombstone(db: Connection, ap_id: str) -> Tombstone | None:
    """Find out whether an id of ours was deleted."""
    return await TOMBSTONE.first(db, ap_id)


async def list_versions(db: Connection, thought_id: UUID) -> list[Version]:
    """List the earlier versions, oldest first."""
    return await VERSIONS.all(db, thought_id)


async def list_mentions(db: Connection, thought_ids: Sequence[UUID]) -> list[Mention]:
    """List whom these thoughts name."""
    return await MENTIONS.all(db, thought_ids) if thought_ids else []


async def list_tags(db: Connection, thought_ids: Sequence[UUID]) -> list[TagOf]:
    """List the hashtags of these thoughts."""
    return await TAGS.all(db, thought_ids) if thought_ids else []


async def list_public_replies(db: Connection, thought_id: UUID, after: UUID | None, *, limit: int) -> list[ReplyId]:
    """List public and unlisted replies, oldest first."""
    return await PUBLIC_REPLIES.all(db, thought_id, after, limit)
