"""Actors, thoughts, activities and collections for other servers; browsers are sent to the pages."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import orjson
from quart import Blueprint, Response, redirect, request
from quart.typing import ResponseReturnValue as AnyResponse

from federation.actions import collection_documents, documents, featuring
from federation.actions.documents import Deleted
from federation.actions.emojis import get_emoji_document
from federation.actions.quote_consent import get_authorization
from federation.errors import ThoughtsError, Unauthenticated
from federation.inbound.authenticate import authenticate
from federation.protocol.negotiation import wants_activity
from federation.protocol.signatures import SignedRequest, accept_signature, collect_headers
from web.current import parse_uuid, path_id, services, settings, viewer

blueprint = Blueprint("documents", __name__)

ACTIVITY_JSON = "application/activity+json; charset=utf-8"


def _answer(document: dict[str, Any] | bytes, *, status: int = 200, private: bool = False) -> Response:
    body = document if isinstance(document, bytes) else orjson.dumps(document)
    response = Response(body, status=status, content_type=ACTIVITY_JSON)
    response.headers["Vary"] = "Accept, Signature"
    signed = private or "Signature" in request.headers
    response.headers["Cache-Control"] = "private, no-store" if signed or status != 200 else "public, max-age=60"
    return response


@blueprint.errorhandler(Deleted)
async def deleted(error: Deleted) -> AnyResponse:
    """Answer 410 with a tombstone."""
    tombstone = services().render.tombstone(error.ap_id, error.deleted_at)
    return _answer(tombstone, status=410)


@blueprint.errorhandler(Unauthenticated)
async def unauthenticated(error: Unauthenticated) -> AnyResponse:
    """Answer 401 and say how to sign."""
    response = _answer({"error": error.message}, status=401)
    response.headers["Accept-Signature"] = accept_signature(with_body=False)
    return response


async def _admit() -> None:
    """Ask for a signature where what follows is the same for everybody: only if the setting wants one."""
    if settings().authorized_fetch:
        await _signer()


async def _signer() -> UUID | None:
    """Return who signed this GET, so that they see what is theirs to see.

    Without authorized fetch a missing or bad signature makes a stranger; with it, `Unauthenticated` or `Forbidden`.
    """
    required = settings().authorized_fetch
    if "Signature" not in request.headers and not required:
        return None
    scope = request.scope
    query = scope["query_string"].decode("ascii", "replace")
    target = scope["raw_path"].decode("ascii", "replace") + (f"?{query}" if query else "")
    signed = SignedRequest(
        method=request.method,
        scheme=settings().origin.partition(":")[0],
        target=target,
        headers=collect_headers(scope["headers"]),
    )
    try:
        return (await authenticate(services(), signed)).key.owner_id
    except ThoughtsError:
        if required:
            raise
        return None


def _wanted() -> bool:
    # Akkoma sends one header for each type.
    return wants_activity(", ".join(request.headers.getlist("Accept")))


def _elsewhere(url: str) -> AnyResponse:
    return redirect(url, 302), {"Vary": "Accept"}


@blueprint.get("/actor")
async def instance_actor() -> Response:
    """Serve the actor that signs for the server; never asks for a signature, or two servers would deadlock."""
    return _answer(await documents.get_instance_actor(services()))


@blueprint.get("/actor/outbox")
async def instance_outbox() -> Response:
    """Serve the instance actor's outbox, which is empty."""
    url = f"{services().urls.instance_actor}/outbox"
    return _answer(
        {"@context": "https://www.w3.org/ns/activitystreams", "id": url, "type": "OrderedCollection", "totalItems": 0}
    )


@blueprint.get("/users/<username>")
async def actor(username: str) -> AnyResponse:
    """Serve a person's actor document, or send a browser to their profile."""
    if not _wanted():
        return _elsewhere(services().urls.profile(username))
    await _admit()
    return _answer(await documents.get_actor(services(), username))


@blueprint.get("/users/<username>/outbox")
async def outbox(username: str) -> Response:
    """Serve an outbox or a page of it: what anybody may see."""
    await _admit()
    if request.args.get("page"):
        before = parse_uuid(request.args.get("max_id"))
        return _answer(await documents.get_outbox_page(services(), username, before))
    return _answer(await documents.get_outbox(services(), username))


