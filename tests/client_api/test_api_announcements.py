"""Announcements through the API: who sees what, putting away, reacting, and how they come and go."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from federation.actions import announcing
from federation.actions.announcing import AnnouncementDraft
from federation.actions.emojis import add_emoji
from federation.errors import Conflict, Forbidden, Invalid
from tests.acting import follow, hear, say, scalar
from tests.actions.test_emojis import picture
from tests.services_fixture import ORIGIN, make_person, make_remote_person
from workers import periodic

if TYPE_CHECKING:
    from federation.services import Services
    from storage.people import Person
    from tests.client_api.conftest import App

PATH = "/api/v1/announcements"
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.fixture
async def root(services: Services) -> Person:
    """An admin."""
    return await make_person(services, "root", role="admin")


async def announce(services: Services, admin: Person, source: str = "Hear, hear", **facts: object) -> str:
    """Publish an announcement and return its id."""
    draft = AnnouncementDraft(source, **facts)  # type: ignore[arg-type]
    return str((await announcing.write_announcement(services, admin, draft, publish=True)).id)


def at(services: Services, moment: datetime) -> Services:
    """Return the services at another time."""
    return replace(services, now=lambda: moment)


async def test_everybody_reads_what_stands_and_only_that(services: Services, root: Person, ann: App) -> None:
    await announcing.write_announcement(services, root, AnnouncementDraft("A draft"), publish=False)
    await announce(services, root)
    shown = await ann.get(PATH)
    assert [(one["content"], one["read"], one["reactions"]) for one in shown] == [("<p>Hear, hear</p>", False, [])]


async def test_what_is_put_away_is_read_and_left_out_when_asked(services: Services, root: Person, ann: App) -> None:
    one = await announce(services, root)
    for _ in range(2):
        assert await ann.post(f"{PATH}/{one}/dismiss") == {}
    assert [shown["read"] for shown in await ann.get(PATH)] == [True]
    assert [shown["read"] for shown in await ann.get(PATH, with_dismissed="true")] == [True]
    assert await ann.get(PATH, with_dismissed="false") == []


async def test_a_text_is_rendered_once_with_all_that_it_names(
    services: Services, root: Person, ann: App, bob: App
) -> None:
    await add_emoji(services, root, shortcode="blob", category="", data=picture())
    assert bob.person is not None
    ours = await say(services, bob.person, "look")
    private = await say(services, bob.person, "psst", visibility="followers")
    theirs = await hear(services, await make_remote_person(services, "rita"))
    await follow(services, root, bob.person)
    source = f"<b>Hi</b> @bob :blob: #Party {ours.url} {theirs.ap_id} {private.url} {ORIGIN}/@bob/{uuid4()}"
    await announce(services, root, source)
    [shown] = await ann.get(PATH)
    assert "&lt;b&gt;Hi&lt;/b&gt;" in shown["content"]
    assert shown["mentions"] == [{"id": bob.id, "username": "bob", "url": f"{ORIGIN}/@bob", "acct": "bob"}]
    assert {one["id"] for one in shown["statuses"]} == {str(ours.id), str(theirs.id)}
    assert shown["tags"] == [{"name": "party", "url": f"{ORIGIN}/tags/party"}]
    assert [one["shortcode"] for one in shown["emojis"]] == ["blob"]
    await scalar(services, "UPDATE thoughts SET visibility = 'followers' WHERE id = $1 RETURNING 1", ours.id)
    assert {one["id"] for one in (await ann.get(PATH))[0]["statuses"]} == {str(theirs.id)}


async def test_reactions_are_counted_once_each_and_taken_back(
    services: Services, root: Person, ann: App, bob: App
) -> None:
    await add_emoji(services, root, shortcode="blob", category="", data=picture())
    path = f"{PATH}/{await announce(services, root)}/reactions"
    for app in (ann, ann, bob):
        await app.call("PUT", f"{path}/🎉")
    await bob.call("PUT", f"{path}/blob")
    first, second = (await ann.get(PATH))[0]["reactions"]
    assert first == {"name": "🎉", "count": 2, "me": True}
    assert (second["name"], second["count"], second["me"]) == ("blob", 1, False)
    assert second["static_url"] == f"{second['url']}/still"
    await ann.call("DELETE", f"{path}/🎉")
    await ann.call("DELETE", f"{path}/🎉", expected=404)
    await ann.call("DELETE", f"{path}/blob", expected=404)
    assert [(one["name"], one["count"]) for one in (await bob.get(PATH))[0]["reactions"]] == [("🎉", 1), ("blob", 1)]
    for odd in ("nothing", "x", "🎉🎉", "<b>", "a" * 500):
        await ann.call("PUT", f"{path}/{odd}", expected=422)


async def test_there_are_at_most_eight_different_reactions(
    services: Services, root: Person, ann: App, bob: App
) -> None:
    path = f"{PATH}/{await announce(services, root)}/reactions"
    for emoji in "🎉🔥👀🤔🙏👏💯👍":
        await ann.call("PUT", f"{path}/{emoji}")
    await bob.call("PUT", f"{path}/😢", expected=422)
    await bob.call("PUT", f"{path}/🎉")
    await ann.call("DELETE", f"{path}/🔥")
    await bob.call("PUT", f"{path}/😢")
    assert len((await ann.get(PATH))[0]["reactions"]) == 8


async def test_what_does_not_stand_cannot_be_put_away_or_reacted_to(services: Services, root: Person, ann: App) -> None:
    draft = await announcing.write_announcement(services, root, AnnouncementDraft("A draft"), publish=False)
    for one in (str(draft.id), str(uuid4()), "7"):
        await ann.post(f"{PATH}/{one}/dismiss", expected=404)
        await ann.call("PUT", f"{PATH}/{one}/reactions/🎉", expected=404)
        await ann.call("DELETE", f"{PATH}/{one}/reactions/🎉", expected=404)
    assert await scalar(services, "SELECT count(*) FROM announcement_dismissals") == 0
    assert await scalar(services, "SELECT count(*) FROM announcement_reactions") == 0


async def test_one_that_is_scheduled_is_published_at_its_time_and_once(
    services: Services, root: Person, ann: App
) -> None:
    draft = AnnouncementDraft("Later", scheduled_at=NOON)
    await announcing.write_announcement(services, root, draft, publish=False)
    early, late = at(services, NOON - timedelta(seconds=1)), at(services, NOON)
    assert await announcing.keep_times(early) == (0, 0)
    assert await ann.get(PATH) == []
    assert await announcing.keep_times(late) == (1, 0)
    assert await announcing.keep_times(late) == (0, 0)
    assert [one["published_at"] for one in await ann.get(PATH)] == ["2026-05-01T12:00:00.000Z"]


async def test_what_is_over_is_taken_down(services: Services, root: Person, ann: App) -> None:
    before = at(services, NOON - timedelta(days=1))
    await announce(before, root, "A moment", starts_at=NOON - timedelta(hours=1), ends_at=NOON)
    await announce(before, root, "A day", starts_at=NOON, ends_at=NOON, all_day=True)
    assert [(one["content"], one["all_day"], one["starts_at"]) for one in await ann.get(PATH)] == [
        ("<p>A day</p>", True, "2026-05-01T00:00:00.000Z"),
        ("<p>A moment</p>", False, "2026-05-01T11:00:00.000Z"),
    ]
    assert await announcing.keep_times(at(services, NOON)) == (0, 1)
    assert [one["content"] for one in await ann.get(PATH)] == ["<p>A day</p>"]
    await periodic.look_after_announcements(at(services, NOON + timedelta(hours=12)))
    assert await ann.get(PATH) == []


async def test_times_that_make_no_sense_are_refused(services: Services, root: Person) -> None:
    hour = timedelta(hours=1)
    for field, facts in (
        ("ends_at", {"starts_at": NOON}),
        ("starts_at", {"ends_at": NOON}),
        ("ends_at", {"starts_at": NOON, "ends_at": NOON}),
        ("ends_at", {"starts_at": NOON, "ends_at": NOON - hour}),
        ("scheduled_at", {"starts_at": NOON - hour, "ends_at": NOON, "scheduled_at": NOON}),
        ("source", {"source": " "}),
        ("source", {"source": "x" * 5001}),
    ):
        draft = AnnouncementDraft(**{"source": "Hm"} | facts)  # type: ignore[arg-type]
        with pytest.raises(Invalid) as caught:
            await announcing.write_announcement(services, root, draft, publish=False)
        assert caught.value.field == field
    over = AnnouncementDraft("Over", NOON - hour, NOON)
    with pytest.raises(Conflict):
        await announcing.write_announcement(at(services, NOON), root, over, publish=True)
    assert await scalar(services, "SELECT count(*) FROM announcements") == 0


async def test_only_admins_announce(services: Services, root: Person, ann: App) -> None:
    assert ann.person is not None
    standing = await announcing.write_announcement(services, root, AnnouncementDraft("Mine"), publish=True)
    mod = await make_person(services, "mod", role="moderator")
    for person in (ann.person, mod):
        for attempt in (
            announcing.write_announcement(services, person, AnnouncementDraft("Theirs"), publish=True),
            announcing.edit_announcement(services, person, standing.id, AnnouncementDraft("Theirs")),
            announcing.publish_announcement(services, person, standing.id),
            announcing.unpublish_announcement(services, person, standing.id),
            announcing.delete_announcement(services, person, standing.id),
            announcing.get_announcement(services, person, standing.id),
            announcing.list_announcements(services, person, limit=1),
        ):
            with pytest.raises(Forbidden):
                await attempt
    assert [one["content"] for one in await ann.get(PATH)] == ["<p>Mine</p>"]
