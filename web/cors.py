"""Which answers pages of any origin may read: never with cookies, which count for nothing there."""

from __future__ import annotations

from quart import Response, request

_EXPOSED = "Link, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, Retry-After"


def open_to_scripts(response: Response) -> Response:
    """Let scripts of any page read an answer; after a preflight, send any header too."""
    headers = response.headers
    headers["Access-Control-Allow-Origin"] = "*"
    headers["Access-Control-Expose-Headers"] = _EXPOSED
    if request.method == "OPTIONS":
        headers["Access-Control-Allow-Methods"] = "GET, POST, PUT, PATCH, DELETE, OPTIONS"
        headers["Access-Control-Allow-Headers"] = "Authorization, Content-Type, Idempotency-Key, *"
        headers["Access-Control-Max-Age"] = "7200"
    return response


async def answer_preflight() -> Response | None:
    """Answer OPTIONS at once: any page may call with a token of its own."""
    return Response("", status=204, content_type="text/plain") if request.method == "OPTIONS" else None
