"""Polls: who may vote, what is counted, what others are told, and how a poll ends."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from federation.actions import blocks, polls, timelines
from federation.actions.edit_thought import Revision, edit_thought, list_versions
from federation.actions.poll_drafts import PollDraft
from federation.actions.receive_thought import receive_edit
from federation.actions.votes import receive_vote, vote
from federation.errors import Invalid, NotFound
from federation.services import Services
from storage import retention
from storage.people import Person
from storage.polls import Poll
from storage.thoughts import Thought
from tests.acting import PAGE, execute, follow, hear, remote_note, say, scalar, sent, told
from tests.services_fixture import make_person, make_remote_person

TEA = PollDraft(("Yes", "No", "Later"), 3600)
AT_ONCE = timedelta(0)


async def _ask(services: Services, author: Person, draft: PollDraft = TEA, **facts: Any) -> Thought:
    return await say(services, author, "Tea?", poll=draft, **facts)


async def _poll(services: Services, viewer: Person | None, thought_id: UUID) -> Poll:
    return (await polls.get_poll(services, viewer, thought_id))[1]


async def _end(services: Services, thought: Thought) -> None:
    await execute(services, "UPDATE polls SET expires_at = now() - interval '1 s' WHERE thought_id = $1", thought.id)


def _question(*tallies: int, **facts: Any) -> dict[str, Any]:
    options = [
        {"type": "Note", "name": name, "replies": {"type": "Collection", "totalItems": votes}}
        for name, votes in zip(("red", "blue"), tallies or (0, 0), strict=True)
    ]
    return {
        "type": "Question",
        "oneOf": options,
        "endTime": "2099-01-01T00:00:00Z",
        "votersCount": sum(tallies),
    } | facts


async def test_a_poll_goes_out_as_a_question(services: Services) -> None:
    ada = await make_person(services, "ada")
    thought = await _ask(services, ada)
    document = (await sent(services))[0].document["object"]
    assert document["type"] == "Question"
    assert [(one["name"], one["replies"]["totalItems"]) for one in document["oneOf"]] == [
        ("Yes", 0), ("No", 0), ("Later", 0),
    ]  # fmt: skip
    assert document["votersCount"] == 0
    assert document["endTime"] > document["published"]
    assert "closed" not in document
    several = await _ask(services, ada, PollDraft(("a", "b"), 300, multiple=True, hide_totals=True))
    document = (await sent(services))[-1].document["object"]
    assert [one["replies"] for one in document["anyOf"]] == [{"type": "Collection"}] * 2
    shown = await timelines.get_entry(services, ada, several.id)
    assert shown.polls[several.id].hide_totals
    assert thought.id not in shown.polls


@pytest.mark.parametrize(
    "draft",
    [
        PollDraft(("one",), 300), PollDraft(tuple("abcde"), 300), PollDraft(("a", " "), 300),
        PollDraft(("a", "a"), 300),
        PollDraft(("a", "b" * 51), 300), PollDraft(("a", "b"), 299), PollDraft(("a", "b"), 2_629_747),
        PollDraft(("a", "b"), None),
    ],
)  # fmt: skip
async def test_a_poll_against_the_rules_is_refused(services: Services, draft: PollDraft) -> None:
    ada = await make_person(services, "ada")
    with pytest.raises(Invalid):
        await _ask(services, ada, draft)
    assert await scalar(services, "SELECT count(*) FROM thoughts") == 0


async def test_a_vote_counts_once_and_for_good(services: Services) -> None:
    ada, bob = await make_person(services, "ada"), await make_person(services, "bob")
    thought = await _ask(services, ada)
    voted = await vote(services, bob, thought.id, [1])
    assert (voted.tallies, voted.voters_count, voted.own_votes) == ([0, 1, 0], 1, [1])
    for choices in ([1], [0], []):
        with pytest.raises(Invalid):
            await vote(services, bob, thought.id, choices)
    assert (await _poll(services, None, thought.id)).tallies == [0, 1, 0]


async def test_what_is_no_vote_is_refused(services: Services) -> None:
    ada, bob = await make_person(services, "ada"), await make_person(services, "bob")
    thought = await _ask(services, ada)
    for choices in ([3], [-1], [0, 1], []):
        with pytest.raises(Invalid):
            await vote(services, bob, thought.id, choices)
    with pytest.raises(Invalid):
        await vote(services, ada, thought.id, [0])
    with pytest.raises(NotFound):
        await vote(services, bob, (await say(services, ada)).id, [0])
    await _end(services, thought)
    with pytest.raises(Invalid):
        await vote(services, bob, thought.id, [0])
    assert await scalar(services, "SELECT count(*) FROM poll_votes") == 0


async def test_who_may_not_see_a_poll_cannot_vote_in_it(services: Services) -> None:
    ada, bob = await make_person(services, "ada"), await make_person(services, "bob")
    rita = await make_remote_person(services, "rita")
    for visibility in ("followers", "direct"):
        thought = await _ask(services, ada, visibility=visibility)
        with pytest.raises(NotFound):
            await vote(services, bob, thought.id, [0])
        with pytest.raises(NotFound):
            await polls.get_poll(services, bob, thought.id)
        assert await receive_vote(services, rita, thought.ap_id, "Yes")
    public = await _ask(services, ada)
    await blocks.block_person(services, ada, rita)
    assert await receive_vote(services, rita, public.ap_id, "Yes")
    assert await scalar(services, "SELECT count(*) FROM poll_votes") == 0


async def test_several_answers_of_one_person_make_one_voter(services: Services) -> None:
    ada, bob = await make_person(services, "ada"), await make_person(services, "bob")
    rita = await make_remote_person(services, "rita")
    thought = await _ask(services, ada, PollDraft(("Yes", "No", "Later"), 3600, multiple=True))
    await vote(services, bob, thought.id, [0, 2, 0])
    for title in ("No", "Later", "No"):
        await receive_vote(services, rita, thought.ap_id, title)
    asked = await _poll(services, None, thought.id)
    assert (asked.tallies, asked.voters_count) == ([1, 1, 2], 2)


async def test_remote_votes_count_once_and_only_in_time(services: Services) -> None:
    ada, rita = await make_person(services, "ada"), await make_remote_person(services, "rita")
    thought = await _ask(services, ada)
    assert "not among" in await receive_vote(services, rita, thought.ap_id, "Perhaps")
    assert await receive_vote(services, rita, thought.ap_id, "No") == ""
    assert "second" in await receive_vote(services, rita, thought.ap_id, "No")
    assert "second" in await receive_vote(services, rita, thought.ap_id, "Yes")
    await _end(services, thought)
    late = await make_remote_person(services, "late")
    assert "after the end" in await receive_vote(services, late, thought.ap_id, "Yes")
    assert (await _poll(services, None, thought.id)).tallies == [0, 1, 0]


async def test_votes_are_told_to_followers_and_voters_after_a_while(services: Services) -> None:
    ada, rita = await make_person(services, "ada"), await make_remote_person(services, "rita")
    thought = await _ask(services, ada)
    await receive_vote(services, rita, thought.ap_id, "No")
    assert await polls.tell_changes(services) == 0
    assert await polls.tell_changes(services, after=AT_ONCE) == 1
    update = (await sent(services))[-1]
    assert (update.type, update.to_followers, update.inboxes) == ("Update", True, [rita.inbox_url])
    assert [one["replies"]["totalItems"] for one in update.document["object"]["oneOf"]] == [0, 1, 0]
    assert "updated" not in update.document["object"]
    assert await polls.tell_changes(services, after=AT_ONCE) == 0


async def test_the_end_is_told_exactly_once(services: Services) -> None:
    ada, bob = await make_person(services, "ada"), await make_person(services, "bob")
    rita = await make_remote_person(services, "rita")
    thought = await _ask(services, ada, PollDraft(("Yes", "No"), 300, hide_totals=True))
    await vote(services, bob, thought.id, [0])
    await receive_vote(services, rita, thought.ap_id, "No")
    assert await polls.close_ended(services) == 0
    await _end(services, thought)
    assert sum(await asyncio.gather(*(polls.close_ended(services) for _ in range(4)))) == 1
    assert await polls.close_ended(services) == 0
    assert await told(services, ada) == [("poll", "ada", thought.id)]
    assert await told(services, bob) == [("poll", "ada", thought.id)]
    updates = [one for one in await sent(services) if one.type == "Update"]
    assert len(updates) == 1
    question = updates[0].document["object"]
    assert "closed" in question
    assert [one["replies"]["totalItems"] for one in question["oneOf"]] == [1, 1]
    assert updates[0].inboxes == [rita.inbox_url]


async def test_a_vote_in_a_remote_poll_is_sent_choice_by_choice(services: Services) -> None:
    bob, rita = await make_person(services, "bob"), await make_remote_person(services, "rita")
    question = _question()
    thought = await hear(services, rita, "<p>Colour?</p>", anyOf=question.pop("oneOf"), **question)
    voted = await vote(services, bob, thought.id, [0, 1])
    assert voted.tallies == [1, 1]
    activities = await sent(services)
    assert [(one.type, one.inboxes) for one in activities] == [("Create", [rita.inbox_url])] * 2
    notes = [one.document["object"] for one in activities]
    assert [note["name"] for note in notes] == ["red", "blue"]
    for note in notes:
        assert (note["type"], note["inReplyTo"], note["attributedTo"]) == ("Note", thought.ap_id, bob.ap_id)
        assert "content" not in note
        assert note["to"] == [rita.ap_id]
    assert len({note["id"] for note in notes}) == 2
    await execute(services, "UPDATE polls SET expires_at = now() - interval '1 s'")
    assert await polls.close_ended(services) == 1
    assert await told(services, bob) == [("poll", "rita", thought.id)]
    assert await scalar(services, "SELECT count(*) FROM fetches WHERE url = $1", thought.ap_id) == 1


async def test_tallies_of_a_remote_poll_come_without_an_edit(services: Services) -> None:
    bob, rita = await make_person(services, "bob"), await make_remote_person(services, "rita")
    thought = await hear(services, rita, "<p>Colour?</p>", **_question(3, 1))
    await vote(services, bob, thought.id, [0])
    counted = remote_note(rita, "<p>Colour?</p>", id=thought.ap_id, **_question(5, 2))
    await receive_edit(services, rita, counted)
    asked = await _poll(services, bob, thought.id)
    assert (asked.tallies, asked.voters_count, asked.own_votes) == ([5, 2], 7, [0])
    assert await list_versions(services, bob, thought.id) == []


async def test_other_answers_of_a_remote_poll_begin_the_vote_anew(services: Services) -> None:
    bob, rita = await make_person(services, "bob"), await make_remote_person(services, "rita")
    thought = await hear(services, rita, "<p>Colour?</p>", **_question(3, 1))
    await vote(services, bob, thought.id, [0])
    other = [{"type": "Note", "name": name} for name in ("red", "green")]
    edited = remote_note(
        rita, "<p>Colour?</p>", id=thought.ap_id, updated="2099-01-01T00:00:00Z", **_question(oneOf=other)
    )
    await receive_edit(services, rita, edited)
    asked = await _poll(services, bob, thought.id)
    assert (asked.options, asked.tallies, asked.own_votes) == (["red", "green"], [0, 0], [])
    assert [one.poll_options for one in await list_versions(services, bob, thought.id)] == [["red", "blue"]]


async def test_an_edit_keeps_the_votes_unless_the_answers_change(services: Services) -> None:
    ada, bob = await make_person(services, "ada"), await make_person(services, "bob")
    thought = await _ask(services, ada)
    await vote(services, bob, thought.id, [1])
    ends = (await _poll(services, None, thought.id)).expires_at
    await edit_thought(services, ada, thought.id, Revision("Tea or not?", poll=PollDraft(TEA.options, None)))
    asked = await _poll(services, None, thought.id)
    assert (asked.tallies, asked.expires_at) == ([0, 1, 0], ends)
    await edit_thought(services, ada, thought.id, Revision("Tea or not?", poll=PollDraft(("Tea", "Coffee"), 600)))
    asked = await _poll(services, bob, thought.id)
    assert (asked.options, asked.tallies, asked.own_votes, asked.voters_count) == (["Tea", "Coffee"], [0, 0], [], 0)
    assert (await sent(services))[-1].document["object"]["oneOf"][0]["name"] == "Tea"
    without = await edit_thought(services, ada, thought.id, Revision("Tea or not?"))
    assert without.object_type == "Note"
    assert (await sent(services))[-1].document["object"]["type"] == "Note"
    with pytest.raises(NotFound):
        await _poll(services, None, thought.id)
    again = await edit_thought(services, ada, thought.id, Revision("Tea or not?", poll=TEA))
    assert again.object_type == "Question"
    options = [one.poll_options for one in await list_versions(services, None, thought.id)]
    assert options == [list(TEA.options), list(TEA.options), ["Tea", "Coffee"], None]


async def test_a_poll_that_we_voted_in_outlives_retention(services: Services) -> None:
    bob, rita = await make_person(services, "bob"), await make_remote_person(services, "rita")
    kept = await hear(services, rita, "<p>Colour?</p>", **_question())
    await hear(services, rita, "<p>Shape?</p>", **_question())
    await vote(services, bob, kept.id, [0])
    await execute(services, "UPDATE thoughts SET arrived_at = now() - interval '1 year'")
    async with services.database.transaction() as db:
        await retention.purge_remote_thoughts(db, timedelta(days=90), limit=100)
    assert await scalar(services, "SELECT array_agg(id) FROM thoughts") == [kept.id]


async def test_a_poll_in_a_home_reaches_followers(services: Services) -> None:
    ada, bob = await make_person(services, "ada"), await make_person(services, "bob")
    await follow(services, bob, ada)
    thought = await _ask(services, ada)
    home = await timelines.get_home(services, bob, PAGE)
    assert home.polls[thought.id].options == list(TEA.options)


async def test_tallies_are_asked_for_once_in_a_while_and_once_after_the_end(services: Services) -> None:
    rita = await make_remote_person(services, "rita")
    thought = await hear(services, rita, "<p>Colour?</p>", **_question())
    asked = "SELECT count(*) FROM fetches WHERE url = $1"
    await polls.ask_for_tallies(services, thought.id)
    assert await scalar(services, asked, thought.ap_id) == 0
    await execute(services, "UPDATE polls SET fetched_at = now() - interval '2 min'")
    await polls.ask_for_tallies(services, thought.id)
    assert await scalar(services, asked, thought.ap_id) == 1
    await execute(services, "DELETE FROM fetches")
    await execute(services, "UPDATE polls SET expires_at = now() - interval '1 h', fetched_at = now() - interval '2 h'")
    for _ in range(2):
        await polls.ask_for_tallies(services, thought.id)
    assert await scalar(services, asked, thought.ap_id) == 1