@blueprint.get("/users/<username>/<any(followers, following):direction>")
async def connections(username: str, direction: str) -> Response:
    """Serve a followers or following collection, or a page of it."""
    await _admit()
    if request.args.get("page"):
        before = parse_uuid(request.args.get("max_id"))
        return _answer(await documents.get_connections_page(services(), username, direction, before))
    return _answer(await documents.get_connections(services(), username, direction))


@blueprint.get("/users/<username>/featured")
async def featured(username: str) -> Response:
    """Serve what a person pinned."""
    await _admit()
    return _answer(await documents.get_featured(services(), username))


@blueprint.get("/thoughts/<thought_id>")
async def thought(thought_id: str) -> AnyResponse:
    """Serve a thought to whom may see it, or send a browser to its page."""
    wanted = path_id(thought_id)
    if not _wanted():
        person = viewer()
        return _elsewhere(await documents.find_page_of(services(), person.id if person else None, wanted))
    signer = await _signer()
    return _answer(await documents.get_note(services(), signer, wanted), private=signer is not None)


@blueprint.get("/thoughts/<thought_id>/replies")
async def replies(thought_id: str) -> Response:
    """Serve a thought's replies collection, or a page of it."""
    signer = await _signer()
    return _answer(
        await documents.get_replies(
            services(),
            signer,
            path_id(thought_id),
            page=bool(request.args.get("page")),
            after=parse_uuid(request.args.get("min_id")),
        )
    )


@blueprint.get("/quote_authorizations/<authorization_id>")
async def quote_authorization(authorization_id: str) -> Response:
    """Serve a consent to a quote, to whoever may see what is quoted."""
    signer = await _signer()
    return _answer(await get_authorization(services(), signer, path_id(authorization_id)), private=signer is not None)


@blueprint.get("/users/<username>/tags")
async def featured_tags(username: str) -> Response:
    """Serve the hashtags that a person shows on their profile."""
    await _admit()
    return _answer(await collection_documents.get_featured_tags_document(services(), username))


@blueprint.get("/users/<username>/collections")
async def collections(username: str) -> Response:
    """Serve the collections of people that stand on a person's profile."""
    await _admit()
    return _answer(await collection_documents.get_collections_document(services(), username))


@blueprint.get("/collections/<collection_id>")
async def collection(collection_id: str) -> AnyResponse:
    """Serve a collection of people, or send a browser to its page."""
    wanted = path_id(collection_id)
    if not _wanted():
        return _elsewhere(await collection_documents.find_collection_page(services(), wanted))
    await _admit()
    return _answer(await collection_documents.get_collection_document(services(), wanted))


@blueprint.get("/collections/<collection_id>/items/<item_id>")
async def collection_item(collection_id: str, item_id: str) -> Response:
    """Serve somebody's place in a collection."""
    await _admit()
    found = await collection_documents.get_item_document(services(), path_id(collection_id), path_id(item_id))
    return _answer(found)


@blueprint.get("/feature_authorizations/<authorization_id>")
async def feature_authorization(authorization_id: str) -> Response:
    """Serve a consent to being featured."""
    await _admit()
    return _answer(await featuring.get_authorization(services(), path_id(authorization_id)))


@blueprint.get("/emojis/<shortcode>")
async def emoji(shortcode: str) -> Response:
    """Serve a custom emoji."""
    await _admit()
    return _answer(await get_emoji_document(services(), shortcode))


@blueprint.get("/activities/<activity_id>")
async def activity(activity_id: str) -> Response:
    """Serve an activity as it was sent."""
    signer = await _signer()
    return _answer(await documents.get_activity(services(), signer, path_id(activity_id)), private=signer is not None)


@blueprint.before_app_request
async def pages_have_documents() -> AnyResponse | None:
    """Send another server that asks for a page of ours to the document behind it."""
    if request.method != "GET" or not request.path.startswith("/@") or not _wanted():
        return None
    name, _, rest = request.path[2:].partition("/")
    if not name or "@" in name:
        return None
    if not rest:
        return _elsewhere(services().urls.actor(name))
    if (thought_id := parse_uuid(rest)) is not None:
        return _elsewhere(services().urls.thought(thought_id))
    if (collection_id := parse_uuid(rest.removeprefix("collections/"))) is not None:
        return _elsewhere(services().urls.collection(collection_id))
    return None
