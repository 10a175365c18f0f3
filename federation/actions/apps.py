"""Apps: registering one, knowing it again, and what a person has let them do."""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from uuid import UUID

from federation.actions.passwords import hash_secret, make_secret
from federation.actions.scopes import in_order, unknown_scopes
from federation.errors import Invalid, NotFound, OAuthError
from storage import apps, tokens
from storage.apps import Application, AuthorisedApp, NewApplication

if TYPE_CHECKING:
    from collections.abc import Sequence

    from federation.services import Services
    from storage.people import Person

OUT_OF_BAND = "urn:ietf:wg:oauth:2.0:oob"
"""The redirect URI of apps that cannot be redirected to: the person copies the code."""

_MOST_NAME = 60
_MOST_URL = 2000
_MOST_REDIRECTS = 100
_FORBIDDEN_SCHEMES = frozenset({"data", "vbscript", "javascript", "file", "blob", "about", "view-source", "filesystem"})
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*")
# Printable ASCII without what RFC 3986 leaves out of URIs.
_URI = re.compile(r"[!#-;=?-\[\]_a-z~]+")
_UNKNOWN_CLIENT = (
    "Client authentication failed due to unknown client, no client authentication included, or unsupported "
    "authentication method."
)


@dataclass(frozen=True, slots=True)
class Registration:
    """A new app with the secret that is told once."""

    app: Application
    secret: str


async def register_app(
    services: Services, *, name: str, redirect_uris: Sequence[str], scopes: Sequence[str], website: str | None
) -> Registration:
    """Register an app. Raises `Invalid` in the words that apps know."""
    name, website = " ".join(name.split()), (website or "").strip() or None
    if not name:
        raise Invalid("Validation failed: Name can't be blank", field="client_name")
    if len(name) > _MOST_NAME:
        raise Invalid(f"Validation failed: Name is too long (maximum is {_MOST_NAME} characters)", field="client_name")
    if website is not None and not _is_web_address(website):
        raise Invalid("Validation failed: Website is not a valid URL", field="website")
    if unknown_scopes(scopes):
        raise Invalid("Validation failed: Scopes doesn't match configured on the server.", field="scopes")
    if not redirect_uris:
        raise Invalid("Validation failed: Redirect URI can't be blank", field="redirect_uris")
    if len(redirect_uris) > _MOST_REDIRECTS:
        raise Invalid(f"Validation failed: Redirect URI has more than {_MOST_REDIRECTS} lines", field="redirect_uris")
    for uri in redirect_uris:
        if problem := _redirect_problem(uri):
            raise Invalid(f"Validation failed: Redirect URI {problem}", field="redirect_uris")
    secret = make_secret()
    new = NewApplication(
        make_secret(), hash_secret(secret), name, website, in_order(redirect_uris), in_order(scopes) or ["read"]
    )
    async with services.database.transaction() as db:
        return Registration(await apps.insert_app(db, new), secret)


def _is_web_address(text: str) -> bool:
    if len(text) > _MOST_URL or not _URI.fullmatch(text):
        return False
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def _redirect_problem(uri: str) -> str:
    """Say what is wrong with a redirect URI, in doorkeeper's words; nothing when all is well."""
    if uri == OUT_OF_BAND:
        return ""
    if len(uri) > _MOST_URL:
        return f"is too long (maximum is {_MOST_URL} characters)"
    try:
        parts = urlsplit(uri)
        scheme, _ = parts.scheme.lower(), parts.port
    except ValueError:
        return "must be a valid URI."
    problems = (
        (not _URI.fullmatch(uri), "must be a valid URI."),
        (not _SCHEME.fullmatch(scheme), "must be an absolute URI."),
        (scheme in _FORBIDDEN_SCHEMES, "is forbidden by the server."),
        ("#" in uri, "cannot contain a fragment."),
        (scheme in ("http", "https") and not parts.hostname, "must be an absolute URI."),
    )
    return next((words for wrong, words in problems if wrong), "")


async def get_client(services: Services, client_id: str) -> Application:
    """Return the app that calls itself so; `OAuthError` when there is none."""
    async with services.database.connection() as db:
        app = await apps.find_client(db, client_id)
    if app is None:
        raise OAuthError("invalid_client", _UNKNOWN_CLIENT)
    return app


async def authenticate_client(services: Services, client_id: str, secret: str) -> Application:
    """Return the app with this id and secret; `OAuthError` when they do not go together."""
    app = await get_client(services, client_id)
    async with services.database.connection() as db:
        stored = await apps.find_secret_hash(db, app.id)
    if stored is None or not hmac.compare_digest(stored, hash_secret(secret)):
        raise OAuthError("invalid_client", _UNKNOWN_CLIENT)
    return app


async def get_app(services: Services, app_id: UUID) -> Application:
    """Return a registered app."""
    async with services.database.connection() as db:
        app = await apps.find_app(db, app_id)
    if app is None:
        raise NotFound("There is no such app.")
    return app


async def list_authorised_apps(services: Services, person: Person) -> list[AuthorisedApp]:
    """List the apps that may act for a person."""
    async with services.database.connection() as db:
        return await apps.list_authorised(db, person.id)


async def revoke_app(services: Services, person: Person, app_id: UUID) -> None:
    """Let an app act for a person no more: its tokens, and codes not yet used; `NotFound` when it may not anyway."""
    async with services.database.transaction() as db:
        await apps.delete_codes(db, person.id, app_id=app_id)
        if not await tokens.revoke_between(db, person.id, app_id):
            raise NotFound("This app cannot act for you.")
