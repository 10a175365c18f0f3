"""Uploads through the API: taken, worked on, described, attached, thrown away."""

from __future__ import annotations

import asyncio
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from federation.actions import files, uploads
from tests.acting import execute, scalar, sent
from tests.media.samples import animation, clip, gif_of, needs_ffmpeg, photograph, picture, png_of

if TYPE_CHECKING:
    from federation.services import Services
    from tests.client_api.conftest import App, OpenApp


async def upload(app: App, data: bytes | None = None, *, expected: int = 200, path: str = "v1", **fields: str) -> Any:
    """Upload a file and return the answer."""
    parts = {"file": ("photo.jpg", picture(kind="JPEG") if data is None else data, "image/jpeg")}
    return await app.call("POST", f"/api/{path}/media", expected=expected, files=parts, data=fields)


async def fetched(app: App, url: str, **headers: str) -> Any:
    """Read a served file."""
    return await app.client.get(url, headers=headers)


async def stored(services: Services) -> set[str]:
    """Name what lies in the media folder."""
    return {blob.name async for blob in services.blobs.list("media")}


async def sweep(services: Services) -> None:
    """Let the time pass in which bytes may still find a use, then sweep."""
    await execute(services, "UPDATE media_files SET touched_at = now() - interval '1 hour'")
    await uploads.drain(services)


