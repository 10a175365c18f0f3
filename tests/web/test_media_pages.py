"""Files in the composer without JavaScript, and how attachments are shown."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import pytest

from federation.actions import uploads
from federation.media.urls import proxied_path
from tests.acting import hear, keep_copy, scalar
from tests.media.samples import clip, needs_ffmpeg, photograph, picture
from tests.services_fixture import Browser, make_person, make_remote_person

if TYPE_CHECKING:
    from federation.services import Services
    from storage.people import Person

_MEDIA = re.compile(r'name="media" value="([^"]+)"')


@pytest.fixture
async def ada(services: Services) -> Person:
    """Somebody who writes."""
    return await make_person(services, "ada")


@pytest.fixture
async def client(client_for: Callable[[Person], Awaitable[Browser]], ada: Person) -> Browser:
    """Ada's browser."""
    return await client_for(ada)


def files(*contents: bytes) -> list[tuple[str, tuple[str, bytes, str]]]:
    """Return what a field for several files sends."""
    return [("files", (f"file{n}.jpg", data, "image/jpeg")) for n, data in enumerate(contents)]


async def attach(client: Browser, *contents: bytes, path: str = "/compose", **form: Any) -> tuple[str, list[str]]:
    """Press the button that attaches; return the page and the ids of its cards."""
    answer = await client.post(path, {"attach": "1", **form}, files=files(*contents))
    assert answer.status_code == 200, answer.text[:500]
    return answer.text, _MEDIA.findall(answer.text)


class TestComposer:
    """POST /compose with files."""

    async def test_files_are_attached_described_and_published(
        self, client: Browser, stranger: Browser, services: Services
    ) -> None:
        assert 'name="files" multiple' in await client.page("/compose")
        page, ids = await attach(
            client, photograph(), picture((30, 20)), source="Look", summary="", visibility="public"
        )
        assert len(ids) == 2
        assert page.count("What is in the picture?") == 2
        assert ">\nLook</textarea>" in page
        assert "Up to 2 files" in page
        answer = await client.post(
            "/compose",
            {
                "source": "Look", "media": ids, f"alt_{ids[0]}": "A circle", f"focus_{ids[0]}": "-0.75,0.75",
                f"alt_{ids[1]}": "", "next": "/home",
            },
        )  # fmt: skip
        assert answer.status_code == 303
        home = await client.page("/home")
        assert home.count("<figure") == 2
        assert '<figure class="x1 y1">' in home
        assert "<p>A circle</p></details>" in home
        assert 'alt="A circle"' in home
        address = re.search(r'<figure class="x1 y1"><a href="([^"]+)"', home)
        assert address is not None
        served = await stranger.get(address[1])
        assert served.headers["content-type"] == "image/jpeg"
        assert b"home" not in served.content
        await client.post("/compose", {"source": "Only words", "next": "/home"})
        media = await stranger.page("/@ada/media")
        assert "<p>Look</p>" in media
        assert "Only words" not in media

    async def test_files_that_come_with_the_post_are_asked_about_first(
        self, client: Browser, services: Services
    ) -> None:
        answer = await client.post("/compose", {"source": "Look"}, files=files(photograph()))
        assert answer.status_code == 200
        assert "Say what they show" in answer.text
        assert await scalar(services, "SELECT count(*) FROM thoughts") == 0
        ids = _MEDIA.findall(answer.text)
        assert (await client.post("/compose", {"source": "", "media": ids})).status_code == 303
        assert await scalar(services, "SELECT count(*) FROM thoughts") == 1

    async def test_file_can_be_taken_away_again(self, client: Browser, services: Services) -> None:
        _, ids = await attach(client, photograph(), picture())
        answer = await client.post(
            "/compose", {"source": "Look", "media": ids, "drop": ids[0], f"alt_{ids[1]}": "Teal"}
        )
        assert _MEDIA.findall(answer.text) == ids[1:]
        assert "\nTeal</textarea>" in answer.text
        assert await scalar(services, "SELECT count(*) FROM media") == 1

    async def test_what_is_refused_is_said_and_the_rest_stays(self, client: Browser, services: Services) -> None:
        answer = await client.post(
            "/compose", {"source": "Look", "attach": "1"}, files=files(picture(), b"<svg onload='alert(1)'/>")
        )
        assert answer.status_code == 422
        assert "file1.jpg: Pictures, video and sound can be attached" in answer.text
        assert len(_MEDIA.findall(answer.text)) == 1
        assert ">\nLook</textarea>" in answer.text

    async def test_more_files_than_fit_are_refused(self, client: Browser) -> None:
        answer = await client.post("/compose", {"attach": "1"}, files=files(*[picture()] * 5))
        assert answer.status_code == 422
        assert "at most 4 files" in answer.text
        assert len(_MEDIA.findall(answer.text)) == 4
        assert 'name="files"' not in answer.text

    async def test_files_of_others_are_not_published(
        self, client: Browser, services: Services, client_for: Callable[[Person], Awaitable[Browser]]
    ) -> None:
        _, ids = await attach(client, photograph())
        eve = await client_for(await make_person(services, "eve"))
        answer = await eve.post("/compose", {"source": "Mine!", "media": ids})
        assert answer.status_code == 422
        await eve.post("/compose", {"source": "x", "media": ids, "drop": ids[0]})
        assert await scalar(services, "SELECT count(*) FROM media") == 1
        assert await scalar(services, "SELECT count(*) FROM thoughts") == 0

    async def test_strangers_upload_nothing(self, stranger: Browser, services: Services) -> None:
        answer = await stranger.post("/compose", {"attach": "1"}, files=files(picture()))
        assert answer.status_code in (303, 401)
        assert await scalar(services, "SELECT count(*) FROM media") == 0

    async def test_large_bodies_of_strangers_are_not_read(self, stranger: Browser, client: Browser) -> None:
        headers = {"content-type": "multipart/form-data; boundary=x", "content-length": str(200 * 1024 * 1024)}
        headers |= {"origin": "http://localhost:8000", "sec-fetch-site": "same-origin"}
        assert (await stranger.client.post("/compose", content=b"--x", headers=headers)).status_code in (303, 401)
        assert (await client.client.post("/compose", content=b"--x", headers=headers)).status_code == 413

    @needs_ffmpeg
    async def test_video_is_prepared_by_workers_and_then_published(self, client: Browser, services: Services) -> None:
        page, ids = await attach(client, clip("mp4"))
        assert "Being prepared" in page
        await uploads.drain(services)
        assert (await client.post("/compose", {"source": "", "media": ids})).status_code == 303
        home = await client.page("/home")
        assert re.search(r'<video src="[^"]+/media/\w{64}\.mp4" controls preload="none" playsinline poster="', home)


