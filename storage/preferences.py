"""What people prefer: how their thoughts start out, and what their profile shows. Without a row the defaults hold."""

from __future__ import annotations

from dataclasses import astuple, dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

from storage.query import Command, Rows

if TYPE_CHECKING:
    from storage.database import Connection


@dataclass(frozen=True, slots=True)
class Preferences:
    """A row of preferences; its defaults are the table's."""

    visibility: str = "public"
    sensitive: bool = False
    language: str | None = None
    quote_policy: str = "public"
    expand_media: str = "default"
    expand_spoilers: bool = False
    show_media: bool = True
    show_media_replies: bool = True
    show_featured: bool = True
    attribution_domains: list[str] = field(default_factory=list)


FIND = Rows(
    Preferences,
    """SELECT visibility, sensitive, language, quote_policy, expand_media, expand_spoilers, show_media,
        show_media_replies, show_featured, attribution_domains
    FROM preferences WHERE user_id = $1""",
)
SAVE = Command(
    """INSERT INTO preferences (user_id, visibility, sensitive, language, quote_policy, expand_media, expand_spoilers,
        show_media, show_media_replies, show_featured, attribution_domains)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
    ON CONFLICT (user_id) DO UPDATE SET visibility = excluded.visibility, sensitive = excluded.sensitive,
        language = excluded.language, quote_policy = excluded.quote_policy, expand_media = excluded.expand_media,
        expand_spoilers = excluded.expand_spoilers, show_media = excluded.show_media,
        show_media_replies = excluded.show_media_replies, show_featured = excluded.show_featured,
        attribution_domains = excluded.attribution_domains"""
)
DELETE = Command("DELETE FROM preferences WHERE user_id = $1")


async def find_preferences(db: Connection, user_id: UUID) -> Preferences:
    """Return somebody's preferences, or the defaults."""
    return await FIND.first(db, user_id) or Preferences()


async def save_preferences(db: Connection, user_id: UUID, wanted: Preferences) -> None:
    """Store somebody's preferences."""
    await SAVE.run(db, user_id, *astuple(wanted))
