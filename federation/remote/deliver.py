"""One attempt to deliver an activity: signed as the host likes it, and once more in the other scheme."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from federation.errors import RemoteError, ThoughtsError
from federation.protocol.retry import KNOCK_AGAIN, Answer, ErrorClass
from federation.protocol.signatures import (
    Challenge,
    Scheme,
    parse_accept_signature,
    sign_cavage,
    sign_rfc9421,
)
from federation.remote.failures import classify
from federation.remote.keyring import SigningKey
from federation.remote.network import NetworkClient, Posted
from federation.remote.targets import authority, wire_url

_OTHER = {Scheme.CAVAGE: Scheme.RFC9421, Scheme.RFC9421: Scheme.CAVAGE}


@dataclass(frozen=True, slots=True)
class Letter:
    """What goes to an inbox; `scheme` is the one its host took last, if we remember."""

    inbox_url: str
    body: bytes
    body_sha256: bytes
    scheme: Scheme | None = None


@dataclass(frozen=True, slots=True)
class SendResult:
    """The answer to an attempt: a status, or why there was none, with the first KiB of what came with it.

    `scheme` signed the request that was answered so; `message` is a sentence for the admin.
    """

    answer: Answer
    scheme: Scheme
    message: str
    body_clip: str = ""
    retry_after_s: float | None = None

    @property
    def status(self) -> int | None:
        """The HTTP status, if there was one."""
        return None if isinstance(self.answer, ErrorClass) else self.answer


async def send(network: NetworkClient, key: SigningKey, letter: Letter, now: Callable[[], datetime]) -> SendResult:
    """POST an activity; every outcome is a result, only CancelledError is raised.

    400, 401 and 403 are answered at once with the other signature scheme (federation facts §4.4), or with the
    signature that a 401 asks for in `Accept-Signature` (RFC 9421 §5).
    """
    scheme = letter.scheme or Scheme.CAVAGE
    attempt = _Attempt(network, key, letter, now)
    first, posted = await attempt.knock(scheme)
    if posted is None or first.answer not in KNOCK_AGAIN:
        return first
    other: Scheme | None = _OTHER[scheme]
    challenge: Challenge | None = None
    if (asked := posted.headers.get("accept-signature")) is not None:
        challenge = parse_accept_signature(asked, with_body=True)
        if challenge is not None:
            other = Scheme.RFC9421
        elif other is Scheme.RFC9421:
            other = None
    if other is None:
        return first
    second, _ = await attempt.knock(other, challenge)
    return _telling(first, second)


def _telling(first: SendResult, second: SendResult) -> SendResult:
    """Return the answer that counts: a 400 to a scheme that the peer does not know must not hide a 401."""
    if second.answer not in KNOCK_AGAIN or second.answer == 401:
        return second
    return first


@dataclass(frozen=True, slots=True)
class _Attempt:
    """What both knocks have in common."""

    network: NetworkClient
    key: SigningKey
    letter: Letter
    now: Callable[[], datetime]

    async def knock(self, scheme: Scheme, challenge: Challenge | None = None) -> tuple[SendResult, Posted | None]:
        inbox_url = self.letter.inbox_url
        try:
            posted = await self.network.post(inbox_url, body=self.letter.body, headers=self._sign(scheme, challenge))
        except RemoteError as exc:
            return SendResult(classify(exc), scheme, exc.message), None
        except ThoughtsError as exc:
            return SendResult(ErrorClass.UNSAFE, scheme, exc.message), None
        message = f"{authority(inbox_url)} answered with status {posted.status}."
        return SendResult(posted.status, scheme, message, posted.body_clip, posted.retry_after_s), posted

    def _sign(self, scheme: Scheme, challenge: Challenge | None) -> dict[str, str]:
        url, key_id, private_key = wire_url(self.letter.inbox_url), self.key.key_id, self.key.private_key
        now, digest = self.now(), self.letter.body_sha256
        if scheme is Scheme.CAVAGE:
            return sign_cavage("POST", url, key_id=key_id, private_key=private_key, now=now, body_sha256=digest)
        return sign_rfc9421(
            "POST", url, key_id=key_id, private_key=private_key, now=now, body_sha256=digest, challenge=challenge
        )  # fmt: skip
