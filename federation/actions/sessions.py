"""Signing in and out, and the keys and tokens that apps use."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING
from uuid import UUID

from federation.actions.acting import acting
from federation.actions.passwords import hash_secret, make_secret, verify_password
from federation.errors import Forbidden, Invalid, NotFound, TooMany, Unauthenticated
from storage import access, people
from storage.access import ApiKey, Bearer, Session
from storage.people import Person

if TYPE_CHECKING:
    from collections.abc import Sequence

    from federation.services import Services
    from storage.database import Connection

SESSION_LASTS = timedelta(days=30)
LOCK_FROM_FAILURES = 5
SCOPES = frozenset({"read", "write", "follow", "push", "profile", "admin:read", "admin:write"})
DEFAULT_SCOPES = ("read", "write", "follow", "push")
_WRONG = "That username and password do not go together."


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session's person."""

    session_id: UUID
    person: Person


@dataclass(frozen=True, slots=True)
class TokenBearer:
    """An app's person and what the app may do."""

    person: Person
    scopes: frozenset[str]


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
    """Check a password and start a session; return the person and the session's secret.

    After five failures the account is locked for this address prefix alone, for a minute and then longer:
    a stranger elsewhere cannot lock the owner out. Raises `TooMany`, `Unauthenticated` or `Forbidden`.
    """
    account, prefix = account.strip().removeprefix("@")[:254], address_prefix(address)
    async with services.database.transaction() as db:
        credentials = await people.find_credentials(db, account)
        # Username and e-mail address share the count; a name that nobody has is counted by itself.
        key = str(credentials.id) if credentials is not None else account.lower()
        if not await access.count_attempt(db, key, prefix, lock_from=LOCK_FROM_FAILURES):
            await _raise_locked(db, services, key, prefix)
    stored = credentials.password_hash if credentials is not None else None
    if not await verify_password(stored, password) or credentials is None:
        raise Unauthenticated(_WRONG)
    async with services.database.transaction() as db:
        await access.forget_failures(db, key, prefix)
    if credentials.state == "pending":
        raise Forbidden("Your account waits for an admin's approval. Please try again later.")
    if credentials.state != "active":
        raise Forbidden("This account is suspended. Write to the admin if you think that is a mistake.")
    secret = make_secret()
    async with services.database.transaction() as db:
        if not await people.hold(db, credentials.id):
            raise Unauthenticated(_WRONG)
        await access.insert_session(
            db, credentials.id, hash_secret(secret), user_agent=user_agent[:200], address=prefix, lasts=SESSION_LASTS
        )
        person = await people.find_person(db, credentials.id)
    if person is None:
        raise Unauthenticated(_WRONG)
    return person, secret


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


async def resume_session(services: Services, secret: str) -> SignedIn | None:
    """Find whose session a cookie stands for, and keep it alive."""
    async with services.database.connection() as db:
        session = await access.find_session(db, hash_secret(secret))
        if session is None:
            return None
        if services.now() - session.last_seen_at > timedelta(minutes=5):
            await access.touch_session(db, session.id, SESSION_LASTS)
        person = await people.find_person(db, session.user_id)
    return None if person is None else SignedIn(session.id, person)


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
        if len(await access.list_api_keys(db, person.id)) >= 50:
            raise Invalid("You have 50 keys. Revoke one that you no longer use.", field="name")
        await access.insert_api_key(db, person.id, hash_secret(secret), name)
    return secret


async def list_api_keys(services: Services, person: Person) -> list[ApiKey]:
    """List a person's live keys."""
    async with services.database.connection() as db:
        return await access.list_api_keys(db, person.id)


async def revoke_api_key(services: Services, person: Person, key_id: UUID) -> None:
    """Revoke one of a person's keys; `NotFound` when it is not theirs."""
    async with services.database.transaction() as db:
        if not await access.revoke_api_key(db, person.id, key_id):
            raise NotFound("There is no such key.")


async def create_token(services: Services, person: Person, scopes: Sequence[str] = DEFAULT_SCOPES) -> str:
    """Make a bearer token for an app; it is returned once and stored as a hash."""
    unknown = sorted(scope for scope in scopes if scope.partition(":")[0] not in SCOPES and scope not in SCOPES)
    if unknown or not scopes:
        raise Invalid(f"Unknown scopes: {' '.join(unknown) or 'none given'}. Known are {' '.join(sorted(SCOPES))}.")
    secret = make_secret()
    async with acting(services, person) as db:
        await access.insert_token(db, person.id, hash_secret(secret), scopes)
    return secret


async def find_bearer(services: Services, token: str) -> TokenBearer | None:
    """Find whom a bearer token or API key speaks for, and note its use."""
    async with services.database.connection() as db:
        bearer: Bearer | None = await access.find_bearer(db, hash_secret(token))
        if bearer is None:
            return None
        if bearer.last_used_at is None or services.now() - bearer.last_used_at > timedelta(minutes=1):
            await access.touch_bearer(db, bearer)
        person = await people.find_person(db, bearer.user_id)
    return None if person is None else TokenBearer(person, frozenset(bearer.scopes))
