"""How the viewer reads people: lists, who is on them, and the options of each follow."""

from __future__ import annotations

from quart import Blueprint, Response, request

from federation.actions import follows, lists, people, profiles
from federation.actions.lists import ListForm
from federation.errors import Gone, Invalid, NotFound, RemoteError
from federation.protocol.handles import Handle
from storage.lists import PersonList
from storage.people import Person
from web.current import me, parse_uuid, path_id, services
from web.flashes import flash
from web.forms import Problems, go, problems, typed
from web.paging import asked_page, cut
from web.presenting.people import person_rows, person_view
from web.presenting.thoughts import Presenter, each_once
from web.rendering import render
from web.security import rate_limited, signed_in
from web.view_models import ListView

blueprint = Blueprint("lists", __name__)

_MEMBERS_SHOWN = 40


def _view(one: PersonList, *, chosen: bool = False) -> ListView:
    return ListView(str(one.id), one.title, one.replies_policy, exclusive=one.exclusive, chosen=chosen)


def _form(form: dict[str, str]) -> ListForm:
    return ListForm(form.get("title", ""), form.get("replies_policy", "list"), "exclusive" in form)


async def _overview(form: ListForm | None = None, errors: Problems | None = None) -> Response:
    found = await lists.get_lists(services(), me())
    return render(
        "lists.html",
        current="lists",
        lists=tuple(_view(one) for one in found),
        form=form or ListForm(""),
        errors=errors or {},
        http_status=422 if errors else 200,
    )


@blueprint.get("/lists")
@signed_in
async def overview() -> Response:
    """Show the viewer's lists and a form for another one."""
    return await _overview()


@blueprint.post("/lists")
@signed_in
@rate_limited("lists", "30/minute")
async def make() -> Response:
    """Make a list and go on to its members."""
    form = _form(await typed())
    try:
        made = await lists.make_list(services(), me(), form)
    except Invalid as exc:
        return await _overview(form, problems(exc))
    return go(f"/lists/{made.id}/edit")


@blueprint.get("/lists/<list_id>")
@signed_in
async def timeline(list_id: str) -> Response:
    """Show what the people on a list say."""
    page = asked_page()
    found = await lists.get_list(services(), me(), path_id(list_id))
    shown = await lists.get_list_timeline(services(), me(), found.id, page)
    entries = cut(shown.entries, page, lambda entry: entry.id)
    return render(
        "timeline.html",
        kind="list",
        title=found.title,
        thoughts=each_once(Presenter(shown, me(), "home").many(entries.items)),
        newer_url=entries.newer_url,
        older_url=entries.older_url,
        edit_url=f"/lists/{found.id}/edit",
        current="lists",
    )


async def _edit_page(
    one: PersonList, *, form: ListForm | None = None, handle: str = "", errors: Problems | None = None
) -> Response:
    page = asked_page(_MEMBERS_SHOWN)
    roster = await lists.get_members(services(), me(), one.id, page)
    ties = cut(list(zip(roster.people, roster.cursors, strict=True)), page, lambda tie: tie[1])
    followed = await profiles.list_connected(services(), me(), me(), "following", before=None, limit=100)
    return render(
        "list_edit.html",
        current="lists",
        list=_view(one),
        form=form or ListForm(one.title, one.replies_policy, one.exclusive),
        handle=handle,
        rows=person_rows([person for person, _ in ties.items], {}, me()),
        choices=tuple(person_view(person) for person in followed.people),
        newer_url=ties.newer_url,
        older_url=ties.older_url,
        errors=errors or {},
        http_status=422 if errors else 200,
    )


@blueprint.get("/lists/<list_id>/edit")
@signed_in
async def edit(list_id: str) -> Response:
    """Show a list's name, rules and members, for changing them."""
    return await _edit_page(await lists.get_list(services(), me(), path_id(list_id)))


