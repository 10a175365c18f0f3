"""Uploads. /v1/media*, /v2/media"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from quart import Blueprint, Response, request

from federation.actions import uploads
from federation.actions.sessions import find_bearer
from federation.errors import Invalid, Unauthenticated
from storage.media import Media
from web.client_api.answers import answer
from web.client_api.authentication import bearer_token, scoped
from web.client_api.call import Call
from web.client_api.entities import media as entities
from web.client_api.parameters import Parameters
from web.current import path_id, services
from web.received import received_file
from web.security import count

routes = Blueprint("media", __name__)

_MOST_UPLOADS = "60/30minutes"


@routes.before_request
async def _known_callers_alone() -> None:
    """Read no large body for nobody: the token is looked at before, where headers and addresses carry it."""
    if request.method in ("POST", "PUT"):
        token = bearer_token()
        if token is None or await find_bearer(services(), token) is None:
            raise Unauthenticated("The access token is invalid")


@routes.post("/v2/media")
@scoped("write:media")
async def upload(call: Call) -> Response:
    """Take a file; workers make of it what is shown (202)."""
    return answer(entities.upload(call.site, await _take(call, at_once=False)), status=202)


@routes.post("/v1/media")
@scoped("write:media")
async def upload_at_once(call: Call) -> Response:
    """Take a file, and answer when it can be shown."""
    return answer(entities.upload(call.site, await _take(call, at_once=True)))


async def _take(call: Call, *, at_once: bool) -> Media:
    await count("upload", _MOST_UPLOADS, str(call.person.id))
    given = call.parameters
    async with _file("file") as path:
        if path is None:
            raise Invalid("Validation failed: File can't be blank", field="file")
        found = await uploads.upload(
            call.services, call.person, path,
            alt=given.text("description"), focus=read_focus(given) or uploads.CENTRE, at_once=at_once,
        )  # fmt: skip
    async with _file("thumbnail") as thumbnail:
        if thumbnail is not None:
            found = await uploads.describe_upload(call.services, call.person, found.id, preview=thumbnail)
    return found


@routes.get("/v1/media/<media_id>")
@scoped("write:media")
async def one(call: Call, media_id: str) -> Response:
    """Show an upload: 206 while it is worked on, 422 when nothing could be made of it."""
    found = await uploads.get_upload(call.services, call.person, path_id(media_id))
    _refuse_failed(found)
    return answer(entities.upload(call.site, found), status=206 if found.state == "waiting" else 200)


@routes.put("/v1/media/<media_id>")
@scoped("write:media")
async def describe(call: Call, media_id: str) -> Response:
    """Change description, focal point or preview of an upload, before it is attached."""
    given = call.parameters
    async with _file("thumbnail") as thumbnail:
        found = await uploads.describe_upload(
            call.services, call.person, path_id(media_id),
            alt=given.optional_text("description"), focus=read_focus(given), preview=thumbnail,
        )  # fmt: skip
    _refuse_failed(found)
    return answer(entities.upload(call.site, found))


@routes.delete("/v1/media/<media_id>")
@scoped("write:media")
async def delete(call: Call, media_id: str) -> Response:
    """Throw an upload away that no thought needs."""
    await uploads.delete_upload(call.services, call.person, path_id(media_id))
    return answer({})


def read_focus(given: Parameters) -> uploads.Focus | None:
    """Return the focal point `x,y` that is given, None without one."""
    text = given.text("focus")
    if not text:
        return None
    x, comma, y = text.partition(",")
    try:
        return (float(x), float(y)) if comma else _bad_focus()
    except ValueError:
        return _bad_focus()


def _bad_focus() -> uploads.Focus:
    raise Invalid("A focal point is two numbers between -1 and 1, such as 0.0,0.4.", field="focus")


def _refuse_failed(found: Media) -> None:
    if found.state == "failed":
        raise Invalid(found.problem)


@asynccontextmanager
async def _file(name: str) -> AsyncIterator[Path | None]:
    async with received_file((await request.files).get(name)) as path:
        yield path
