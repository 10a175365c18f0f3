"""Custom emojis in what people here write."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from federation.protocol.documents import moment
from federation.protocol.emojis import find_shortcodes
from storage import emojis
from storage.emojis import CustomEmoji

if TYPE_CHECKING:
    from storage.database import Connection


async def find_written(db: Connection, *texts: str) -> list[dict[str, Any]]:
    """Return what is kept of the custom emojis that somebody here wrote in these texts."""
    return [kept(one) for one in await emojis.find_named(db, find_shortcodes(*texts))]


def kept(emoji: CustomEmoji) -> dict[str, Any]:
    """Return what is kept of an emoji of ours beside a text."""
    return {"shortcode": emoji.shortcode, "url": emoji.url, "updated": moment(emoji.updated_at)}
