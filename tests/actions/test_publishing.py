"""Publishing: what is stored, what is refused, and that all of it is one transaction."""

from __future__ import annotations

from uuid import uuid4

import asyncpg
import pytest

from federation.actions import timelines
from federation.actions.publish_thought import Draft, publish_thought
from federation.errors import Invalid, NotFound
from federation.services import Services
from tests.acting import PAGE, again, execute, follow, hear, ids, say, scalar, sent, told
from tests.services_fixture import make_person, make_remote_person


async def test_a_thought_is_stored_as_typed_and_as_clean_html(services: Services) -> None:
    ada = await make_person(services, "ada")
    thought = await say(services, ada, "  1 < 2 <script>alert(1)</script>\r\nand #Tags  ", language="en")
    assert thought.source == "1 < 2 <script>alert(1)</script>\nand #Tags"
    assert "<script" not in thought.content
    assert "1 &lt; 2" in thought.content
    assert (thought.visibility, thought.language, thought.sensitive) == ("public", "en", False)
    assert thought.ap_id == services.urls.thought(thought.id)
    assert (await again(services, ada)).thoughts_count == 1
    assert await scalar(services, "SELECT name FROM tags JOIN thought_tags ON tag_id = id") == "tags"


async def test_a_content_warning_makes_it_sensitive(services: Services) -> None:
    thought = await say(services, await make_person(services, "ada"), summary=" spoiler\n inside ")
    assert (thought.summary, thought.sensitive) == ("spoiler inside", True)


@pytest.mark.parametrize(
    ("draft", "field"),
    [
        (Draft("   \n "), "source"),
        (Draft("x" * 501), "source"),
        (Draft("x" * 400, summary="y" * 101), "source"),
        (Draft("hi", visibility="private"), "visibility"),
        (Draft("hi", language="not a language"), "language"),
    ],
)
async def test_what_breaks_a_rule_is_refused_by_name(services: Services, draft: Draft, field: str) -> None:
    ada = await make_person(services, "ada")
    with pytest.raises(Invalid) as refused:
        await publish_thought(services, ada, draft)
    assert refused.value.field == field
    assert await scalar(services, "SELECT count(*) FROM thoughts") == 0


async def test_five_hundred_characters_fit(services: Services) -> None:
    assert (await say(services, await make_person(services, "ada"), "x" * 500)).source == "x" * 500


async def test_an_answer_hangs_below_its_parent(services: Services) -> None:
    ada, bob = [await make_person(services, name) for name in ("ada", "bob")]
    parent = await say(services, ada)
    reply = await say(services, bob, "yes", reply_to=parent.id)
    assert (reply.reply_to, reply.reply_to_ap_id, reply.reply_to_user_id) == (parent.id, parent.ap_id, ada.id)
    assert await scalar(services, "SELECT replies_count FROM thoughts WHERE id = $1", parent.id) == 1
    with pytest.raises(NotFound):
        await say(services, bob, "to nobody", reply_to=uuid4())


async def test_whoever_is_answered_hears_of_it_unnamed_too(services: Services) -> None:
    ada, bob = [await make_person(services, name) for name in ("ada", "bob")]
    parent = await say(services, ada)
    reply = await say(services, bob, "yes", reply_to=parent.id)
    assert await told(services, ada) == [("mention", "bob", reply.id)]
    hidden = await say(services, bob, "to my followers", reply_to=parent.id, visibility="followers")
    assert hidden.id not in [about for _, _, about in await told(services, ada)]


async def test_mentions_are_found_here_and_known_remote_people(services: Services) -> None:
    ada, bob = [await make_person(services, name) for name in ("ada", "bob")]
    rita = await make_remote_person(services, "rita")
    thought = await say(services, ada, "@bob @Rita@remote.example @nobody and @bob@localhost:8000")
    assert await told(services, bob) == [("mention", "ada", thought.id)]
    assert rita.profile_url in thought.content
    [create] = await sent(services)
    assert {tag["href"] for tag in create.document["object"]["tag"]} == {bob.ap_id, rita.ap_id}


async def test_who_blocks_the_author_cannot_be_mentioned(services: Services) -> None:
    ada, bob = [await make_person(services, name) for name in ("ada", "bob")]
    async with services.database.transaction() as db:
        await db.execute("INSERT INTO blocks (blocker_id, blocked_id) VALUES ($1, $2)", bob.id, ada.id)
    await say(services, ada, "@bob listen!", visibility="direct")
    assert await scalar(services, "SELECT count(*) FROM mentions") == 0
    assert await told(services, bob) == []


async def test_a_failure_at_the_last_statement_leaves_nothing(services: Services) -> None:
    ada, bob = [await make_person(services, name) for name in ("ada", "bob")]
    await follow(services, bob, ada)
    woken: list[bool] = []
    services.wake = lambda: woken.append(True)
    # The fan-out is written last; here the database refuses it.
    await execute(services, "ALTER TABLE fanouts ADD CONSTRAINT refused CHECK (false)")
    try:
        with pytest.raises(asyncpg.CheckViolationError):
            await say(services, ada, "@bob hi #tag", idempotency_key="k")
    finally:
        await execute(services, "ALTER TABLE fanouts DROP CONSTRAINT refused")
    for table in ("thoughts", "entries", "mentions", "thought_tags", "activities", "idempotency_keys"):
        assert await scalar(services, f"SELECT count(*) FROM {table}") == 0, table
    assert (await again(services, ada)).thoughts_count == 0
    assert ids(await timelines.get_home(services, bob, PAGE)) == []
    assert await told(services, bob) == []
    assert woken == []


async def test_remote_thoughts_are_not_sent_again(services: Services) -> None:
    await hear(services, await make_remote_person(services, "rita"))
    assert await sent(services) == []
