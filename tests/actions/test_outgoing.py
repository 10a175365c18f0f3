"""What each act of ours stores to be sent: exactly so, to exactly those."""

from __future__ import annotations

import pytest

from federation.actions import documents, profiles, reactions
from federation.actions.delete_thought import delete_thought
from federation.actions.edit_thought import Revision, edit_thought
from federation.services import Services
from tests.acting import PUBLIC, execute, follow, hear, say, scalar, sent
from tests.services_fixture import make_person, make_remote_person

AUDIENCES = {
    "public": (lambda followers, named: ([PUBLIC], [followers, named])),
    "unlisted": (lambda followers, named: ([followers], [PUBLIC, named])),
    "followers": (lambda followers, named: ([followers], [named])),
    "direct": (lambda followers, named: ([named], [])),
}


@pytest.mark.parametrize("visibility", AUDIENCES)
async def test_a_create_is_addressed_as_its_visibility_says(services: Services, visibility: str) -> None:
    ada, rita = await make_person(services, "ada"), await make_remote_person(services, "rita")
    thought = await say(services, ada, "@rita@remote.example #hi", visibility=visibility)
    [create] = await sent(services)
    to, cc = AUDIENCES[visibility](services.urls.followers("ada"), rita.ap_id)
    note = create.document["object"]
    for document in (create.document, note):
        assert (sorted(document["to"]), sorted(document["cc"])) == (sorted(to), sorted(cc))
    assert (create.to_followers, create.inboxes) == (visibility != "direct", [rita.inbox_url])
    assert (note["id"], note["attributedTo"], note["content"]) == (thought.ap_id, ada.ap_id, thought.content)
    assert {tag["type"] for tag in note["tag"]} == {"Mention", "Hashtag"}
    assert create.document["actor"] == ada.ap_id


@pytest.mark.parametrize(("visibility", "told"), [("public", True), ("unlisted", True), ("followers", False)])
async def test_whoever_is_answered_gets_what_they_may_see(services: Services, visibility: str, told: bool) -> None:
    ada, rita = await make_person(services, "ada"), await make_remote_person(services, "rita")
    theirs = await hear(services, rita)
    await say(services, ada, "yes", reply_to=theirs.id, visibility=visibility)
    [create] = await sent(services)
    assert create.inboxes == ([rita.inbox_url] if told else [])
    assert create.document["object"]["inReplyTo"] == theirs.ap_id


async def test_one_shared_inbox_stands_for_many(services: Services) -> None:
    ada = await make_person(services, "ada")
    for name in ("rita", "remo"):
        await make_remote_person(services, name)
    await execute(services, "UPDATE remote_actors SET shared_inbox_url = 'https://remote.example/inbox'")
    await say(services, ada, "@rita@remote.example @remo@remote.example hi")
    assert (await sent(services))[0].inboxes == ["https://remote.example/inbox"]


async def test_people_who_are_gone_are_not_sent_to(services: Services) -> None:
    ada, rita = await make_person(services, "ada"), await make_remote_person(services, "rita")
    await execute(services, "UPDATE remote_actors SET gone_at = now()")
    await say(services, ada, "@rita@remote.example hi")
    assert (await sent(services))[0].inboxes == []
    assert rita.inbox_url


async def test_what_is_served_is_what_was_sent(services: Services) -> None:
    ada = await make_person(services, "ada")
    for visibility in ("public", "unlisted", "followers", "direct"):
        await say(services, ada, visibility=visibility)
    async with services.database.connection() as db:
        rows = await db.fetch("SELECT id, public, payload FROM activities ORDER BY seq")
    assert [row["public"] for row in rows] == [True, True, False, False]
    for row in rows[:2]:
        assert await documents.get_activity(services, None, row["id"]) == row["payload"]


async def test_acts_on_one_object_share_an_order(services: Services) -> None:
    ada, rita = await make_person(services, "ada"), await make_remote_person(services, "rita")
    thought = await say(services, ada)
    await edit_thought(services, ada, thought.id, Revision("changed"))
    await delete_thought(services, ada, thought.id)
    theirs = await hear(services, rita)
    await reactions.like_thought(services, ada, theirs.id)
    await reactions.unlike_thought(services, ada, theirs.id)
    await follow(services, ada, rita)
    async with services.database.connection() as db:
        rows = await db.fetch("SELECT type, ordering_key FROM activities ORDER BY seq")
    between = f"{ada.ap_id} {rita.ap_id}"
    assert [tuple(row) for row in rows] == [
        ("Create", thought.ap_id), ("Update", thought.ap_id), ("Delete", thought.ap_id),
        ("Like", between), ("Undo", between), ("Follow", between),
    ]  # fmt: skip


async def test_what_stays_among_us_is_not_sent(services: Services) -> None:
    ada, bob = [await make_person(services, name) for name in ("ada", "bob")]
    await follow(services, ada, bob)
    await reactions.like_thought(services, ada, (await say(services, bob, "@ada psst", visibility="direct")).id)
    await profiles.set_top_friends(services, ada, [bob])
    assert [one.type for one in await sent(services)] == ["Create"]
    assert await scalar(services, "SELECT count(*) FROM fanouts") == 0
