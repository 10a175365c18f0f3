"""OAuth grants: what an app asks of a person, and the tokens that it gets for what was granted.

RFC 6749 with RFC 7636 (S256 alone), answers and words as Mastodon's. Access tokens do not expire, as apps of
Mastodon expect; those of people come with a refresh token that exchanges both for new ones (RFC 9700 §4.14.2).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit
from uuid import UUID

from federation.actions import sessions
from federation.actions.acting import acting
from federation.actions.apps import get_client
from federation.actions.passwords import hash_secret, make_secret
from federation.actions.scopes import allows, in_order, unknown_scopes
from federation.errors import Forbidden, OAuthError, Unauthenticated
from storage import apps, people, tokens
from storage.apps import Application, NewCode
from storage.tokens import NewToken

if TYPE_CHECKING:
    from federation.services import Services
    from storage.database import Connection
    from storage.people import Person

CODE_LASTS = timedelta(minutes=10)
_DEFAULT = ("read",)
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")
_MOST_STATE = 4000
_BAD_GRANT = (
    "The provided authorization grant is invalid, expired, revoked, does not match the redirection URI used in the "
    "authorization request, or was issued to another client."
)
_BAD_SCOPE = "The requested scope is invalid, unknown, or malformed."
_BAD_REDIRECT = "The requested redirect uri is malformed or doesn't match client redirect URI."


@dataclass(frozen=True, slots=True)
class Asked:
    """What an app asks for, as its query says it."""

    client_id: str = ""
    redirect_uri: str = ""
    response_type: str = ""
    scope: str = ""
    state: str = ""
    code_challenge: str = ""
    code_challenge_method: str = ""
    response_mode: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """What an app asks of a person, checked: it may be shown to them and granted."""

    app: Application
    redirect_uri: str
    scopes: Sequence[str]
    state: str
    code_challenge: str | None


@dataclass(frozen=True, slots=True)
class Granted:
    """A fresh token: its secrets are told once."""

    access_token: str
    refresh_token: str | None
    scopes: Sequence[str]
    created_at: datetime


# --- Asking a person -------------------------------------------------------------------------------


async def check_request(services: Services, asked: Asked) -> Request:
    """Check what an app asks of a person; raise `OAuthError`, which is shown to them and never sent on."""
    for name in ("client_id", "redirect_uri", "response_type"):
        if not getattr(asked, name):
            raise OAuthError("invalid_request", f"Missing required parameter: {name}.")
    app = await get_client(services, asked.client_id)
    if not any(_matches(asked.redirect_uri, registered) for registered in app.redirect_uris):
        raise OAuthError("invalid_redirect_uri", _BAD_REDIRECT)
    if asked.response_type != "code":
        raise OAuthError(
            "unsupported_response_type", "The authorization server does not support this response type."
        )  # fmt: skip
    if asked.response_mode not in ("", "query"):
        raise OAuthError("unsupported_response_mode", "The authorization server does not support this response mode.")
    if len(asked.state) > _MOST_STATE:
        raise OAuthError("invalid_request", "The state is too long.")
    if asked.code_challenge or asked.code_challenge_method:
        if asked.code_challenge_method != "S256":
            raise OAuthError("invalid_code_challenge_method", "The code_challenge_method must be S256.")
        if not _CHALLENGE.fullmatch(asked.code_challenge):
            raise OAuthError("invalid_request", "The code_challenge must be a SHA-256 in base64url without padding.")
    scopes = _scopes(app, asked.scope)
    return Request(app, asked.redirect_uri, scopes, asked.state, asked.code_challenge or None)


def _matches(wanted: str, registered: str) -> bool:
    """Compare redirect URIs exactly, but for the port of a loopback address (RFC 8252 §7.3)."""
    if wanted == registered:
        return True
    mine, theirs = urlsplit(registered), _split(wanted)
    if theirs is None or mine.scheme != "http" or theirs.scheme != "http" or not _is_loopback(mine.hostname):
        return False
    return (
        mine.hostname == theirs.hostname
        and theirs.username is None
        and (mine.path, mine.query) == (theirs.path, theirs.query)
        and "#" not in wanted
    )


def _split(uri: str) -> SplitResult | None:
    try:
        parts = urlsplit(uri)
        _ = parts.port
    except ValueError:
        return None
    return parts


def _is_loopback(host: str | None) -> bool:
    try:
        return ip_address(host or "").is_loopback
    except ValueError:
        return False


def _scopes(app: Application, text: str) -> list[str]:
    """Return the scopes asked for, or the default ones; `OAuthError` beyond what the app registered for."""
    wanted = in_order(text.split()) or [one for one in _DEFAULT if allows(app.scopes, one)]
    if not wanted or unknown_scopes(wanted) or not all(allows(app.scopes, one) for one in wanted):
        raise OAuthError("invalid_scope", _BAD_SCOPE)
    return wanted


async def grant_code(services: Services, person: Person, request: Request) -> str:
    """Let an app act for a person: return the code that it exchanges for a token, once and within ten minutes."""
    code = make_secret()
    new = NewCode(
        hash_secret(code), request.app.id, person.id, request.redirect_uri, request.scopes, request.code_challenge
    )
    async with acting(services, person) as db:
        await apps.insert_code(db, new, lasts=CODE_LASTS)
    return code


# --- Tokens ----------------------------------------------------------------------------------------


async def exchange_code(
    services: Services, app: Application, *, code: str, redirect_uri: str, code_verifier: str
) -> Granted:
    """Give an app the token for a code.

    A code that comes a second time was stolen, now or then: what it was exchanged for is revoked (RFC 6749 §4.1.2).
    """
    for name, value in (("code", code), ("redirect_uri", redirect_uri)):
        if not value:
            raise OAuthError("invalid_request", f"Missing required parameter: {name}.")
    async with services.database.transaction() as db:
        found = await apps.find_code(db, hash_secret(code))
        if found is not None and found.app_id == app.id and found.used:
            await tokens.revoke_family(db, found.id)
        elif (
            found is not None
            and found.app_id == app.id
            and not found.expired
            and found.redirect_uri == redirect_uri
            and _proves(code_verifier, found.code_challenge)
        ):
            await apps.mark_code_used(db, found.id)
            if await people.hold(db, found.user_id):
                return await _issue(db, found.user_id, app, found.scopes, family=found.id)
    raise OAuthError("invalid_grant", _BAD_GRANT)


def _proves(verifier: str, challenge: str | None) -> bool:
    """Check RFC 7636 §4.6; a verifier without a challenge is wrong too, for somebody took the challenge away."""
    if challenge is None:
        return not verifier
    if not _VERIFIER.fullmatch(verifier):
        return False
    digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    return hmac.compare_digest(digest, challenge)


async def grant_to_app(services: Services, app: Application, *, scope: str) -> Granted:
    """Give an app a token for itself alone."""
    scopes = _scopes(app, scope)
    async with services.database.transaction() as db:
        return await _issue(db, None, app, scopes, refreshable=False)


async def grant_for_password(
    services: Services, app: Application, *, username: str, password: str, scope: str, address: str
) -> Granted:
    """Give an app the token of somebody whose password it was told, where the admin allows that."""
    if not services.settings.password_grant:
        raise OAuthError(
            "unsupported_grant_type", "The authorization grant type is not supported by the authorization server."
        )
    scopes = _scopes(app, scope)
    try:
        person = await sessions.check_password(services, username, password, address=address)
    except (Unauthenticated, Forbidden) as exc:
        raise OAuthError("invalid_grant", _BAD_GRANT) from exc
    return await grant_to_person(services, app, person, scopes)


async def grant_to_person(services: Services, app: Application, person: Person, scopes: Sequence[str]) -> Granted:
    """Give an app the token of somebody who proved to it who they are."""
    async with acting(services, person) as db:
        return await _issue(db, person.id, app, scopes)


async def grant_to_newcomer(services: Services, app: Application, person: Person) -> Granted:
    """Give the app through which somebody signed up their token: all that it registered for."""
    async with services.database.transaction() as db:
        return await _issue(db, person.id, app, app.scopes)


async def refresh(services: Services, app: Application, *, refresh_token: str, scope: str) -> Granted:
    """Exchange a refresh token, and with it the access token, for new ones.

    An old one that comes again means that somebody copied it: all that came from the grant is revoked, unless the
    new ones were not used yet and the answer with them may just have been lost.
    """
    if not refresh_token:
        raise OAuthError("invalid_request", "Missing required parameter: refresh_token.")
    async with services.database.transaction() as db:
        found = await tokens.find_refreshable(db, hash_secret(refresh_token))
        if found is not None and found.app_id == app.id and found.user_id is not None:
            stolen = found.revoked and (not found.is_fresh or await tokens.family_is_in_use(db, found.family))
            wanted = in_order(scope.split()) or found.scopes
            if not stolen and not all(allows(found.scopes, one) for one in wanted):
                raise OAuthError("invalid_scope", _BAD_SCOPE)
            await tokens.revoke_family(db, found.family)
            if not stolen and await people.hold(db, found.user_id):
                return await _issue(db, found.user_id, app, wanted, family=found.family)
    raise OAuthError("invalid_grant", _BAD_GRANT)


async def revoke(services: Services, app: Application, token: str) -> None:
    """Revoke a token of an app's, or its refresh token; what is unknown is revoked already (RFC 7009 §2.2)."""
    token_hash = hash_secret(token)
    async with services.database.transaction() as db:
        if await tokens.belongs_to_other(db, token_hash, app.id):
            raise OAuthError("unauthorized_client", "You are not authorized to revoke this token")
        await tokens.revoke_of_app(db, token_hash, app.id)


async def _issue(
    db: Connection,
    user_id: UUID | None,
    app: Application,
    scopes: Sequence[str],
    *,
    family: UUID | None = None,
    refreshable: bool = True,
) -> Granted:
    token, refresh_token = make_secret(), make_secret() if refreshable else None
    new = NewToken(
        hash_secret(token), user_id, app.id, scopes, hash_secret(refresh_token) if refresh_token else None, family
    )
    return Granted(token, refresh_token, scopes, await tokens.insert_token(db, new))
