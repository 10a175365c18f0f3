"""The network client against real servers on loopback; only the DNS is made up."""

from __future__ import annotations

import asyncio
import gzip
import socket
import ssl
import tracemalloc
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from federation.errors import Gone, NotFound, Permanent, Rejected, Temporary
from federation.protocol.negotiation import is_activity_type
from federation.protocol.retry import ErrorClass
from federation.protocol.retry import classify as classify_status
from federation.remote.addresses import AddressRules
from federation.remote.connections import GuardedSockets, OpenSockets
from federation.remote.failures import Blocked, classify, retry_after_s
from federation.remote.network import Fetched, NetworkClient, Posted
from federation.services import refusals_of
from federation.settings import AllowedNetwork, Settings
from storage import moderation
from storage.database import Database

AS = "application/activity+json"
SETTINGS = Settings(origin="http://localhost:8000", allow_networks=(AllowedNetwork(ip_network("127.0.0.2/32")),))

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Remote:
    """A server on loopback that keeps what it was sent."""

    port: int
    requests: list[web.Request] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.2:{self.port}"


@asynccontextmanager
async def serve(
    handler: Handler, *, host: str = "127.0.0.2", tls: ssl.SSLContext | None = None
) -> AsyncIterator[Remote]:
    remote = Remote(port=0)

    async def keep(request: web.Request) -> web.StreamResponse:
        await request.read()
        remote.requests.append(request)
        return await handler(request)

    runner = web.ServerRunner(web.Server(keep, handler_cancellation=True), shutdown_timeout=0)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, 0, ssl_context=tls).start()
        remote.port = runner.addresses[0][1]
        yield remote
    finally:
        await runner.cleanup()


class FakeDNS(AbstractResolver):
    """Names to addresses; a list of lists answers one list per lookup, the last one for ever."""

    def __init__(self, names: Mapping[str, list[list[str]]]) -> None:
        self._names = names
        self.lookups: Counter[str] = Counter()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        if host not in self._names:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        answers = self._names[host]
        addresses = answers[min(self.lookups[host], len(answers) - 1)]
        self.lookups[host] += 1
        return [
            ResolveResult(hostname=host, host=text, port=port, family=family, proto=6, flags=0) for text in addresses
        ]

    async def close(self) -> None:
        pass


def note(body: bytes = b"{}", **headers: str) -> Handler:
    async def handler(_: web.Request) -> web.StreamResponse:
        return web.Response(body=body, headers={"Content-Type": AS, **headers})

    return handler


def redirect_to(location: str, status: int = 302) -> Handler:
    async def handler(_: web.Request) -> web.StreamResponse:
        return web.Response(status=status, headers={"Location": location})

    return handler


def answer(status: int, **headers: str) -> Handler:
    async def handler(_: web.Request) -> web.StreamResponse:
        return web.Response(status=status, text="why not", headers=headers)

    return handler


@pytest.fixture
async def client() -> AsyncIterator[NetworkClient]:
    async with NetworkClient(SETTINGS) as opened:
        yield opened


async def fetch(client: NetworkClient, url: str, *, timeout_s: float = 5, max_bytes: int = 1 << 20) -> Fetched:
    return await client.fetch(url, accept=AS, allowed_types=is_activity_type, timeout_s=timeout_s, max_bytes=max_bytes)


async def post(client: NetworkClient, url: str, *, timeout_s: float = 5) -> Posted:
    return await client.post(url, body=b"{}", headers={"Content-Type": AS}, timeout_s=timeout_s)


# --- plain traffic -------------------------------------------------------------------------------------


async def test_fetch_returns_the_document(client: NetworkClient) -> None:
    async with serve(note(b'{"id":1}')) as remote:
        fetched = await fetch(client, remote.url + "/users/a#main-key")
    assert fetched.body == b'{"id":1}'
    assert fetched.url == remote.url + "/users/a#main-key"
    [request] = remote.requests
    assert request.headers["Host"] == f"127.0.0.2:{remote.port}"
    assert request.headers["User-Agent"] == "Thoughts/0.1.0 (+http://localhost:8000)"
    assert request.headers["Accept"] == AS
    assert request.path_qs == "/users/a"


