"""Statuses: publish, read, edit, delete, and what belongs to one. /v1/statuses*"""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from quart import Blueprint, Response, request

from federation.actions import reactions, timelines, uploads
from federation.actions.attaching import Attachable
from federation.actions.delete_thought import delete_thought
from federation.actions.edit_thought import Revision, edit_thought, list_versions
from federation.actions.poll_drafts import PollDraft
from federation.actions.publish_thought import Draft, publish_thought
from federation.actions.quote_consent import set_quote_policy
from federation.actions.scheduling import schedule_thought
from federation.errors import Invalid, NotFound
from storage.entries import Entry
from storage.people import Person
from web.client_api.answers import answer
from web.client_api.authentication import open_to_all, scoped
from web.client_api.call import Call
from web.client_api.entities import statuses as entities
from web.client_api.media import read_focus
from web.client_api.parameters import Parameters
from web.client_api.scheduled import shown
from web.current import parse_uuid, path_id

routes = Blueprint("statuses", __name__)

# Stored names by the API's.
_VISIBILITY: Final = {"public": "public", "unlisted": "unlisted", "private": "followers", "direct": "direct"}
_MOST_STATUSES: Final = 40
_MOST_OPTIONS: Final = 100
_MOST_MEDIA: Final = 100
# How long a post waits for files that workers still prepare.
_PATIENCE_S: Final = 5.0


@routes.post("/v1/statuses")
@scoped("write:statuses")
async def publish(call: Call) -> Response:
    """Publish a thought, once per Idempotency-Key, or with `scheduled_at` keep it to be published then."""
    draft = await _draft(call)
    if draft.media:
        # Apps post at once what they uploaded at once: where pictures are ready with the answer, that works.
        ids = [one.id for one in draft.media]
        await uploads.wait_for(call.services, call.person, ids, within_s=_PATIENCE_S)
    at = call.parameters.moment("scheduled_at")
    # As Mastodon: what should have been published before now is published now.
    if at is not None and at > call.services.now():
        return answer(await shown(call, await schedule_thought(call.services, call.person, draft, at)))
    thought = await publish_thought(call.services, call.person, draft)
    return await _show(call, thought.id)


async def _draft(call: Call) -> Draft:
    given = call.parameters
    visibility = given.text("visibility")
    if visibility and visibility not in _VISIBILITY:
        raise Invalid("The visibility is public, unlisted, private or direct.", field="visibility")
    return Draft(
        source=given.text("status"),
        visibility=_VISIBILITY[visibility] if visibility else None,
        summary=given.text("spoiler_text"),
        sensitive=given.optional_flag("sensitive"),
        language=given.text("language") or None,
        reply_to=await _parent(call),
        poll=_poll(given),
        media=_media(given),
        quote=await _quoted(call),
        quote_policy=given.text("quote_approval_policy") or None,
        idempotency_key=request.headers.get("Idempotency-Key") or None,
        app_id=call.bearer.app_id if call.bearer else None,
    )


def _poll(given: Parameters) -> PollDraft | None:
    """Return the poll that is asked for; without `expires_in` an edited one ends when it did."""
    if given.is_blank("poll"):
        return None
    asked = given.nested("poll")
    return PollDraft(
        options=tuple(asked.texts("options", most=_MOST_OPTIONS)),
        expires_in_s=None if asked.is_blank("expires_in") else asked.number("expires_in", 0, least=0, most=10**9),
        multiple=asked.flag("multiple"),
        hide_totals=asked.flag("hide_totals"),
    )


def _media(given: Parameters) -> tuple[Attachable, ...]:
    """Return the uploads to carry, in order; `media_attributes` describe them anew."""
    if given.is_blank("media_ids"):
        return ()
    changes = {one.id("id"): one for one in given.records("media_attributes", most=_MOST_MEDIA) or ()}
    names = given.texts("media_ids", most=_MOST_MEDIA)
    found = []
    for name in filter(None, names):
        media_id = parse_uuid(name.lower())
        if media_id is None:
            raise Invalid("A file is not there any more. Please attach it again.", field="media_ids")
        change = changes.get(media_id)
        found.append(
            Attachable(media_id)
            if change is None
            else Attachable(media_id, alt=change.optional_text("description"), focus=read_focus(change))
        )
    return tuple(found)


async def _parent(call: Call) -> UUID | None:
    """Return the thought that is answered; a boost's id stands for the boosted one."""
    if call.parameters.is_blank("in_reply_to_id"):
        return None
    parent = call.parameters.id("in_reply_to_id")
    if parent is None:
        raise NotFound("The thought that you answer is gone, or not yours to see.")
    return (await timelines.get_thought(call.services, call.caller, parent)).id


