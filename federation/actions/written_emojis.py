"""Custom emojis in what people here write."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from federation.protocol.documents import moment
from federation.protocol.emojis import find_shortcodes, is_emoji
from storage import emojis
from storage.emojis import CustomEmoji

if TYPE_CHECKING:
    from storage.database import Connection


async def find_written(db: Connection, *texts: str) -> list[dict[str, Any]]:
    """Return what is kept of the custom emojis that somebody here wrote in these texts."""
    return [kept(one) for one in await emojis.find_named(db, find_shortcodes(*texts))]


async def find_chosen(db: Connection, name: str) -> tuple[str, str | None] | None:
    """Return an emoji that somebody chose, a Unicode one or one of ours, as it is stored and with its picture."""
    if is_emoji(name):
        return name, None
    found = await emojis.find_named(db, [name.strip(":")])
    return (found[0].shortcode, found[0].url) if found else None


def kept(emoji: CustomEmoji) -> dict[str, Any]:
    """Return what is kept of an emoji of ours beside a text."""
    return {"shortcode": emoji.shortcode, "url": emoji.url, "updated": moment(emoji.updated_at)}