async def test_fetch_inflates_gzip(client: NetworkClient) -> None:
    body = gzip.compress(b"hello ", mtime=0) + gzip.compress(b"world", mtime=0)
    async with serve(note(body, **{"Content-Encoding": "gzip"})) as remote:
        assert (await fetch(client, remote.url)).body == b"hello world"
        assert remote.requests[0].headers["Accept-Encoding"] == "gzip"


async def test_post_sends_body_and_headers_as_given(client: NetworkClient) -> None:
    seen: list[bytes] = []

    async def handler(request: web.Request) -> web.StreamResponse:
        seen.append(await request.read())
        headers = {"Retry-After": "7", "Accept-Signature": "sig1=()", "X-Other": "x"}
        return web.Response(status=503, text="busy \x00" + "x" * 2000, headers=headers)

    async with serve(handler) as remote:
        posted = await client.post(
            remote.url + "/inbox",
            body=b"bytes",
            headers={"Signature": "s", "Digest": "d", "Content-Type": AS},
        )
    assert seen == [b"bytes"]
    [request] = remote.requests
    assert (request.headers["Signature"], request.headers["Digest"]) == ("s", "d")
    assert request.headers["Content-Type"] == AS
    assert request.headers.getall("Host") == [f"127.0.0.2:{remote.port}"]
    assert posted.status == 503
    assert posted.retry_after_s == 7
    assert set(posted.headers) == {"retry-after", "accept-signature", "content-type"}
    assert posted.body_clip.startswith("busy \ufffdx")
    assert len(posted.body_clip) == 1024


async def test_post_reuses_the_connection_after_a_small_answer(client: NetworkClient) -> None:
    ports: list[int] = []

    async def handler(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        ports.append(request.transport.get_extra_info("peername")[1])
        return web.Response(status=202, body=b"x" * (10 if request.path == "/small" else 100_000))

    async with serve(handler) as remote:
        for path in ("/small", "/small", "/large", "/small"):
            await post(client, remote.url + path)
    assert ports[0] == ports[1] == ports[2] != ports[3]


async def test_post_does_not_follow_redirects(client: NetworkClient) -> None:
    async with serve(redirect_to("/elsewhere", 307)) as remote:
        assert (await post(client, remote.url)).status == 307
    assert len(remote.requests) == 1


async def test_post_keeps_the_status_when_the_answer_never_ends(client: NetworkClient) -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(status=202)
        await response.prepare(request)
        await response.write(b"so far")
        await asyncio.sleep(60)
        return response

    async with serve(handler) as remote:
        posted = await post(client, remote.url, timeout_s=0.3)
    assert (posted.status, posted.body_clip) == (202, "")


async def test_connections_to_one_host_are_limited() -> None:
    active, most = 0, 0

    async def handler(_: web.Request) -> web.StreamResponse:
        nonlocal active, most
        active += 1
        most = max(most, active)
        await asyncio.sleep(0.02)
        active -= 1
        return web.Response(status=202)

    async with NetworkClient(SETTINGS, connections_per_host=2) as client, serve(handler) as remote:
        await asyncio.gather(*(post(client, remote.url) for _ in range(8)))
    assert most == 2


async def test_idle_connections_are_given_up_when_there_are_many() -> None:
    ports: list[int] = []

    async def handler(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        ports.append(request.transport.get_extra_info("peername")[1])
        return web.Response(status=202)

    async with NetworkClient(SETTINGS, keep_alive_sockets=0) as client, serve(handler) as remote:
        for _ in range(3):
            await post(client, remote.url)
    assert ports[0] == ports[1] != ports[2]


async def test_cookies_are_not_kept() -> None:
    dns = FakeDNS({"a.example": [["127.0.0.2"]]})
    cookie = note(**{"Set-Cookie": "a=b; Path=/"})
    async with NetworkClient(SETTINGS, resolver=dns) as client, serve(cookie) as remote:
        for _ in range(2):
            await fetch(client, f"http://a.example:{remote.port}/")
    assert "Cookie" not in remote.requests[1].headers


async def test_proxies_of_the_environment_are_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serve(answer(502)) as proxy, serve(note()) as remote:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        async with NetworkClient(SETTINGS) as client:
            assert (await fetch(client, remote.url)).status == 200
    assert proxy.requests == []


# --- the guard -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "0.0.0.0",
        "127.0.0.1.",
        "127。0。0。1",
        "localhost",
        "localhost.",
        "user@127.0.0.1",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:127.0.0.2]",
        "[::127.0.0.1]",
        "[2002:7f00:1::]",
        "[64:ff9b::7f00:1]",
        "[2001:0:7f00:1::]",
        "[fe80::1%25lo]",
    ],
)
@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_no_spelling_of_loopback_gets_through(client: NetworkClient, scheme: str, host: str) -> None:
    async with serve(note(), host="127.0.0.1") as remote:
        url = f"{scheme}://{host}:{remote.port}/"
        with pytest.raises(Blocked):
            await fetch(client, url)
        with pytest.raises(Blocked):
            await post(client, url)
    assert remote.requests == []


