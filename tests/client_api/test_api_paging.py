"""Link headers lead through every list, back and forth, without loss or repetition."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from storage.entries import Page
from tests.services_fixture import make_person
from web.client_api.paging import link_header, read_page
from web.client_api.parameters import Parameters

if TYPE_CHECKING:
    from federation.services import Services
    from tests.client_api.conftest import App, OpenApp

ONE, TWO = UUID(int=1), UUID(int=2)


def links(header: str) -> dict[str, str]:
    """Read a Link header."""
    return {rel: url for url, rel in re.findall(r'<([^>]+)>; rel="(\w+)"', header)}


async def _walk(app: App, url: str | None, rel: str) -> list[list[str]]:
    pages = []
    while url is not None:
        answer = await app.client.get(url)
        assert answer.status_code == 200, answer.text
        items: list[dict[str, Any]] = answer.json()
        if items:
            pages.append([item["id"] for item in items])
        url = links(answer.headers.get("link", "")).get(rel) if items else None
        assert len(pages) < 20, "it never ends"
    return pages


async def _check(app: App, path: str, *, ids: list[str]) -> None:
    """Walk a list of five, newest first, in pages of two: to its end, and from its second page back."""
    separator = "&" if "?" in path else "?"
    forth = await _walk(app, f"{path}{separator}limit=2", "next")
    assert forth == [ids[:2], ids[2:4], ids[4:]], path
    second = await app.client.get(f"{path}{separator}limit=2&max_id={await _cursor(app, path, after=2)}")
    assert [one["id"] for one in second.json()] == ids[2:4]
    assert await _walk(app, links(second.headers["link"])["prev"], "prev") == [ids[:2]], path


async def _cursor(app: App, path: str, *, after: int) -> str:
    """Return the cursor that the list itself gives for what comes after its first items."""
    separator = "&" if "?" in path else "?"
    answer = await app.client.get(f"{path}{separator}limit={after}")
    return parse_qs(urlsplit(links(answer.headers["link"])["next"]).query)["max_id"][0]


async def test_timelines_page_back_and_forth(ann: App, bob: App) -> None:
    written = [await ann.publish(f"Thought {number} #five") for number in range(5)]
    ids = [status["id"] for status in reversed(written)]
    for path in (
        "/api/v1/timelines/home", "/api/v1/timelines/public", "/api/v1/timelines/public?local=true",
        "/api/v1/timelines/tag/five", f"/api/v1/accounts/{ann.id}/statuses",
        f"/api/v1/accounts/{ann.id}/statuses?tagged=five",
    ):  # fmt: skip
        await _check(ann, path, ids=ids)
    # Kept in another order than written: the page is keyed by the bookmark and the like.
    kept = [ids[2], ids[0], ids[4], ids[1], ids[3]]
    for status_id in reversed(kept):
        await bob.post(f"/api/v1/statuses/{status_id}/bookmark")
        await bob.post(f"/api/v1/statuses/{status_id}/favourite")
    await _check(bob, "/api/v1/bookmarks", ids=kept)
    await _check(bob, "/api/v1/favourites", ids=kept)
    notified = [one["id"] for one in await ann.get("/api/v1/notifications")]
    await _check(ann, "/api/v1/notifications?types[]=favourite", ids=notified)


async def test_lists_of_people_page_back_and_forth(ann: App, services: Services, open_app: OpenApp) -> None:
    thought = await ann.publish("Like me")
    apps = [await open_app(await make_person(services, f"person{number}")) for number in range(5)]
    for app in apps:
        await app.post(f"/api/v1/accounts/{ann.id}/follow")
        await ann.post(f"/api/v1/accounts/{app.id}/follow")
        await app.post(f"/api/v1/statuses/{thought['id']}/favourite")
        await app.post(f"/api/v1/statuses/{thought['id']}/reblog")
    ids = [app.id for app in reversed(apps)]
    for path in (
        f"/api/v1/accounts/{ann.id}/followers", f"/api/v1/accounts/{ann.id}/following",
        f"/api/v1/statuses/{thought['id']}/favourited_by", f"/api/v1/statuses/{thought['id']}/reblogged_by",
    ):  # fmt: skip
        await _check(ann, path, ids=ids)
    for app in apps:
        await ann.post(f"/api/v1/accounts/{app.id}/mute")
        await ann.post(f"/api/v1/accounts/{app.id}/block")
    await _check(ann, "/api/v1/mutes", ids=ids)
    await _check(ann, "/api/v1/blocks", ids=ids)


async def test_requests_page_back_and_forth(ann: App, services: Services, open_app: OpenApp) -> None:
    await ann.call("PATCH", "/api/v1/accounts/update_credentials", json={"locked": True})
    apps = [await open_app(await make_person(services, f"person{number}")) for number in range(5)]
    for app in apps:
        assert (await app.post(f"/api/v1/accounts/{ann.id}/follow"))["requested"]
    await _check(ann, "/api/v1/follow_requests", ids=[app.id for app in reversed(apps)])


async def test_min_id_gives_the_page_just_above_and_since_id_the_newest(ann: App) -> None:
    ids = [(await ann.publish(f"Thought {number}"))["id"] for number in range(5)]
    above = await ann.get("/api/v1/timelines/home", min_id=ids[0], limit=2)
    assert [status["id"] for status in above] == [ids[2], ids[1]]
    newest = await ann.get("/api/v1/timelines/home", since_id=ids[0], limit=2)
    assert [status["id"] for status in newest] == [ids[4], ids[3]]
    between = await ann.get("/api/v1/timelines/home", max_id=ids[4], min_id=ids[2])
    assert [status["id"] for status in between] == [ids[3]]


def test_links_keep_the_query_but_no_secret_and_no_position() -> None:
    query = [("local", "true"), ("types[]", "a b"), ("access_token", "secret"), ("max_id", "x"), ("limit", "2")]
    header = link_header("http://x.example/api", query, Page(limit=2), [TWO, ONE])
    assert header == (
        f'<http://x.example/api?local=true&types%5B%5D=a+b&limit=2&max_id={ONE}>; rel="next", '
        f'<http://x.example/api?local=true&types%5B%5D=a+b&limit=2&min_id={TWO}>; rel="prev"'
    )


def test_an_empty_page_has_no_links_and_a_short_one_no_next() -> None:
    assert link_header("u", [], Page(limit=2), []) is None
    assert list(links(link_header("u", [], Page(limit=2), [ONE]) or "")) == ["prev"]


def test_pages_are_bounded_and_malformed_ids_ignored() -> None:
    assert read_page(Parameters({"limit": "1000"})).limit == 40
    assert read_page(Parameters({"limit": "0"})).limit == 1
    assert read_page(Parameters({"max_id": "17", "min_id": ["x"], "since_id": {}})) == Page()
    assert read_page(Parameters({"since_id": str(ONE).upper()})).newer_than == ONE
