"""Every page answers, for strangers, people and admins, and shows what it should."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID
from xml.etree import ElementTree

import pytest

from federation.actions.announcing import AnnouncementDraft, write_announcement
from federation.actions.collections import CollectionForm, make_collection
from federation.actions.delete_thought import delete_thought
from federation.actions.filters import FilterForm, KeywordForm, OwnFilter, make_filter
from federation.actions.follows import follow_person
from federation.actions.lists import ListForm, make_list
from federation.actions.publish_thought import Draft, publish_thought
from federation.actions.reactions import bookmark_thought, boost_thought, like_thought
from federation.actions.scheduling import schedule_thought
from federation.actions.site import save_text
from storage.announcements import Announcement
from storage.lists import PersonList
from storage.scheduled import Scheduled
from storage.thoughts import Thought
from tests.services_fixture import Browser, make_person, make_remote_person

if TYPE_CHECKING:
    from quart import Quart

    from federation.services import Services
    from storage.people import Person

ClientFor = Callable[["Person"], Awaitable[Browser]]


@dataclass
class World:
    """A few people who know each other."""

    ada: Person
    bob: Person
    root: Person
    far: Person
    first: Thought
    reply: Thought
    letter: Thought
    list: PersonList
    filter: OwnFilter
    announcement: Announcement
    scheduled: Scheduled
    collection_id: UUID


@pytest.fixture
async def world(services: Services) -> World:
    """Ada, who wrote; Bob, who follows and answers; Root, the admin; and somebody elsewhere."""
    ada, bob = await make_person(services, "ada"), await make_person(services, "bob")
    root = await make_person(services, "root", role="admin")
    far = await make_remote_person(services, "far")
    await follow_person(services, bob, ada)
    await follow_person(services, ada, far)
    first = await publish_thought(services, ada, Draft("Fog over the #harbour", summary=""))
    reply = await publish_thought(services, bob, Draft("@ada and it lifts", reply_to=first.id))
    letter = await publish_thought(services, ada, Draft("@bob for you alone", visibility="direct"))
    await like_thought(services, bob, first.id)
    await boost_thought(services, bob, first.id)
    await bookmark_thought(services, bob, first.id)
    one = await make_list(services, ada, ListForm("Friends"))
    own = await make_filter(services, ada, FilterForm("Fog", ["home"]), [KeywordForm("fog")])
    for kind in ("privacy", "terms"):
        await save_text(services, root, kind, "Be kind.", effective_on=date(2026, 1, 1))
    told = await write_announcement(services, root, AnnouncementDraft("Hear, hear"), publish=True)
    later = await schedule_thought(services, ada, Draft("Tomorrow"), services.now() + timedelta(days=1))
    shelf = await make_collection(services, ada, CollectionForm("Good company", discoverable=True))
    return World(ada, bob, root, far, first, reply, letter, one, own, told, later, shelf.collections[0].id)


def addresses(app: Quart, world: World) -> list[str]:
    """List the address of every GET route, its parameters filled in from the world."""
    values: dict[str, Any] = {
        "handle": "ada", "thought_id": world.first.id, "name": "harbour", "tag": "harbour", "username": "ada",
        "direction": "followers", "reaction": "likes", "activity_id": world.first.id,
        "list_id": world.list.id, "person_id": world.ada.id,
        "filter_id": world.filter.filter.id, "announcement_id": world.announcement.id,
        "kind": "networks",
        "scheduled_id": world.scheduled.id,
        "collection_id": world.collection_id,
    }  # fmt: skip
    # Not for people, or only with something in the query; each has tests of its own.
    leave_out = ("assets", "documents", "discovery", "health", "client_api", "media", "oauth", "letters")
    found = []
    adapter = app.url_map.bind("localhost:8000")
    for rule in app.url_map.iter_rules():
        if (
            "GET" not in (rule.methods or ())
            or rule.endpoint.startswith(leave_out)
            or {"event_id", "report_id", "scheduled_id", "block_id"} & set(rule.arguments)
        ):
            continue
        found.append(adapter.build(rule.endpoint, {name: values[name] for name in rule.arguments}))
    return sorted(set(found))


async def test_every_page_answers_strangers_people_and_admins(
    app: Quart, stranger: Browser, client_for: ClientFor, world: World
) -> None:
    pages = addresses(app, world)
    assert len(pages) > 35
    wanted = {"stranger": (200, 303), "bob": (200, 303, 403, 404), "ada": (200, 303, 403, 404)}
    for name, browser in (
        ("stranger", stranger),
        ("bob", await client_for(world.bob)),
        ("ada", await client_for(world.ada)),
    ):
        for path in pages:
            answer = await browser.get(path)
            assert answer.status_code in wanted[name], (name, path, answer.status_code, answer.text[-800:])
    admin = await client_for(world.root)
    for path in pages:
        if path.startswith("/admin"):
            await admin.page(path)


async def test_strangers_are_asked_to_sign_in_and_then_come_back(stranger: Browser) -> None:
    answer = await stranger.get("/notifications?before=x")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/signin?next=/notifications%3Fbefore%3Dx"


async def test_home_shows_whom_one_follows_with_what_one_did(client_for: ClientFor, world: World) -> None:
    page = await (await client_for(world.bob)).page("/home")
    assert "Fog over the" in page
    assert f'formaction="/thoughts/{world.first.id}/unlike"' in page
    assert f'formaction="/thoughts/{world.first.id}/unbookmark"' in page


async def test_thread_nests_two_levels_and_then_continues(
    services: Services, stranger: Browser, world: World
) -> None:  # fmt: skip
    second = await publish_thought(services, world.ada, Draft("second level", reply_to=world.reply.id))
    await publish_thought(services, world.bob, Draft("third level", reply_to=second.id))
    page = await stranger.page(f"/@ada/{world.first.id}")
    assert page.index("and it lifts") < page.index("second level")
    assert "third level" not in page
    assert "Continue with 1 more reply" in page
    assert "third level" in await stranger.page(f"/@ada/{second.id}")


async def test_thread_of_another_author_is_at_their_address(stranger: Browser, world: World) -> None:
    answer = await stranger.get(f"/@bob/{world.first.id}")
    assert answer.status_code == 302
    assert answer.headers["location"] == f"/@ada/{world.first.id}"


async def test_profile_and_thread_name_their_activitypub_twins(stranger: Browser, world: World) -> None:
    profile = await stranger.get("/@ada")
    assert profile.headers["link"] == (
        f'<{world.ada.ap_id}>; rel="alternate"; type="application/activity+json"'
    )  # fmt: skip
    thread = await stranger.get(f"/@ada/{world.first.id}")
    assert world.first.ap_id in thread.headers["link"]
    assert '<meta property="og:title" content="ada (@ada)">' in thread.text
    assert '<meta property="og:description" content="Fog over the #harbour">' in thread.text
    assert '<meta property="og:image" content="http://localhost:8000/static/avatar.png?v=' in thread.text


async def test_pages_of_lists_lead_on_and_back(services: Services, client_for: ClientFor, world: World) -> None:
    for number in range(25):
        await publish_thought(services, world.ada, Draft(f"number {number:02}"))
    browser = await client_for(world.bob)
    first = await browser.page("/home")
    older = first.partition('rel="next"')[0].rpartition('href="')[2].partition('"')[0].replace("&amp;", "&")
    assert "number 24" in first
    assert "number 04" not in first
    second = await browser.page(older)
    assert "number 04" in second
    assert "number 05" not in second
    newer = second.partition('rel="prev"')[0].rpartition('href="')[2].partition('"')[0]
    assert "number 24" in await browser.page(newer)


async def test_bookmarks_are_paged_by_when_they_were_made(
    services: Services, client_for: ClientFor, world: World
) -> None:
    written = [await publish_thought(services, world.ada, Draft(f"kept {number:02}")) for number in range(22)]
    for thought in reversed(written):
        await bookmark_thought(services, world.bob, thought.id)
    browser = await client_for(world.bob)
    first = await browser.page("/bookmarks")
    assert "kept 00" in first
    assert "kept 21" not in first
    older = first.partition('rel="next"')[0].rpartition('href="')[2].partition('"')[0]
    second = await browser.page(older)
    assert "kept 21" in second
    assert "kept 19" not in second


async def test_notifications_count_as_read_once_they_were_looked_at(client_for: ClientFor, world: World) -> None:
    browser = await client_for(world.ada)
    assert "unread" in await browser.page("/home")
    page = await browser.page("/notifications")
    assert "liked your thought" in page
    assert "and it lifts" in page
    assert "unread" not in await browser.page("/home")


async def test_search_finds_people_tags_and_ones_own_thoughts(client_for: ClientFor, world: World) -> None:
    browser = await client_for(world.ada)
    assert "Fog over" in await browser.page("/search?q=fog")
    assert "/@bob" in await browser.page("/search?q=bob")
    assert "/tags/harbour" in await browser.page("/search?q=%23harb")


async def test_pasted_addresses_of_ours_lead_to_person_and_thought(client_for: ClientFor, world: World) -> None:
    browser = await client_for(world.bob)
    person = await browser.get("/authorize_interaction", params={"uri": "acct:ada@localhost:8000"})
    assert person.headers["location"] == "/@ada"
    thought = await browser.get("/authorize_interaction", params={"uri": world.first.ap_id})
    assert thought.headers["location"] == f"/@ada/{world.first.id}"
    assert "shared words" in await browser.page("/share?text=shared+words")


async def test_remote_profile_of_somebody_known_shows_where_they_live(client_for: ClientFor, world: World) -> None:
    page = await (await client_for(world.ada)).page("/@far@remote.example")
    assert "Open on remote.example" in page
    assert "Requested" in page
    assert "We are asking remote.example" in page


async def test_unknown_remote_person_is_not_asked_for_on_a_strangers_behalf(stranger: Browser) -> None:
    assert (await stranger.get("/@nobody@127.0.0.1:9")).status_code == 404


async def test_remote_server_that_does_not_answer_is_said_so(client_for: ClientFor, world: World) -> None:
    answer = await (await client_for(world.ada)).get("/@nobody@127.0.0.1:9")
    assert answer.status_code == 502
    assert "127.0.0.1:9" in answer.text


async def test_delivery_report_is_for_the_author(client_for: ClientFor, world: World) -> None:
    path = f"/thoughts/{world.first.id}/delivery"
    assert "It stayed at home" in await (await client_for(world.ada)).page(path)
    assert (await (await client_for(world.bob)).get(path)).status_code == 403


async def test_delivery_report_says_who_has_it_and_tries_again(
    services: Services, client_for: ClientFor, world: World
) -> None:
    async with services.database.connection() as db:
        activity = await db.fetchrow(
            "SELECT id, seq FROM activities WHERE thought_id = $1 AND type = 'Create'", world.first.id
        )
        assert activity is not None
        await db.execute("INSERT INTO instances (host) VALUES ('dead.example'), ('well.example')")
        await db.execute(
            """WITH made AS (
                INSERT INTO deliveries (activity_id, activity_seq, sender_id, inbox_url, host, ordering_key, state,
                    attempts, last_status, error_class, last_error, finished_at)
                SELECT $1, $2, $3, 'https://' || host || '/inbox', host, $4, state, 3, status, class, error, now()
                FROM (VALUES ('dead.example', 'dead', 410, 'gone', 'answered <410>'),
                    ('well.example', 'delivered', 202, NULL, NULL)) AS x (host, state, status, class, error)
                RETURNING id, host, state)
            INSERT INTO failed_events (kind, source_id, host, subject, error_class)
            SELECT 'delivery', id, host, 'Create', 'gone' FROM made WHERE state = 'dead'""",
            activity["id"], activity["seq"], world.ada.id, world.first.ap_id,
        )  # fmt: skip
    browser, path = await client_for(world.ada), f"/thoughts/{world.first.id}/delivery"
    assert "Reached 1 of 2 servers" in await browser.page("/@ada")
    page = await browser.page(path)
    assert "dead.example does not know the people addressed any more." in page
    assert "answered &lt;410&gt;" in page
    assert (await (await client_for(world.bob)).post(f"{path}/retry", {"host": "dead.example"})).status_code == 403
    await browser.post(f"{path}/retry", {"host": "dead.example", "next": path})
    page = await browser.page(path)
    assert "Trying 1 delivery again now." in page
    assert "Did not get it" not in page


@pytest.mark.parametrize("withheld", ["paused", "blocked"])
async def test_an_author_cannot_send_where_the_admin_does_not(
    withheld: str, services: Services, client_for: ClientFor, world: World
) -> None:
    async with services.database.connection() as db:
        activity = await db.fetchrow(
            "SELECT id, seq FROM activities WHERE thought_id = $1 AND type = 'Create'", world.first.id
        )
        assert activity is not None
        await db.execute(
            """INSERT INTO instances (host, paused, down_since, probe_at)
            VALUES ('withheld.example', $1, now(), now() + interval '1 hour')""",
            withheld == "paused",
        )
        if withheld == "blocked":
            await db.execute("INSERT INTO domain_blocks (domain) VALUES ('withheld.example')")
        await db.execute(
            """WITH made AS (
                INSERT INTO deliveries (activity_id, activity_seq, sender_id, inbox_url, host, ordering_key, state,
                    due_at)
                SELECT $1, $2, $3, 'https://withheld.example/' || state, 'withheld.example', $4, state,
                    now() + interval '1 hour'
                FROM unnest(ARRAY['dead', 'pending']) AS x (state) RETURNING id, host, state)
            INSERT INTO failed_events (kind, source_id, host, subject, error_class)
            SELECT 'delivery', id, host, 'Create', 'gone' FROM made WHERE state = 'dead'""",
            activity["id"], activity["seq"], world.ada.id, world.first.ap_id,
        )  # fmt: skip
        tables = ("instances", "deliveries", "failed_events")
        before = [await db.fetch(f"SELECT * FROM {table} ORDER BY 1") for table in tables]
    browser, path = await client_for(world.ada), f"/thoughts/{world.first.id}/delivery"
    await browser.post(f"{path}/retry", {"next": path})
    assert "There is nothing to try again." in await browser.page(path)
    async with services.database.connection() as db:
        assert before == [await db.fetch(f"SELECT * FROM {table} ORDER BY 1") for table in tables]


@pytest.mark.parametrize("path", ["/@ada/feed.atom", "/@ada.rss", "/@ada/feed.rss", "/@ada.atom"])
async def test_feeds_hold_what_anybody_may_read(path: str, services: Services, stranger: Browser, world: World) -> None:
    await publish_thought(services, world.ada, Draft("the end of the film", summary="Spoilers & <more>"))
    await publish_thought(services, world.ada, Draft("for followers", visibility="followers"))
    answer = await stranger.get(path)
    assert answer.status_code == 200
    assert "xml" in answer.headers["content-type"]
    ElementTree.fromstring(answer.content)
    assert "Fog over the" in answer.text
    assert "Spoilers &amp; &lt;more&gt;" in answer.text
    for hidden in ("the end of the film", "for followers", "for you alone"):
        assert hidden not in answer.text


async def test_pages_work_without_redis(services: Services, client_for: ClientFor, world: World) -> None:
    client, services.live._client = services.live._client, None
    assert client is not None
    await client.aclose()  # after nobody can take a connection of it any more
    browser = await client_for(world.bob)
    await browser.page("/home")
    assert (await browser.post("/compose", {"source": "still here"})).status_code == 303


async def test_home_shows_what_several_people_boosted_once(
    services: Services, client_for: ClientFor, world: World
) -> None:  # fmt: skip
    kim = await make_person(services, "kim")
    await boost_thought(services, world.root, world.first.id)
    for friend in (world.bob, world.root):
        await follow_person(services, kim, friend)
    page = await (await client_for(kim)).page("/home")
    assert page.count("Fog over the") == 1
    assert "</a> and 1 other boosted" in page


async def test_deleted_thought_is_gone_and_one_that_never_was_is_missing(
    services: Services, stranger: Browser, world: World
) -> None:  # fmt: skip
    await delete_thought(services, world.ada, world.first.id)
    answer = await stranger.get(f"/@ada/{world.first.id}")
    assert (answer.status_code, "Its author has deleted this thought." in answer.text) == (410, True)
    never = str(world.first.id)[:-4] + "0000"
    assert (await stranger.get(f"/@ada/{never}")).status_code == 404
