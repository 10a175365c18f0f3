"""Networks that see nothing of this place: asked at every door, read anew now and then."""

from __future__ import annotations

import time
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import TYPE_CHECKING, Final

from quart import request

from federation.actions.gates import list_shut_out
from federation.errors import Forbidden
from storage.errors import StorageError
from web.current import address_of_scope, services

if TYPE_CHECKING:
    from hypercorn.typing import HTTPScope, WebsocketScope
    from quart import Quart

    from federation.services import Services

SHUT_OUT: Final = "shut_out"
_KEPT_S: Final = 10.0
_FOR_ALL: Final = ("/health/", "/static/")


class FromShutOutNetwork(Forbidden):
    """The client's network was shut out by an admin."""


class ShutOut:
    """The networks as this process knows them."""

    def __init__(self) -> None:
        self._networks: tuple[IPv4Network | IPv6Network, ...] = ()
        self._read_at: float | None = None

    async def check(self, services: Services, scope: HTTPScope | WebsocketScope) -> None:
        """Raise `FromShutOutNetwork` for a client whose network an admin shut out."""
        if self._read_at is None or time.monotonic() - self._read_at >= _KEPT_S:
            await self._read(services)
        if not self._networks:
            return
        try:
            address = ip_address(address_of_scope(scope, services.settings))
        except ValueError:
            return
        if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        if any(address in network for network in self._networks):
            raise FromShutOutNetwork("Nobody comes in here from your network.")

    async def _read(self, services: Services) -> None:
        # Meanwhile the others go by what is known.
        self._read_at = time.monotonic()
        try:
            self._networks = await list_shut_out(services)
        except StorageError:
            # Whoever asks will learn soon enough that the database is away.
            return


def install(app: Quart) -> None:
    """Ask at the door of pages and API; those in front of Quart take `app.extensions[SHUT_OUT]` and ask themselves."""
    known = app.extensions[SHUT_OUT] = ShutOut()

    async def refuse_shut_out() -> None:
        if not request.path.startswith(_FOR_ALL):
            await known.check(services(), request.scope)

    app.before_request(refuse_shut_out)
