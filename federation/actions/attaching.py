"""Hanging uploads on a thought: how many, whose, and how they are described there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from uuid import UUID

from federation.actions.uploads import Focus, check_alt, check_focus
from federation.errors import Invalid
from federation.media.attached import row_of_upload
from storage import media
from storage.media import Media

if TYPE_CHECKING:
    from federation.services import Services
    from storage.database import Connection
    from storage.people import Person


@dataclass(frozen=True, slots=True)
class Attachable:
    """An upload to hang on a thought; what is None stays as the upload says."""

    id: UUID
    alt: str | None = None
    focus: Focus | None = None


async def take_uploads(
    db: Connection, services: Services, author: Person, wanted: Sequence[Attachable], *, holder: UUID
) -> list[dict[str, Any]]:
    """Check and describe the uploads that a thought is to carry, and hold them; return what its row keeps of them.

    `holder` is the thought, or the schedule, that may have them already. Call `storage.media.attach` in the same
    transaction, once the thought exists. Raises `Invalid`.
    """
    most, ids = services.settings.max_media, [one.id for one in wanted]
    if len(ids) > most:
        raise Invalid(f"A thought carries at most {most} {'file' if most == 1 else 'files'}.", field="media_ids")
    if len(set(ids)) != len(ids):
        raise Invalid("A file is attached twice.", field="media_ids")
    found = await media.lock_own(db, author.id, ids)
    rows = []
    for one in wanted:
        upload = found.get(one.id)
        if upload is None or not {upload.thought_id, upload.scheduled_id} <= {None, holder}:
            raise Invalid("A file is not there any more. Please attach it again.", field="media_ids")
        if upload.state == "waiting":
            raise Invalid(
                "A file is still being prepared. Please try again in a moment.", field="media_ids"
            )  # fmt: skip
        if upload.state == "failed":
            raise Invalid(upload.problem, field="media_ids")
        rows.append(row_of_upload(await _described(db, upload, one)))
    return rows


async def _described(db: Connection, upload: Media, wanted: Attachable) -> Media:
    alt = upload.alt if wanted.alt is None else check_alt(wanted.alt)
    x, y = (upload.focus_x, upload.focus_y) if wanted.focus is None else check_focus(wanted.focus)
    if (alt, x, y) != (upload.alt, upload.focus_x, upload.focus_y):
        await media.DESCRIBE.run(db, upload.id, alt, x, y)
    return replace(upload, alt=alt, focus_x=x, focus_y=y)
