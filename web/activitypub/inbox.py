"""The inboxes: a plain ASGI callable in front of Quart, since every other server comes through here."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import orjson
import structlog

from federation.errors import (
    Forbidden,
    Gone,
    Invalid,
    NotFound,
    RemoteError,
    Temporary,
    ThoughtsError,
    Unauthenticated,
)
from federation.inbound.accept import MAX_ACTIVITY_BYTES, Inbox
from federation.protocol.signatures import SignedRequest, accept_signature, collect_headers
from storage.errors import StorageError
from web.bodies import MOST_DISCARDED
from web.current import SERVICES
from web.shut_out import SHUT_OUT

if TYPE_CHECKING:
    from hypercorn.typing import ASGIReceiveCallable, ASGISendCallable, HTTPScope, Scope
    from quart import Quart

    from federation.services import Services
    from web.bodies import AsgiApp

log = structlog.get_logger(__name__)

_PERSONAL = re.compile(r"/users/([^/]+)/inbox")
_TYPES = ("application/activity+json", "application/ld+json", "application/json")
_STATUS: tuple[tuple[type[ThoughtsError], int], ...] = (
    (Invalid, 400),
    (Unauthenticated, 401),
    (Forbidden, 403),
    (NotFound, 404),
    (Gone, 410),
    (Temporary, 503),
    (RemoteError, 401),
)


class InboxDoor:
    """Answers POSTs to `/inbox`, `/users/NAME/inbox` and `/actor/inbox`; passes on everything else."""

    def __init__(self, app: AsgiApp, quart: Quart) -> None:
        self._app = app
        self._quart = quart
        self._inbox: Inbox | None = None

    async def __call__(self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        """Serve an ASGI connection."""
        if scope["type"] != "http" or scope["method"] != "POST" or not scope["path"].endswith("/inbox"):
            await self._app(scope, receive, send)
            return
        path = scope["path"]
        personal = _PERSONAL.fullmatch(path)
        if path not in ("/inbox", "/actor/inbox") and personal is None:
            await self._app(scope, receive, send)
            return
        headers = collect_headers(scope["headers"])
        content_type = (headers.get("content-type") or [""])[0].partition(";")[0].strip().lower()
        body, ended = await _read(receive, MAX_ACTIVITY_BYTES if content_type in _TYPES else 0)
        if content_type not in _TYPES:
            status, message = 415, "Send application/activity+json."
        elif body is None:
            status, message = 413, f"An activity may have at most {MAX_ACTIVITY_BYTES} bytes."
        else:
            status, message = await self._receive(scope, headers, body, personal.group(1) if personal else None)
        await _answer(send, status, message, close=not ended and scope["http_version"].startswith("1"))

    async def _receive(
        self, scope: HTTPScope, headers: dict[str, list[str]], body: bytes, owner: str | None
    ) -> tuple[int, str]:
        """Take an activity in; return the status and, for refusals, what is wrong."""
        services: Services = self._quart.extensions[SERVICES]
        if self._inbox is None:
            self._inbox = Inbox(services)
        query = scope["query_string"].decode("ascii", "replace")
        request = SignedRequest(
            method="POST",
            scheme=services.settings.origin.partition(":")[0],
            target=scope["raw_path"].decode("ascii", "replace") + (f"?{query}" if query else ""),
            headers=headers,
            body=body,
        )
        try:
            await self._quart.extensions[SHUT_OUT].check(services, scope)
            await self._inbox.receive(request, owner=owner)
        except ThoughtsError as exc:
            status = next((status for kind, status in _STATUS if isinstance(exc, kind)), 400)
            log.info("inbox refused", status=status, reason=exc.message, cause=repr(exc.__cause__))
            return status, exc.message
        except StorageError as exc:
            log.error("inbox unavailable", error=str(exc))
            return 503, "The database does not answer at the moment. Please try again."
        except Exception:  # the process edge: whatever was sent, the server lives on
            log.exception("inbox crash")
            return 500, "Something broke on our side."
        return 202, ""


async def _read(receive: ASGIReceiveCallable, most: int) -> tuple[bytes | None, bool]:
    """Return the whole body, or None when it has more than `most` bytes; and whether it came to its end.

    What is too large is taken off the line and thrown away, up to a bound: a sender (or the proxy in front of us)
    whose connection closes in the midst of its body does not read why it is refused.
    """
    pieces: list[bytes] = []
    size = 0
    while size <= MOST_DISCARDED:
        message = await receive()
        if message["type"] != "http.request":
            return b"".join(pieces), True
        piece = message.get("body", b"")
        size += len(piece)
        if size <= most:
            pieces.append(piece)
        else:
            pieces.clear()
        if not message.get("more_body"):
            return b"".join(pieces) if size <= most else None, True
    return None, False


async def _answer(send: ASGISendCallable, status: int, message: str, *, close: bool) -> None:
    body = orjson.dumps({"error": message}) if message else b""
    headers = [(b"content-length", str(len(body)).encode())]
    if body:
        headers.append((b"content-type", b"application/json"))
    if close:
        headers.append((b"connection", b"close"))
    if status == 401:
        headers.append((b"accept-signature", accept_signature(with_body=True).encode()))
    if status == 503:
        headers.append((b"retry-after", b"30"))
    await send({"type": "http.response.start", "status": status, "headers": headers, "trailers": False})
    await send({"type": "http.response.body", "body": body, "more_body": False})
