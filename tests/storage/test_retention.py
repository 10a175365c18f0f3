"""Retention: each rule takes what is old and keeps what somebody has a stake in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from federation.actions import reactions, timelines
from federation.services import Services
from storage import retention
from storage.people import Person
from storage.thoughts import Thought
from tests.acting import PAGE, again, execute, follow, hear, ids, say, scalar
from tests.services_fixture import make_person, make_remote_person

OLD_THOUGHTS = timedelta(days=90)


async def _run(services: Services, name: str, limit: int = 100) -> int:
    async with services.database.transaction() as db:
        return await retention.run_batch(db, name, limit=limit)


async def _purge(services: Services) -> int:
    await execute(services, "UPDATE thoughts SET arrived_at = arrived_at - interval '91 days'")
    async with services.database.transaction() as db:
        return await retention.purge_remote_thoughts(db, OLD_THOUGHTS, limit=100)


async def _like(services: Services, one: Person, thought: Thought) -> None:
    await reactions.like_thought(services, one, thought.id)


async def _boost(services: Services, one: Person, thought: Thought) -> None:
    await reactions.boost_thought(services, one, thought.id)


async def _bookmark(services: Services, one: Person, thought: Thought) -> None:
    await reactions.bookmark_thought(services, one, thought.id)


async def _answer(services: Services, one: Person, thought: Thought) -> None:
    await say(services, one, "yes", reply_to=thought.id)


async def _follow(services: Services, one: Person, thought: Thought) -> None:
    await execute(services, "INSERT INTO follows (follower_id, following_id, state, ap_id) VALUES ($1, $2, 'accepted', "
                  "'https://x.example')", one.id, thought.user_id)  # fmt: skip


async def _mention(services: Services, one: Person, thought: Thought) -> None:
    await execute(services, "INSERT INTO mentions (thought_id, user_id) VALUES ($1, $2)", thought.id, one.id)


Stake = Callable[[Services, Person, Thought], Awaitable[None]]
STAKES: list[Stake] = [_like, _boost, _bookmark, _answer, _follow, _mention]


@pytest.mark.parametrize("stake", STAKES)
async def test_a_remote_thought_stays_while_somebody_here_has_a_stake(services: Services, stake: Stake) -> None:
    ada, rita = await make_person(services, "ada"), await make_remote_person(services, "rita")
    thought = await hear(services, rita)
    await stake(services, ada, thought)
    assert await _purge(services) == 0


@pytest.mark.parametrize("stake", [_like, _boost, _mention, _follow])
async def test_a_stake_of_other_servers_is_none(services: Services, stake: Stake) -> None:
    rita, remo = await make_remote_person(services, "rita"), await make_remote_person(services, "remo", "other.example")
    thought = await hear(services, rita)
    if stake in (_like, _boost):
        act = reactions.like_thought if stake is _like else reactions.boost_thought
        await act(services, remo, thought.id, ap_id="https://other.example/1")  # type: ignore[operator]
    else:
        await stake(services, remo, thought)
    assert await _purge(services) == 1


async def test_what_answers_one_of_ours_stays(services: Services) -> None:
    ada, rita = await make_person(services, "ada"), await make_remote_person(services, "rita")
    own = await say(services, ada)
    await hear(services, rita, inReplyTo=own.ap_id)
    assert await _purge(services) == 0


async def test_purging_counts_down_and_leaves_what_is_ours_or_new(services: Services) -> None:
    ada, rita = await make_person(services, "ada"), await make_remote_person(services, "rita")
    own = await say(services, ada)
    parent = await hear(services, rita)
    await hear(services, rita, inReplyTo=parent.ap_id)
    await reactions.like_thought(services, ada, parent.id)
    assert await _purge(services) == 1
    assert (await again(services, rita)).thoughts_count == 1
    assert await scalar(services, "SELECT replies_count FROM thoughts WHERE id = $1", parent.id) == 0
    new = await hear(services, rita)
    async with services.database.transaction() as db:
        assert await retention.purge_remote_thoughts(db, OLD_THOUGHTS, limit=100) == 0
    assert {one.id for one in (own, parent, new)} == set(
        await scalar(services, "SELECT array_agg(id) FROM thoughts")
    )  # fmt: skip


async def test_a_home_keeps_its_newest_thousand(services: Services) -> None:
    ada, bob = [await make_person(services, name) for name in ("ada", "bob")]
    await follow(services, ada, bob)
    newest = await say(services, bob)
    await execute(
        services,
        """WITH made AS (INSERT INTO thoughts (id, user_id, content, visibility, ap_id, url)
            SELECT uuid7(now() - n * interval '1 day'), $1, 'x', 'public', 'https://x.example/' || n, ''
            FROM generate_series(1, 1004) n RETURNING id),
        entered AS (INSERT INTO entries (id, user_id, thought_id, kind) SELECT id, $1, id, 'thought' FROM made)
        INSERT INTO home_entries (user_id, entry_id) SELECT $2, id FROM made""",
        bob.id,
        ada.id,
    )
    assert await _run(services, "home entries", 3) == 3
    assert await _run(services, "home entries") == 2
    assert await _run(services, "home entries") == 0
    assert await scalar(services, "SELECT count(*) FROM home_entries WHERE user_id = $1", ada.id) == 1000
    assert ids(await timelines.get_home(services, ada, PAGE))[0] == newest.id


async def test_home_entries_of_what_is_gone_are_swept(services: Services) -> None:
    ada = await make_person(services, "ada")
    kept = await say(services, ada)
    await execute(services, "INSERT INTO home_entries (user_id, entry_id) VALUES ($1, uuid7(now()))", ada.id)
    assert await _run(services, "dangling home entries") == 1
    assert ids(await timelines.get_home(services, ada, PAGE)) == [kept.id]


# Two apps, one of which came two days ago.
_APPS = """WITH made AS (
        INSERT INTO apps (id, client_id, secret_hash, name, redirect_uris, scopes)
        SELECT uuid7(now() - age), age::text, '', 'x', '{x:}', '{read}'
        FROM (VALUES (interval '2 days'), ('1 hour')) AS x (age) RETURNING id, client_id)
    """
AGED: dict[str, tuple[str, int]] = {
    "authorization codes": (
        _APPS
        + """INSERT INTO authorization_codes (code_hash, app_id, user_id, redirect_uri, scopes, expires_at)
        SELECT client_id::bytea, made.id, users.id, 'x:', '{read}', now() - client_id::interval
        FROM made, users WHERE username = 'ada'""",
        1,
    ),
    "revoked tokens": (
        """INSERT INTO access_tokens (token_hash, user_id, scopes, revoked_at)
        SELECT n::bytea, id, '{read}', at FROM users, (VALUES ('1', now() - interval '31 days'),
            ('2', now() - interval '29 days'), ('3', NULL)) AS x (n, at) WHERE username = 'ada'""",
        1,
    ),
    "idle app tokens": (
        _APPS
        + """INSERT INTO access_tokens (id, token_hash, user_id, app_id, scopes, created_at, last_used_at)
        SELECT uuid7(now() - age), n::bytea, CASE WHEN n = '3' THEN users.id END, made.id, '{read}', now() - age, used
        FROM made, users, (VALUES ('1', interval '31 days', NULL), ('2', '31 days', now() - interval '29 days'),
            ('3', '31 days', NULL), ('4', '29 days', NULL)) AS x (n, age, used)
        WHERE username = 'ada' AND client_id::interval > '1 day'""",
        1,
    ),
    "idle apps": (_APPS + "SELECT FROM made", 1),
    "unconfirmed accounts": (
        """INSERT INTO users (id, username, email, password_hash, ap_id, inbox_url, profile_url, state,
            needs_confirmation)
        SELECT uuid7(now() - age), n, n, '', n, n, n, state, waits
        FROM (VALUES ('a', interval '8 days', 'pending', true), ('b', '6 days', 'pending', true),
            ('c', '8 days', 'pending', false), ('d', '8 days', 'active', false)) AS x (n, age, state, waits)""",
        1,
    ),
    "finished mails": (
        """INSERT INTO mails (user_id, kind, address, state, created_at)
        SELECT id, 'confirmation', 'x', x.state, now() - age FROM users, (VALUES ('sent', interval '31 days'),
            ('pending', '31 days'), ('sent', '29 days')) AS x (state, age) WHERE username = 'ada'""",
        1,
    ),
    "inbox bodies": (
        """INSERT INTO inbox_activities (signer_id, host, type, body, state, received_at)
        SELECT id, 'x', 'Like', '', x.state, now() - age FROM users,
            (VALUES ('done', interval '8 days'), ('ignored', '8 days'), ('discarded', '8 days'),
                ('done', '6 days'), ('pending', '8 days'), ('dead', '8 days')) AS x (state, age)
        WHERE username = 'ada'""",
        3,
    ),
    "seen activities": (
        """INSERT INTO seen_activities (key, received_at)
        VALUES ('\\x01', now() - interval '91 days'), ('\\x02', now() - interval '89 days')""",
        1,
    ),
    "sessions": (
        """INSERT INTO sessions (user_id, token_hash, expires_at) SELECT id, x.key, now() + x.lasts FROM users,
            (VALUES ('\\x01'::bytea, interval '-1 minute'), ('\\x02', '1 minute')) AS x (key, lasts)
        WHERE username = 'ada'""",
        1,
    ),
    "idempotency keys": (
        """INSERT INTO idempotency_keys (user_id, key, thought_id, created_at) SELECT id, age::text, id, now() - age
        FROM users, (VALUES (interval '25 hours'), ('23 hours')) AS x (age) WHERE username = 'ada'""",
        1,
    ),
    "sign-in failures": (
        """INSERT INTO sign_in_failures (account, address, failures, updated_at)
        SELECT age::text, '', 1, now() - age FROM (VALUES (interval '25 hours'), ('23 hours')) AS x (age)""",
        1,
    ),
    "notifications": (
        """INSERT INTO notifications (id, user_id, type, actor_id, thought_id, created_at)
        SELECT uuid7(now() - age), a.id, kind, b.id, NULL, now() - age
        FROM users a, users b,
            (VALUES ('follow', interval '13 months'), ('follow_request', '11 months')) AS x (kind, age)
        WHERE a.username = 'ada' AND b.username = 'bob'""",
        1,
    ),
    "resolved dead letters": (
        """INSERT INTO failed_events (kind, source_id, host, subject, error_class, resolution, resolved_at, died_at)
        SELECT 'fetch', gen_random_uuid(), 'x', 'x', 'x', resolution, at, now() - interval '1 year'
        FROM (VALUES ('retried', now() - interval '91 days'), ('discarded', now() - interval '89 days'), (NULL, NULL))
            AS x (resolution, at)""",
        1,
    ),
}


@pytest.mark.parametrize("name", AGED)
async def test_the_old_goes_and_the_rest_stays(services: Services, name: str) -> None:
    for person in ("ada", "bob"):
        await make_person(services, person)
    sql, gone = AGED[name]
    await execute(services, sql)
    assert await _run(services, name) == gone
    assert await _run(services, name) == 0


async def test_an_app_stays_while_anybody_could_use_it(services: Services) -> None:
    ada = await make_person(services, "ada")
    insert = """INSERT INTO apps (id, client_id, secret_hash, name, redirect_uris, scopes)
        VALUES (uuid7(now() - interval '1 year'), $1, '', 'x', '{x:}', '{read}') RETURNING id"""
    signed_up, allowed, granted = [await scalar(services, insert, name) for name in ("a", "b", "c")]
    await execute(services, "UPDATE users SET created_by_app = $1 WHERE id = $2", signed_up, ada.id)
    await execute(
        services, "INSERT INTO access_tokens (token_hash, app_id, scopes) VALUES ('x', $1, '{read}')", allowed
    )
    await execute(
        services,
        """INSERT INTO authorization_codes (code_hash, app_id, user_id, redirect_uri, scopes, expires_at)
        VALUES ('x', $1, $2, 'x:', '{read}', now())""",
        granted,
        ada.id,
    )
    assert await _run(services, "idle apps") == 0


async def test_delivered_rows_are_folded_into_counts(services: Services) -> None:
    ada = await make_person(services, "ada")
    thought = await say(services, ada)
    await execute(services, "INSERT INTO instances (host) VALUES ('x.example')")
    await execute(
        services,
        """WITH d AS (
            INSERT INTO deliveries
                (activity_id, activity_seq, sender_id, inbox_url, host, ordering_key, state, finished_at)
            SELECT id, seq, user_id, 'https://x.example/' || n, 'x.example', ordering_key, state, now() - age
            FROM activities, (VALUES (1, 'delivered', interval '31 days'), (2, 'delivered', '31 days'),
                (3, 'delivered', '29 days'), (4, 'discarded', '31 days'), (5, 'dead', '31 days')) AS x (n, state, age)
            RETURNING id, state)
        INSERT INTO failed_events (kind, source_id, host, subject, error_class)
        SELECT 'delivery', id, 'x.example', 'x', 'x' FROM d WHERE state = 'dead'""",
    )
    assert await _run(services, "finished deliveries") == 3
    assert await scalar(services, "SELECT delivered FROM instances") == 2
    assert await scalar(services, "SELECT array_agg(state ORDER BY state) FROM deliveries") == ["dead", "delivered"]
    reach = "SELECT delivered || ' ' || failed FROM thought_reach WHERE thought_id = $1"
    assert await scalar(services, reach, thought.id) == "2 1"


async def test_activities_go_when_nothing_needs_them(services: Services) -> None:
    ada, rita = await make_person(services, "ada"), await make_remote_person(services, "rita")
    thought = await say(services, ada)
    await follow(services, rita, ada)
    await execute(services, "UPDATE activities SET created_at = now() - interval '31 days'")
    assert await _run(services, "activities") == 0
    await execute(services, "DELETE FROM fanouts")
    # The Accept goes; the Create of a thought that stands is still served.
    assert await _run(services, "activities") == 1
    assert await scalar(services, "SELECT thought_id FROM activities") == thought.id
