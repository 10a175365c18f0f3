"""Who calls and what they may do: bearer tokens, scopes, rate limits. Cookies count for nothing here."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import wraps
from typing import Concatenate, Final, ParamSpec

from quart import Response, current_app, g, request

from federation.actions.scopes import allows
from federation.actions.sessions import TokenBearer, address_prefix, explain_bar, explain_token, find_bearer
from federation.errors import Forbidden, Invalid, TooMany, Unauthenticated
from federation.settings import Settings
from storage.live import Allowance
from web.client_api.call import Call
from web.client_api.entities.site import Site
from web.client_api.parameters import Parameters, read_parameters
from web.current import client_address, services

P = ParamSpec("P")
Route = Callable[Concatenate[Call, P], Awaitable[Response]]

REQUESTS: Final = 300
WINDOW_S: Final = 5 * 60
_LONGEST_TOKEN: Final = 512
_SITE: Final = "client_api_site"
_INVALID_TOKEN = "The access token is invalid"  # noqa: S105 - a message
_OUT_OF_SCOPE = "This action is outside the authorized scopes"


ACCESS: Final = "access"
"""Where a guarded route keeps what it asks of a caller, for the documentation."""


@dataclass(frozen=True, slots=True)
class Access:
    """What a route asks of a caller: one of these scopes, and whether it works without a token."""

    scopes: tuple[str, ...]
    required: bool


def scoped(*scopes: str) -> Callable[[Route[P]], Callable[P, Awaitable[Response]]]:
    """Let a route through for people whose token has one of these scopes (`write:statuses`, or `write`)."""
    return _guard(scopes, _require_person)


def open_to_all(*scopes: str) -> Callable[[Route[P]], Callable[P, Awaitable[Response]]]:
    """Let a route through without a token too; a token that is sent must be good, and within these scopes."""
    return _guard(scopes, _require_nothing)


def app_scoped(*scopes: str) -> Callable[[Route[P]], Callable[P, Awaitable[Response]]]:
    """Let a route through for any token with one of these scopes: also an app's own, also of people who must wait."""
    return _guard(scopes, _require_token)


Requirement = Callable[[TokenBearer | None], Awaitable[None]]


def _guard(scopes: tuple[str, ...], require: Requirement) -> Callable[[Route[P]], Callable[P, Awaitable[Response]]]:
    def decorate(route: Route[P]) -> Callable[P, Awaitable[Response]]:
        @wraps(route)
        async def guarded(*args: P.args, **kwargs: P.kwargs) -> Response:
            parameters = await read_parameters(request)
            token = token_of(parameters)
            bearer = await find_bearer(services(), token, address=client_address()) if token else None
            await _count(bearer)
            if bearer is None and token:
                raise Unauthenticated(await explain_token(services(), token))
            if bearer is not None and scopes and not any(allows(bearer.scopes, scope) for scope in scopes):
                raise Forbidden(_OUT_OF_SCOPE)
            await require(bearer)
            call = Call(services(), _site(), parameters, bearer.person if bearer else None, bearer)
            return await route(call, *args, **kwargs)

        setattr(guarded, ACCESS, Access(scopes, required=require is not _require_nothing))
        return guarded

    return decorate


async def _require_nothing(bearer: TokenBearer | None) -> None:
    """Let anybody through; who may not act sees what strangers see, but somebody who was shut out sees nothing."""
    if bearer is not None and bearer.barred is not None and bearer.barred.state != "pending":
        raise Forbidden(await explain_bar(services(), bearer.barred))


async def _require_token(bearer: TokenBearer | None) -> None:
    if bearer is None:
        raise Unauthenticated(_INVALID_TOKEN)
    await _require_nothing(bearer)


async def _require_person(bearer: TokenBearer | None) -> None:
    await _require_token(bearer)
    if bearer is None or bearer.person is not None:
        return
    if bearer.barred is None:
        raise Invalid("This method requires an authenticated user")
    raise Forbidden(await explain_bar(services(), bearer.barred))


def token_of(parameters: Parameters) -> str | None:
    """Return the token of the Authorization header, else of `access_token`."""
    return bearer_token() or parameters.text("access_token")[:_LONGEST_TOKEN] or None


def bearer_token() -> str | None:
    """Return the token that can be had without reading the body."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    token = token.strip() if scheme.lower() == "bearer" else request.args.get("access_token", "")
    return token[:_LONGEST_TOKEN] or None


def _site() -> Site:
    found: Site | None = current_app.extensions.get(_SITE)
    if found is None:
        settings: Settings = services().settings
        found = current_app.extensions[_SITE] = Site.of(settings)
    return found


async def _count(bearer: TokenBearer | None) -> None:
    """Count a call of this account, or else of this address; raise `TooMany` beyond the limit."""
    if not services().settings.rate_limits:
        return
    person = (bearer.person or bearer.barred) if bearer else None
    key = str(person.id) if person else address_prefix(client_address())
    g.allowance = await services().limiter.spend("api", key, limit=REQUESTS, window_s=WINDOW_S)
    if g.allowance.exceeded:
        wait_s = max(1, g.allowance.resets_at - int(time.time()))
        raise TooMany("Too many requests", retry_after_s=wait_s)


def allowance() -> Allowance | None:
    """Return what is left of the caller's allowance, None when it is not counted."""
    found: Allowance | None = g.get("allowance")
    return found
