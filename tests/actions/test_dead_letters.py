"""Dead letters: retried once, in the light of the present, discarded, and written down."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest

from federation.actions import blocks, dead_letters, follows, hosts, profiles, reactions
from federation.actions.delete_thought import delete_thought
from federation.actions.edit_thought import Revision, edit_thought
from federation.actions.profiles import ProfileForm
from federation.errors import Conflict, NotFound
from federation.services import Services
from storage import activities
from storage.failed_events import FailedEvent, Filter
from storage.people import Person
from tests.acting import execute, follow, hear, say, scalar
from tests.services_fixture import make_person, make_remote_person


@dataclass(frozen=True, slots=True)
class Post:
    """A delivery: of what, in which state."""

    type: str
    inbox_url: str
    state: str
    document: dict[str, Any]


async def expand(services: Services) -> None:
    """Make deliveries of all that was sent, as the relay does."""
    async with services.database.transaction() as db:
        while await activities.expand_fanouts(db, limit=1000):
            pass


async def die(services: Services) -> list[FailedEvent]:
    """Let every pending delivery die, and return all open dead letters, oldest first."""
    await expand(services)
    await execute(
        services,
        """WITH died AS (
            UPDATE deliveries SET state = 'dead', finished_at = now(), attempts = 12 WHERE state = 'pending'
            RETURNING id, host, activity_id, activity_seq)
        INSERT INTO failed_events (kind, source_id, host, subject, error_class)
        SELECT 'delivery', d.id, d.host, a.type, 'timeout' FROM died d JOIN activities a ON a.id = d.activity_id
        ORDER BY d.activity_seq""",
    )
    async with services.database.connection() as db:
        rows = await db.fetch("SELECT id, activity_seq FROM deliveries")
    order = {row["id"]: row["activity_seq"] for row in rows}
    found = (await dead_letters.list_letters(services, Filter(), limit=500)).events
    return sorted(found, key=lambda event: order[event.source_id])


async def posts(services: Services) -> list[Post]:
    """List all deliveries in the order of their activities."""
    await expand(services)
    async with services.database.connection() as db:
        rows = await db.fetch(
            """SELECT a.type, d.inbox_url, d.state, a.payload
            FROM deliveries d JOIN activities a ON a.id = d.activity_id
            ORDER BY a.seq, d.inbox_url"""
        )
    return [Post(kind, inbox, state, orjson.loads(payload or b"{}")) for kind, inbox, state, payload in rows]


async def states(services: Services) -> list[tuple[str, str]]:
    return [(post.type, post.state) for post in await posts(services)]


@pytest.fixture
async def ada(services: Services) -> Person:
    return await make_person(services, "ada")


@pytest.fixture
async def rita(services: Services) -> Person:
    return await make_remote_person(services, "rita")


async def test_a_retry_revives_once(services: Services, ada: Person, rita: Person) -> None:
    admin = await make_person(services, "admin", role="admin")
    await say(services, ada, "@rita@remote.example hi")
    [event] = await die(services)
    assert await dead_letters.retry_letter(services, event.id, by=admin) == "retried"
    assert await states(services) == [("Create", "pending")]
    row = "SELECT attempts = 0 AND due_at <= now() AND finished_at IS NULL FROM deliveries"
    assert await scalar(services, row)
    assert await scalar(services, "SELECT next_due_at <= now() FROM instances WHERE host = 'remote.example'")
    await execute(services, "UPDATE deliveries SET attempts = 3, due_at = now() + interval '1 hour'")
    with pytest.raises(Conflict):
        await dead_letters.retry_letter(services, event.id, by=None)
    assert await scalar(services, "SELECT attempts FROM deliveries") == 3
    assert await scalar(services, "SELECT due_at > now() FROM deliveries")
    resolved, _ = await dead_letters.get_letter(services, event.id)
    assert (resolved.resolution, resolved.resolved_by) == ("retried", "admin")
    assert await scalar(services, "SELECT array_agg(action) FROM audit_log") == ["dead letter retried"]


async def test_two_clicks_at_once_are_one(services: Services, ada: Person, rita: Person) -> None:
    await say(services, ada, "@rita@remote.example hi")
    [event] = await die(services)
    results = await asyncio.gather(
        *(dead_letters.retry_letter(services, event.id, by=None) for _ in range(3)),
        dead_letters.discard_letter(services, event.id, by=None),
        return_exceptions=True,
    )
    assert sum(isinstance(one, Conflict) for one in results) == 3
    assert await scalar(services, "SELECT count(*) FROM audit_log") == 1


async def test_what_dies_again_can_be_retried_again(services: Services, ada: Person, rita: Person) -> None:
    await say(services, ada, "@rita@remote.example hi")
    [first] = await die(services)
    await dead_letters.retry_letter(services, first.id, by=None)
    [second] = await die(services)
    assert second.id != first.id
    assert await dead_letters.retry_letter(services, second.id, by=None) == "retried"


async def test_a_running_delivery_is_left_alone(services: Services, ada: Person, rita: Person) -> None:
    await say(services, ada, "@rita@remote.example hi")
    [event] = await die(services)
    # It lives again by another way, and a worker holds it.
    lease = uuid4()
    await execute(services, "UPDATE deliveries SET state = 'pending', attempts = 2, lease = $1, "
                  "leased_until = now() + interval '1 minute'", lease)  # fmt: skip
    await dead_letters.retry_letter(services, event.id, by=None)
    assert await scalar(services, "SELECT lease FROM deliveries") == lease
    assert await scalar(services, "SELECT attempts FROM deliveries") == 2


async def test_instead_of_what_was_deleted_the_delete_is_sent(services: Services, ada: Person, rita: Person) -> None:
    other = await make_remote_person(services, "remo", "other.example")
    thought = await say(services, ada, "@rita@remote.example @remo@other.example hi")
    event = next(one for one in await die(services) if one.host == "remote.example")
    await execute(services, "DELETE FROM deliveries WHERE inbox_url = $1", other.inbox_url)
    await delete_thought(services, ada, thought.id)
    await execute(services, "DELETE FROM fanouts")
    assert await dead_letters.retry_letter(services, event.id, by=None) == "superseded"
    old, new = await posts(services)
    assert (old.type, old.state) == ("Create", "superseded")
    assert (new.type, new.state, new.inbox_url) == ("Delete", "pending", rita.inbox_url)
    assert new.document["object"]["id"] == thought.ap_id


async def test_the_delete_of_a_direct_thought_is_not_public(services: Services, ada: Person, rita: Person) -> None:
    thought = await say(services, ada, "@rita@remote.example hi", visibility="direct")
    [event] = await die(services)
    await delete_thought(services, ada, thought.id)
    await dead_letters.retry_letter(services, event.id, by=None)
    assert await scalar(services, "SELECT bool_or(public) FROM activities") is False


async def test_instead_of_what_was_edited_the_present_is_sent(services: Services, ada: Person, rita: Person) -> None:
    thought = await say(services, ada, "@rita@remote.example old")
    [event] = await die(services)
    await edit_thought(services, ada, thought.id, Revision("@rita@remote.example new"))
    await die(services)
    assert await dead_letters.retry_letter(services, event.id, by=None) == "superseded"
    new = (await posts(services))[-1]
    assert (new.type, new.inbox_url, new.state) == ("Create", rita.inbox_url, "pending")
    assert "new" in new.document["object"]["content"]


async def test_who_is_named_no_more_gets_no_news_of_a_direct_thought(services: Services, ada: Person) -> None:
    rita, remo = await make_remote_person(services, "rita"), await make_remote_person(services, "remo", "other.example")
    thought = await say(services, ada, "@rita@remote.example one", visibility="direct")
    [event] = await die(services)
    await edit_thought(services, ada, thought.id, Revision("@remo@other.example secret"))
    assert await dead_letters.retry_letter(services, event.id, by=None) == "superseded"
    got = {post.inbox_url for post in await posts(services) if "secret" in str(post.document)}
    assert got == {remo.inbox_url}
    assert rita.inbox_url not in got


async def _act(services: Services, ada: Person, rita: Person, what: str) -> UUID | None:
    match what:
        case "follow":
            await follows.follow_person(services, ada, rita)
            return None
        case "block":
            await blocks.block_person(services, ada, rita)
            return None
    thought = await hear(services, rita)
    act = {"like": reactions.like_thought, "boost": reactions.boost_thought}[what]
    await act(services, ada, thought.id)
    return thought.id


async def _undo(services: Services, ada: Person, rita: Person, what: str, thought_id: UUID | None) -> None:
    match what:
        case "follow":
            await follows.unfollow_person(services, ada, rita)
        case "block":
            await blocks.unblock_person(services, ada, rita)
        case "like":
            assert thought_id is not None
            await reactions.unlike_thought(services, ada, thought_id)
        case "boost":
            assert thought_id is not None
            await reactions.unboost_thought(services, ada, thought_id)


WHAT = ["follow", "like", "boost", "block"]


@pytest.mark.parametrize("what", WHAT)
async def test_what_still_stands_is_sent_again(services: Services, ada: Person, rita: Person, what: str) -> None:
    await _act(services, ada, rita, what)
    [event] = await die(services)
    assert await dead_letters.retry_letter(services, event.id, by=None) == "retried"
    assert [post.state for post in await posts(services)] == ["pending"]


@pytest.mark.parametrize("what", WHAT)
async def test_what_was_undone_is_not_sent(services: Services, ada: Person, rita: Person, what: str) -> None:
    about = await _act(services, ada, rita, what)
    [event] = await die(services)
    await _undo(services, ada, rita, what, about)
    assert await dead_letters.retry_letter(services, event.id, by=None) == "superseded"
    assert [(post.type == "Undo", post.state) for post in await posts(services)] == [
        (False, "superseded"), (True, "pending"),
    ]  # fmt: skip


@pytest.mark.parametrize("what", WHAT)
async def test_an_undo_of_what_was_done_anew_is_not_sent(
    services: Services, ada: Person, rita: Person, what: str
) -> None:
    about = await _act(services, ada, rita, what)
    await _undo(services, ada, rita, what, about)
    event = (await die(services))[-1]
    assert event.subject == "Undo"
    if about is None:
        await _act(services, ada, rita, what)
    else:
        act = {"like": reactions.like_thought, "boost": reactions.boost_thought}[what]
        await act(services, ada, about)
    assert await dead_letters.retry_letter(services, event.id, by=None) == "superseded"


@pytest.mark.parametrize("what", WHAT)
async def test_an_undo_that_still_holds_is_sent_again(services: Services, ada: Person, rita: Person, what: str) -> None:
    await _undo(services, ada, rita, what, await _act(services, ada, rita, what))
    event = (await die(services))[-1]
    assert await dead_letters.retry_letter(services, event.id, by=None) == "retried"


async def test_answers_to_follows_are_sent_while_they_hold(services: Services, ada: Person, rita: Person) -> None:
    await follow(services, rita, ada)
    [accept] = await die(services)
    await follows.reject_follow(services, ada, rita)
    reject = (await die(services))[-1]
    assert [accept.subject, reject.subject] == ["Accept", "Reject"]
    assert await dead_letters.retry_letter(services, accept.id, by=None) == "superseded"
    await follow(services, rita, ada)
    assert await dead_letters.retry_letter(services, reject.id, by=None) == "superseded"


async def test_an_old_profile_does_not_replace_the_present_one(services: Services, ada: Person, rita: Person) -> None:
    await follow(services, rita, ada)
    for name in ("One", "Two"):
        await profiles.edit_profile(services, ada, ProfileForm(name, ""))
    _, one, two = await die(services)
    assert await dead_letters.retry_letter(services, one.id, by=None) == "superseded"
    present = (await posts(services))[-1]
    assert (present.type, present.document["object"]["name"]) == ("Update", "Two")
    # The one just sent is the newest now: nothing more to say.
    assert await dead_letters.retry_letter(services, two.id, by=None) == "superseded"


async def test_discarding_gives_up_for_good(services: Services, ada: Person, rita: Person) -> None:
    await say(services, ada, "@rita@remote.example hi")
    [event] = await die(services)
    await dead_letters.discard_letter(services, event.id, by=ada)
    assert await states(services) == [("Create", "discarded")]
    for act in (dead_letters.discard_letter, dead_letters.retry_letter):
        with pytest.raises(Conflict):
            await act(services, event.id, by=ada)  # type: ignore[operator]
    assert await states(services) == [("Create", "discarded")]
    with pytest.raises(NotFound):
        await dead_letters.retry_letter(services, uuid4(), by=ada)


async def _letters(services: Services, count: int, host: str) -> None:
    await execute(
        services,
        """INSERT INTO failed_events (kind, source_id, host, subject, error_class)
        SELECT 'fetch', gen_random_uuid(), $2, 'x', 'timeout' FROM generate_series(1, $1)""",
        count,
        host,
    )


async def test_all_that_match_are_retried_over_many_pages(services: Services) -> None:
    await _letters(services, dead_letters.PAGE * 2 + 3, "one.example")
    await _letters(services, 2, "two.example")
    which = Filter(host="one.example")
    assert await dead_letters.retry_matching(services, which, by=None) == dead_letters.PAGE * 2 + 3
    assert await dead_letters.retry_matching(services, which, by=None) == 0
    left = await dead_letters.list_letters(services, Filter())
    assert ([one.host for one in left.events], left.total) == (["two.example"] * 2, 2)
    assert await scalar(services, "SELECT count(*) FROM audit_log") == dead_letters.PAGE * 2 + 3


async def test_filters_choose(services: Services) -> None:
    await _letters(services, 1, "one.example")
    await execute(services, "UPDATE failed_events SET died_at = now() - interval '2 days', error_class = 'tls'")
    await _letters(services, 1, "two.example")
    old = await scalar(services, "SELECT now() - interval '1 day'")
    for which, expected in (
        (Filter(host="two.example"), ["two.example"]), (Filter(error_class="tls"), ["one.example"]),
        (Filter(older_than=old), ["one.example"]), (Filter(kind="delivery"), []),
        (Filter(kind="fetch"), ["two.example", "one.example"]), (Filter(resolved=True), []),
    ):  # fmt: skip
        assert [one.host for one in (await dead_letters.list_letters(services, which)).events] == expected, which
    assert await dead_letters.list_error_classes(services) == ["timeout", "tls"]


async def test_discarding_and_retrying_all_at_once_resolves_each_once(services: Services) -> None:
    await _letters(services, 60, "one.example")
    done = await asyncio.gather(
        dead_letters.discard_matching(services, Filter(), by=None),
        dead_letters.retry_matching(services, Filter(), by=None),
        dead_letters.discard_matching(services, Filter(), by=None),
    )
    assert sum(done) == 60
    assert await scalar(services, "SELECT count(*) FROM audit_log") == 60


async def test_letters_to_refused_hosts_stay_until_they_are_not(services: Services, ada: Person, rita: Person) -> None:
    await say(services, ada, "@rita@remote.example hi")
    [event] = await die(services)
    await hosts.block_domain(services, "remote.example", "spam", by=None)
    with pytest.raises(Conflict):
        await dead_letters.retry_letter(services, event.id, by=None)
    assert await dead_letters.retry_matching(services, Filter(), by=None) == 0
    await hosts.unblock_domain(services, "remote.example", by=None)
    assert await dead_letters.retry_letter(services, event.id, by=None) == "retried"


async def test_incoming_and_fetches_are_revived_too(services: Services, rita: Person) -> None:
    await execute(
        services,
        """WITH i AS (INSERT INTO inbox_activities (signer_id, host, type, body, state, attempts)
            VALUES ($1, 'remote.example', 'Like', '{}', 'dead', 9) RETURNING id),
        f AS (INSERT INTO fetches (kind, url, state, attempts) VALUES ('thought', 'https://x.example/1', 'dead', 9)
            RETURNING id)
        INSERT INTO failed_events (kind, source_id, host, subject, error_class)
        SELECT 'inbox', id, 'remote.example', 'Like', 'crash' FROM i
        UNION ALL SELECT 'fetch', id, 'x.example', 'a thought', 'timeout' FROM f""",
        rita.id,
    )
    assert await dead_letters.retry_matching(services, Filter(), by=None) == 2
    for table in ("inbox_activities", "fetches"):
        assert await scalar(services, f"SELECT state || ' ' || attempts FROM {table}") == "pending 0", table
