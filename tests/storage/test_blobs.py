"""Bytes by name, on disk and in a bucket: the same behaviour from both."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.blob_stores import open_blobs
from storage.blobs import Blobs, read_all
from storage.errors import BlobsUnavailable
from tests.media.bucket import running_bucket

ONE, OTHER = f"media/ab{'0' * 62}", f"media/cd{'0' * 62}"
RAW = "incoming/0192f7c8-0000-7000-8000-000000000000"


@pytest.fixture(scope="session")
def bucket() -> Iterator[str]:
    """The URL of a bucket of a small S3 server."""
    with running_bucket() as settings, pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", settings["AWS_ACCESS_KEY_ID"])
        patch.setenv("AWS_SECRET_ACCESS_KEY", settings["AWS_SECRET_ACCESS_KEY"])
        yield settings["THOUGHTS_MEDIA_URL"]


@pytest.fixture(params=["disk", "bucket"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Blobs:
    """A store of each kind."""
    if request.param == "disk":
        return open_blobs(f"file://{tmp_path}/a%20folder", tmp_path / "unused")
    url: str = request.getfixturevalue("bucket")
    return open_blobs(url.replace("/where", f"/{tmp_path.name}"), tmp_path / "unused")


async def bytes_of(blobs: Blobs, name: str, start: int = 0, end: int | None = None) -> bytes:
    pieces = await blobs.open(name, start, end)
    assert pieces is not None
    return b"".join([piece async for piece in pieces])


async def names(blobs: Blobs, folder: str) -> dict[str, int]:
    return {blob.name: blob.size async for blob in blobs.list(folder)}


async def test_bytes_come_back_whole_and_in_ranges(blobs: Blobs, tmp_path: Path) -> None:
    assert await read_all(blobs, ONE) is None
    await blobs.put(ONE, b"0123456789", "image/webp")
    assert await read_all(blobs, ONE) == b"0123456789"
    assert await bytes_of(blobs, ONE, 2, 5) == b"234"
    assert await bytes_of(blobs, ONE, 7) == b"789"
    file = tmp_path / "large"
    file.write_bytes(bytes(range(256)) * 40_000)
    await blobs.put(RAW, file, "application/octet-stream")
    assert await read_all(blobs, RAW) == file.read_bytes()
    assert await bytes_of(blobs, RAW, 9_000_000, 9_000_003) == file.read_bytes()[9_000_000:9_000_003]


async def test_putting_again_replaces_and_deleting_twice_does_no_harm(blobs: Blobs) -> None:
    await blobs.put(ONE, b"before", "image/webp")
    await blobs.put(ONE, b"after", "image/webp")
    await blobs.put(OTHER, b"other", "image/webp")
    await blobs.put(RAW, b"raw", "image/webp")
    assert await names(blobs, "media") == {ONE: 5, OTHER: 5}
    assert await names(blobs, "incoming") == {RAW: 3}
    assert await names(blobs, "proxy") == {}
    for _ in range(2):
        await blobs.delete(ONE)
    assert await blobs.open(ONE) is None
    assert await names(blobs, "media") == {OTHER: 5}


@pytest.mark.parametrize(
    "name", ["media/../../etc/passwd", "/etc/passwd", "media/x", "other/" + "0" * 64, ONE.upper(), ONE + "\n", ""]
)
async def test_no_other_name_leads_anywhere(blobs: Blobs, name: str) -> None:
    with pytest.raises(ValueError):
        await blobs.put(name, b"x", "image/webp")
    with pytest.raises(ValueError):
        await blobs.open(name)
    with pytest.raises(ValueError):
        await blobs.delete(name)


async def test_failed_write_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise OSError(28, "No space left on device")

    blobs = open_blobs(None, tmp_path)
    monkeypatch.setattr("os.fsync", broken)
    with pytest.raises(BlobsUnavailable, match="No space left"):
        await blobs.put(ONE, b"bytes", "image/webp")
    assert list((tmp_path / "media" / "ab").iterdir()) == []


async def test_a_store_that_does_not_answer_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        away = open_blobs(f"s3://thoughts?endpoint=http://127.0.0.1:{closed.getsockname()[1]}", tmp_path)
        with pytest.raises(BlobsUnavailable):
            await away.put(ONE, b"x", "image/webp")
        with pytest.raises(BlobsUnavailable):
            await away.open(ONE)
