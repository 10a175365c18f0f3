"""Quotes: who may, what is agreed, what others are told, and how consent ends."""

from __future__ import annotations

from typing import Any

import pytest

from federation.actions import blocks, quote_consent, timelines
from federation.actions.delete_thought import delete_thought
from federation.actions.edit_thought import Revision, edit_thought
from federation.actions.shown_quotes import get_quotes
from federation.errors import Forbidden, Invalid, NotFound
from federation.protocol.quote_policy import Permission, permission, policy_bits
from federation.services import Services
from storage.people import Person
from storage.thoughts import Thought
from tests.acting import PAGE, PUBLIC, follow, hear, say, scalar, sent, told
from tests.services_fixture import make_person, make_remote_person

MAY = {"canQuote": {"automaticApproval": [PUBLIC]}}


async def _state(services: Services, viewer: Person | None, thought: Thought) -> str:
    shown = await timelines.get_entry(services, viewer, thought.id)
    return shown.quotes[thought.id].state


async def _quotable(services: Services, author: Person, **facts: Any) -> Thought:
    return await hear(services, author, "<p>theirs</p>", **({"interactionPolicy": MAY} | facts))


@pytest.mark.parametrize(
    ("automatic", "manual", "follows", "followed", "expected"),
    [
        ([PUBLIC], [], False, False, "automatic"),
        (["F"], [], True, False, "automatic"),
        (["F"], [], False, False, "denied"),
        (["G"], [], False, True, "automatic"),
        ([], [PUBLIC], False, False, "manual"),
        (["F"], [PUBLIC], True, False, "automatic"),
        (["me"], [], False, False, "denied"),
        (["https://elsewhere.example/list"], [], False, False, "unknown"),
        ([], [], False, False, "denied"),
    ],
)
def test_policies_mean_what_they_say(
    automatic: list[str], manual: list[str], follows: bool, followed: bool, expected: str
) -> None:
    bits = policy_bits(automatic, manual, author="me", followers="F", following="G")
    found = permission(bits, visibility="public", own=False, follows=follows, followed=followed)
    assert found is Permission(expected)
    for visibility in ("followers", "direct"):
        assert permission(bits, visibility=visibility, own=False, follows=True, followed=True) is Permission.DENIED
    assert permission(0, visibility="followers", own=True, follows=False, followed=False) is Permission.AUTOMATIC


async def test_our_own_people_are_quoted_at_once(services: Services) -> None:
    ada, bob = await make_person(services, "ada"), await make_person(services, "bob")
    quoted = await say(services, ada, "wise")
    quoting = await say(services, bob, "so true", quote=quoted.id)
    shown = await timelines.get_entry(services, None, quoting.id)
    found = shown.quotes[quoting.id]
    assert found.state == "accepted"
    assert found.entry is not None
    assert found.entry.thought.id == quoted.id
    assert await told(services, ada) == [("quote", "bob", quoting.id)]
    assert await scalar(services, "SELECT quotes_count FROM thoughts WHERE id = $1", quoted.id) == 1
    note = (await sent(services))[-1].document["object"]
    for key in ("quote", "quoteUrl", "quoteUri", "_misskey_quote"):
        assert note[key] == quoted.ap_id
    link = next(tag for tag in note["tag"] if tag["type"] == "Link")
    assert (link["href"], link["name"]) == (quoted.ap_id, f"RE: {quoted.ap_id}")
    assert note["content"].startswith('<p class="quote-inline">RE: <a href="')
    assert quoting.content == "<p>so true</p>"
    stamp_id = note["quoteAuthorization"].rpartition("/")[2]
    stamp = await scalar(services, "SELECT quoting_ap_id FROM quote_authorizations WHERE id = $1::uuid", stamp_id)
    assert stamp == quoting.ap_id
    assert [one.id for one in await get_quotes(services, None, quoted.id, PAGE)] == [quoting.id]


