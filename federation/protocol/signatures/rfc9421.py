"""HTTP Message Signatures (RFC 9421) in the profile that Mastodon set for the fediverse."""

from __future__ import annotations

import base64
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import TypeVar, cast

import http_sf
from http_sf.types import ParamsType

from federation.errors import Invalid
from federation.protocol.digests import check_content_digest, format_content_digest
from federation.protocol.keys import KeyAlgorithm, PrivateKey
from federation.protocol.signatures.challenges import Challenge
from federation.protocol.signatures.components import Component, signature_base
from federation.protocol.signatures.dates import format_http_date
from federation.protocol.signatures.request import SignedRequest, outgoing
from federation.protocol.signatures.verification import (
    Parsed,
    Reason,
    Refusal,
    Scheme,
    check_body,
    check_covered,
    check_host,
    parsed_signature,
)

_LIFETIME = timedelta(minutes=5)
_NO_CHALLENGE = Challenge(label="sig1")
_MINIMUM = ("@method", "@target-uri")
_T = TypeVar("_T")


def parse_rfc9421(request: SignedRequest, now: datetime, authorities: Collection[str]) -> Parsed:
    """Read `Signature-Input` and `Signature`; raise Refusal."""
    inputs = _dictionary(request, "signature-input")
    signatures = _dictionary(request, "signature")
    if len(inputs) != 1 or len(signatures) != 1:
        raise Refusal(Reason.MULTIPLE_SIGNATURES, "The request must carry exactly one signature.")
    (label, member), *_ = inputs.items()
    components, parameters = _covered(member)
    match signatures.get(label):
        case (bytes(signature), _):
            pass
        case _:
            raise Refusal(Reason.MALFORMED, "Signature has no value for the label in Signature-Input.")

    check_host(request, authorities)
    if request.needs_digest and "content-digest" not in request.headers:
        raise Refusal(Reason.DIGEST_MISSING, "A request with a body needs a Content-Digest header.")
    required = (*_MINIMUM, "content-digest") if request.needs_digest else _MINIMUM
    check_covered(
        [part.name if not part.parameters else part.identifier for part in components],
        required,
    )
    base, _ = signature_base(request, components, parameters)
    if "content-digest" in (part.name for part in components):
        digest = request.value("content-digest") or ""
        check_body(check_content_digest(digest, request.body), "Content-Digest")
    created = _parameter(parameters, "created", int)
    key_id = _parameter(parameters, "keyid", str)
    if created is None or key_id is None:
        raise Refusal(Reason.MALFORMED, "The signature needs the parameters created and keyid.")
    return parsed_signature(
        Scheme.RFC9421,
        key_id=key_id,
        algorithm=_parameter(parameters, "alg", str),
        bases=(base,),
        signature=signature,
        created=created,
        expires=_parameter(parameters, "expires", int),
        now=now,
    )


def sign_rfc9421(
    method: str,
    url: str,
    *,
    key_id: str,
    private_key: PrivateKey,
    now: datetime,
    body_sha256: bytes | None = None,
    content_type: str = "application/activity+json",
    covered_headers: Mapping[str, str] | None = None,
    challenge: Challenge | None = None,
) -> dict[str, str]:
    """Return the headers to send, `Host` and `Date` included; the parameters are those of `sign_cavage`.

    `challenge` is what the peer asked for in `Accept-Signature`, if it did.
    """
    challenge = challenge or _NO_CHALLENGE
    headers = {"Date": format_http_date(now)}
    covered = list(_MINIMUM)
    if body_sha256 is not None:
        headers |= {"Content-Digest": format_content_digest(body_sha256), "Content-Type": content_type}
        covered.append("content-digest")
    headers |= covered_headers or {}
    request = outgoing(method, url, headers)
    headers = {"Host": request.authority, **headers}
    covered += [name.lower() for name in covered_headers or {}]
    covered += [name for name in challenge.components if name not in covered]
    parameters: ParamsType = {"created": int(now.timestamp())}
    if challenge.expires:
        parameters["expires"] = int((now + _LIFETIME).timestamp())
    parameters["keyid"] = key_id
    parameters["alg"] = "rsa-v1_5-sha256" if private_key.algorithm is KeyAlgorithm.RSA else "ed25519"
    if challenge.nonce is not None:
        parameters["nonce"] = challenge.nonce
    if challenge.tag is not None:
        parameters["tag"] = challenge.tag
    try:
        base, signature_params = signature_base(request, [Component(name, {}) for name in covered], parameters)
    except Refusal as exc:
        raise Invalid(exc.refused.detail) from exc
    signature = base64.b64encode(private_key.sign(base)).decode()
    headers["Signature-Input"] = f"{challenge.label}={signature_params}"
    headers["Signature"] = f"{challenge.label}=:{signature}:"
    return headers


def _dictionary(request: SignedRequest, name: str) -> dict[str, object]:
    try:
        text = (request.value(name) or "").encode("ascii")
        return cast("dict[str, object]", http_sf.parse(text, None, "dictionary", _refuse_duplicate))
    except ValueError as exc:
        raise Refusal(Reason.MALFORMED, f"{name} is not a valid structured field.") from exc


def _refuse_duplicate(_key: str, kind: str) -> None:
    raise Refusal(Reason.DUPLICATE_PARAMETER, f"The signature names the same {kind} twice.")


def _covered(member: object) -> tuple[list[Component], ParamsType]:
    """Take an inner list of component identifiers and its parameters."""
    match member:
        case (list(items), dict(parameters)):
            pass
        case _:
            raise Refusal(Reason.MALFORMED, "Signature-Input must list the covered components.")
    components = []
    for name, component_parameters in items:
        if not isinstance(name, str) or name != name.lower():
            raise Refusal(Reason.MALFORMED, "Covered components are lower-case strings.")
        components.append(Component(name, component_parameters))
    return components, parameters


def _parameter(parameters: ParamsType, name: str, of: type[_T]) -> _T | None:
    """Return a signature parameter, refused when it is of another type (True is no number here)."""
    value = parameters.get(name)
    if value is None or type(value) is of:
        return value
    raise Refusal(Reason.MALFORMED, f"The signature parameter {name} has the wrong type.")
