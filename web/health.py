"""Whether this process lives and can work, and its figures for Prometheus."""

from __future__ import annotations

import time
from typing import Final

from prometheus_client import CONTENT_TYPE_LATEST, Counter, Histogram, generate_latest
from quart import Blueprint, Quart, Response, g, request

from federation.actions.readiness import check_ready
from federation.errors import NotFound
from web.current import is_near, services
from web.rendering import json_response

blueprint = Blueprint("health", __name__)

REQUESTS: Final = Counter("thoughts_requests_total", "Requests answered.", ["endpoint", "method", "status"])
DURATION: Final = Histogram(
    "thoughts_request_seconds",
    "Time from the first byte of a request to its answer.",
    ["endpoint"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)

_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


@blueprint.get("/health/live")
async def live() -> Response:
    """Answer: the process runs."""
    return json_response({"status": "live"})


@blueprint.get("/health/ready")
async def ready() -> Response:
    """Answer 200 when PostgreSQL answers and every migration is applied, else 503 (web/errors.py)."""
    problem = await check_ready(services())
    return json_response({"status": problem or "ready"}, status=503 if problem else 200)


@blueprint.get("/health")
async def health() -> Response:
    """Answer as Mastodon does: OK, or 503 (web/errors.py)."""
    problem = await check_ready(services())
    return Response(problem or "OK", status=503 if problem else 200, content_type="text/plain; charset=utf-8")


@blueprint.get("/metrics")
async def metrics() -> Response:
    """Show figures to those near us; to others there is nothing here."""
    if not is_near():
        raise NotFound("There is nothing at this address.")
    return Response(generate_latest(), content_type=CONTENT_TYPE_LATEST)


async def _begin() -> None:
    g.began_at = time.perf_counter()


async def _count(response: Response) -> Response:
    endpoint = request.endpoint or "none"
    method = request.method if request.method in _METHODS else "other"  # anybody can make methods up
    REQUESTS.labels(endpoint, method, response.status_code).inc()
    if (began_at := g.get("began_at")) is not None:
        DURATION.labels(endpoint).observe(time.perf_counter() - began_at)
    return response


def install(app: Quart) -> None:
    """Count every request of an application."""
    app.before_request(_begin)
    app.after_request(_count)
