"""Editing: the history, who is told, what an edit cannot do."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest

from federation.actions import reactions, search, timelines
from federation.actions.delete_thought import delete_thought
from federation.actions.edit_thought import Revision, edit_thought, list_versions
from federation.errors import Forbidden, Invalid, NotFound
from federation.services import Services
from tests.acting import PAGE, PUBLIC, ids, say, scalar, sent, told
from tests.services_fixture import make_person, make_remote_person


async def test_an_edit_keeps_the_version_before(services: Services) -> None:
    ada = await make_person(services, "ada")
    thought = await say(services, ada, "frist #one")
    edited = await edit_thought(services, ada, thought.id, Revision("first #two", summary="typo"))
    assert (edited.source, edited.summary, edited.sensitive) == ("first #two", "typo", True)
    assert edited.edited_at is not None
    versions = await list_versions(services, None, thought.id)
    assert [(one.source, one.summary, one.created_at) for one in versions] == [("frist #one", "", thought.created_at)]
    assert ids(await timelines.get_tagged(services, None, "two", PAGE)) == [thought.id]
    assert ids(await timelines.get_tagged(services, None, "one", PAGE)) == []
    assert ids((await search.search_everything(services, ada, "first", PAGE, resolve=False)).shown) == [thought.id]


async def test_an_edit_that_changes_nothing_leaves_no_trace(services: Services) -> None:
    ada = await make_person(services, "ada")
    thought = await say(services, ada, "same")
    assert (await edit_thought(services, ada, thought.id, Revision(" same "))).edited_at is None
    assert await list_versions(services, None, thought.id) == []
    assert [one.type for one in await sent(services)] == ["Create"]


async def test_an_edit_is_sent_where_copies_may_be(services: Services) -> None:
    ada = await make_person(services, "ada")
    liker, named, newly = [
        await make_remote_person(services, name, f"{name}.example") for name in ("liker", "named", "newly")
    ]
    thought = await say(services, ada, "@named@named.example hi")
    await reactions.like_thought(services, liker, thought.id, ap_id="https://liker.example/l")
    edited = await edit_thought(services, ada, thought.id, Revision("@newly@newly.example and @named@named.example"))
    update = (await sent(services))[-1]
    assert (update.type, update.to_followers) == ("Update", True)
    assert update.inboxes == sorted(one.inbox_url for one in (liker, named, newly))
    assert update.document["object"]["id"] == thought.ap_id
    assert update.document["object"]["content"] == edited.content
    assert "updated" in update.document["object"]
    assert update.document["id"] != (await sent(services))[0].document["id"]


async def test_a_direct_edit_stays_direct(services: Services) -> None:
    ada, rita = await make_person(services, "ada"), await make_remote_person(services, "rita")
    thought = await say(services, ada, "@rita@remote.example one", visibility="direct")
    await edit_thought(services, ada, thought.id, Revision("@rita@remote.example two"))
    update = (await sent(services))[-1]
    assert (update.to_followers, update.inboxes) == (False, [rita.inbox_url])
    assert PUBLIC not in update.document["to"] + update.document["cc"]


async def test_boosters_and_the_newly_named_hear_of_it(services: Services) -> None:
    ada, bob, cleo = [await make_person(services, name) for name in ("ada", "bob", "cleo")]
    thought = await say(services, ada, "hi")
    await reactions.boost_thought(services, bob, thought.id)
    for text in ("hi @cleo", "hi @cleo!"):
        await edit_thought(services, ada, thought.id, Revision(text))
    assert await told(services, bob) == [("update", "ada", thought.id)]
    assert await told(services, cleo) == [("mention", "ada", thought.id)]


async def test_who_is_named_no_more_can_neither_read_nor_be_told(services: Services) -> None:
    ada, bob = [await make_person(services, name) for name in ("ada", "bob")]
    thought = await say(services, ada, "@bob psst", visibility="direct")
    await edit_thought(services, ada, thought.id, Revision("nothing for you"))
    with pytest.raises(NotFound):
        await timelines.get_thought(services, bob, thought.id)
    assert await told(services, bob) == []
    with pytest.raises(NotFound):
        await list_versions(services, bob, thought.id)


async def test_only_the_author_edits_and_rules_hold(services: Services) -> None:
    ada, bob = [await make_person(services, name) for name in ("ada", "bob")]
    mod = await make_person(services, "mod", role="admin")
    thought = await say(services, ada)
    for other in (bob, mod):
        with pytest.raises(Forbidden):
            await edit_thought(services, other, thought.id, Revision("mine now"))
    with pytest.raises(Invalid):
        await edit_thought(services, ada, thought.id, Revision("x" * 501))
    with pytest.raises(NotFound):
        await edit_thought(services, ada, uuid4(), Revision("nothing"))
    assert await scalar(services, "SELECT source FROM thoughts") == "hello"


async def test_an_edit_while_it_is_deleted_ends_in_one_of_both(services: Services) -> None:
    ada = await make_person(services, "ada")
    for number in range(6):
        thought = await say(services, ada)
        edit, delete = await asyncio.gather(
            edit_thought(services, ada, thought.id, Revision(f"edit {number}")),
            delete_thought(services, ada, thought.id),
            return_exceptions=True,
        )
        assert not isinstance(delete, BaseException)
        assert not isinstance(edit, BaseException) or isinstance(edit, NotFound)
        # Never an Update after the Delete.
        assert (await sent(services))[-1].type == "Delete"
    assert await scalar(services, "SELECT count(*) FROM thoughts") == 0


async def test_two_edits_at_once_are_two_versions(services: Services) -> None:
    ada = await make_person(services, "ada")
    thought = await say(services, ada, "zero")
    await asyncio.gather(*(edit_thought(services, ada, thought.id, Revision(text)) for text in ("one", "two")))
    sources = [one.source for one in await list_versions(services, None, thought.id)]
    now = await scalar(services, "SELECT source FROM thoughts WHERE id = $1", thought.id)
    assert (sources[0], {*sources[1:], now}) == ("zero", {"one", "two"})
    last = (await sent(services))[-1]
    assert last.document["object"]["source"]["content"] == now
