"""What retention leaves of home timelines."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from storage import retention
from tests.outgoing_rows import insert_sender

if TYPE_CHECKING:
    from storage.database import Connection


async def fill(db: Connection, reader: UUID, author: UUID, count: int) -> None:
    await db.execute(
        """WITH written AS (
            INSERT INTO thoughts (user_id, content, visibility, ap_id, url)
            SELECT $2, '', 'public', 'x:' || gen_random_uuid(), 'x:' FROM generate_series(1, $3::int)
            RETURNING id, user_id),
        entered AS (
            INSERT INTO entries (id, user_id, thought_id, kind) SELECT id, user_id, id, 'thought' FROM written
            RETURNING id)
        INSERT INTO home_entries (user_id, entry_id) SELECT $1, id FROM entered""",
        reader,
        author,
        count,
    )


async def ids(db: Connection, reader: UUID) -> list[UUID]:
    rows = await db.fetch("SELECT entry_id FROM home_entries WHERE user_id = $1 ORDER BY entry_id DESC", reader)
    return [row[0] for row in rows]


async def test_the_newest_thousand_stay_at_home(db: Connection) -> None:
    alice, bob = await insert_sender(db, "alice"), await insert_sender(db, "bob")
    await fill(db, alice, bob, 1005)
    await fill(db, bob, bob, 3)
    before = await ids(db, alice)
    assert await retention.run_batch(db, "home entries", limit=100) == 5
    assert await ids(db, alice) == before[:1000]
    assert len(await ids(db, bob)) == 3


async def test_what_leads_nowhere_leaves_home(db: Connection) -> None:
    alice = await insert_sender(db, "alice")
    await fill(db, alice, alice, 3)
    gone, *stays = await ids(db, alice)
    await db.execute("DELETE FROM thoughts WHERE id = $1", gone)
    assert await retention.run_batch(db, "dangling home entries", limit=100) == 1
    assert await ids(db, alice) == stays
