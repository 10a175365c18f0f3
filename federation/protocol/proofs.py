"""Object integrity proofs (FEP-8b32, `eddsa-jcs-2022`): signatures that travel with a document."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import jcs
import orjson

from federation.errors import Invalid
from federation.protocol.keys import KeyAlgorithm, PrivateKey, PublicKey
from federation.protocol.multibase import decode_multibase, encode_multibase
from federation.protocol.signatures.verification import MAX_AHEAD, Reason, Refusal, Refused, quoted

CRYPTOSUITE = "eddsa-jcs-2022"
PROOF_CONTEXT = "https://w3id.org/security/data-integrity/v2"


@dataclass(frozen=True, slots=True)
class ParsedProof:
    """A proof that is well formed and has not expired, waiting for the key at `verification_method`."""

    verification_method: str
    message: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class VerifiedProof:
    """The holder of the key wrote the document.

    Whether that key is an `assertionMethod` of the actor whose document this is, on the same origin, is for
    the caller to check.
    """

    verification_method: str


def add_proof(
    document: Mapping[str, Any], *, key: PrivateKey, verification_method: str, now: datetime
) -> dict[str, Any]:
    """Return `document` with a proof; its `@context` must be an array (Mastodon demands that)."""
    if key.algorithm is not KeyAlgorithm.ED25519:
        raise Invalid("Integrity proofs need an Ed25519 key.")
    context = document.get("@context")
    if not isinstance(context, list):
        raise Invalid("A document with an integrity proof needs an array as @context.")
    config = {
        "@context": context,
        "type": "DataIntegrityProof",
        "cryptosuite": CRYPTOSUITE,
        "verificationMethod": verification_method,
        "proofPurpose": "assertionMethod",
        "created": now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    unsigned = _without_proof(document)
    message = _digest(config) + _digest(unsigned)
    return {**unsigned, "proof": {**config, "proofValue": encode_multibase(key.sign(message))}}


def parse_proof(document: Mapping[str, Any], now: datetime) -> ParsedProof | Refused:
    """Read the proof of a document as parsed from the wire, and check all that needs no key."""
    try:
        return _parse(document, now)
    except Refusal as refusal:
        return refusal.refused
    except Invalid as exc:
        return Refused(Reason.MALFORMED, exc.message)


def check_proof(parsed: ParsedProof, key: PublicKey) -> VerifiedProof | Refused:
    """Check the proof with the key that its verification method led to."""
    if key.algorithm is not KeyAlgorithm.ED25519:
        return Refused(Reason.UNSUPPORTED_ALGORITHM, f"{CRYPTOSUITE} needs an Ed25519 key.")
    if not key.verify(parsed.signature, parsed.message):
        return Refused(Reason.BAD_SIGNATURE, "The proof does not fit the document and the author's key.")
    return VerifiedProof(parsed.verification_method)


def _parse(document: Mapping[str, Any], now: datetime) -> ParsedProof:
    match document.get("proof"):
        case None:
            raise Refusal(Reason.MISSING, "The document has no proof.")
        case {
            "type": "DataIntegrityProof",
            "cryptosuite": str(cryptosuite),
            "proofPurpose": "assertionMethod",
            "verificationMethod": str(verification_method),
            "proofValue": str(proof_value),
            **options,
        }:
            pass
        case _:
            raise Refusal(Reason.MALFORMED, "The proof is not one single complete DataIntegrityProof.")
    if cryptosuite != CRYPTOSUITE:
        raise Refusal(Reason.UNSUPPORTED_ALGORITHM, f"The cryptosuite {quoted(cryptosuite)} is not supported.")
    _check_times(options, now)
    config = {name: value for name, value in document["proof"].items() if name != "proofValue"}
    unsigned = _without_proof(document)
    if "@context" in config:
        signed_context = _as_list(config["@context"])
        if _as_list(unsigned.get("@context"))[: len(signed_context)] != signed_context:
            raise Refusal(Reason.UNCOVERED, "The @context of the document does not begin with the proof's.")
        unsigned["@context"] = config["@context"]
    message = _digest(config) + _digest(unsigned)
    return ParsedProof(verification_method, message, decode_multibase(proof_value))


def _without_proof(document: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name not in ("proof", "signature")}


def _digest(value: dict[str, Any]) -> bytes:
    """Hash the canonical form (RFC 8785); raise Invalid when it does not say the same as `value`."""
    try:
        canonical: bytes = jcs.canonicalize(value)
        # RFC 8785 knows doubles only. An integer beyond their precision would be signed as its neighbour.
        if orjson.loads(canonical) != value:
            raise Invalid("The document has numbers that canonical JSON cannot carry.")
    except (ValueError, TypeError, OverflowError, RecursionError) as exc:
        raise Invalid("The document has no canonical JSON form.") from exc
    return hashlib.sha256(canonical).digest()


def _check_times(options: Mapping[Any, Any], now: datetime) -> None:
    """Accept old documents; refuse a proof that has expired or comes from the future."""
    try:
        created, expires = (_moment(options.get(name)) for name in ("created", "expires"))
    except ValueError as exc:
        raise Refusal(Reason.MALFORMED, "created or expires of the proof is not a time.") from exc
    if expires is not None and expires < now:
        raise Refusal(Reason.STALE, "The proof has expired.")
    if created is not None and created > now + MAX_AHEAD:
        raise Refusal(Reason.FUTURE, "The proof is dated in the future.")


def _moment(value: object) -> datetime | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise ValueError(value)
    moment = datetime.fromisoformat(value)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _as_list(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]
