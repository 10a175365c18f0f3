"""Signing in and out, and the keys and tokens that apps use."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING
from uuid import UUID

from federation.actions.acting import acting
from federation.actions.addresses import remind
from federation.actions.passwords import hash_secret, make_secret, verify_password
from federation.actions.scopes import DEFAULT_SCOPES, check_scopes
from federation.errors import Forbidden, Invalid, NotFound, TooMany, Unauthenticated
from storage import access, logins, notifications, people, tokens
from storage.access import Session
from storage.notifications import Waiting
from storage.people import Person
from storage.tokens import ApiKey, NewToken

if TYPE_CHECKING:
    from collections.abc import Sequence

    from federation.services import Services
    from storage.database import Connection

SESSION_LASTS = timedelta(days=30)
LOCK_FROM_FAILURES = 5
_WRONG = "That username and password do not go together."


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session's person, how their thoughts start out, and what they have not seen, when that was asked for."""

    session_id: UUID
    person: Person
    waiting: Waiting = field(default_factory=Waiting)
    visibility: str = "public"
    language: str = ""
    sensitive: bool = False
    quote_policy: str = "public"
    unposted: bool = False


@dataclass(frozen=True, slots=True)
class TokenBearer:
    """Whom a token speaks for, and what it may do. `person` is None for an app alone.

    Somebody who may not act, yet or any more, is `barred` instead.
    """

    token_id: UUID
    app_id: UUID | None
    person: Person | None
    barred: Person | None
    scopes: frozenset[str]
    is_api_key: bool = False


def address_prefix(address: str) -> str:
    """Return the part of an address that one household shares: /24 or /48."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is not None:
        parsed = parsed.ipv4_mapped
    return str(ip_network(f"{parsed}/{24 if parsed.version == 4 else 48}", strict=False))


async def sign_in(
    services: Services, account: str, password: str, *, address: str, user_agent: str
) -> tuple[Person, str]:
    """Check a password and start a session; return the person and the session's secret. Raises as `check_password`."""
    person = await check_password(services, account, password, address=address)
    return person, await start_session(services, person, address=address, user_agent=user_agent)


async def check_password(services: Services, account: str, password: str, *, address: str) -> Person:
    """Return whose name (or e-mail address) and password these are.

    After five failures the account is locked for this address prefix alone, for a minute and then longer:
    a stranger elsewhere cannot lock the owner out. Raises `TooMany`, `Unauthenticated` or `Forbidden`.
    """
    account, prefix = account.strip().removeprefix("@")[:254], address_prefix(address)
    async with services.database.transaction() as db:
        credentials = await logins.find_credentials(db, account)
        # Username and e-mail address share the count; a name that nobody has is counted by itself.
        key = str(credentials.id) if credentials is not None else account.lower()
        if not await access.count_attempt(db, key, prefix, lock_from=LOCK_FROM_FAILURES):
            await _raise_locked(db, services, key, prefix)
    stored = credentials.password_hash if credentials is not None else None
    if not await verify_password(stored, password) or credentials is None:
        raise Unauthenticated(_WRONG)
    async with services.database.transaction() as db:
        await access.forget_failures(db, key, prefix)
        person = await people.find_person(db, credentials.id)
    if credentials.needs_confirmation:
        await remind(services, credentials)
        raise Forbidden("Please open the link in the mail that we sent you first: it shows that the address is yours.")
    if credentials.state == "pending":
        raise Forbidden("Your account waits for an admin's approval. Please try again later.")
    if credentials.state != "active":
        raise Forbidden("This account is suspended. Write to the admin if you think that is a mistake.")
    if person is None:
        raise Unauthenticated(_WRONG)
    if person.disabled:
        raise Forbidden("This account is locked. Write to the admin if you think that is a mistake.")
    return person


async def _raise_locked(db: Connection, services: Services, key: str, prefix: str) -> None:
    failures = await access.find_failures(db, key, prefix)
    until = failures.locked_until if failures is not None else None
    wait_s = max(1, int((until - services.now()).total_seconds()) + 1) if until is not None else 1
    raise TooMany(
        f"Too many wrong passwords from here. Try again in {max(1, round(wait_s / 60))} min.", retry_after_s=wait_s
    )


async def start_session(services: Services, person: Person, *, address: str, user_agent: str) -> str:
    """Start a session for somebody who just signed up; return its secret."""
    secret = make_secret()
    async with acting(services, person) as db:
        await access.insert_session(
            db, person.id, hash_secret(secret), user_agent=user_agent[:200], address=address_prefix(address),
            lasts=SESSION_LASTS,
        )  # fmt: skip
    return secret


