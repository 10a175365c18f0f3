"""Custom emojis through the API: the list, and the arrays beside every text."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

from PIL import Image

from federation.actions.emojis import add_emoji, change_emoji
from federation.actions.files import sweep_files
from federation.media.urls import proxied_path
from tests.acting import execute, hear
from tests.actions.test_emojis import picture
from tests.media.samples import animation
from tests.services_fixture import ORIGIN, make_person, make_remote_person

if TYPE_CHECKING:
    from federation.services import Services
    from tests.client_api.conftest import App


async def test_emojis_are_listed_and_stand_beside_texts(services: Services, ann: App, nobody: App) -> None:
    root = await make_person(services, "root", role="admin")
    blob = await add_emoji(services, root, shortcode="blob", category="Blobs", data=picture())
    hidden = await add_emoji(services, root, shortcode="hidden", category="", data=picture("blue"))
    await change_emoji(services, root, hidden.id, category="", visible_in_picker=False, enabled=False)
    expected = {"shortcode": "blob", "url": blob.url, "static_url": f"{blob.url}/still", "visible_in_picker": True}
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


async def test_an_emoji_that_moves_has_a_still_and_both_outlive_the_sweeper(
    services: Services, ann: App, nobody: App
) -> None:
    root = await make_person(services, "root", role="admin")
    await add_emoji(services, root, shortcode="party", category="", data=animation(frames=3))
    await execute(services, "UPDATE media_files SET touched_at = now() - interval '1 hour'")
    await sweep_files(services)
    (written,) = (await ann.publish("Hi :party:"))["emojis"]
    for address, frames in ((written["url"], 3), (written["static_url"], 1)):
        answer = await nobody.client.get(address)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/webp")
        assert getattr(Image.open(BytesIO(answer.content)), "n_frames", 1) == frames
    unknown = written["static_url"].replace(written["static_url"][-20:-11], "000000000")
    assert (await nobody.client.get(unknown)).status_code == 404
