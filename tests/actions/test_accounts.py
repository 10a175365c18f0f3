"""Accounts: who gets one, how it is looked after, and what its end leaves behind."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from federation.actions import accounts, blocks, documents, reactions, sessions
from federation.actions.accounts import SignUp
from federation.actions.delete_thought import delete_thought
from federation.actions.people import get_account
from federation.errors import Conflict, Forbidden, Gone, Invalid, NotFound
from federation.services import Services
from federation.settings import Registration
from storage import activities, endings
from storage.people import Person
from tests.acting import PUBLIC, again, execute, follow, hear, say, scalar, sent, told
from tests.services_fixture import PASSWORD, make_person, make_remote_person


def _form(**changes: str) -> SignUp:
    return replace(SignUp("ada", "ada@mail.example", "correct horse"), **changes)


def _set(services: Services, registration: Registration) -> None:
    services.settings = replace(services.settings, registration=registration)


async def test_open_sign_up_makes_an_active_person_with_keys(services: Services) -> None:
    person = await accounts.sign_up(services, _form(username=" ada "))
    assert (person.username, person.state, person.role) == ("ada", "active", "user")
    assert person.ap_id == services.urls.actor("ada")
    document = await documents.get_actor(services, "ada")
    assert document["publicKey"]["publicKeyPem"].startswith("-----BEGIN PUBLIC KEY-----")
    assert document["assertionMethod"][0]["publicKeyMultibase"].startswith("z6Mk")


async def test_approval_makes_them_wait(services: Services) -> None:
    _set(services, Registration.APPROVAL)
    admin = await make_person(services, "admin", role="admin")
    person = await accounts.sign_up(services, _form())
    assert person.state == "pending"
    with pytest.raises(NotFound):
        await documents.get_actor(services, "ada")
    await accounts.approve(services, admin, person)
    assert (await again(services, person)).state == "active"
    with pytest.raises(Conflict):
        await accounts.approve(services, admin, person)
    with pytest.raises(Conflict):
        await accounts.reject(services, admin, person)
    other = await accounts.sign_up(services, _form(username="bob", email="bob@mail.example"))
    await accounts.reject(services, admin, other)
    assert (await accounts.sign_up(services, _form(username="bob", email="bob@mail.example"))).id != other.id
    assert await scalar(services, "SELECT array_agg(action ORDER BY id) FROM audit_log") == ["approve", "reject"]


async def test_closed_is_closed_but_not_to_the_admin(services: Services) -> None:
    _set(services, Registration.CLOSED)
    with pytest.raises(Forbidden):
        await accounts.sign_up(services, _form())
    assert (await accounts.create_account(services, _form(), admin=True)).role == "admin"


async def test_an_invite_lets_in_as_many_as_it_says_even_at_once(services: Services) -> None:
    _set(services, Registration.INVITE)
    host = await make_person(services, "host")
    code = await accounts.make_invite(services, host, max_uses=2)
    for wrong in ("", "nonsense"):
        with pytest.raises(Forbidden):
            await accounts.sign_up(services, _form(invite=wrong))
    forms = [_form(username=f"guest{n}", email=f"guest{n}@mail.example", invite=code) for n in range(4)]
    results = await asyncio.gather(*(accounts.sign_up(services, form) for form in forms), return_exceptions=True)
    assert sum(isinstance(one, Person) for one in results) == 2
    assert sum(isinstance(one, Forbidden) for one in results) == 2
    late = await accounts.make_invite(services, host)
    await execute(services, "UPDATE invites SET expires_at = now() WHERE code = $1", late)
    with pytest.raises(Forbidden):
        await accounts.sign_up(services, _form(invite=late))


async def test_a_sign_up_that_fails_does_not_use_the_invite(services: Services) -> None:
    _set(services, Registration.INVITE)
    host = await make_person(services, "host")
    code = await accounts.make_invite(services, host)
    with pytest.raises(Conflict):
        await accounts.sign_up(services, _form(username="host", invite=code))
    await accounts.sign_up(services, _form(invite=code))


@pytest.mark.parametrize("end", ["suspended", "deleted"])
async def test_an_invite_of_somebody_who_is_gone_is_worth_nothing(services: Services, end: str) -> None:
    _set(services, Registration.INVITE)
    host = await make_person(services, "host")
    code = await accounts.make_invite(services, host)
    await (accounts.suspend(services, None, host) if end == "suspended" else accounts.delete_account(services, host))
    with pytest.raises(Forbidden):
        await accounts.sign_up(services, _form(invite=code))


async def test_invites_are_revoked_by_their_maker_only(services: Services) -> None:
    _set(services, Registration.INVITE)
    host, eve = [await make_person(services, name) for name in ("host", "eve")]
    code = await accounts.make_invite(services, host)
    [invite] = await accounts.list_invites(services, host)
    with pytest.raises(NotFound):
        await accounts.revoke_invite(services, eve, invite.id)
    await accounts.revoke_invite(services, host, invite.id)
    with pytest.raises(Forbidden):
        await accounts.sign_up(services, _form(invite=code))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"username": "ada lovelace"}, "username"),
        ({"username": ""}, "username"),
        ({"username": "x" * 33}, "username"),
        ({"username": "Admin"}, "username"),
        ({"username": "ädä"}, "username"),
        ({"email": "nobody"}, "email"),
        ({"email": "a@b@c.example"}, "email"),
        ({"email": "a b@c.example"}, "email"),
        ({"password": "short"}, "password"),
        ({"password": "x" * 257}, "password"),
        ({"username": "longusername", "password": "LongUsername"}, "password"),
    ],
)
async def test_what_cannot_be_is_refused_in_words(services: Services, changes: dict[str, str], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        await accounts.sign_up(services, _form(**changes))
    assert refused.value.field == field
    assert refused.value.message.endswith(".")


async def test_names_and_addresses_are_taken_once_whatever_their_case(services: Services) -> None:
    await accounts.sign_up(services, _form())
    for changes in (
        {"username": "ADA", "email": "other@mail.example"},
        {"username": "bob", "email": "ADA@mail.example"},
    ):
        with pytest.raises(Conflict):
            await accounts.sign_up(services, _form(**changes))
    results = await asyncio.gather(
        *(accounts.sign_up(services, _form(username="eve", email="eve@mail.example")) for _ in range(3)),
        return_exceptions=True,
    )
    assert sum(isinstance(one, Conflict) for one in results) == 2


async def test_suspending_is_undone_and_audited(services: Services) -> None:
    admin, ada = await make_person(services, "admin", role="admin"), await make_person(services, "ada")
    await accounts.suspend(services, admin, ada)
    with pytest.raises(Conflict):
        await accounts.suspend(services, admin, ada)
    await accounts.unsuspend(services, admin, ada)
    with pytest.raises(Conflict):
        await accounts.unsuspend(services, admin, ada)
    assert await scalar(services, "SELECT array_agg(action ORDER BY id) FROM audit_log") == ["suspend", "unsuspend"]


async def test_what_waits_to_spread_the_words_of_the_suspended_is_not_sent(services: Services) -> None:
    ada, bob = await make_person(services, "ada"), await make_person(services, "bob")
    rita = await make_remote_person(services, "rita")
    for one in (ada, bob):
        await follow(services, rita, one)
    gone = await say(services, ada, "spam")
    await delete_thought(services, ada, gone.id)
    for one in (ada, bob):
        await say(services, one, "more spam")
    async with services.database.transaction() as db:
        await activities.expand_fanouts(db, limit=100)
    for one in (ada, bob):
        await say(services, one, "and more")
    await accounts.suspend(services, None, ada)
    async with services.database.transaction() as db:
        await activities.expand_fanouts(db, limit=100)
    waiting = """SELECT array_agg(a.type ORDER BY a.seq) FROM deliveries d JOIN activities a ON a.id = d.activity_id
        WHERE d.state = 'pending' AND a.user_id = $1"""
    assert await scalar(services, waiting, ada.id) == ["Delete"]
    assert await scalar(services, waiting, bob.id) == ["Accept", "Create", "Create"]


async def test_deleting_ones_account_asks_for_the_password(services: Services) -> None:
    ada = await make_person(services, "ada")
    with pytest.raises(Invalid):
        await accounts.delete_own_account(services, ada, password="wrong password")
    await accounts.delete_own_account(services, ada, password=PASSWORD)
    with pytest.raises(Gone):
        await documents.get_actor(services, "ada")
    with pytest.raises(Gone):
        await documents.get_jrd(services, "acct:ada@localhost:8000")
    with pytest.raises(Conflict):
        await accounts.sign_up(services, _form())


async def test_everyone_who_may_hold_something_of_the_account_is_told(services: Services) -> None:
    ada = await make_person(services, "ada")
    follower, followed, reached = [
        await make_remote_person(services, name, f"{name}.example") for name in ("follower", "followed", "reached")
    ]
    await follow(services, follower, ada)
    await follow(services, ada, followed)
    await say(services, ada, "@reached@reached.example hi")
    await execute(
        services,
        """INSERT INTO deliveries (activity_id, activity_seq, sender_id, inbox_url, host, ordering_key)
        SELECT id, seq, user_id, $1, 'reached.example', ordering_key FROM activities WHERE type = 'Create'""",
        reached.inbox_url,
    )
    await accounts.delete_account(services, ada)
    delete = (await sent(services))[-1]
    assert (delete.type, delete.document["object"], delete.document["to"]) == ("Delete", ada.ap_id, [PUBLIC])
    assert delete.inboxes == sorted(one.inbox_url for one in (follower, followed, reached))


async def test_nothing_of_a_deleted_account_is_kept(services: Services) -> None:
    ada, bob = [await make_person(services, name) for name in ("ada", "bob")]
    thought = await say(services, ada, "my secret")
    await reactions.pin_thought(services, ada, thought.id)
    other = await say(services, bob)
    await reactions.bookmark_thought(services, ada, other.id)
    await follow(services, ada, bob)
    await blocks.mute_person(services, ada, bob)
    await sessions.start_session(services, ada, address="192.0.2.1", user_agent="")
    await sessions.create_api_key(services, ada, "k")
    await sessions.create_token(services, ada)
    await accounts.delete_account(services, ada)
    for table in ("bookmarks", "pins", "likes", "follows", "mutes", "sessions", "api_keys", "access_tokens",
                  "home_entries", "idempotency_keys", "top_friends"):  # fmt: skip
        owner = {"follows": "follower_id", "mutes": "muter_id"}.get(table, "user_id")
        left = await scalar(services, f"SELECT count(*) FROM {table} WHERE {owner} = $1", ada.id)
        assert left == 0, table
    secrets = "SELECT count(*) FROM activities WHERE user_id = $1 AND payload IS NOT NULL AND type <> 'Delete'"
    assert await scalar(services, secrets, ada.id) == 0
    assert await scalar(services, "SELECT email IS NULL AND password_hash IS NULL FROM users WHERE id = $1", ada.id)
    assert await scalar(services, "SELECT count(*) FROM actor_keys WHERE user_id = $1", ada.id) == 1
    with pytest.raises(Gone):
        await documents.get_note(services, None, thought.id)
    with pytest.raises(NotFound):
        await accounts.delete_account(services, ada)


async def test_only_our_own_people_are_deleted(services: Services) -> None:
    rita = await make_remote_person(services, "rita")
    with pytest.raises(NotFound):
        await accounts.delete_account(services, rita)


async def test_an_admins_deletion_is_audited(services: Services) -> None:
    admin, ada = await make_person(services, "admin", role="admin"), await make_person(services, "ada")
    await accounts.delete_account(services, ada, by=admin)
    assert await scalar(services, "SELECT action || ' ' || target FROM audit_log") == "delete ada"


async def test_admins_who_end_each_other_at_once_do_not_both_succeed(services: Services) -> None:
    admins = [await make_person(services, f"admin{number}", role="admin") for number in range(3)]
    results = await asyncio.gather(
        accounts.suspend(services, admins[1], admins[0]),
        accounts.delete_account(services, admins[1], by=admins[2]),
        accounts.suspend(services, admins[0], admins[2]),
        return_exceptions=True,
    )
    assert sum(isinstance(one, Conflict) for one in results) == 1
    assert await scalar(services, "SELECT count(*) FROM users WHERE role = 'admin' AND state = 'active'") == 1


async def test_the_servers_own_actor_is_not_suspended(services: Services) -> None:
    with pytest.raises(NotFound):
        await accounts.suspend(services, None, await get_account(services, services.instance_actor_id))


async def test_accounts_with_common_friends_end_at_once(services: Services) -> None:
    people = [await make_person(services, f"p{number}") for number in range(5)]
    for one in people:
        thought = await say(services, one)
        for other in people:
            if one is not other:
                await follow(services, one, other)
                await reactions.like_thought(services, other, thought.id)
                await reactions.boost_thought(services, other, thought.id)
                await say(services, other, "yes", reply_to=thought.id)
    await asyncio.gather(*(accounts.delete_account(services, one) for one in people[:4]))
    last = await again(services, people[4])
    assert (last.followers_count, last.following_count) == (0, 0)
    assert await scalar(services, "SELECT max(likes_count + boosts_count + replies_count) FROM thoughts") == 0
    assert [one for one in await told(services, last) if one[0] != "mention"] == []


async def test_a_remote_person_who_ends_is_counted_down(services: Services) -> None:
    ada, rita = await make_person(services, "ada"), await make_remote_person(services, "rita")
    await follow(services, rita, ada)
    thought = await say(services, ada)
    await hear(services, rita, inReplyTo=thought.ap_id)
    async with services.database.transaction() as db:
        await endings.lock_touched(db, rita.id)
        await accounts.forget_person(db, rita)
    assert (await again(services, ada)).followers_count == 0
    assert await scalar(services, "SELECT replies_count FROM thoughts") == 0
