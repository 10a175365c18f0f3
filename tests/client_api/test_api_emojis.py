"""Custom emojis through the API: the list, and the arrays beside every text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from federation.actions.emojis import add_emoji, change_emoji
from federation.media.urls import proxied_path
from tests.acting import hear
from tests.actions.test_emojis import picture
from tests.services_fixture import ORIGIN, make_person, make_remote_person

if TYPE_CHECKING:
    from federation.services import Services
    from tests.client_api.conftest import App


async def test_emojis_are_listed_and_stand_beside_texts(services: Services, ann: App, nobody: App) -> None:
    root = await make_person(services, "root", role="admin")
    blob = await add_emoji(services, root, shortcode="blob", category="Blobs", data=picture())
    hidden = await add_emoji(services, root, shortcode="hidden", category="", data=picture("blue"))
    await change_emoji(services, root, hidden.id, category="", visible_in_picker=False, enabled=False)
    expected = {"shortcode": "blob", "url": blob.url, "static_url": blob.url, "visible_in_picker": True}
    assert await nobody.get("/api/v1/custom_emojis") == [{**expected, "category": "Blobs"}]
    await ann.call("PATCH", "/api/v1/accounts/update_credentials", json={"display_name": "Ann :blob:"})
    status = await ann.publish("Hi :blob: :hidden:")
    assert status["emojis"] == [expected]
    assert status["account"]["emojis"] == [expected]
    assert ":blob:" in status["content"]
    assert "<img" not in status["content"]


async def test_pictures_of_other_servers_come_from_our_proxy(services: Services, ann: App) -> None:
    rita = await make_remote_person(services, "rita")
    tag = [{"type": "Emoji", "name": ":blob:", "icon": {"type": "Image", "url": "https://remote.example/b.png"}}]
    thought = await hear(services, rita, "<p>:blob:</p>", tag=tag)
    status = await ann.get(f"/api/v1/statuses/{thought.id}")
    assert [one["url"] for one in status["emojis"]] == [ORIGIN + proxied_path("https://remote.example/b.png")]
