"""Web Push: payloads encrypted for one subscription (RFC 8291, and the draft before it), signed for (RFC 8292)."""

from __future__ import annotations

import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from typing import Final

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from federation.errors import Invalid

# One record holds it all: push services take no more (RFC 8030 §7.2).
_RECORD_SIZE: Final = 4096
_CURVE: Final = ec.SECP256R1()


@dataclass(frozen=True, slots=True)
class Subscriber:
    """Whom a payload is encrypted for: the public key of the app, and the secret that it shares with us."""

    p256dh: bytes
    auth: bytes


@dataclass(frozen=True, slots=True)
class Encrypted:
    """An encrypted payload, and the headers that go with it."""

    body: bytes
    headers: dict[str, str]


def to_base64(data: bytes) -> str:
    """Write bytes as URLs carry them, unpadded."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def read_subscriber(p256dh: str, auth: str) -> Subscriber:
    """Read a subscription's keys, in either alphabet of Base64; raise `Invalid` for what are none."""
    subscriber = Subscriber(_from_base64(p256dh), _from_base64(auth))
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, subscriber.p256dh)
    except ValueError as exc:
        raise Invalid("Key p256dh is not a public key.", field="subscription") from exc
    if len(subscriber.p256dh) != 65 or len(subscriber.auth) != 16:
        raise Invalid("Key auth is not a secret of 16 bytes.", field="subscription")
    return subscriber


def _from_base64(text: str) -> bytes:
    text = text.rstrip("=").replace("+", "-").replace("/", "_")
    try:
        return urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError as exc:
        raise Invalid("A key of the subscription is not Base64.", field="subscription") from exc


def make_key() -> bytes:
    """Make a private key (P-256) of ours."""
    return ec.generate_private_key(_CURVE).private_numbers().private_value.to_bytes(32)


def _private(key: bytes) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(key), _CURVE)


def public_key(key: bytes) -> bytes:
    """Return the public key of a private one, as a point."""
    return _private(key).public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _derive(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(SHA256(), length, salt, info).derive(secret)


def encrypt(
    payload: bytes, to: Subscriber, *, standard: bool, key: bytes | None = None, salt: bytes = b""
) -> Encrypted:
    """Encrypt as RFC 8291 (aes128gcm) says, or as its fourth draft did (aesgcm).

    `key` and `salt` are fresh for every message; giving them is for test vectors.
    """
    private = _private(key or make_key())
    salt = salt or os.urandom(16)
    own = private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    shared = private.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, to.p256dh))
    if standard:
        secret = _derive(shared, to.auth, b"WebPush: info\0" + to.p256dh + own, 32)
        content_key = _derive(secret, salt, b"Content-Encoding: aes128gcm\0", 16)
        nonce = _derive(secret, salt, b"Content-Encoding: nonce\0", 12)
        sealed = AESGCM(content_key).encrypt(nonce, payload + b"\x02", None)
        header = salt + _RECORD_SIZE.to_bytes(4) + len(own).to_bytes(1) + own
        return Encrypted(header + sealed, {"content-encoding": "aes128gcm"})
    secret = _derive(shared, to.auth, b"Content-Encoding: auth\0", 32)
    context = b"P-256\0" + len(to.p256dh).to_bytes(2) + to.p256dh + len(own).to_bytes(2) + own
    content_key = _derive(secret, salt, b"Content-Encoding: aesgcm\0" + context, 16)
    nonce = _derive(secret, salt, b"Content-Encoding: nonce\0" + context, 12)
    sealed = AESGCM(content_key).encrypt(nonce, b"\0\0" + payload, None)
    headers = {
        "content-encoding": "aesgcm",
        "encryption": f"salt={to_base64(salt)}",
        "crypto-key": f"dh={to_base64(own)}",
    }
    return Encrypted(sealed, headers)


def authorise(headers: dict[str, str], *, key: bytes, audience: str, subject: str, expires_at: int) -> dict[str, str]:
    """Add who sends this (RFC 8292): a token for the push service's origin, in the form of the payload's encoding."""
    head, claims = {"typ": "JWT", "alg": "ES256"}, {"aud": audience, "exp": expires_at, "sub": subject}
    signed = ".".join(to_base64(orjson.dumps(part)) for part in (head, claims))
    r, s = decode_dss_signature(_private(key).sign(signed.encode(), ec.ECDSA(SHA256())))
    token = f"{signed}.{to_base64(r.to_bytes(32) + s.to_bytes(32))}"
    own = to_base64(public_key(key))
    if headers["content-encoding"] == "aes128gcm":
        return headers | {"authorization": f"vapid t={token}, k={own}"}
    return headers | {"authorization": f"WebPush {token}", "crypto-key": f"{headers['crypto-key']};p256ecdsa={own}"}


def seal(secret: bytes, text: str, about: bytes) -> bytes:
    """Encrypt a text for ourselves; it opens only together with what it is about."""
    nonce = os.urandom(12)
    return nonce + AESGCM(_derive(secret, b"", b"sealed", 32)).encrypt(nonce, text.encode(), about)


def unseal(secret: bytes, sealed: bytes, about: bytes) -> str:
    """Open what `seal` closed; an empty text when it was closed with another secret."""
    try:
        return AESGCM(_derive(secret, b"", b"sealed", 32)).decrypt(sealed[:12], sealed[12:], about).decode()
    except InvalidTag:
        return ""
