"""The files: uploads by their hash, and copies of remote media, in a sandbox and in ranges."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import Final

from quart import Blueprint, Response, request
from werkzeug.http import parse_range_header

from federation.actions import files
from federation.errors import NotFound
from federation.media.formats import SERVED
from federation.remote.proxy import StoredFile
from web.current import services

blueprint = Blueprint("media", __name__)

_FOREVER: Final = "public, max-age=31536000, immutable"
_DAY: Final = "public, max-age=86400"


@blueprint.get("/media/<name>")
async def upload(name: str) -> Response:
    """Serve an upload."""
    return await _upload(await files.find_upload(services(), name))


@blueprint.get("/media/<name>/still")
async def still(name: str) -> Response:
    """Serve a picture that does not move, of an upload that may."""
    return await _upload(await files.find_upload(services(), name, still=True))


async def _upload(file: StoredFile) -> Response:
    pieces = await _open(file)
    if pieces is None:
        raise NotFound("There is no such picture.")
    return _answer(file, pieces, cached=_FOREVER)


@blueprint.get("/proxy/<key>")
async def copy(key: str) -> Response:
    """Serve a remote medium from our copy, so that nobody else learns who looks at it."""
    return await _copy(partial(files.find_copy, services(), key, small=False))


@blueprint.get("/proxy/<key>/small")
async def preview(key: str) -> Response:
    """Serve a small picture of a remote medium."""
    return await _copy(partial(files.find_copy, services(), key, small=True))


async def _copy(find: Callable[..., Awaitable[StoredFile]]) -> Response:
    file = await find()
    pieces = await _open(file)
    if pieces is None:
        file = await find(lost=True)
        pieces = await _open(file)
    if pieces is None:
        raise NotFound("There is no such picture.")
    return _answer(file, pieces, cached=_DAY)


async def _open(file: StoredFile) -> AsyncIterator[bytes] | None:
    if file.content_type not in SERVED:
        raise NotFound("There is no such picture.")
    wanted = _range(file.size)
    if wanted is None or _is_known(file) or request.method == "HEAD":
        return _nothing() if await services().blobs.exists(file.name) else None
    return await services().blobs.open(file.name, *wanted)


async def _nothing() -> AsyncIterator[bytes]:
    return
    yield


def _range(size: int) -> tuple[int, int] | None:
    """Return which bytes are wanted: all of them, or the one range that was asked for; None for one beyond the end."""
    asked = parse_range_header(request.headers.get("Range"))
    if asked is None or asked.units != "bytes" or len(asked.ranges) != 1:
        return (0, size)
    return asked.range_for_length(size)


def _is_known(file: StoredFile) -> bool:
    return request.if_none_match.contains_weak(file.content_hash)


def _answer(file: StoredFile, pieces: AsyncIterator[bytes], *, cached: str) -> Response:
    wanted = _range(file.size)
    if wanted is None:
        response = Response(status=416, content_type="text/plain")
        response.headers["Content-Range"] = f"bytes */{file.size}"
    elif _is_known(file):
        response = Response(status=304)
    else:
        start, end = wanted
        whole = (start, end) == (0, file.size)
        response = Response(pieces, status=200 if whole else 206, content_type=file.content_type)
        response.timeout = None  # a video may be watched for long
        response.content_length = end - start
        if not whole:
            response.headers["Content-Range"] = f"bytes {start}-{end - 1}/{file.size}"
    response.set_etag(file.content_hash)
    headers = response.headers
    headers["Accept-Ranges"] = "bytes"
    headers["Cache-Control"] = cached
    headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Content-Disposition"] = "inline"
    headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    # Apps in browsers read pictures and video too.
    headers["Access-Control-Allow-Origin"] = "*"
    return response
