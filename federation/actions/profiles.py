"""Profiles: what people see of a person, and what a person says of themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from uuid import UUID

from federation.actions.acting import acting
from federation.actions.outgoing import Audience, send
from federation.actions.written_emojis import find_written
from federation.errors import Invalid, NotFound
from federation.protocol.custom_css import CleanCss, sanitise_css
from federation.protocol.ids import is_id
from federation.protocol.quote_policy import CHOICES
from federation.protocol.sanitise import SANITISER_VERSION
from federation.protocol.text import excess, normalise_source, render_bio, render_field
from storage import fetches, media, people, preferences, relations, remote_actors
from storage.people import OwnProfile, Person
from storage.relations import Connected, Relation

if TYPE_CHECKING:
    from federation.services import Services
    from storage.database import Connection

MAX_NAME = 50
MAX_BIO = 160
MAX_FIELDS = 4
MAX_FIELD_CHARS = 255
MAX_TOP_FRIENDS = 5


@dataclass(frozen=True, slots=True)
class ProfileForm:
    """What a person fills in about themselves; fields as (name, value), `feature_policy` None leaves it as it is."""

    display_name: str
    bio: str
    fields: Sequence[tuple[str, str]] = ()
    locked: bool = False
    discoverable: bool = False
    indexable: bool = False
    bot: bool = False
    hide_collections: bool = False
    feature_policy: str | None = None


@dataclass(frozen=True, slots=True)
class Profile:
    """A person as a viewer sees them."""

    person: Person
    relation: Relation | None
    top_friends: list[Person]
    custom_css: str


@dataclass(frozen=True, slots=True)
class People:
    """A page of a follower or following list; `next_cursor` continues it."""

    people: list[Person]
    next_cursor: UUID | None


async def get_profile(services: Services, viewer: Person | None, person: Person) -> Profile:
    """Return what a profile page shows above the entries."""
    async with services.database.connection() as db:
        relation = None
        if viewer is not None and viewer.id != person.id:
            relation = (await relations.list_relations(db, viewer.id, [person.id]))[person.id]
        friends = await people.list_top_friends(db, person.id)
        css = await people.CUSTOM_CSS.one(db, person.id)
    return Profile(person, relation, friends, css.custom_css)


async def edit_profile(services: Services, person: Person, form: ProfileForm) -> Person:
    """Write what a person says of themselves and tell their followers' servers. Raises `Invalid` naming the field."""
    name, bio = " ".join(normalise_source(form.display_name).split()), normalise_source(form.bio)
    if len(name) > MAX_NAME:
        raise Invalid(f"The display name may have at most {MAX_NAME} characters.", field="display_name")
    if len(bio) > MAX_BIO:
        raise Invalid(f"The bio is {excess(len(bio), MAX_BIO)} too long; {MAX_BIO} fit.", field="bio")
    profile = OwnProfile(
        display_name=name,
        bio=bio,
        bio_html=render_bio(bio, origin=services.settings.origin),
        sanitiser=SANITISER_VERSION,
        fields=_fields(form.fields, before=person.fields),
        locked=form.locked,
        discoverable=form.discoverable,
        indexable=form.indexable,
        actor_type="Service" if form.bot else "Person",
        hide_collections=form.hide_collections,
        feature_policy=_feature_policy(form.feature_policy),
    )
    async with acting(services, person) as db:
        texts = [name, bio, *(text for field in profile.fields for text in (field["name"], field["value"]))]
        profile = replace(profile, emojis=await find_written(db, *texts))
        changed = await people.update_profile(db, person.id, profile)
        if changed is None:
            raise NotFound("This account is gone.")
        await send_update(db, services, changed)
        if any(is_unverified(field) for field in changed.fields):
            await fetches.request(db, "links", [changed.ap_id])
    services.wake()
    return changed


def _feature_policy(chosen: str | None) -> int | None:
    if chosen is None:
        return None
    if chosen not in CHOICES:
        raise Invalid("Featuring you is for public, followers or nobody.", field="feature_policy")
    return int(CHOICES[chosen])


def is_unverified(field: dict[str, Any]) -> bool:
    """Tell whether a profile field is a link whose page has not been seen to link back."""
    return not field.get("verified_at") and is_id(field["value"])


def _fields(wanted: Sequence[tuple[str, str]], *, before: list[dict[str, Any]]) -> list[dict[str, Any]]:
    verified = {field["value"]: field.get("verified_at") for field in before}
    fields = []
    for raw_name, raw_value in wanted:
        name, value = " ".join(raw_name.split()), " ".join(raw_value.split())
        if not name and not value:
            continue
        if not name or not value:
            raise Invalid("Each profile field needs a label and a content.", field="fields")
        if len(name) > MAX_FIELD_CHARS or len(value) > MAX_FIELD_CHARS:
            raise Invalid(f"Profile fields may have at most {MAX_FIELD_CHARS} characters.", field="fields")
        fields.append(
            {"name": name, "value": value, "html": render_field(value), "verified_at": verified.get(value)}
        )  # fmt: skip
    if len(fields) > MAX_FIELDS:
        raise Invalid(f"There is room for {MAX_FIELDS} profile fields.", field="fields")
    return fields


