"""First start: the facts that never change, the instance actor, the secrets."""

from __future__ import annotations

import asyncio
import secrets
from typing import TYPE_CHECKING
from uuid import UUID

from federation.errors import Conflict, NotFound
from federation.protocol.ids import Urls
from federation.protocol.keys import generate_ed25519_key, generate_rsa_key
from storage import moderation, people
from storage.people import ActorKeys, NewPerson

if TYPE_CHECKING:
    from federation.services import Services
    from federation.settings import Settings
    from storage.database import Database
    from storage.people import Person

INSTANCE_ACTOR = "instance.actor"
_FIRST_RUN = "first_run_code"


async def settle_instance(database: Database, settings: Settings) -> UUID:
    """Store origin and account domain, or check that they are still the same; return the instance actor's id.

    Raises `Conflict` when the settings contradict what every id was made with.
    """
    async with database.transaction() as db:
        for name, value in (("origin", settings.origin), ("account_domain", settings.account_domain)):
            stored = await moderation.settle_fact(db, name, value)
            if stored != value:
                raise Conflict(
                    f"This database belongs to {name} {stored!r}, the settings say {value!r}. Ids and handles of every "
                    f"person here carry it, so it cannot change: set THOUGHTS_{name.upper()}={stored}, "
                    "or start with an empty database."
                )
        # Asked by SQL, wherever a server comes in or something goes out.
        await moderation.SET_FACT.run(db, "limited_federation", "on" if settings.limited_federation else "off")
        await moderation.settle_secret(db, "cookie", secrets.token_bytes(32))
        known = await people.find_by_handle(db, INSTANCE_ACTOR, None)
    if known is not None:
        return known.id
    keys = await make_keys()
    async with database.transaction() as db:
        made = await people.insert_local(db, instance_actor(settings.origin))
        if made is not None:
            await people.insert_actor_keys(db, made.id, keys)
    if made is None:
        # Another process was faster.
        async with database.connection() as db:
            made = await people.find_by_handle(db, INSTANCE_ACTOR, None)
    if made is None:
        raise NotFound("The instance actor could not be made.")
    return made.id


def instance_actor(origin: str) -> NewPerson:
    """Return the actor that signs for the server itself; it has no credentials, so nobody can sign in as it."""
    actor_id = Urls(origin).instance_actor
    return NewPerson(
        username=INSTANCE_ACTOR,
        email=None,
        password_hash=None,
        state="active",
        role="user",
        ap_id=actor_id,
        inbox_url=f"{actor_id}/inbox",
        profile_url=f"{origin}/about",
        actor_type="Application",
    )


async def make_keys() -> ActorKeys:
    """Make an actor's RSA and Ed25519 keys, in a thread."""
    rsa, ed25519 = await asyncio.gather(
        asyncio.to_thread(generate_rsa_key), asyncio.to_thread(generate_ed25519_key)
    )  # fmt: skip
    return ActorKeys(
        rsa.to_der(), rsa.public_key().to_pem(), ed25519.to_der(), ed25519.public_key().to_multikey()
    )  # fmt: skip


async def first_run_code(database: Database) -> str | None:
    """Return the one-time code with which the first admin is made in the browser; None once there is an admin."""
    async with database.transaction() as db:
        if await people.COUNT_ADMINS.get(db):
            return None
        code = await moderation.settle_secret(db, _FIRST_RUN, secrets.token_hex(4).encode())
    return code.decode()


async def use_first_run_code(services: Services, person: Person, code: str) -> bool:
    """Make a person admin for the right code, once; False for a wrong or used one."""
    async with services.database.transaction() as db:
        stored = await moderation.find_secret(db, _FIRST_RUN)
        if stored is None or not secrets.compare_digest(stored, code.strip().encode()):
            return False
        if await people.COUNT_ADMINS.get(db) or not await moderation.delete_secret(db, _FIRST_RUN):
            return False
        await people.UPDATE_ROLE.run(db, person.id, "admin")
        await people.APPROVE.first(db, person.id)
        await moderation.insert_audit(db, person.id, "first-run", person.handle)
    return True


async def cookie_secret(services: Services) -> bytes:
    """Return the secret that cookies and forms are signed with; `settle_instance` made it."""
    async with services.database.connection() as db:
        return await moderation.settle_secret(db, "cookie", secrets.token_bytes(32))
