"""People from rows to what templates show."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING
from uuid import UUID

from federation.media.urls import proxied_path
from federation.protocol.emojis import with_pictures
from federation.protocol.own_links import with_own_links
from web.assets import asset
from web.presenting.emojis import pictures, text_with
from web.view_models import FieldView, PersonRow, PersonView, ProfileView

if TYPE_CHECKING:
    from federation.actions.profiles import Profile
    from storage.people import Person
    from storage.relations import Relation


def picture_url(person: Person, url: str | None) -> str | None:
    """Return where a person's picture is shown from: remote ones through the proxy, never from elsewhere."""
    if url is None:
        return None
    return proxied_path(url) if person.is_remote else url


def person_view(person: Person) -> PersonView:
    """Return someone as a line or a portrait shows them."""
    return PersonView(
        id=str(person.id),
        username=person.username,
        handle=person.handle,
        host=person.domain or "",
        name=person.name,
        avatar_url=picture_url(person, person.avatar_url) or asset("avatar.svg"),
        profile_url=f"/@{person.handle}",
        is_local=not person.is_remote,
        locked=person.locked,
        bot=person.actor_type in ("Service", "Application"),
        name_html=text_with(person.name, pictures(person.emojis, is_remote=person.is_remote)) if person.emojis else "",
    )


def person_rows(
    people: Iterable[Person],
    relations: Mapping[UUID, Relation],
    viewer: Person | None,
    until: Mapping[UUID, datetime] | None = None,
) -> tuple[PersonRow, ...]:
    """Return people as a list shows them, with what the viewer and they are to each other."""
    return tuple(_row(person, relations.get(person.id), viewer, (until or {}).get(person.id)) for person in people)


def _row(person: Person, relation: Relation | None, viewer: Person | None, until: datetime | None) -> PersonRow:
    return PersonRow(
        person_view(person),
        bio=person.bio[:200],
        is_self=viewer is not None and viewer.id == person.id,
        following=relation is not None and relation.following,
        requested=relation is not None and relation.requested,
        followed_by=relation is not None and relation.followed_by,
        until=until,
    )


def profile_view(profile: Profile, viewer: Person | None, *, origin: str, css_enabled: bool) -> ProfileView:
    """Return a profile page's head."""
    person, relation = profile.person, profile.relation
    view = person_view(person)
    emojis = pictures(person.emojis, is_remote=person.is_remote)
    return ProfileView(
        person=view,
        bio_html=with_pictures(with_own_links(person.bio_html, origin=origin), emojis),
        header_url=picture_url(person, person.header_url),
        fields=field_views(person, origin),
        thoughts=person.thoughts_count,
        following_count=person.following_count,
        followers_count=person.followers_count,
        joined_at=person.created_at,
        is_self=viewer is not None and viewer.id == person.id,
        following=relation is not None and relation.following,
        requested=relation is not None and relation.requested,
        followed_by=relation is not None and relation.followed_by,
        blocking=relation is not None and relation.blocking,
        blocked_by=relation is not None and relation.blocked_by,
        muting=relation is not None and relation.muting,
        muting_until=None if relation is None else relation.muting_expires_at,
        endorsed=relation is not None and relation.endorsed,
        domain_blocking=relation is not None and relation.domain_blocking,
        note="" if relation is None else relation.note,
        top_friends=tuple(person_view(friend) for friend in profile.top_friends),
        has_custom_css=bool(profile.custom_css),
        css_url=f"{view.profile_url}/style.css?v={sha256(profile.custom_css.encode()).hexdigest()[:10]}",
        css_enabled=css_enabled,
        feed_url=None if person.is_remote else f"{view.profile_url}/feed.atom",
        remote_url=person.profile_url if person.is_remote else None,
    )


def field_views(person: Person, origin: str) -> tuple[FieldView, ...]:
    """Return a person's profile fields, the people and hashtags in them linked to our pages."""
    emojis = pictures(person.emojis, is_remote=person.is_remote)
    return tuple(
        FieldView(
            text_with(field["name"], emojis),
            with_pictures(with_own_links(field["html"], origin=origin), emojis),
            _moment(field.get("verified_at")),
        )
        for field in person.fields
    )


def typed_fields(person: Person) -> tuple[FieldView, ...]:
    """Return a person's own profile fields as they typed them."""
    return tuple(FieldView(field["name"], field["value"], _moment(field.get("verified_at"))) for field in person.fields)


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
