"""The network client: every request to a stranger goes through here."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from importlib.metadata import version
from typing import Protocol, Self

import aiohttp
import httpx
from aiohttp.abc import AbstractResolver
from httpx_aiohttp import AiohttpTransport

from federation.errors import Permanent, Rejected, Temporary
from federation.remote.addresses import AddressRules
from federation.remote.bodies import clip_text, copy_body, read_clip
from federation.remote.connections import (
    GuardedResolver,
    GuardedSockets,
    OpenSockets,
    SystemResolver,
    blocked,
)
from federation.remote.failures import (
    Blocked,
    network_failures,
    no_such_host,
    refusal,
    retry_after_s,
)
from federation.remote.targets import Target, parse_target
from federation.settings import Settings

MAX_BYTES = 1024 * 1024
MAX_REDIRECTS = 3
FETCH_TIMEOUT_S = 30.0
POST_TIMEOUT_S = 10.0
CONNECT_TIMEOUT_S = 10.0
# After its status, an answer to a POST gets this long to finish; it must not keep a delivery slot busy.
_CLIP_TIMEOUT_S = 2.0

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_POSTED_HEADERS = ("retry-after", "accept-signature", "content-type")

# More than both lanes of deliveries have in flight: waiting for a free one counts against a request's time, and
# hosts that hang must not make others late.
_CONNECTIONS = 768
# Idle connections cost a file descriptor each, and a fan-out meets hundreds of hosts a second: beyond this
# many open sockets, new requests ask for theirs to be closed. 1024 is a common limit for a process.
_KEEP_ALIVE_SOCKETS = 384
# Node's servers (Misskey) and Hypercorn drop idle connections after 5 s; reusing one just then loses a POST.
_KEEP_ALIVE_S = 4.0
_DNS_TTL_S = 60


Refuses = Callable[[str], Awaitable[bool]]
"""Tells whether an authority (`spam.example:8443`) is one that the admin refuses."""


async def refuse_none(_: str) -> bool:
    """Refuse nobody: for a client without a database."""
    return False


class Signer(Protocol):
    """Signs one request; asked again for every redirect hop."""

    def sign(self, method: str, url: str, headers: dict[str, str], body: bytes | None) -> dict[str, str]:
        """Return the headers to add; `url` is as it goes over the wire, names in `headers` are lower-case."""
        ...


@dataclass(frozen=True, slots=True)
class Fetched:
    """The final answer to a fetch. `url` is where it came from; without redirects, the URL as asked for."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Posted:
    """The answer to a delivery, whatever its status; `headers` hold only what the sender acts upon."""

    status: int
    headers: Mapping[str, str]
    body_clip: str

    @property
    def retry_after_s(self) -> float | None:
        """How long the server asks us to wait, at most one day."""
        return retry_after_s(self.headers.get("retry-after"))


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What a fetch accepts, the same on every hop."""

    accept: str
    allowed_types: Callable[[str], bool]
    sign: Signer | None
    max_bytes: int
    max_redirects: int
    write: Callable[[bytes], object]
    cut: bool = False


class NetworkClient:
    """Speaks HTTP to strangers; one per process, used as an async context manager.

    Guards (federation facts §11.1, §11.4): addresses are checked as written, after the lookup, and as each
    socket is made; redirects are followed by hand, each hop from the start; proxies of the environment and
    cookies are ignored. `refuses` is asked before each hop of a fetch; what deliveries go out is decided where
    they are made. `resolver` and `ssl_context` replace the system's.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        refuses: Refuses = refuse_none,
        resolver: AbstractResolver | None = None,
        ssl_context: ssl.SSLContext | None = None,
        connections_per_host: int = 8,
        keep_alive_sockets: int = _KEEP_ALIVE_SOCKETS,
        dns_ttl_s: int = _DNS_TTL_S,
    ) -> None:
        self._rules = AddressRules(settings.allow_networks)
        self._own = parse_target(settings.origin)
        self._refuses = refuses
        self._user_agent = f"Thoughts/{version('thoughts')} (+{settings.origin})"
        self._resolver = resolver
        self._ssl_context = ssl_context
        self._per_host = connections_per_host
        self._keep_alive_sockets = keep_alive_sockets
        self._dns_ttl_s = dns_ttl_s
        self._open_sockets = OpenSockets()
        self._transports: dict[str, AiohttpTransport] = {}
        self._cleanup = AsyncExitStack()

    async def __aenter__(self) -> Self:
        resolver = self._resolver or SystemResolver()
        if self._resolver is None:
            self._cleanup.push_async_callback(resolver.close)
        # Loading the CA bundle takes 80 ms.
        context = self._ssl_context
        if context is None:
            context = await asyncio.to_thread(httpx.create_ssl_context)
        schemes = ("https", "http") if self._rules.allow else ("https",)
        for scheme in schemes:
            transport = self._transport(scheme, resolver, context)
            self._cleanup.push_async_callback(transport.aclose)
            self._transports[scheme] = transport
        return self

    async def __aexit__(self, *_: object) -> None:
        self._transports.clear()
        await self._cleanup.aclose()

    async def fetch(
        self,
        url: str,
        *,
        accept: str,
        allowed_types: Callable[[str], bool],
        sign: Signer | None = None,
        max_bytes: int = MAX_BYTES,
        timeout_s: float = FETCH_TIMEOUT_S,
        max_redirects: int = MAX_REDIRECTS,
        cut: bool = False,
    ) -> Fetched:
        """GET a document; everything, redirects and body included, within `timeout_s`.

        A longer one than `max_bytes` is refused, or with `cut` read so far.

        Raise `Rejected` for what breaks a rule of ours, `NotFound`, `Gone` or `Permanent` for final answers,
        `Temporary` for the rest. The caller compares the final URL with the id it wanted.
        """
        body = bytearray()
        wanted = _Wanted(accept, allowed_types, sign, max_bytes, max_redirects, body.extend, cut)
        final_url, headers = await self._fetch_within(url, wanted, timeout_s)
        return Fetched(final_url, 200, headers, bytes(body))

    async def download(
        self,
        url: str,
        write: Callable[[bytes], object],
        *,
        accept: str,
        allowed_types: Callable[[str], bool],
        max_bytes: int,
        timeout_s: float,
    ) -> None:
        """GET something large and hand it to `write` piece by piece; raises as `fetch` does, also half-way."""
        await self._fetch_within(url, _Wanted(accept, allowed_types, None, max_bytes, MAX_REDIRECTS, write), timeout_s)

    async def _fetch_within(self, url: str, wanted: _Wanted, timeout_s: float) -> tuple[str, dict[str, str]]:
        target = self._admit(url)
        try:
            async with asyncio.timeout(timeout_s):
                return await self._fetch(target, url, wanted)
        except TimeoutError as exc:
            raise _late(target, timeout_s) from exc
        except Temporary as exc:
            if no_such_host(exc):
                raise Permanent(exc.message) from exc
            raise

    async def post(
        self, url: str, *, body: bytes, headers: Mapping[str, str], timeout_s: float = POST_TIMEOUT_S
    ) -> Posted:
        """POST a signed body and return the answer, whatever it is; redirects are not followed.

        Raise `Rejected` when the guard refuses the URL, `Temporary` when no answer came. The
        signature in `headers` must be made for `wire_url(url)` and `authority(url)`.
        """
        target = self._admit(url)
        response: httpx.Response | None = None
        clip = b""
        try:
            async with asyncio.timeout(timeout_s) as deadline:
                with network_failures(target.authority):
                    response = await self._send("POST", target, headers, body)
                    clip_due = asyncio.get_running_loop().time() + _CLIP_TIMEOUT_S
                    deadline.reschedule(min(clip_due, deadline.when() or clip_due))
                    clip = await read_clip(response)
        except TimeoutError as exc:
            # Once there is a status the delivery has its answer; a body that never ends does not change it.
            if response is None:
                raise _late(target, timeout_s) from exc
        except Temporary:
            if response is None:
                raise
        finally:
            if response is not None:
                await response.aclose()
        received = response.headers
        return Posted(
            status=response.status_code,
            headers={name: received[name] for name in _POSTED_HEADERS if name in received},
            body_clip=clip_text(clip, response) if clip else "",
        )

    async def _fetch(self, target: Target, url: str, wanted: _Wanted) -> tuple[str, dict[str, str]]:
        seen = {target.url}
        while True:
            host = target.authority
            if await self._refuses(host):
                raise Blocked(f"This server does not talk to {host}.")
            headers = {"host": host, "accept": wanted.accept, "accept-encoding": "gzip"}
            if wanted.sign is not None:
                headers |= wanted.sign.sign("GET", target.url, headers, None)
            with network_failures(host):
                response = await self._send("GET", target, headers, None)
                try:
                    if response.status_code not in _REDIRECTS or "location" not in response.headers:
                        return url, await _final_answer(response, host, wanted)
                finally:
                    await response.aclose()
            if len(seen) > wanted.max_redirects:
                raise Rejected(f"{host} redirects too often.")
            target = self._hop(target, response.headers["location"])
            url = target.url
            if url in seen:
                raise Rejected(f"{host} redirects in a circle.")
            seen.add(url)

    def _admit(self, url: str) -> Target:
        """Check all that can be known before the lookup."""
        target = parse_target(url)
        if (target.scheme, target.host, target.port) == (self._own.scheme, self._own.host, self._own.port):
            raise Blocked("This server does not ask itself over the network.")
        if target.plain and not self._rules.allow:
            raise Blocked(f"{target.authority} is not reachable over https.")
        if target.literal is not None and not self._rules.permits(target.literal, target.port, plain=target.plain):
            raise blocked(target.authority)
        return target

    def _hop(self, origin: Target, location: str) -> Target:
        try:
            joined = str(httpx.URL(origin.url).join(location))
        except (httpx.InvalidURL, ValueError) as exc:
            raise Rejected(f"{origin.authority} redirects to something that is not a URL.") from exc
        target = self._admit(joined)
        if target.plain and not origin.plain:
            raise Rejected(f"{origin.authority} redirects from https to http.")
        return target

    async def _send(
        self, method: str, target: Target, headers: Mapping[str, str], body: bytes | None
    ) -> httpx.Response:
        sent = {name.lower(): value for name, value in headers.items()}
        sent["host"] = target.authority
        sent["user-agent"] = self._user_agent
        sent.setdefault("accept-encoding", "identity")
        if self._open_sockets.exceed(self._keep_alive_sockets):
            sent["connection"] = "close"
        request = httpx.Request(
            method,
            target.url,
            headers=sent,
            content=body,
            extensions={"timeout": {"connect": CONNECT_TIMEOUT_S}},
        )
        return await self._transports[target.scheme].handle_async_request(request)

    def _transport(self, scheme: str, resolver: AbstractResolver, context: ssl.SSLContext) -> AiohttpTransport:
        # Plain http is held to stricter addresses, and aiohttp's DNS cache does not know schemes: a connector
        # of its own keeps an answer checked for https from serving http.
        plain = scheme == "http"
        connector = aiohttp.TCPConnector(
            resolver=GuardedResolver(resolver, self._rules, plain=plain),
            socket_factory=GuardedSockets(self._rules, self._open_sockets, plain=plain),
            use_dns_cache=self._dns_ttl_s > 0,
            ttl_dns_cache=self._dns_ttl_s,
            limit=_CONNECTIONS,
            limit_per_host=self._per_host,
            keepalive_timeout=_KEEP_ALIVE_S,
            ssl=context,
        )
        session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            auto_decompress=False,
        )
        return AiohttpTransport(verify=context, trust_env=False, client=session)


async def _final_answer(response: httpx.Response, host: str, wanted: _Wanted) -> dict[str, str]:
    headers = dict(response.headers)
    if response.status_code != 200:
        clip = clip_text(await read_clip(response), response)
        raise refusal(host, response.status_code, body=clip, retry_after=headers.get("retry-after"))
    if not wanted.allowed_types(headers.get("content-type", "")):
        raise Rejected(f"{host} sent another kind of document than we asked for.")
    await copy_body(response, host, wanted.write, max_bytes=wanted.max_bytes, cut=wanted.cut)
    return headers


def _late(target: Target, timeout_s: float) -> Temporary:
    return Temporary(f"{target.authority} did not answer within {timeout_s:g} seconds.")
