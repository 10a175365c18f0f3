"""HTTP signatures in both schemes, as pure functions with tagged results."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from federation.protocol.signatures.cavage import parse_cavage, sign_cavage
from federation.protocol.signatures.challenges import Challenge, accept_signature, parse_accept_signature
from federation.protocol.signatures.request import SignedRequest, collect_headers
from federation.protocol.signatures.rfc9421 import parse_rfc9421, sign_rfc9421
from federation.protocol.signatures.verification import (
    Parsed,
    Reason,
    Refusal,
    Refused,
    Scheme,
    Verified,
    check,
)

__all__ = [
    "Challenge",
    "Parsed",
    "Reason",
    "Refused",
    "Scheme",
    "SignedRequest",
    "Verified",
    "accept_signature",
    "check",
    "collect_headers",
    "parse",
    "parse_accept_signature",
    "sign_cavage",
    "sign_rfc9421",
]


def parse(request: SignedRequest, now: datetime, authorities: Collection[str]) -> Parsed | Refused:
    """Read the signature of a request and check all that needs no key, body digest included.

    `authorities` are the host[:port] names of this server, lower-case, without default ports. A request
    with `Signature-Input` is read as RFC 9421 and nothing else: the two schemes share the `Signature` header.
    """
    try:
        if "signature-input" in request.headers:
            return parse_rfc9421(request, now, authorities)
        if "signature" in request.headers:
            return parse_cavage(request, now, authorities)
    except Refusal as refusal:
        return refusal.refused
    return Refused(Reason.MISSING, "The request is not signed.")