async def test_name_that_leads_to_a_private_address_is_blocked() -> None:
    dns = FakeDNS({"evil.example": [["127.0.0.1"]]})
    async with (
        NetworkClient(SETTINGS, resolver=dns) as client,
        serve(note(), host="127.0.0.1") as remote,
    ):
        with pytest.raises(Blocked) as caught:
            await fetch(client, f"http://evil.example:{remote.port}/")
    assert "127.0.0.1" not in caught.value.message
    assert classify(caught.value) is ErrorClass.UNSAFE
    assert remote.requests == []


@pytest.mark.parametrize("addresses", [["127.0.0.2", "127.0.0.1"], ["127.0.0.1", "127.0.0.2"]])
async def test_one_bad_address_blocks_the_name(addresses: list[str]) -> None:
    dns = FakeDNS({"mixed.example": [addresses]})
    async with NetworkClient(SETTINGS, resolver=dns) as client, serve(note()) as remote:
        with pytest.raises(Blocked):
            await fetch(client, f"http://mixed.example:{remote.port}/")
    assert remote.requests == []


async def test_rebinding_name_never_connects_to_the_second_answer() -> None:
    dns = FakeDNS({"rebind.example": [["127.0.0.2"], ["127.0.0.1"]]})
    closing = note(b"{}", Connection="close")
    async with NetworkClient(SETTINGS, resolver=dns) as client, serve(closing) as remote:
        for _ in range(3):
            await fetch(client, f"http://rebind.example:{remote.port}/")
        assert dns.lookups["rebind.example"] == 1
        assert len(remote.requests) == 3
    dns = FakeDNS({"rebind.example": [["127.0.0.2"], ["127.0.0.1"]]})
    async with NetworkClient(SETTINGS, resolver=dns, dns_ttl_s=0) as client, serve(closing) as remote:
        await fetch(client, f"http://rebind.example:{remote.port}/")
        with pytest.raises(Blocked):
            await fetch(client, f"http://rebind.example:{remote.port}/")
        assert len(remote.requests) == 1


@pytest.mark.parametrize("host", ["spam.example", "SPAM.example", "deep.spam.example", "very.deep.spam.example"])
async def test_refused_domain_and_what_lies_below_it_are_not_even_looked_up(host: str, database: Database) -> None:
    dns = FakeDNS({host.lower(): [["127.0.0.2"]], "notspam.example": [["127.0.0.2"]]})
    async with database.transaction() as db:
        await moderation.block_domain(db, "spam.example", "")
    async with NetworkClient(SETTINGS, refuses=refusals_of(database), resolver=dns) as client, serve(note()) as remote:
        with pytest.raises(Blocked):
            await fetch(client, f"http://{host}:{remote.port}/")
        async with serve(redirect_to(f"http://{host}:{remote.port}/")) as pointing:
            with pytest.raises(Blocked):
                await fetch(client, f"http://notspam.example:{pointing.port}/")
        assert (dns.lookups[host.lower()], remote.requests) == (0, [])
        await fetch(client, f"http://notspam.example:{remote.port}/")


@pytest.mark.parametrize("names", [{"a.example": [["8.8.8.8"]]}, {"a.example": [["127.0.0.2", "8.8.8.8"]]}])
async def test_plain_http_needs_every_address_in_allowed_networks(names: dict[str, list[list[str]]]) -> None:
    async with NetworkClient(SETTINGS, resolver=FakeDNS(names)) as client:
        for url in ("http://a.example:8000/", "http://8.8.8.8:8000/"):
            with pytest.raises(Blocked):
                await post(client, url)


