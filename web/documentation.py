"""The documentation of the client API, made from the route table itself: as OpenAPI, and as a page."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from typing import Any, Final

from quart import Blueprint, Quart, Response, current_app

from federation.actions.scopes import SCOPES
from web.client_api.authentication import ACCESS, Access
from web.current import settings
from web.oauth.words import scope_views
from web.rendering import json_response, render

blueprint = Blueprint("documentation", __name__)

_READ: Final = re.compile(r'\b(?:given|parameters)\.(\w+)\(\s*"([^"]+)"')
_HANDED_ON: Final = re.compile(r"\b(_\w+)\((?:call|given|call\.parameters)\b")
_TYPES: Final[dict[str, dict[str, Any]]] = {
    "text": {"type": "string"},
    "optional_text": {"type": "string"},
    "flag": {"type": "boolean"},
    "optional_flag": {"type": "boolean"},
    "moment": {"type": "string", "format": "date-time"},
    "number": {"type": "integer"},
    "id": {"type": "string"},
    "ids": {"type": "array", "items": {"type": "string"}},
    "texts": {"type": "array", "items": {"type": "string"}},
    "nested": {"type": "object"},
    "records": {"type": "array", "items": {"type": "object"}},
}
_METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")
_ERROR: Final = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}}


@dataclass(frozen=True, slots=True)
class Operation:
    """A route of the API as its own code describes it: `inputs` are those that the route itself reads, by type."""

    method: str
    path: str
    summary: str
    group: str
    access: Access
    places: tuple[str, ...]
    inputs: dict[str, dict[str, Any]]


def operations(app: Quart) -> list[Operation]:
    """Return every documented route, in the order of paths."""
    found = []
    for rule in app.url_map.iter_rules():
        view: Callable[..., Any] = app.view_functions[rule.endpoint]
        access: Access | None = getattr(view, ACCESS, None)
        if access is None:
            continue
        path = re.sub(r"<(?:[^:>]*:)?([^>]+)>", r"{\1}", rule.rule)
        inputs = {name: _TYPES[kind] for kind, name in _READ.findall(_source(view)) if kind in _TYPES}
        for method in _METHODS:
            if method in (rule.methods or ()):
                summary = inspect.cleandoc(view.__doc__ or "").partition("\n")[0]
                group = view.__module__.rpartition(".")[2].replace("_", " ")
                found.append(Operation(method, path, summary, group, access, tuple(sorted(rule.arguments)), inputs))
    return sorted(found, key=lambda one: (one.path, _METHODS.index(one.method)))


@cache
def _source(view: Callable[..., Any]) -> str:
    """Return the text of a route, and of those functions of its module that it hands its call to."""
    found: dict[Callable[..., Any], str] = {}
    waiting = [inspect.unwrap(view)]
    while waiting:
        function = waiting.pop()
        if function not in found:
            found[function] = inspect.getsource(function)
            around = function.__globals__
            waiting += [
                around[name] for name in _HANDED_ON.findall(found[function]) if inspect.isfunction(around[name])
            ]
    return "".join(found.values())


def openapi(app: Quart) -> dict[str, Any]:
    """Write the document (OpenAPI 3.1)."""
    origin = settings().origin
    paths: dict[str, dict[str, Any]] = {}
    for one in operations(app):
        paths.setdefault(one.path, {})[one.method.lower()] = _described(one)
    flow = {
        "authorizationUrl": f"{origin}/oauth/authorize",
        "tokenUrl": f"{origin}/oauth/token",
        "refreshUrl": f"{origin}/oauth/token",
        "scopes": {scope: scope_views([scope])[0].words for scope in SCOPES},
    }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"The client API of {settings().account_domain}",
            "version": version("thoughts"),
            "description": "What apps for Mastodon speak. Bodies may be JSON, forms or multipart.",
        },
        "servers": [{"url": origin}],
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "oauth2", "flows": {"authorizationCode": flow}}},
            "schemas": {
                "Error": {
                    "type": "object",
                    "required": ["error"],
                    "properties": {"error": {"type": "string"}, "error_description": {"type": "string"}},
                }
            },
        },
    }


def _described(one: Operation) -> dict[str, Any]:
    reading = one.method in ("GET", "DELETE")
    parameters = [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in one.places]
    if reading:
        parameters += [{"name": name, "in": "query", "schema": schema} for name, schema in one.inputs.items()]
    described: dict[str, Any] = {
        "summary": one.summary,
        "tags": [one.group],
        "parameters": parameters,
        "responses": {
            "200": {"description": "Done."},
            "401": {"description": "The token is not good, or missing.", **_ERROR},
            "403": {"description": "The token's scopes do not reach that far.", **_ERROR},
            "404": {"description": "It does not exist, or not for this caller.", **_ERROR},
            "422": {"description": "Something of it is wrong; the text says what.", **_ERROR},
            "429": {"description": "Too often.", **_ERROR},
        },
        # Alternatives: one of the scopes is enough. An empty one: no token at all.
        "security": [{"token": [scope]} for scope in one.access.scopes] or [{"token": []}],
    }
    if not one.access.required:
        described["security"].append({})
    if not reading and one.inputs:
        schema = {"type": "object", "properties": one.inputs}
        described["requestBody"] = {
            "content": {kind: {"schema": schema} for kind in ("application/json", "application/x-www-form-urlencoded")}
        }
    return described


@blueprint.get("/docs/openapi.json")
async def document() -> Response:
    """Hand out the document."""
    response = json_response(openapi(current_app))
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response


@blueprint.get("/docs")
async def page() -> Response:
    """Show the same to people."""
    groups: dict[str, list[Operation]] = {}
    for one in operations(current_app):
        groups.setdefault(one.group, []).append(one)
    return render("docs.html", groups=dict(sorted(groups.items())), origin=settings().origin)
