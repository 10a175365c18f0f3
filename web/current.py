"""What belongs to the request being answered: the services, the viewer, the client's address."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import TYPE_CHECKING
from uuid import UUID

from quart import current_app, g, request

from federation.actions.sessions import SignedIn
from federation.errors import NotFound, Unauthenticated
from federation.services import Services

if TYPE_CHECKING:
    from hypercorn.typing import HTTPScope, WebsocketScope

    from federation.settings import Settings
    from storage.people import Person

SERVICES = "services"
SETTINGS = "THOUGHTS_SETTINGS"
_MOST_LANGUAGES = 5
# Paths that programs ask for: no cookies, no pages, errors as JSON.
_PROGRAM_PATHS = (
    "/api/",
    "/oauth/token",
    "/oauth/revoke",
    "/oauth/userinfo",
    "/.well-known/",
    "/nodeinfo",
    "/inbox",
    "/actor",
    "/health",
)


def services() -> Services:
    """Return the process's services; they are there from the lifespan's start to its end."""
    found: Services = current_app.extensions[SERVICES]
    return found


def settings() -> Settings:
    """Return the settings, also before and after the lifespan."""
    found: Settings = current_app.config[SETTINGS]
    return found


def is_for_programs(path: str) -> bool:
    """Tell whether a path is asked for by programs alone: cookies are ignored there."""
    return path.startswith(_PROGRAM_PATHS)


def signed_in() -> SignedIn | None:
    """Return whose session the request's cookie stands for."""
    found: SignedIn | None = g.get("signed_in")
    return found


def viewer() -> Person | None:
    """Return who looks at the page, None for a stranger."""
    found = signed_in()
    return None if found is None else found.person


def me() -> Person:
    """Return the viewer of a route that only signed-in people reach."""
    person = viewer()
    if person is None:
        raise Unauthenticated("Please sign in first.")
    return person


def client_address() -> str:
    """Return the client's address: the peer's, or what trusted proxies say in X-Forwarded-For, read from the right."""
    return address_of_scope(request.scope, settings())


def address_of_scope(scope: HTTPScope | WebsocketScope, settings: Settings) -> str:
    """Return the same of a connection that Quart does not see."""
    forwarded = [value.decode("latin1") for name, value in scope["headers"] if name == b"x-forwarded-for"]
    return _address_of((scope.get("client") or ("unknown", 0))[0], forwarded, settings)


def _address_of(peer: str, forwarded_for: list[str], settings: Settings) -> str:
    trusted = settings.trusted_proxies
    forwarded = [part.strip() for line in forwarded_for for part in line.split(",")]
    address = peer
    while forwarded and _is_in(address, trusted):
        address = forwarded.pop()
    return address if address == peer or _is_address(address) else "unknown"


def is_near() -> bool:
    """Tell whether the client itself is on this machine or a trusted network."""
    return _is_in(client_address(), settings().trusted_proxies)


def asked_languages() -> list[str]:
    """Return the first few languages that a browser or app asks for, as en or de."""
    asked = (value.partition("-")[0].lower() for value in request.accept_languages.values())
    return list(dict.fromkeys(language for language in asked if language.isalpha()))[:_MOST_LANGUAGES]


def parse_uuid(text: str | None) -> UUID | None:
    """Return an id from a query or form; None for anything else."""
    try:
        return UUID(text) if text and len(text) == 36 else None
    except ValueError:
        return None


def path_id(text: str) -> UUID:
    """Return an id from a path; a malformed one is `NotFound`, like an unknown one."""
    found = parse_uuid(text)
    if found is None:
        raise NotFound("There is nothing at this address.")
    return found


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _is_in(text: str, networks: Iterable[IPv4Network | IPv6Network]) -> bool:
    try:
        address = ip_address(text)
    except ValueError:
        return False
    return any(address in network for network in networks)
