"""What streams tell, to whom, over real sockets."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any
from uuid import UUID

import aiohttp
import pytest

from federation.actions import (
    announcements,
    announcing,
    blocks,
    cards,
    collections,
    lists,
    profiles,
    reactions,
    sessions,
)
from federation.actions.announcing import AnnouncementDraft
from federation.actions.collections import CollectionForm
from federation.actions.delete_thought import delete_thought
from federation.actions.edit_thought import Revision, edit_thought
from federation.actions.emojis import add_emoji
from federation.actions.filters import FilterForm, KeywordForm, delete_filter, make_filter
from federation.actions.gates import set_network
from federation.actions.lists import ListForm
from federation.actions.profiles import ProfileForm
from federation.actions.receive_thought import receive_deletion
from storage.database import Database
from storage.live import Live
from storage.news import Changed, tell
from tests.acting import execute, follow, hear, say
from tests.actions.test_emojis import picture
from tests.client_api.contract import problems
from tests.remote.fediverse import running
from tests.services_fixture import make_person, make_remote_person, make_settings, open_test_services
from tests.streaming.conftest import Server, serving
from web.security import cookie_name

if TYPE_CHECKING:
    from pathlib import Path

    from federation.services import Services
    from storage.people import Person


@pytest.fixture
async def ann(services: Services) -> Person:
    """Ann, who listens."""
    return await make_person(services, "ann")


@pytest.fixture
async def bob(services: Services, ann: Person) -> Person:
    """Bob, whom Ann follows."""
    bob = await make_person(services, "bob")
    await follow(services, ann, bob)
    return bob


async def test_a_new_thought_of_a_followee_arrives_as_a_status(server: Server, ann: Person, bob: Person) -> None:
    socket = await server.socket(ann, "user")
    said = await say(server.services, bob, "good morning")
    heard = await socket.hear()
    assert (heard.stream, heard.event, heard.payload["id"]) == (["user"], "update", str(said.id))
    assert problems("Status", heard.payload) == []
    assert "favourited" not in heard.payload, "one payload for everybody tells nobody's own marks"


async def test_conversations_and_changed_filters_are_told_to_their_owner(
    server: Server, ann: Person, bob: Person
) -> None:
    direct, user = await server.socket(ann, "direct"), await server.socket(ann, "user")
    await make_filter(server.services, bob, FilterForm("Fog", ["home"]))
    await make_filter(server.services, ann, FilterForm("Fog", ["home"]))
    assert (await user.hear()).event == "filters_changed"
    letter = await say(server.services, bob, "@ann psst", visibility="direct")
    heard = await direct.hear()
    assert (heard.stream, heard.event) == (["direct"], "conversation")
    assert problems("Conversation", heard.payload) == []
    assert heard.payload["last_status"]["id"] == str(letter.id)


async def test_what_falls_under_a_filter_says_so_to_whose_it_is_alone(server: Server, ann: Person, bob: Person) -> None:
    eve = await make_person(server.services, "eve")
    await follow(server.services, eve, bob)
    fog = await make_filter(server.services, ann, FilterForm("Fog", ["home", "public"]), [KeywordForm("fog")])
    friends = await lists.make_list(server.services, ann, ListForm("Friends"))
    await lists.add_to_list(server.services, ann, friends.id, [bob.id])
    hers = [await server.socket(ann, stream) for stream in ("user", "public")]
    hers.append(await server.socket(ann))
    await hers[-1].subscribe("list", list=str(friends.id))
    await hers[-1].in_order()
    others = [await server.socket(eve, "user"), await server.socket(bob, "public")]
    said = await say(server.services, bob, "Nothing but fog")
    for socket in hers:
        heard = (await socket.hear()).payload
        assert [one["filter"]["id"] for one in heard["filtered"]] == [str(fog.filter.id)]
        assert (heard["filtered"][0]["keyword_matches"], problems("Status", heard)) == (["fog"], [])
    for socket in others:
        assert "filtered" not in (await socket.hear()).payload
    await say(server.services, bob, "A clear day")
    for socket in hers:
        assert not (await socket.hear()).payload.get("filtered")
    await edit_thought(server.services, bob, said.id, Revision("Still nothing but fog"))
    heard = await hers[0].hear()
    assert (heard.event, len(heard.payload["filtered"])) == ("status.update", 1)
    await delete_filter(server.services, ann, fog.filter.id)
    assert (await hers[0].hear()).event == "filters_changed"
    await say(server.services, bob, "And more fog")
    assert not (await hers[0].hear()).payload.get("filtered")


async def test_a_card_follows_its_thought(server: Server, ann: Person, bob: Person) -> None:
    async with running("127.0.0.4") as site:
        site.put("/fog", "<title>Fog</title>", "text/html")
        socket = await server.socket(ann, "user")
        said = await say(server.services, bob, f"{site.origin}/fog")
        heard = await socket.hear()
        assert (heard.event, heard.payload["card"]) == ("update", None)
        await cards.drain(server.services)
        heard = await socket.hear()
    assert (heard.event, heard.payload["id"], heard.payload["edited_at"]) == ("status.update", str(said.id), None)
    assert heard.payload["card"]["title"] == "Fog"


async def test_boosts_edits_and_deletions_follow(server: Server, ann: Person, bob: Person) -> None:
    carol = await make_person(server.services, "carol")
    said = await say(server.services, carol, "worth repeating")
    socket = await server.socket(ann, "user")
    boost = await reactions.boost_thought(server.services, bob, said.id)
    heard = await socket.hear()
    assert (heard.event, heard.payload["id"], heard.payload["reblog"]["id"]) == ("update", str(boost), str(said.id))
    await edit_thought(server.services, carol, said.id, Revision("worth repeating often"))
    heard = await socket.hear()
    assert (heard.event, heard.payload["id"]) == ("status.update", str(said.id))
    await reactions.unboost_thought(server.services, bob, said.id)
    heard = await socket.hear()
    assert (heard.event, heard.payload) == ("delete", str(boost))
    own = await say(server.services, bob, "soon gone")
    assert (await socket.hear()).event == "update"
    await delete_thought(server.services, bob, own.id)
    heard = await socket.hear()
    assert (heard.event, heard.payload) == ("delete", str(own.id))


async def test_a_deleted_thought_takes_its_boosts_with_it(server: Server, ann: Person, bob: Person) -> None:
    carol = await make_person(server.services, "carol")
    said = await say(server.services, carol, "worth repeating")
    boost = await reactions.boost_thought(server.services, bob, said.id)
    socket = await server.socket(ann, "user")
    await delete_thought(server.services, carol, said.id)
    heard = await socket.hear()
    assert (heard.event, heard.payload) == ("delete", str(boost))


async def test_remote_thoughts_arrive_and_go(server: Server, ann: Person) -> None:
    eve = await make_remote_person(server.services, "eve")
    await follow(server.services, ann, eve)
    socket = await server.socket(ann, "user", "public:remote", "public:local")
    await hear(server.services, eve, "<p>old</p>")  # fetched, not delivered: streams do not tell of it
    said = await hear(server.services, eve, "<p>news</p>", arriving=True)
    heard = [await socket.hear(), await socket.hear()]
    assert {one.stream[0] for one in heard} == {"user", "public:remote"}
    assert {one.payload["id"] for one in heard} == {str(said.id)}
    await receive_deletion(server.services, eve, said.ap_id)
    gone = [await socket.hear(), await socket.hear()]
    assert {(one.stream[0], one.event, one.payload) for one in gone} == {
        ("user", "delete", str(said.id)),
        ("public:remote", "delete", str(said.id)),
    }


async def test_notifications_arrive_whole(server: Server, ann: Person, bob: Person) -> None:
    said = await say(server.services, ann, "like this")
    socket = await server.socket(ann, "user", "user:notification")
    await reactions.like_thought(server.services, bob, said.id)
    heard = [await socket.hear(), await socket.hear()]
    assert {one.stream[0] for one in heard} == {"user", "user:notification"}
    for one in heard:
        assert (one.event, one.payload["type"], one.payload["status"]["id"]) == (
            "notification",
            "favourite",
            str(said.id),
        )
        assert problems("Notification", one.payload) == []


async def test_notifications_carry_the_collection_that_they_tell_of(server: Server, ann: Person, bob: Person) -> None:
    socket = await server.socket(ann, "user:notification")
    ann = await profiles.edit_profile(server.services, ann, ProfileForm("Ann", "", feature_policy="public"))
    for name in ("Good company", "Boats"):
        made = await collections.make_collection(server.services, bob, CollectionForm(name), [ann.id])
        heard = await socket.hear()
        assert (heard.event, heard.payload["type"]) == ("notification", "added_to_collection")
        assert heard.payload["collection"]["id"] == str(made.collections[0].id)
        assert problems("Notification", heard.payload) == []


async def test_public_and_hashtag_streams_carry_what_is_public(server: Server, ann: Person) -> None:
    dora = await make_person(server.services, "dora")
    socket = await server.socket(ann, "public", "public:local", "public:remote", "public:media")
    await socket.subscribe("hashtag", tag="Tea")
    await socket.subscribe("hashtag:local", tag="tea")
    await socket.in_order()
    await say(server.services, dora, "quiet #tea", visibility="unlisted")
    await say(server.services, dora, "for friends #tea", visibility="followers")
    said = await say(server.services, dora, "a pot of #tea")
    heard = [await socket.hear() for _ in range(4)]
    assert {tuple(one.stream) for one in heard} == {
        ("public",), ("public:local",), ("hashtag", "Tea"), ("hashtag:local", "tea"),
    }  # fmt: skip
    assert {one.payload["id"] for one in heard} == {str(said.id)}


async def test_a_list_stream_carries_its_members_alone_and_is_its_owners(
    server: Server, ann: Person, bob: Person
) -> None:
    carol = await make_person(server.services, "carol")
    await follow(server.services, ann, carol)
    owned = await lists.make_list(server.services, ann, ListForm("Close"))
    await lists.add_to_list(server.services, ann, owned.id, [bob.id])
    socket = await server.socket(ann)
    await socket.subscribe("list", list=str(owned.id))
    other = await server.socket(carol)
    await other.subscribe("list", list=str(owned.id))
    assert await other.error() == "You have no such list."
    await socket.in_order()
    await say(server.services, carol, "not on it")
    said = await say(server.services, bob, "on it")
    heard = await socket.hear()
    assert (heard.stream, heard.payload["id"]) == (["list", str(owned.id)], str(said.id))


async def test_nobody_hears_what_they_may_not_see_or_have_hidden(server: Server, ann: Person, bob: Person) -> None:
    eve, mia = await make_person(server.services, "eve"), await make_person(server.services, "mia")
    dora = await make_person(server.services, "dora")
    await blocks.block_person(server.services, ann, eve)
    await blocks.mute_person(server.services, ann, mia)
    await blocks.block_person(server.services, dora, ann)
    socket = await server.socket(ann, "user", "public")
    for hidden in (eve, mia, dora):
        await say(server.services, hidden, "look at me")
    await say(server.services, mia, "hey @ann")
    await say(server.services, bob, "for @eve alone", visibility="direct")
    last = await say(server.services, bob, "hello")
    heard = [await socket.hear(), await socket.hear()]
    assert {one.payload["id"] for one in heard} == {str(last.id)}


async def test_an_unsubscribed_stream_is_quiet_and_the_others_go_on(server: Server, ann: Person, bob: Person) -> None:
    socket = await server.socket(ann, "user", "public")
    await socket.unsubscribe("public")
    await socket.in_order()
    first, second = await say(server.services, bob, "one"), await say(server.services, bob, "two")
    heard = [await socket.hear(), await socket.hear()]
    assert [(one.stream, one.payload["id"]) for one in heard] == [
        (["user"], str(first.id)), (["user"], str(second.id)),
    ]  # fmt: skip


async def test_the_token_comes_by_query_header_or_subprotocol(server: Server, ann: Person, bob: Person) -> None:
    token = await server.token(ann)
    ways: list[dict[str, object]] = [
        {"query": f"?access_token={token}&stream=user"},
        {"headers": {"Authorization": f"Bearer {token}"}, "query": "/?stream=user"},
        {"protocols": [token], "query": "?stream=user"},
    ]
    sockets = [await server.socket(None, **way) for way in ways]  # type: ignore[arg-type]
    assert sockets[2].ws.protocol == token, "browsers want the subprotocol back"
    said = await say(server.services, bob, "hello")
    assert [(await socket.hear()).payload["id"] for socket in sockets] == [str(said.id)] * 3


@pytest.mark.parametrize("token", [None, "wrong"])
async def test_without_a_good_token_nothing_opens(server: Server, token: str | None) -> None:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    assert await server.handshake(headers) == 401
    for path in ("user", "public", "direct", "list?list=1", "hashtag?tag=x", "user/notification"):
        async with server.client.get(f"{server.url}/api/v1/streaming/{path}", headers=headers) as answer:
            assert answer.status == 401
    assert not server.hub.clients


async def test_scopes_bound_what_is_heard(server: Server, ann: Person, bob: Person) -> None:
    notices = await server.socket(ann, scopes="read:notifications")
    await notices.subscribe("user")
    assert await notices.error() == "Access token does not have the required scopes"
    await notices.subscribe("user:notification")
    await notices.in_order()
    statuses = await server.socket(ann, "user", scopes="read:statuses")
    await statuses.subscribe("user:notification")
    assert await statuses.error() == "Access token does not have the required scopes"
    said = await say(server.services, ann, "like this")
    assert (await statuses.hear()).event == "update"
    await reactions.like_thought(server.services, bob, said.id)
    await say(server.services, bob, "next")
    assert (await notices.hear()).event == "notification"
    assert (await statuses.hear()).event == "update", "no notification for a token that may not read them"
    writer = await server.token(ann, "write")
    async with server.client.get(f"{server.url}/api/v1/streaming/user?access_token={writer}") as answer:
        assert answer.status == 401


async def test_server_sent_events_tell_the_same(server: Server, ann: Person, bob: Person) -> None:
    user = await server.events(ann, "user")
    tags = await server.events(ann, "hashtag", tag="tea")
    public = await server.events(ann, "public/local")
    media = await server.events(ann, "public", only_media="true")
    assert user.answer.headers["Content-Type"] == "text/event-stream"
    assert user.answer.headers["Access-Control-Allow-Origin"] == "*"
    said = await say(server.services, bob, "a cup of #tea")
    for stream in (user, tags, public):
        heard = await stream.hear()
        assert (heard.event, heard.payload["id"]) == ("update", str(said.id))
    await delete_thought(server.services, bob, said.id)
    assert ((heard := await user.hear()).event, heard.payload) == ("delete", str(said.id))
    for stream in (user, tags, public, media):
        stream.answer.close()
    await server.until(lambda: not server.hub.clients)


@pytest.mark.parametrize(
    ("path", "status"),
    [("nonsense", 404), ("public:media", 404), ("hashtag", 400), ("list?list=1", 404), ("health", 200)],
)
async def test_paths_that_are_no_stream_answer_shortly(server: Server, ann: Person, path: str, status: int) -> None:
    headers = {"Authorization": f"Bearer {await server.token(ann)}"}
    async with server.client.get(f"{server.url}/api/v1/streaming/{path}", headers=headers) as answer:
        assert answer.status == status
        assert await answer.text() == "OK" if path == "health" else "error" in await answer.json()


async def test_messages_that_make_no_sense_change_nothing(server: Server, ann: Person, bob: Person) -> None:
    socket = await server.socket(ann, "user")
    for text in ("", "[]", "{", '{"type": 1}', '{"type": "subscribe", "stream": {"a": 1}}', "x" * 100_000):
        await socket.ws.send_str(text)
    await socket.ws.send_bytes(b"\xff\x00")
    assert await socket.error() == "Unknown stream type"
    said = await say(server.services, bob, "still there?")
    assert (await socket.hear()).payload["id"] == str(said.id)


async def test_changes_of_lists_and_filters_are_told_by_name(server: Server, ann: Person, bob: Person) -> None:
    socket, other = await server.socket(ann, "user"), await server.socket(bob, "user")
    async with server.services.database.transaction() as db:
        tell(db, Changed("filters_changed", [ann.id]))
        tell(db, Changed("announcement.delete", [], "7"))
    assert (await socket.hear()).event == "filters_changed"
    heard = [await socket.hear(), await other.hear()]
    assert [(one.event, one.payload) for one in heard] == [("announcement.delete", "7")] * 2


async def test_announcements_and_reactions_to_them_are_told_to_everybody(
    server: Server, ann: Person, bob: Person
) -> None:
    services, root = server.services, await make_person(server.services, "root", role="admin")
    await add_emoji(services, root, shortcode="blob", category="", data=picture())
    sockets = [await server.socket(person, "user") for person in (ann, bob)]

    async def heard() -> tuple[str, Any]:
        first, second = [await socket.hear() for socket in sockets]
        assert first == second
        return first.event, first.payload

    draft = AnnouncementDraft("Hear :blob:", scheduled_at=services.now())
    written = await announcing.write_announcement(services, root, draft, publish=False)
    about = {"name": "blob", "announcement_id": str(written.id)}
    for _ in range(2):
        await announcing.keep_times(services)
    event, told = await heard()
    assert event == "announcement"
    assert problems("Announcement", told) == []
    assert "read" not in told
    await announcements.react_to_announcement(services, ann, written.id, "blob")
    event, told = await heard()
    assert (event, told) == ("announcement.reaction", told | about | {"count": 1})
    assert "me" not in told
    await announcements.unreact_to_announcement(services, ann, written.id, "blob")
    assert await heard() == ("announcement.reaction", about | {"count": 0})
    await announcing.edit_announcement(services, root, written.id, AnnouncementDraft("Hear again"))
    event, told = await heard()
    assert (event, told["content"]) == ("announcement", "<p>Hear again</p>")
    await announcing.unpublish_announcement(services, root, written.id)
    assert await heard() == ("announcement.delete", str(written.id))


async def test_what_is_rolled_back_is_never_told(server: Server, ann: Person) -> None:
    socket = await server.socket(ann, "user")
    with pytest.raises(ZeroDivisionError):
        async with server.services.database.transaction() as db:
            tell(db, Changed("never", [ann.id]))
            raise ZeroDivisionError
    async with server.services.database.transaction() as db:
        tell(db, Changed("after", [ann.id]))
    assert (await socket.hear()).event == "after"


async def test_another_process_tells_too(
    server: Server, fresh_database_url: str, live: Live, tmp_path: Path, ann: Person, bob: Person
) -> None:
    socket = await server.socket(ann, "user")
    database = await Database.connect(fresh_database_url)
    async with open_test_services(make_settings(tmp_path), database, live) as elsewhere:
        said = await say(elsewhere, bob, "from a worker")
        assert (await socket.hear()).payload["id"] == str(said.id)
    await database.close()


async def test_a_revoked_token_and_a_suspended_person_end_their_streams(
    server: Server, ann: Person, bob: Person
) -> None:
    streams = [await server.socket(ann, "user"), await server.socket(bob, "user")]
    await server.hub.end_dead(server.services)
    assert len(server.hub.clients) == 2
    await execute(server.services, "UPDATE access_tokens SET revoked_at = now() WHERE user_id = $1", ann.id)
    await execute(server.services, "UPDATE users SET state = 'suspended' WHERE id = $1", bob.id)
    await server.hub.end_dead(server.services)
    for stream in streams:
        assert (await stream.ws.receive(timeout=5)).type is aiohttp.WSMsgType.CLOSE
    await server.until(lambda: not server.hub.clients)


async def test_a_client_that_does_not_read_is_let_go(server: Server, ann: Person, bob: Person) -> None:
    token = await server.token(ann)
    reader, writer = await asyncio.open_connection("127.0.0.1", int(server.url.rpartition(":")[2]), limit=1024)
    writer.write(f"GET /api/v1/streaming/user?access_token={token} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    await reader.readuntil(b":)\n")
    await server.until(lambda: len(server.hub.clients) == 1)
    while server.hub.clients:
        async with server.services.database.transaction() as db:
            for _ in range(100):
                tell(db, Changed("big", [ann.id], "x" * 10_000))
        await asyncio.sleep(0.02)
    writer.close()


async def test_stopping_ends_streams_at_once(services: Services, ann: Person) -> None:
    async with serving(services) as server:
        sockets = [await server.socket(ann, "user") for _ in range(3)]
        events = await server.events(ann, "user")
        began = time.monotonic()
        server.stopped.set()
        for socket in sockets:
            message = await socket.ws.receive(timeout=5)
            assert (message.type, message.data) == (aiohttp.WSMsgType.CLOSE, 1001)
        assert await events.answer.content.read() == b""
        await server.task
        assert time.monotonic() - began < 5


async def test_without_redis_streams_are_quiet_and_nothing_else_notices(
    fresh_database: Database, tmp_path: Path
) -> None:
    async with open_test_services(make_settings(tmp_path), fresh_database, Live(None, prefix="x")) as services:
        ann = await make_person(services, "ann")
        async with serving(services) as server:
            socket = await server.socket(ann, "user")
            await say(services, ann, "unheard, and stored")
            await socket.in_order()


async def test_one_person_has_a_bounded_number_of_streams(
    server: Server, ann: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.streaming.hub.MOST_PER_PERSON", 2)
    first, _ = await server.socket(ann), await server.socket(ann)
    assert await server.handshake({"Authorization": f"Bearer {await server.token(ann)}"}) == 429
    await first.ws.close()
    await server.until(lambda: len(server.hub.clients) == 1)
    await server.socket(ann)


async def test_the_home_page_hears_by_its_session_that_there_is_more(server: Server, ann: Person, bob: Person) -> None:
    url = f"{server.url}/home/stream"
    async with server.client.get(url) as answer:
        assert answer.status == 401
    secret = await sessions.start_session(server.services, ann, address="127.0.0.1", user_agent="test")
    cookie = {"Cookie": f"{cookie_name(server.services.settings, 'session')}={secret}"}
    async with server.client.get(url, headers={**cookie, "Sec-Fetch-Site": "cross-site"}) as answer:
        assert answer.status == 401
    async with server.client.get(url, headers={**cookie, "Sec-Fetch-Site": "same-origin"}) as answer:
        assert answer.status == 200
        await answer.content.readline()
        await say(server.services, bob, "news")
        assert await answer.content.readline() == b"event: update\n"
        assert await answer.content.readline() == b"data:\n"
    async with server.client.get(f"{server.url}/api/v1/streaming/user", headers=cookie) as answer:
        assert answer.status == 401, "cookies count for nothing in the API"


async def test_compression_is_declined_and_pings_are_answered(server: Server, ann: Person) -> None:
    socket = await server.socket(ann, compress=15)
    assert socket.ws.compress == 0
    await socket.ws.ping()
    await socket.in_order()
    assert UUID(str(ann.id))


async def test_a_network_without_access_hears_nothing(server: Server, ann: Person) -> None:
    await set_network(
        server.services, await make_person(server.services, "boss", role="admin"), "192.0.2.0/24", "no_access"
    )
    token = {"Authorization": f"Bearer {await server.token(ann)}"}
    secret = await sessions.start_session(server.services, ann, address="127.0.0.1", user_agent="test")
    session = {"Cookie": f"{cookie_name(server.services.settings, 'session')}={secret}"}
    for source, refused in (("192.0.2.7", True), ("198.51.100.7", False)):
        near = {"X-Forwarded-For": source}
        assert (await server.handshake(token | near) == 403) is refused
        for path, known in (("/api/v1/streaming/user", token), ("/home/stream", session)):
            async with server.client.get(server.url + path, headers=known | near) as answer:
                assert answer.status == (403 if refused else 200), path