async def test_policies_are_sent_and_kept_to(services: Services) -> None:
    ada, bob, eve = [await make_person(services, name) for name in ("ada", "bob", "eve")]
    await follow(services, bob, ada)
    for policy, allowed in (("public", [bob, eve]), ("followers", [bob]), ("nobody", [])):
        thought = await say(services, ada, policy, quote_policy=policy)
        sent_policy = (await sent(services))[-1].document["object"]["interactionPolicy"]["canQuote"]
        named = {"public": PUBLIC, "followers": f"{ada.ap_id}/followers", "nobody": ada.ap_id}[policy]
        assert sent_policy == {"automaticApproval": [named]}
        assert (await say(services, ada, "me", quote=thought.id)).has_quote
        for person in (bob, eve):
            if person in allowed:
                await say(services, person, "quoting", quote=thought.id)
            else:
                with pytest.raises(NotFound):
                    await say(services, person, "quoting", quote=thought.id)
    with pytest.raises(Invalid):
        await say(services, ada, "odd", quote_policy="everyone")
    private = await say(services, ada, "private", visibility="followers", quote_policy="public")
    assert private.quote_policy == 0
    with pytest.raises(NotFound):
        await say(services, bob, "quoting", quote=private.id)


async def test_a_quote_is_not_wider_than_what_it_quotes(services: Services) -> None:
    ada, bob = await make_person(services, "ada"), await make_person(services, "bob")
    private = await say(services, ada, "private", visibility="followers")
    assert (await say(services, ada, "again", quote=private.id)).visibility == "followers"
    public = await say(services, ada, "public")
    with pytest.raises(Invalid):
        await say(services, bob, "@eve look", visibility="direct", quote=public.id)
    assert (await say(services, bob, "@ada look", visibility="direct", quote=public.id)).has_quote


async def test_remote_authors_are_asked(services: Services) -> None:
    bob, rita = await make_person(services, "bob"), await make_remote_person(services, "rita")
    quoted = await _quotable(services, rita)
    quoting = await say(services, bob, "so true", quote=quoted.id)
    assert await _state(services, bob, quoting) == "pending"
    create, request = await sent(services)
    assert (create.type, create.inboxes) == ("Create", [rita.inbox_url])
    assert "quoteAuthorization" not in create.document["object"]
    assert (request.type, request.inboxes) == ("QuoteRequest", [rita.inbox_url])
    assert request.document["object"] == quoted.ap_id
    assert request.document["instrument"]["id"] == quoting.ap_id
    assert request.document["instrument"]["quote"] == quoted.ap_id
    stamp = f"{rita.ap_id}/stamps/1"
    request_id = request.document["id"]
    mallory = await make_remote_person(services, "mallory", "evil.example")
    assert not await quote_consent.request_was_answered(services, mallory, request_id, (None, None), f"{stamp}2")
    other_host = "https://evil.example/stamps/1"
    assert not await quote_consent.request_was_answered(services, rita, request_id, (None, None), other_host)
    assert await _state(services, bob, quoting) == "pending"
    assert await quote_consent.request_was_answered(services, rita, request_id, (None, None), stamp)
    assert await _state(services, bob, quoting) == "accepted"
    update = (await sent(services))[-1]
    assert (update.type, update.to_followers) == ("Update", True)
    assert update.document["object"]["quoteAuthorization"] == stamp
    assert "updated" not in update.document["object"]
    assert await quote_consent.request_was_answered(services, rita, request_id, (None, None), stamp)
    assert len(await sent(services)) == 3
    assert not await quote_consent.stamp_was_withdrawn(services, mallory, stamp)
    assert await quote_consent.stamp_was_withdrawn(services, rita, stamp)
    assert await _state(services, bob, quoting) == "revoked"
    assert "quoteAuthorization" not in (await sent(services))[-1].document["object"]
    assert await scalar(services, "SELECT quotes_count FROM thoughts WHERE id = $1", quoted.id) == 0


async def test_a_refused_request_is_shown_as_refused(services: Services) -> None:
    bob, rita = await make_person(services, "bob"), await make_remote_person(services, "rita")
    quoted = await _quotable(services, rita, interactionPolicy={"canQuote": {"manualApproval": PUBLIC}})
    quoting = await say(services, bob, "so true", quote=quoted.id)
    about = (quoted.ap_id, quoting.ap_id)
    assert await quote_consent.request_was_answered(services, rita, None, about, None)
    assert await _state(services, bob, quoting) == "rejected"


async def test_what_says_nothing_of_quotes_cannot_be_quoted(services: Services) -> None:
    bob, rita = await make_person(services, "bob"), await make_remote_person(services, "rita")
    with pytest.raises(NotFound):
        await say(services, bob, "quoting", quote=(await hear(services, rita)).id)
    ada = await make_person(services, "ada")
    thought = await say(services, ada)
    await blocks.block_person(services, ada, bob)
    with pytest.raises(NotFound):
        await say(services, bob, "quoting", quote=thought.id)


