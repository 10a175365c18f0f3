"""Quotes across the wire: requests and answers, stamps that are checked, and the end of consent (FEP-044f)."""

from __future__ import annotations

from typing import Any

import pytest

from federation.actions.quote_consent import revoke_quote
from storage.people import Person
from storage.thoughts import Thought
from tests.federation_peer import Peer, Server, nothing_happens
from tests.payloads.mastodon import AS, PUBLIC
from tests.remote.fediverse import Host

pytestmark = pytest.mark.asyncio(loop_scope="module")


def _request(peer: Peer, quoted: Thought, **changes: Any) -> dict[str, Any]:
    note = peer.note(content="<p>so true</p>", quote=quoted.ap_id)
    return peer.activity("QuoteRequest", quoted.ap_id, instrument={**note, **changes})


async def _state(server: Server, ap_id: str) -> list[tuple[Any, ...]]:
    return await server.rows(
        "SELECT q.state, q.stamp FROM quotes q JOIN thoughts t ON t.id = q.thought_id WHERE t.ap_id = $1", ap_id
    )


async def _answer(server: Server, person: Person) -> dict[str, Any]:
    return (await server.sent(person))[-1]


async def test_a_request_is_accepted_with_a_stamp_that_anybody_can_read(server: Server, remote: Host) -> None:
    peer, bob = Peer.at(remote), await server.person()
    quoted = await server.publish(bob)
    request = _request(peer, quoted)
    assert await peer.deliver(server, request) == ""
    accept = await _answer(server, bob)
    assert (accept["type"], accept["to"]) == ("Accept", [peer.ap_id])
    assert accept["object"] == {
        "type": "QuoteRequest", "id": request["id"], "actor": peer.ap_id, "object": quoted.ap_id,
        "instrument": request["instrument"]["id"],
    }  # fmt: skip
    stamp = accept["result"]
    answer = await server.client.get(stamp.removeprefix(server.origin), headers={"accept": "application/activity+json"})
    document = answer.json()
    assert document["type"] == "QuoteAuthorization"
    assert (document["id"], document["attributedTo"]) == (stamp, bob.ap_id)
    assert document["interactingObject"] == request["instrument"]["id"]
    assert document["interactionTarget"] == quoted.ap_id
    # The thought itself comes later, with the stamp or before it: it counts at once, and is told.
    create = peer.create({**request["instrument"], "quoteAuthorization": stamp})
    assert await peer.deliver(server, create) == ""
    assert await _state(server, request["instrument"]["id"]) == [("accepted", stamp)]
    assert await server.notices(bob) == ["quote"]
    assert await server.value("SELECT quotes_count FROM thoughts WHERE id = $1", quoted.id) == 1


async def test_a_thought_before_its_request_waits(server: Server, remote: Host) -> None:
    peer, bob = Peer.at(remote), await server.person()
    quoted = await server.publish(bob)
    request = _request(peer, quoted)
    assert await peer.deliver(server, peer.create(request["instrument"])) == ""
    assert await _state(server, request["instrument"]["id"]) == [("pending", None)]
    assert await server.notices(bob) == []
    assert await peer.deliver(server, request) == ""
    assert (await _state(server, request["instrument"]["id"]))[0][0] == "accepted"
    assert await server.notices(bob) == ["quote"]


async def test_a_request_against_the_policy_is_rejected(server: Server, remote: Host) -> None:
    peer, bob = Peer.at(remote), await server.person()
    for policy in ("nobody", "followers"):
        quoted = await server.publish(bob, quote_policy=policy)
        assert "refused" in await peer.deliver(server, _request(peer, quoted))
        reject = await _answer(server, bob)
        assert reject["type"] == "Reject"
        assert "result" not in reject
    await peer.deliver(server, peer.follow(bob))
    assert await peer.deliver(server, _request(peer, quoted)) == ""


async def test_what_a_request_carries_must_quote_the_thought(server: Server, remote: Host) -> None:
    peer, bob = Peer.at(remote), await server.person()
    quoted, other = await server.publish(bob), await server.publish(bob)
    for changes in ({"quote": other.ap_id}, {"quote": None}):
        assert "refused" in await peer.deliver(server, _request(peer, quoted, **changes))
    assert await server.value("SELECT count(*) FROM quote_authorizations WHERE quoted_id = $1", quoted.id) == 0


