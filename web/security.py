"""What guards the pages: session cookie, CSRF token, origin check, headers, and who may enter."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Awaitable, Callable
from functools import wraps
from hashlib import sha256
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from quart import Quart, Response, current_app, g, request

from federation.actions import sessions
from federation.errors import Forbidden, Invalid, TooMany
from web.current import client_address, is_for_programs, me, services, settings

if TYPE_CHECKING:
    from federation.settings import Settings

P = ParamSpec("P")
R = TypeVar("R")

SIGNING_KEY = "THOUGHTS_SIGNING_KEY"
CSRF_FIELD = "csrf_token"
_READING = ("GET", "HEAD", "OPTIONS")
# Files, the same for everybody.
_WITHOUT_VIEWER = ("/static/", "/media/", "/proxy/")
_YEAR_S = 365 * 24 * 3600


class CrossSite(Forbidden):
    """A form came from elsewhere, or was open too long."""


# --- Cookies ---------------------------------------------------------------------------------------


def cookie_name(settings: Settings, purpose: str) -> str:
    """Name a cookie of this instance: two instances on ports of one host share a cookie jar."""
    prefix = "__Host-" if settings.secure else ""
    return f"{prefix}thoughts-{purpose}-{sha256(settings.origin.encode()).hexdigest()[:8]}"


def read_cookie(purpose: str) -> str | None:
    """Read a cookie of ours."""
    return request.cookies.get(cookie_name(settings(), purpose))


def set_cookie(response: Response, purpose: str, value: str, *, max_age_s: int | None = None) -> None:
    """Set a cookie that scripts cannot read and other sites do not send along with forms."""
    response.set_cookie(
        cookie_name(settings(), purpose),
        value,
        max_age=max_age_s,
        httponly=True,
        samesite="Lax",
        secure=settings().secure,
        path="/",
    )


def delete_cookie(response: Response, purpose: str) -> None:
    """Take a cookie of ours back."""
    response.delete_cookie(
        cookie_name(settings(), purpose), path="/", secure=settings().secure, httponly=True, samesite="Lax"
    )


def sign(purpose: str, text: str) -> str:
    """Return a MAC of a text under the instance's cookie secret."""
    key: bytes = current_app.config[SIGNING_KEY]
    return hmac.new(key, f"{purpose}\0{text}".encode(), sha256).hexdigest()


def is_signed(purpose: str, text: str, mac: str) -> bool:
    """Check such a MAC."""
    return hmac.compare_digest(sign(purpose, text).encode(), mac.encode())


# --- Sessions --------------------------------------------------------------------------------------


async def load_viewer() -> None:
    """Find whose session the cookie stands for; costs nothing without one."""
    if is_for_programs(request.path) or request.path.startswith(_WITHOUT_VIEWER):
        return
    secret = read_cookie("session")
    if not secret:
        return
    g.signed_in = await sessions.resume_session(services(), secret, with_waiting=request.method == "GET")


def start_session(response: Response, secret: str) -> None:
    """Hand a new session to the browser."""
    set_cookie(response, "session", secret, max_age_s=int(sessions.SESSION_LASTS.total_seconds()))
    delete_cookie(response, "visitor")


def end_session(response: Response) -> None:
    """Take the session from the browser."""
    delete_cookie(response, "session")


# --- Forms -----------------------------------------------------------------------------------------


def csrf_token() -> str:
    """Return the token that this page's forms carry, bound to the session or to the visitor's signed cookie."""
    token: str | None = g.get("csrf_token")
    if token is None:
        salt = secrets.token_urlsafe(9)
        token = g.csrf_token = f"{salt}.{sign('csrf', f'{salt} {_binding()}')}"
    return token


def _binding() -> str:
    """Return what a token is bound to; a visitor without a cookie gets one with the answer."""
    session = read_cookie("session")
    if session is not None and g.get("signed_in") is not None:
        return f"session {session}"
    visitor = _visitor() or g.get("new_visitor")
    if visitor is None:
        visitor = g.new_visitor = secrets.token_urlsafe(18)
    return f"visitor {visitor}"


def _visitor() -> str | None:
    value, _, mac = (read_cookie("visitor") or "").partition(".")
    return value if value and is_signed("visitor", value, mac) else None


async def refuse_nul() -> None:
    """Refuse addresses with a NUL, which no text in PostgreSQL can hold."""
    if "\0" in request.path or b"%00" in request.query_string:
        raise Invalid("An address cannot contain that.")


