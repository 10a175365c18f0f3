"""Where streams are asked for: the WebSocket, Server-Sent Events, and the small stream of the home page."""

from __future__ import annotations

from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl

import orjson
import structlog

from federation.actions import sessions
from federation.actions.passwords import hash_secret
from federation.errors import Forbidden, Invalid, NotFound, ThoughtsError, TooMany, Unauthenticated
from storage.errors import StorageError
from web.client_api.authentication import REQUESTS, WINDOW_S
from web.current import address_of_scope
from web.security import cookie_name
from web.shut_out import FromShutOutNetwork
from web.streaming import events, sockets
from web.streaming.channels import Channel, Listener, find_channel, name_of_path

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from hypercorn.typing import ASGIReceiveCallable, ASGISendCallable, HTTPScope, Scope, WebsocketScope

    from web.shut_out import ShutOut
    from web.streaming.hub import Hub

    AsgiApp = Callable[[Scope, ASGIReceiveCallable, ASGISendCallable], Awaitable[None]]

log = structlog.get_logger(__name__)

_ROOT: Final = "/api/v1/streaming"
HOME_STREAM: Final = "/home/stream"
_LONGEST_TOKEN: Final = 512
_MOST_FIELDS: Final = 50
_STATUS: tuple[tuple[type[Exception], int], ...] = (
    (FromShutOutNetwork, 403),
    (Unauthenticated, 401),
    # As Mastodon's streaming server says it.
    (Forbidden, 401),
    (NotFound, 404),
    (Invalid, 400),
    (TooMany, 429),
    (StorageError, 503),
)


class StreamingDoor:
    """Answers what begins with `/api/v1/streaming`, and `/home/stream`; passes on everything else."""

    def __init__(self, app: AsgiApp, hub: Hub, shut_out: ShutOut) -> None:
        self._app = app
        self._hub = hub
        self._shut_out = shut_out

    async def __call__(self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        """Serve an ASGI connection."""
        if scope["type"] == "websocket" and scope["path"].rstrip("/") == _ROOT:
            await self._socket(scope, receive, send)
        elif scope["type"] == "http" and scope["path"].startswith(f"{_ROOT}/") and scope["path"] != f"{_ROOT}/":
            await self._events(scope, receive, send)
        elif scope["type"] == "http" and scope["path"] == HOME_STREAM and scope["method"] == "GET":
            await self._home(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _socket(self, scope: WebsocketScope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        await receive()  # websocket.connect
        try:
            query = _query(scope)
            offered = next(iter(scope["subprotocols"]), None)
            listener = await self._listener(scope, _token(scope, query) or offered)
        except (ThoughtsError, StorageError) as exc:
            status, body = _refusal(exc)
            await sockets.refuse(send, status, body)
            return
        await sockets.serve(self._hub, listener, query, receive, send, subprotocol=offered)

    async def _events(self, scope: HTTPScope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        path = scope["path"].removeprefix(f"{_ROOT}/").rstrip("/")
        if scope["method"] == "OPTIONS":
            await events.answer(send, 204)
            return
        if scope["method"] not in ("GET", "HEAD"):
            await events.answer(send, 405)
            return
        if path == "health":
            await events.answer(send, 200, b"OK", content_type=b"text/plain; charset=utf-8")
            return
        try:
            query = _query(scope)
            listener = await self._listener(scope, _token(scope, query))
            name = name_of_path(path, only_media=query.get("only_media", "").lower() in ("true", "1", "t", "on", "yes"))
            stream = await find_channel(self._hub.services, listener, name or "", query)
            await events.serve(self._hub, listener, stream, receive, send)
        except (ThoughtsError, StorageError) as exc:
            status, body = _refusal(exc)
            await events.answer(send, status, body)

    async def _home(self, scope: HTTPScope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        """Tell the home page, by its session, that there is more; what it is the page asks for itself."""
        try:
            await self._shut_out.check(self._hub.services, scope)
            if _header(scope, b"sec-fetch-site") not in ("", "same-origin"):
                raise Forbidden("Only our own pages listen here.")
            secret = _cookie(scope, cookie_name(self._hub.services.settings, "session"))
            found = await sessions.resume_session(self._hub.services, secret) if secret else None
            if found is None:
                raise Unauthenticated("Please sign in first.")
            listener = Listener(found.person, hash_secret(secret), frozenset({"read:statuses"}))
            stream = Channel("user", found.person.id), ("user",)
            await events.serve(self._hub, listener, stream, receive, send, names_only=True)
        except (ThoughtsError, StorageError) as exc:
            status, body = _refusal(exc)
            await events.answer(send, status, body)

    async def _listener(self, scope: HTTPScope | WebsocketScope, token: str | None) -> Listener:
        """Return whom a token speaks for; every try counts as a call of the API."""
        services = self._hub.services
        await self._shut_out.check(services, scope)
        token = (token or "")[:_LONGEST_TOKEN]
        address = address_of_scope(scope, services.settings)
        bearer = await sessions.find_bearer(services, token, address=address) if token else None
        person = bearer.person if bearer is not None else None
        if services.settings.rate_limits:
            key = str(person.id) if person is not None else sessions.address_prefix(address)
            left = await services.limiter.spend("api", key, limit=REQUESTS, window_s=WINDOW_S)
            if left.exceeded:
                raise TooMany("Too many requests", retry_after_s=60)
        if bearer is None or person is None:
            raise Unauthenticated("Invalid access token" if token else "Missing access token")
        return Listener(person, hash_secret(token), bearer.scopes)


def _query(scope: HTTPScope | WebsocketScope) -> dict[str, str]:
    try:
        return dict(parse_qsl(scope["query_string"].decode("utf-8", "replace"), max_num_fields=_MOST_FIELDS))
    except ValueError as exc:
        raise Invalid(f"More than {_MOST_FIELDS} values were sent") from exc


def _header(scope: HTTPScope | WebsocketScope, wanted: bytes) -> str:
    return next((value.decode("latin1") for name, value in scope["headers"] if name == wanted), "")


def _token(scope: HTTPScope | WebsocketScope, query: dict[str, str]) -> str | None:
    scheme, _, token = _header(scope, b"authorization").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else query.get("access_token")


def _cookie(scope: HTTPScope, name: str) -> str:
    try:
        found = SimpleCookie(_header(scope, b"cookie")).get(name)
    except CookieError:
        return ""
    return found.value if found is not None else ""


def _refusal(exc: ThoughtsError | StorageError) -> tuple[int, bytes]:
    status = next((status for kind, status in _STATUS if isinstance(exc, kind)), 500)
    if isinstance(exc, StorageError):
        log.error("engine away", path=_ROOT, error=str(exc))
        return status, orjson.dumps({"error": "The database does not answer at the moment."})
    return status, orjson.dumps({"error": exc.message})
