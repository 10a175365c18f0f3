"""Errors as apps read them: {"error": …}, with Mastodon's statuses."""

from __future__ import annotations

import structlog
from quart import Blueprint, Response, request
from werkzeug.exceptions import HTTPException

from federation.errors import (
    Conflict,
    NotFound,
    OAuthError,
    RemoteError,
    ThoughtsError,
    TooMany,
    Unauthenticated,
)
from storage.errors import StorageError
from web.client_api.answers import answer
from web.errors import Statuses, status_of

log = structlog.get_logger(__name__)

# Where Mastodon answers otherwise than our pages do.
_EXCEPTIONS: Statuses = ((Conflict, 422), (RemoteError, 503))


def install(blueprint: Blueprint) -> None:
    """Let a blueprint answer its errors as JSON."""
    blueprint.register_error_handler(ThoughtsError, _ours)
    blueprint.register_error_handler(StorageError, _engine_away)
    blueprint.register_error_handler(HTTPException, _http)
    blueprint.register_error_handler(Exception, _unknown)


async def _ours(error: ThoughtsError) -> Response:
    if isinstance(error, OAuthError):
        return _oauth(error)
    status = status_of(error, _EXCEPTIONS)
    if isinstance(error, NotFound):
        return answer({"error": "Record not found", "error_description": error.message}, status=status)
    response = answer({"error": error.message}, status=status)
    if isinstance(error, TooMany):
        response.headers["Retry-After"] = str(error.retry_after_s)
    if isinstance(error, Unauthenticated):
        response.headers["WWW-Authenticate"] = (
            f'Bearer realm="Thoughts", error="invalid_token", error_description="{error.message}"'
        )
    return response


def _oauth(error: OAuthError) -> Response:
    """Answer as RFC 6749 §5.2 and doorkeeper say."""
    status = {"invalid_client": 401, "unauthorized_client": 403}.get(error.code, 400)
    response = answer({"error": error.code, "error_description": error.message}, status=status)
    if status == 401:
        response.headers["WWW-Authenticate"] = f'Basic realm="Thoughts", error="{error.code}"'
    return response


async def _engine_away(error: StorageError) -> Response:
    log.error("engine away", path=request.path, error=str(error), cause=repr(error.__cause__))
    response = answer({"error": "The database does not answer at the moment."}, status=503)
    response.headers["Retry-After"] = "5"
    return response


async def _http(error: HTTPException) -> Response:
    return answer({"error": error.name}, status=error.code or 500)


async def _unknown(error: Exception) -> Response:
    log.error("unexpected error", method=request.method, path=request.path, exc_info=error)
    return answer({"error": "Something broke on our side."}, status=500)
