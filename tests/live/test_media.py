"""Pictures and video cross the wire between two real instances, one of which keeps its bytes in a bucket."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from federation.media import videos
from tests.live.instance import Instance, eventually, running_instance
from tests.media.bucket import running_bucket
from tests.media.samples import clip, photograph

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("live")]


async def _uploaded(instance: Instance, name: str, data: bytes, **fields: str) -> dict[str, Any]:
    """Upload a file and wait for the workers."""
    media = await instance.api(name, "POST", "/api/v2/media", files={"file": ("x", data)}, data=fields)

    async def ready() -> dict[str, Any] | None:
        answer = await instance.client.get(
            f"{instance.origin}/api/v1/media/{media['id']}",
            headers={"Authorization": f"Bearer {instance.tokens[name]}"},
        )
        assert answer.status_code in (200, 206), answer.text
        found: dict[str, Any] = answer.json()
        return found if answer.status_code == 200 else None

    return await eventually(ready, what="the upload was worked on")


async def _seen(instance: Instance, name: str, uri: str) -> dict[str, Any] | None:
    page = await instance.api(name, "GET", "/api/v1/timelines/home")
    return next((status for status in page if status["uri"] == uri), None)


async def test_two_instances_exchange_pictures_and_video(tmp_path: Path) -> None:
    with running_bucket() as bucket:
        async with (
            running_instance(tmp_path / "a", "127.0.0.1", **bucket) as a,
            running_instance(tmp_path / "b", "127.0.0.2") as b,
        ):
            a.person("alice")
            b.person("bob")
            alice = await b.find("bob", f"@alice@{a.authority}")
            await b.api("bob", "POST", f"/api/v1/accounts/{alice['id']}/follow")

            async def followed() -> bool:
                relation = await b.api("bob", "GET", "/api/v1/accounts/relationships", params={"id[]": alice["id"]})
                return bool(relation[0]["following"])

            await eventually(followed, what="the follow was accepted")
            picture = await _uploaded(a, "alice", photograph(), description="A circle", focus="0.5,-0.5")
            ids = [picture["id"]]
            if videos.available():
                ids.append((await _uploaded(a, "alice", clip("webm")))["id"])
            sent = await a.post("alice", "", media_ids=ids)
            seen = await eventually(lambda: _seen(b, "bob", sent["uri"]), what="the media arrived")
            shown = seen["media_attachments"]
            assert [one["type"] for one in shown] == ["image", "video"][: len(ids)]
            assert shown[0]["description"] == "A circle"
            assert shown[0]["blurhash"] == picture["blurhash"]
            assert shown[0]["meta"]["focus"] == {"x": 0.5, "y": -0.5}
            assert shown[0]["meta"]["original"]["width"] == 480
            assert shown[0]["remote_url"] == picture["url"]
            for one in shown:
                assert one["url"].startswith(f"{b.origin}/proxy/")
                assert Image.open(BytesIO((await b.client.get(one["preview_url"])).content)).size[0] <= 480
            large = await b.client.get(shown[0]["url"])
            assert Image.open(BytesIO(large.content)).size == (480, 640)
            assert large.headers["content-security-policy"] == "sandbox; default-src 'none'"
            if len(shown) > 1:
                part = await b.client.get(shown[1]["url"], headers={"Range": "bytes=4-7"})
                assert (part.status_code, part.content) == (206, b"ftyp")

            await a.api(
                "alice", "PUT", f"/api/v1/statuses/{sent['id']}",
                json={"media_ids": ids[:1], "media_attributes": [{"id": ids[0], "description": "A round thing"}]},
            )  # fmt: skip

            async def described_anew() -> bool:
                status = await b.api("bob", "GET", f"/api/v1/statuses/{seen['id']}")
                return [one["description"] for one in status["media_attachments"]] == ["A round thing"]

            await eventually(described_anew, what="the new description arrived")
            await a.api("alice", "DELETE", f"/api/v1/statuses/{sent['id']}?delete_media=true")

            async def deleted() -> bool:
                status = await b.client.get(
                    f"{b.origin}/api/v1/statuses/{seen['id']}", headers={"Authorization": f"Bearer {b.tokens['bob']}"}
                )
                return status.status_code == 404

            await eventually(deleted, what="the deletion arrived")