async def check_form() -> None:
    """Refuse a changing request with our cookies that does not come from a page of ours."""
    if request.method in _READING or is_for_programs(request.path):
        return
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if site not in (None, "same-origin", "none") or origin not in (None, settings().origin):
        raise CrossSite(f"This form was sent from another address. Please open {settings().origin} and try again.")
    if request.mimetype == "multipart/form-data":
        # Files are for people with an account: for strangers not even read.
        me()
    form = await request.form
    salt, _, mac = form.get(CSRF_FIELD, "").partition(".")
    if not salt or not is_signed("csrf", f"{salt} {_binding()}", mac):
        raise CrossSite(
            "This page was open for too long, or you signed in or out since. Go back, reload it, try again."
        )
    if any("\0" in value for _, value in form.items(multi=True)):
        raise Invalid("What you typed contains a character that cannot be stored.")


# --- Headers ---------------------------------------------------------------------------------------


def allow_form_action(origin: str) -> None:
    """Let forms of this page lead to another origin too: a redirect after a POST counts (Chromium)."""
    g.form_action = origin


async def secure_headers(response: Response) -> Response:
    """Give every answer its headers, every page its policy, and a visitor the cookie of their token."""
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    if (response.content_type or "").startswith("text/html"):
        media = settings().media_origin or ""
        form_action = " ".join(filter(None, ("'self'", g.get("form_action"))))
        response.headers.setdefault(
            "Content-Security-Policy",
            f"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' {media}; "
            f"media-src 'self' {media}; connect-src 'self'; manifest-src 'self'; form-action {form_action}; "
            "base-uri 'none'; frame-ancestors 'none'",
        )
        response.headers.setdefault("X-Frame-Options", "DENY")
        response.headers.setdefault("Referrer-Policy", "same-origin")
        response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        response.headers.setdefault("Permissions-Policy", "interest-cohort=(), browsing-topics=()")
        response.headers.setdefault("Cache-Control", "private, no-store" if g.get("signed_in") else "private, no-cache")
        response.vary.add("Cookie")
    if settings().secure:
        response.headers.setdefault("Strict-Transport-Security", f"max-age={_YEAR_S}")
    visitor = g.get("new_visitor")
    if visitor is not None:
        set_cookie(response, "visitor", f"{visitor}.{sign('visitor', visitor)}")
    return response


# --- Who may enter ---------------------------------------------------------------------------------


def signed_in(view: Callable[P, Awaitable[R]]) -> Callable[P, Awaitable[R]]:
    """Let only signed-in people through; others are sent to the sign-in page."""

    @wraps(view)
    async def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        me()
        return await view(*args, **kwargs)

    return guarded


def admin_only(view: Callable[P, Awaitable[R]]) -> Callable[P, Awaitable[R]]:
    """Let only admins through."""

    @wraps(view)
    async def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        require_admin()
        return await view(*args, **kwargs)

    return guarded


def require_admin() -> None:
    """Raise unless the viewer is an admin."""
    if me().role != "admin":
        raise Forbidden("This page is for admins.")


def rate_limited(name: str, limit: str) -> Callable[[Callable[P, Awaitable[R]]], Callable[P, Awaitable[R]]]:
    """Bound how often one address may change something: `rate_limited("sign-in", "10/minute")`. Reading is free."""

    def decorate(view: Callable[P, Awaitable[R]]) -> Callable[P, Awaitable[R]]:
        @wraps(view)
        async def limited(*args: P.args, **kwargs: P.kwargs) -> R:
            if request.method not in _READING:
                await count(name, limit)
            return await view(*args, **kwargs)

        return limited

    return decorate


async def count(name: str, limit: str, key: str | None = None) -> None:
    """Count one attempt of this address (or of `key`); raise `TooMany` beyond the limit."""
    if not settings().rate_limits:
        return
    wait_s = await services().limiter.hit(name, key or sessions.address_prefix(client_address()), limit)
    if wait_s is not None:
        raise TooMany(f"That was too often. Please try again in {_in_words(wait_s)}.", retry_after_s=wait_s)


def _in_words(wait_s: int) -> str:
    if wait_s < 90:
        return f"{wait_s} seconds"
    return f"{round(wait_s / 60)} minutes"


def guard(app: Quart) -> None:
    """Put the guards before and after every request of an application; Quart runs what is not async in a thread."""
    app.before_request(refuse_nul)
    app.before_request(load_viewer)
    app.before_request(check_form)
    app.after_request(secure_headers)
