"""A page that says all there is to say of itself, and thoughts that link to it, for the contract's walk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from federation.actions import cards
from tests.acting import execute
from tests.media.samples import picture
from tests.remote.fediverse import Host, running

if TYPE_CHECKING:
    from federation.services import Services
    from tests.client_api.conftest import App

FULL = """<html lang=en><title>Site | Fog</title><meta property=og:title content="Fog &amp; sea">
    <meta property=og:description content="&lt;b&gt;Gone by ten"><meta property=og:image content=/fog.png>
    <meta property=og:image:alt content="A harbour"><meta property=og:site_name content=News>
    <meta property=article:published_time content=2026-01-02T03:04:05Z>
    <meta name=twitter:player content=https://v.example/1><meta name=twitter:player:width content=640>
    <meta name=twitter:player:height content=360><meta name=twitter:player:stream content=https://v.example/1.mp4>
    <meta name=fediverse:creator content=@ann@localhost:8000>
    <script type=application/ld+json>{"@type": "Article", "author": {"name": "Vera", "url": "https://v.example/vera"},
    "publisher": {"name": "News", "url": "https://news.example"}}</script>"""


def serve(host: Host) -> str:
    """Let a site have that page; return its address."""
    host.put("/fog", FULL, "text/html; charset=utf-8")
    host.put("/fog.png", picture((1280, 640)), "image/png")
    return f"{host.origin}/fog"


async def link(services: Services, ann: App, bob: App) -> dict[str, str]:
    """Let Bob and Ann link to a page whose author Ann is; return the names of what came of it."""
    async with running("127.0.0.4") as host:
        url = serve(host)
        linking = await bob.publish(f"Look: {url}")
        await ann.publish(f"Mine: {url}")
        await cards.drain(services)
    # Sites on loopback are none that somebody can name in their settings.
    await execute(services, "UPDATE preview_cards SET author_agrees = true")
    return {"page": url, "linking": linking["id"]}


READS: list[tuple[str, str, dict[str, Any], bool]] = [
    ("/api/v1/statuses/{id}", "linking", {}, True),
    ("/api/v1/timelines/link", "", {"url": "page"}, True),
    ("/api/v1/trends/links", "", {}, True),
]
