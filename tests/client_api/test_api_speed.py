"""A page costs the same few statements whatever its length."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from storage.database import Database

if TYPE_CHECKING:
    from federation.services import Services
    from storage.database import Connection
    from tests.client_api.conftest import App


class CountingDatabase(Database):
    """A `Database` that counts the statements of its borrowers."""

    def __init__(self, inner: Database) -> None:
        self._inner = inner
        self.statements: list[str] = []

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """Lend a connection whose statements are counted."""
        async with self._inner.connection() as db:

            def note(record: Any) -> None:
                self.statements.append(record.query)

            with db.query_logger(note):
                yield db


async def test_a_page_takes_as_many_statements_for_5_as_for_20(ann: App, bob: App, services: Services) -> None:
    await bob.post(f"/api/v1/accounts/{ann.id}/follow")
    for number in range(10):
        thought = await ann.publish(f"Thought {number} for @bob #many")
        for verb in ("favourite", "reblog", "bookmark"):
            await bob.post(f"/api/v1/statuses/{thought['id']}/{verb}")
    counting = CountingDatabase(services.database)
    services.database = counting
    for path, most in (
        ("/api/v1/timelines/home", 8), ("/api/v1/timelines/public", 8), ("/api/v1/timelines/tag/many", 8),
        (f"/api/v1/accounts/{ann.id}/statuses", 9), ("/api/v1/bookmarks", 9), ("/api/v1/favourites", 9),
        ("/api/v1/notifications", 9), (f"/api/v1/accounts/{ann.id}/followers", 6),
    ):  # fmt: skip
        spent = []
        # The first time a connection meets a type, the driver asks what it is.
        await bob.get(path, limit=1)
        for limit in (5, 20):
            counting.statements.clear()
            await bob.get(path, limit=limit)
            spent.append(len(counting.statements))
        assert spent[0] == spent[1] <= most, (path, spent)
