"""The pages of those with the keys: health, dead letters, people, domains, what was done."""

from __future__ import annotations

from quart import Blueprint

from web.admin import announcements, emojis, failed, gates, hosts, overview, people, reports, site, trends
from web.security import require_admin

blueprint = Blueprint("admin", __name__, url_prefix="/admin")


@blueprint.before_request
async def guard() -> None:
    """Let admins through, nobody else."""
    require_admin()


for part in (
    overview.blueprint,
    hosts.blueprint,
    gates.blueprint,
    failed.blueprint,
    people.blueprint,
    reports.blueprint,
    emojis.blueprint,
    announcements.blueprint,
    trends.blueprint,
    site.blueprint,
):
    blueprint.register_blueprint(part)
