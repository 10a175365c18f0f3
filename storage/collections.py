"""Collections of people, their items, and the consent of our people to being featured (FEP-7aa9)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from storage.query import Command, Rows, Value

if TYPE_CHECKING:
    from storage.database import Connection


@dataclass(frozen=True, slots=True)
class Collection:
    """A row of collections, with the name of its tag; `is_remote` is its owner's."""

    id: UUID
    user_id: UUID
    ap_id: str
    url: str
    name: str
    description: str
    language: str | None
    tag: str | None
    sensitive: bool
    discoverable: bool
    is_remote: bool
    created_at: datetime
    updated_at: datetime
    fetched_at: datetime


@dataclass(frozen=True, slots=True)
class Item:
    """A row of collection_items; who is not read yet has no `person_id`."""

    id: UUID
    collection_id: UUID
    ap_id: str | None
    person_id: UUID | None
    person_ap_id: str
    state: str
    request_ap_id: str | None
    stamp: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class FeatureAuthorization:
    """Consent of one of our people; what was taken back is remembered, so that asking again is in vain."""

    id: UUID
    person_id: UUID
    owner_id: UUID
    collection_ap_id: str


@dataclass(frozen=True, slots=True)
class Facts:
    """What its owner says of a collection; `tag` is a normalised name."""

    name: str
    description: str
    language: str | None
    tag: str | None
    sensitive: bool
    discoverable: bool


@dataclass(frozen=True, slots=True)
class ListedItem:
    """An item as the document of a remote collection has it."""

    ap_id: str | None
    person_ap_id: str
    stamp: str | None
    created_at: datetime | None


COLUMNS = """c.id, c.user_id, c.ap_id, c.url, c.name, c.description, c.language, g.name AS tag, c.sensitive,
    c.discoverable, o.is_remote, c.created_at, c.updated_at, c.fetched_at"""
_FROM = "FROM collections c JOIN users o ON o.id = c.user_id LEFT JOIN tags g ON g.id = c.tag_id"
# Who is gone, or does not want to meet the viewer, has no collections for them.
_SHOWN = """o.state = 'active'
    AND NOT EXISTS (SELECT FROM blocks b WHERE b.blocker_id = c.user_id AND b.blocked_id = $1)"""
