"""Emojis of other servers: kept beside what they were written in, known to the proxy and to the admin."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from storage import emojis, proxied

if TYPE_CHECKING:
    from federation.protocol.tags import Emoji
    from storage.database import Connection

MOST_KEPT = 100
LONGEST_SHORTCODE = 128


def kept_emojis(found: Sequence[Emoji]) -> list[dict[str, Any]]:
    """Return what is kept of the emojis in something remote, beside it."""
    fitting = (emoji for emoji in found if len(emoji.shortcode) <= LONGEST_SHORTCODE)
    return [{"shortcode": emoji.shortcode, "url": emoji.url} for emoji in islice(fitting, MOST_KEPT)]


async def keep_emojis(db: Connection, host: str, kept: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Let the proxy and the admin know of them, in the transaction that stores them; return them."""
    if kept:
        urls = {emoji["shortcode"]: emoji["url"] for emoji in kept}
        await proxied.insert_addresses(db, sorted(set(urls.values())), "emoji", host)
        await emojis.note_remote(db, host, urls)
    return kept
