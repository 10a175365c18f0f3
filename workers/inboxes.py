"""Where an inbox that answered 404 or 410 is now, by reading its actor again."""

from __future__ import annotations

from federation.errors import Gone, NotFound
from federation.remote.actors import refresh_actor
from federation.remote.reader import Reader
from federation.remote.targets import authority
from storage import remote_actors
from workers.outcomes import InboxGone


async def present_inbox(reader: Reader, inbox_url: str) -> str | InboxGone | None:
    """Return the inbox that takes the place of this one; None when we know nobody there.

    An actor that answers 410 loses its follows. Raises `RemoteError` when its server does not tell.
    """
    async with reader.database.connection() as db:
        before = await remote_actors.find_by_inbox(db, authority(inbox_url), inbox_url)
    if before is None:
        return None
    try:
        await refresh_actor(reader, before.ap_url)
    except Gone:
        return InboxGone.GONE
    except NotFound:
        return None
    async with reader.database.connection() as db:
        now = await remote_actors.find_remote_actor(db, before.user_id)
    if now is None:
        return None
    return (now.shared_inbox_url or now.inbox_url) if before.shared_inbox_url == inbox_url else now.inbox_url