async def resume_session(services: Services, secret: str, *, with_waiting: bool = False) -> SignedIn | None:
    """Find whose session a cookie stands for, and keep it alive; look for what they have not seen when asked to."""
    async with services.database.connection() as db:
        session = await access.find_session(db, hash_secret(secret))
        if session is None:
            return None
        if services.now() - session.last_seen_at > timedelta(minutes=5):
            await access.touch_session(db, session.id, SESSION_LASTS)
        waiting = await notifications.find_waiting(db, session.person.id) if with_waiting else Waiting()
    return SignedIn(
        session.id, session.person, waiting, session.visibility, session.language, session.sensitive,
        session.quote_policy, session.unposted,
    )  # fmt: skip


async def list_sessions(services: Services, person: Person) -> list[Session]:
    """List a person's sessions."""
    async with services.database.connection() as db:
        return await access.list_sessions(db, person.id)


async def end_session(services: Services, person: Person, session_id: UUID) -> None:
    """End one of a person's sessions; `NotFound` when it is not theirs."""
    async with services.database.transaction() as db:
        if not await access.delete_session(db, person.id, session_id):
            raise NotFound("There is no such session.")


async def end_other_sessions(services: Services, person: Person, keep: UUID) -> None:
    """End every session of a person but one."""
    async with services.database.transaction() as db:
        await access.delete_sessions(db, person.id, but=keep)


async def create_api_key(services: Services, person: Person, name: str) -> str:
    """Make a personal API key; its secret is returned once and stored as a hash."""
    name = name.strip()
    if not 1 <= len(name) <= 50:
        raise Invalid("Give the key a name of 1 to 50 characters, so that you recognise it later.", field="name")
    secret = make_secret()
    async with acting(services, person) as db:
        if len(await tokens.list_api_keys(db, person.id)) >= 50:
            raise Invalid("You have 50 keys. Revoke one that you no longer use.", field="name")
        await tokens.insert_api_key(db, person.id, hash_secret(secret), name)
    return secret


async def list_api_keys(services: Services, person: Person) -> list[ApiKey]:
    """List a person's live keys."""
    async with services.database.connection() as db:
        return await tokens.list_api_keys(db, person.id)


async def revoke_api_key(services: Services, person: Person, key_id: UUID) -> None:
    """Revoke one of a person's keys; `NotFound` when it is not theirs."""
    async with services.database.transaction() as db:
        if not await tokens.revoke_api_key(db, person.id, key_id):
            raise NotFound("There is no such key.")


async def create_token(services: Services, person: Person, scopes: Sequence[str] = DEFAULT_SCOPES) -> str:
    """Make a bearer token of no app; it is returned once and stored as a hash."""
    check_scopes(scopes)
    secret = make_secret()
    async with acting(services, person) as db:
        await tokens.insert_token(db, NewToken(hash_secret(secret), person.id, None, scopes))
    return secret


async def find_bearer(services: Services, token: str, *, address: str = "") -> TokenBearer | None:
    """Find whom a bearer token or API key speaks for, and note its use and the address prefix it came from."""
    person = None
    async with services.database.connection() as db:
        bearer = await tokens.find_bearer(db, hash_secret(token))
        if bearer is None:
            return None
        if bearer.last_used_at is None or services.now() - bearer.last_used_at > timedelta(minutes=1):
            await tokens.touch_bearer(db, bearer, address_prefix(address))
        if bearer.user_id is not None and bearer.xmin is not None and bearer.ctid is not None:
            person = await people.find_bearing(db, bearer.user_id, (bearer.xmin, bearer.ctid))
    active = person is not None and person.state == "active" and not person.disabled
    return TokenBearer(
        bearer.token_id,
        bearer.app_id,
        person if active else None,
        None if active else person,
        frozenset(bearer.scopes),
        bearer.is_api_key,
    )


async def explain_token(services: Services, token: str) -> str:
    """Say why a token is not accepted, in the words that apps know."""
    async with services.database.connection() as db:
        revoked = await tokens.was_revoked(db, hash_secret(token))
    return "The access token was revoked" if revoked else "The access token is invalid"


async def explain_bar(services: Services, person: Person) -> str:
    """Say why somebody who has a good token may not act, in the words that apps know."""
    async with services.database.connection() as db:
        credentials = await logins.CREDENTIALS_BY_ID.first(db, person.id)
    if credentials is not None and credentials.needs_confirmation:
        return "Your login is missing a confirmed e-mail address"
    return f"Your login is currently {'pending approval' if person.state == 'pending' else 'disabled'}"
