"""A server with one person, Rita, whose inbox refuses what it is sent until it changes its mind."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from io import BytesIO

from aiohttp import web
from PIL import Image

from tests.payloads import mastodon

_AS_JSON = "application/activity+json"


@dataclass
class RefusingHost:
    """It answers every delivery with `status`, and keeps the bodies of those it took."""

    authority: str = ""
    status: int = 403
    taken: list[bytes] = field(default_factory=list)

    @property
    def handle(self) -> str:
        """Whom to write to."""
        return f"@rita@{self.authority}"

    def _actor(self) -> dict[str, object]:
        origin = f"http://{self.authority}"
        # A portrait that is not there: no page may break over it.
        missing = {"type": "Image", "mediaType": "image/png", "url": f"{origin}/missing.png"}
        return {**mastodon.actor(origin, "rita"), "name": "Rita Refuses", "icon": missing}

    async def serve(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer a request."""
        if request.method == "POST":
            body = await request.read()
            if self.status < 300:
                self.taken.append(body)
                return web.Response(status=self.status)
            return web.Response(status=self.status, text="We do not take letters from you.")
        if request.path == "/.well-known/webfinger":
            link = {"rel": "self", "type": _AS_JSON, "href": mastodon.actor_id(f"http://{self.authority}", "rita")}
            found = {"subject": f"acct:rita@{self.authority}", "links": [link]}
            return web.json_response(found, content_type="application/jrd+json")
        if request.path == "/users/rita":
            return web.json_response(self._actor(), content_type=_AS_JSON)
        if request.path == "/emoji/wave.png":
            return web.Response(body=_picture(), content_type="image/png")
        return web.Response(status=404)


def _picture() -> bytes:
    with BytesIO() as file:
        Image.new("RGB", (16, 16), (200, 120, 20)).save(file, "PNG")
        return file.getvalue()


@asynccontextmanager
async def refusing_host(address: str) -> AsyncIterator[RefusingHost]:
    """Serve one on a loopback address."""
    host = RefusingHost()
    runner = web.ServerRunner(web.Server(host.serve), shutdown_timeout=0)
    await runner.setup()
    await web.TCPSite(runner, address, 0).start()
    host.authority = f"{address}:{runner.addresses[0][1]}"
    try:
        yield host
    finally:
        await runner.cleanup()
