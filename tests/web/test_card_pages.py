"""Preview cards on pages: words of strangers stay words, and nobody else learns who looks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from federation.actions import cards
from federation.actions.edit_thought import Revision, edit_thought
from federation.media.urls import proxied_path
from tests.acting import say
from tests.media.samples import picture
from tests.remote.fediverse import running
from tests.services_fixture import Browser, make_person

if TYPE_CHECKING:
    from federation.services import Services

HOSTILE = """<meta property=og:title content="</a><script>alert(1)</script>">
    <meta property=og:description content='"><img src=x onerror=alert(2)>'><meta property=og:image content=/fog.png>
    <meta name=author content="<b>Vera</b>"><html lang='en" onclick="alert(3)'>"""


async def test_hostile_words_of_a_page_are_shown_as_words(services: Services, stranger: Browser) -> None:
    ada = await make_person(services, "ada")
    async with running("127.0.0.4") as site:
        site.put("/fog", HOSTILE, "text/html")
        site.put("/fog.png", picture((1280, 640)), "image/png")
        thought = await say(services, ada, f"{site.origin}/fog")
        await cards.drain(services)
    page = await stranger.page(f"/@ada/{thought.id}")
    assert 'class="preview wide"' in page
    assert "&lt;/a&gt;&lt;script&gt;alert(1)&lt;/script&gt;</a>" in page
    assert "By &lt;b&gt;Vera" in page
    for bad in ("<script>alert", "<img src=x", "<b>Vera", 'onclick="alert', f'src="{site.origin}'):
        assert bad not in page
    assert f'<img src="{services.settings.origin}{proxied_path(f"{site.origin}/fog.png")}" alt=""' in page
    assert f'<a href="{site.origin}/fog" rel="nofollow noopener noreferrer" target="_blank">' in page


async def test_what_is_sensitive_shows_no_picture_and_no_link_no_card(services: Services, stranger: Browser) -> None:
    ada = await make_person(services, "ada")
    async with running("127.0.0.4") as site:
        site.put("/fog", "<title>Fog</title><meta property=og:image content=/fog.png>", "text/html")
        site.put("/fog.png", picture((1280, 640)), "image/png")
        thought = await say(services, ada, f"{site.origin}/fog", sensitive=True)
        await cards.drain(services)
    page = await stranger.page(f"/@ada/{thought.id}")
    assert ">Fog</a>" in page
    assert "/proxy/" not in page
    await edit_thought(services, ada, thought.id, Revision("Nothing"))
    assert 'class="preview' not in await stranger.page(f"/@ada/{thought.id}")
