"""The Mastodon client API: routes parse and write entities; the rules live in federation/actions."""

from __future__ import annotations

from quart import Blueprint, Response, request

from web.client_api import (
    accounts,
    admin,
    announcements,
    apps,
    collections,
    conversations,
    discovering,
    errors,
    filters,
    house,
    instance,
    lists,
    media,
    notification_groups,
    notifications,
    own_profile,
    people_lists,
    polls,
    push,
    quotes,
    reactions,
    registration,
    relationships,
    reports,
    scheduled,
    search,
    statuses,
    switched_off,
    tags,
    timelines,
    trends,
)
from web.client_api.answers import answer
from web.client_api.authentication import allowance
from web.client_api.entities.site import moment_of
from web.cors import answer_preflight, open_to_scripts

blueprint = Blueprint("client_api", __name__, url_prefix="/api")
for _part in (
    accounts,
    admin,
    announcements,
    apps,
    collections,
    conversations,
    discovering,
    filters,
    house,
    instance,
    lists,
    media,
    notification_groups,
    notifications,
    own_profile,
    people_lists,
    polls,
    push,
    quotes,
    reactions,
    registration,
    relationships,
    reports,
    scheduled,
    search,
    statuses,
    switched_off,
    tags,
    timelines,
    trends,
):
    blueprint.register_blueprint(_part.routes)
errors.install(blueprint)


blueprint.before_request(answer_preflight)


@blueprint.after_request
async def _headers(response: Response) -> Response:
    headers = open_to_scripts(response).headers
    if request.method == "OPTIONS":
        return response
    headers.setdefault("Cache-Control", "private, no-store")
    headers.setdefault("X-Content-Type-Options", "nosniff")
    response.vary.add("Authorization")
    left = allowance()
    if left is not None:
        headers["X-RateLimit-Limit"] = str(left.limit)
        headers["X-RateLimit-Remaining"] = str(left.remaining)
        headers["X-RateLimit-Reset"] = moment_of(left.resets_at)
    return response


@blueprint.route("/", defaults={"rest": ""}, methods=["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
@blueprint.route("/<path:rest>", methods=["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
async def unknown(rest: str) -> Response:
    """Answer what this API does not have, or not with this method."""
    return answer({"error": "The API method was not found", "error_description": f"/api/{rest}"}, status=404)