@blueprint.post("/lists/<list_id>/edit")
@signed_in
@rate_limited("lists", "30/minute")
async def save(list_id: str) -> Response:
    """Save a list's name and rules."""
    form = _form(await typed())
    try:
        await lists.change_list(services(), me(), path_id(list_id), form)
    except Invalid as exc:
        found = await lists.get_list(services(), me(), path_id(list_id))
        return await _edit_page(found, form=form, errors=problems(exc))
    flash("The list is saved.")
    return go(f"/lists/{list_id}/edit")


@blueprint.post("/lists/<list_id>/delete")
@signed_in
async def delete(list_id: str) -> Response:
    """Delete a list."""
    await lists.delete_list(services(), me(), path_id(list_id))
    flash("The list is gone. You still follow everybody who was on it.")
    return go("/lists")


@blueprint.post("/lists/<list_id>/members")
@signed_in
@rate_limited("lists", "60/minute")
async def add(list_id: str) -> Response:
    """Put somebody on a list, by handle."""
    found = await lists.get_list(services(), me(), path_id(list_id))
    name = (await typed()).get("handle", "").strip()
    handle = Handle.parse(name)
    try:
        if handle is None:
            raise NotFound("That is not a handle. It looks like @name or @name@example.social.")
        person = await people.get_person(services(), handle)
        await lists.add_to_list(services(), me(), found.id, [person.id])
    except (NotFound, Gone, RemoteError) as exc:
        return await _edit_page(found, handle=name, errors={"handle": exc.message})
    except Invalid:
        return await _edit_page(found, handle=name, errors={"handle": f"{name} is on this list already."})
    return go(f"/lists/{found.id}/edit")


@blueprint.post("/lists/<list_id>/members/remove")
@signed_in
async def remove(list_id: str) -> Response:
    """Take somebody off a list."""
    person_id = parse_uuid((await typed()).get("person_id"))
    if person_id is not None:
        await lists.remove_from_list(services(), me(), path_id(list_id), [person_id])
    return go(f"/lists/{list_id}/edit")


@blueprint.get("/people/<person_id>/reading")
@signed_in
async def reading(person_id: str) -> Response:
    """Show how the viewer reads somebody they follow: boosts, notifications, languages, lists."""
    return await _reading_page(await people.get_person_by_id(services(), path_id(person_id)))


async def _reading_page(person: Person, *, languages: str | None = None, errors: Problems | None = None) -> Response:
    relation = await people.get_relation(services(), me(), person)
    on = {one.id for one in await lists.get_lists_with(services(), me(), person)}
    found = await lists.get_lists(services(), me())
    return render(
        "reading.html",
        person=person_view(person),
        show_boosts=relation.show_boosts,
        notify=relation.notify,
        languages=" ".join(relation.languages or ()) if languages is None else languages,
        lists=tuple(_view(one, chosen=one.id in on) for one in found),
        errors=errors or {},
        http_status=422 if errors else 200,
    )


@blueprint.post("/people/<person_id>/reading")
@signed_in
@rate_limited("lists", "30/minute")
async def read_so(person_id: str) -> Response:
    """Save how the viewer reads somebody, and put them on the lists that are ticked and off the others."""
    person = await people.get_person_by_id(services(), path_id(person_id))
    form = await request.form
    languages = form.get("languages", "")
    relation = await people.get_relation(services(), me(), person)
    if not (relation.following or relation.requested):
        raise NotFound(f"You do not follow {person.handle}.")
    try:
        await follows.follow_person(
            services(), me(), person,
            show_boosts="show_boosts" in form, notify="notify" in form, languages=languages.replace(",", " ").split(),
        )  # fmt: skip
    except Invalid as exc:
        return await _reading_page(person, languages=languages, errors=problems(exc))
    on = {one.id for one in await lists.get_lists_with(services(), me(), person)}
    wanted = {parse_uuid(text) for text in form.getlist("list")}
    for one in await lists.get_lists(services(), me()):
        if one.id in wanted - on:
            await lists.add_to_list(services(), me(), one.id, [person.id])
        elif one.id in on - wanted:
            await lists.remove_from_list(services(), me(), one.id, [person.id])
    flash(f"Saved, for {person.name}.")
    return go(f"/@{person.handle}")
