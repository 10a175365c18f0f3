"""What comes round: remote HTML is sanitised again, and unused pictures go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from federation.protocol.sanitise import SANITISER_VERSION
from storage import media, thoughts
from tests.acting import hear
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


async def test_pictures_that_nobody_looked_at_go_with_their_files(services: Services) -> None:
    key, content_hash = b"k" * 32, "ab" * 32
    file = services.settings.data / "proxy" / "ab" / content_hash
    file.parent.mkdir(parents=True)
    file.write_bytes(b"picture")
    async with services.database.connection() as db:
        await media.upsert_proxied(
            db, key, "https://remote.example/a.png", content_hash=content_hash, content_type="image/png", size=7
        )
    await periodic.apply_retention(services)
    assert file.exists()
    async with services.database.connection() as db:
        await db.execute("UPDATE proxied_media SET used_at = now() - interval '31 days'")
    await periodic.apply_retention(services)
    assert not file.exists()
