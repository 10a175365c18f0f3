"""Who calls and what they may do: bearer tokens, scopes, rate limits. Cookies count for nothing here."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Concatenate, Final, ParamSpec

from quart import Response, current_app, g, request

from federation.actions.sessions import TokenBearer, address_prefix, find_bearer
from federation.errors import Forbidden, TooMany, Unauthenticated
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
# What the old scope `follow` stands for.
_FOLLOW: Final = frozenset(
    {"read:follows", "write:follows", "read:blocks", "write:blocks", "read:mutes", "write:mutes"}
)  # fmt: skip
_INVALID_TOKEN = "The access token is invalid"  # noqa: S105 - a message
_OUT_OF_SCOPE = "This action is outside the authorized scopes"


def scoped(*scopes: str) -> Callable[[Route[P]], Callable[P, Awaitable[Response]]]:
    """Let a route through for bearers with one of these scopes (`write:statuses`, or `write`, which holds it)."""
    return _guard(scopes, optional=False)


def open_to_all(*scopes: str) -> Callable[[Route[P]], Callable[P, Awaitable[Response]]]:
    """Let a route through without a token too; a token that is sent must be good, and within these scopes."""
    return _guard(scopes, optional=True)


def _guard(scopes: tuple[str, ...], *, optional: bool) -> Callable[[Route[P]], Callable[P, Awaitable[Response]]]:
    def decorate(route: Route[P]) -> Callable[P, Awaitable[Response]]:
        @wraps(route)
        async def guarded(*args: P.args, **kwargs: P.kwargs) -> Response:
            parameters = await read_parameters(request)
            token = _token(parameters)
            bearer = await find_bearer(services(), token) if token else None
            await _count(bearer)
            if bearer is None and (token or not optional):
                raise Unauthenticated(_INVALID_TOKEN)
            if bearer is not None and scopes and not any(allows(bearer.scopes, scope) for scope in scopes):
                raise Forbidden(_OUT_OF_SCOPE)
            call = Call(services(), _site(), parameters, bearer.person if bearer else None)
            return await route(call, *args, **kwargs)

        return guarded

    return decorate


def allows(granted: frozenset[str], scope: str) -> bool:
    """Tell whether granted scopes hold one: itself, its first part, or the old `follow`."""
    return scope in granted or scope.partition(":")[0] in granted or ("follow" in granted and scope in _FOLLOW)


def _token(parameters: Parameters) -> str | None:
    """Return the token of the Authorization header, else of `access_token`."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    token = token.strip() if scheme.lower() == "bearer" else parameters.text("access_token")
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
    key = str(bearer.person.id) if bearer else address_prefix(client_address())
    g.allowance = await services().limiter.spend("api", key, limit=REQUESTS, window_s=WINDOW_S)
    if g.allowance.exceeded:
        wait_s = max(1, g.allowance.resets_at - int(time.time()))
        raise TooMany("Too many requests", retry_after_s=wait_s)


def allowance() -> Allowance | None:
    """Return what is left of the caller's allowance, None when it is not counted."""
    found: Allowance | None = g.get("allowance")
    return found
