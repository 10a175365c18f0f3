"""Thoughts published later, through the API: refused, listed, changed, cancelled, and posted once."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from federation.actions import accounts
from federation.actions.files import expire_uploads
from federation.actions.scheduling import publish_due
from tests.acting import execute, scalar, sent
from tests.media.samples import picture

if TYPE_CHECKING:
    from federation.services import Services
    from tests.client_api.conftest import App

STATUSES, SCHEDULED = "/api/v1/statuses", "/api/v1/scheduled_statuses"


def later(minutes: float = 60) -> str:
    return (datetime.now(UTC) + timedelta(minutes=minutes)).isoformat()


async def schedule(app: App, text: str = "Later", *, minutes: float = 60, **body: Any) -> dict[str, Any]:
    made: dict[str, Any] = await app.post(STATUSES, status=text, scheduled_at=later(minutes), **body)
    return made


async def upload(app: App) -> str:
    made = await app.call("POST", "/api/v1/media", files={"file": ("a.png", picture(), "image/png")})
    return str(made["id"])


async def let_time_pass(services: Services) -> None:
    """Let everything that is scheduled be due."""
    await execute(services, "UPDATE scheduled_thoughts SET scheduled_at = now(), due_at = now()")


async def said_by(app: App) -> list[dict[str, Any]]:
    statuses: list[dict[str, Any]] = await app.get(f"/api/v1/accounts/{app.id}/statuses")
    return statuses


async def test_what_is_scheduled_is_posted_when_its_time_comes_and_not_before(services: Services, ann: App) -> None:
    media = [await upload(ann)]
    parent = await ann.publish("First")
    made = await schedule(
        ann, "Later #soon", visibility="private", spoiler_text="cw", language="de", media_ids=media,
        in_reply_to_id=parent["id"],
    )  # fmt: skip
    assert made["media_attachments"][0]["id"] == media[0]
    assert made["params"] | {"text": "Later #soon", "in_reply_to_id": parent["id"]} == made["params"]
    assert await publish_due(services) == 0
    await let_time_pass(services)
    assert await publish_due(services) == 1
    assert await publish_due(services) == 0
    posted = (await said_by(ann))[0]
    assert (posted["visibility"], posted["spoiler_text"], posted["language"]) == ("private", "cw", "de")
    assert (posted["media_attachments"][0]["id"], posted["in_reply_to_id"]) == (media[0], parent["id"])
    assert await ann.get(SCHEDULED) == []
    await ann.get(f"{SCHEDULED}/{made['id']}", expected=404)


async def test_a_poll_and_a_quote_are_posted_as_they_were_scheduled(services: Services, ann: App, bob: App) -> None:
    quoted = await bob.publish("Quote me")
    await schedule(
        ann, "Which?", poll={"options": ["a", "b"], "expires_in": 600, "multiple": True},
        quoted_status_id=quoted["id"], quote_approval_policy="nobody",
    )  # fmt: skip
    await let_time_pass(services)
    assert await publish_due(services) == 1
    posted = (await said_by(ann))[0]
    assert [option["title"] for option in posted["poll"]["options"]] == ["a", "b"]
    ends = datetime.fromisoformat(posted["poll"]["expires_at"])
    assert timedelta(minutes=9) < ends - datetime.now(UTC) <= timedelta(minutes=10)
    assert posted["quote"]["quoted_status"]["id"] == quoted["id"]
    assert posted["quote_approval"]["automatic"] == []


async def test_two_workers_at_once_post_it_once(services: Services, ann: App) -> None:
    for number in range(3):
        await schedule(ann, f"Once {number}")
    await let_time_pass(services)
    counts = await asyncio.gather(*(publish_due(services) for _ in range(4)))
    assert sum(counts) == 3
    assert len(await said_by(ann)) == 3
    assert [one.type for one in await sent(services)] == ["Create"] * 3


async def test_a_moment_that_has_passed_is_now(services: Services, ann: App) -> None:
    assert (await schedule(ann, "Now", minutes=-10))["content"]
    assert await scalar(services, "SELECT count(*) FROM scheduled_thoughts") == 0


@pytest.mark.parametrize(
    "body",
    [
        {"status": ""},
        {"status": "x" * 501},
        {"status": "x", "visibility": "secret"},
        {"status": "x", "media_ids": ["01890000-0000-7000-8000-000000000000"]},
        {"status": "x", "poll": {"options": ["a"], "expires_in": 300}},
        {"status": "x", "quote_approval_policy": "perhaps"},
        {"status": "x", "language": "x" * 99},
    ],
)
async def test_what_cannot_be_posted_cannot_be_scheduled(services: Services, ann: App, body: dict[str, Any]) -> None:
    await ann.post(STATUSES, expected=422, scheduled_at=later(), **body)
    assert await scalar(services, "SELECT count(*) FROM scheduled_thoughts") == 0


async def test_less_than_five_minutes_is_too_soon(ann: App) -> None:
    await ann.post(STATUSES, status="x", scheduled_at=later(4.9), expected=422)
    made = await schedule(ann, minutes=5.1)
    await ann.call("PUT", f"{SCHEDULED}/{made['id']}", json={"scheduled_at": later(4)}, expected=422)
    await ann.call("PUT", f"{SCHEDULED}/{made['id']}", json={"scheduled_at": "never"}, expected=422)
    assert (await ann.get(f"{SCHEDULED}/{made['id']}"))["scheduled_at"] == made["scheduled_at"]


async def test_there_is_room_for_so_many_a_day_and_so_many_in_all(services: Services, ann: App, bob: App) -> None:
    day = datetime.now(UTC).replace(hour=12) + timedelta(days=3)
    fill = """INSERT INTO scheduled_thoughts (user_id, scheduled_at, due_at, draft)
        SELECT $1, $2::timestamptz + make_interval(days => n / $3), now() + interval '9 days',
            '{"source": "x", "media": [], "poll": null}'
        FROM generate_series(0, $4::int - 1) AS n"""
    await execute(services, fill, ann.person.id if ann.person else None, day, 25, 25)
    await ann.post(STATUSES, status="x", scheduled_at=day.isoformat(), expected=422)
    other = await ann.post(STATUSES, status="x", scheduled_at=(day + timedelta(days=1)).isoformat())
    await ann.call("PUT", f"{SCHEDULED}/{other['id']}", json={"scheduled_at": day.isoformat()}, expected=422)
    await execute(services, fill, bob.person.id if bob.person else None, day, 20, 300)
    await bob.post(STATUSES, status="x", scheduled_at=(day - timedelta(days=1)).isoformat(), expected=422)


async def test_the_same_key_schedules_once_and_posts_once(services: Services, ann: App) -> None:
    body, once = {"status": "Once", "scheduled_at": later()}, {"Idempotency-Key": "k"}
    made = await asyncio.gather(*(ann.call("POST", STATUSES, json=body, headers=once) for _ in range(3)))
    assert len({one["id"] for one in made}) == 1
    await let_time_pass(services)
    assert await publish_due(services) == 1
    await ann.call("POST", STATUSES, json=body, headers=once, expected=404)
    again = await ann.call("POST", STATUSES, json={"status": "Once"}, headers=once)
    assert [again["id"]] == [one["id"] for one in await said_by(ann)]


async def test_the_list_comes_in_pages(ann: App) -> None:
    made = [(await schedule(ann, f"No. {number}"))["id"] for number in range(5)]
    first = await ann.client.get(SCHEDULED, params={"limit": 2})
    assert [one["id"] for one in first.json()] == [made[4], made[3]]
    assert f'max_id={made[3]}>; rel="next"' in first.headers["Link"]
    assert f'min_id={made[4]}>; rel="prev"' in first.headers["Link"]
    assert [one["id"] for one in await ann.get(SCHEDULED, limit=2, max_id=made[3])] == [made[2], made[1]]
    assert [one["id"] for one in await ann.get(SCHEDULED, limit=2, min_id=made[0])] == [made[2], made[1]]


async def test_nobody_reaches_what_others_scheduled(services: Services, ann: App, bob: App) -> None:
    media = await upload(ann)
    made = await schedule(ann, "Secret", media_ids=[media])
    assert await bob.get(SCHEDULED) == []
    await bob.get(f"{SCHEDULED}/{made['id']}", expected=404)
    for method in ("PUT", "DELETE"):
        await bob.call(method, f"{SCHEDULED}/{made['id']}", json={"scheduled_at": later(90)}, expected=404)
    assert await ann.get(f"{SCHEDULED}/{made['id']}") == made
    assert await scalar(services, "SELECT count(*) FROM media WHERE scheduled_id IS NOT NULL") == 1


async def test_media_wait_for_their_thought_alone(services: Services, ann: App) -> None:
    media = await upload(ann)
    made = await schedule(ann, media_ids=[media])
    await ann.post(STATUSES, status="x", media_ids=[media], expected=422)
    await ann.post(STATUSES, status="x", media_ids=[media], scheduled_at=later(), expected=422)
    await ann.call("DELETE", f"/api/v1/media/{media}", expected=422)
    await execute(services, "UPDATE media SET kept_until = now() - interval '1 second'")
    await expire_uploads(services)
    await ann.call("DELETE", f"{SCHEDULED}/{made['id']}")
    await expire_uploads(services)
    assert (await ann.publish("After all", media_ids=[media]))["media_attachments"][0]["id"] == media


async def test_cancelled_it_is_not_posted(services: Services, ann: App) -> None:
    made = await schedule(ann)
    await ann.call("DELETE", f"{SCHEDULED}/{made['id']}")
    await ann.call("DELETE", f"{SCHEDULED}/{made['id']}", expected=404)
    await let_time_pass(services)
    assert await publish_due(services) == 0


async def test_what_cannot_be_posted_any_more_waits_with_its_reason(services: Services, ann: App, bob: App) -> None:
    parent = await bob.publish("Answer me")
    made = await schedule(ann, "Answer", in_reply_to_id=parent["id"])
    await bob.call("DELETE", f"{STATUSES}/{parent['id']}")
    await let_time_pass(services)
    assert await publish_due(services) == 0
    stuck = await ann.get(f"{SCHEDULED}/{made['id']}")
    assert "gone" in stuck["problem"]
    assert (await said_by(ann), await publish_due(services)) == ([], 0)
    changed = await ann.call("PUT", f"{SCHEDULED}/{made['id']}", json={"scheduled_at": later(30)})
    assert "problem" not in changed


async def test_media_that_are_gone_are_said_to_be(services: Services, ann: App) -> None:
    made = await schedule(ann, media_ids=[await upload(ann)])
    await execute(services, "DELETE FROM media")
    await let_time_pass(services)
    assert await publish_due(services) == 0
    assert "file" in (await ann.get(f"{SCHEDULED}/{made['id']}"))["problem"]


async def test_who_is_suspended_or_frozen_posts_nothing_and_finds_it_afterwards(services: Services, ann: App) -> None:
    assert ann.person is not None
    made = await schedule(ann)
    await accounts.suspend(services, None, ann.person)
    await let_time_pass(services)
    assert await publish_due(services) == 0
    assert await scalar(services, "SELECT count(*) FROM thoughts") == 0
    await accounts.unsuspend(services, None, ann.person)
    assert "not active" in (await ann.get(f"{SCHEDULED}/{made['id']}"))["problem"]
    await ann.call("PUT", f"{SCHEDULED}/{made['id']}", json={"scheduled_at": later()})
    await execute(services, "UPDATE users SET disabled = true WHERE id = $1", ann.person.id)
    await let_time_pass(services)
    assert await publish_due(services) == 0
    assert await scalar(services, "SELECT problem FROM scheduled_thoughts") != ""


async def test_an_account_that_ends_leaves_nothing_scheduled(services: Services, ann: App) -> None:
    assert ann.person is not None
    await schedule(ann, media_ids=[await upload(ann)])
    await accounts.delete_account(services, ann.person)
    assert await scalar(services, "SELECT count(*) FROM scheduled_thoughts") == 0
    assert await scalar(services, "SELECT count(*) FROM media") == 0
