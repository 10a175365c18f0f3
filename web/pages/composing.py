"""The composer before anything is typed, as it was typed, and what that comes to."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from uuid import UUID

from federation.actions.publish_thought import Draft
from federation.errors import Invalid
from web.current import settings, signed_in
from web.pages.attaching import Chosen
from web.presenting.polls import poll_draft
from web.view_models import ComposerView, MediaCard, PollForm, ThoughtView

_MOST_MINUTES = 24 * 60 - 1


def new_composer(source: str = "") -> ComposerView:
    """Return a composer that starts out as the viewer prefers."""
    current = signed_in()
    if current is None:
        return ComposerView(max_chars=settings().max_chars, max_media=settings().max_media, source=source)
    return ComposerView(
        max_chars=settings().max_chars,
        max_media=settings().max_media,
        source=source,
        visibility=current.visibility,
        lang=current.language,
        sensitive=current.sensitive,
        quote_policy=current.quote_policy,
    )


def as_typed(
    form: Mapping[str, str],
    poll: PollForm,
    error: str,
    *,
    reply_to: ThoughtView | None = None,
    edit_id: str | None = None,
    media: tuple[MediaCard, ...] = (),
) -> ComposerView:
    """Return the composer with what was typed, and why it was refused."""
    return ComposerView(
        max_chars=settings().max_chars,
        max_media=settings().max_media,
        media=media,
        source=form.get("source", ""),
        summary=form.get("summary", ""),
        visibility=form.get("visibility") or "public",
        lang=form.get("lang", ""),
        sensitive="sensitive" in form,
        reply_to=reply_to,
        edit_id=edit_id,
        error=error,
        poll=poll,
        quote_policy=form.get("quote_policy") or "public",
        scheduled_at=form.get("scheduled_at", "")[:30],
        utc_offset=_offset(form),
    )


def typed_draft(
    form: Mapping[str, str], poll: PollForm, files: Chosen, *, reply_to: UUID | None = None, quote: UUID | None = None
) -> Draft:
    """Return what was typed as a draft."""
    return Draft(
        source=form.get("source", ""),
        visibility=form.get("visibility") or "public",
        summary=form.get("summary", ""),
        sensitive="sensitive" in form,
        language=form.get("lang", ""),
        reply_to=reply_to,
        poll=poll_draft(poll),
        quote=quote,
        quote_policy=form.get("quote_policy") or None,
        media=files.wanted,
    )


def typed_moment(form: Mapping[str, str]) -> datetime | None:
    """Return when it is to be posted, None for at once; raise `Invalid` for what is no time."""
    text = form.get("scheduled_at", "").strip()
    if not text:
        return None
    try:
        return (datetime.fromisoformat(text).replace(tzinfo=None) - timedelta(minutes=_offset(form))).replace(
            tzinfo=UTC
        )
    except (ValueError, OverflowError) as exc:
        raise Invalid("That is no date and time.", field="scheduled_at") from exc


def _offset(form: Mapping[str, str]) -> int:
    """Return how far east of UTC the writer is, in minutes."""
    try:
        minutes = int(form.get("utc_offset", "0")[:6])
    except ValueError:
        return 0
    return minutes if abs(minutes) <= _MOST_MINUTES else 0
