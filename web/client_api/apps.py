"""Apps: registering one, and what it is. /v1/apps*"""

from __future__ import annotations

from typing import Any

from quart import Blueprint, Response

from federation.actions.apps import get_app, register_app
from federation.actions.pushing import server_key
from federation.errors import NotFound
from storage.apps import Application
from web.client_api.answers import answer
from web.client_api.authentication import app_scoped, open_to_all
from web.client_api.call import Call
from web.client_api.parameters import Parameters
from web.security import count

routes = Blueprint("apps", __name__)

_MOST_URIS = 100


@routes.post("/v1/apps")
@open_to_all()
async def register(call: Call) -> Response:
    """Register an app; its secret is told here and nowhere else."""
    await count("apps", "60/hour")
    given = call.parameters
    made = await register_app(
        call.services,
        name=given.text("client_name"),
        redirect_uris=_words(given, "redirect_uris"),
        scopes=_words(given, "scopes"),
        website=given.optional_text("website"),
    )
    app = made.app
    return answer(
        {
            **_application(app, await server_key(call.services)),
            "client_id": app.client_id,
            "client_secret": made.secret,
            "client_secret_expires_at": 0,
        }
    )


def _words(given: Parameters, name: str) -> list[str]:
    """Read a list, or a text of words."""
    return [word for text in given.texts(name, most=_MOST_URIS) for word in text.split()]


def _application(app: Application, vapid_key: str) -> dict[str, Any]:
    """Write an Application, which anybody with its token may read."""
    return {
        "id": str(app.id),
        "name": app.name,
        "website": app.website,
        "scopes": app.scopes,
        "redirect_uris": app.redirect_uris,
        "redirect_uri": "\n".join(app.redirect_uris),
        "vapid_key": vapid_key,
    }


@routes.get("/v1/apps/verify_credentials")
@app_scoped()
async def verify(call: Call) -> Response:
    """Show the app that the token was given to."""
    if call.bearer is None or call.bearer.app_id is None:
        raise NotFound("This token belongs to no app.")
    app = await get_app(call.services, call.bearer.app_id)
    return answer(_application(app, await server_key(call.services)))
