"""Preview cards as apps get them: filled, of one query a page, and never markup of strangers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from federation.actions import cards, preferences
from federation.media.urls import proxied_path
from tests.client_api.contract import problems
from tests.client_api.linking import serve
from tests.client_api.test_api_speed import CountingDatabase
from tests.remote.fediverse import Host, running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from federation.services import Services
    from tests.client_api.conftest import App

HTML = "text/html; charset=utf-8"


@pytest.fixture
async def site() -> AsyncIterator[Host]:
    """A web site with one page that says all there is to say."""
    async with running("127.0.0.4") as host:
        serve(host)
        host.put("/plain", "<title>Plain</title>", HTML)
        yield host


async def card_of(app: App, services: Services, url: str) -> dict[str, Any]:
    status = await app.publish(f"Look: {url}")
    assert status["card"] is None
    await cards.drain(services)
    card: dict[str, Any] = (await app.get(f"/api/v1/statuses/{status['id']}"))["card"]
    assert problems("PreviewCard", {**card, **_addresses(card)}) == []
    return card


def _addresses(card: dict[str, Any]) -> dict[str, str]:
    # Mastodon writes an empty text where a card has no such address, whatever the reference says.
    return {name: "https://none.example" for name in ("author_url", "provider_url", "embed_url") if card[name] == ""}


async def test_card_says_all_that_the_page_says(ann: App, services: Services, site: Host) -> None:
    card = await card_of(ann, services, f"{site.origin}/fog#part")
    html = card.pop("html")
    assert html.startswith('<iframe src="https://v.example/1" width="640" height="360" sandbox="')
    assert card.pop("blurhash")
    origin = services.settings.origin
    assert card == {
        "url": f"{site.origin}/fog", "title": "Fog & sea", "description": "<b>Gone by ten", "language": "en",
        "type": "video", "author_name": "Vera", "author_url": "https://v.example/vera", "provider_name": "News",
        "provider_url": "https://news.example", "width": 640, "height": 360,
        "image": f"{origin}{proxied_path(f'{site.origin}/fog.png')}", "image_description": "A harbour",
        "embed_url": "https://v.example/1.mp4", "published_at": "2026-01-02T03:04:05.000Z",
        "authors": [{"name": "Vera", "url": "https://v.example/vera", "account": None}], "missing_attribution": True,
    }  # fmt: skip
    answer = await ann.client.get(card["image"])
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/webp")


async def test_plain_card_is_of_empty_texts_as_mastodon_writes_them(ann: App, services: Services, site: Host) -> None:
    assert await card_of(ann, services, f"{site.origin}/plain") == {
        "url": f"{site.origin}/plain", "title": "Plain", "description": "", "language": None, "type": "link",
        "author_name": "", "author_url": "", "provider_name": "", "provider_url": "", "html": "", "width": 0,
        "height": 0, "image": None, "image_description": "", "embed_url": "", "blurhash": None,
        "published_at": None, "authors": [], "missing_attribution": False,
    }  # fmt: skip


async def test_author_is_shown_as_soon_as_they_name_the_site(
    ann: App, bob: App, nobody: App, services: Services, site: Host
) -> None:
    assert ann.person is not None
    await card_of(bob, services, f"{site.origin}/fog")
    async with services.database.transaction() as db:
        await db.execute("UPDATE preview_cards SET host = 'www.news.example'")
    for domains, agreed in ((["ews.example"], False), (["news.example"], True)):
        await preferences.edit_preferences(services, ann.person, attribution_domains=domains)
        for app, missing in ((ann, not agreed), (bob, False), (nobody, None)):
            (status,) = await app.get("/api/v1/timelines/public")
            card = status["card"]
            assert card.get("missing_attribution") is missing
            (author,) = card["authors"]
            assert (author["account"] is not None) is agreed
    assert (author["name"], card["author_name"], author["account"]["acct"]) == ("ann", "ann", "ann")
    assert author["url"] == card["author_url"] == author["account"]["url"]


async def test_cards_cost_a_page_one_query_and_nothing_without_links(
    ann: App, bob: App, services: Services, site: Host
) -> None:
    for number in range(5):
        await ann.publish(f"Nothing {number}")
    counting = CountingDatabase(services.database)
    spent = {}
    for text in ("Nothing", f"{site.origin}/plain", f"{site.origin}/fog"):
        services.database = counting._inner
        await ann.publish(text)
        await cards.drain(services)
        services.database = counting
        await bob.get("/api/v1/timelines/public", limit=1)
        counting.statements.clear()
        answer = await bob.get("/api/v1/timelines/public")
        spent[text] = len(counting.statements), sum(status["card"] is not None for status in answer)
        assert any("preview_cards" in one for one in counting.statements) is (text != "Nothing")
    (none, _), (one, first), (two, second) = spent.values()
    assert (first, second) == (1, 2)
    assert none + 1 == one == two


async def test_boosts_and_edits_carry_the_card(ann: App, bob: App, services: Services, site: Host) -> None:
    status = await ann.publish(f"{site.origin}/plain")
    await cards.drain(services)
    boost = await bob.post(f"/api/v1/statuses/{status['id']}/reblog")
    assert boost["reblog"]["card"]["title"] == "Plain"
    edited = await ann.call("PUT", f"/api/v1/statuses/{status['id']}", json={"status": f"Better: {site.origin}/fog"})
    assert edited["card"] is None
    await cards.drain(services)
    assert (await bob.get(f"/api/v1/statuses/{UUID(status['id'])}"))["card"]["title"] == "Fog & sea"
