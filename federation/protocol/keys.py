"""Key material: RSA and Ed25519 pairs, and the forms in which public keys travel."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import (
    RSAPrivateKey,
    RSAPublicKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
    load_der_public_key,
    load_pem_public_key,
)

from federation.errors import Invalid
from federation.protocol.multibase import decode_multibase, encode_multibase

RSA_BITS = 2048
_MAX_RSA_BITS = 8192
# An exponent as long as the modulus would make each verification as dear as a signature.
_MAX_EXPONENT_BITS = 33
_MAX_PEM_CHARS = 8_192
# Multicodec prefixes, as varints (https://github.com/multiformats/multicodec).
_ED25519_PREFIX = b"\xed\x01"
_RSA_PREFIX = b"\x85\x24"


class KeyAlgorithm(StrEnum):
    """The key types that the fediverse signs with."""

    RSA = "rsa"
    ED25519 = "ed25519"


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key that passed our limits, tagged with its type."""

    algorithm: KeyAlgorithm
    key: RSAPublicKey | Ed25519PublicKey

    def verify(self, signature: bytes, message: bytes) -> bool:
        """Return whether `signature` (RSASSA-PKCS1-v1_5 with SHA-256, or Ed25519) fits `message`."""
        try:
            if isinstance(self.key, RSAPublicKey):
                self.key.verify(signature, message, PKCS1v15(), hashes.SHA256())
            else:
                self.key.verify(signature, message)
        except InvalidSignature:
            return False
        return True

    def to_pem(self) -> str:
        """Write the key as `publicKeyPem` carries it."""
        return self.key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    def to_der(self) -> bytes:
        """Write the key as SubjectPublicKeyInfo; `load_public_key` reads it back."""
        return self.key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    def to_multikey(self) -> str:
        """Write the key as `publicKeyMultibase` carries it (FEP-521a)."""
        if isinstance(self.key, RSAPublicKey):
            return encode_multibase(_RSA_PREFIX + self.key.public_bytes(Encoding.DER, PublicFormat.PKCS1))
        return encode_multibase(_ED25519_PREFIX + self.key.public_bytes(Encoding.Raw, PublicFormat.Raw))


@dataclass(frozen=True, slots=True)
class PrivateKey:
    """A private key of one of our own actors."""

    algorithm: KeyAlgorithm
    key: RSAPrivateKey | Ed25519PrivateKey

    def sign(self, message: bytes) -> bytes:
        """Sign with RSASSA-PKCS1-v1_5 and SHA-256 (0.9 ms), or Ed25519 (0.07 ms)."""
        if isinstance(self.key, RSAPrivateKey):
            return self.key.sign(message, PKCS1v15(), hashes.SHA256())
        return self.key.sign(message)

    def public_key(self) -> PublicKey:
        """Return the public half."""
        return PublicKey(self.algorithm, self.key.public_key())

    def to_der(self) -> bytes:
        """Write the key as PKCS8, the form in which it is stored; `load_private_key` reads it back."""
        return self.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


def generate_rsa_key() -> PrivateKey:
    """Make an RSA-2048 pair. Takes about 0.1 s of CPU: call it in a thread."""
    return PrivateKey(KeyAlgorithm.RSA, generate_private_key(public_exponent=65537, key_size=RSA_BITS))


def generate_ed25519_key() -> PrivateKey:
    """Make an Ed25519 pair."""
    return PrivateKey(KeyAlgorithm.ED25519, Ed25519PrivateKey.generate())


def load_private_key(der: bytes) -> PrivateKey:
    """Read a key that `PrivateKey.to_der` wrote; parsed keys are worth caching."""
    # The check of the primes costs 50 to 75 ms and proves nothing about keys that we made ourselves.
    key = load_der_private_key(der, password=None, unsafe_skip_rsa_key_validation=True)
    if isinstance(key, RSAPrivateKey):
        return PrivateKey(KeyAlgorithm.RSA, key)
    if isinstance(key, Ed25519PrivateKey):
        return PrivateKey(KeyAlgorithm.ED25519, key)
    raise Invalid("Only RSA and Ed25519 keys are supported.")


def load_public_key(der: bytes) -> PublicKey:
    """Read a SubjectPublicKeyInfo or PKCS1 key; raise Invalid outside our limits."""
    try:
        return _tagged(load_der_public_key(der))
    except (ValueError, UnsupportedAlgorithm) as exc:
        raise Invalid("The public key is not readable.") from exc


def parse_public_key_pem(pem: str) -> PublicKey:
    """Read `publicKeyPem` of an actor; raise Invalid when it is not an RSA or Ed25519 key in our limits."""
    if len(pem) > _MAX_PEM_CHARS:
        raise Invalid("The public key is too long.")
    try:
        return _tagged(load_pem_public_key(pem.encode()))
    except (ValueError, UnsupportedAlgorithm) as exc:
        raise Invalid("The public key is not readable PEM.") from exc


def parse_multikey(text: str) -> PublicKey:
    """Read `publicKeyMultibase` of a Multikey (FEP-521a); raise Invalid for other key types."""
    data = decode_multibase(text)
    if data.startswith(_ED25519_PREFIX):
        try:
            return PublicKey(KeyAlgorithm.ED25519, Ed25519PublicKey.from_public_bytes(data[2:]))
        except ValueError as exc:
            raise Invalid("An Ed25519 public key has 32 bytes.") from exc
    if data.startswith(_RSA_PREFIX):
        return load_public_key(data[2:])
    raise Invalid("Only RSA and Ed25519 keys are supported.")


def _tagged(key: object) -> PublicKey:
    if isinstance(key, Ed25519PublicKey):
        return PublicKey(KeyAlgorithm.ED25519, key)
    if not isinstance(key, RSAPublicKey):
        raise Invalid("Only RSA and Ed25519 keys are supported.")
    if not RSA_BITS <= key.key_size <= _MAX_RSA_BITS:
        raise Invalid(f"RSA keys must have {RSA_BITS} to {_MAX_RSA_BITS} bits; this one has {key.key_size}.")
    if key.public_numbers().e.bit_length() > _MAX_EXPONENT_BITS:
        raise Invalid("The exponent of the RSA key is too large.")
    return PublicKey(KeyAlgorithm.RSA, key)
