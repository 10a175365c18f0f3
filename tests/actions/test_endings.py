"""The end of an account: what its owner does meanwhile happens before it, or not at all."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest

from federation.actions import accounts, blocks, edit_thought, follows, lists, pictures, profiles, reactions, sessions
from federation.actions.delete_thought import delete_thought
from federation.actions.edit_thought import Revision
from federation.actions.lists import ListForm
from federation.actions.profiles import ProfileForm
from federation.errors import NotFound, ThoughtsError, Unauthenticated
from federation.services import Services
from federation.settings import Settings
from storage.database import Connection, Database, open_connection
from storage.live import Live
from storage.people import Person
from storage.thoughts import Thought
from tests.acting import follow, say, scalar
from tests.services_fixture import PASSWORD, make_person, make_remote_person, open_test_services

TRACES = {
    "thoughts": "user_id", "entries": "user_id", "likes": "user_id", "bookmarks": "user_id", "pins": "user_id",
    "blocks": "blocker_id", "mutes": "muter_id", "follows": "follower_id", "sessions": "user_id",
    "api_keys": "user_id", "access_tokens": "user_id", "home_entries": "user_id", "top_friends": "user_id",
    "idempotency_keys": "user_id", "lists": "user_id", "notifications": "actor_id",
}  # fmt: skip


@dataclass
class Scene:
    """Somebody about to leave, their thought, and somebody else with one."""

    services: Services
    ada: Person
    bob: Person
    own: Thought
    other: Thought


@pytest.fixture
async def scene(services: Services) -> Scene:
    ada, bob = await make_person(services, "ada"), await make_person(services, "bob")
    return Scene(services, ada, bob, await say(services, ada, "mine"), await say(services, bob, "theirs"))


Deed = Callable[[Scene], Awaitable[object]]
DEEDS: dict[str, Deed] = {
    "publish": lambda s: say(s.services, s.ada, "again", idempotency_key="k"),
    "reply": lambda s: say(s.services, s.ada, "yes", reply_to=s.other.id),
    "like": lambda s: reactions.like_thought(s.services, s.ada, s.other.id),
    "boost": lambda s: reactions.boost_thought(s.services, s.ada, s.other.id),
    "bookmark": lambda s: reactions.bookmark_thought(s.services, s.ada, s.other.id),
    "follow": lambda s: follows.follow_person(s.services, s.ada, s.bob),
    "block": lambda s: blocks.block_person(s.services, s.ada, s.bob),
    "mute": lambda s: blocks.mute_person(s.services, s.ada, s.bob),
    "edit": lambda s: edit_thought.edit_thought(s.services, s.ada, s.own.id, Revision("new")),
    "pin": lambda s: reactions.pin_thought(s.services, s.ada, s.own.id),
    "profile": lambda s: profiles.edit_profile(s.services, s.ada, ProfileForm("Ada", "bio")),
    "picture": lambda s: pictures.remove_picture(s.services, s.ada, "avatar"),
    "style": lambda s: profiles.set_custom_css(s.services, s.ada, "p { color: red }"),
    "friends": lambda s: profiles.set_top_friends(s.services, s.ada, []),
    "list": lambda s: lists.make_list(s.services, s.ada, ListForm("friends")),
    "session": lambda s: sessions.start_session(s.services, s.ada, address="192.0.2.1", user_agent=""),
    "key": lambda s: sessions.create_api_key(s.services, s.ada, "k"),
    "token": lambda s: sessions.create_token(s.services, s.ada),
    "password": lambda s: accounts.set_password(s.services, s.ada, PASSWORD),
    "followed": lambda s: follows.follow_person(s.services, s.bob, s.ada),
    "blocked": lambda s: blocks.block_person(s.services, s.bob, s.ada),
}


async def _traces(scene: Scene) -> dict[str, Any]:
    """Return what is left of the one who left, beside what is told to others."""
    found = {
        table: await scalar(scene.services, f"SELECT count(*) FROM {table} WHERE {column} = $1", scene.ada.id)
        for table, column in TRACES.items()
    }
    found["others"] = await scalar(
        scene.services,
        """SELECT (SELECT count(*) FROM follows WHERE following_id = $1)
            + (SELECT count(*) FROM blocks WHERE blocked_id = $1)""",
        scene.ada.id,
    )
    found["sent"] = await scalar(
        scene.services,
        """SELECT count(*) FROM activities WHERE user_id = $1 AND seq > (
            SELECT max(seq) FROM activities WHERE user_id = $1 AND type = 'Delete' AND thought_id IS NULL)""",
        scene.ada.id,
    )
    found["row"] = await scalar(
        scene.services,
        """SELECT count(*) FROM users
        WHERE id = $1 AND concat(email, password_hash, display_name, bio, custom_css) <> ''""",
        scene.ada.id,
    )
    found["others' counts"] = await scalar(
        scene.services,
        "SELECT sum(likes_count + boosts_count + replies_count) FROM thoughts WHERE user_id = $1",
        scene.bob.id,
    )
    return {name: count for name, count in found.items() if count}


@pytest.mark.parametrize("name", DEEDS)
async def test_nothing_lands_after_the_end(scene: Scene, name: str) -> None:
    await accounts.delete_account(scene.services, scene.ada)
    with pytest.raises((NotFound, Unauthenticated)):
        await DEEDS[name](scene)
    assert await _traces(scene) == {}


@pytest.mark.parametrize("name", DEEDS)
async def test_what_is_done_during_the_end_waits_for_it(scene: Scene, name: str, fresh_database_url: str) -> None:
    async with asyncio.timeout(20):
        holder = await open_connection(fresh_database_url)
        try:
            # Somebody reads the thought for a moment: the erasing, half done, waits.
            transaction = holder.transaction()
            await transaction.start()
            await holder.execute("SELECT FROM thoughts WHERE id = $1 FOR KEY SHARE", scene.own.id)
            ending = asyncio.create_task(accounts.delete_account(scene.services, scene.ada))
            await _until_waiting(scene.services, 1)
            deed = asyncio.ensure_future(DEEDS[name](scene))
            await _until_waiting(scene.services, 2)
            await transaction.rollback()
        finally:
            await holder.close()
        await ending
        with pytest.raises((NotFound, Unauthenticated)):
            await deed
    assert await _traces(scene) == {}


async def _until_waiting(services: Services, count: int) -> None:
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    while await scalar(services, waiting) < count:
        await asyncio.sleep(0.01)


async def test_all_at_once_leaves_nothing(scene: Scene) -> None:
    deeds = [DEEDS[name](scene) for name in DEEDS for _ in range(3)]
    results = await asyncio.gather(
        *deeds[:30], accounts.delete_account(scene.services, scene.ada), *deeds[30:], return_exceptions=True
    )
    assert [one for one in results if isinstance(one, BaseException) and not isinstance(one, ThoughtsError)] == []
    assert await scalar(scene.services, "SELECT state FROM users WHERE id = $1", scene.ada.id) == "deleted"
    assert await _traces(scene) == {}


@pytest.mark.parametrize("name", ["publish", "like", "boost", "follow", "profile", "key"])
async def test_who_was_suspended_does_nothing_more(scene: Scene, name: str) -> None:
    await accounts.suspend(scene.services, None, scene.ada)
    with pytest.raises((NotFound, Unauthenticated)):
        await DEEDS[name](scene)
    assert await scalar(scene.services, "SELECT count(*) FROM activities") == 2


async def test_a_late_follower_of_another_server_is_told_of_the_end(scene: Scene) -> None:
    rita = await make_remote_person(scene.services, "rita")
    results = await asyncio.gather(
        follow(scene.services, rita, scene.ada),
        accounts.delete_account(scene.services, scene.ada),
        return_exceptions=True,
    )
    told = await scalar(
        scene.services,
        """SELECT f.inboxes FROM fanouts f JOIN activities a ON a.id = f.activity_id
        WHERE a.type = 'Delete' AND a.thought_id IS NULL""",
    )
    assert (rita.inbox_url in (told or [])) == (results[0] is None)


async def test_the_end_while_a_thread_is_deleted_from_both_sides_comes_to_an_end(scene: Scene) -> None:
    thread = [scene.own]
    for number in range(8):
        thread.append(await say(scene.services, scene.ada, f"{number}", reply_to=thread[-1].id))
    results = await asyncio.gather(
        *(edit_thought.edit_thought(scene.services, scene.ada, one.id, Revision("x")) for one in thread),
        *(delete_thought(scene.services, scene.ada, one.id) for one in thread),
        *(say(scene.services, scene.ada, "more", reply_to=one.id) for one in thread),
        accounts.delete_account(scene.services, scene.ada),
        return_exceptions=True,
    )
    assert [one for one in results if isinstance(one, BaseException) and not isinstance(one, ThoughtsError)] == []
    assert await _traces(scene) == {}


async def test_reactions_are_counted_down(scene: Scene) -> None:
    for name in ("🐟", "🐠"):
        await scalar(
            scene.services,
            "INSERT INTO emoji_reactions (thought_id, user_id, name) VALUES ($1, $2, $3)",
            scene.other.id, scene.ada.id, name,
        )  # fmt: skip
    await scalar(scene.services, "UPDATE thoughts SET reactions_count = 3 WHERE id = $1", scene.other.id)
    await accounts.delete_account(scene.services, scene.ada)
    left = "SELECT reactions_count FROM thoughts WHERE id = $1"
    assert await scalar(scene.services, left, scene.other.id) == 1


# What refers to somebody and stays when they leave.
KEPT = {
    "activities.user_id": "without their bytes, but for the Deletes",
    "actor_keys.user_id": "to sign the Deletes",
    "audit_log.actor_id": "what an admin did stays written",
    "deliveries.sender_id": "the Deletes",
    "inbox_activities.addressee_id": "for a week, as all of them",
    "inbox_activities.signer_id": "of remote people",
    "active_weeks.user_id": "what the place counts, and forgets in time",
    "invites.created_by": "they say who let whom in",
    "list_members.person_id": "goes with the follow",
    "mentions.user_id": "what others wrote",
    "pins.user_id": "go with the thoughts",
    "quotes.quoted_user_id": "what others wrote",
    "quotes.user_id": "go with the thoughts",
    "remote_actor_connections.user_id": "of remote people",
    "remote_actors.user_id": "of remote people",
    "remote_keys.user_id": "of remote people",
    "reports.action_taken_by": "the moderators' file",
    "reports.assigned_to": "the moderators' file",
    "reports.reporter_id": "the moderators' file",
    "reports.target_id": "the moderators' file",
    "thoughts.reply_to_user_id": "what others wrote",
    "warnings.by_id": "the moderators' file",
    "warnings.target_id": "the moderators' file",
}


async def test_the_end_thinks_of_every_table_that_refers_to_people(
    settings: Settings, database: Database, db: Connection, live: Live
) -> None:
    """A table made later belongs in what the end of an account erases, or among what is kept and why."""
    ran: list[str] = []
    async with open_test_services(settings, database, live) as services:
        ada = await make_person(services, "ada")
        log = lambda record: ran.append(record.query)  # noqa: E731
        db.add_query_logger(log)
        await accounts.delete_account(services, ada)
        db.remove_query_logger(log)
    referring = await db.fetch(
        """SELECT c.conrelid::regclass::text, a.attname FROM pg_constraint c
            JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
        WHERE c.contype = 'f' AND c.confrelid = 'users'::regclass"""
    )
    left = {
        f"{table}.{column}"
        for table, column in referring
        if not any(
            re.search(rf"(DELETE FROM {table}\b[^;]*|UPDATE {table} SET {column} = NULL WHERE )\b{column} = \$1", sql)
            for sql in ran
        )
    }
    assert sorted(left) == sorted(KEPT), sorted(left ^ KEPT.keys())
