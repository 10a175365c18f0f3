"""Signing in: the lockout, sessions, keys and tokens."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest

from federation.actions import accounts, sessions
from federation.errors import Forbidden, Invalid, NotFound, TooMany, Unauthenticated
from federation.services import Services
from storage.people import Person
from tests.acting import execute, scalar
from tests.services_fixture import PASSWORD, make_person

HOME, ELSEWHERE = "192.0.2.7", "198.51.100.9"


async def _sign_in(services: Services, account: str, password: str, address: str = HOME) -> Person:
    person, _ = await sessions.sign_in(services, account, password, address=address, user_agent="test")
    return person


async def _fail(services: Services, account: str, times: int, address: str = HOME) -> None:
    for _ in range(times):
        with pytest.raises(Unauthenticated):
            await _sign_in(services, account, "wrong password", address)


@pytest.mark.parametrize("account", ["ada", "ADA", "@ada", " ada ", "ada@mail.example", "Ada@Mail.Example"])
async def test_username_and_address_sign_in(services: Services, account: str) -> None:
    ada = await make_person(services, "ada")
    assert (await _sign_in(services, account, PASSWORD)).id == ada.id


async def test_wrong_password_and_unknown_account_look_the_same(services: Services) -> None:
    await make_person(services, "ada")
    said = set()
    for account in ("ada", "nobody", "", "instance.actor"):
        with pytest.raises(Unauthenticated) as refused:
            await _sign_in(services, account, "wrong password")
        said.add(refused.value.message)
    assert len(said) == 1


async def test_five_failures_lock_and_time_unlocks(services: Services) -> None:
    await make_person(services, "ada")
    await _fail(services, "ada", 5)
    with pytest.raises(TooMany) as refused:
        await _sign_in(services, "ada", PASSWORD)
    assert 0 < refused.value.retry_after_s <= 61
    await execute(services, "UPDATE sign_in_failures SET locked_until = now() - interval '1 second'")
    # One more try, then the lock is longer.
    await _fail(services, "ada", 1)
    with pytest.raises(TooMany) as refused:
        await _sign_in(services, "ada", PASSWORD)
    assert 61 < refused.value.retry_after_s <= 121
    await execute(services, "UPDATE sign_in_failures SET locked_until = now() - interval '1 second'")
    await _sign_in(services, "ada", PASSWORD)
    await _fail(services, "ada", 4)
    await _sign_in(services, "ada", PASSWORD)


async def test_failures_of_more_than_an_hour_ago_do_not_count(services: Services) -> None:
    await make_person(services, "ada")
    await _fail(services, "ada", 4)
    await execute(services, "UPDATE sign_in_failures SET updated_at = now() - interval '61 minutes'")
    await _fail(services, "ada", 4)
    await _sign_in(services, "ada", PASSWORD)


@pytest.mark.parametrize(("attacker", "owner"), [(ELSEWHERE, HOME), ("::ffff:198.51.100.9", "::ffff:192.0.2.7"),
                                                 ("2001:db8:1::5", "2001:db8:2::5")])  # fmt: skip
async def test_a_stranger_elsewhere_does_not_lock_the_owner_out(services: Services, attacker: str, owner: str) -> None:
    await make_person(services, "ada")
    await _fail(services, "ada", 5, attacker)
    with pytest.raises(TooMany):
        await _sign_in(services, "ada", PASSWORD, attacker)
    await _sign_in(services, "ada", PASSWORD, owner)


async def test_a_neighbour_in_the_same_prefix_shares_the_lock(services: Services) -> None:
    await make_person(services, "ada")
    for last in range(5):
        await _fail(services, "ada", 1, f"192.0.2.{last}")
    with pytest.raises(TooMany):
        await _sign_in(services, "ada", PASSWORD, "192.0.2.200")
    await make_person(services, "bob")
    await _sign_in(services, "bob", PASSWORD)


async def test_another_spelling_is_no_further_try(services: Services) -> None:
    await make_person(services, "ada")
    for account in ("ada", "ADA", "@ada", "ada@mail.example", "ADA@mail.example"):
        await _fail(services, account, 1)
    for account in ("ada", "ada@mail.example"):
        with pytest.raises(TooMany):
            await _sign_in(services, account, PASSWORD)


async def test_tries_at_once_count_too(services: Services) -> None:
    await make_person(services, "ada")
    results = await asyncio.gather(
        *(_sign_in(services, "ada", "wrong password") for _ in range(12)), return_exceptions=True
    )
    assert sum(isinstance(one, Unauthenticated) for one in results) == 5
    assert sum(isinstance(one, TooMany) for one in results) == 7


@pytest.mark.parametrize("state", ["pending", "suspended"])
async def test_only_who_knows_the_password_learns_why_not(services: Services, state: str) -> None:
    await make_person(services, "ada", state=state)
    await _fail(services, "ada", 1)
    with pytest.raises(Forbidden):
        await _sign_in(services, "ada", PASSWORD)


async def test_a_session_lives_until_it_ends(services: Services) -> None:
    ada = await make_person(services, "ada")
    secret = await sessions.start_session(services, ada, address=HOME, user_agent="a" * 500)
    signed_in = await sessions.resume_session(services, secret)
    assert signed_in is not None
    assert signed_in.person.id == ada.id
    assert await sessions.resume_session(services, secret + "x") is None
    [listed] = await sessions.list_sessions(services, ada)
    assert (listed.id, listed.address, len(listed.user_agent)) == (signed_in.session_id, "192.0.2.0/24", 200)
    assert await scalar(services, "SELECT count(*) FROM sessions WHERE token_hash = $1", secret.encode()) == 0
    await execute(services, "UPDATE sessions SET expires_at = now()")
    assert await sessions.resume_session(services, secret) is None
    assert await sessions.list_sessions(services, ada) == []


async def test_use_keeps_a_session_alive(services: Services) -> None:
    ada = await make_person(services, "ada")
    secret = await sessions.start_session(services, ada, address=HOME, user_agent="")
    await execute(
        services,
        "UPDATE sessions SET expires_at = now() + interval '1 hour', last_seen_at = now() - interval '1 day'",
    )
    assert await sessions.resume_session(services, secret) is not None
    assert await scalar(services, "SELECT expires_at > now() + interval '29 days' FROM sessions")


async def test_sessions_are_ended_by_their_owner_only(services: Services) -> None:
    ada, bob = [await make_person(services, name) for name in ("ada", "bob")]
    secrets = [await sessions.start_session(services, ada, address=HOME, user_agent="") for _ in range(3)]
    kept = await sessions.resume_session(services, secrets[0])
    other = await sessions.resume_session(services, secrets[1])
    assert kept is not None
    assert other is not None
    with pytest.raises(NotFound):
        await sessions.end_session(services, bob, other.session_id)
    await sessions.end_session(services, ada, other.session_id)
    assert await sessions.resume_session(services, secrets[1]) is None
    await sessions.end_other_sessions(services, ada, kept.session_id)
    assert [one.id for one in await sessions.list_sessions(services, ada)] == [kept.session_id]


async def test_a_new_password_ends_the_other_sessions(services: Services) -> None:
    ada = await make_person(services, "ada")
    secrets = [await sessions.start_session(services, ada, address=HOME, user_agent="") for _ in range(2)]
    here = await sessions.resume_session(services, secrets[0])
    assert here is not None
    with pytest.raises(Invalid):
        await accounts.change_password(services, ada, old="wrong", new="a new one!", session_id=here.session_id)
    await accounts.change_password(services, ada, old=PASSWORD, new="a new one!", session_id=here.session_id)
    assert await sessions.resume_session(services, secrets[0]) is not None
    assert await sessions.resume_session(services, secrets[1]) is None
    await _sign_in(services, "ada", "a new one!")
    await _fail(services, "ada", 1)


async def test_keys_and_tokens_speak_for_their_person_until_revoked(services: Services) -> None:
    ada, bob = [await make_person(services, name) for name in ("ada", "bob")]
    key = await sessions.create_api_key(services, ada, " my script ")
    token = await sessions.create_token(services, ada, ["read:accounts"])
    for secret, scopes in ((key, {"read", "write", "follow", "push"}), (token, {"read:accounts"})):
        bearer = await sessions.find_bearer(services, secret)
        assert bearer is not None
        assert (bearer.person.id, bearer.scopes) == (ada.id, scopes)
        assert await sessions.find_bearer(services, secret + "x") is None
    [listed] = await sessions.list_api_keys(services, ada)
    assert listed.name == "my script"
    assert listed.last_used_at is not None
    with pytest.raises(NotFound):
        await sessions.revoke_api_key(services, bob, listed.id)
    await sessions.revoke_api_key(services, ada, listed.id)
    assert await sessions.find_bearer(services, key) is None
    with pytest.raises(NotFound):
        await sessions.revoke_api_key(services, ada, listed.id)


async def test_the_suspended_have_no_way_in(services: Services) -> None:
    ada = await make_person(services, "ada")
    secret = await sessions.start_session(services, ada, address=HOME, user_agent="")
    token, key = await sessions.create_token(services, ada), await sessions.create_api_key(services, ada, "k")
    await accounts.suspend(services, None, ada)
    assert await sessions.resume_session(services, secret) is None
    for barred in (await sessions.find_bearer(services, token), await sessions.find_bearer(services, key)):
        assert barred is not None
        assert barred.person is None
        assert barred.barred is not None


async def test_strange_names_and_scopes_are_refused(services: Services) -> None:
    ada = await make_person(services, "ada")
    for name in ("", " ", "x" * 51):
        with pytest.raises(Invalid):
            await sessions.create_api_key(services, ada, name)
    for scopes in ([], ["everything"], ["read", "steal:all"]):
        with pytest.raises(Invalid):
            await sessions.create_token(services, ada, scopes)
    with pytest.raises(NotFound):
        await sessions.revoke_api_key(services, ada, uuid4())
