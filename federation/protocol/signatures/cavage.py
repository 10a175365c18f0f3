"""HTTP signatures after draft-cavage-http-signatures-12, as the fediverse practises them."""

from __future__ import annotations

import base64
import re
from collections.abc import Collection, Mapping
from datetime import datetime

from federation.protocol.digests import check_digest, format_digest
from federation.protocol.keys import KeyAlgorithm, PrivateKey
from federation.protocol.signatures.dates import format_http_date, parse_http_date
from federation.protocol.signatures.request import SignedRequest, outgoing
from federation.protocol.signatures.verification import (
    Parsed,
    Reason,
    Refusal,
    Scheme,
    check_body,
    check_covered,
    check_host,
    check_line,
    parsed_signature,
)

_PARAMETER = re.compile(r'[ \t]*([A-Za-z][A-Za-z0-9_-]*)=(?:"([^"\\]*)"|([^\s",\\]+))[ \t]*(,|\Z)', re.ASCII)
_SECONDS = re.compile(r"[0-9]{1,11}(?:\.[0-9]{1,9})?")


def parse_cavage(request: SignedRequest, now: datetime, authorities: Collection[str]) -> Parsed:
    """Read the `Signature` header; raise Refusal."""
    values = request.headers["signature"]
    if len(values) != 1:
        raise Refusal(Reason.MULTIPLE_SIGNATURES, "The request must carry exactly one Signature header.")
    parameters = _parameters(values[0])
    try:
        key_id = parameters["keyid"]
        signature = base64.b64decode(parameters["signature"], validate=True)
    except KeyError as exc:
        raise Refusal(Reason.MALFORMED, f"The Signature header has no {exc.args[0]} parameter.") from exc
    except ValueError as exc:
        raise Refusal(Reason.MALFORMED, "The signature is not base64.") from exc
    algorithm = parameters["algorithm"].lower() if "algorithm" in parameters else None
    default = "(created)" if algorithm == "hs2019" else "date"
    covered = parameters.get("headers", default).lower().split()

    check_host(request, authorities)
    dated = "(created)" if "(created)" in covered else "date"
    if request.needs_digest:
        if "digest" not in request.headers:
            raise Refusal(Reason.DIGEST_MISSING, "A request with a body needs a Digest header.")
        check_covered(covered, ("(request-target)", "host", dated, "digest"))
    else:
        check_covered(covered, ("(request-target)", "host", dated))
    bases = [signing_string(request, request.target, covered, parameters)]
    if request.query:
        # Older Mastodon, Akkoma and Mitra leave the query out of (request-target).
        bases.append(signing_string(request, request.path, covered, parameters))
    if "digest" in covered:
        check_body(check_digest(request.value("digest") or "", request.body), "Digest")
    return parsed_signature(
        Scheme.CAVAGE,
        key_id=key_id,
        algorithm=algorithm,
        bases=tuple(bases),
        signature=signature,
        created=_seconds(parameters["created"]) if dated == "(created)" else _date(request),
        expires=_seconds(parameters["expires"]) if "expires" in parameters else None,
        now=now,
    )


def sign_cavage(
    method: str,
    url: str,
    *,
    key_id: str,
    private_key: PrivateKey,
    now: datetime,
    body_sha256: bytes | None = None,
    content_type: str = "application/activity+json",
    covered_headers: Mapping[str, str] | None = None,
    with_query: bool = True,
) -> dict[str, str]:
    """Return the headers to send, `Host` and `Date` included.

    `body_sha256` adds digest and content type. `covered_headers` are sent and signed as well
    (Collection-Synchronization). `with_query=False` leaves the query out of the signature, for the
    peers that expect that.
    """
    headers = {"Date": format_http_date(now)}
    if body_sha256 is not None:
        headers |= {"Digest": format_digest(body_sha256), "Content-Type": content_type}
    headers |= covered_headers or {}
    request = outgoing(method, url, headers)
    headers = {"Host": request.authority, **headers}
    covered = ["(request-target)", *(name.lower() for name in headers)]
    target = request.target if with_query else request.path
    signature = private_key.sign(signing_string(request, target, covered, {}))
    algorithm = "rsa-sha256" if private_key.algorithm is KeyAlgorithm.RSA else "hs2019"
    headers["Signature"] = (
        f'keyId="{key_id}",algorithm="{algorithm}",headers="{" ".join(covered)}",'
        f'signature="{base64.b64encode(signature).decode()}"'
    )
    return headers


def signing_string(
    request: SignedRequest, target: str, covered: Collection[str], parameters: Mapping[str, str]
) -> bytes:
    """Build what is signed (draft-cavage-12 §2.3), with `target` as the request target."""
    lines = []
    for name in covered:
        if name == "(request-target)":
            value: str | None = f"{request.method.lower()} {target}"
        elif name in ("(created)", "(expires)"):
            value = parameters.get(name[1:-1])
        else:
            value = request.value(name)
        if value is None:
            raise Refusal(Reason.MISSING_COMPONENT, "The signature covers a header that was not sent.")
        lines.append(f"{name}: {check_line(value)}")
    try:
        return "\n".join(lines).encode("latin-1")
    except UnicodeEncodeError as exc:
        raise Refusal(Reason.MALFORMED, "A covered header is not text.") from exc


def _parameters(header: str) -> dict[str, str]:
    """Read `name="value"` pairs; names are compared in lower case, so that no duplicate slips through."""
    parameters: dict[str, str] = {}
    position = len("Signature ") if header[:10].lower() == "signature " else 0
    more = ","
    while more:
        match = _PARAMETER.match(header, position)
        if match is None:
            raise Refusal(Reason.MALFORMED, 'The Signature header is not a list of name="value" pairs.')
        name, text, bare, more = match.groups()
        if name.lower() in parameters:
            raise Refusal(Reason.DUPLICATE_PARAMETER, "The Signature header names a parameter twice.")
        parameters[name.lower()] = bare if text is None else text
        position = match.end()
    return parameters


def _seconds(text: str) -> float:
    if not _SECONDS.fullmatch(text):
        raise Refusal(Reason.MALFORMED, "created and expires are seconds since 1970.")
    return float(text)


def _date(request: SignedRequest) -> float:
    date = parse_http_date(request.value("date") or "")
    if date is None:
        raise Refusal(Reason.MALFORMED, "The Date header is malformed.")
    return date.timestamp()
