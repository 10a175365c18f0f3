"""Reports in and out, what moderators do, and what it means for people."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from federation.actions import collections, moderating, reports, sessions, timelines
from federation.actions.collections import CollectionForm
from federation.actions.edit_thought import Revision, edit_thought
from federation.actions.moderating import Measure, take_measure
from federation.actions.receive_collection import receive_collection
from federation.actions.reports import Complaint, receive_report, report_person
from federation.errors import Forbidden, Invalid, NotFound
from federation.protocol.featured import parse_featured_collection
from storage.entries import Page
from tests.acting import PAGE, again, follow, hear, ids, say, scalar, sent, told
from tests.services_fixture import PASSWORD, make_person, make_remote_person

if TYPE_CHECKING:
    from federation.services import Services
    from storage.people import Person


@pytest.fixture
async def ann(services: Services) -> Person:
    return await make_person(services, "ann")


@pytest.fixture
async def bob(services: Services) -> Person:
    return await make_person(services, "bob")


@pytest.fixture
async def mod(services: Services) -> Person:
    return await make_person(services, "mod", role="moderator")


async def cases(services: Services, mod: Person, *, resolved: bool = False) -> list[reports.Case]:
    return await reports.list_cases(services, mod, Page(limit=10), resolved=resolved)


async def test_a_report_reaches_the_moderators_with_what_it_is_about(
    services: Services, ann: Person, bob: Person, mod: Person
) -> None:
    said = await say(services, bob, "spam spam")
    await report_person(services, ann, bob, Complaint([said.id], "look", "spam"))
    [case] = await cases(services, mod)
    assert (case.report.comment, case.report.category, case.report.thought_ids) == ("look", "spam", [said.id])
    assert [entry.id for entry in case.shown.entries] == [said.id]
    assert await told(services, mod) == [("admin.report", "ann", None)]
    await report_person(services, ann, bob, Complaint())
    assert len(await told(services, mod)) == 2, "each report is told of"
    assert await told(services, bob) == []


async def test_nobody_is_reported_for_the_words_of_others(services: Services, ann: Person, bob: Person) -> None:
    said = await say(services, ann, "mine")
    with pytest.raises(NotFound):
        await report_person(services, ann, bob, Complaint([said.id]))
    for wrong in (Complaint(comment="x" * 1001), Complaint(category="taste"), Complaint(comment="\0")):
        with pytest.raises(Invalid):
            await report_person(services, ann, bob, wrong)
    assert await scalar(services, "SELECT count(*) FROM reports") == 0


async def test_a_forwarded_report_leaves_in_the_name_of_the_server(services: Services, ann: Person) -> None:
    eve = await make_remote_person(services, "eve")
    said = await hear(services, eve, "<p>bad</p>")
    await report_person(services, ann, eve, Complaint([said.id], "please look"))
    assert await sent(services) == [], "only when asked"
    await report_person(services, ann, eve, Complaint([said.id], "please look", forward=True))
    [flag] = await sent(services)
    assert (flag.type, flag.inboxes) == ("Flag", [eve.inbox_url])
    assert flag.document["object"] == [eve.ap_id, said.ap_id]
    assert flag.document["content"] == "please look"
    assert flag.document["actor"] == services.urls.instance_actor
    assert "ann" not in str(flag.document)


async def test_a_flag_of_another_server_is_told_once(services: Services, bob: Person, mod: Person) -> None:
    eve = await make_remote_person(services, "eve")
    said = await say(services, bob, "hm")
    flag = f"https://remote.example/flags/{uuid4()}"
    for _ in range(2):
        await receive_report(services, eve, [bob.ap_id, said.ap_id, "https://else.example/1"], "rude", flag)
    [case] = await cases(services, mod)
    assert (case.report.target_id, case.report.thought_ids, case.report.comment) == (bob.id, [said.id], "rude")
    assert await receive_report(services, eve, ["https://else.example/1"], "x", None) == "reports nobody here"


async def test_only_moderators_read_and_decide(services: Services, ann: Person, bob: Person, mod: Person) -> None:
    report = await report_person(services, ann, bob, Complaint())
    for act in (
        lambda: cases(services, ann),
        lambda: reports.get_case(services, ann, report.id),
        lambda: reports.resolve(services, ann, report.id),
        lambda: take_measure(services, ann, bob, Measure("suspend")),
        lambda: moderating.enable(services, ann, bob),
    ):
        with pytest.raises(Forbidden):
            await act()
    assert (await reports.resolve(services, mod, report.id)).action_taken_by == mod.id
    assert await cases(services, mod) == []
    assert (await reports.reopen(services, mod, report.id)).action_taken_at is None
    assert (await reports.assign(services, mod, report.id, mod)).assigned_to == mod.id
    with pytest.raises(NotFound):
        await reports.resolve(services, mod, uuid4())


async def test_nothing_is_done_about_those_who_look_after_the_place(services: Services, mod: Person) -> None:
    other, admin = (
        await make_person(services, "other", role="moderator"),
        await make_person(services, "boss", role="admin"),
    )
    for target in (mod, other, admin):
        with pytest.raises(Forbidden):
            await take_measure(services, mod, target, Measure("suspend"))
    await take_measure(services, admin, other, Measure("silence"))


async def test_a_warned_person_reads_what_was_decided(
    services: Services, ann: Person, bob: Person, mod: Person
) -> None:
    report = await report_person(services, ann, bob, Complaint())
    await take_measure(services, mod, bob, Measure("none", "Please be kind", report.id))
    assert [kind for kind, *_ in await told(services, bob)] == ["moderation_warning"]
    [strike] = await moderating.list_warnings(services, bob)
    assert (strike.action, strike.text) == ("none", "Please be kind")
    assert await cases(services, mod) == [], "the report is closed with it"
    await take_measure(services, mod, bob, Measure("none", "Again"))
    assert len(await told(services, bob)) == 2


async def test_a_silenced_person_shows_to_followers_alone(
    services: Services, ann: Person, bob: Person, mod: Person
) -> None:
    fan = await make_person(services, "fan")
    await follow(services, fan, bob)
    said = await say(services, bob, "hello #world")
    await take_measure(services, mod, bob, Measure("silence"))

    async def seen(viewer: Person | None) -> list[bool]:
        public = ids(await timelines.get_public(services, viewer, PAGE))
        local = ids(await timelines.get_public(services, viewer, PAGE, local=True))
        tagged = ids(await timelines.get_tagged(services, viewer, "world", PAGE))
        return [said.id in page for page in (public, local, tagged)]

    assert await seen(None) == await seen(ann) == [False] * 3
    assert await seen(fan) == await seen(bob) == [True] * 3
    assert said.id in ids(await timelines.get_home(services, fan, PAGE))
    await moderating.unsilence(services, mod, bob)
    assert await seen(ann) == [True] * 3


async def test_a_locked_out_person_cannot_come_back_until_let(services: Services, bob: Person, mod: Person) -> None:
    token = await sessions.create_token(services, bob)
    session = await sessions.start_session(services, bob, address="127.0.0.1", user_agent="x")
    await take_measure(services, mod, bob, Measure("disable"))
    assert await sessions.resume_session(services, session) is None
    bearer = await sessions.find_bearer(services, token)
    assert bearer is not None
    assert bearer.person is None
    with pytest.raises(Forbidden):
        await sessions.sign_in(services, "bob", PASSWORD, address="127.0.0.1", user_agent="x")
    await moderating.enable(services, mod, bob)
    await sessions.sign_in(services, "bob", PASSWORD, address="127.0.0.1", user_agent="x")


async def test_reported_thoughts_are_covered_or_deleted(
    services: Services, ann: Person, bob: Person, mod: Person
) -> None:
    said, other = await say(services, bob, "one"), await say(services, bob, "two")
    report = await report_person(services, ann, bob, Complaint([said.id]))
    with pytest.raises(Invalid):
        await take_measure(services, mod, bob, Measure("delete_statuses"))
    await take_measure(services, mod, bob, Measure("mark_statuses_as_sensitive", report_id=report.id))
    assert (await timelines.get_thought(services, None, said.id)).sensitive
    assert not (await timelines.get_thought(services, None, other.id)).sensitive
    await take_measure(services, mod, bob, Measure("delete_statuses", report_id=report.id))
    with pytest.raises(NotFound):
        await timelines.get_thought(services, None, said.id)
    await edit_thought(services, await again(services, bob), other.id, Revision("two, edited"))


async def test_a_report_of_one_person_is_no_reason_against_another(
    services: Services, ann: Person, bob: Person, mod: Person
) -> None:
    report = await report_person(services, ann, bob, Complaint())
    with pytest.raises(NotFound):
        await take_measure(services, mod, ann, Measure("none", report_id=report.id))
    eve = await make_remote_person(services, "eve")
    with pytest.raises(Invalid):
        await take_measure(services, mod, eve, Measure("disable"))
    await take_measure(services, mod, eve, Measure("suspend"))
    assert (await again(services, eve)).state == "suspended"


async def test_collections_are_reported_covered_and_taken_down(
    services: Services, ann: Person, bob: Person, mod: Person
) -> None:
    form = CollectionForm("Rude", discoverable=True)
    ours = (await collections.make_collection(services, bob, form)).collections[0]
    with pytest.raises(NotFound):
        await report_person(services, bob, ann, Complaint(collection_ids=[ours.id]))
    await report_person(services, ann, bob, Complaint(collection_ids=[ours.id]))
    [case] = await cases(services, mod)
    assert [one.id for one in case.collections] == [ours.id]
    await take_measure(services, mod, bob, Measure("mark_statuses_as_sensitive", report_id=case.report.id))
    update = (await sent(services))[-1]
    assert (update.type, update.document["object"]["sensitive"]) == ("Update", True)
    await take_measure(services, mod, bob, Measure("delete_statuses", report_id=case.report.id))
    assert (await sent(services))[-1].type == "Remove"
    assert await scalar(services, "SELECT count(*) FROM collections") == 0
    [case] = await cases(services, mod, resolved=True)
    assert case.collections == []


async def test_flags_name_collections_both_ways(services: Services, ann: Person, bob: Person, mod: Person) -> None:
    eve = await make_remote_person(services, "eve")
    ap_id = f"{eve.ap_id}/collections/1"
    document = {"id": ap_id, "type": "FeaturedCollection", "attributedTo": eve.ap_id, "name": "Rude"}
    await receive_collection(services, eve, parse_featured_collection(document))
    theirs = await scalar(services, "SELECT id FROM collections WHERE ap_id = $1", ap_id)
    await report_person(services, ann, eve, Complaint(collection_ids=[theirs], forward=True))
    assert (await sent(services))[-1].document["object"] == [eve.ap_id, ap_id]
    ours = (await collections.make_collection(services, bob, CollectionForm("Ours"))).collections[0]
    assert await receive_report(services, eve, [ours.ap_id], "look", f"{eve.ap_id}/flags/1") == ""
    found = {case.report.target_id: [one.id for one in case.collections] for case in await cases(services, mod)}
    assert found == {eve.id: [theirs], bob.id: [ours.id]}
