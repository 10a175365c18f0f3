"""One line said on the next page after a form: carried in a signed cookie, read once."""

from __future__ import annotations

from urllib.parse import quote, unquote

from quart import Quart, Response, g

from web.security import delete_cookie, is_signed, read_cookie, set_cookie, sign

_KINDS = ("ok", "warn", "danger")
_MOST_CHARS = 500
_LASTS_S = 60


def flash(text: str, kind: str = "ok") -> None:
    """Say something on the next page."""
    g.flash = f"{_KINDS.index(kind)}{text[:_MOST_CHARS]}"


def take() -> tuple[tuple[str, str], ...]:
    """Return what is to be said on this page, as (kind, text)."""
    mac, _, quoted = (read_cookie("flash") or "").partition(".")
    if not quoted:
        return ()
    g.flash_taken = True
    text = unquote(quoted)
    return ((_KINDS[int(text[0])], text[1:]),) if is_signed("flash", text, mac) else ()


async def _carry(response: Response) -> Response:
    text: str | None = g.get("flash")
    if text is not None:
        set_cookie(response, "flash", f"{sign('flash', text)}.{quote(text)}", max_age_s=_LASTS_S)
    elif g.get("flash_taken"):
        delete_cookie(response, "flash")
    return response


def install(app: Quart) -> None:
    """Let an application carry flashes from page to page."""
    app.after_request(_carry)
