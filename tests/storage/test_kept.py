"""What is kept in memory is shown only as long as its row is the very same."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from storage import entries, kept, people, thoughts
from storage.database import Database
from storage.thoughts import NewThought, Thought
from tests.outgoing_rows import insert_sender

if TYPE_CHECKING:
    from storage.database import Connection
    from storage.people import Person


async def insert_person(db: Connection, name: str) -> Person:
    person = await people.find_person(db, await insert_sender(db, name))
    assert person is not None
    return person


async def insert_thought(db: Connection, author: Person, text: str, tags: list[str]) -> Thought:
    url = f"http://localhost:8000/thoughts/{uuid4()}"
    new = NewThought(
        id=None, user_id=author.id, content=text, page_html=text, sanitiser=1, source=text, plain=text, summary="",
        sensitive=False, language=None, reply_to=None, reply_to_ap_id=None, reply_to_user_id=None,
        visibility="public", ap_id=url, url=url, object_type="Note", attachments=[], emojis=[],
        created_at=datetime.now(UTC),
    )  # fmt: skip
    thought = await thoughts.insert_thought(db, new, mentions=[], tags=tags)
    assert thought is not None
    return thought


async def shown(database: Database, person_id: UUID) -> Person:
    async with database.connection() as db:
        return (await people.find_shown(db, [person_id]))[person_id]


async def test_whoever_did_not_change_is_not_read_again(fresh_database: Database) -> None:
    async with fresh_database.transaction() as db:
        ann = await insert_person(db, "ann")
    assert await shown(fresh_database, ann.id) is await shown(fresh_database, ann.id)


async def test_what_another_process_changes_shows_at_once(fresh_database: Database, fresh_database_url: str) -> None:
    async with fresh_database.transaction() as db:
        ann = await insert_person(db, "ann")
    assert (await shown(fresh_database, ann.id)).state == "active"
    elsewhere = await Database.connect(fresh_database_url)
    try:
        async with elsewhere.connection() as db:
            await db.execute("UPDATE users SET state = 'suspended' WHERE id = $1", ann.id)
    finally:
        await elsewhere.close()
    assert (await shown(fresh_database, ann.id)).state == "suspended"


async def test_changes_within_one_transaction_show(db: Connection) -> None:
    ann = await insert_person(db, "ann")
    for name in ("Ann", "Anna", "Annabel"):
        await db.execute("UPDATE users SET display_name = $2 WHERE id = $1", ann.id, name)
        assert (await people.find_shown(db, [ann.id]))[ann.id].display_name == name


async def test_what_was_taken_back_is_not_shown(db: Connection) -> None:
    ann = await insert_person(db, "ann")
    attempt = db.transaction()
    await attempt.start()
    await db.execute("UPDATE users SET display_name = 'Nobody' WHERE id = $1", ann.id)
    assert (await people.find_shown(db, [ann.id]))[ann.id].display_name == "Nobody"
    await attempt.rollback()
    assert (await people.find_shown(db, [ann.id]))[ann.id].display_name == ann.display_name


async def test_an_edited_thought_shows_with_what_it_names_now(db: Connection) -> None:
    ann, bob = await insert_person(db, "ann"), await insert_person(db, "bob")
    thought = await insert_thought(db, ann, "First", ["before"])
    (first,) = await entries.list_of_thoughts(db, [thought.id])
    (again,) = await entries.list_of_thoughts(db, [thought.id])
    assert again.thought is first.thought
    assert first.named == entries.Named(["before"], [])
    await thoughts.set_tags(db, thought.id, ["after"])
    await thoughts.set_mentions(db, thought.id, [bob.id])
    await db.execute("UPDATE thoughts SET content = 'Second' WHERE id = $1", thought.id)
    (edited,) = await entries.list_of_thoughts(db, [thought.id])
    assert edited.thought.content == "Second"
    assert edited.named == entries.Named(["after"], [bob.id])


async def test_a_deleted_thought_is_not_shown(db: Connection) -> None:
    ann = await insert_person(db, "ann")
    thought = await insert_thought(db, ann, "Gone soon", [])
    assert await entries.list_of_thoughts(db, [thought.id])
    await db.execute("DELETE FROM thoughts WHERE id = $1", thought.id)
    assert await entries.list_of_thoughts(db, [thought.id]) == []


def test_what_was_not_asked_for_the_longest_goes_first() -> None:
    rows: kept.KeptRows[int] = kept.KeptRows()
    first, second = uuid4(), uuid4()
    version = (1, (0, 1))
    rows.keep(first, version, 1)
    rows.keep(second, version, 2)
    for number in range(kept.MOST - 1):
        assert rows.find(first, version) == 1
        rows.keep(uuid4(), version, number)
    assert rows.find(second, version) is None
    assert rows.find(first, version) == 1
    assert rows.find(first, (2, (0, 1))) is None
