"""The files of the composer: taken as they come, shown as cards, described next to each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from quart import request

from federation.actions import uploads
from federation.actions.attaching import Attachable
from federation.errors import Invalid, ThoughtsError
from storage.media import Media
from web.current import me, parse_uuid, services, settings
from web.presenting.media import media_card
from web.received import received_file
from web.view_models import MediaCard

_PATIENCE_S = 10.0


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a form attaches: the uploads in order, and what came with this very form."""

    wanted: tuple[Attachable, ...] = ()
    added: int = 0
    asks_again: bool = False
    """Somebody pressed a button for files or emojis, or brought files that nobody could describe yet."""
    problem: str = ""

    async def cards(self) -> tuple[MediaCard, ...]:
        """Return them as the composer shows them, with what was typed about them."""
        found = await uploads.list_uploads(services(), me(), [one.id for one in self.wanted])
        typed = {one.id: one for one in self.wanted}
        return tuple(_as_typed(upload, typed[upload.id]) for upload in found)

    async def settled(self) -> Chosen:
        """Wait a little for what workers still prepare."""
        await uploads.wait_for(services(), me(), [one.id for one in self.wanted], within_s=_PATIENCE_S)
        return self


def _as_typed(upload: Media, typed: Attachable) -> MediaCard:
    card = media_card(upload, services().media_urls)
    focus = card.focus if typed.focus is None else f"{typed.focus[0]:g},{typed.focus[1]:g}"
    return replace(card, alt=upload.alt if typed.alt is None else typed.alt, focus=focus)


async def chosen() -> Chosen:
    """Read what a form attaches, and take the files that it brings."""
    form = await request.form
    dropped = parse_uuid(form.get("drop"))
    ids = dict.fromkeys(found for one in form.getlist("media") if (found := parse_uuid(one)) is not None)
    wanted = [_described(media_id, form) for media_id in ids if media_id != dropped]
    if dropped is not None and dropped in ids:
        await _throw_away(dropped)
    added, problem = await _take(settings().max_media - len(wanted))
    return Chosen(
        wanted=(*wanted, *(Attachable(one.id) for one in added)),
        added=len(added),
        asks_again=bool({"attach", "emoji", "emojis"} & form.keys() or dropped is not None or added or problem),
        problem=problem,
    )


async def _take(room: int) -> tuple[list[Media], str]:
    """Take the files of this form; pictures are made ready at once, the rest by workers."""
    added: list[Media] = []
    for file in (await request.files).getlist("files"):
        async with received_file(file) as path:
            if path is None:
                continue
            if len(added) >= room:
                return added, f"A thought carries at most {settings().max_media} files."
            try:
                added.append(await uploads.upload_soon(services(), me(), path))
            except Invalid as exc:
                name = (file.filename or "A file")[:100]
                return added, f"{name}: {exc.message}"
    return added, ""


def _described(media_id: UUID, form: Mapping[str, str]) -> Attachable:
    x, _, y = form.get(f"focus_{media_id}", "").partition(",")
    try:
        focus: tuple[float, float] | None = (float(x), float(y))
    except ValueError:
        focus = None
    return Attachable(media_id, alt=form.get(f"alt_{media_id}"), focus=focus)


async def _throw_away(media_id: UUID) -> None:
    try:
        await uploads.delete_upload(services(), me(), media_id)
    except ThoughtsError:
        return  # gone already, or attached to what is being edited: then saving takes it away
