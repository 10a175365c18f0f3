"""Preview cards, and the links that wait to become one."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import astuple, dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from storage.query import Command, Joined, Rows, Value

if TYPE_CHECKING:
    from storage.database import Connection


@dataclass(frozen=True, slots=True)
class Card:
    """What is shown of a page."""

    id: UUID
    url: str
    host: str
    type: str
    title: str
    description: str
    language: str | None
    author_name: str
    author_url: str
    author_id: UUID | None
    author_agrees: bool
    provider_name: str
    provider_url: str
    html: str
    embed_url: str
    width: int
    height: int
    image_url: str | None
    image_alt: str
    blurhash: str | None
    published_at: datetime | None


@dataclass(frozen=True, slots=True)
class CardOfLink:
    """The card that came of a link."""

    link_id: UUID
    card: Card


@dataclass(frozen=True, slots=True)
class NewCard:
    """What a page says, just read; `first_hand` when it was read at its own address."""

    url: str
    host: str
    first_hand: bool
    type: str
    title: str
    description: str
    language: str | None
    author_name: str
    author_url: str
    author_id: UUID | None
    provider_name: str
    provider_url: str
    html: str
    embed_url: str
    width: int
    height: int
    image_url: str | None
    image_alt: str
    blurhash: str | None
    published_at: datetime | None


@dataclass(frozen=True, slots=True)
class Link:
    """A link under our lease."""

    id: UUID
    url: str
    attempts: int


COLUMNS = """c.id, c.url, c.host, c.type, c.title, c.description, c.language, c.author_name, c.author_url, c.author_id,
    c.author_agrees, c.provider_name, c.provider_url, c.html, c.embed_url, c.width, c.height, c.image_url,
    c.image_alt, c.blurhash, c.published_at"""

# Everybody links to the same few pages: what was read lately is only looked up, and nobody waits for a row.
ASK = Value(
    UUID,
    """WITH known AS (
        SELECT id FROM links WHERE url = $1 AND (lease IS NOT NULL OR due_at <= now() + $2::interval
            OR read_at > now() - CASE WHEN card_id IS NULL THEN interval '1 day' ELSE interval '14 days' END)),
    asked AS (
        INSERT INTO links (url, due_at) SELECT $1, now() + $2::interval WHERE NOT EXISTS (SELECT FROM known)
        ON CONFLICT (url) DO UPDATE SET attempts = 0, due_at = CASE WHEN links.lease IS NULL
            THEN least(links.due_at, excluded.due_at) ELSE links.due_at END
        RETURNING id)
    SELECT id FROM known UNION ALL SELECT id FROM asked""",
)
OF_LINKS = Joined(
    CardOfLink,
    Card,
    """SELECT l.id AS link_id, {columns} FROM links l JOIN preview_cards c ON c.id = l.card_id
    WHERE l.id = ANY($1::uuid[])""",
    columns=COLUMNS,
)
BY_URL = Rows(Card, "SELECT {columns} FROM preview_cards c WHERE c.url = $1", columns=COLUMNS)
# A row under a lease is due again when the lease has run out.
CLAIM = Rows(
    Link,
    """WITH picked AS (
        SELECT id FROM links WHERE due_at <= now() ORDER BY due_at LIMIT $3 FOR UPDATE SKIP LOCKED)
    UPDATE links l SET lease = $1, due_at = now() + $2::interval, attempts = attempts + 1
    FROM picked WHERE l.id = picked.id RETURNING l.id, l.url, l.attempts""",
)
# A page that only claims an address changes nothing of what was read there.
UPSERT = Value(
    UUID,
    """INSERT INTO preview_cards AS c (url, host, first_hand, type, title, description, language, author_name,
        author_url, author_id, provider_name, provider_url, html, embed_url, width, height, image_url, image_alt,
        blurhash, published_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)
    ON CONFLICT (url) DO UPDATE SET first_hand = excluded.first_hand, type = excluded.type,
        title = excluded.title, description = excluded.description, language = excluded.language,
        author_name = excluded.author_name, author_url = excluded.author_url, author_id = excluded.author_id,
        provider_name = excluded.provider_name, provider_url = excluded.provider_url, html = excluded.html,
        embed_url = excluded.embed_url, width = excluded.width, height = excluded.height,
        image_url = excluded.image_url, image_alt = excluded.image_alt, blurhash = excluded.blurhash,
        published_at = excluded.published_at, updated_at = now()
    WHERE excluded.first_hand OR NOT c.first_hand
    RETURNING c.id""",
)
ID_AT = Value(UUID, "SELECT id FROM preview_cards WHERE url = $1")
# Whoever a page names has to name its site, or one that it belongs to.
AGREE = Command(
    """UPDATE preview_cards c SET author_agrees = EXISTS (
        SELECT FROM unnest($2::text[]) AS named (site)
        WHERE c.host = named.site OR right(c.host, length(named.site) + 1) = '.' || named.site)
    WHERE c.author_id = $1 AND c.id = coalesce($3, c.id)"""
)
SITES_OF_AUTHOR = Value(
    str,
    """SELECT unnest(p.attribution_domains) FROM preferences p WHERE p.user_id = $1
    UNION SELECT unnest(r.attribution_domains) FROM remote_actors r WHERE r.user_id = $1""",
)
MARK_READ = Command(
    """UPDATE links SET card_id = coalesce($3, card_id), due_at = NULL, lease = NULL, attempts = 0, read_at = now()
    WHERE id = $1 AND lease = $2"""
)
PUT_OFF = Command("UPDATE links SET due_at = now() + $3::interval, lease = NULL WHERE id = $1 AND lease = $2")
HAS_DUE = Value(bool, "SELECT EXISTS (SELECT FROM links WHERE due_at <= now())")
# Those whom apps may be showing just now.
NEWEST_THOUGHTS = Value(
    UUID,
    """SELECT t.id FROM thoughts t WHERE t.link_id = $1 AND t.id > (SELECT uuid7(now() - interval '1 hour'))
    ORDER BY t.id DESC LIMIT 50""",
)


async def ask(db: Connection, url: str, *, within: timedelta) -> UUID:
    """Return the link of an address; have its page read in that time when it was not read lately."""
    return await ASK.one(db, url, within)


async def list_cards(db: Connection, link_ids: Collection[UUID]) -> dict[UUID, Card]:
    """Return the cards of these links, as far as there are any, by link."""
    if not link_ids:
        return {}
    return {found.link_id: found.card for found in await OF_LINKS.all(db, list(link_ids))}


async def find_card(db: Connection, url: str) -> Card | None:
    """Find the card of a page by where it says that it is."""
    return await BY_URL.first(db, url)


async def claim(db: Connection, *, lease: UUID, lease_for: timedelta, limit: int) -> list[Link]:
    """Lease links that are due to be read."""
    return await CLAIM.all(db, lease, lease_for, limit)


async def save_card(db: Connection, new: NewCard) -> UUID:
    """Store what a page says; return the card at its address."""
    card_id = await UPSERT.get(db, *astuple(new))
    if card_id is None:
        # A statement of its own: the row may be younger than what the other one saw.
        return await ID_AT.one(db, new.url)
    if new.author_id is not None:
        sites = await SITES_OF_AUTHOR.all(db, new.author_id)
        await AGREE.run(db, new.author_id, sites, card_id)
    return card_id


async def agree(db: Connection, author_id: UUID, sites: Collection[str]) -> None:
    """Note on the cards of pages that name a person as author whether that person names their sites."""
    await AGREE.run(db, author_id, list(sites), None)


async def mark_read(db: Connection, link_id: UUID, lease: UUID, card_id: UUID | None) -> bool:
    """Note what came of a link: a card, or nothing new; False when the lease was lost."""
    return bool(await MARK_READ.run(db, link_id, lease, card_id))


async def put_off(db: Connection, link_id: UUID, lease: UUID, pause: timedelta) -> None:
    """Let a link be read again after a while."""
    await PUT_OFF.run(db, link_id, lease, pause)


async def has_due(db: Connection) -> bool:
    """Tell whether a link is due to be read."""
    return await HAS_DUE.one(db)


async def list_newest_thoughts(db: Connection, link_id: UUID) -> list[UUID]:
    """List the thoughts of the last hour that carry a link, some dozens at most."""
    return await NEWEST_THOUGHTS.all(db, link_id)
