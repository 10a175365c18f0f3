"""Hashtags for moderators: /v1/admin/tags*."""

from __future__ import annotations

from urllib.parse import unquote
from uuid import UUID

from quart import Blueprint, Response

from federation.actions import moderating_tags
from federation.actions.moderating_tags import TagRules
from web.client_api.answers import answer
from web.client_api.authentication import scoped
from web.client_api.call import Call
from web.client_api.entities.search import admin_tag
from web.client_api.paging import read_page
from web.current import parse_uuid

routes = Blueprint("tags", __name__)


def named(tag_id: str) -> UUID | str:
    """Return how a path names a hashtag: by the id that moderators see, or by its name, which is everybody's id."""
    return parse_uuid(tag_id) or unquote(tag_id)


@routes.get("/v1/admin/tags")
@scoped("admin:read")
async def page_of(call: Call) -> Response:
    """List all hashtags, the newest first."""
    page = read_page(call.parameters, default=100)
    found = await moderating_tags.list_tags(call.services, call.person, page)
    written = [admin_tag(call.site, one, call.person) for one in found]
    return call.paged(written, page, [one.rules.id for one in found])


@routes.get("/v1/admin/tags/<tag_id>")
@scoped("admin:read")
async def one(call: Call, tag_id: str) -> Response:
    """Show a hashtag and what was decided about it."""
    found = await moderating_tags.get_tag(call.services, call.person, named(tag_id))
    return answer(admin_tag(call.site, found, call.person))


@routes.put("/v1/admin/tags/<tag_id>")
@scoped("admin:write")
async def change(call: Call, tag_id: str) -> Response:
    """Decide about a hashtag."""
    given = call.parameters
    rules = TagRules(
        given.optional_text("display_name"), given.optional_flag("usable"), given.optional_flag("listable"),
        given.optional_flag("trendable"),
    )  # fmt: skip
    decided = await moderating_tags.moderate_tag(call.services, call.person, named(tag_id), rules)
    return answer(admin_tag(call.site, decided, call.person))
