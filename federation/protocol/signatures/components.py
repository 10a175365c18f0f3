"""The signature base of RFC 9421 (§2)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote

import http_sf
from http_sf.types import ItemType, ParamsType

from federation.protocol.signatures.request import SignedRequest
from federation.protocol.signatures.verification import Reason, Refusal, check_line, quoted

_DERIVED: Mapping[str, Callable[[SignedRequest], str]] = {
    "@method": lambda request: request.method,
    "@target-uri": lambda request: f"{request.scheme}://{request.authority}{request.target}",
    "@authority": lambda request: request.authority,
    "@scheme": lambda request: request.scheme,
    "@path": lambda request: request.path,
    "@query": lambda request: f"?{request.query}",
    "@request-target": lambda request: request.target,
}


@dataclass(frozen=True, slots=True)
class Component:
    """One covered part of a request: a header name or a derived component, with its parameters."""

    name: str
    parameters: ParamsType

    @property
    def identifier(self) -> str:
        """The component identifier as the signature base writes it (RFC 9421 §2)."""
        return http_sf.ser((self.name, self.parameters))


def signature_base(
    request: SignedRequest, components: Sequence[Component], parameters: ParamsType
) -> tuple[bytes, str]:
    """Return the signature base and the `@signature-params` in it (RFC 9421 §2.5).

    Components and parameters are written in the order given; Refusal is raised for what this request does not
    have or we do not support.
    """
    lines = [f"{part.identifier}: {check_line(_value(request, part))}" for part in components]
    items: list[ItemType] = [(part.name, part.parameters) for part in components]
    signature_params = http_sf.ser([(items, parameters)])
    lines.append(f'"@signature-params": {signature_params}')
    try:
        return "\n".join(lines).encode("ascii"), signature_params
    except UnicodeEncodeError as exc:
        raise Refusal(Reason.MALFORMED, "A covered component is not ASCII.") from exc


def _value(request: SignedRequest, part: Component) -> str:
    name = part.name
    if name == "@query-param":
        return _query_parameter(request.query, part.parameters)
    if name == "@status" and not part.parameters and request.status is not None:
        return str(request.status)
    if part.parameters or (name.startswith("@") and name not in _DERIVED):
        raise Refusal(Reason.UNSUPPORTED_COMPONENT, f"The component {quoted(name)} is not supported.")
    derive = _DERIVED.get(name)
    value = derive(request) if derive else request.value(name)
    if value is None:
        raise Refusal(Reason.MISSING_COMPONENT, f"The covered header {quoted(name)} was not sent.")
    return value


def _query_parameter(query: str, parameters: ParamsType) -> str:
    """Return one query parameter, decoded and encoded again (RFC 9421 §2.2.8)."""
    match parameters:
        case {"name": str(wanted), **others} if not others:
            pass
        case _:
            raise Refusal(Reason.MALFORMED, "@query-param takes exactly one parameter, name.")
    values = [value for name, value in parse_qsl(query, keep_blank_values=True) if _encoded(name) == wanted]
    if len(values) != 1:
        raise Refusal(Reason.MISSING_COMPONENT, "A covered query parameter does not occur exactly once.")
    return _encoded(values[0])


def _encoded(text: str) -> str:
    # `quote` never touches a tilde; application/x-www-form-urlencoded does.
    return quote(text, safe="*-._").replace("~", "%7E")
