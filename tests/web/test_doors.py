"""What every request meets: health, static files, errors as pages or JSON, headers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from federation.services import Services
    from tests.services_fixture import Browser


async def test_health(stranger: Browser) -> None:
    assert (await stranger.get("/health/live")).json() == {"status": "live"}
    assert (await stranger.get("/health/ready")).json() == {"status": "ready"}


async def test_is_not_ready_while_a_migration_is_missing(stranger: Browser, services: Services) -> None:
    async with services.database.connection() as db:
        await db.execute("DELETE FROM schema_migrations WHERE version = 1")
    answer = await stranger.get("/health/ready")
    assert answer.status_code == 503
    assert "migration" in answer.json()["status"]


async def test_metrics_are_for_those_near_us(stranger: Browser) -> None:
    assert "thoughts_requests_total" in (await stranger.get("/metrics")).text
    assert (await stranger.get("/metrics", headers={"x-forwarded-for": "203.0.113.9"})).status_code == 404
    spoofed = {"x-forwarded-for": "127.0.0.1, 203.0.113.9"}
    assert (await stranger.get("/metrics", headers=spoofed)).status_code == 404


async def test_static_files_are_kept_by_version(stranger: Browser) -> None:
    page = await stranger.get("/nowhere")
    address = page.text.partition('rel="stylesheet" href="')[2].partition('"')[0]
    current = await stranger.get(address)
    assert current.headers["content-type"] == "text/css; charset=utf-8"
    assert "immutable" in current.headers["cache-control"]
    assert "immutable" not in (await stranger.get("/static/thoughts.css?v=old")).headers["cache-control"]
    assert (await stranger.get("/static/..%2fapp.py")).status_code == 404


async def test_unknown_addresses_are_a_page_for_people_and_json_for_programs(stranger: Browser) -> None:
    page = await stranger.get("/nowhere")
    assert page.status_code == 404
    assert "There is nothing here" in page.text
    for path, accept in (("/api/v1/nowhere", "*/*"), ("/nowhere", "application/activity+json")):
        answer = await stranger.get(path, headers={"accept": accept})
        assert answer.status_code == 404
        assert "error" in answer.json()


async def test_pages_carry_a_strict_policy(stranger: Browser) -> None:
    headers = (await stranger.get("/nowhere")).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"


async def test_what_breaks_is_named_by_a_reference_and_never_shown(
    stranger: Browser, services: Services
) -> None:  # fmt: skip
    async with services.database.connection() as db:
        await db.execute("ALTER TABLE schema_migrations RENAME COLUMN version TO secret_detail")
    answer = await stranger.get("/health/ready")
    assert answer.status_code == 500
    assert len(answer.json()["reference"]) == 8
    assert "secret_detail" not in answer.text


@pytest.mark.parametrize(
    "path", ["/search?q=%00", "/tags/%00", "/@%00", "/@x%00/followers", "/authorize_interaction?uri=a%00", "/media/%00"]
)
async def test_characters_that_cannot_be_stored_are_refused(path: str, stranger: Browser) -> None:
    assert (await stranger.get(path)).status_code == 422
    assert (await stranger.post("/signin", {"name": "a\0b", "password": "x"})).status_code == 422


async def test_made_up_methods_are_counted_as_one(stranger: Browser) -> None:
    await stranger.client.request("BREW", "/about")
    figures = (await stranger.get("/metrics")).text
    assert "BREW" not in figures
    assert 'method="other"' in figures


async def test_a_form_of_more_than_a_mebibyte_is_refused(stranger: Browser) -> None:
    headers = {"content-type": "application/x-www-form-urlencoded", "origin": "http://localhost:8000"}
    answer = await stranger.client.post("/nowhere", content=b"a" * (1024 * 1024 + 1), headers=headers)
    assert answer.status_code == 413