class TestUploading:
    """POST /v1/media and /v2/media, GET /v1/media/:id."""

    async def test_upload_at_once_can_be_shown(self, ann: App) -> None:
        media = await upload(ann, photograph(), description=" A circle ", focus="0.5,-0.25")
        assert media["type"] == "image"
        assert media["description"] == "A circle"
        assert media["meta"]["focus"] == {"x": 0.5, "y": -0.25}
        original, small = media["meta"]["original"], media["meta"]["small"]
        assert original == {"width": 480, "height": 640, "size": "480x640", "aspect": 0.75}
        assert small["width"] <= 480
        assert len(media["blurhash"]) == 28
        assert media["remote_url"] is None
        for url, size in ((media["url"], (480, 640)), (media["preview_url"], (small["width"], small["height"]))):
            served = await fetched(ann, url)
            assert Image.open(BytesIO(served.content)).size == size
            assert url.endswith({"image/jpeg": ".jpg", "image/webp": ".webp"}[served.headers["content-type"]])
            assert not any(word in served.content for word in (b"home", b"Spycam", b"Exif"))
        assert (await ann.get(f"/api/v1/media/{media['id']}")) == media

    async def test_worker_makes_of_it_what_is_shown(self, ann: App, services: Services) -> None:
        media = await upload(ann, photograph(), expected=202, path="v2", description="A circle")
        assert (media["type"], media["url"], media["preview_url"]) == ("image", None, None)
        waiting = await ann.get(f"/api/v1/media/{media['id']}", expected=206)
        assert waiting == media
        assert await uploads.drain(services) == 1
        ready = await ann.get(f"/api/v1/media/{media['id']}")
        assert ready["description"] == "A circle"
        assert Image.open(BytesIO((await fetched(ann, ready["url"])).content)).size == (480, 640)
        assert [blob async for blob in services.blobs.list("incoming")] == []
        assert await uploads.drain(services) == 0

    async def test_what_breaks_in_the_worker_is_told_when_asked(self, ann: App, services: Services) -> None:
        media = await upload(ann, picture(kind="JPEG")[:300], expected=202, path="v2")
        await uploads.drain(services)
        answer = await ann.get(f"/api/v1/media/{media['id']}", expected=422)
        assert "damaged" in answer["error"]
        refused = await ann.post("/api/v1/statuses", status="x", media_ids=[media["id"]], expected=422)
        assert "damaged" in refused["error"]
        assert [blob async for blob in services.blobs.list("incoming")] == []

    async def test_worker_that_dies_is_followed_by_another(self, ann: App, services: Services) -> None:
        media = await upload(ann, expected=202, path="v2")
        await execute(
            services,
            "UPDATE media SET lease = gen_random_uuid(), due_at = now() - interval '1 second', attempts = 1",
        )
        await uploads.drain(services)
        await ann.get(f"/api/v1/media/{media['id']}")

    async def test_raw_bytes_that_are_lost_are_told(self, ann: App, services: Services) -> None:
        media = await upload(ann, expected=202, path="v2")
        await services.blobs.delete(f"incoming/{media['id']}")
        await uploads.drain(services)
        assert "send it again" in (await ann.get(f"/api/v1/media/{media['id']}", expected=422))["error"]

    async def test_a_picture_given_with_a_file_stands_for_it_when_it_is_ready(
        self, ann: App, services: Services
    ) -> None:
        files = {"file": ("a.jpg", photograph(), "image/jpeg"), "thumbnail": ("t.png", picture((8, 8)), "image/png")}
        media = await ann.call("POST", "/api/v2/media", expected=202, files=files)
        await uploads.drain(services)
        ready = await ann.get(f"/api/v1/media/{media['id']}")
        assert (ready["meta"]["small"]["width"], ready["meta"]["original"]["width"]) == (8, 480)
        assert Image.open(BytesIO((await fetched(ann, ready["preview_url"])).content)).size == (8, 8)
        at_once = await ann.call("POST", "/api/v1/media", files=files)
        assert at_once["preview_url"] == ready["preview_url"]

    @needs_ffmpeg
    async def test_video_has_size_length_and_a_still(self, ann: App, services: Services) -> None:
        media = await upload(ann, clip("mov"), expected=202, path="v2")
        assert media["type"] == "video"
        await uploads.drain(services)
        ready = await ann.get(f"/api/v1/media/{media['id']}")
        original = ready["meta"]["original"]
        assert (original["width"], original["height"], original["frame_rate"]) == (64, 48, "10/1")
        assert original["duration"] == pytest.approx(1, abs=0.2)
        video = await fetched(ann, ready["url"])
        assert video.headers["content-type"] == "video/mp4"
        assert b"home" not in video.content and b"13.405" not in video.content
        assert Image.open(BytesIO((await fetched(ann, ready["preview_url"])).content)).size == (64, 48)
        assert ready["meta"]["small"]["width"] == 64

    @needs_ffmpeg
    async def test_moving_gif_is_a_gifv_and_sound_is_audio(self, ann: App) -> None:
        moving = await upload(ann, animation())
        assert (moving["type"], (await fetched(ann, moving["url"])).headers["content-type"]) == ("gifv", "video/mp4")
        sound = await upload(ann, clip("ogg"))
        assert (sound["type"], sound["preview_url"]) == ("audio", None)
        assert sound["meta"]["original"]["duration"] == pytest.approx(1, abs=0.2)

    @pytest.mark.parametrize("path", ["v1", "v2"])
    @pytest.mark.parametrize(
        "data",
        [
            b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", b"<html></html>", b"{}", b"x",
            b"#EXTM3U\nhttp://127.0.0.1/", b"PK\x03\x04" + bytes(100),
        ],
        ids=["svg", "html", "json", "text", "playlist", "zip"],
    )  # fmt: skip
    async def test_what_is_no_medium_is_refused_whatever_it_is_called(
        self, ann: App, services: Services, data: bytes, path: str
    ) -> None:
        answer = await upload(ann, data, expected=422, path=path)
        assert "none that we know" in answer["error"]
        assert await scalar(services, "SELECT count(*) FROM media") == 0
        assert await stored(services) == set()

    @pytest.mark.parametrize(
        "data",
        [png_of(20_000, 20_000), gif_of(5000, 5000, 100), picture()[:70], b"\xff\xd8\xff" + bytes(100)],
        ids=["pixels", "frames", "cut", "only a head"],
    )
    async def test_bombs_and_ruins_are_refused_and_leave_nothing(
        self, ann: App, services: Services, data: bytes
    ) -> None:
        answer = await upload(ann, data, expected=422)
        assert answer["error"].startswith(("The picture", "The animation", "The video", "The file"))
        assert await scalar(services, "SELECT count(*) FROM media") == 0
        assert await stored(services) == set()

    async def test_wrong_ending_and_type_do_not_matter(self, ann: App) -> None:
        parts = {"file": ("evil.svg", picture(kind="PNG"), "image/svg+xml")}
        media = await ann.call("POST", "/api/v1/media", files=parts)
        assert (await fetched(ann, media["url"])).headers["content-type"] == "image/webp"

    async def test_bad_fields_are_422_and_nothing_is_stored(self, ann: App, services: Services) -> None:
        for fields in ({"focus": "2,0"}, {"focus": "x"}, {"focus": "nan,0"}, {"description": "x" * 1501}):
            await upload(ann, expected=422, **fields)
        await ann.call("POST", "/api/v1/media", expected=422, data={"description": "no file"})
        await ann.call("POST", "/api/v2/media", expected=422, json={"file": "text"})
        await upload(ann, b"", expected=422)
        await upload(ann, picture() + bytes(16 * 1024 * 1024), expected=422)
        assert await scalar(services, "SELECT count(*) FROM media") == 0

    @pytest.mark.parametrize("path", ["/api/v1/media", "/api/v2/media"])
    async def test_strangers_are_turned_away_before_their_body_is_read(self, nobody: App, ann: App, path: str) -> None:
        headers = {"content-type": "multipart/form-data; boundary=x", "content-length": str(200 * 1024 * 1024)}
        for token, expected in ((None, 401), ("made up", 401)):
            sent = headers | ({"authorization": f"Bearer {token}"} if token else {})
            answer = await nobody.client.post(path, content=b"--x", headers=sent)
            assert answer.status_code == expected
        assert (await ann.client.post(path, content=b"--x", headers=headers)).status_code == 413

    async def test_same_picture_is_stored_once(self, ann: App, bob: App, services: Services) -> None:
        first, second = await upload(ann, photograph()), await upload(bob, photograph())
        assert first["url"] == second["url"] and first["id"] != second["id"]
        assert len(await stored(services)) == 2
        assert await scalar(services, "SELECT max(uses) FROM media_files") == 2


