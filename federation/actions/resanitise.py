"""The background pass that brings stored HTML up to the present sanitiser, a batch at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from federation.protocol.own_links import with_own_links
from federation.protocol.sanitise import SANITISER_VERSION, sanitise_html
from storage import thoughts

if TYPE_CHECKING:
    from federation.services import Services

BATCH = 200


async def resanitise(services: Services) -> int:
    """Sanitise one batch of thoughts that an older sanitiser wrote; return how many that was.

    Interrupted, it goes on where it was: rows carry the version of the sanitiser that wrote them.
    """
    async with services.database.transaction() as db:
        old = await thoughts.OLD_SANITISER.all(db, SANITISER_VERSION, BATCH)
        ids = [one.id for one in old]
        named, tags = await thoughts.list_mentions(db, ids), await thoughts.list_tags(db, ids)
        clean = [sanitise_html(one.content) for one in old]
        pages = [
            with_own_links(
                html,
                [who for who in named if who.thought_id == one.id],
                [tag.name for tag in tags if tag.thought_id == one.id],
                origin=services.settings.origin,
            )
            for one, html in zip(old, clean, strict=True)
        ]
        await thoughts.RESANITISE.run(db, ids, clean, pages, SANITISER_VERSION)
    return len(old)
