"""The transaction of what one of our people does: it happens before their account ends, or not at all."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from federation.errors import Unauthenticated
from storage import people
from storage.people import Person

if TYPE_CHECKING:
    from federation.services import Services
    from storage.database import Connection


@asynccontextmanager
async def acting(services: Services, person: Person) -> AsyncIterator[Connection]:
    """Open the transaction of something that a person does; who was suspended or deleted meanwhile does nothing.

    The end of an account waits for this transaction, or this one for it: nothing lands after the erasing. Remote
    people end in the order in which their own activities come, so they need no lock. Raises `Unauthenticated`.
    """
    async with services.database.transaction() as db:
        if not person.is_remote and not await people.hold(db, person.id):
            raise Unauthenticated(f"The account {person.handle} is not active any more.")
        yield db