ONE = Rows(Collection, "SELECT {columns} {source} WHERE c.id = $1", columns=COLUMNS, source=_FROM)
LOCKED = Rows(Collection, "SELECT {columns} {source} WHERE c.id = $1 FOR UPDATE OF c", columns=COLUMNS, source=_FROM)
SHOWN_TO = Rows(
    Collection,
    "SELECT {columns} {source} WHERE c.id = ANY($2::uuid[]) AND {shown}",
    columns=COLUMNS,
    source=_FROM,
    shown=_SHOWN,
)
BY_AP_ID = Rows(Collection, "SELECT {columns} {source} WHERE c.ap_id = $1", columns=COLUMNS, source=_FROM)
OF_OWNER = Rows(
    Collection,
    """SELECT {columns} {source} WHERE c.user_id = $2 AND (c.discoverable OR c.user_id = $1) AND {shown}
    ORDER BY c.id DESC LIMIT $3 OFFSET $4""",
    columns=COLUMNS,
    source=_FROM,
    shown=_SHOWN,
)
# For the person themselves also those that wait for their answer, and those that stand on no profile.
FEATURING = Rows(
    Collection,
    """SELECT {columns} FROM collection_items i JOIN collections c ON c.id = i.collection_id
        JOIN users o ON o.id = c.user_id LEFT JOIN tags g ON g.id = c.tag_id
    WHERE i.person_id = $2 AND {shown}
        AND (i.state = 'accepted' OR (i.state = 'pending' AND i.person_id = $1))
        AND (c.discoverable OR $1 IN (c.user_id, i.person_id))
    ORDER BY c.id DESC LIMIT $3 OFFSET $4""",
    columns=COLUMNS,
    shown=_SHOWN,
)
COUNT_OF_OWNER = Value(int, "SELECT count(*) FROM collections WHERE user_id = $1")
INSERT = Command(
    """INSERT INTO collections (id, user_id, ap_id, url, name, description, language, tag_id, sensitive, discoverable)
    VALUES ($1, $2, $3, $4, $5, $6, $7, (SELECT id FROM tags WHERE name = $8), $9, $10)"""
)
UPDATE = Command(
    """UPDATE collections SET name = $2, description = $3, language = $4, sensitive = $6, discoverable = $7,
        tag_id = (SELECT id FROM tags WHERE name = $5), updated_at = now(), fetched_at = now()
    WHERE id = $1"""
)
# What another actor of that server owns stays theirs.
UPSERT_REMOTE = Value(
    UUID,
    """INSERT INTO collections AS c
        (user_id, ap_id, url, name, description, language, tag_id, sensitive, discoverable, created_at, updated_at)
    VALUES ($1, $2, $3, $4, $5, $6, (SELECT id FROM tags WHERE name = $7), $8, $9,
        coalesce($10, now()), coalesce($11, now()))
    ON CONFLICT (ap_id) DO UPDATE SET url = excluded.url, name = excluded.name, description = excluded.description,
        language = excluded.language, tag_id = excluded.tag_id, sensitive = excluded.sensitive,
        discoverable = excluded.discoverable, updated_at = excluded.updated_at, fetched_at = now()
    WHERE c.user_id = excluded.user_id
    RETURNING id""",
)
DELETE = Command("DELETE FROM collections WHERE id = $1")
COVER = Command("UPDATE collections SET sensitive = true WHERE id = $1")
BY_IDS = Rows(
    Collection, "SELECT {columns} {source} WHERE c.id = ANY($1::uuid[]) ORDER BY c.id", columns=COLUMNS, source=_FROM
)
# Nobody is reported for the collections of others.
OWN_AMONG = Value(UUID, "SELECT id FROM collections WHERE user_id = $1 AND id = ANY($2::uuid[]) ORDER BY id LIMIT 100")
OWN_BY_AP_ID = Value(
    UUID, "SELECT id FROM collections WHERE user_id = $1 AND ap_id = ANY($2::text[]) ORDER BY id LIMIT 100"
)
LOCAL_OWNERS = Value(
    UUID,
    """SELECT DISTINCT c.user_id FROM collections c JOIN users o ON o.id = c.user_id
    WHERE c.ap_id = ANY($1::text[]) AND NOT o.is_remote""",
)
TOUCH = Command("UPDATE collections SET updated_at = now() WHERE id = $1")

ITEM_COLUMNS = """i.id, i.collection_id, i.ap_id, i.person_id, i.person_ap_id, i.state, i.request_ap_id, i.stamp,
    i.created_at"""
