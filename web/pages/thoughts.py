"""Writing, editing, deleting and reacting: the forms around a thought."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from uuid import UUID

from quart import Blueprint, Response, request

from federation.actions import blocks, reactions, timelines, uploads
from federation.actions.delete_thought import delete_thought
from federation.actions.edit_thought import Revision, edit_thought
from federation.actions.polls import get_poll
from federation.actions.publish_thought import publish_thought
from federation.actions.quote_consent import set_quote_policy
from federation.actions.scheduling import schedule_thought
from federation.actions.votes import vote
from federation.errors import Forbidden, Invalid, NotFound
from federation.protocol.quote_policy import choice
from federation.services import Services
from storage.people import Person
from storage.thoughts import Thought
from web.current import me, parse_uuid, path_id, services, settings
from web.flashes import flash
from web.forms import go, go_back, local_path, typed
from web.pages.attaching import Chosen, chosen
from web.pages.composing import as_typed, compose_page, new_composer, typed_draft, typed_moment
from web.presenting.media import media_card
from web.presenting.polls import poll_draft, poll_form, typed_poll
from web.presenting.thoughts import Presenter
from web.security import rate_limited, signed_in
from web.view_models import ComposerView, MediaCard, PollForm, ThoughtView

blueprint = Blueprint("thoughts", __name__)

_NOTE = "Your files are here. Say what they show, for people who cannot see or hear them, then post."


async def _view(thought_id: UUID) -> tuple[Thought, ThoughtView, str]:
    """Return a thought the viewer may see, how it is shown, and the handles that an answer begins with."""
    shown = await timelines.get_entry(services(), me(), thought_id, details=True)
    entry = shown.entries[0]
    view = Presenter(shown, me()).one(entry)
    if view is None:
        raise NotFound("This thought is gone, or not yours to see.")
    names = [view.author.handle]
    for mention in shown.mentions.get(entry.thought.id, []):
        names.append(f"{mention.username}@{mention.domain}" if mention.domain else mention.username)
    others = dict.fromkeys(name for name in names if name != me().handle)
    return entry.thought, view, "".join(f"@{name} " for name in others)


async def answer_composer(thought: Thought, view: ThoughtView, mentions: str) -> ComposerView:
    """Return a composer that answers a thought: as private as it is, in its language, its people named."""
    return replace(
        new_composer(mentions), summary=thought.summary, visibility=thought.visibility, lang=thought.language or "",
        sensitive=False, reply_to=view,
    )  # fmt: skip


def _next(default: str) -> str:
    """Return where a composer page leads afterwards: where it was opened from, when that was here."""
    referrer = request.headers.get("Referer", "")
    return local_path(referrer.removeprefix(settings().origin), default)


@blueprint.get("/compose")
@signed_in
async def compose() -> Response:
    """Offer a page to write on; `reply_to` answers a thought, `mention` begins with somebody's handle."""
    reply_to = parse_uuid(request.args.get("reply_to"))
    if reply_to is not None:
        thought, view, mentions = await _view(reply_to)
        composer = await answer_composer(thought, view, mentions)
        return await compose_page(composer, next_url=view.url)
    quote = parse_uuid(request.args.get("quote"))
    if quote is not None:
        thought, view, _ = await _view(quote)
        private = "followers" if thought.visibility == "followers" else "public"
        composer = replace(new_composer(), visibility=private, quote=view)
        return await compose_page(composer, next_url=view.url)
    mention, text = request.args.get("mention", ""), request.args.get("text", "")
    source = f"@{mention.removeprefix('@')} " if mention else text
    composer = new_composer(source)
    return await compose_page(composer, next_url=_next("/home"))


@blueprint.post("/compose")
@signed_in
@rate_limited("compose", "30/minute")
async def publish() -> Response:
    """Publish what was written; a refused text comes back with the reason."""
    form, files = await typed(), await chosen()
    reply_to, quote = parse_uuid(form.get("reply_to")), parse_uuid(form.get("quote"))
    if files.asks_again:
        return await _with_files(form, files, reply_to=await _shown(reply_to), quote=await _shown(quote))
    poll = await typed_poll()
    draft = typed_draft(form, poll, await files.settled(), reply_to=reply_to, quote=quote)
    try:
        at = typed_moment(form)
        if at is not None:
            await schedule_thought(services(), me(), draft, at)
            flash("Scheduled. It will be posted at its time.")
            return go("/scheduled")
        await publish_thought(services(), me(), draft)
    except Invalid as exc:
        composer = as_typed(form, poll, exc.message, reply_to=await _shown(reply_to), media=await files.cards())
        composer = replace(composer, quote=await _shown(quote))
        return await compose_page(composer, next_url=local_path(form.get("next"), "/home"), http_status=422)
    flash("Your thought is out.")
    return await go_back("/home")


async def _shown(thought_id: UUID | None) -> ThoughtView | None:
    return None if thought_id is None else (await _view(thought_id))[1]


async def _with_files(
    form: dict[str, str],
    files: Chosen,
    *,
    reply_to: ThoughtView | None = None,
    quote: ThoughtView | None = None,
    edit_id: str | None = None,
) -> Response:
    """Show the composer again with its files, for what is to be said about them."""
    poll = await typed_poll(edited="poll_edited" in form)
    composer = as_typed(form, poll, files.problem, reply_to=reply_to, edit_id=edit_id, media=await files.cards())
    asked = _NOTE if files.added and "attach" not in form else ""
    composer = replace(composer, quote=quote, note=asked)
    return await compose_page(
        composer, next_url=local_path(form.get("next"), "/home"), http_status=422 if files.problem else 200
    )


