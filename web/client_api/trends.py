"""What trends: /v1/trends/*. Empty while admins have it switched off."""

from __future__ import annotations

from quart import Blueprint, Response

from federation.actions import link_trends, trends
from web.client_api.authentication import open_to_all
from web.client_api.call import Call
from web.client_api.entities.search import tag
from web.client_api.entities.statuses import Statuses
from web.client_api.entities.trends import trending_link
from web.client_api.paging import read_places
from web.current import asked_languages

routes = Blueprint("trends", __name__)


@routes.get("/v1/trends")
@routes.get("/v1/trends/tags")
@open_to_all()
async def tags(call: Call) -> Response:
    """Show hashtags that trend."""
    places = read_places(call.parameters, default=10)
    found = await trends.get_trending_tags(call.services, call.caller, offset=places.offset, limit=places.limit)
    return call.ranked([tag(call.site, one, call.caller) for one in found], places)


@routes.get("/v1/trends/links")
@open_to_all()
async def links(call: Call) -> Response:
    """Show pages that trend, those in the caller's language first."""
    places = read_places(call.parameters, default=10)
    found = await link_trends.get_trending_pages(
        call.services, call.caller, languages=asked_languages(), offset=places.offset, limit=places.limit
    )
    return call.ranked([trending_link(call.site, one, call.caller) for one in found], places)


@routes.get("/v1/trends/statuses")
@open_to_all()
async def statuses(call: Call) -> Response:
    """Show thoughts that trend, those in the caller's language first."""
    places, language = read_places(call.parameters), call.parameters.text("lang").partition("-")[0].lower()
    shown = await trends.get_trending_thoughts(
        call.services, call.caller,
        languages=[language] if language else asked_languages(), offset=places.offset, limit=places.limit, details=True,
    )  # fmt: skip
    return call.ranked(Statuses(call.site, shown, call.caller).all(), places, found=len(shown.entries))
