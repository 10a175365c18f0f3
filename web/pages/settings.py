"""What people set for themselves: profile, top friends, appearance, blocks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from quart import Blueprint, Response, request

from federation.actions import people, pictures, profiles, refuse_domain, rosters
from federation.actions.preferences import edit_preferences, get_preferences
from federation.actions.profiles import MAX_TOP_FRIENDS, ProfileForm
from federation.errors import Gone, Invalid, NotFound, RemoteError
from federation.media.images import MAX_PORTRAIT_BYTES
from federation.protocol.custom_css import MAX_CSS_BYTES
from federation.protocol.handles import Handle
from federation.protocol.quote_policy import choice, feature_policy_of
from federation.settings import Registration
from storage.entries import Page
from storage.people import Person
from web.current import me, services, settings
from web.flashes import flash
from web.forms import Problems, go, problems, typed
from web.pages.profiles import remember_styles, shows_styles
from web.presenting.people import person_rows, person_view, picture_url, typed_fields
from web.rendering import render
from web.security import rate_limited, signed_in
from web.view_models import QUOTE_WORDS, VISIBILITY_WORDS, FieldView

blueprint = Blueprint("settings", __name__, url_prefix="/settings")

_PICTURES = ("avatar", "header")
_HIDDEN_SHOWN = 200


def settings_page(template: str, *, errors: Problems | None = None, **context: Any) -> Response:
    """Render a page of the settings; with errors it answers 422."""
    return render(
        f"settings/{template}.html",
        current="settings",
        invites_enabled=settings().registration is Registration.INVITE,
        errors=errors or {},
        http_status=422 if errors else 200,
        **{"form": {}, **context},
    )


@blueprint.get("")
@signed_in
async def start() -> Response:
    """Begin with the profile."""
    return go("/settings/profile")


# --- Profile ---------------------------------------------------------------------------------------


def _profile_page(
    person: Person, *, form: Mapping[str, Any], fields: tuple[FieldView, ...], errors: Problems | None = None
) -> Response:
    return settings_page(
        "profile",
        person=person_view(person),
        header_url=picture_url(person, person.header_url),
        max_upload=f"{MAX_PORTRAIT_BYTES // 1024 // 1024} MB",
        form=form,
        fields=fields,
        errors=errors,
    )


@blueprint.get("/profile")
@signed_in
async def profile() -> Response:
    """Show what people see of the viewer, for changing it."""
    person = me()
    form = {
        "display_name": person.display_name,
        "bio": person.bio,
        "locked": person.locked,
        "discoverable": person.discoverable,
        "indexable": person.indexable,
        "hide_collections": person.hide_collections,
        "feature_policy": choice(feature_policy_of(person) or 0),
        "bot": person.actor_type == "Service",
    }
    return _profile_page(person, form=form, fields=typed_fields(person))


@blueprint.post("/profile")
@signed_in
@rate_limited("profile", "20/minute")
async def save_profile() -> Response:
    """Save the profile and its pictures."""
    form, person = await typed(), me()
    numbers = range(1, profiles.MAX_FIELDS + 1)
    fields = [(form.get(f"field_name_{n}", ""), form.get(f"field_value_{n}", "")) for n in numbers]
    wanted = ProfileForm(
        display_name=form.get("display_name", ""),
        bio=form.get("bio", ""),
        fields=fields,
        locked="locked" in form,
        discoverable="discoverable" in form,
        indexable="indexable" in form,
        hide_collections="hide_collections" in form,
        feature_policy=form.get("feature_policy"),
        bot="bot" in form,
    )
    try:
        fresh = await _prepare_pictures(form)  # a picture that is refused leaves the words as they were, too
        person = await profiles.edit_profile(services(), person, wanted)
        for which, content_hash in fresh.items():
            person = await profiles.set_picture(services(), person, which, content_hash, "")
    except Invalid as exc:
        views = tuple(FieldView(name, value) for name, value in fields)
        return _profile_page(person, form=form, fields=views, errors=problems(exc))
    flash("Your profile is saved.")
    return go("/settings/profile")


async def _prepare_pictures(form: Mapping[str, str]) -> dict[str, str | None]:
    """Store the uploads; return the hash of each new picture, None for one to be taken away."""
    files = await request.files
    fresh: dict[str, str | None] = {}
    for which in _PICTURES:
        data = files[which].read() if which in files and files[which].filename else b""
        if data:
            fresh[which] = await pictures.prepare_picture(services(), which, data)
        elif f"remove_{which}" in form:
            fresh[which] = None
    return fresh


# --- Top friends -----------------------------------------------------------------------------------


async def _top_friends_page(friends: tuple[str, ...] | None = None, errors: Problems | None = None) -> Response:
    chosen = await profiles.list_top_friends(services(), me())
    followed = await profiles.list_connected(services(), me(), me(), "following", before=None, limit=100)
    return settings_page(
        "top_friends",
        friends=friends or tuple(f"@{friend.handle}" for friend in chosen),
        portraits=tuple(person_view(friend) for friend in chosen) if friends is None else (),
        choices=tuple(person_view(one) for one in followed.people),
        errors=errors,
    )


@blueprint.get("/top-friends")
@signed_in
async def top_friends() -> Response:
    """Show the five places for top friends."""
    return await _top_friends_page()


@blueprint.post("/top-friends")
@signed_in
@rate_limited("profile", "20/minute")
async def save_top_friends() -> Response:
    """Save who stands there."""
    form = await typed()
    names = tuple(form.get(f"friend_{n}", "").strip() for n in range(1, MAX_TOP_FRIENDS + 1))
    errors: dict[str, str] = {}
    friends = []
    for number, name in enumerate(names, start=1):
        if name:
            try:
                friends.append(await _friend(name))
            except (NotFound, Gone, RemoteError):
                errors[f"friend_{number}"] = f"We could not find {name}."
    if not errors:
        try:
            await profiles.set_top_friends(services(), me(), friends)
        except Invalid as exc:
            errors = {"": exc.message}
    if errors:
        return await _top_friends_page(names, errors)
    flash("Your top friends are saved.")
    return go("/settings/top-friends")


async def _friend(name: str) -> Person:
    handle = Handle.parse(name)
    if handle is None:
        raise NotFound("That is not a handle.")
    return await people.get_person(services(), handle)


# --- Writing ---------------------------------------------------------------------------------------


def _writing_page(form: Mapping[str, Any], errors: Problems | None = None) -> Response:
    return settings_page(
        "writing", form=form, audiences=tuple(VISIBILITY_WORDS.items()), quoters=tuple(QUOTE_WORDS.items()),
        errors=errors,
    )  # fmt: skip


@blueprint.get("/writing")
@signed_in
async def writing() -> Response:
    """Show how the viewer's thoughts start out."""
    preferred = await get_preferences(services(), me())
    return _writing_page(
        {
            "visibility": preferred.visibility,
            "lang": preferred.language or "",
            "sensitive": preferred.sensitive,
            "quote_policy": preferred.quote_policy,
            "sites": "\n".join(preferred.attribution_domains),
        }
    )