class TestServing:
    """GET /media/HASH."""

    async def test_answers_are_sandboxed_and_kept_for_ever(self, ann: App) -> None:
        served = await fetched(ann, (await upload(ann))["url"])
        headers = served.headers
        assert headers["content-security-policy"] == "sandbox; default-src 'none'"
        assert headers["x-content-type-options"] == "nosniff"
        assert "immutable" in headers["cache-control"]
        assert headers["accept-ranges"] == "bytes"
        again = await fetched(ann, str(served.url), **{"if-none-match": headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")

    async def test_addresses_without_a_suffix_work_and_with_another_one_do_not(self, ann: App) -> None:
        url, _, suffix = (await upload(ann, photograph()))["url"].rpartition(".")
        assert suffix == "jpg"
        assert (await fetched(ann, url)).headers["content-type"] == "image/jpeg"
        for other in (".", ".png", ".html", ".jpg.html", ".JPG"):
            assert (await fetched(ann, url + other)).status_code == 404

    async def test_ranges_are_answered(self, ann: App) -> None:
        url = (await upload(ann))["url"]
        whole = (await fetched(ann, url)).content
        for asked, expected in (
            ("bytes=0-3", whole[:4]), ("bytes=5-", whole[5:]), ("bytes=-4", whole[-4:]), ("bytes=2-9999999", whole[2:]),
        ):  # fmt: skip
            part = await fetched(ann, url, range=asked)
            assert (part.status_code, part.content) == (206, expected)
            start = len(whole) - len(expected) if asked != "bytes=0-3" else 0
            assert part.headers["content-range"] == f"bytes {start}-{start + len(expected) - 1}/{len(whole)}"
            assert part.headers["content-length"] == str(len(expected))
        beyond = await fetched(ann, url, range=f"bytes={len(whole)}-")
        assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{len(whole)}")
        for ignored in ("bytes=0-1,3-4", "lines=1-2", "nonsense"):
            assert (await fetched(ann, url, range=ignored)).content == whole

    async def test_raw_uploads_are_served_to_nobody(self, ann: App, services: Services) -> None:
        media = await upload(ann, photograph(), expected=202, path="v2")
        for path in (f"/media/{media['id']}", f"/incoming/{media['id']}", "/media/" + "0" * 64):
            assert (await fetched(ann, path)).status_code == 404


class TestAttaching:
    """media_ids and media_attributes of statuses."""

    async def test_status_carries_its_media_in_order_without_text(self, ann: App, nobody: App) -> None:
        ids = [(await upload(ann, picture((20, number))))["id"] for number in (10, 30, 20)]
        status = await ann.publish("", media_ids=ids)
        assert [one["id"] for one in status["media_attachments"]] == ids
        assert status["content"] == ""
        seen = await nobody.get(f"/api/v1/statuses/{status['id']}")
        assert seen["media_attachments"] == status["media_attachments"]
        for media_id in ids:
            await ann.get(f"/api/v1/media/{media_id}", expected=404)

    async def test_form_bodies_carry_media_too(self, ann: App) -> None:
        ids = [(await upload(ann))["id"] for _ in range(2)]
        status = await ann.call("POST", "/api/v1/statuses", data={"status": "x", "media_ids[]": ids})
        assert [one["id"] for one in status["media_attachments"]] == ids

    async def test_post_waits_a_moment_for_what_workers_still_prepare(self, ann: App, services: Services) -> None:
        media = await upload(ann, expected=202, path="v2")
        async with asyncio.TaskGroup() as tasks:
            posting = tasks.create_task(ann.publish("Look", media_ids=[media["id"]]))
            tasks.create_task(uploads.drain(services))
        assert posting.result()["media_attachments"][0]["url"]

    async def test_wrong_media_publish_nothing(self, ann: App, bob: App, services: Services) -> None:
        taken, own = await upload(ann), await upload(ann)
        await ann.publish("first", media_ids=[taken["id"]])
        others = await upload(bob)
        waiting = await upload(ann, expected=202, path="v2")
        for ids in (
            [taken["id"]], [others["id"]], [own["id"], own["id"]], ["nonsense"], [str(own["id"])[:-1] + "z"],
            [waiting["id"]], [own["id"]] * 5,
        ):  # fmt: skip
            await ann.post("/api/v1/statuses", status="x", media_ids=ids, expected=422)
        many = [(await upload(ann))["id"] for _ in range(5)]
        answer = await ann.post("/api/v1/statuses", status="x", media_ids=many, expected=422)
        assert "at most 4" in answer["error"]
        assert await scalar(services, "SELECT count(*) FROM thoughts") == 1
        assert (await ann.get(f"/api/v1/media/{own['id']}"))["id"] == own["id"]

    async def test_edit_changes_order_and_words_and_the_history_keeps_what_was(
        self, ann: App, services: Services
    ) -> None:
        first, second, third = [(await upload(ann, picture((20, number))))["id"] for number in (10, 20, 30)]
        status = await ann.publish("Look", media_ids=[first, second])
        edited = await ann.call(
            "PUT", f"/api/v1/statuses/{status['id']}",
            json={
                "status": "Look", "media_ids": [third, first],
                "media_attributes": [{"id": first, "description": "Teal", "focus": "-1,1"}],
            },
        )  # fmt: skip
        shown = edited["media_attachments"]
        assert [one["id"] for one in shown] == [third, first]
        assert (shown[1]["description"], shown[1]["meta"]["focus"]) == ("Teal", {"x": -1.0, "y": 1.0})
        assert edited["edited_at"] is not None
        history = await ann.get(f"/api/v1/statuses/{status['id']}/history")
        assert [[one["id"] for one in v["media_attachments"]] for v in history] == [[first, second], [third, first]]
        assert history[0]["media_attachments"][0]["description"] is None
        await sweep(services)
        assert (await fetched(ann, history[0]["media_attachments"][1]["url"])).status_code == 200
        update = [one for one in await sent(services) if one.type == "Update"][-1]
        assert [one["name"] for one in update.document["object"]["attachment"]] == [None, "Teal"]

    async def test_form_bodies_describe_media_in_an_edit(self, ann: App) -> None:
        media = await upload(ann)
        status = await ann.publish("Look", media_ids=[media["id"]])
        edited = await ann.call(
            "PUT", f"/api/v1/statuses/{status['id']}",
            data={
                "status": "Look", "media_ids[]": media["id"], "media_attributes[][id]": media["id"],
                "media_attributes[][description]": "Teal", "media_attributes[][focus]": "0.5,0.5",
            },
        )  # fmt: skip
        assert edited["media_attachments"][0]["description"] == "Teal"
        for bad in ([{"id": media["id"], "focus": "7,7"}], [{"id": media["id"], "description": "x" * 1501}], "x"):
            body = {"status": "Look", "media_ids": [media["id"]], "media_attributes": bad}
            await ann.call("PUT", f"/api/v1/statuses/{status['id']}", expected=422, json=body)
        kept = await ann.get(f"/api/v1/statuses/{status['id']}")
        assert kept["media_attachments"] == edited["media_attachments"]

    async def test_edit_without_media_takes_them_away(self, ann: App) -> None:
        status = await ann.publish("Look", media_ids=[(await upload(ann))["id"]])
        edited = await ann.call("PUT", f"/api/v1/statuses/{status['id']}", json={"status": "Look", "media_ids": []})
        assert edited["media_attachments"] == []
        await ann.call("PUT", f"/api/v1/statuses/{status['id']}", expected=422, json={"status": ""})

    async def test_note_says_what_is_attached(self, ann: App, services: Services) -> None:
        media = await upload(ann, photograph(), description="A circle", focus="0,0.3")
        await ann.publish("Look", media_ids=[media["id"]])
        (attachment,) = (await sent(services))[-1].document["object"]["attachment"]
        assert attachment == {
            "type": "Document", "mediaType": "image/jpeg", "url": media["url"], "name": "A circle",
            "summary": "A circle", "width": 480, "height": 640, "blurhash": media["blurhash"],
            "focalPoint": [0.0, pytest.approx(0.3)],
        }  # fmt: skip

    async def test_only_media_pages_hold_those_with_media(self, ann: App, nobody: App) -> None:
        await ann.publish("words")
        pictured = await ann.publish("Look #here", media_ids=[(await upload(ann))["id"]])
        await ann.publish("words again #here")
        for path in (
            f"/api/v1/accounts/{ann.id}/statuses", "/api/v1/timelines/public", "/api/v1/timelines/tag/here",
        ):  # fmt: skip
            found = await nobody.get(path, only_media="true")
            assert [one["id"] for one in found] == [pictured["id"]], path
            assert len(await nobody.get(path)) > 1


class TestDescribing:
    """PUT and DELETE /v1/media/:id."""

    async def test_description_and_focus_can_change_before_it_is_attached(self, ann: App) -> None:
        media = await upload(ann)
        path = f"/api/v1/media/{media['id']}"
        changed = await ann.call("PUT", path, data={"description": "Teal"})
        assert changed["description"] == "Teal"
        changed = await ann.call("PUT", path, json={"focus": "0.1,0.2"})
        assert (changed["description"], changed["meta"]["focus"]["x"]) == ("Teal", pytest.approx(0.1))
        await ann.call("PUT", path, expected=422, json={"focus": "9,9"})
        await ann.publish("x", media_ids=[media["id"]])
        await ann.call("PUT", path, expected=404, json={"description": "late"})

    async def test_a_picture_can_stand_for_a_video(self, ann: App) -> None:
        media = await upload(ann)
        thumbnail = {"thumbnail": ("t.png", picture((8, 8)), "image/png")}
        changed = await ann.call("PUT", f"/api/v1/media/{media['id']}", files=thumbnail)
        assert changed["preview_url"] != media["preview_url"]
        assert changed["meta"]["small"]["width"] == 8

    async def test_uploads_of_others_are_not_there(self, ann: App, bob: App) -> None:
        path = f"/api/v1/media/{(await upload(ann))['id']}"
        for method in ("GET", "PUT", "DELETE"):
            await bob.call(method, path, expected=404)

    async def test_thrown_away_upload_is_gone_with_its_bytes(self, ann: App, services: Services) -> None:
        media = await upload(ann)
        await ann.call("DELETE", f"/api/v1/media/{media['id']}")
        await ann.get(f"/api/v1/media/{media['id']}", expected=404)
        await sweep(services)
        assert await stored(services) == set()
        attached = await upload(ann)
        await ann.publish("x", media_ids=[attached["id"]])
        await ann.call("DELETE", f"/api/v1/media/{attached['id']}", expected=422)


class TestGoing:
    """What is used by nothing goes."""

    async def test_last_thought_takes_the_bytes_with_it(self, ann: App, bob: App, services: Services) -> None:
        theirs = await bob.publish("mine too", media_ids=[(await upload(bob))["id"]])
        status = await ann.publish("x", media_ids=[(await upload(ann))["id"]])
        await ann.call("DELETE", f"/api/v1/statuses/{status['id']}?delete_media=true")
        await sweep(services)
        assert (await fetched(ann, theirs["media_attachments"][0]["url"])).status_code == 200
        await bob.call("DELETE", f"/api/v1/statuses/{theirs['id']}", json={"delete_media": True})
        await sweep(services)
        assert await stored(services) == set()
        assert (await fetched(ann, theirs["media_attachments"][0]["url"])).status_code == 404

    async def test_deleted_and_written_anew_it_carries_the_same_media(self, ann: App, services: Services) -> None:
        media = await upload(ann, description="Teal")
        status = await ann.publish("x", media_ids=[media["id"]])
        deleted = await ann.call("DELETE", f"/api/v1/statuses/{status['id']}")
        assert deleted["media_attachments"][0]["id"] == media["id"]
        await sweep(services)
        again = await ann.publish("x", media_ids=[media["id"]])
        assert again["media_attachments"][0]["description"] == "Teal"

    async def test_unattached_upload_expires(self, ann: App, services: Services) -> None:
        media, raw = await upload(ann), await upload(ann, expected=202, path="v2")
        attached = await ann.publish("x", media_ids=[(await upload(ann, picture((9, 9), "JPEG")))["id"]])
        await files.expire_uploads(services)
        await ann.get(f"/api/v1/media/{media['id']}")
        await execute(services, "UPDATE media SET kept_until = now() - interval '1 second'")
        await files.expire_uploads(services)
        for one in (media, raw):
            await ann.get(f"/api/v1/media/{one['id']}", expected=404)
        await sweep(services)
        assert len(await stored(services)) == 2
        assert [blob async for blob in services.blobs.list("incoming")] == []
        assert (await fetched(ann, attached["media_attachments"][0]["url"])).status_code == 200

    async def test_account_that_ends_leaves_no_bytes(self, ann: App, services: Services) -> None:
        from federation.actions.accounts import delete_account  # noqa: PLC0415

        assert ann.person is not None
        portrait = {"avatar": ("me.png", picture((50, 50)), "image/png")}
        await ann.call("PATCH", "/api/v1/accounts/update_credentials", files=portrait)
        await ann.publish("x", media_ids=[(await upload(ann))["id"]])
        await upload(ann, expected=202, path="v2")
        assert len(await stored(services)) == 3
        await delete_account(services, ann.person)
        await files.expire_uploads(services)
        await sweep(services)
        assert await stored(services) == set()
        assert [blob async for blob in services.blobs.list("incoming")] == []

    async def test_bytes_about_to_be_used_are_not_swept(self, ann: App, services: Services) -> None:
        media = await upload(ann)
        await ann.call("DELETE", f"/api/v1/media/{media['id']}")
        await uploads.drain(services)
        assert len(await stored(services)) == 2

    async def test_replaced_portrait_goes(self, ann: App, services: Services) -> None:
        for side in (50, 60):
            portrait = {"avatar": ("me.png", picture((side, side)), "image/png")}
            await ann.call("PATCH", "/api/v1/accounts/update_credentials", files=portrait)
        await sweep(services)
        assert len(await stored(services)) == 1


async def test_other_scopes_upload_nothing(open_app: OpenApp, ann: App) -> None:
    reading = await open_app(ann.person, scopes="read")
    await upload(reading, expected=403)
    await upload(reading, expected=403, path="v2")


async def test_instance_says_what_is_taken(nobody: App) -> None:
    configuration = (await nobody.get("/api/v2/instance"))["configuration"]
    assert configuration["statuses"]["max_media_attachments"] == 4
    assert "image/png" in configuration["media_attachments"]["supported_mime_types"]
    assert "image/svg+xml" not in configuration["media_attachments"]["supported_mime_types"]
    assert configuration["media_attachments"]["image_size_limit"] == 16 * 1024 * 1024
