"""Bytes by name: what a store of them can do, and which names there are."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

# What people uploaded, by content; copies of remote media, by content; uploads not looked at yet, by id.
_NAME = re.compile(r"(?:media|proxy)/[0-9a-f]{64}|incoming/[0-9a-f-]{36}")


@dataclass(frozen=True, slots=True)
class Blob:
    """Stored bytes, by their name and size."""

    name: str
    size: int


class Blobs(Protocol):
    """Where bytes lie. Names are `media/HASH`, `proxy/HASH` or `incoming/ID`; all raise `BlobsUnavailable`."""

    async def put(self, name: str, data: bytes | Path, content_type: str) -> None:
        """Store bytes, or those of a file; they are there in full or not at all, whatever happens meanwhile."""
        ...

    async def open(self, name: str, start: int = 0, end: int | None = None) -> AsyncGenerator[bytes, None] | None:
        """Return the bytes from `start` up to `end`, piece by piece; None when there are none of that name."""
        ...

    async def exists(self, name: str) -> bool:
        """Tell whether there are bytes of that name."""
        ...

    async def delete(self, name: str) -> None:
        """Delete what has this name, if anything has."""
        ...

    def list(self, folder: str) -> AsyncIterator[Blob]:
        """List what lies under `media`, `proxy` or `incoming`."""
        ...


def check_name(name: str) -> str:
    """Return a name of ours; anything else is a `ValueError`, so that no path leads elsewhere."""
    if not _NAME.fullmatch(name):
        raise ValueError("Stored bytes are named by folder and hash.")
    return name


async def read_all(blobs: Blobs, name: str) -> bytes | None:
    """Return all bytes of that name, None when there are none."""
    pieces = await blobs.open(name)
    return None if pieces is None else b"".join([piece async for piece in pieces])