class TestEditing:
    """Descriptions change with an edit."""

    async def test_descriptions_order_and_files_change(self, client: Browser, services: Services) -> None:
        _, ids = await attach(client, photograph(), picture())
        await client.post("/compose", {"source": "Look", "media": ids, f"alt_{ids[0]}": "A circle"})
        thought_id = await scalar(services, "SELECT id FROM thoughts")
        path = f"/thoughts/{thought_id}/edit"
        page = await client.page(path)
        assert _MEDIA.findall(page) == ids
        assert "\nA circle</textarea>" in page
        answer = await client.post(path, {"source": "Look", "media": ids, "drop": ids[1]})
        assert _MEDIA.findall(answer.text) == ids[:1]
        form = {"source": "Look", "media": ids[:1], f"alt_{ids[0]}": "A round thing"}
        assert (await client.post(path, form)).status_code == 303
        home = await client.page("/home")
        assert 'alt="A round thing"' in home
        assert home.count("<figure") == 1


class TestShowing:
    """Attachments in thoughts, feeds and preview cards."""

    async def test_media_of_others_come_through_the_proxy_alone(self, client: Browser, services: Services) -> None:
        far = await make_remote_person(services, "far")
        there = "https://remote.example"
        media = [
            {"type": "Document", "mediaType": "image/png", "url": f"{there}/a.png", "name": "A <b>cat</b>",
             "width": 3000, "height": 2000, "blurhash": "UBL_:rOpGG-oBUNG,qRj2so|=eE1w^n4S5NH", "focalPoint": [-1, 1]},
            {"type": "Video", "mediaType": "video/mp4", "url": f"{there}/b.mp4",
             "icon": {"type": "Image", "url": f"{there}/b.jpg"}},
            {"type": "Audio", "url": f"{there}/c.mp3"},
            {"type": "Document", "mediaType": "application/pdf", "url": f"{there}/d.pdf", "name": "A letter"},
            {"type": "Document", "mediaType": "image/svg+xml", "url": f"{there}/e.svg"},
        ]  # fmt: skip
        thought = await hear(services, far, "<p>Look</p>", attachment=media)
        page = await client.page(f"/@far@remote.example/{thought.id}")
        for name in ("a.png", "b.mp4", "c.mp3"):
            assert f"{there}/{name}" not in page
            assert proxied_path(f"{there}/{name}") in page
        assert f"{proxied_path(f'{there}/a.png')}/small" in page
        assert f'poster="http://localhost:8000{proxied_path(f"{there}/b.jpg")}/small"' in page
        assert '<figure class="x0 y0">' in page
        assert "A &lt;b&gt;cat&lt;/b&gt;" in page
        for linked in ("d.pdf", "e.svg"):
            assert f'<a href="{there}/{linked}" rel="nofollow noopener noreferrer">' in page
            assert proxied_path(f"{there}/{linked}") not in page

    async def test_purged_thought_lets_its_copies_go(self, services: Services, stranger: Browser) -> None:
        from federation.actions import files as actions  # noqa: PLC0415
        from federation.actions.receive_thought import receive_deletion  # noqa: PLC0415

        far, url = await make_remote_person(services, "far"), "https://remote.example/a.png"
        attachment = [{"type": "Image", "url": url}]
        thought = await hear(services, far, "<p>Look</p>", attachment=attachment)
        await keep_copy(services, url, picture(), "image/png")
        assert (await stranger.get(proxied_path(url))).status_code == 200
        await actions.evict_copies(services)
        assert (await stranger.get(proxied_path(url))).status_code == 200
        await receive_deletion(services, far, thought.ap_id)
        await actions.evict_copies(services)
        assert (await stranger.get(proxied_path(url))).status_code == 404
        assert [blob async for blob in services.blobs.list("proxy")] == []

    async def test_sensitive_pictures_wait_behind_a_cover(self, client: Browser) -> None:
        _, ids = await attach(client, photograph())
        await client.post("/compose", {"source": "Careful", "media": ids, "sensitive": "1"})
        home = await client.page("/home")
        cover = home.index("<summary><span>Sensitive picture</span></summary>")
        assert cover < home.index("<figure") < home.index("</details>", cover)

    async def test_preview_card_and_feeds_carry_the_picture(
        self, client: Browser, stranger: Browser, services: Services
    ) -> None:
        _, ids = await attach(client, photograph((1200, 900)))
        await client.post("/compose", {"source": "Look", "media": ids, f"alt_{ids[0]}": "A <circle>"})
        thought_id = await scalar(services, "SELECT id FROM thoughts")
        page = await stranger.page(f"/@ada/{thought_id}")
        assert re.search(r'<meta property="og:image" content="http://localhost:8000/media/\w{64}\.webp">', page)
        assert '<meta property="og:image:alt" content="A &lt;circle&gt;">' in page
        assert "summary_large_image" in page
        for feed in ("/@ada/feed.atom", "/@ada.rss"):
            text = (await stranger.get(feed)).text
            assert "&lt;img src=&#34;http://localhost:8000/media/" in text
            assert "A &amp;lt;circle&amp;gt;" in text

    async def test_sensitive_picture_stays_out_of_preview_cards_and_feeds(
        self, client: Browser, stranger: Browser, services: Services
    ) -> None:
        _, ids = await attach(client, photograph())
        await client.post("/compose", {"source": "Careful", "media": ids, "sensitive": "1"})
        thought_id = await scalar(services, "SELECT id FROM thoughts")
        assert "/media/" not in (await stranger.page(f"/@ada/{thought_id}")).partition("</head>")[0]
        assert "&lt;img" not in (await stranger.get("/@ada/feed.atom")).text
