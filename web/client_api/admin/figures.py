"""Figures for moderators: /v1/admin/measures, /v1/admin/dimensions, /v1/admin/retention."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.metadata import version
from itertools import groupby
from typing import Any, Final

from quart import Blueprint, Response

from federation.actions import figures
from federation.actions.figures import DIMENSIONS, MEASURES, Span
from federation.errors import Invalid
from storage.figures import Share
from web.client_api.answers import answer
from web.client_api.authentication import scoped
from web.client_api.call import Call
from web.client_api.parameters import Parameters

routes = Blueprint("figures", __name__)

_MOST_KEYS: Final = 50
_MOST: Final = 100


def _moment(given: Parameters, name: str) -> datetime:
    try:
        found = datetime.fromisoformat(given.text(name))
    except ValueError as exc:
        raise Invalid(f"{name} is not a date.", field=name) from exc
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def _span(given: Parameters) -> Span:
    return figures.make_span(_moment(given, "start_at"), _moment(given, "end_at"))


def _about(given: Parameters, keys: tuple[str, ...]) -> dict[str, str]:
    """Read what single figures are about: a server, or a hashtag."""
    about = {}
    for key in keys:
        if not given.is_blank(key):
            within = given.nested(key)
            about[key] = within.text("domain") or within.text("id")
    return about


def _at(day: str) -> str:
    return f"{day}T00:00:00.000Z"


@routes.post("/v1/admin/measures")
@scoped("admin:read")
async def measures(call: Call) -> Response:
    """Count things by day."""
    given = call.parameters
    keys = given.texts("keys", most=_MOST_KEYS)
    found = await figures.measure(call.services, call.person, keys, _span(given), _about(given, MEASURES))
    return answer(
        [
            {
                "key": one.key,
                "unit": None,
                "total": str(sum(one.by_day.values())),
                "previous_total": str(one.previous_total),
                "data": [{"date": _at(day), "value": str(value)} for day, value in one.by_day.items()],
            }
            for one in found
        ]
    )


@routes.post("/v1/admin/dimensions")
@scoped("admin:read")
async def dimensions(call: Call) -> Response:
    """Count things by kind."""
    given = call.parameters
    keys = given.texts("keys", most=_MOST_KEYS)
    limit = given.number("limit", 10, least=1, most=_MOST)
    found = await figures.divide(
        call.services, call.person, keys, _span(given), _about(given, DIMENSIONS), limit=limit
    )  # fmt: skip
    written = [{"key": key, "data": [_share(key, one) for one in shares]} for key, shares in found.items()]
    if "software_versions" in keys:
        written.append({"key": "software_versions", "data": await _versions(call)})
    return answer(written)


def _share(key: str, one: Share) -> dict[str, Any]:
    written: dict[str, Any] = {"key": one.key, "human_key": one.key or "here", "value": str(one.value)}
    if key == "space_usage":
        written |= {"human_key": "PostgreSQL", "unit": "bytes", "human_value": f"{one.value / 2**20:.1f} MB"}
    return written


async def _versions(call: Call) -> list[dict[str, str]]:
    known = {"thoughts": version("thoughts"), "postgresql": await figures.database_version(call.services)}
    return [
        {"key": key, "human_key": key.capitalize(), "value": value, "human_value": value}
        for key, value in known.items()
    ]


@routes.post("/v1/admin/retention")
@scoped("admin:read")
async def retention(call: Call) -> Response:
    """Count who comes back."""
    given = call.parameters
    frequency = given.text("frequency", "day")
    returns = await figures.list_returns(call.services, call.person, _span(given), frequency)
    cohorts = []
    for joined, group in groupby(returns, lambda one: one.joined):
        rows = list(group)
        first = max(1, rows[0].value)
        data = [{"date": _at(one.period), "rate": round(one.value / first, 4), "value": str(one.value)} for one in rows]
        cohorts.append({"period": _at(joined), "frequency": frequency, "data": data})
    return answer(cohorts)