ITEM = Rows(
    Item,
    "SELECT {columns} FROM collection_items i WHERE i.collection_id = $1 AND i.id = $2",
    columns=ITEM_COLUMNS,
)
ITEM_OF_PERSON = Rows(
    Item,
    "SELECT {columns} FROM collection_items i WHERE i.collection_id = $1 AND i.person_ap_id = $2",
    columns=ITEM_COLUMNS,
)
ITEM_BY_REQUEST = Rows(
    Item, "SELECT {columns} FROM collection_items i WHERE i.request_ap_id = $1 LIMIT 1", columns=ITEM_COLUMNS
)
ITEMS_BY_STAMP = Rows(
    Item,
    "SELECT {columns} FROM collection_items i WHERE i.stamp = $1 AND i.person_id = $2 LIMIT 100",
    columns=ITEM_COLUMNS,
)
# What those who agreed look like to the viewer; owners see whom they still wait for.
ITEMS_SHOWN = Rows(
    Item,
    """SELECT {columns} FROM collection_items i JOIN collections c ON c.id = i.collection_id
        JOIN users u ON u.id = i.person_id
    WHERE i.collection_id = ANY($2::uuid[]) AND u.state = 'active'
        AND (i.state = 'accepted' OR (i.state = 'pending' AND c.user_id = $1))
        AND NOT EXISTS (SELECT FROM blocks b WHERE b.blocker_id = $1 AND b.blocked_id = i.person_id)
        AND NOT EXISTS (SELECT FROM user_domain_blocks d WHERE d.user_id = $1 AND d.domain = u.domain)
    ORDER BY i.position, i.id LIMIT 12000""",
    columns=ITEM_COLUMNS,
)
PENDING_ITEMS = Rows(
    Item,
    """SELECT {columns} FROM collection_items i WHERE i.collection_id = $1 AND i.state = 'pending' AND i.listed
    ORDER BY i.position, i.id LIMIT $2""",
    columns=ITEM_COLUMNS,
)
COUNT_ITEMS = Value(
    int, "SELECT count(*) FROM collection_items WHERE collection_id = $1 AND state IN ('pending', 'accepted')"
)
# Who said no, or withdrew, may be asked once more; everybody else is there once.
INSERT_ITEM = Rows(
    Item,
    """INSERT INTO collection_items AS i (id, collection_id, ap_id, person_id, person_ap_id, position, state, stamp)
    VALUES ($1, $2, $3, $4, $5,
        (SELECT coalesce(max(position), 0) + 1 FROM collection_items WHERE collection_id = $2), $6, $7)
    ON CONFLICT (collection_id, person_ap_id) DO UPDATE SET id = excluded.id, ap_id = excluded.ap_id,
        position = excluded.position, person_id = excluded.person_id, state = excluded.state,
        stamp = excluded.stamp, request_ap_id = NULL, created_at = now()
    WHERE i.state IN ('rejected', 'revoked')
    RETURNING {columns}""",
    columns=ITEM_COLUMNS,
)
# Our people agreed to it before its own server says that it is there.
AGREE = Rows(
    Item,
    """INSERT INTO collection_items AS i (collection_id, person_id, person_ap_id, position, state, stamp)
    VALUES ($1, $2, $3, 1000000, 'accepted', $4)
    ON CONFLICT (collection_id, person_ap_id) DO UPDATE SET person_id = excluded.person_id, state = 'accepted',
        stamp = excluded.stamp
    RETURNING {columns}""",
    columns=ITEM_COLUMNS,
)
SET_REQUEST = Command("UPDATE collection_items SET request_ap_id = $2 WHERE id = $1")
SETTLE = Command("UPDATE collection_items SET state = $2, stamp = $3 WHERE id = $1")
# What was looked into is settled only if nothing else happened to it meanwhile.
SETTLE_PENDING = Command(
    """UPDATE collection_items SET state = $2, person_id = $3
    WHERE id = $1 AND state = 'pending' AND stamp IS NOT DISTINCT FROM $4"""
)
DELETE_ITEM = Command("DELETE FROM collection_items WHERE id = $1")
DELETE_ITEM_BY_AP_ID = Rows(
    Item,
    "DELETE FROM collection_items i WHERE i.collection_id = $1 AND i.ap_id = $2 RETURNING {columns}",
    columns=ITEM_COLUMNS,
)
DELETE_UNLISTED = Command(
    "DELETE FROM collection_items WHERE collection_id = $1 AND listed AND person_ap_id <> ALL($2::text[])"
)
# Another stamp is looked into, and who had not agreed is asked about again.
LIST_ITEMS = Command(
    """INSERT INTO collection_items AS i
        (collection_id, ap_id, person_ap_id, stamp, created_at, position, state, listed)
    SELECT $1, x.ap_id, x.person, x.stamp, coalesce(x.created_at, now()), $6::int + x.place, 'pending', true
    FROM unnest($2::text[], $3::text[], $4::text[], $5::timestamptz[])
        WITH ORDINALITY AS x (ap_id, person, stamp, created_at, place)
    ON CONFLICT (collection_id, person_ap_id) DO UPDATE SET ap_id = excluded.ap_id, position = excluded.position,
        listed = true, created_at = excluded.created_at, stamp = excluded.stamp,
        state = CASE WHEN i.state = 'accepted' AND i.stamp IS NOT DISTINCT FROM excluded.stamp THEN 'accepted'
            ELSE 'pending' END"""
)
COUNT_LISTED = Value(int, "SELECT count(*) FROM collection_items WHERE collection_id = $1 AND listed")
FEATURED_PEOPLE = Value(
    UUID,
    """SELECT person_id FROM collection_items
    WHERE collection_id = $1 AND person_id IS NOT NULL AND state IN ('pending', 'accepted')""",
)
LOCAL_FEATURED = Value(
    UUID,
    """SELECT i.person_id FROM collection_items i JOIN users u ON u.id = i.person_id
    WHERE i.collection_id = $1 AND i.state = 'accepted' AND NOT u.is_remote""",
)
# Where one of two people features the other.
BETWEEN = Rows(
    Item,
    """SELECT {columns} FROM collections c JOIN collection_items i ON i.collection_id = c.id
    WHERE c.user_id = $1 AND i.person_id = $2""",
    columns=ITEM_COLUMNS,
)

