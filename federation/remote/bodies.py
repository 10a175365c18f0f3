"""Bodies of answers: read piece by piece, inflated piece by piece, dropped as soon as they are too much."""

from __future__ import annotations

import zlib
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import cast

import httpx

from federation.errors import Rejected, Temporary

CLIP_BYTES = 1024
_CLIP_READ_BYTES = 4096
_GZIP = 16 + zlib.MAX_WBITS


async def copy_body(
    response: httpx.Response, host: str, write: Callable[[bytes], object], *, max_bytes: int, cut: bool = False
) -> None:
    """Hand a body on piece by piece, decompressed; raise `Rejected` as soon as it grows over `max_bytes`.

    With `cut`, hand on the first `max_bytes` of it instead, and read no further. The inflater never makes more than
    one byte too many, however small the gzip bomb. The caller keeps time.
    """
    announced = response.headers.get("content-length", "")
    if not cut and announced.isascii() and announced.isdecimal() and int(announced[:20]) > max_bytes:
        raise _too_large(host)
    length = 0
    inflater = _inflater(response.headers.get("content-encoding", ""), host)
    async with aclosing(_pieces(response)) as chunks:
        async for chunk in chunks:
            piece = chunk if inflater is None else inflater.feed(chunk, max_bytes + 1 - length)
            length += len(piece)
            if length > max_bytes:
                if cut:
                    write(piece[: max_bytes - length])
                    return
                raise _too_large(host)
            write(piece)
    if inflater is not None and not inflater.complete:
        raise Temporary(f"{host} broke off its answer.")


async def read_clip(response: httpx.Response) -> bytes:
    """Read the first few KiB, as sent. A longer answer costs its connection, which is closed with it."""
    if response.headers.get("content-length") == "0":
        return b""
    clip = bytearray()
    async with aclosing(_pieces(response)) as chunks:
        async for chunk in chunks:
            clip += chunk
            if len(clip) > _CLIP_READ_BYTES:
                break
    return bytes(clip)


def clip_text(clip: bytes, response: httpx.Response) -> str:
    """Return the first KiB of an answer as text that a database takes; nothing of a compressed one."""
    if response.headers.get("content-encoding", "identity") != "identity":
        return ""
    return clip[:CLIP_BYTES].decode(errors="replace").replace("\x00", "\N{REPLACEMENT CHARACTER}")


def _pieces(response: httpx.Response) -> AsyncGenerator[bytes, None]:
    # httpx declares less than it returns: a generator, which must be closed when left half-way.
    return cast(AsyncGenerator[bytes, None], response.aiter_raw())


class _Inflater:
    """Gzip, member by member, with an upper bound on what one call may produce."""

    def __init__(self, host: str) -> None:
        self._host = host
        self._member = zlib.decompressobj(_GZIP)

    @property
    def complete(self) -> bool:
        """Whether the last member reached its end."""
        return self._member.eof

    def feed(self, chunk: bytes, most: int) -> bytes:
        """Inflate a chunk to at most `most` bytes; the caller stops when it gets that many."""
        inflated = bytearray()
        while chunk and len(inflated) < most:
            if self._member.eof:
                self._member = zlib.decompressobj(_GZIP)
            try:
                inflated += self._member.decompress(chunk, most - len(inflated))
            except zlib.error as exc:
                raise Rejected(f"{self._host} sent an answer that cannot be decompressed.") from exc
            chunk = self._member.unused_data
        return bytes(inflated)


def _inflater(encoding: str, host: str) -> _Inflater | None:
    match encoding.strip().lower():
        case "" | "identity":
            return None
        case "gzip" | "x-gzip":
            return _Inflater(host)
        case _:
            raise Rejected(f"{host} compressed its answer in a way that we did not ask for.")


def _too_large(host: str) -> Rejected:
    return Rejected(f"{host} sent more than is allowed here.")
