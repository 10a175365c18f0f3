"""A push service on loopback, and an app that decrypts what comes through it, by the RFC's own steps."""

from __future__ import annotations

import os
from base64 import urlsafe_b64decode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from hmac import digest

from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from federation.protocol.web_push import to_base64


def _raw(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _hkdf(salt: bytes, secret: bytes, info: bytes, length: int) -> bytes:
    return digest(digest(salt, secret, sha256), info + b"\x01", sha256)[:length]


class Receiver:
    """An app's side of a subscription."""

    def __init__(self) -> None:
        self._private = ec.generate_private_key(ec.SECP256R1())
        self._point = self._private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        self._secret = os.urandom(16)
        self.p256dh, self.auth = to_base64(self._point), to_base64(self._secret)

    def decrypt(self, body: bytes, headers: dict[str, str]) -> bytes:
        """Return what was encrypted for this app."""
        if headers["content-encoding"] == "aes128gcm":
            salt, length = body[:16], body[20]
            sender, sealed = body[21 : 21 + length], body[21 + length :]
            secret = _hkdf(self._secret, self._shared(sender), b"WebPush: info\0" + self._point + sender, 32)
            key = _hkdf(salt, secret, b"Content-Encoding: aes128gcm\0", 16)
            plain = AESGCM(key).decrypt(_hkdf(salt, secret, b"Content-Encoding: nonce\0", 12), sealed, None)
            assert plain.endswith(b"\x02")
            return plain[:-1]
        salt = _raw(headers["encryption"].removeprefix("salt="))
        sender = _raw(headers["crypto-key"].partition(";")[0].removeprefix("dh="))
        secret = _hkdf(self._secret, self._shared(sender), b"Content-Encoding: auth\0", 32)
        context = b"P-256\0\0\x41" + self._point + b"\0\x41" + sender
        key = _hkdf(salt, secret, b"Content-Encoding: aesgcm\0" + context, 16)
        nonce = _hkdf(salt, secret, b"Content-Encoding: nonce\0" + context, 12)
        return AESGCM(key).decrypt(nonce, body, None)[2:]

    def _shared(self, sender: bytes) -> bytes:
        return self._private.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sender))


@dataclass
class PushService:
    """Takes pushes, and answers them with `status`."""

    url: str = ""
    status: int = 201
    taken: list[tuple[bytes, dict[str, str]]] = field(default_factory=list)

    async def _take(self, request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.taken.append((await request.read(), headers))
        return web.Response(status=self.status)


@asynccontextmanager
async def push_service() -> AsyncIterator[PushService]:
    """Run a push service for the length of the block."""
    service = PushService()
    app = web.Application()
    app.router.add_post("/push/{id}", service._take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    service.url = f"http://127.0.0.1:{port}/push/1"
    try:
        yield service
    finally:
        await runner.cleanup()
