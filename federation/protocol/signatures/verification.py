"""What both signature schemes share: the tagged results, the clock window, and the check against a key."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from federation.protocol.digests import DigestCheck
from federation.protocol.keys import KeyAlgorithm, PublicKey
from federation.protocol.signatures.request import SignedRequest

MAX_AGE = timedelta(hours=1)
MAX_AHEAD = timedelta(minutes=15)
# A long list would let a small request build a large signature base.
MAX_COVERED = 32


class Scheme(StrEnum):
    """How a request is signed; the word that the memory of a host stores."""

    CAVAGE = "cavage"
    RFC9421 = "rfc9421"


class Reason(StrEnum):
    """Why a signature or proof was refused."""

    MISSING = "missing"
    MALFORMED = "malformed"
    DUPLICATE_PARAMETER = "duplicate_parameter"
    MULTIPLE_SIGNATURES = "multiple_signatures"
    UNCOVERED = "uncovered"
    MISSING_COMPONENT = "missing_component"
    UNSUPPORTED_COMPONENT = "unsupported_component"
    WRONG_HOST = "wrong_host"
    STALE = "stale"
    FUTURE = "future"
    DIGEST_MISSING = "digest_missing"
    DIGEST_MISMATCH = "digest_mismatch"
    UNSUPPORTED_ALGORITHM = "unsupported_algorithm"
    BAD_SIGNATURE = "bad_signature"


@dataclass(frozen=True, slots=True)
class Refused:
    """No proof of who sent it; `detail` is a sentence for the admin of the peer."""

    reason: Reason
    detail: str


@dataclass(frozen=True, slots=True)
class Parsed:
    """A signature that is well formed, fresh and covers enough, waiting for its key.

    `bases` are the readings of the request that the signature may fit, likeliest first. `replay_id` names
    this signature; until `replay_until` a second request with it would pass every other check.
    """

    scheme: Scheme
    key_id: str
    algorithm: str | None
    bases: tuple[bytes, ...]
    signature: bytes
    created_at: datetime
    replay_id: bytes
    replay_until: datetime


@dataclass(frozen=True, slots=True)
class Verified:
    """The holder of the key `key_id` sent this request; who owns that key is for the caller to know."""

    scheme: Scheme
    key_id: str
    created_at: datetime
    replay_id: bytes
    replay_until: datetime


class Refusal(Exception):
    """Unwinds a parse that failed. It never leaves this package: `parse` returns its `refused`."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.refused = Refused(reason, detail)


_ALGORITHMS = {
    (Scheme.CAVAGE, KeyAlgorithm.RSA): (None, "hs2019", "rsa-sha256"),
    (Scheme.CAVAGE, KeyAlgorithm.ED25519): (None, "hs2019", "ed25519"),
    (Scheme.RFC9421, KeyAlgorithm.RSA): (None, "rsa-v1_5-sha256"),
    (Scheme.RFC9421, KeyAlgorithm.ED25519): (None, "ed25519"),
}


def check(parsed: Parsed, key: PublicKey) -> Verified | Refused:
    """Check the signature with the key that its key id led to."""
    if parsed.algorithm not in _ALGORITHMS[parsed.scheme, key.algorithm]:
        return Refused(
            Reason.UNSUPPORTED_ALGORITHM,
            f"The signature says {quoted(parsed.algorithm or '')}, but its key is of type {key.algorithm}.",
        )
    if any(key.verify(parsed.signature, base) for base in parsed.bases):
        return Verified(parsed.scheme, parsed.key_id, parsed.created_at, parsed.replay_id, parsed.replay_until)
    return Refused(Reason.BAD_SIGNATURE, "The signature does not fit this request and the sender's key.")


def parsed_signature(
    scheme: Scheme,
    *,
    key_id: str,
    algorithm: str | None,
    bases: tuple[bytes, ...],
    signature: bytes,
    created: float,
    expires: float | None,
    now: datetime,
) -> Parsed:
    """Build the result of a parse after the checks that both schemes have in common.

    `created` and `expires` are seconds since 1970.
    """
    if not key_id or not key_id.isascii():
        raise Refusal(Reason.MALFORMED, "The key id is not a URL.")
    if algorithm is not None and not any(algorithm in names for (of, _), names in _ALGORITHMS.items() if of is scheme):
        raise Refusal(Reason.UNSUPPORTED_ALGORITHM, f"The signature algorithm {quoted(algorithm)} is not supported.")
    _check_window(created, expires, now.timestamp())
    created_at = datetime.fromtimestamp(created, UTC)
    replay_until = created_at + MAX_AGE
    if expires is not None and expires < replay_until.timestamp():
        replay_until = datetime.fromtimestamp(expires, UTC)
    name = hashlib.sha256(key_id.encode() + b"\0" + signature).digest()
    return Parsed(scheme, key_id, algorithm, bases, signature, created_at, name, replay_until)


def _check_window(created: float, expires: float | None, now: float) -> None:
    if created < now - MAX_AGE.total_seconds():
        raise Refusal(Reason.STALE, "The signature is more than an hour old; is the sender's clock right?")
    if created > now + MAX_AHEAD.total_seconds():
        raise Refusal(
            Reason.FUTURE,
            "The signature is dated more than 15 minutes in the future; is the sender's clock right?",
        )
    if expires is not None and expires < now:
        raise Refusal(Reason.STALE, "The signature has expired.")


def check_host(request: SignedRequest, authorities: Collection[str]) -> None:
    """Refuse a request meant for another server, so that a signature cannot be passed on to us."""
    if request.authority not in authorities:
        raise Refusal(Reason.WRONG_HOST, "The Host header does not name this server.")


def check_covered(covered: Collection[str], required: Collection[str]) -> None:
    """Refuse a signature that leaves out what it must protect, or that lists anything twice."""
    if len(covered) > MAX_COVERED:
        raise Refusal(Reason.MALFORMED, f"A signature may cover at most {MAX_COVERED} components.")
    if len(set(covered)) != len(covered):
        raise Refusal(Reason.DUPLICATE_PARAMETER, "The signature covers something twice.")
    missing = [name for name in required if name not in covered]
    if missing:
        raise Refusal(
            Reason.UNCOVERED,
            f"The signature must cover {', '.join(required)}; it leaves out {', '.join(missing)}.",
        )


def check_body(verdict: DigestCheck, header: str) -> None:
    """Refuse anything but a matching digest; `header` is the name the sender knows it by."""
    match verdict:
        case DigestCheck.MISMATCH:
            raise Refusal(Reason.DIGEST_MISMATCH, f"The {header} header does not match the body.")
        case DigestCheck.UNSUPPORTED:
            raise Refusal(Reason.UNSUPPORTED_ALGORITHM, f"The {header} header has no SHA-256 value.")
        case DigestCheck.MALFORMED:
            raise Refusal(Reason.MALFORMED, f"The {header} header is malformed.")


def check_line(value: str) -> str:
    """Return a header value that may stand in a signature base; a line break would forge further lines."""
    if "\n" in value or "\r" in value:
        raise Refusal(Reason.MALFORMED, "A covered header contains a line break.")
    return value


def quoted(text: str) -> str:
    """Quote what a stranger sent, short and in ASCII, for a sentence."""
    return ascii(text[:60])
