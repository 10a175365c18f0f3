"""The admin API: /v1/admin and /v2/admin, for moderators and admins; each action checks which of them it takes."""

from __future__ import annotations

from quart import Blueprint

from web.client_api.admin import accounts, figures, gates, reports, tags, trends

routes = Blueprint("admin_api", __name__)
for _part in (accounts, figures, gates, reports, tags, trends):
    routes.register_blueprint(_part.routes)