async def test_requests_for_what_others_wrote_are_refused(server: Server, remote: Host) -> None:
    peer, victim, bob = Peer.at(remote), Peer.at(remote), await server.person()
    await victim.known(server)
    quoted = await server.publish(bob)
    request = _request(peer, quoted)
    forged = {**request, "instrument": {**request["instrument"], "attributedTo": victim.ap_id}}
    async with nothing_happens(server, peer, victim):
        assert (await peer.post(server, forged)).status_code == 403
        assert (await peer.post(server, {**request, "actor": victim.ap_id})).status_code == 403


async def test_hidden_thoughts_get_no_answer(server: Server, remote: Host) -> None:
    peer, bob = Peer.at(remote), await server.person()
    quoted = await server.publish(bob, visibility="followers")
    before = len(await server.sent(bob))
    assert "may not see" in await peer.deliver(server, _request(peer, quoted))
    assert len(await server.sent(bob)) == before


async def test_consent_that_was_taken_back_is_not_given_again(server: Server, remote: Host) -> None:
    peer, bob = Peer.at(remote), await server.person()
    quoted = await server.publish(bob)
    request = _request(peer, quoted)
    await peer.deliver(server, peer.create(request["instrument"]))
    await peer.deliver(server, request)
    stamp = (await _answer(server, bob))["result"]
    quoting = await server.value("SELECT id FROM thoughts WHERE ap_id = $1", request["instrument"]["id"])
    await revoke_quote(server.services, bob, quoted.id, quoting)
    delete = await _answer(server, bob)
    assert (delete["type"], delete["object"]["id"]) == ("Delete", stamp)
    path = stamp.removeprefix(server.origin)
    assert (await server.client.get(path, headers={"accept": "application/activity+json"})).status_code == 404
    assert "refused" in await peer.deliver(server, {**request, "id": peer.new_id()})
    assert await _state(server, request["instrument"]["id"]) == [("revoked", None)]
    update = peer.activity(
        "Update", {**request["instrument"], "quoteAuthorization": stamp, "updated": "2099-01-01T00:00:00Z"}
    )
    await peer.deliver(server, update)
    assert await _state(server, request["instrument"]["id"]) == [("revoked", None)]


def _stamp(author: Peer, quoting: str, quoted: str, **changes: Any) -> dict[str, Any]:
    document = {
        "@context": AS, "id": author.new_id("stamps"), "type": "QuoteAuthorization", "attributedTo": author.ap_id,
        "interactingObject": quoting, "interactionTarget": quoted, **changes,
    }  # fmt: skip
    author.host.put(document["id"], document)
    return document


async def _quoting(server: Server, quoter: Peer, author: Peer, **changes: Any) -> tuple[str, dict[str, Any]]:
    """Let one remote person quote another, with a stamp; return the quoting thought's id and the stamp."""
    await quoter.gain_follower(server)
    quoted = author.note(content="<p>wise</p>")
    author.host.put(quoted["id"], {"@context": AS, **quoted})
    note = quoter.note(content="<p>so true</p>", quote=quoted["id"])
    stamp = _stamp(author, note["id"], quoted["id"], **changes)
    assert await quoter.deliver(server, quoter.create({**note, "quoteAuthorization": stamp["id"]})) == ""
    return note["id"], stamp


async def test_stamps_of_others_are_read_before_a_quote_is_shown(server: Server, remote: Host, other: Host) -> None:
    quoter, author = Peer.at(remote), Peer.at(other)
    quoting, stamp = await _quoting(server, quoter, author)
    assert await _state(server, quoting) == [("accepted", stamp["id"])]
    assert await author.deliver(server, author.activity("Delete", stamp["id"], to=[PUBLIC])) == ""
    assert await _state(server, quoting) == [("revoked", None)]


@pytest.mark.parametrize(
    "wrong",
    [
        {"interactingObject": "https://elsewhere.example/1"},
        {"interactionTarget": "https://elsewhere.example/1"},
        {"attributedTo": "https://elsewhere.example/1"},
        {"type": "Note"},
    ],
)
async def test_stamps_that_say_something_else_count_for_nothing(
    server: Server, remote: Host, other: Host, wrong: dict[str, str]
) -> None:
    quoting, stamp = await _quoting(server, Peer.at(remote), Peer.at(other), **wrong)
    assert await _state(server, quoting) == [("pending", stamp["id"])]


