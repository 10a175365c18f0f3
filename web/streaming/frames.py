"""One event as it goes over the wire: written once, whoever hears it."""

from __future__ import annotations

import orjson


class Frame:
    """An event with its payload, a JSON text; written as a WebSocket message once per label, as SSE once."""

    __slots__ = ("_messages", "_sse", "event", "payload")

    def __init__(self, event: str, payload: str = "") -> None:
        self.event = event
        self.payload = payload
        self._messages: dict[tuple[str, ...], str] = {}
        self._sse: bytes | None = None

    def message(self, label: tuple[str, ...]) -> str:
        """Return the WebSocket message for subscribers of a stream."""
        found = self._messages.get(label)
        if found is None:
            body = {"stream": label, "event": self.event} | ({"payload": self.payload} if self.payload else {})
            found = self._messages[label] = orjson.dumps(body).decode()
        return found

    @property
    def sse(self) -> bytes:
        """Return the Server-Sent Event."""
        if self._sse is None:
            # As Mastodon says nothing: apps read all else as JSON.
            self._sse = f"event: {self.event}\ndata: {self.payload or 'undefined'}\n\n".encode()
        return self._sse


class _Heartbeat(Frame):
    """A comment that keeps proxies and phones from closing a stream on which nothing happens."""

    __slots__ = ()

    @property
    def sse(self) -> bytes:
        return b":thump\n"


HEARTBEAT = _Heartbeat("")