async def test_answer_checked_for_https_does_not_serve_http() -> None:
    dns = FakeDNS({"a.example": [["127.0.0.2"], ["8.8.8.8"]]})
    async with NetworkClient(SETTINGS, resolver=dns) as client, serve(note()) as remote:
        with pytest.raises(Temporary):
            await post(client, f"https://a.example:{remote.port}/")
        with pytest.raises(Blocked):
            await post(client, f"http://a.example:{remote.port}/")


async def test_plain_http_is_off_without_allowed_networks() -> None:
    async with NetworkClient(replace(SETTINGS, allow_networks=())) as client:
        with pytest.raises(Blocked):
            await fetch(client, "http://a.example/")
        with pytest.raises(Blocked):
            await fetch(client, "https://127.0.0.2/")


async def test_ports_of_other_protocols_are_blocked() -> None:
    dns = FakeDNS({"mail.example": [["8.8.8.8"]]})
    async with NetworkClient(SETTINGS, resolver=dns) as client:
        for url in ("https://mail.example:25/", "https://8.8.8.8:25/"):
            with pytest.raises(Blocked):
                await post(client, url)


@pytest.mark.parametrize("url", ["http://localhost:8000/users/a", "http://LOCALHOST:8000", "http://localhost:8000/?#x"])
async def test_own_origin_is_never_asked(url: str) -> None:
    dns = FakeDNS({"localhost": [["127.0.0.2"]]})
    async with NetworkClient(SETTINGS, resolver=dns) as client:
        with pytest.raises(Blocked):
            await fetch(client, url)
        with pytest.raises(Blocked):
            await post(client, url)
    assert not dns.lookups


