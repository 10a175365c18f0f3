"""The composer before anything is typed, as it was typed, and what that comes to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from quart import Response

from federation.actions.emojis import list_enabled
from federation.actions.publish_thought import Draft
from federation.errors import Invalid
from web.current import services, settings, signed_in
from web.pages.attaching import Chosen
from web.presenting.emojis import USUAL, reaction_view
from web.presenting.polls import poll_draft
from web.rendering import render
from web.view_models import ComposerView, EmojiShelf, MediaCard, PollForm, ReactionView, ThoughtView

_MOST_MINUTES = 24 * 60 - 1
_LONGEST_EMOJI = 80


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


async def compose_page(
    composer: ComposerView, *, next_url: str, template: str = "compose.html", http_status: int = 200, **more: Any
) -> Response:
    """Render a page for writing, with the emojis to choose from."""
    shelves: dict[str, list[ReactionView]] = {}
    for one in await list_enabled(services()):
        if one.visible_in_picker:
            shelves.setdefault(one.category, []).append(reaction_view(one.shortcode, one.url))
    emojis = EmojiShelf("Usual", plain=USUAL), *(EmojiShelf(name, tuple(some)) for name, some in shelves.items())
    return render(
        template, composer=replace(composer, emojis=emojis), next_url=next_url,
        current="" if composer.edit_id else "compose", http_status=http_status, **more,
    )  # fmt: skip


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
        source=_with_emoji(form.get("source", ""), form.get("emoji", "")[:_LONGEST_EMOJI]),
        choosing="emoji" in form or "emojis" in form,
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


def _with_emoji(text: str, emoji: str) -> str:
    """Return a text with an emoji at its end, apart from what is before: within a word it would be none."""
    return text if not emoji else f"{text} {emoji}" if text and not text[-1].isspace() else text + emoji


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
