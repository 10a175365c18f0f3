"""Notifications that tell the same, joined and turned over page by page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.client_api.conftest import App, OpenApp

PATH = "/api/v2/notifications"


async def _pages(app: App, rel: str, url: str) -> list[list[dict[str, Any]]]:
    """Turn the pages over to the end."""
    pages = []
    while url and len(pages) < 40:
        answer = await app.client.get(url)
        assert answer.status_code == 200
        found = answer.json()["notification_groups"]
        if not found:
            break
        pages.append(found)
        url = answer.links.get(rel, {}).get("url", "")
    return pages


async def test_nothing_between_the_ends_of_a_group_is_passed_over(ann: App, open_app: OpenApp) -> None:
    first, second = await ann.publish("First"), await ann.publish("Second")
    names = ("bea", "cid", "dan", "eli")
    likers = [await open_app(name) for name in names]
    mentions = []
    for liker in likers:
        for status in (first, second):
            await liker.post(f"/api/v1/statuses/{status['id']}/favourite")
        mentions.append((await liker.publish("@ann well sung"))["id"])
    everybody = {liker.id for liker in likers}
    for limit in (1, 2, 3, 5, 6, 40):
        told: dict[str, set[str]] = {}
        pages = await _pages(ann, "next", f"{PATH}?limit={limit}")
        for group in (group for page in pages for group in page):
            told.setdefault(group["status_id"], set()).update(group["sample_account_ids"])
        assert {key: told[key] for key in (first["id"], second["id"])} == {
            first["id"]: everybody,
            second["id"]: everybody,
        }
        assert set(mentions) <= set(told)
        assert pages[0][0]["status_id"] == mentions[-1]
        assert all(len(page) <= limit for page in pages)
    assert len(pages) == 1
    assert [group["notifications_count"] for group in pages[0]] == [1, 4, 4, 1, 1, 1]


async def test_pages_lead_back_to_the_newest(ann: App, open_app: OpenApp) -> None:
    first, second = await ann.publish("First"), await ann.publish("Second")
    for name in ("bea", "cid", "dan"):
        liker = await open_app(name)
        for status in (first, second):
            await liker.post(f"/api/v1/statuses/{status['id']}/favourite")
    oldest = (await ann.get("/api/v1/notifications"))[-1]["id"]
    told: dict[str, set[str]] = {}
    pages = await _pages(ann, "prev", f"{PATH}?limit=1&min_id={oldest}")
    for group in (group for page in pages for group in page):
        told.setdefault(group["status_id"], set()).update(group["sample_account_ids"])
    assert len(pages) < 40
    assert [len(told[one["id"]]) for one in (first, second)] == [2, 3]
