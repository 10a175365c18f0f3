"""Server-Sent Events: one stream per connection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from web.streaming.client import Client

if TYPE_CHECKING:
    from hypercorn.typing import ASGIReceiveCallable, ASGISendCallable

    from web.streaming.channels import Channel, Listener
    from web.streaming.client import Label
    from web.streaming.frames import Frame
    from web.streaming.hub import Hub

_ANYWHERE: Final = (
    (b"access-control-allow-origin", b"*"),
    (b"access-control-allow-headers", b"Authorization, Accept, Cache-Control"),
    (b"access-control-allow-methods", b"GET, OPTIONS"),
    (b"x-content-type-options", b"nosniff"),
)


async def serve(
    hub: Hub,
    listener: Listener,
    stream: tuple[Channel, Label],
    receive: ASGIReceiveCallable,
    send: ASGISendCallable,
    *,
    names_only: bool = False,
) -> None:
    """Stream a channel until the client leaves or is let go; `names_only`: say that, not what, happens."""

    async def write(frame: Frame, _: Label) -> None:
        data = f"event: {frame.event}\ndata:\n\n".encode() if names_only and frame.event else frame.sse
        await send({"type": "http.response.body", "body": data, "more_body": True})

    async def until_gone() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    client = Client(listener, write, beats=True)
    hub.enter(client)
    try:
        hub.subscribe(client, *stream)
        await hub.until_hearing()
        headers = [
            (b"content-type", b"text/event-stream"),
            (b"cache-control", b"private, no-store"),
            # Proxies such as nginx would wait for more.
            (b"x-accel-buffering", b"no"),
            *_ANYWHERE,
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers, "trailers": False})
        await send({"type": "http.response.body", "body": b":)\n", "more_body": True})
        if not await client.live(until_gone):
            await client.say_goodbye(send({"type": "http.response.body", "body": b"", "more_body": False}))
    finally:
        hub.leave(client)


async def answer(
    send: ASGISendCallable, status: int, body: bytes = b"", *, content_type: bytes = b"application/json; charset=utf-8"
) -> None:
    """Answer with something short instead of a stream."""
    headers = [(b"content-length", str(len(body)).encode()), *_ANYWHERE]
    if body:
        headers.append((b"content-type", content_type))
    if status == 429:
        headers.append((b"retry-after", b"60"))
    await send({"type": "http.response.start", "status": status, "headers": headers, "trailers": False})
    await send({"type": "http.response.body", "body": body, "more_body": False})