async def _quoted(call: Call) -> UUID | None:
    """Return the thought that is quoted; a boost's id stands for the boosted one."""
    if call.parameters.is_blank("quoted_status_id"):
        return None
    quoted = call.parameters.id("quoted_status_id")
    if quoted is None:
        raise NotFound("The thought that you quote is gone, or not yours to quote.")
    return (await timelines.get_thought(call.services, call.caller, quoted)).id


async def _show(call: Call, entry_id: UUID) -> Response:
    return answer(call.status(await timelines.get_entry(call.services, call.caller, entry_id, details=True)))


@routes.get("/v1/statuses")
@open_to_all("read:statuses")
async def several(call: Call) -> Response:
    """Show several statuses, those that the caller may see."""
    ids = call.parameters.ids("id", most=_MOST_STATUSES)
    shown = await timelines.get_entries(call.services, call.caller, ids, details=True)
    return answer(entities.Statuses(call.site, shown, call.caller).all())


@routes.get("/v1/statuses/<status_id>")
@open_to_all("read:statuses")
async def one(call: Call, status_id: str) -> Response:
    """Show a status; a boost's id shows the boost."""
    return await _show(call, path_id(status_id))


@routes.put("/v1/statuses/<status_id>")
@scoped("write:statuses")
async def edit(call: Call, status_id: str) -> Response:
    """Change a thought of one's own."""
    given = call.parameters
    thought = await timelines.get_thought(call.services, call.caller, path_id(status_id))
    _must_be_own(call.person, thought.user_id)
    status = given.optional_text("status")
    revision = Revision(
        source=entities.text_of(thought) if status is None else status,
        summary=given.text("spoiler_text"),
        sensitive=given.flag("sensitive"),
        language=given.text("language") or thought.language,
        poll=_poll(given),
        media=_media(given),
    )
    await edit_thought(call.services, call.person, thought.id, revision)
    if not given.is_blank("quote_approval_policy"):
        await set_quote_policy(call.services, call.person, thought.id, given.text("quote_approval_policy"))
    return await _show(call, thought.id)


@routes.delete("/v1/statuses/<status_id>")
@scoped("write:statuses")
async def delete(call: Call, status_id: str) -> Response:
    """Delete a thought or boost of one's own; answer with what it was, its `text` for writing it anew."""
    shown = await timelines.get_entry(call.services, call.caller, path_id(status_id), details=True)
    entry = shown.entries[0]
    _must_be_own(call.person, entry.user_id)
    deleted: dict[str, Any] = call.status(shown)
    deleted["text"] = entities.text_of(entry.thought)
    await _delete(call, entry)
    return answer(deleted)


async def _delete(call: Call, entry: Entry) -> None:
    if entry.kind == "boost":
        await reactions.unboost_thought(call.services, call.person, entry.thought.id)
    else:
        # Written anew, it may carry the same pictures.
        keep_media = not call.parameters.flag("delete_media")
        await delete_thought(call.services, call.person, entry.thought.id, keep_media=keep_media)


def _must_be_own(person: Person, author_id: UUID) -> None:
    """Through the API people change only what is theirs, moderators too; anything else is not found there."""
    if author_id != person.id:
        raise NotFound("This thought is gone, or not yours.")


@routes.get("/v1/statuses/<status_id>/context")
@open_to_all("read:statuses")
async def context(call: Call, status_id: str) -> Response:
    """Show what a thought answers and what answers it."""
    thread = await timelines.get_thread(call.services, call.caller, path_id(status_id), details=True)
    return answer(entities.context(call.site, thread, call.caller))


@routes.get("/v1/statuses/<status_id>/source")
@scoped("read:statuses")
async def source(call: Call, status_id: str) -> Response:
    """Show what was typed."""
    return answer(entities.source(await timelines.get_thought(call.services, call.caller, path_id(status_id))))


@routes.get("/v1/statuses/<status_id>/history")
@open_to_all("read:statuses")
async def history(call: Call, status_id: str) -> Response:
    """Show every version of a thought."""
    thought = await timelines.get_thought(call.services, call.caller, path_id(status_id))
    versions = await list_versions(call.services, call.caller, thought.id)
    shown = await timelines.show_thoughts(call.services, call.caller, [thought], details=True)
    return answer(entities.Statuses(call.site, shown, call.caller).history(thought, versions))