AUTHORIZATION_COLUMNS = "a.id, a.person_id, a.owner_id, a.collection_ap_id"
AUTHORIZE = Rows(
    FeatureAuthorization,
    """INSERT INTO feature_authorizations AS a (person_id, owner_id, collection_ap_id) VALUES ($1, $2, $3)
    ON CONFLICT (person_id, collection_ap_id) DO UPDATE SET owner_id = excluded.owner_id RETURNING {columns}""",
    columns=AUTHORIZATION_COLUMNS,
)
AUTHORIZATION = Rows(
    FeatureAuthorization,
    "SELECT {columns} FROM feature_authorizations a WHERE a.id = $1",
    columns=AUTHORIZATION_COLUMNS,
)
AUTHORIZATION_OF = Rows(
    FeatureAuthorization,
    "SELECT {columns} FROM feature_authorizations a WHERE a.person_id = $1 AND a.collection_ap_id = $2",
    columns=AUTHORIZATION_COLUMNS,
)


async def find_collection(db: Connection, collection_id: UUID, *, lock: bool = False) -> Collection | None:
    """Find any collection by id; `lock` holds the row until the transaction ends."""
    return await (LOCKED if lock else ONE).first(db, collection_id)


async def list_shown(db: Connection, viewer: UUID | None, ids: Sequence[UUID]) -> dict[UUID, Collection]:
    """Return those of these collections that the viewer may see."""
    return {one.id: one for one in await SHOWN_TO.all(db, viewer, ids)} if ids else {}


async def list_items(db: Connection, viewer: UUID | None, ids: Sequence[UUID]) -> list[Item]:
    """List who is in collections, as far as the viewer may see it."""
    return await ITEMS_SHOWN.all(db, viewer, ids) if ids else []


async def insert_collection(
    db: Connection, collection_id: UUID, owner_id: UUID, facts: Facts, *, ap_id: str, url: str
) -> Collection:
    """Store a new collection of one of ours; its tag exists."""
    await INSERT.run(
        db, collection_id, owner_id, ap_id, url, facts.name, facts.description, facts.language, facts.tag,
        facts.sensitive, facts.discoverable,
    )  # fmt: skip
    return await ONE.one(db, collection_id)


async def update_collection(db: Connection, collection_id: UUID, facts: Facts) -> Collection:
    """Change what is said of a collection; its tag exists."""
    await UPDATE.run(
        db, collection_id, facts.name, facts.description, facts.language, facts.tag, facts.sensitive,
        facts.discoverable,
    )  # fmt: skip
    return await ONE.one(db, collection_id)


async def upsert_remote(
    db: Connection,
    owner_id: UUID,
    facts: Facts,
    *,
    ap_id: str,
    url: str,
    created_at: datetime | None,
    updated_at: datetime | None,
) -> UUID | None:
    """Store what a remote collection is; None when that id belongs to somebody else. Its tag exists."""
    return await UPSERT_REMOTE.get(
        db, owner_id, ap_id, url, facts.name, facts.description, facts.language, facts.tag, facts.sensitive,
        facts.discoverable, created_at, updated_at,
    )  # fmt: skip


async def list_remote_items(db: Connection, collection_id: UUID, listed: Sequence[ListedItem], *, after: int) -> None:
    """Store items of a remote collection, beginning with the place `after`."""
    await LIST_ITEMS.run(
        db, collection_id, [one.ap_id for one in listed], [one.person_ap_id for one in listed],
        [one.stamp for one in listed], [one.created_at for one in listed], after,
    )  # fmt: skip


async def replace_remote_items(db: Connection, collection_id: UUID, listed: Sequence[ListedItem]) -> None:
    """Store exactly these items of a remote collection; each person stands there once."""
    await DELETE_UNLISTED.run(db, collection_id, [one.person_ap_id for one in listed])
    await list_remote_items(db, collection_id, listed, after=0)
