"""One attempt to deliver, against real servers on loopback that check signatures."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import ip_network

import pytest
from aiohttp import web
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from federation.protocol.keys import load_private_key, parse_public_key_pem
from federation.protocol.retry import ErrorClass
from federation.protocol.signatures import Refused, Scheme, SignedRequest, check, parse
from federation.remote.deliver import Letter, SendResult, send
from federation.remote.keyring import SigningKey
from federation.remote.network import NetworkClient
from federation.settings import AllowedNetwork, Settings
from tests.protocol.signature_keys import RSA_PEM

SETTINGS = Settings(origin="http://localhost:8000", allow_networks=(AllowedNetwork(ip_network("127.0.0.2/32")),))
BODY = b'{"type":"Create"}'
_RSA = load_pem_private_key(RSA_PEM, None)
_DER = _RSA.private_bytes(
    serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
)  # fmt: skip
KEY = SigningKey("http://localhost:8000/users/alice#main-key", load_private_key(_DER))
PUBLIC = parse_public_key_pem(
    _RSA.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()
)

Decide = Callable[[Scheme, str], web.Response | int]


@dataclass
class Inbox:
    """An inbox that verifies what it gets, then answers as it was told."""

    url: str = ""
    schemes: list[Scheme] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)


@asynccontextmanager
async def inbox(decide: Decide) -> AsyncIterator[Inbox]:
    """Serve an inbox; `decide` is given the scheme and the signature's parameters."""
    made = Inbox()

    async def receive(request: web.BaseRequest) -> web.StreamResponse:
        body = await request.read()
        headers: dict[str, list[str]] = {}
        for name, value in request.headers.items():
            headers.setdefault(name.lower(), []).append(value)
        signed = SignedRequest(request.method, "http", request.raw_path, headers, body)
        parsed = parse(signed, datetime.now(UTC), [request.host])
        assert not isinstance(parsed, Refused), parsed
        assert not isinstance(check(parsed, PUBLIC), Refused)
        made.schemes.append(parsed.scheme)
        made.bodies.append(body)
        answer = decide(parsed.scheme, request.headers.get("signature-input", ""))
        return web.Response(status=answer, text="Why not.") if isinstance(answer, int) else answer

    runner = web.ServerRunner(web.Server(receive), shutdown_timeout=0)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.2", 0).start()
        made.url = f"http://127.0.0.2:{runner.addresses[0][1]}/inbox?for=all"
        yield made
    finally:
        await runner.cleanup()


async def deliver(url: str, scheme: Scheme | None = None) -> SendResult:
    async with NetworkClient(SETTINGS) as network:
        letter = Letter(url, BODY, hashlib.sha256(BODY).digest(), scheme)
        return await send(network, KEY, letter, lambda: datetime.now(UTC))


@pytest.mark.parametrize("scheme", [None, Scheme.CAVAGE, Scheme.RFC9421])
async def test_the_remembered_scheme_comes_first_and_cavage_without_memory(scheme: Scheme | None) -> None:
    async with inbox(lambda *_: 202) as box:
        result = await deliver(box.url, scheme)
    assert box.schemes == [scheme or Scheme.CAVAGE]
    assert box.bodies == [BODY]
    assert (result.status, result.scheme) == (202, scheme or Scheme.CAVAGE)


@pytest.mark.parametrize("status", [400, 401, 403])
@pytest.mark.parametrize("first", list(Scheme))
async def test_a_refused_signature_is_followed_by_the_other_scheme_with_the_same_body(
    status: int, first: Scheme
) -> None:
    async with inbox(lambda scheme, _: status if scheme is first else 202) as box:
        result = await deliver(box.url, first)
    assert len(box.schemes) == 2 and box.schemes[0] is first
    assert box.bodies == [BODY, BODY]
    assert result.status == 202
    assert result.scheme is box.schemes[1] is not first


@pytest.mark.parametrize("status", [404, 410, 413, 422, 429, 500, 503])
async def test_other_answers_are_not_knocked_at_twice(status: int) -> None:
    async with inbox(lambda *_: status) as box:
        result = await deliver(box.url)
    assert len(box.schemes) == 1
    assert (result.answer, result.body_clip) == (status, "Why not.")
    assert str(status) in result.message


@pytest.mark.parametrize(
    ("to_cavage", "to_rfc9421", "counts"), [(401, 400, 401), (400, 401, 401), (403, 400, 403), (401, 500, 500)]
)
async def test_the_answer_to_an_unknown_scheme_does_not_hide_the_other(
    to_cavage: int, to_rfc9421: int, counts: int
) -> None:
    async with inbox(lambda scheme, _: to_cavage if scheme is Scheme.CAVAGE else to_rfc9421) as box:
        assert (await deliver(box.url)).answer == counts


async def test_the_signature_that_is_asked_for_is_made() -> None:
    challenge = {"accept-signature": 'sig7=("@method" "@target-uri" "content-digest");created;nonce="n1";tag="t"'}

    def decide(_: Scheme, parameters: str) -> web.Response | int:
        return 202 if 'nonce="n1"' in parameters else web.Response(status=401, headers=challenge)

    async with inbox(decide) as box:
        assert (await deliver(box.url)).status == 202
        assert (await deliver(box.url, Scheme.RFC9421)).status == 202
    assert box.schemes == [Scheme.CAVAGE, Scheme.RFC9421, Scheme.RFC9421, Scheme.RFC9421]


async def test_a_signature_that_we_cannot_make_is_not_tried() -> None:
    refusal = {"accept-signature": 'sig1=("@method");alg="ecdsa-p256-sha256"'}
    async with inbox(lambda *_: web.Response(status=401, headers=refusal)) as box:
        assert (await deliver(box.url)).status == 401
    assert box.schemes == [Scheme.CAVAGE]


async def test_retry_after_is_passed_on() -> None:
    async with inbox(lambda *_: web.Response(status=503, headers={"retry-after": "77"})) as box:
        assert (await deliver(box.url)).retry_after_s == 77


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("http://127.0.0.2:9/inbox", ErrorClass.CONNECTION),
        ("http://192.168.1.1/inbox", ErrorClass.UNSAFE),
        ("gopher://nowhere", ErrorClass.UNSAFE),
    ],
)
async def test_what_does_not_answer_is_a_result_too(url: str, kind: ErrorClass) -> None:
    result = await deliver(url)
    assert result.answer is kind
    assert result.status is None
    assert result.message
