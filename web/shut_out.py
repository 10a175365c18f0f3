"""Networks that see nothing of this place: asked of every page and API call, read anew now and then."""

from __future__ import annotations

import time
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Final

from quart import current_app, request

from federation.actions.gates import list_shut_out
from federation.errors import Forbidden
from storage.errors import StorageError
from web.current import client_address, services

_KNOWN: Final = "shut_out"
_KEPT_S: Final = 10.0
_FOR_ALL: Final = ("/health/", "/static/")

Networks = tuple[IPv4Network | IPv6Network, ...]


async def refuse_shut_out() -> None:
    """Refuse a client whose network an admin shut out."""
    if request.path.startswith(_FOR_ALL):
        return
    networks = await _networks()
    if not networks:
        return
    try:
        address = ip_address(client_address())
    except ValueError:
        return
    if any(address in network for network in networks):
        raise Forbidden("Nobody comes in here from your network.")


async def _networks() -> Networks:
    known: tuple[float, Networks] | None = current_app.extensions.get(_KNOWN)
    if known is not None and time.monotonic() - known[0] < _KEPT_S:
        return known[1]
    try:
        networks = await list_shut_out(services())
    except StorageError:
        # Whoever asks will learn soon enough that the database is away.
        networks = known[1] if known is not None else ()
    current_app.extensions[_KNOWN] = (time.monotonic(), networks)
    return networks