@blueprint.post("/writing")
@signed_in
@rate_limited("profile", "20/minute")
async def save_writing() -> Response:
    """Save how they start out."""
    form = await typed()
    sites = {"attribution_domains": form["sites"].split()} if "sites" in form else {}
    try:
        await edit_preferences(
            services(), me(), visibility=form.get("visibility", ""), language=form.get("lang", ""),
            sensitive="sensitive" in form, quote_policy=form.get("quote_policy") or "public",
            **sites,
        )  # fmt: skip
    except Invalid as exc:
        return _writing_page(form, {"sites" if exc.field == "attribution_domains" else "": exc.message})
    flash("New thoughts start out like that from now on.")
    return go("/settings/writing")


# --- Appearance ------------------------------------------------------------------------------------


async def _appearance_page(
    *, css: str | None = None, dropped: tuple[str, ...] = (), styles: bool | None = None
) -> Response:
    stored = await profiles.get_custom_css(services(), me())
    return settings_page(
        "appearance",
        custom_css=stored.custom_css_source if css is None else css,
        dropped=dropped,
        show_custom_css=shows_styles() if styles is None else styles,
        max_css=f"{MAX_CSS_BYTES // 1024} KB",
    )


@blueprint.get("/appearance")
@signed_in
async def appearance() -> Response:
    """Show colours and the viewer's own style."""
    return await _appearance_page()


@blueprint.post("/appearance")
@signed_in
@rate_limited("profile", "20/minute")
async def save_appearance() -> Response:
    """Save the style; what the sanitiser took out is listed."""
    form = await typed()
    styles = "show_custom_css" in form
    clean = await profiles.set_custom_css(services(), me(), form.get("custom_css", ""))
    if clean.dropped:
        response: Response = await _appearance_page(css=form["custom_css"], dropped=clean.dropped, styles=styles)
    else:
        flash("Your style is saved.")
        response = go("/settings/appearance")
    remember_styles(response, shown=styles)
    return response


# --- Blocked and muted -----------------------------------------------------------------------------


@blueprint.get("/blocks")
@signed_in
async def blocked_and_muted() -> Response:
    """List whom the viewer blocks and mutes, and which servers."""
    return await _blocks_page()


async def _blocks_page(domain: str = "", errors: Problems | None = None) -> Response:
    page = Page(limit=_HIDDEN_SHOWN)
    blocked = await rosters.get_blocked(services(), me(), page)
    muted = await rosters.get_muted(services(), me(), page)
    return settings_page(
        "blocks",
        blocked=person_rows(blocked.people, {}, me()),
        muted=person_rows(muted.people, {}, me(), muted.until),
        domains=tuple(one.domain for one in await refuse_domain.get_refused(services(), me(), page)),
        form={"domain": domain},
        errors=errors,
        newer_url=None,
        older_url=None,
    )


@blueprint.post("/blocks/domains")
@signed_in
@rate_limited("people", "60/minute")
async def block_domain() -> Response:
    """Block a whole server."""
    domain = (await typed()).get("domain", "")
    try:
        await refuse_domain.refuse_domain(services(), me(), domain)
    except Invalid as exc:
        return await _blocks_page(domain, problems(exc))
    flash(f"You see and hear nothing more from {domain}.")
    return go("/settings/blocks")


@blueprint.post("/blocks/domains/remove")
@signed_in
async def unblock_domain() -> Response:
    """Block a server no longer."""
    await refuse_domain.accept_domain(services(), me(), (await typed()).get("domain", ""))
    return go("/settings/blocks")
