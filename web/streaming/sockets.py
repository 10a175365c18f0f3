"""The WebSocket: any number of streams over one connection, subscribed to and left by messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import orjson
import structlog

from federation.errors import ThoughtsError, TooMany
from storage.errors import StorageError
from web.streaming.channels import find_channel
from web.streaming.client import Client
from web.streaming.frames import Frame

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hypercorn.typing import ASGIReceiveCallable, ASGISendCallable

    from web.streaming.channels import Listener
    from web.streaming.client import Label
    from web.streaming.hub import Hub

log = structlog.get_logger(__name__)

MOST_SUBSCRIPTIONS: Final = 100
_LONGEST_MESSAGE: Final = 4096
_GOING_AWAY: Final = 1001
_TRY_LATER: Final = 1013


class _Note(Frame):
    """An answer to a client's own message, outside all streams."""

    __slots__ = ()

    def message(self, label: Label) -> str:
        del label
        return self.payload


async def serve(
    hub: Hub,
    listener: Listener,
    query: Mapping[str, str],
    receive: ASGIReceiveCallable,
    send: ASGISendCallable,
    *,
    subprotocol: str | None,
) -> None:
    """Serve a WebSocket until the client leaves or is let go; `query` may name the first stream."""

    async def write(frame: Frame, label: Label) -> None:
        await send({"type": "websocket.send", "bytes": None, "text": frame.message(label)})

    client = Client(listener, write, beats=False)
    session = _Session(hub, client)

    async def listen() -> None:
        if query.get("stream"):
            await session.subscribe(query["stream"], query)
        while (event := await receive())["type"] != "websocket.disconnect":
            if event["type"] == "websocket.receive":
                await session.take(event.get("text") or "")

    try:
        hub.enter(client)
    except TooMany as exc:
        await refuse(send, 429, orjson.dumps({"error": exc.message}))
        return
    try:
        await hub.until_hearing()
        await send({"type": "websocket.accept", "subprotocol": subprotocol, "headers": []})
        if not await client.live(listen):
            code = _GOING_AWAY if hub.closing else _TRY_LATER
            await client.say_goodbye(send({"type": "websocket.close", "code": code, "reason": ""}))
    finally:
        hub.leave(client)


async def refuse(send: ASGISendCallable, status: int, body: bytes) -> None:
    """Answer the handshake with an error."""
    headers = [(b"content-type", b"application/json; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    await send({"type": "websocket.http.response.start", "status": status, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": body, "more_body": False})


class _Session:
    """What one client asks for over its connection."""

    def __init__(self, hub: Hub, client: Client) -> None:
        self._hub = hub
        self._client = client

    async def take(self, text: str) -> None:
        """Act on a message: `{"type": "subscribe" | "unsubscribe", "stream": …, "tag": …, "list": …}`."""
        message = _parse(text)
        if message is None:
            return
        asked = {name: str(message[name]) for name in ("tag", "list") if isinstance(message.get(name), str | int)}
        kind, stream = message.get("type"), str(message.get("stream"))
        if kind == "subscribe":
            await self.subscribe(stream, asked)
        elif kind == "unsubscribe":
            await self._unsubscribe(stream, asked)

    async def subscribe(self, stream: str, asked: Mapping[str, str]) -> None:
        """Listen to a stream; what is wrong is told to the client, whose other streams go on."""
        try:
            channel, label = await find_channel(self._hub.services, self._client.listener, stream, asked)
            if channel not in self._client.labels and len(self._client.labels) >= MOST_SUBSCRIPTIONS:
                raise TooMany("Too many subscriptions", retry_after_s=60)
        except ThoughtsError as exc:
            self._say(exc.message)
        except StorageError as exc:
            log.warning("a stream could not be looked up", error=str(exc))
            self._say("The database does not answer at the moment.")
        else:
            self._hub.subscribe(self._client, channel, label)

    async def _unsubscribe(self, stream: str, asked: Mapping[str, str]) -> None:
        # A list may have been deleted meanwhile: go by what was subscribed, not by what there is.
        for channel, label in [*self._client.labels.items()]:
            wanted = asked.get("list") if stream == "list" else asked.get("tag")
            if label[0] == stream and (len(label) == 1 or label[1] == wanted):
                self._hub.unsubscribe(self._client, channel)

    def _say(self, error: str) -> None:
        self._client.offer(_Note("error", orjson.dumps({"error": error}).decode()))


def _parse(text: str) -> dict[str, Any] | None:
    if len(text) > _LONGEST_MESSAGE:
        return None
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    return found if isinstance(found, dict) else None
