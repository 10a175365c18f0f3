"""Collections of people: looked at, made, filled and left."""

from __future__ import annotations

from quart import Blueprint, Response

from federation.actions import collections, people, profiles
from federation.actions.collections import CollectionForm, Shelf
from federation.actions.featuring import leave_collection, permissions_to_feature
from federation.errors import Forbidden, Gone, Invalid, NotFound, RemoteError
from federation.protocol.handles import Handle
from federation.protocol.quote_policy import Permission
from web.current import me, parse_uuid, path_id, services, settings, viewer
from web.flashes import flash
from web.forms import Problems, go, go_back, problems, typed
from web.presenting.collections import shelf_views
from web.presenting.people import person_rows, person_view
from web.rendering import render
from web.security import rate_limited, signed_in
from web.view_models import CollectionView, PageMeta

blueprint = Blueprint("collections", __name__)

_SHOWN = 40


def _view(shelf: Shelf) -> CollectionView:
    views = shelf_views(shelf, viewer())
    if not views:
        raise NotFound("This collection is gone.")
    return views[0]


@blueprint.get("/@<handle>/collections/<collection_id>")
async def collection(handle: str, collection_id: str) -> Response:
    """Show a collection with everybody in it."""
    who = viewer()
    shelf = await collections.get_collection(services(), who, path_id(collection_id))
    view, found = _view(shelf), shelf.collections[0]
    if handle != view.owner.handle:
        return go(view.url, 302)
    places = [item.person_id for item in shelf.items[found.id] if item.person_id is not None]
    featured = [shelf.people[one] for one in places if one in shelf.people]
    relations = await people.get_relations(services(), who, [one.id for one in featured]) if who else {}
    own = next((place for place in view.places if who is not None and place.person.id == str(who.id)), None)
    about = found.description or f"People whom {view.owner.name} recommends."
    return render(
        "collection.html",
        collection=view,
        rows=person_rows(featured, relations, who),
        own_place=own,
        meta=None if found.is_remote else PageMeta(found.name, settings().origin + view.url, about),
        alternate_url=None if found.is_remote else found.ap_id,
        noindex=found.is_remote or found.sensitive or not found.discoverable,
    )


def _form(form: dict[str, str]) -> CollectionForm:
    return CollectionForm(
        name=form.get("name", ""),
        description=form.get("description", ""),
        language=form.get("language") or None,
        tag=form.get("tag_name", ""),
        sensitive="sensitive" in form,
        discoverable="discoverable" in form,
    )


async def _edit_page(
    view: CollectionView | None, form: CollectionForm, *, handle: str = "", errors: Problems | None = None
) -> Response:
    followed = await profiles.list_connected(services(), me(), me(), "following", before=None, limit=100)
    return render(
        "collection_edit.html",
        collection=view,
        form=form,
        handle=handle,
        choices=tuple(person_view(person) for person in followed.people),
        errors=errors or {},
        http_status=422 if errors else 200,
    )


async def _own(collection_id: str) -> Shelf:
    shelf = await collections.get_collection(services(), me(), path_id(collection_id))
    if shelf.collections[0].user_id != me().id:
        raise Forbidden("This is not your collection.")
    return shelf


@blueprint.get("/collections/new")
@signed_in
async def new() -> Response:
    """Show the form for a new collection."""
    return await _edit_page(None, CollectionForm("", discoverable=True))


@blueprint.post("/collections")
@signed_in
@rate_limited("collections", "20/minute")
async def make() -> Response:
    """Make a collection and go on to who is in it."""
    form = _form(await typed())
    try:
        shelf = await collections.make_collection(services(), me(), form)
    except Invalid as exc:
        return await _edit_page(None, form, errors=problems(exc))
    return go(f"/collections/{shelf.collections[0].id}/edit")


@blueprint.get("/collections/<collection_id>/edit")
@signed_in
async def edit(collection_id: str) -> Response:
    """Show what a collection says and who is in it, for changing both."""
    shelf = await _own(collection_id)
    return await _edit_page(_view(shelf), collections.form_of(shelf.collections[0]))


@blueprint.post("/collections/<collection_id>/edit")
@signed_in
@rate_limited("collections", "30/minute")
async def save(collection_id: str) -> Response:
    """Save what a collection says."""
    form = _form(await typed())
    try:
        shelf = await collections.edit_collection(services(), me(), path_id(collection_id), form)
    except Invalid as exc:
        return await _edit_page(_view(await _own(collection_id)), form, errors=problems(exc))
    flash("The collection is saved.")
    return go(_view(shelf).url)


@blueprint.post("/collections/<collection_id>/delete")
@signed_in
async def delete(collection_id: str) -> Response:
    """Delete a collection."""
    await collections.delete_collection(services(), me(), path_id(collection_id))
    flash("The collection is gone.")
    return go(f"/@{me().handle}/collections")


@blueprint.post("/collections/<collection_id>/people")
@signed_in
@rate_limited("collections", "60/minute")
async def add(collection_id: str) -> Response:
    """Put somebody into a collection, by handle, or ask them."""
    form = await typed()
    name = form.get("handle", "").strip()
    handle = Handle.parse(name)
    try:
        if handle is None:
            raise NotFound("That is not a handle. It looks like @name or @name@example.social.")
        person = await people.get_person(services(), handle, viewer=me())
        item = await collections.add_person(services(), me(), path_id(collection_id), person.id)
    except (Invalid, Forbidden, NotFound, Gone, RemoteError) as exc:
        shelf = await _own(collection_id)
        form_now = collections.form_of(shelf.collections[0])
        return await _edit_page(_view(shelf), form_now, handle=name, errors={"handle": exc.message})
    if item.state == "pending":
        flash(f"{person.name} was asked, and shows once they agree.")
    return await go_back(f"/collections/{collection_id}/edit")


@blueprint.post("/collections/<collection_id>/people/remove")
@signed_in
async def remove(collection_id: str) -> Response:
    """Take somebody out of a collection."""
    item_id = parse_uuid((await typed()).get("item_id"))
    if item_id is not None:
        await collections.remove_person(services(), me(), path_id(collection_id), item_id)
    return await go_back(f"/collections/{collection_id}/edit")


@blueprint.post("/collections/<collection_id>/leave")
@signed_in
async def leave(collection_id: str) -> Response:
    """Take the viewer out of somebody's collection, for good."""
    item_id = parse_uuid((await typed()).get("item_id"))
    if item_id is None:
        raise NotFound("You are not in this collection.")
    await leave_collection(services(), me(), path_id(collection_id), item_id)
    flash("You are out of this collection, for good.")
    return go(f"/@{me().handle}/collections")


@blueprint.get("/people/<person_id>/collections")
@signed_in
async def collecting(person_id: str) -> Response:
    """Show the viewer's collections, for putting somebody in or taking them out."""
    person = await people.get_person_by_id(services(), path_id(person_id))
    allowed = (await permissions_to_feature(services(), me(), [person]))[person.id]
    views = shelf_views(
        await collections.get_collections_of(services(), me(), me(), limit=_SHOWN, with_people=True), me()
    )
    places = {view.id: place for view in views for place in view.places if place.person.id == str(person.id)}
    return render(
        "collecting.html",
        person=person_view(person),
        collections=views,
        places=places,
        allowed=allowed in (Permission.AUTOMATIC, Permission.MANUAL),
    )
