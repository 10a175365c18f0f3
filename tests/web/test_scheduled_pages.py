"""Thoughts scheduled on pages: in the writer's time zone, changed, posted now, deleted; stuck ones are told of."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest

from federation.actions.delete_thought import delete_thought
from federation.actions.scheduling import publish_due
from tests.acting import execute, say, scalar
from tests.services_fixture import Browser, make_person

if TYPE_CHECKING:
    from federation.services import Services
    from storage.people import Person

ClientFor = Callable[["Person"], Awaitable[Browser]]
ZONE = timezone(timedelta(hours=5, minutes=45))


def local(at: datetime) -> dict[str, str]:
    """Return the fields of a moment as somebody in Kathmandu chooses it."""
    return {"scheduled_at": at.astimezone(ZONE).strftime("%Y-%m-%dT%H:%M"), "utc_offset": "345"}


@pytest.fixture
async def tomorrow() -> datetime:
    return (datetime.now(UTC) + timedelta(days=1)).replace(second=0, microsecond=0)


async def test_a_time_is_of_the_zone_that_was_chosen(
    services: Services, client_for: ClientFor, tomorrow: datetime
) -> None:
    browser = await client_for(await make_person(services, "ada"))
    answer = await browser.post("/compose", {"source": "Later <b>", "visibility": "followers", **local(tomorrow)})
    assert answer.headers["Location"] == "/scheduled"
    assert await scalar(services, "SELECT scheduled_at FROM scheduled_thoughts") == tomorrow
    assert await scalar(services, "SELECT count(*) FROM thoughts") == 0
    shown = await browser.page("/scheduled")
    assert "Later &lt;b&gt;" in shown
    assert "Followers only" in shown
    assert tomorrow.strftime("%H:%M UTC") in shown


@pytest.mark.parametrize("when", ["2020-01-01T00:00", "noon", "9999-12-31T23:59"])
async def test_a_time_that_cannot_be_brings_the_text_back(services: Services, client_for: ClientFor, when: str) -> None:
    browser = await client_for(await make_person(services, "ada"))
    form = {"source": "Keep me", "scheduled_at": when, "utc_offset": "-210"}
    answer = await browser.post("/compose", form)
    assert answer.status_code == 422
    assert "Keep me" in answer.text
    assert f'value="{when}"' in answer.text
    assert '<option value="-210" selected>' in answer.text
    assert await scalar(services, "SELECT count(*) FROM scheduled_thoughts") == 0


async def test_text_and_time_are_changed(services: Services, client_for: ClientFor, tomorrow: datetime) -> None:
    ada = await make_person(services, "ada")
    browser = await client_for(ada)
    parent = await say(services, ada)
    await browser.post("/compose", {"source": "Before", "reply_to": str(parent.id), **local(tomorrow)})
    scheduled_id = await scalar(services, "SELECT id FROM scheduled_thoughts")
    page = await browser.page(f"/scheduled/{scheduled_id}/edit")
    assert f'value="{tomorrow:%Y-%m-%dT%H:%M}"' in page
    assert "Before" in page
    later = tomorrow + timedelta(hours=3)
    await browser.post(f"/scheduled/{scheduled_id}/edit", {"source": "After", "visibility": "unlisted", **local(later)})
    assert await scalar(services, "SELECT scheduled_at FROM scheduled_thoughts") == later
    refused = await browser.post(f"/scheduled/{scheduled_id}/edit", {"source": "x" * 501, **local(later)})
    assert refused.status_code == 422
    await execute(services, "UPDATE scheduled_thoughts SET due_at = now()")
    assert await publish_due(services) == 1
    posted = "SELECT source || ' ' || visibility FROM thoughts WHERE reply_to = $1"
    assert await scalar(services, posted, parent.id) == "After unlisted"


async def test_posted_now_it_is_out_once(services: Services, client_for: ClientFor, tomorrow: datetime) -> None:
    browser = await client_for(await make_person(services, "ada"))
    await browser.post("/compose", {"source": "Now", **local(tomorrow)})
    scheduled_id = await scalar(services, "SELECT id FROM scheduled_thoughts")
    answer = await browser.post(f"/scheduled/{scheduled_id}/post")
    assert answer.headers["Location"] == f"/@ada/{await scalar(services, 'SELECT id FROM thoughts')}"
    await browser.post(f"/scheduled/{scheduled_id}/post")
    assert await scalar(services, "SELECT count(*) FROM thoughts") == 1


async def test_deleted_it_is_gone(services: Services, client_for: ClientFor, tomorrow: datetime) -> None:
    browser = await client_for(await make_person(services, "ada"))
    await browser.post("/compose", {"source": "Never", **local(tomorrow)})
    await browser.post(f"/scheduled/{await scalar(services, 'SELECT id FROM scheduled_thoughts')}/delete")
    assert "Nothing is scheduled" in await browser.page("/scheduled")


async def test_what_is_stuck_is_told_on_every_page(
    services: Services, client_for: ClientFor, tomorrow: datetime
) -> None:
    ada = await make_person(services, "ada")
    browser = await client_for(ada)
    parent = await say(services, ada)
    await browser.post("/compose", {"source": "Answer", "reply_to": str(parent.id), **local(tomorrow)})
    await delete_thought(services, ada, parent.id)
    await execute(services, "UPDATE scheduled_thoughts SET due_at = now()")
    await publish_due(services)
    told = "A thought that you scheduled could not be posted."
    assert told in await browser.page("/home")
    shown = await browser.page("/scheduled")
    assert "is gone, or not yours to see" in shown
    scheduled_id = await scalar(services, "SELECT id FROM scheduled_thoughts")
    await browser.post(f"/scheduled/{scheduled_id}/post")
    assert "is gone, or not yours to see" in await browser.page("/scheduled")
    await browser.post(f"/scheduled/{scheduled_id}/delete")
    assert told not in await browser.page("/home")


async def test_nobody_opens_what_others_scheduled(
    services: Services, client_for: ClientFor, stranger: Browser, tomorrow: datetime
) -> None:
    ada, bob = (
        await client_for(await make_person(services, "ada")),
        await client_for(await make_person(services, "bob")),
    )
    await ada.post("/compose", {"source": "Secret", **local(tomorrow)})
    scheduled_id = await scalar(services, "SELECT id FROM scheduled_thoughts")
    assert "Secret" not in await bob.page("/scheduled")
    assert (await bob.get(f"/scheduled/{scheduled_id}/edit")).status_code == 404
    for verb in ("edit", "post", "delete"):
        await bob.post(f"/scheduled/{scheduled_id}/{verb}", {"source": "Mine now", **local(tomorrow)})
    assert (await stranger.get("/scheduled")).status_code == 303
    assert await scalar(services, "SELECT draft ->> 'source' FROM scheduled_thoughts") == "Secret"
    assert await scalar(services, "SELECT count(*) FROM thoughts") == 0


async def test_the_composer_starts_with_the_quote_policy_that_one_prefers(
    services: Services, client_for: ClientFor
) -> None:
    ada = await make_person(services, "ada")
    browser = await client_for(ada)
    await execute(services, "INSERT INTO preferences (user_id, quote_policy) VALUES ($1, 'nobody')", ada.id)
    assert '<option value="nobody" selected>' in await browser.page("/home")
