"""Sockets to strangers: name lookup, and the guard that every connection passes."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address
from weakref import WeakSet

from aiohttp import AddrInfoType
from aiohttp.abc import AbstractResolver, ResolveResult

from federation.remote.addresses import AddressRules
from federation.remote.failures import Blocked

# A dead name server holds a thread for its whole timeout: names that resolve must not queue behind it.
_LOOKUP_THREADS = 64


class SystemResolver(AbstractResolver):
    """The system's getaddrinfo, in threads that nothing else waits for."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_LOOKUP_THREADS, thread_name_prefix="dns")

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return every address of a name; raise `socket.gaierror` when there is none."""
        found = await asyncio.get_running_loop().run_in_executor(self._threads, self._lookup, host, port, family)
        return [
            ResolveResult(
                hostname=host,
                host=str(address[0]),
                port=int(address[1]),
                family=found_family,
                proto=proto,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for found_family, _, proto, _, address in found
        ]

    async def close(self) -> None:
        """Let go of the threads; a lookup still running ends by its own timeout."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    @staticmethod
    def _lookup(host: str, port: int, family: int) -> Sequence[AddrInfoType]:
        return socket.getaddrinfo(host, port, family, socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)


class GuardedResolver(AbstractResolver):
    """A resolver that refuses a name as a whole when one of its addresses is out of bounds.

    aiohttp connects to the addresses returned here and caches only them, so there is no second lookup that
    could answer differently (DNS rebinding).
    """

    def __init__(self, inner: AbstractResolver, rules: AddressRules, *, plain: bool) -> None:
        self._inner = inner
        self._rules = rules
        self._plain = plain

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Resolve and check; raise `Blocked` naming the host but not the address."""
        found = await self._inner.resolve(host, port, family)
        if not found:
            raise socket.gaierror(socket.EAI_NONAME, "The name has no addresses.")
        for entry in found:
            if not self._rules.permits(ip_address(entry["host"]), port, plain=self._plain):
                raise blocked(host)
        return [{**entry, "hostname": host, "port": port} for entry in found]

    async def close(self) -> None:
        """Leave the inner resolver to its owner."""


class OpenSockets:
    """The sockets made and not yet closed; aiohttp bounds those in use, but not those kept alive."""

    def __init__(self) -> None:
        self._made: WeakSet[socket.socket] = WeakSet()

    def add(self, made: socket.socket) -> None:
        """Count a socket until it is closed."""
        self._made.add(made)

    def exceed(self, most: int) -> bool:
        """Tell whether more than `most` are open; closed ones that await the collector do not count."""
        if len(self._made) <= most:
            return False
        self._made = WeakSet(made for made in self._made if made.fileno() >= 0)
        return len(self._made) > most


class GuardedSockets:
    """Makes the sockets of one connector, and checks each address once more."""

    def __init__(self, rules: AddressRules, open_sockets: OpenSockets, *, plain: bool) -> None:
        self._rules = rules
        self._open = open_sockets
        self._plain = plain

    def __call__(self, info: AddrInfoType) -> socket.socket:
        """Return a socket for an address about to be connected.

        aiohttp never asks its resolver about literal addresses; this check is behind every path.
        """
        family, kind, proto, _, address = info
        if not self._rules.permits(ip_address(str(address[0])), int(address[1]), plain=self._plain):
            raise PermissionError("This address is out of bounds.")
        made = socket.socket(family, kind, proto)
        self._open.add(made)
        return made


def blocked(host: str) -> Blocked:
    """Return the refusal of a host; its text tells nothing about our network."""
    return Blocked(f"{host} leads to a network address that is not allowed here.")
