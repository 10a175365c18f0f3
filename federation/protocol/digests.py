"""Body digests: `Digest` as draft-cavage senders use it, and `Content-Digest` (RFC 9530)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable
from enum import Enum
from typing import cast

import http_sf


class DigestCheck(Enum):
    """What comparing a digest header with a body showed."""

    MATCH = "match"
    MISMATCH = "mismatch"
    UNSUPPORTED = "unsupported"
    """The header names only algorithms that we do not compute; proves nothing, so it counts as a failure."""
    MALFORMED = "malformed"


def body_sha256(body: bytes) -> bytes:
    """Hash the body; one fan-out computes this once and passes it to every signature."""
    return hashlib.sha256(body).digest()


def format_digest(sha256: bytes) -> str:
    """Write the `Digest` header. Upper case and a single value: some peers compare it byte for byte."""
    return "SHA-256=" + base64.b64encode(sha256).decode()


def format_content_digest(sha256: bytes) -> str:
    """Write the `Content-Digest` header (RFC 9530 §2)."""
    return f"sha-256=:{base64.b64encode(sha256).decode()}:"


def check_digest(header: str, body: bytes) -> DigestCheck:
    """Compare a `Digest` header (comma-separated values, names in any case) with `body` in constant time."""
    claimed = []
    for value in header.split(","):
        name, separator, encoded = value.strip().partition("=")
        if not separator:
            return DigestCheck.MALFORMED
        if name.lower() == "sha-256":
            try:
                claimed.append(base64.b64decode(encoded, validate=True))
            except ValueError:
                return DigestCheck.MALFORMED
    if not claimed:
        return DigestCheck.UNSUPPORTED
    actual = body_sha256(body)
    return _verdict(hmac.compare_digest(digest, actual) for digest in claimed)


def check_content_digest(header: str, body: bytes) -> DigestCheck:
    """Compare a `Content-Digest` header with `body` in constant time; every known algorithm must match."""
    try:
        members = cast("dict[str, object]", http_sf.parse(header.encode("ascii"), tltype="dictionary"))
    except ValueError:
        return DigestCheck.MALFORMED
    verdicts = []
    for name, hasher in (("sha-256", hashlib.sha256), ("sha-512", hashlib.sha512)):
        match members.get(name):
            case None:
                pass
            case (bytes(digest), _):
                verdicts.append(hmac.compare_digest(digest, hasher(body).digest()))
            case _:
                return DigestCheck.MALFORMED
    return _verdict(verdicts) if verdicts else DigestCheck.UNSUPPORTED


def _verdict(matches: Iterable[bool]) -> DigestCheck:
    return DigestCheck.MATCH if all(matches) else DigestCheck.MISMATCH