async def test_a_stamp_of_the_quoters_own_server_counts_for_nothing(server: Server, remote: Host, other: Host) -> None:
    quoter, author = Peer.at(remote), Peer.at(other)
    await quoter.gain_follower(server)
    quoted = author.note()
    other.put(quoted["id"], {"@context": AS, **quoted})
    note = quoter.note(quote=quoted["id"])
    own = _stamp(quoter, note["id"], quoted["id"], attributedTo=author.ap_id)
    await quoter.deliver(server, quoter.create({**note, "quoteAuthorization": own["id"]}))
    assert await _state(server, note["id"]) == [("pending", own["id"])]


async def test_nobody_else_ends_a_consent(server: Server, remote: Host, other: Host) -> None:
    author, mallory = Peer.at(other), Peer.at(other)
    quoting, stamp = await _quoting(server, Peer.at(remote), author)
    await mallory.known(server)
    await mallory.deliver(server, mallory.activity("Delete", stamp["id"], to=[PUBLIC]))
    assert await _state(server, quoting) == [("accepted", stamp["id"])]


async def test_self_quotes_and_old_ones_need_no_stamp_or_get_none(server: Server, remote: Host, other: Host) -> None:
    peer, author = Peer.at(remote), Peer.at(other)
    await peer.gain_follower(server)
    mine, theirs = peer.note(), author.note()
    for note in (mine, theirs):
        (remote if note is mine else other).put(note["id"], {"@context": AS, **note})
    own = peer.note(quote=mine["id"])
    await peer.deliver(server, peer.create(own))
    assert await _state(server, own["id"]) == [("accepted", None)]
    old = peer.note(quoteUrl=theirs["id"], _misskey_quote=theirs["id"])
    await peer.deliver(server, peer.create(old))
    assert await server.rows(
        "SELECT q.state, q.legacy FROM quotes q JOIN thoughts t ON t.id = q.thought_id WHERE t.ap_id = $1", old["id"]
    ) == [("pending", True)]


async def test_an_answer_settles_our_quote_once(server: Server, remote: Host) -> None:
    author, mallory, bob = Peer.at(remote), Peer.at(remote), await server.person()
    note = author.note(interactionPolicy={"canQuote": {"automaticApproval": [PUBLIC]}})
    await author.gain_follower(server)
    await mallory.known(server)
    await author.deliver(server, author.create(note))
    quoted = await server.thought(note["id"])
    assert quoted is not None
    ours = await server.publish(bob, quote=quoted.id)
    request = (await server.sent(bob))[-1]
    inner = {key: request[key] for key in ("id", "type", "actor", "object")} | {"instrument": ours.ap_id}
    stamp = author.new_id("stamps")
    for peer in (mallory, author):
        accept = peer.activity("Accept", inner, result=stamp)
        outcome = await peer.deliver(server, accept)
        assert (outcome == "") == (peer is author)
    assert await _state(server, ours.ap_id) == [("accepted", stamp)]
    update = (await server.sent(bob))[-1]
    assert (update["type"], update["object"]["quoteAuthorization"]) == ("Update", stamp)
    delete = author.activity("Delete", {"type": "QuoteAuthorization", "id": stamp, "attributedTo": author.ap_id})
    assert await author.deliver(server, delete) == ""
    assert await _state(server, ours.ap_id) == [("revoked", None)]


@pytest.mark.parametrize(("named", "bits"), [("public", 2), ("followers", 4), ("self", 0)])
async def test_a_policy_that_changes_later_is_taken_over(server: Server, remote: Host, named: str, bits: int) -> None:
    peer = Peer.at(remote)
    await peer.gain_follower(server)
    note = peer.note(interactionPolicy={"canQuote": {"automaticApproval": ["https://elsewhere.example/x"]}})
    await peer.deliver(server, peer.create(note))
    policy = "SELECT quote_policy FROM thoughts WHERE ap_id = $1"
    assert await server.value(policy, note["id"]) == 1
    url = {"public": PUBLIC, "followers": peer.followers, "self": peer.ap_id}[named]
    changed = {**note, "interactionPolicy": {"canQuote": {"automaticApproval": url}}}
    assert await peer.deliver(server, peer.activity("Update", changed)) == ""
    assert await server.value(policy, note["id"]) == bits
