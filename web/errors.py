"""Errors become pages or JSON here, once; what a stranger reads never contains the cause."""

from __future__ import annotations

import secrets
from http import HTTPStatus
from urllib.parse import quote

import structlog
from quart import Quart, Response, request
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from federation.errors import (
    Conflict,
    Forbidden,
    Gone,
    Invalid,
    NotFound,
    OAuthError,
    RemoteError,
    ThoughtsError,
    TooMany,
    Unauthenticated,
)
from federation.protocol.negotiation import wants_activity
from storage.errors import StorageError
from web.current import is_for_programs, viewer
from web.forms import go
from web.rendering import json_response, render
from web.security import CrossSite

log = structlog.get_logger(__name__)

Statuses = tuple[tuple[type[ThoughtsError], int], ...]
_STATUS: Statuses = (
    (Invalid, 422),
    (Unauthenticated, 401),
    (Forbidden, 403),
    (NotFound, 404),
    (Gone, 410),
    (Conflict, 409),
    (TooMany, 429),
    (OAuthError, 400),
    (RemoteError, 502),
)
_TITLES = {
    400: "That request makes no sense",
    401: "Please sign in",
    403: "Not for you",
    404: "There is nothing here",
    405: "That cannot be done here",
    409: "That does not fit any more",
    410: "It was here, and is gone",
    413: "Too much at once",
    422: "Something is not right yet",
    429: "A little slower, please",
    502: "The other server does not answer well",
    503: "Back in a moment",
}
_WHAT_TO_DO = {
    404: "If somebody sent you the link, ask them who can see it.",
    502: "It is not your fault, nor ours. Try again later.",
    503: "Please reload the page in a little while. Nothing is lost.",
}


def status_of(error: ThoughtsError, exceptions: Statuses = ()) -> int:
    """Return the HTTP status that an error of ours stands for (federation/errors.py), where no exception is made."""
    return next((status for kind, status in (*exceptions, *_STATUS) if isinstance(error, kind)), 500)


def install(app: Quart) -> None:
    """Let an application answer its errors with pages or JSON."""
    app.register_error_handler(ThoughtsError, _ours)
    app.register_error_handler(StorageError, _engine_away)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unknown)


def wants_json() -> bool:
    """Tell whether the client reads JSON rather than pages: by the path, else by what it accepts."""
    accept = ", ".join(request.headers.getlist("Accept"))
    return is_for_programs(request.path) or wants_activity(accept) or request.path.endswith("/inbox")


async def _ours(error: ThoughtsError) -> Response:
    status = status_of(error)
    if isinstance(error, Unauthenticated) and not wants_json():
        if request.method in ("GET", "HEAD"):
            return go(f"/signin?next={quote(request.full_path.rstrip('?'), safe='/')}")
        return go("/signin")
    if status >= 500:
        log.warning("remote error", path=request.path, error=error.message, cause=repr(error.__cause__))
    response = answer(status, error.message, title="That came from elsewhere" if isinstance(error, CrossSite) else "")
    if isinstance(error, TooMany):
        response.headers["Retry-After"] = str(error.retry_after_s)
    return response


async def _engine_away(error: StorageError) -> Response:
    log.error("engine away", path=request.path, error=str(error), cause=repr(error.__cause__))
    response = answer(503, "The database does not answer at the moment.")
    response.headers["Retry-After"] = "5"
    return response


async def _http(error: HTTPException) -> Response:
    status = error.code or 500
    if isinstance(error, RequestEntityTooLarge):
        return answer(413, "What you sent is too large.")
    response = answer(status, _explanation(status))
    if (allowed := getattr(error, "valid_methods", None)) is not None:
        response.headers["Allow"] = ", ".join(sorted(allowed))
    return response


async def _unknown(error: Exception) -> Response:
    reference = secrets.token_hex(4)
    log.error("unexpected error", reference=reference, method=request.method, path=request.path, exc_info=error)
    explanation = "Something broke on our side. It is not your fault, and it has been written down."
    return answer(500, explanation, title="Something broke", reference=reference)


def answer(status: int, explanation: str, *, title: str = "", reference: str = "") -> Response:
    """Answer with an error, as a page or as JSON."""
    if wants_json():
        body = {"error": explanation}
        if reference:
            body["reference"] = reference
        return json_response(body, status=status)
    return render(
        "error.html",
        status=status,
        title=title or _TITLES.get(status) or HTTPStatus(status).phrase,
        explanation=explanation,
        what_to_do=_WHAT_TO_DO.get(status, ""),
        reference=reference,
        action_url=None if viewer() or status not in (403, 404) else "/signin",
        action_words="Sign in",
        noindex=True,
        http_status=status,
    )


def _explanation(status: int) -> str:
    return {
        400: "Your browser sent something that we could not read.",
        404: "The page may have been deleted, or it is not meant for you.",
        405: "This address does not take that kind of request.",
    }.get(status, HTTPStatus(status).description or "That did not work.")
