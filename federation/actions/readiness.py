"""Whether the house can work: PostgreSQL answers, and its schema is the one that this code knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from storage.migrations import count_pending

if TYPE_CHECKING:
    from federation.services import Services


async def check_ready(services: Services) -> str:
    """Return what is in the way, in words; empty when nothing is. Raises `DatabaseUnavailable`."""
    async with services.database.connection() as db:
        pending = await count_pending(db)
    return f"{pending} migrations are not applied" if pending else ""
