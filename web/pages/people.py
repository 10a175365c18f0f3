"""What the viewer does about other people: follow, block, mute; follow requests and notifications."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

from quart import Blueprint, Response, request

from federation.actions import blocks, follows, notice_policies, notices, people, ties
from federation.actions.people import get_person_by_id
from federation.errors import Invalid
from federation.services import Services
from storage.people import Person
from web.current import me, path_id, services
from web.flashes import flash
from web.forms import go, go_back, typed
from web.paging import asked_page, cut
from web.presenting.people import person_rows
from web.presenting.thoughts import grouped, notification_views
from web.rendering import render
from web.security import rate_limited, signed_in

blueprint = Blueprint("people", __name__)

_REQUESTS_SHOWN = 100
_MUTE_HOURS = frozenset({"1", "24", "168", "720"})


async def _follow(services: Services, viewer: Person, person: Person) -> None:
    follow = await follows.follow_person(services, viewer, person)
    if follow.state == "pending":
        flash(f"Asked. You follow @{person.handle} as soon as they, or their server, say yes.")


async def _mute(services: Services, viewer: Person, person: Person) -> None:
    form = await typed()
    hours = form.get("hours", "")
    lasts = timedelta(hours=int(hours)) if hours in _MUTE_HOURS else None
    await blocks.mute_person(services, viewer, person, hide_notifications="keep_notifications" not in form, lasts=lasts)


async def _note(services: Services, viewer: Person, person: Person) -> None:
    await ties.set_note(services, viewer, person, (await typed()).get("note", ""))
    flash("Your note is saved. Only you can read it.")


Verb = Callable[[Services, Person, Person], Awaitable[object]]
_VERBS: dict[str, Verb] = {
    "follow": _follow,
    "unfollow": follows.unfollow_person,
    "accept-follow": follows.accept_follow,
    "reject-follow": follows.reject_follow,
    "remove-follower": follows.reject_follow,
    "block": blocks.block_person,
    "unblock": blocks.unblock_person,
    "mute": _mute,
    "unmute": blocks.unmute_person,
    "note": _note,
    "add-top-friend": ties.add_top_friend,
    "remove-top-friend": ties.remove_top_friend,
}


@blueprint.post(f"/people/<person_id>/<any({', '.join(map(repr, _VERBS))}):verb>")
@signed_in
@rate_limited("people", "60/minute")
async def act(person_id: str, verb: str) -> Response:
    """Do something about a person, or take it back."""
    person = await get_person_by_id(services(), path_id(person_id))
    try:
        await _VERBS[verb](services(), me(), person)
    except Invalid as exc:
        flash(exc.message, "warn")
    return await go_back(f"/@{person.handle}")


@blueprint.get("/follow-requests")
@signed_in
async def follow_requests() -> Response:
    """List who asks to follow the viewer."""
    asking = await notices.list_follow_requests(services(), me(), before=None, limit=_REQUESTS_SHOWN)
    relations = await people.get_relations(services(), me(), [person.id for person in asking])
    return render(
        "follow_requests.html",
        current="notifications",
        rows=person_rows(asking, relations, me()),
        newer_url=None,
        older_url=None,
    )


@blueprint.get("/notifications")
@signed_in
async def notifications() -> Response:
    """Show what happened to the viewer; what the first page shows counts as read from then on."""
    page = asked_page()
    found = await notices.get_notifications(services(), me(), page)
    shown = cut(found.notifications, page, lambda one: one.id)
    kept = {one.id for one in shown.items}
    views = grouped(view for view in notification_views(found, me()) if path_id(view.id) in kept)
    response = render(
        "notifications.html",
        current="notifications",
        notifications=views,
        newer_url=shown.newer_url,
        older_url=shown.older_url,
        request_count=await notices.count_follow_requests(services(), me()) if me().locked else 0,
        kept_count=(await notice_policies.get_policy(services(), me())).requests,
    )
    if shown.items and shown.newer_url is None and request.method == "GET":
        await notices.mark_read(services(), me(), shown.items[0].id)
    return response


@blueprint.post("/notifications/clear")
@signed_in
async def clear() -> Response:
    """Delete all of the viewer's notifications."""
    await notices.clear_notifications(services(), me())
    return go("/notifications")