@blueprint.get("/share")
@signed_in
async def share() -> Response:
    """Offer a page to write on with a text that another site suggests (FEP-3b86 and share intents)."""
    text = "\n\n".join(filter(None, (request.args.get("text", ""), request.args.get("url", ""))))
    composer = new_composer(text)
    return await compose_page(composer, next_url="/home")


@blueprint.get("/thoughts/<thought_id>/edit")
@signed_in
async def edit(thought_id: str) -> Response:
    """Offer one's own thought for editing."""
    thought, view, _ = await _view(path_id(thought_id))
    if not view.mine:
        raise Forbidden("You can only edit your own thoughts.")
    composer = replace(await _written(thought, view), edit_id=view.id)
    return await compose_page(composer, next_url=view.url)


async def _written(thought: Thought, view: ThoughtView) -> ComposerView:
    """Return the composer with a thought of the viewer's as they wrote it."""
    asked = (await get_poll(services(), me(), thought.id))[1] if view.poll is not None else None
    return ComposerView(
        max_chars=settings().max_chars,
        source=thought.source or "",
        summary=thought.summary,
        visibility=thought.visibility,
        lang=thought.language or "",
        sensitive=thought.sensitive,
        poll=poll_form(asked),
        quote_policy=choice(thought.quote_policy),
        max_media=settings().max_media,
        media=await _cards_of(thought),
    )


async def _cards_of(thought: Thought) -> tuple[MediaCard, ...]:
    ids = [UUID(one["id"]) for one in thought.attachments]
    found = await uploads.list_uploads(services(), me(), ids) if ids else []
    return tuple(media_card(one, services().media_urls) for one in found)


@blueprint.post("/thoughts/<thought_id>/edit")
@signed_in
@rate_limited("compose", "30/minute")
async def save(thought_id: str) -> Response:
    """Save an edited thought; a refused text comes back with the reason."""
    wanted, form, files = path_id(thought_id), await typed(), await chosen()
    if files.asks_again:
        return await _with_files(form, files, edit_id=str(wanted))
    revision = Revision(
        form.get("source", ""),
        form.get("summary", ""),
        sensitive="sensitive" in form,
        language=form.get("lang") or None,
        poll=poll_draft(poll := await typed_poll(edited="poll_edited" in form)),
        media=(await files.settled()).wanted,
    )
    try:
        await edit_thought(services(), me(), wanted, revision)
    except Invalid as exc:
        composer = as_typed(form, poll, exc.message, edit_id=str(wanted), media=await files.cards())
        return await compose_page(composer, next_url=local_path(form.get("next"), "/home"), http_status=422)
    if form.get("quote_policy"):
        await set_quote_policy(services(), me(), wanted, form["quote_policy"])
    flash("Saved. Servers that have it are told.")
    return await go_back(f"/@{me().handle}/{wanted}")


@blueprint.post("/thoughts/<thought_id>/delete")
@signed_in
async def delete(thought_id: str) -> Response:
    """Delete a thought; its own page is gone then."""
    wanted = path_id(thought_id)
    await delete_thought(services(), me(), wanted)
    flash("Deleted, and the servers that have it are asked to delete it too.")
    back = local_path((await typed()).get("next"), "/home")
    gone = str(wanted) in back.partition("#")[0] or back.startswith("/thoughts/")
    return go("/home" if gone else back)


@blueprint.post("/thoughts/<thought_id>/redraft")
@signed_in
@rate_limited("compose", "30/minute")
async def redraft(thought_id: str) -> Response:
    """Delete a thought of one's own and offer its words and files for writing it anew."""
    thought, view, _ = await _view(path_id(thought_id))
    if not view.mine:
        raise Forbidden("You can only write your own thoughts anew.")
    try:
        answered = await _shown(thought.reply_to)
    except NotFound:
        answered = None  # deleted since, or not the viewer's to see any more
    composer = await _written(thought, view)
    composer = replace(
        composer,
        reply_to=answered,
        quote=view.quote.thought if view.quote is not None else None,
        poll=replace(composer.poll, edited=False, expires_in=PollForm().expires_in),
        note="It is deleted. Here is what you wrote; nobody sees it again until you post it.",
    )
    await delete_thought(services(), me(), thought.id, keep_media=True)
    return await compose_page(composer, next_url="/home")


@blueprint.post("/thoughts/<thought_id>/vote")
@signed_in
@rate_limited("react", "120/minute")
async def vote_in_poll(thought_id: str) -> Response:
    """Vote; what is no vote is said on the page that one came from."""
    choices = (await request.form).getlist("choice")
    try:
        await vote(
            services(),
            me(),
            path_id(thought_id),
            [int(one) if one.isdecimal() and len(one) < 4 else -1 for one in choices],
        )
    except Invalid as exc:
        flash("Choose an answer first." if not choices else exc.message, "warn")
    return await go_back("/home")


Reaction = Callable[[Services, Person, UUID], Awaitable[object]]
_REACTIONS: dict[str, Reaction] = {
    "like": reactions.like_thought,
    "unlike": reactions.unlike_thought,
    "boost": reactions.boost_thought,
    "unboost": reactions.unboost_thought,
    "bookmark": reactions.bookmark_thought,
    "unbookmark": reactions.unbookmark_thought,
    "pin": reactions.pin_thought,
    "unpin": reactions.unpin_thought,
    "mute-thread": blocks.mute_thread,
    "unmute-thread": blocks.unmute_thread,
}


@blueprint.post(f"/thoughts/<thought_id>/<any({', '.join(map(repr, _REACTIONS))}):verb>")
@signed_in
@rate_limited("react", "120/minute")
async def react(thought_id: str, verb: str) -> Response:
    """Like, boost, bookmark or pin a thought, or mute its thread, or take that back."""
    await _REACTIONS[verb](services(), me(), path_id(thought_id))
    return await go_back("/home")
