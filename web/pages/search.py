"""Searching, and coming from other servers to follow or answer somebody."""

from __future__ import annotations

from quart import Blueprint, Response, request

from federation.actions import people
from federation.actions.search import resolve_address, search_everything
from federation.errors import NotFound, RemoteError
from federation.protocol.handles import Handle
from storage.collections import Collection
from storage.people import Person
from web.current import me, services, viewer
from web.forms import go
from web.paging import asked_page, cut
from web.presenting.collections import shelf_views
from web.presenting.people import person_rows
from web.presenting.thoughts import Presenter
from web.rendering import render
from web.security import count, signed_in

blueprint = Blueprint("search", __name__)


@blueprint.get("/search")
async def search() -> Response:
    """Search people, thoughts and tags; a pasted handle or address of elsewhere is asked for over the network."""
    query, who = request.args.get("q", "").strip(), viewer()
    if not query:
        return render("search.html", current="search", q="")
    await count("search", "60/minute", str(who.id) if who else None)
    page = asked_page()
    found = await search_everything(services(), who, query, page, resolve=who is not None)
    relations = await people.get_relations(services(), who, [one.id for one in found.people]) if who else {}
    entries = cut(found.shown.entries, page, lambda entry: entry.id)
    first = page.older_than is None and page.newer_than is None
    return render(
        "search.html",
        current="search",
        q=query,
        people=person_rows(found.people, relations, who) if first else (),
        tags=tuple(found.tags) if first else (),
        thoughts=Presenter(found.shown, who, "public").many(entries.items),
        newer_url=entries.newer_url,
        older_url=entries.older_url,
        collections=shelf_views(found.shelf, who),
        resolving=found.problem,
        noindex=True,
    )


@blueprint.get("/authorize_interaction")
@signed_in
async def authorize_interaction() -> Response:
    """Bring somebody, or a thought, from the server that sent the viewer here."""
    uri = request.args.get("uri", "").strip().removeprefix("acct:")
    await count("search", "60/minute", str(me().id))
    handle = Handle.parse(uri)
    try:
        if handle is not None:
            found = await people.get_person(services(), handle, viewer=me())
            return go(f"/@{found.handle}")
        there = await resolve_address(services(), me(), uri)
    except RemoteError as exc:
        raise NotFound(f"{exc.message} So we cannot show what you came from.") from exc
    if there is None:
        raise NotFound("That address is neither a person nor a thought.")
    if isinstance(there, Person):
        return go(f"/@{there.handle}")
    if isinstance(there, Collection):
        owner = await people.get_person_by_id(services(), there.user_id)
        return go(f"/@{owner.handle}/collections/{there.id}")
    author = await people.get_person_by_id(services(), there.user_id)
    return go(f"/@{author.handle}/{there.id}")
