"""WebFinger (RFC 7033), host-meta and NodeInfo: never signed, open to scripts of any origin."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

import orjson
from quart import Blueprint, Response, request

from federation.actions.documents import get_jrd, get_nodeinfo
from federation.errors import Gone, Invalid, NotFound
from federation.protocol import nodeinfo
from federation.protocol.negotiation import JRD_JSON, NODEINFO_2_0, NODEINFO_2_1, XRD_XML
from federation.protocol.webfinger import host_meta_json, host_meta_xml
from web.cors import answer_preflight, open_to_scripts
from web.current import services, settings

blueprint = Blueprint("discovery", __name__)
blueprint.before_request(answer_preflight)


@blueprint.after_request
async def _headers(response: Response) -> Response:
    return open_to_scripts(response)


def software() -> nodeinfo.Software:
    """Return what we call ourselves in NodeInfo."""
    return nodeinfo.Software(version=version("thoughts"), homepage=f"{settings().origin}/about")


def _open(body: bytes | str, content_type: str, *, status: int = 200, max_age_s: int = 3600) -> Response:
    response = Response(body, status=status, content_type=content_type)
    response.headers["Cache-Control"] = f"public, max-age={max_age_s}" if status == 200 else "no-store"
    return response


def _problem(status: int, message: str) -> Response:
    return _open(orjson.dumps({"error": message}), "application/json", status=status)


@blueprint.get("/.well-known/webfinger")
async def webfinger() -> Response:
    """Answer who an acct: handle or an address of ours is: 400 malformed, 404 unknown, 410 gone."""
    resource = request.args.get("resource", "")
    try:
        jrd = await get_jrd(services(), resource)
    except Invalid as exc:
        return _problem(400, exc.message)
    except Gone as exc:
        return _problem(410, exc.message)
    except NotFound as exc:
        return _problem(404, exc.message)
    return _open(orjson.dumps(jrd), JRD_JSON)


@blueprint.get("/.well-known/host-meta")
async def host_meta() -> Response:
    """Tell where WebFinger is, as XRD or JSON."""
    wants_json = "json" in request.headers.get("Accept", "")
    response = await host_meta_as_json() if wants_json else _open(host_meta_xml(services().urls), XRD_XML)
    response.headers["Vary"] = "Accept"
    return response


@blueprint.get("/.well-known/host-meta.json")
async def host_meta_as_json() -> Response:
    """Tell where WebFinger is, as JSON."""
    return _open(orjson.dumps(host_meta_json(services().urls)), "application/json; charset=utf-8")


@blueprint.get("/.well-known/nodeinfo")
async def nodeinfo_links() -> Response:
    """List the NodeInfo documents."""
    return _open(orjson.dumps(nodeinfo.well_known(services().urls)), "application/json; charset=utf-8")


@blueprint.get("/nodeinfo/2.0")
async def nodeinfo_2_0() -> Response:
    """Describe this server by schema 2.0."""
    return _nodeinfo("2.0", await get_nodeinfo(services(), "2.0", software()))


@blueprint.get("/nodeinfo/2.1")
async def nodeinfo_2_1() -> Response:
    """Describe this server by schema 2.1."""
    return _nodeinfo("2.1", await get_nodeinfo(services(), "2.1", software()))


def _nodeinfo(schema: str, document: dict[str, Any]) -> Response:
    content_type = NODEINFO_2_0 if schema == "2.0" else NODEINFO_2_1
    return _open(orjson.dumps(document), content_type, max_age_s=1800)
