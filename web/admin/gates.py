"""Who may not come in: refused servers, and the lists of networks, e-mail domains, addresses and allowed servers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final
from uuid import UUID

from quart import Blueprint, Response, request

from federation.actions import gates, hosts
from federation.actions.gates import DomainRefusal
from federation.errors import Conflict, Invalid
from storage.entries import Page
from storage.gates import RefusedDomain
from web.admin.overview import admin_page
from web.current import me, parse_uuid, path_id, services
from web.flashes import flash
from web.forms import Problems, go, problems, typed
from web.paging import page_url
from web.presenting.administration import domain_view, name_row, network_row

blueprint = Blueprint("gates", __name__)

_PAGE = 50
_LONGEST_DAYS = 3650
NETWORKS: Final = "networks"
# The last part of each list's address, and what the rules call its entries.
_LISTS: Final = {"emails": "e-mail domain", "addresses": "e-mail address", "servers": "allowed domain"}


def _page() -> Page:
    return Page(limit=_PAGE + 1, older_than=parse_uuid(request.args.get("before")))


async def _domains_page(form: Mapping[str, str] | None = None, errors: Problems | None = None) -> Response:
    page = _page()
    found = await gates.list_domains(services(), me(), page)
    shown = found[:_PAGE]
    return await admin_page(
        "domains",
        blocks=tuple(domain_view(block) for block in shown),
        form=form if form is not None else {"severity": "suspend"},
        errors=errors or {},
        newer_url=request.path if page.older_than else None,
        older_url=page_url(before=str(shown[-1].id)) if len(found) > _PAGE else None,
        http_status=422 if errors else 200,
    )


def _refusal(form: Mapping[str, str]) -> DomainRefusal:
    return DomainRefusal(
        severity=form.get("severity") or "suspend",
        reject_media="reject_media" in form,
        reject_reports="reject_reports" in form,
        private_comment=form.get("reason", "").strip(),
        public_comment=form.get("public_comment", "").strip(),
        obfuscate="obfuscate" in form,
    )


@blueprint.get("/domains")
async def domains() -> Response:
    """List the servers that are refused, silenced or noted."""
    return await _domains_page()


@blueprint.post("/domains")
async def block() -> Response:
    """Refuse a server, or refuse it otherwise."""
    form = await typed()
    try:
        kept = await gates.set_domain(services(), me(), form.get("domain", ""), _refusal(form), new=False)
    except Invalid as exc:
        return await _domains_page(form, problems(exc))
    flash(_DONE[kept.severity].format(domain=kept.domain))
    return go("/admin/domains")


_DONE: Final = {
    "suspend": "{domain} is kept out.",
    "silence": "{domain} is silenced.",
    "noop": "What you say of {domain} is kept.",
}


@blueprint.post("/domains/unblock")
async def unblock() -> Response:
    """Let a server in again."""
    domain = (await typed()).get("domain", "")
    await hosts.unblock_domain(services(), domain, by=me())
    flash(f"{domain} may come in again.")
    return go("/admin/domains")


async def _domain_page(
    found: RefusedDomain, form: Mapping[str, str] | None = None, errors: Problems | None = None
) -> Response:
    standing = {"severity": found.severity, "reason": found.reason, "public_comment": found.public_comment}
    flags = ("reject_media", "reject_reports", "obfuscate")
    return await admin_page(
        "domain",
        block=domain_view(found),
        form=form if form is not None else standing | {name: "1" for name in flags if getattr(found, name)},
        errors=errors or {},
        http_status=422 if errors else 200,
    )


@blueprint.get("/domains/<block_id>")
async def domain(block_id: str) -> Response:
    """Show how a server is refused, for changing it."""
    return await _domain_page(await gates.get_domain(services(), me(), path_id(block_id)))


@blueprint.post("/domains/<block_id>")
async def change(block_id: str) -> Response:
    """Change how a server is refused."""
    found, form = await gates.get_domain(services(), me(), path_id(block_id)), await typed()
    try:
        kept = await gates.set_domain(services(), me(), found.domain, _refusal(form), new=False)
    except Invalid as exc:
        return await _domain_page(found, form, problems(exc))
    flash(_DONE[kept.severity].format(domain=kept.domain))
    return go("/admin/domains")


# --- Lists ---------------------------------------------------------------------------------------


async def _list_page(kind: str, form: Mapping[str, str] | None = None, errors: Problems | None = None) -> Response:
    page = _page()
    if kind == NETWORKS:
        rows = [network_row(one) for one in await gates.list_networks(services(), me(), page)]
    else:
        rows = [name_row(one) for one in await gates.list_names(services(), me(), _LISTS[kind], page)]
    shown = rows[:_PAGE]
    return await admin_page(
        "gates",
        kind=kind,
        rows=tuple(shown),
        form=form or {},
        errors=errors or {},
        limited=services().settings.limited_federation,
        newer_url=request.path if page.older_than else None,
        older_url=page_url(before=shown[-1].id) if len(rows) > _PAGE else None,
        http_status=422 if errors else 200,
    )


_KINDS: Final = f"<any({', '.join((NETWORKS, *_LISTS))}):kind>"


@blueprint.get(f"/gates/{_KINDS}")
async def entries(kind: str) -> Response:
    """Show one of the lists."""
    return await _list_page(kind)


@blueprint.post(f"/gates/{_KINDS}")
async def add(kind: str) -> Response:
    """Put something on one of the lists."""
    form = await typed()
    try:
        added = await (_add_network(form) if kind == NETWORKS else _add_name(kind, form))
    except (Invalid, Conflict) as exc:
        field = exc.field or ("ip" if kind == NETWORKS else "name")
        return await _list_page(
            kind, form, {"name" if field in ("domain", "canonical_email_hash") else field: exc.message}
        )
    flash(f"{added} is on the list.")
    return go(f"/admin/gates/{kind}")


async def _add_name(kind: str, form: Mapping[str, str]) -> str:
    name = form.get("name", "").strip()
    if kind == "addresses" and "@" in name:
        await gates.add_name(services(), me(), _LISTS[kind], gates.canonical_hash(name))
        return name
    return (await gates.add_name(services(), me(), _LISTS[kind], name)).name


async def _add_network(form: Mapping[str, str]) -> str:
    days = form.get("days", "").strip()
    if days and not (days.isascii() and days.isdigit() and 1 <= int(days[:9]) <= _LONGEST_DAYS):
        raise Invalid(f"A number of days from 1 to {_LONGEST_DAYS}, or nothing.", field="days")
    kept = await gates.set_network(
        services(), me(), form.get("ip", ""), form.get("severity", ""), comment=form.get("comment", "").strip(),
        expires_at=services().now() + timedelta(days=int(days)) if days else None,
    )  # fmt: skip
    return kept.ip


@blueprint.post(f"/gates/{_KINDS}/<entry_id>/remove")
async def remove(kind: str, entry_id: str) -> Response:
    """Take something off one of the lists."""
    flash(f"{await _removed(kind, path_id(entry_id))} is off the list.")
    return go(f"/admin/gates/{kind}")


async def _removed(kind: str, entry_id: UUID) -> str:
    if kind == NETWORKS:
        return (await gates.lift_network(services(), me(), entry_id)).ip
    return (await gates.remove_name(services(), me(), _LISTS[kind], entry_id)).name
