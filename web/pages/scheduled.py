"""What the viewer has scheduled: listed, edited, posted now, thrown away."""

from __future__ import annotations

from datetime import UTC
from uuid import UUID

from quart import Blueprint, Response

from federation.actions import scheduling
from federation.actions.scheduling import draft_of
from federation.errors import Conflict, Invalid, NotFound
from storage.media import Media
from storage.scheduled import Scheduled
from web.current import me, path_id, services, settings
from web.flashes import flash
from web.forms import go, typed
from web.pages.attaching import chosen
from web.pages.composing import as_typed, compose_page, typed_draft, typed_moment
from web.presenting.media import media_card
from web.presenting.polls import typed_poll
from web.rendering import render
from web.security import rate_limited, signed_in
from web.view_models import VISIBILITY_WORDS, ComposerView, PollForm, ScheduledView, counted

blueprint = Blueprint("scheduled", __name__, url_prefix="/scheduled")


def _view(one: Scheduled) -> ScheduledView:
    draft = draft_of(one)
    facts = [counted(len(draft.media), "file")] if draft.media else []
    if draft.poll is not None:
        facts.append("a poll")
    return ScheduledView(
        id=str(one.id),
        at=one.scheduled_at,
        source=draft.source,
        summary=draft.summary,
        audience=VISIBILITY_WORDS[draft.visibility or "public"],
        facts=tuple(facts),
        reply_url=_address(draft.reply_to),
        quote_url=_address(draft.quote),
        problem=one.problem,
    )


def _address(thought_id: UUID | None) -> str | None:
    return f"/thoughts/{thought_id}" if thought_id is not None else None


@blueprint.get("")
@signed_in
async def overview() -> Response:
    """List what the viewer has scheduled, in the order in which it comes."""
    agenda = await scheduling.get_agenda(services(), me())
    return render("scheduled.html", current="compose", items=tuple(_view(one) for one in agenda.items))


def _composer(one: Scheduled, media: dict[UUID, Media]) -> ComposerView:
    draft = draft_of(one)
    poll = draft.poll
    return ComposerView(
        max_chars=settings().max_chars,
        max_media=settings().max_media,
        source=draft.source,
        summary=draft.summary,
        visibility=draft.visibility or "public",
        lang=draft.language or "",
        sensitive=bool(draft.sensitive),
        poll=PollForm()
        if poll is None
        else PollForm(poll.options, poll.multiple, poll.hide_totals, str(poll.expires_in_s)),
        quote_policy=draft.quote_policy or "public",
        media=tuple(media_card(media[one.id], services().media_urls) for one in draft.media if one.id in media),
        scheduled_at=one.scheduled_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M"),
    )


async def _edit_page(one: Scheduled, composer: ComposerView, *, http_status: int = 200) -> Response:
    return await compose_page(
        composer, next_url="/scheduled", template="scheduled_edit.html", http_status=http_status, item=_view(one)
    )


@blueprint.get("/<scheduled_id>/edit")
@signed_in
async def edit(scheduled_id: str) -> Response:
    """Offer a scheduled thought for changing."""
    one = await scheduling.get_scheduled(services(), me(), path_id(scheduled_id))
    return await _edit_page(one, _composer(one, await scheduling.get_media_of(services(), me(), one)))


@blueprint.post("/<scheduled_id>/edit")
@signed_in
@rate_limited("compose", "30/minute")
async def save(scheduled_id: str) -> Response:
    """Save a changed thought and its time; what is refused comes back with the reason."""
    one = await scheduling.get_scheduled(services(), me(), path_id(scheduled_id))
    form, files, poll = await typed(), await chosen(), await typed_poll()
    problem = files.problem
    if not files.asks_again:
        try:
            at = typed_moment(form)
            if at is None:
                raise Invalid("Choose when it is to be posted.", field="scheduled_at")
            draft = typed_draft(form, poll, await files.settled())
            same = at == one.scheduled_at.replace(second=0, microsecond=0)
            await scheduling.change_scheduled(services(), me(), one.id, at=None if same else at, draft=draft)
        except Invalid as exc:
            problem = exc.message
        else:
            flash("Saved. It will be posted at its time.")
            return go("/scheduled")
    composer = as_typed(form, poll, problem, media=await files.cards())
    return await _edit_page(one, composer, http_status=422 if problem else 200)


@blueprint.post("/<scheduled_id>/post")
@signed_in
@rate_limited("compose", "30/minute")
async def post(scheduled_id: str) -> Response:
    """Post a scheduled thought now; what hinders it is said."""
    try:
        thought = await scheduling.post_now(services(), me(), path_id(scheduled_id))
    except (Invalid, NotFound, Conflict) as exc:
        flash(exc.message, "danger")
        return go("/scheduled")
    flash("Your thought is out.")
    return go(f"/@{me().handle}/{thought.id}")


@blueprint.post("/<scheduled_id>/delete")
@signed_in
async def delete(scheduled_id: str) -> Response:
    """Throw a scheduled thought away."""
    await scheduling.cancel_scheduled(services(), me(), path_id(scheduled_id))
    flash("Deleted. It will not be posted.")
    return go("/scheduled")