def test_sockets_are_guarded_once_more() -> None:
    factory = GuardedSockets(AddressRules(SETTINGS.allow_networks), OpenSockets(), plain=False)
    with pytest.raises(PermissionError):
        factory((socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 8000)))
    factory((socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.2", 8000))).close()


def test_closed_sockets_do_not_count_as_open() -> None:
    opened = OpenSockets()
    made = [socket.socket() for _ in range(3)]
    for one in made:
        opened.add(one)
    assert opened.exceed(2)
    made[0].close()
    assert not opened.exceed(2)
    for one in made:
        one.close()


# --- redirects -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_fetch_follows_redirects(client: NetworkClient, status: int) -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        if request.path == "/a":
            return web.Response(status=status, headers={"Location": "b?c#d"})
        return web.Response(body=b"{}", content_type=AS)

    async with serve(handler) as remote:
        assert (await fetch(client, remote.url + "/a")).url == remote.url + "/b?c"


@pytest.mark.parametrize(
    "location",
    [
        "http://127.0.0.1:{port}/",
        "http://2130706433:{port}/",
        "//localhost:{port}/",
        "http://localhost:8000/users/a",
        "https://user:pw@a.example/",
        "ftp://127.0.0.2/",
        "http://[::1]:{port}/",
        "https://a.example:25/",
    ],
)
async def test_redirects_pass_the_guard_again(location: str) -> None:
    dns = FakeDNS({"a.example": [["8.8.8.8"]], "localhost": [["127.0.0.1"]]})
    async with (
        NetworkClient(SETTINGS, resolver=dns) as client,
        serve(note(), host="127.0.0.1") as inner,
        serve(redirect_to(location.format(port=inner.port))) as remote,
    ):
        with pytest.raises(Rejected):
            await fetch(client, remote.url)
    assert len(remote.requests) == 1
    assert inner.requests == []


async def test_redirect_loops_end(client: NetworkClient) -> None:
    async with serve(redirect_to("/")) as remote:
        with pytest.raises(Rejected, match="circle"):
            await fetch(client, remote.url)
    assert len(remote.requests) == 1


async def test_at_most_three_redirects(client: NetworkClient) -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        step = int(request.query.get("n", "3"))
        if step == 0:
            return web.Response(body=b"{}", content_type=AS)
        return web.Response(status=302, headers={"Location": f"/?n={step - 1}"})

    async with serve(handler) as remote:
        assert (await fetch(client, remote.url)).status == 200
        with pytest.raises(Rejected, match="too often"):
            await fetch(client, remote.url + "/?n=4")


async def test_every_hop_is_signed_anew(client: NetworkClient) -> None:
    class UrlSigner:
        def sign(self, method: str, url: str, headers: dict[str, str], body: bytes | None) -> dict[str, str]:
            assert body is None
            return {"Signature": f"{method} {url} {headers['host']}"}

    async with serve(note()) as second, serve(redirect_to(second.url + "/b")) as first:
        await client.fetch(first.url + "/a", accept=AS, allowed_types=is_activity_type, sign=UrlSigner())
    for remote, path in ((first, "/a"), (second, "/b")):
        signature = f"GET {remote.url}{path} 127.0.0.2:{remote.port}"
        assert remote.requests[0].headers.getall("Signature") == [signature]


async def test_redirect_from_https_to_http_is_refused(certificate: Certificate) -> None:
    dns = FakeDNS({"remote.example": [["127.0.0.2"]]})
    async with (
        NetworkClient(SETTINGS, resolver=dns, ssl_context=certificate.client) as client,
        serve(note()) as plain,
        serve(redirect_to(plain.url), tls=certificate.server) as remote,
    ):
        with pytest.raises(Rejected, match="https to http"):
            await fetch(client, f"https://remote.example:{remote.port}/")
    assert plain.requests == []


# --- what comes back -----------------------------------------------------------------------------------


@pytest.mark.parametrize("content_type", ["text/html", "application/json", "application/ld+json", "image/png"])
async def test_other_content_types_are_rejected(client: NetworkClient, content_type: str) -> None:
    async with serve(note(**{"Content-Type": content_type})) as remote:
        with pytest.raises(Rejected, match="kind of document"):
            await fetch(client, remote.url)


async def endless(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": AS})
    response.enable_chunked_encoding()
    await response.prepare(request)
    while True:
        await response.write(b"x" * 10_000)


@pytest.mark.parametrize("handler", [note(b"x" * 50_001), endless])
async def test_oversize_is_cut_off(client: NetworkClient, handler: Handler) -> None:
    async with serve(handler) as remote:
        with pytest.raises(Rejected, match="more than is allowed"):
            await fetch(client, remote.url, max_bytes=50_000)


async def test_size_limit_itself_is_allowed(client: NetworkClient) -> None:
    for headers in ({}, {"Content-Encoding": "gzip"}):
        body = gzip.compress(b"x" * 50_000, mtime=0) if headers else b"x" * 50_000
        async with serve(note(body, **headers)) as remote:
            assert len((await fetch(client, remote.url, max_bytes=50_000)).body) == 50_000


async def test_gzip_bomb_is_cut_off_without_inflating_it(client: NetworkClient) -> None:
    bomb = gzip.compress(bytes(50_000_000))
    async with serve(note(bomb, **{"Content-Encoding": "gzip"})) as remote:
        tracemalloc.start()
        try:
            with pytest.raises(Rejected, match="more than is allowed"):
                await fetch(client, remote.url)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert peak < 6_000_000


@pytest.mark.parametrize(
    ("encoding", "body", "error"),
    [
        ("br", b"x", Rejected),
        ("gzip, gzip", b"x", Rejected),
        ("gzip", b"not gzip", Rejected),
        ("gzip", gzip.compress(b"x" * 100, mtime=0)[:-9], Temporary),
    ],
)
async def test_bad_compression_is_refused(
    client: NetworkClient, encoding: str, body: bytes, error: type[Exception]
) -> None:
    async with serve(note(body, **{"Content-Encoding": encoding})) as remote:
        with pytest.raises(error):
            await fetch(client, remote.url)


async def test_slow_body_runs_into_the_deadline(client: NetworkClient) -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": AS})
        await response.prepare(request)
        while True:
            await response.write(b"x")
            await asyncio.sleep(0.02)

    async with serve(handler) as remote:
        with pytest.raises(Temporary, match=r"did not answer within 0\.3 seconds\.") as caught:
            await fetch(client, remote.url, timeout_s=0.3)
    assert classify(caught.value) is ErrorClass.TIMEOUT


async def test_silent_server_is_a_timeout(client: NetworkClient) -> None:
    async def handler(_: web.Request) -> web.StreamResponse:
        await asyncio.sleep(60)
        raise AssertionError

    async with serve(handler) as remote:
        with pytest.raises(Temporary) as caught:
            await post(client, remote.url, timeout_s=0.2)
    assert classify(caught.value) is ErrorClass.TIMEOUT


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (204, Permanent),
        (304, Permanent),
        (400, Permanent),
        (401, Permanent),
        (404, NotFound),
        (408, Temporary),
        (410, Gone),
        (429, Temporary),
        (500, Temporary),
        (501, Permanent),
        (503, Temporary),
    ],
)
async def test_statuses_become_errors(client: NetworkClient, status: int, error: type[Exception]) -> None:
    async with serve(answer(status, **{"Retry-After": "90"})) as remote:
        with pytest.raises(error) as caught:
            await fetch(client, remote.url)
    assert type(caught.value) is error
    assert classify(caught.value) is classify_status(status)
    if isinstance(caught.value, Temporary):
        assert (caught.value.retry_after_s, caught.value.body) == (90, "why not")


# --- failures ------------------------------------------------------------------------------------------


async def test_closed_port_is_a_connect_failure(client: NetworkClient) -> None:
    async with serve(note()) as remote:
        pass
    with pytest.raises(Temporary) as caught:
        await post(client, remote.url)
    assert classify(caught.value) is ErrorClass.CONNECTION


@pytest.mark.parametrize(("sent", "said"), [(b"", "broke off"), (b"SSH-2.0-OpenSSH\r\n\r\n", "proper HTTP")])
async def test_no_http_is_told_apart(client: NetworkClient, sent: bytes, said: str) -> None:
    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(sent)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.2", 0)
    async with server:
        with pytest.raises(Temporary, match=said) as caught:
            await post(client, f"http://127.0.0.2:{server.sockets[0].getsockname()[1]}/")
    assert classify(caught.value) is ErrorClass.BROKEN


async def test_unknown_name_is_final_for_a_fetch_and_not_for_a_delivery() -> None:
    async with NetworkClient(SETTINGS, resolver=FakeDNS({})) as client:
        with pytest.raises(Permanent) as fetched:
            await fetch(client, "https://nowhere.example/")
        with pytest.raises(Temporary) as posted:
            await post(client, "https://nowhere.example/")
    assert classify(fetched.value) is classify(posted.value) is ErrorClass.DNS


async def test_tls_is_verified(certificate: Certificate) -> None:
    names = {"remote.example": [["127.0.0.2"]], "other.example": [["127.0.0.2"]]}
    async with (
        serve(note(), tls=certificate.server) as remote,
        NetworkClient(SETTINGS, resolver=FakeDNS(names), ssl_context=certificate.client) as trusting,
        NetworkClient(SETTINGS, resolver=FakeDNS(names)) as strict,
    ):
        assert (await fetch(trusting, f"https://remote.example:{remote.port}/")).status == 200
        for client, host in ((trusting, "other.example"), (strict, "remote.example")):
            with pytest.raises(Temporary) as caught:
                await post(client, f"https://{host}:{remote.port}/")
            assert classify(caught.value) is ErrorClass.TLS


NOW = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("²", None),
        ("0", 0.0),
        (" 120 ", 120.0),
        ("9" * 5000, 86_400.0),
        ("Sat, 21 Nov 2026 12:01:00 GMT", 60.0),
        ("Sat, 21 Nov 2026 12:01:00 -0000", 60.0),
        ("Sat, 21 Nov 2026 11:00:00 GMT", 0.0),
        ("Sat, 21 Nov 2099 11:00:00 GMT", 86_400.0),
    ],
)
def test_retry_after_is_read_and_clamped(value: str | None, expected: float | None) -> None:
    assert retry_after_s(value, now=NOW) == expected


@dataclass(frozen=True, slots=True)
class Certificate:
    """Both ends of a TLS connection to remote.example."""

    server: ssl.SSLContext
    client: ssl.SSLContext


@pytest.fixture
def certificate(tmp_path: Path) -> Certificate:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "remote.example")])
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("remote.example")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = signed.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    chain = tmp_path / "chain.pem"
    chain.write_bytes(pem + private)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(chain)
    return Certificate(server, ssl.create_default_context(cadata=pem.decode()))
