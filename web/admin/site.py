"""What this place says of itself: description, rules, privacy, terms."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from quart import Blueprint, Response

from federation.actions import site
from federation.errors import Invalid
from web.admin.overview import admin_page
from web.current import me, path_id, services
from web.flashes import flash
from web.forms import Problems, go, problems, typed

blueprint = Blueprint("site", __name__)


async def _page(form: Mapping[str, str] | None = None, errors: Problems | None = None) -> Response:
    texts = {kind: await site.get_text(services(), kind) for kind in site.KINDS}
    house, terms = await site.get_house(services()), texts["terms"]
    return await admin_page(
        "site",
        texts={kind: text.source if text else "" for kind, text in texts.items()},
        terms_since=terms.effective_on.isoformat() if terms else services().now().date().isoformat(),
        most=site.MOST_CHARS,
        rules=tuple((str(rule.id), rule.text, rule.hint) for rule in house.rules),
        form=form or {},
        errors=errors or {},
        http_status=422 if errors else 200,
    )


@blueprint.get("/site")
async def texts() -> Response:
    """Show what is said, for changing it."""
    return await _page()


@blueprint.post(f"/site/<any({', '.join(site.KINDS)}):kind>")
async def save(kind: str) -> Response:
    """Store one of the texts."""
    form = await typed()
    try:
        since = date.fromisoformat(form["effective_on"]) if form.get("effective_on") else None
        await site.save_text(services(), me(), kind, form.get("content", ""), effective_on=since)
    except Invalid as exc:
        return await _page({kind: form.get("content", "")}, problems(exc))
    except ValueError:
        return await _page({kind: form.get("content", "")}, {"effective_on": "This is not a day."})
    flash("Saved. It may take a minute until every page shows it.")
    return go("/admin/site")


@blueprint.post("/site/rules")
async def add_rule() -> Response:
    """Add a rule."""
    form = await typed()
    try:
        await site.add_rule(services(), me(), form.get("text", ""), form.get("hint", ""))
    except Invalid as exc:
        return await _page(form, problems(exc))
    flash("The rule is added.")
    return go("/admin/site")


@blueprint.post("/site/rules/<rule_id>/delete")
async def delete_rule(rule_id: str) -> Response:
    """Take a rule away."""
    await site.delete_rule(services(), me(), path_id(rule_id))
    flash("The rule is gone.")
    return go("/admin/site")