async def test_the_author_takes_consent_back(services: Services) -> None:
    ada, bob = await make_person(services, "ada"), await make_person(services, "bob")
    quoted = await say(services, ada, "wise")
    quoting = await say(services, bob, "so true", quote=quoted.id)
    stamp = (await sent(services))[-1].document["object"]["quoteAuthorization"]
    for person, of in ((bob, quoted), (ada, quoting)):
        with pytest.raises((Forbidden, NotFound)):
            await quote_consent.revoke_quote(services, person, of.id, quoting.id)
    await quote_consent.revoke_quote(services, ada, quoted.id, quoting.id)
    await quote_consent.revoke_quote(services, ada, quoted.id, quoting.id)
    assert await _state(services, bob, quoting) == "revoked"
    delete, update = (await sent(services))[-2:]
    assert (delete.type, delete.document["object"]["id"]) == ("Delete", stamp)
    assert delete.document["object"]["interactingObject"] == quoting.ap_id
    assert "quoteAuthorization" not in update.document["object"]
    assert await told(services, ada) == []
    assert await scalar(services, "SELECT quotes_count FROM thoughts WHERE id = $1", quoted.id) == 0
    with pytest.raises(NotFound):
        found = await scalar(services, "SELECT id FROM quote_authorizations")
        await quote_consent.get_authorization(services, None, found)


async def test_what_is_deleted_or_hidden_is_not_quoted_any_more(services: Services) -> None:
    ada, bob = await make_person(services, "ada"), await make_person(services, "bob")
    first, second = await say(services, ada, "one"), await say(services, ada, "two")
    quoting = [await say(services, bob, "quoting", quote=one.id) for one in (first, second)]
    eve = await make_person(services, "eve")
    await blocks.block_person(services, ada, eve)
    assert await _state(services, eve, quoting[0]) == "unauthorized"
    await blocks.unblock_person(services, ada, eve)
    await blocks.block_person(services, eve, ada)
    assert await _state(services, eve, quoting[0]) == "blocked_account"
    await blocks.unblock_person(services, eve, ada)
    await blocks.mute_person(services, eve, ada)
    assert await _state(services, eve, quoting[0]) == "muted_account"
    await delete_thought(services, ada, first.id)
    assert await _state(services, bob, quoting[0]) == "deleted"
    await delete_thought(services, bob, quoting[1].id)
    assert await scalar(services, "SELECT quotes_count FROM thoughts WHERE id = $1", second.id) == 0


async def test_quoters_hear_of_an_edit(services: Services) -> None:
    ada, bob = await make_person(services, "ada"), await make_person(services, "bob")
    quoted = await say(services, ada, "wise")
    await say(services, bob, "so true", quote=quoted.id)
    await edit_thought(services, ada, quoted.id, Revision("wiser"))
    assert await told(services, bob) == [("quoted_update", "ada", quoted.id)]


async def test_the_policy_can_be_changed_later(services: Services) -> None:
    ada, bob = await make_person(services, "ada"), await make_person(services, "bob")
    thought = await say(services, ada)
    with pytest.raises(Forbidden):
        await quote_consent.set_quote_policy(services, bob, thought.id, "nobody")
    await quote_consent.set_quote_policy(services, ada, thought.id, "nobody")
    update = (await sent(services))[-1].document
    assert update["type"] == "Update"
    assert update["object"]["interactionPolicy"]["canQuote"] == {"automaticApproval": [ada.ap_id]}
    assert "updated" not in update["object"]
    with pytest.raises(NotFound):
        await say(services, bob, "quoting", quote=thought.id)
    await quote_consent.set_quote_policy(services, ada, thought.id, "nobody")
    assert len(await sent(services)) == 2


async def test_one_quotes_level_by_level(services: Services) -> None:
    ada = await make_person(services, "ada")
    first = await say(services, ada, "one")
    second = await say(services, ada, "two", quote=first.id)
    third = await say(services, ada, "three", quote=second.id)
    shown = await timelines.get_entry(services, None, third.id)
    assert shown.quotes[third.id].entry is not None
    assert shown.quotes[second.id].entry is None
    assert shown.quotes[second.id].quote.quoted_id == first.id
