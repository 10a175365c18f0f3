"""Reacting on pages: chosen on a page of its own, shown under the thought."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from federation.actions.emojis import add_emoji
from tests.acting import say, scalar
from tests.actions.test_emojis import picture
from tests.services_fixture import Browser, make_person

if TYPE_CHECKING:
    from federation.services import Services
    from storage.people import Person

ClientFor = Callable[["Person"], Awaitable[Browser]]


async def test_one_reacts_and_takes_it_back(services: Services, client_for: ClientFor, stranger: Browser) -> None:
    ada, bob = await make_person(services, "ada"), await make_person(services, "bob")
    root = await make_person(services, "root", role="admin")
    await add_emoji(services, root, shortcode="blob", category="", data=picture())
    thought = await say(services, ada)
    url = f"/@ada/{thought.id}"
    browser = await client_for(bob)
    assert f"/thoughts/{thought.id}/react" in await browser.page(url)
    choice = await browser.page(f"/thoughts/{thought.id}/react")
    assert 'value="blob" aria-label="blob"' in choice
    for emoji in ("🎉", ":blob:"):
        answer = await browser.post(f"/thoughts/{thought.id}/react", {"emoji": emoji, "next": url})
        assert answer.headers["location"] == url
    page = await browser.page(url)
    assert 'aria-pressed="true" aria-label="🎉, 1 reaction"' in page
    assert 'alt=":blob:"' in page
    assert 'title="🎉"' in await stranger.page(url)
    assert "Who reacted" in await browser.page(f"/thoughts/{thought.id}/react")
    assert "reacted with" in await (await client_for(ada)).page("/notifications")
    await browser.post(f"/thoughts/{thought.id}/unreact", {"emoji": "🎉", "next": url})
    assert await scalar(services, "SELECT array_agg(name) FROM emoji_reactions") == ["blob"]


async def test_what_is_no_emoji_is_said(services: Services, client_for: ClientFor, stranger: Browser) -> None:
    ada = await make_person(services, "ada")
    thought = await say(services, ada)
    answer = await (await client_for(ada)).post(f"/thoughts/{thought.id}/react", {"emoji": "<script>"})
    assert answer.status_code == 422
    assert "Choose one emoji." in answer.text
    await stranger.post(f"/thoughts/{thought.id}/react", {"emoji": "🎉"})
    assert await scalar(services, "SELECT count(*) FROM emoji_reactions") == 0
