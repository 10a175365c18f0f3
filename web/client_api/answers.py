"""JSON answers."""

from __future__ import annotations

from typing import Any

import orjson
from quart import Response

_JSON = "application/json; charset=utf-8"


def answer(body: Any, *, status: int = 200) -> Response:
    """Answer with JSON."""
    return Response(orjson.dumps(body), status=status, content_type=_JSON)
