"""Rows that deliveries need: a sender with keys, remote followers, activities."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from storage import activities, people
from storage.activities import NewActivity
from storage.people import ActorKeys, NewPerson
from tests.protocol.signature_keys import RSA_PEM

if TYPE_CHECKING:
    from storage.database import Connection

ORIGIN = "http://localhost:8000"
RSA = load_pem_private_key(RSA_PEM, None)
RSA_DER = RSA.private_bytes(
    serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
)  # fmt: skip
RSA_PUBLIC_PEM = (
    RSA.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()
)


async def insert_sender(db: Connection, name: str = "alice") -> UUID:
    """Insert a local person whose RSA key is a published test key."""
    url = f"{ORIGIN}/users/{name}"
    person = await people.insert_local(
        db, NewPerson(name, f"{name}@example.org", "hash", "active", "user", url, f"{url}/inbox", f"{ORIGIN}/@{name}")
    )
    assert person is not None
    await people.insert_actor_keys(db, person.id, ActorKeys(RSA_DER, RSA_PUBLIC_PEM, b"", ""))
    return person.id


async def insert_follower(db: Connection, followed: UUID, inbox_url: str, shared_inbox_url: str | None = None) -> UUID:
    """Insert a remote person who follows a local one."""
    host = inbox_url.split("/")[2]
    ap_id = f"http://{host}/users/{uuid4().hex}"
    user_id: UUID = await db.fetchval(
        """INSERT INTO users (username, domain, is_remote, ap_id, inbox_url, profile_url)
        VALUES ('bob', $1, true, $2, $3, $2) RETURNING id""",
        host,
        ap_id,
        inbox_url,
    )
    await db.execute(
        """INSERT INTO remote_actors (user_id, ap_url, username, host, inbox_url, shared_inbox_url)
        VALUES ($1, $2, 'bob', $3, $4, $5)""",
        user_id,
        ap_id,
        host,
        inbox_url,
        shared_inbox_url,
    )
    await db.execute(
        "INSERT INTO follows (follower_id, following_id, state, ap_id) VALUES ($1, $2, 'accepted', $3)",
        user_id,
        followed,
        f"{ap_id}#follow",
    )
    return user_id


async def insert_activity(
    db: Connection,
    sender: UUID,
    *inboxes: str,
    key: str | None = None,
    kind: str = "Create",
    to_followers: bool = False,
    payload: bytes = b'{"type":"Create"}',
) -> UUID:
    """Insert an activity with its fan-out; `key` is the object that its order is kept by."""
    id_ = uuid4()
    new = NewActivity(
        id_, f"{ORIGIN}/activities/{id_}", sender, kind, key or f"{ORIGIN}/thoughts/{id_}", None, None, True, payload
    )
    await activities.insert_activity(db, new, to_followers=to_followers, inboxes=inboxes)
    return id_


async def expand(db: Connection) -> None:
    """Turn every waiting fan-out into deliveries."""
    while await activities.expand_fanouts(db, limit=100):
        pass


async def send_out(db: Connection, sender: UUID, *inboxes: str, key: str | None = None, count: int = 1) -> list[UUID]:
    """Insert activities and turn them into deliveries; return the activities' ids."""
    made = [await insert_activity(db, sender, *inboxes, key=key) for _ in range(count)]
    await expand(db)
    return made


async def states(db: Connection, activity_ids: Sequence[UUID] | None = None) -> dict[str, int]:
    """Count deliveries by state."""
    rows = await db.fetch(
        """SELECT state, count(*) FROM deliveries
        WHERE $1::uuid[] IS NULL OR activity_id = ANY($1) GROUP BY state""",
        activity_ids,
    )
    return {row[0]: row[1] for row in rows}
