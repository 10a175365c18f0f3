"""Where bytes lie: a folder of this machine, or an S3 bucket that every machine shares."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import IO, TYPE_CHECKING
from urllib.parse import parse_qs, unquote, urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from storage.blobs import Blob, Blobs, check_name
from storage.errors import BlobsUnavailable

if TYPE_CHECKING:
    from obstore import GetOptions
    from obstore.store import S3Config

_CHUNK = 256 * 1024
# mkstemp keeps files to their maker; a web server in front may want to serve these.
_MODE = 0o644
_FOREVER = "public, max-age=31536000, immutable"


def open_blobs(url: str | None, data: Path) -> Blobs:
    """Return the store at a `file://` or `s3://` URL, else the one on disk under `data`."""
    parts = urlsplit(url or "")
    if parts.scheme == "s3":
        return S3Blobs(url or "")
    return DiskBlobs(Path(unquote(parts.path)) if url else data)


class DiskBlobs:
    """A folder on this machine's disk."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def put(self, name: str, data: bytes | Path, content_type: str) -> None:
        """Store bytes beside their place, then move them there."""
        del content_type  # the database knows
        try:
            await asyncio.to_thread(self._put, self._path(name), data)
        except OSError as exc:
            raise BlobsUnavailable(f"The media folder cannot be written: {exc.strerror or exc}.") from exc

    async def open(self, name: str, start: int = 0, end: int | None = None) -> AsyncGenerator[bytes, None] | None:
        """Open the file."""
        try:
            file = await asyncio.to_thread(self._path(name).open, "rb")
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as exc:
            raise BlobsUnavailable(f"The media folder cannot be read: {exc.strerror}.") from exc
        return _pieces(file, start, end)

    async def exists(self, name: str) -> bool:
        """Tell whether the file is there."""
        return await asyncio.to_thread(self._path(name).is_file)

    async def delete(self, name: str) -> None:
        """Delete the file."""
        await asyncio.to_thread(self._path(name).unlink, missing_ok=True)

    async def list(self, folder: str) -> AsyncIterator[Blob]:
        """List the files; unfinished ones have names that begin with a dot."""
        for path in await asyncio.to_thread(lambda: sorted((self._folder / folder).glob("*/*"))):
            if not path.name.startswith("."):
                yield Blob(f"{folder}/{path.name}", path.stat().st_size)

    def _path(self, name: str) -> Path:
        folder, _, last = check_name(name).partition("/")
        return self._folder / folder / last[:2] / last

    @staticmethod
    def _put(path: Path, data: bytes | Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
        try:
            with os.fdopen(descriptor, "wb") as file:
                if isinstance(data, bytes):
                    file.write(data)
                else:
                    with data.open("rb") as source:
                        shutil.copyfileobj(source, file, _CHUNK)
                file.flush()
                os.fsync(descriptor)
            Path(name).chmod(_MODE)
            Path(name).replace(path)
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                Path(name).unlink()
            raise


async def _pieces(file: IO[bytes], start: int, end: int | None) -> AsyncGenerator[bytes, None]:
    try:
        if start:
            file.seek(start)
        left = None if end is None else end - start
        while left is None or left > 0:
            piece = await asyncio.to_thread(file.read, _CHUNK if left is None else min(_CHUNK, left))
            if not piece:
                return
            left = None if left is None else left - len(piece)
            yield piece
    finally:
        # A read that was cancelled goes on in its thread, and closing waits for it: in a thread, too.
        asyncio.get_running_loop().run_in_executor(None, file.close)


class S3Blobs:
    """`s3://bucket/prefix?endpoint=https://…&region=…`; the keys come from AWS_ACCESS_KEY_ID and its kin."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        endpoint = options.get("endpoint")
        config: S3Config = {"region": options.get("region", "us-east-1")}
        if endpoint:
            config["endpoint"] = endpoint
        self._store = S3Store(
            parts.netloc,
            prefix=parts.path.strip("/") or None,
            config=config,
            client_options={
                "timeout": "60s",
                "connect_timeout": "5s",
                "allow_http": bool(endpoint and endpoint.startswith("http://")),
            },
            retry_config={"max_retries": 3, "retry_timeout": timedelta(seconds=20)},
        )

    async def put(self, name: str, data: bytes | Path, content_type: str) -> None:
        """Store bytes, with what a bucket that serves them itself has to say."""
        attributes = {
            "Content-Type": content_type,
            "Cache-Control": _FOREVER if name.startswith("media/") else "private, no-store",
        }
        with _trouble():
            await obstore.put_async(self._store, check_name(name), data, attributes=attributes)

    async def open(self, name: str, start: int = 0, end: int | None = None) -> AsyncGenerator[bytes, None] | None:
        """Ask for a range."""
        wanted: GetOptions = {"range": {"offset": start} if end is None else (start, end)}
        with _trouble():
            try:
                found = await obstore.get_async(self._store, check_name(name), options=wanted)
            except FileNotFoundError:
                return None
        return _streamed(found)

    async def exists(self, name: str) -> bool:
        """Ask for the object's head."""
        with _trouble():
            try:
                await obstore.head_async(self._store, check_name(name))
            except FileNotFoundError:
                return False
        return True

    async def delete(self, name: str) -> None:
        """Delete an object."""
        with _trouble():
            try:
                await obstore.delete_async(self._store, check_name(name))
            except FileNotFoundError:
                return

    async def list(self, folder: str) -> AsyncIterator[Blob]:
        """List the objects of a folder."""
        with _trouble():
            async for page in obstore.list(self._store, folder):
                for item in page:
                    yield Blob(item["path"], item["size"])


async def _streamed(found: obstore.GetResult) -> AsyncGenerator[bytes, None]:
    with _trouble():
        async for piece in found.stream(min_chunk_size=_CHUNK):
            yield bytes(piece)


@contextmanager
def _trouble() -> Iterator[None]:
    try:
        yield
    except (BaseError, OSError) as exc:
        raise BlobsUnavailable("The media store does not answer.") from exc
