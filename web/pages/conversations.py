"""Direct thoughts by conversation; and the notifications that the viewer's policy keeps apart."""

from __future__ import annotations

from quart import Blueprint, Response

from federation.actions import conversations, notice_policies, people
from federation.actions.notice_policies import RULES
from federation.errors import Invalid
from web.current import me, path_id, services
from web.flashes import flash
from web.forms import go, typed
from web.pages.settings import settings_page
from web.paging import asked_page, cut
from web.presenting.people import person_view
from web.presenting.thoughts import Presenter
from web.rendering import render
from web.security import signed_in
from web.view_models import ConversationView, KeptView

blueprint = Blueprint("conversations", __name__)


@blueprint.get("/direct")
@signed_in
async def overview() -> Response:
    """List the viewer's conversations, the one with the newest thought first."""
    page = asked_page()
    talks = await conversations.get_conversations(services(), me(), page)
    found = cut(talks.conversations, page, lambda one: one.last_thought_id)
    presenter = Presenter(talks.shown, me(), "notifications")
    last = {entry.thought.id: presenter.one(entry) for entry in talks.shown.entries}
    views = tuple(
        ConversationView(
            id=str(one.id),
            people=tuple(person_view(talks.people[who]) for who in one.participants if who in talks.people)
            or (person_view(me()),),
            last=thought,
            unread=one.unread,
        )
        for one in found.items
        if (thought := last.get(one.last_thought_id)) is not None
    )
    return render(
        "direct.html", current="direct", conversations=views, newer_url=found.newer_url, older_url=found.older_url
    )


@blueprint.post("/direct/<row_id>/forget")
@signed_in
async def forget(row_id: str) -> Response:
    """Take a conversation from the list."""
    await conversations.forget_conversation(services(), me(), path_id(row_id))
    return go("/direct")


@blueprint.get("/notifications/requests")
@signed_in
async def requests() -> Response:
    """List of whom the viewer's policy keeps notifications apart."""
    page = asked_page()
    kept = await notice_policies.get_requests(services(), me(), page)
    found = cut(kept.kept, page, lambda one: one.last_id)
    presenter = Presenter(kept.shown, me(), "notifications")
    last = {entry.thought.id: presenter.one(entry) for entry in kept.shown.entries}
    views = tuple(
        KeptView(
            person=person_view(kept.people[one.actor_id]),
            count=one.count,
            last_at=one.last_at,
            last=last.get(one.last_thought_id) if one.last_thought_id else None,
        )
        for one in found.items
        if one.actor_id in kept.people
    )
    return render(
        "notification_requests.html",
        current="notifications",
        kept=views,
        newer_url=found.newer_url,
        older_url=found.older_url,
    )


@blueprint.post("/notifications/requests/<person_id>/<any(accept, dismiss):verb>")
@signed_in
async def settle(person_id: str, verb: str) -> Response:
    """Let a person through, or discard what is kept apart of them."""
    person = await people.get_person_by_id(services(), path_id(person_id))
    if verb == "accept":
        await notice_policies.accept_requests(services(), me(), [person.id])
        flash(f"You hear from {person.name} from now on.")
    else:
        await notice_policies.dismiss_requests(services(), me(), [person.id])
    return go("/notifications/requests")


@blueprint.get("/settings/notifications")
@signed_in
async def policy() -> Response:
    """Show from whom the viewer wants to hear."""
    return settings_page("notifications", now=await notice_policies.get_policy(services(), me()))


@blueprint.post("/settings/notifications")
@signed_in
async def save_policy() -> Response:
    """Save from whom the viewer wants to hear."""
    form = await typed()
    try:
        await notice_policies.change_policy(services(), me(), {rule: form[rule] for rule in RULES if rule in form})
    except Invalid as exc:
        flash(exc.message, "warn")
    else:
        flash("Saved. It holds for what comes from now on.")
    return go("/settings/notifications")
