"""What comes round: remote HTML is sanitised again, and unused pictures go."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from federation.protocol.sanitise import SANITISER_VERSION
from storage import thoughts
from tests.acting import hear, keep_copy
from tests.services_fixture import make_remote_person
from workers import periodic

if TYPE_CHECKING:
    from federation.services import Services


async def test_html_of_an_older_sanitiser_is_sanitised_again(services: Services) -> None:
    rita = await make_remote_person(services, "rita")
    thought = await hear(services, rita)
    async with services.database.connection() as db:
        await db.execute(
            "UPDATE thoughts SET sanitiser = 0, content = '<p>Hi<script>alert(1)</script></p>' WHERE id = $1",
            thought.id,
        )
    await periodic.sanitise_again(services)
    async with services.database.connection() as db:
        clean = await thoughts.find_thought(db, thought.id)
    assert clean is not None
    assert (clean.content, clean.sanitiser) == ("<p>Hi</p>", SANITISER_VERSION)


async def test_pictures_that_nobody_looked_at_go_with_their_bytes(services: Services) -> None:
    url, content_hash = "https://remote.example/a.png", sha256(b"picture").hexdigest()
    await keep_copy(services, url, b"picture", "image/png")
    await periodic.apply_retention(services)
    assert await services.blobs.exists(f"proxy/{content_hash}")
    async with services.database.connection() as db:
        await db.execute("UPDATE proxied_media SET used_at = now() - interval '31 days'")
    await periodic.apply_retention(services)
    assert not await services.blobs.exists(f"proxy/{content_hash}")
