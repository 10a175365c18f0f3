"""What trends, for moderators: /v1/admin/trends/*."""

from __future__ import annotations

from typing import Any, Final

from quart import Blueprint, Response

from federation.actions import link_trends, moderating_tags, trends
from federation.actions.moderating_tags import TagRules
from federation.actions.trends import JudgedThoughts
from web.client_api.admin.tags import named
from web.client_api.answers import answer
from web.client_api.authentication import scoped
from web.client_api.call import Call
from web.client_api.entities.search import admin_tag
from web.client_api.entities.statuses import Statuses
from web.client_api.entities.trends import admin_link, publisher
from web.client_api.paging import read_page, read_places
from web.current import path_id

routes = Blueprint("trends", __name__)

_VERBS: Final = {"approve": True, "reject": False}
_VERB: Final = f"<any({', '.join(_VERBS)}):verb>"


@routes.get("/v1/admin/trends/tags")
@scoped("admin:read")
async def tags(call: Call) -> Response:
    """List hashtags that trend, shown or not."""
    places = read_places(call.parameters, default=10)
    found = await trends.list_tags_to_judge(call.services, call.person, offset=places.offset, limit=places.limit)
    return call.ranked([admin_tag(call.site, one, call.person) for one in found], places)


@routes.post(f"/v1/admin/trends/tags/<tag_id>/{_VERB}")
@scoped("admin:write")
async def judge_tag(call: Call, tag_id: str, verb: str) -> Response:
    """Say whether a hashtag may trend."""
    rules = TagRules(trendable=_VERBS[verb])
    decided = await moderating_tags.moderate_tag(call.services, call.person, named(tag_id), rules)
    return answer(admin_tag(call.site, decided, call.person))


def _written(call: Call, judged: JudgedThoughts) -> list[dict[str, Any]]:
    waiting = {str(thought_id) for thought_id, one in judged.verdicts.items() if one.requires_review}
    statuses = Statuses(call.site, judged.shown, call.person).all()
    return [status | {"requires_review": status["id"] in waiting} for status in statuses]


@routes.get("/v1/admin/trends/statuses")
@scoped("admin:read")
async def statuses(call: Call) -> Response:
    """List thoughts that trend, shown or not."""
    places = read_places(call.parameters)
    judged = await trends.list_thoughts_to_judge(call.services, call.person, offset=places.offset, limit=places.limit)
    return call.ranked(_written(call, judged), places, found=len(judged.shown.entries))


@routes.post(f"/v1/admin/trends/statuses/<status_id>/{_VERB}")
@scoped("admin:write")
async def judge_status(call: Call, status_id: str, verb: str) -> Response:
    """Say whether a thought may trend."""
    judged = await trends.judge_thought(call.services, call.person, path_id(status_id), trendable=_VERBS[verb])
    return answer(_written(call, judged)[0])


@routes.get("/v1/admin/trends/links")
@scoped("admin:read")
async def links(call: Call) -> Response:
    """List pages that trend, shown or not."""
    places = read_places(call.parameters, default=10)
    found = await link_trends.list_pages_to_judge(call.services, call.person, offset=places.offset, limit=places.limit)
    return call.ranked([admin_link(call.site, one, call.person) for one in found], places)


@routes.post(f"/v1/admin/trends/links/<card_id>/{_VERB}")
@scoped("admin:write")
async def judge_link(call: Call, card_id: str, verb: str) -> Response:
    """Say whether a page may trend."""
    judged = await link_trends.judge_page(call.services, call.person, path_id(card_id), trendable=_VERBS[verb])
    return answer(admin_link(call.site, judged, call.person))


@routes.get("/v1/admin/trends/links/publishers")
@scoped("admin:read")
async def publishers(call: Call) -> Response:
    """List the hosts whose pages have trended."""
    page = read_page(call.parameters)
    found = await link_trends.list_publishers(call.services, call.person, page)
    return call.paged([publisher(one) for one in found], page, [one.id for one in found])


@routes.post(f"/v1/admin/trends/links/publishers/<publisher_id>/{_VERB}")
@scoped("admin:write")
async def judge_publisher(call: Call, publisher_id: str, verb: str) -> Response:
    """Say whether the pages of a host may trend."""
    judged = await link_trends.judge_publisher(
        call.services, call.person, path_id(publisher_id), trendable=_VERBS[verb]
    )
    return answer(publisher(judged))
