"""What went wrong with a remote server, in words for people and in classes for the retry policy."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from socket import EAI_NONAME, gaierror

import aiohttp
import httpx

from federation.errors import Gone, NotFound, Permanent, Rejected, RemoteError, Temporary
from federation.protocol.retry import ErrorClass
from federation.protocol.retry import classify as classify_status

LONGEST_RETRY_AFTER_S = 86_400.0

# 501 is final (federation facts §10.3): a server that cannot do it today cannot do it tomorrow.
_WORTH_ANOTHER_TRY = frozenset({408, 425, 429, *range(500, 600)}) - {501}

# httpx_aiohttp calls every lost connection a ConnectTimeout: only what lies beneath it tells the truth. The first
# row that knows one of an error's causes wins.
_DIAGNOSES: tuple[tuple[tuple[type[BaseException], ...], ErrorClass, str], ...] = (
    ((aiohttp.ClientConnectorDNSError, gaierror), ErrorClass.DNS, "{host} could not be found in the DNS."),
    ((aiohttp.ClientSSLError, ssl.SSLError), ErrorClass.TLS, "No secure connection to {host} could be made."),
    ((aiohttp.ServerTimeoutError,), ErrorClass.TIMEOUT, "{host} did not answer in time."),
    ((aiohttp.ClientConnectorError,), ErrorClass.CONNECTION, "{host} could not be reached."),
    (
        (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError, ConnectionError),
        ErrorClass.BROKEN,
        "{host} broke off the connection.",
    ),
    ((aiohttp.ClientError,), ErrorClass.BROKEN, "{host} did not answer with proper HTTP."),
    ((TimeoutError, httpx.TimeoutException), ErrorClass.TIMEOUT, "{host} did not answer in time."),
)
_OTHERWISE = (ErrorClass.CONNECTION, "{host} could not be reached.")


class Blocked(Rejected):
    """The guard refused a URL or address before anything was sent."""


def classify(exc: BaseException) -> ErrorClass:
    """Return the kind of a failure, as the retry policy judges it and `failed_events.error_class` keeps it."""
    if isinstance(exc, Rejected):
        return ErrorClass.UNSAFE
    if isinstance(exc, NotFound | Gone):
        return ErrorClass.GONE
    if isinstance(exc, RemoteError) and exc.status is not None:
        return classify_status(exc.status)
    return _diagnosis(exc)[0]


@contextmanager
def network_failures(host: str) -> Iterator[None]:
    """Turn what the transport raises into `Temporary`, with a sentence about `host`."""
    try:
        yield
    except (httpx.HTTPError, httpx.StreamError, aiohttp.ClientError, OSError) as exc:
        raise Temporary(_diagnosis(exc)[1].format(host=host)) from exc


def no_such_host(exc: BaseException) -> bool:
    """Tell whether the DNS answered that the name does not exist, as opposed to not answering."""
    return any(isinstance(cause, gaierror) and cause.errno == EAI_NONAME for cause in _chain(exc))


def refusal(host: str, status: int, *, body: str, retry_after: str | None) -> Exception:
    """Return the error for an answer to a fetch that is not 200."""
    message = f"{host} answered with status {status}."
    if status == 404:
        return NotFound(message)
    if status == 410:
        return Gone(message)
    if status in _WORTH_ANOTHER_TRY:
        return Temporary(message, status=status, body=body, retry_after_s=retry_after_s(retry_after))
    return Permanent(message, status=status, body=body)


def retry_after_s(value: str | None, *, now: datetime | None = None) -> float | None:
    """Parse Retry-After, seconds or HTTP date (RFC 9110 §10.2.3), clamped to one day; None if unreadable."""
    text = (value or "").strip()
    if text.isascii() and text.isdecimal():
        # A million digits are not worth the parsing.
        return LONGEST_RETRY_AFTER_S if len(text) > 9 else min(float(text), LONGEST_RETRY_AFTER_S)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    wait_s = (moment - (now or datetime.now(UTC))).total_seconds()
    return min(max(wait_s, 0.0), LONGEST_RETRY_AFTER_S)


def _diagnosis(exc: BaseException) -> tuple[ErrorClass, str]:
    causes = list(_chain(exc))
    for kinds, error_class, sentence in _DIAGNOSES:
        if any(isinstance(cause, kinds) for cause in causes):
            return error_class, sentence
    return _OTHERWISE


def _chain(exc: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = exc
    while cause is not None:
        yield cause
        cause = cause.__cause__
