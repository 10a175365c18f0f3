"""`Accept-Signature` (RFC 9421 §5): asking a peer for a message signature, and being asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import http_sf

_OURS = ("rsa-v1_5-sha256", "ed25519")
# What every request that we sign can offer; anything else asked for is beyond us.
_COVERABLE = frozenset(
    ("@method", "@target-uri", "@authority", "@scheme", "@path", "@query", "@request-target", "host", "date")
)
_WITH_BODY = frozenset(("content-digest", "content-type"))


@dataclass(frozen=True, slots=True)
class Challenge:
    """A message signature that a peer asked for and that we can make."""

    label: str
    components: tuple[str, ...] = ()
    nonce: str | None = None
    tag: str | None = None
    expires: bool = False


def accept_signature(*, with_body: bool) -> str:
    """Return the `Accept-Signature` value for our own 401 answers."""
    digest = ' "content-digest"' if with_body else ""
    return f'sig1=("@method" "@target-uri"{digest});created;keyid'


def parse_accept_signature(value: str, *, with_body: bool) -> Challenge | None:
    """Return the first message signature asked for that we can make; None means: do not bother with RFC 9421.

    `with_body` tells whether the request to be signed has one.
    """
    try:
        members = http_sf.parse(value.encode("ascii"), tltype="dictionary")
    except ValueError:
        return None
    for label, member in cast("dict[str, object]", members).items():
        match member:
            case (list(items), dict(parameters)):
                challenge = _challenge(label, items, parameters, _COVERABLE | _WITH_BODY if with_body else _COVERABLE)
                if challenge is not None:
                    return challenge
    return None


def _challenge(
    label: str,
    items: list[tuple[object, dict[str, object]]],
    parameters: dict[str, object],
    coverable: frozenset[str],
) -> Challenge | None:
    names = []
    for name, component_parameters in items:
        if not isinstance(name, str) or name not in coverable or component_parameters:
            return None
        names.append(name)
    nonce, tag, algorithm = (parameters.get(name) for name in ("nonce", "tag", "alg"))
    if algorithm is not None and algorithm not in _OURS:
        return None
    return Challenge(
        label=label,
        components=tuple(dict.fromkeys(names)),
        nonce=nonce if isinstance(nonce, str) else None,
        tag=tag if isinstance(tag, str) else None,
        expires="expires" in parameters,
    )
