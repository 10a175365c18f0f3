"""The error tree: raised where known, translated once at each edge.

    ThoughtsError
    ├── Invalid            the input breaks a rule; the text says which        (HTTP 422)
    ├── Unauthenticated    nobody proved who they are                           (HTTP 401)
    ├── Forbidden          known, but not allowed                               (HTTP 403)
    ├── NotFound           absent, or hidden from this viewer: the same answer  (HTTP 404)
    ├── Gone               was here, was deleted                                (HTTP 410)
    ├── Conflict           contradicts what is stored                           (HTTP 409)
    ├── TooMany            over a rate limit; `retry_after_s` says for how long (HTTP 429)
    ├── OAuthError         an app asked for what it does not get (RFC 6749 §5.2) (HTTP 400, 401 or 403)
    └── RemoteError        another server let us down                           (HTTP 502 when a person waits)
        ├── Temporary      worth another try
        ├── Permanent      it answered, and the answer is final
        └── Rejected       what it sent breaks a safety rule of ours

The message is safe for strangers; causes travel as `__cause__` and reach only the log.
"""

from __future__ import annotations


class ThoughtsError(Exception):
    """Base of every error that we raise on purpose."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class Invalid(ThoughtsError):
    """The input breaks a rule; `field` names the form field it belongs to, if one does, `code` the rule to apps."""

    def __init__(self, message: str, *, field: str | None = None, code: str = "ERR_INVALID") -> None:
        super().__init__(message)
        self.field = field
        self.code = code


class Unauthenticated(ThoughtsError):
    """Nobody proved who they are."""


class Forbidden(ThoughtsError):
    """Known, but not allowed."""


class NotFound(ThoughtsError):
    """Absent or hidden; a stranger cannot tell which."""


class Gone(ThoughtsError):
    """It was here and has been deleted."""


class Conflict(ThoughtsError):
    """It contradicts what is stored; `field` names the form field whose value is taken, if one is."""

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class TooMany(ThoughtsError):
    """Over a rate limit."""

    def __init__(self, message: str, *, retry_after_s: int) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class OAuthError(ThoughtsError):
    """An app asked for what it does not get; `code` is its name in RFC 6749."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class RemoteError(ThoughtsError):
    """Another server let us down. `status` is its HTTP status; `body` the first KiB of its answer."""

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        body: str = "",
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.body = body
        self.retry_after_s = retry_after_s


class Temporary(RemoteError):
    """Worth another try: timeouts, connection failures, 408, 429, 5xx."""


class Permanent(RemoteError):
    """It answered, and the answer is final."""


class Rejected(RemoteError):
    """What it sent, or where it pointed us, breaks a safety rule of ours."""
