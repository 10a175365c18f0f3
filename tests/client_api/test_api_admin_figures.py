"""Measures, dimensions and retention, counted from what happened."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from federation.actions import figures
from federation.actions.reports import Complaint, report_person
from tests.acting import execute, hear
from tests.client_api.contract import problems
from tests.services_fixture import make_person, make_remote_person

if TYPE_CHECKING:
    from federation.services import Services
    from tests.client_api.conftest import App, OpenApp

TODAY = datetime.now(UTC)
SPAN = {"start_at": f"{TODAY - timedelta(days=2):%Y-%m-%d}", "end_at": f"{TODAY:%Y-%m-%d}"}


@pytest.fixture
async def mod(services: Services, open_app: OpenApp) -> App:
    return await open_app(await make_person(services, "mod", role="moderator"), scopes="admin:read")


async def test_what_happened_is_counted_by_day(services: Services, mod: App, ann: App, bob: App) -> None:
    assert ann.person is not None
    assert bob.person is not None
    eve = await make_remote_person(services, "eve")
    await hear(services, eve, "<p>one</p>")
    said = await ann.publish("a #cat for @bob", language="en")
    await bob.post(f"/api/v1/statuses/{said['id']}/favourite")
    await report_person(services, ann.person, bob.person, Complaint())
    await execute(services, "UPDATE users SET created_at = now() - interval '4 days' WHERE username = 'bob'")
    body: dict[str, Any] = {"keys": [*figures.MEASURES, "nonsense"], **SPAN}
    body |= {key: {"domain": "remote.example"} for key in figures.MEASURES if key.startswith("instance_")}
    body |= {key: {"id": "Cat"} for key in figures.MEASURES if key.startswith("tag_")}
    answer = await mod.post("/api/v1/admin/measures", **body)
    assert [problem for one in answer for problem in problems("AdminMeasure", one)] == []
    totals = {one["key"]: int(one["total"]) for one in answer}
    assert totals.keys() == set(figures.MEASURES)
    assert all(len(one["data"]) == 3 for one in answer)
    assert (totals["new_users"], totals["interactions"], totals["opened_reports"], totals["resolved_reports"]) == (
        2, 2, 1, 0,
    )  # fmt: skip
    assert next(one["previous_total"] for one in answer if one["key"] == "new_users") == "1"
    assert (totals["tag_uses"], totals["tag_accounts"], totals["tag_servers"]) == (1, 1, 1)
    assert (totals["instance_accounts"], totals["instance_statuses"], totals["instance_follows"]) == (1, 1, 0)


async def test_what_there_is_is_counted_by_kind(services: Services, mod: App, ann: App) -> None:
    eve = await make_remote_person(services, "eve")
    await hear(services, eve, "<p>one</p>")
    await ann.publish("Guten #tag", language="de")
    body: dict[str, Any] = {"keys": list(figures.DIMENSIONS), "limit": 5, **SPAN}
    body |= {key: {"id": "tag"} for key in figures.DIMENSIONS if key.startswith("tag_")}
    answer = await mod.post("/api/v1/admin/dimensions", **body)
    assert [problem for one in answer for problem in problems("AdminDimension", one)] == []
    found = {one["key"]: {kind["key"]: kind["value"] for kind in one["data"]} for one in answer}
    assert found.keys() == set(figures.DIMENSIONS)
    assert found["languages"] == found["tag_languages"] == {"de": "1"}
    assert found["servers"] == {"remote.example": "1"}
    assert found["tag_servers"] == {"": "1"}
    assert int(found["space_usage"]["postgresql"]) > 1_000_000
    assert set(found["software_versions"]) == {"thoughts", "postgresql"}


async def test_who_comes_back_is_told_by_cohort(services: Services, mod: App, ann: App) -> None:
    answer = await mod.post("/api/v1/admin/retention", frequency="day", **SPAN)
    assert [problem for one in answer for problem in problems("AdminCohort", one)] == []
    [cohort] = answer
    assert cohort["data"][0]["rate"] == 1
    assert cohort["data"][0]["value"] == "2"
    assert (await mod.post("/api/v1/admin/retention", frequency="month", **SPAN))[0]["frequency"] == "month"


@pytest.mark.parametrize("path", ["measures", "dimensions", "retention"])
async def test_only_moderators_count_and_only_sensible_spans(mod: App, open_app: OpenApp, ann: App, path: str) -> None:
    curious = await open_app(ann.person, scopes="admin:read")
    await curious.post(f"/api/v1/admin/{path}", expected=403, keys=["new_users"], **SPAN)
    await ann.post(f"/api/v1/admin/{path}", expected=403, keys=["new_users"], **SPAN)
    for wrong in ({}, SPAN | {"start_at": "x"}, SPAN | {"start_at": "1990-01-01"}, SPAN | {"start_at": "2999-01-01"}):
        await mod.post(f"/api/v1/admin/{path}", expected=422, keys=["new_users"], **wrong)