async def send_update(db: Connection, services: Services, person: Person, *, audience: Audience | None = None) -> None:
    """Tell the followers' servers (or that audience) what a profile is now, in the transaction that changes it."""
    keys = await people.find_actor_keys(db, person.id)
    if keys is None:
        raise NotFound("This actor has no keys.")
    sites = (await preferences.find_preferences(db, person.id)).attribution_domains
    await send(
        db, services, person, "Update",
        lambda ap_id: services.render.update_person(ap_id, person, keys, sites),
        ordering_key=person.ap_id, audience=audience or Audience(to_followers=True), public=True,
    )  # fmt: skip


async def set_picture(services: Services, person: Person, which: str, content_hash: str | None, alt: str) -> Person:
    """Set (or with None remove) a person's avatar or header, stored already."""
    url = services.media_urls.file(content_hash) if content_hash else None
    async with acting(services, person) as db:
        await media.set_portrait(db, person.id, which, content_hash)
        changed = await _write_picture(db, services, person, which, url=url, alt=alt)
    services.wake()
    return changed


async def describe_picture(services: Services, person: Person, which: str, alt: str) -> Person:
    """Say what is to be seen on a person's avatar or header, for those who do not see it."""
    url, present = {
        "avatar": (person.avatar_url, person.avatar_alt),
        "header": (person.header_url, person.header_alt),
    }[which]
    if url is None or alt == present:
        return person
    async with acting(services, person) as db:
        changed = await _write_picture(db, services, person, which, url=url, alt=alt)
    services.wake()
    return changed


async def _write_picture(
    db: Connection, services: Services, person: Person, which: str, *, url: str | None, alt: str
) -> Person:
    command = {"avatar": people.UPDATE_AVATAR, "header": people.UPDATE_HEADER}[which]
    await command.run(db, person.id, url, alt[:1500])
    changed = await people.find_person(db, person.id)
    if changed is None:
        raise NotFound("This account is gone.")
    await send_update(db, services, changed)
    return changed


async def set_custom_css(services: Services, person: Person, source: str) -> CleanCss:
    """Store a person's style, sanitised; the result says what was dropped and why."""
    clean = sanitise_css(source)
    async with acting(services, person) as db:
        await people.UPDATE_CSS.run(db, person.id, clean.css, source[:16384])
    return clean


async def get_custom_css(services: Services, person: Person) -> people.CustomCss:
    """Return a person's style: sanitised, and as they typed it."""
    async with services.database.connection() as db:
        return await people.CUSTOM_CSS.one(db, person.id)


async def set_top_friends(services: Services, person: Person, friends: Sequence[Person]) -> None:
    """Choose the up to five people shown on one's profile, first to last: of those one follows."""
    ids = [friend.id for friend in friends]
    if len(ids) > MAX_TOP_FRIENDS:
        raise Invalid(f"There is room for {MAX_TOP_FRIENDS} top friends.", field="friends")
    if len(set(ids)) != len(ids) or person.id in ids:
        raise Invalid("Name each friend once, and not yourself.", field="friends")
    async with acting(services, person) as db:
        known = await relations.list_relations(db, person.id, ids)
        strangers = [friend.handle for friend in friends if not known[friend.id].following]
        if strangers:
            raise Invalid(f"Follow {', '.join(strangers)} first: top friends are people you follow.", field="friends")
        await people.replace_top_friends(db, person.id, ids)


async def list_top_friends(services: Services, person: Person) -> list[Person]:
    """List the friends shown on a profile."""
    async with services.database.connection() as db:
        return await people.list_top_friends(db, person.id)


def hides_connections(person: Person, viewer: Person | None) -> bool:
    """Tell whether somebody keeps from a viewer who follows them, and whom they follow."""
    return person.hide_collections and (viewer is None or viewer.id != person.id)


async def list_connected(
    services: Services, viewer: Person | None, person: Person, direction: str, *, before: UUID | None, limit: int = 40
) -> People:
    """List a page of a person's `followers` or `following`, newest first, as far as we know them."""
    if hides_connections(person, viewer):
        return People([], None)
    lister = {"followers": relations.list_followers, "following": relations.list_following}[direction]
    async with services.database.connection() as db:
        page: list[Connected] = await lister(db, person.id, before=before, limit=limit + 1)
        more = len(page) > limit
        page = page[:limit]
        found = await people.find_people(db, [one.person_id for one in page])
        listed = [found[one.person_id] for one in page if one.person_id in found]
        if person.is_remote and before is None:
            listed += await list_cached(db, person, direction, known={one.id for one in listed})
    return People(listed, page[-1].cursor if more else None)


async def list_cached(db: Connection, person: Person, direction: str, *, known: set[UUID]) -> list[Person]:
    """Return those of a remote person's cached list whom we know too."""
    ap_ids = await remote_actors.list_connections(db, person.id, direction, limit=200)
    return [
        one
        for one in await people.find_by_ap_ids(db, ap_ids)
        if one.id not in known and one.state == "active"
    ]  # fmt: skip
