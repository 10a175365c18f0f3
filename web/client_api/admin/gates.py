"""Who may not come in, for admins: domain blocks and allows, e-mail domains and addresses, networks."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

from quart import Blueprint, Response

from federation.actions import gates
from federation.actions.gates import DomainRefusal
from storage.gates import Listed, RefusedDomain, RefusedNetwork
from web.client_api.answers import answer
from web.client_api.authentication import scoped
from web.client_api.call import Call
from web.client_api.entities.site import moment
from web.client_api.paging import read_page
from web.current import path_id

routes = Blueprint("gates", __name__)

_LONGEST_S: Final = 10 * 366 * 24 * 3600
_MOST: Final = 100


def _domain(one: RefusedDomain) -> dict[str, Any]:
    return {
        "id": str(one.id),
        "domain": one.domain,
        "digest": sha256(one.domain.encode()).hexdigest(),
        "created_at": moment(one.created_at),
        "severity": one.severity,
        "reject_media": one.reject_media,
        "reject_reports": one.reject_reports,
        "private_comment": one.reason or None,
        "public_comment": one.public_comment or None,
        "obfuscate": one.obfuscate,
    }


def _refusal(call: Call, before: RefusedDomain | None) -> DomainRefusal:
    """Read how a server is refused; what is not named stays, or is as Mastodon has it."""
    given, was = call.parameters, before
    return DomainRefusal(
        severity=given.text("severity", was.severity if was else "silence"),
        reject_media=given.flag("reject_media", default=was.reject_media if was else False),
        reject_reports=given.flag("reject_reports", default=was.reject_reports if was else False),
        private_comment=given.text("private_comment", was.reason if was else ""),
        public_comment=given.text("public_comment", was.public_comment if was else ""),
        obfuscate=given.flag("obfuscate", default=was.obfuscate if was else False),
    )


@routes.get("/v1/admin/domain_blocks")
@scoped("admin:read:domain_blocks")
async def domains(call: Call) -> Response:
    """List refused servers."""
    page = read_page(call.parameters, default=_MOST)
    found = await gates.list_domains(call.services, call.person, page)
    return call.paged([_domain(one) for one in found], page, [one.id for one in found])


@routes.post("/v1/admin/domain_blocks")
@scoped("admin:write:domain_blocks")
async def add_domain(call: Call) -> Response:
    """Refuse a server."""
    refusal = _refusal(call, None)
    return answer(
        _domain(await gates.set_domain(call.services, call.person, call.parameters.text("domain"), refusal, new=True))
    )


@routes.get("/v1/admin/domain_blocks/<block_id>")
@scoped("admin:read:domain_blocks")
async def domain(call: Call, block_id: str) -> Response:
    """Show a refused server."""
    return answer(_domain(await gates.get_domain(call.services, call.person, path_id(block_id))))


@routes.put("/v1/admin/domain_blocks/<block_id>")
@scoped("admin:write:domain_blocks")
async def change_domain(call: Call, block_id: str) -> Response:
    """Change how a server is refused."""
    before = await gates.get_domain(call.services, call.person, path_id(block_id))
    changed = await gates.set_domain(call.services, call.person, before.domain, _refusal(call, before), new=False)
    return answer(_domain(changed))


@routes.delete("/v1/admin/domain_blocks/<block_id>")
@scoped("admin:write:domain_blocks")
async def lift_domain(call: Call, block_id: str) -> Response:
    """Refuse a server no more."""
    await gates.lift_domain(call.services, call.person, path_id(block_id))
    return answer({})


# --- Lists of names ------------------------------------------------------------------------------


def _allowed(one: Listed) -> dict[str, Any]:
    return {"id": str(one.id), "domain": one.name, "created_at": moment(one.created_at)}


def _email_domain(one: Listed) -> dict[str, Any]:
    # How often such addresses are tried is not counted.
    return {"id": str(one.id), "domain": one.name, "created_at": moment(one.created_at), "history": []}


def _email(one: Listed) -> dict[str, Any]:
    return {"id": str(one.id), "canonical_email_hash": one.name}


@routes.get("/v1/admin/domain_allows")
@scoped("admin:read:domain_allows")
async def allowed(call: Call) -> Response:
    """List the servers that are let in where only listed ones are."""
    return await _names(call, "allowed domain")


@routes.post("/v1/admin/domain_allows")
@scoped("admin:write:domain_allows")
async def allow(call: Call) -> Response:
    """List such a server."""
    return answer(
        _allowed(await gates.add_name(call.services, call.person, "allowed domain", call.parameters.text("domain")))
    )


@routes.get("/v1/admin/domain_allows/<name_id>")
@scoped("admin:read:domain_allows")
async def one_allowed(call: Call, name_id: str) -> Response:
    """Show such a server."""
    return answer(_allowed(await gates.get_name(call.services, call.person, "allowed domain", path_id(name_id))))


@routes.delete("/v1/admin/domain_allows/<name_id>")
@scoped("admin:write:domain_allows")
async def disallow(call: Call, name_id: str) -> Response:
    """Take such a server off the list."""
    await gates.remove_name(call.services, call.person, "allowed domain", path_id(name_id))
    return answer({})


@routes.get("/v1/admin/email_domain_blocks")
@scoped("admin:read:email_domain_blocks")
async def email_domains(call: Call) -> Response:
    """List the e-mail domains with which nobody signs up."""
    return await _names(call, "e-mail domain")


@routes.post("/v1/admin/email_domain_blocks")
@scoped("admin:write:email_domain_blocks")
async def add_email_domain(call: Call) -> Response:
    """List such a domain."""
    added = await gates.add_name(call.services, call.person, "e-mail domain", call.parameters.text("domain"))
    return answer(_email_domain(added))


@routes.get("/v1/admin/email_domain_blocks/<name_id>")
@scoped("admin:read:email_domain_blocks")
async def email_domain(call: Call, name_id: str) -> Response:
    """Show such a domain."""
    return answer(_email_domain(await gates.get_name(call.services, call.person, "e-mail domain", path_id(name_id))))


@routes.delete("/v1/admin/email_domain_blocks/<name_id>")
@scoped("admin:write:email_domain_blocks")
async def lift_email_domain(call: Call, name_id: str) -> Response:
    """Take such a domain off the list."""
    await gates.remove_name(call.services, call.person, "e-mail domain", path_id(name_id))
    return answer({})


@routes.get("/v1/admin/canonical_email_blocks")
@scoped("admin:read:canonical_email_blocks")
async def emails(call: Call) -> Response:
    """List the hashes of addresses with which nobody signs up."""
    return await _names(call, "e-mail address")


@routes.post("/v1/admin/canonical_email_blocks")
@scoped("admin:write:canonical_email_blocks")
async def add_email(call: Call) -> Response:
    """List an address, or a hash."""
    given = call.parameters
    digest = gates.canonical_hash(given.text("email")) if given.text("email") else given.text("canonical_email_hash")
    return answer(_email(await gates.add_name(call.services, call.person, "e-mail address", digest)))


@routes.post("/v1/admin/canonical_email_blocks/test")
@scoped("admin:read:canonical_email_blocks")
async def test_email(call: Call) -> Response:
    """Tell which entries refuse an address."""
    found = await gates.find_email(call.services, call.person, call.parameters.text("email"))
    return answer([_email(one) for one in found])


@routes.get("/v1/admin/canonical_email_blocks/<name_id>")
@scoped("admin:read:canonical_email_blocks")
async def email(call: Call, name_id: str) -> Response:
    """Show such a hash."""
    return answer(_email(await gates.get_name(call.services, call.person, "e-mail address", path_id(name_id))))


@routes.delete("/v1/admin/canonical_email_blocks/<name_id>")
@scoped("admin:write:canonical_email_blocks")
async def lift_email(call: Call, name_id: str) -> Response:
    """Take such a hash off the list."""
    await gates.remove_name(call.services, call.person, "e-mail address", path_id(name_id))
    return answer({})


_WRITERS: Final = {"allowed domain": _allowed, "e-mail domain": _email_domain, "e-mail address": _email}


async def _names(call: Call, kind: str) -> Response:
    page = read_page(call.parameters, default=_MOST)
    found = await gates.list_names(call.services, call.person, kind, page)
    return call.paged([_WRITERS[kind](one) for one in found], page, [one.id for one in found])


# --- Networks ------------------------------------------------------------------------------------


def _network(one: RefusedNetwork) -> dict[str, Any]:
    return {
        "id": str(one.id),
        "ip": one.ip,
        "severity": one.severity,
        "comment": one.comment,
        "created_at": moment(one.created_at),
        "expires_at": moment(one.expires_at) if one.expires_at else None,
    }


async def _set_network(call: Call, before: RefusedNetwork | None) -> Response:
    given = call.parameters
    lasts_s = given.number("expires_in", 0, least=0, most=_LONGEST_S)
    expires_at = call.services.now() + timedelta(seconds=lasts_s) if lasts_s else None
    block_id: UUID | None = before.id if before is not None else None
    kept = await gates.set_network(
        call.services,
        call.person,
        given.text("ip", before.ip if before else ""),
        given.text("severity", before.severity if before else ""),
        comment=given.text("comment", before.comment if before else ""),
        expires_at=expires_at if given.has("expires_in") or before is None else before.expires_at,
        block_id=block_id,
    )
    return answer(_network(kept))


@routes.get("/v1/admin/ip_blocks")
@scoped("admin:read:ip_blocks")
async def networks(call: Call) -> Response:
    """List refused networks."""
    page = read_page(call.parameters, default=_MOST)
    found = await gates.list_networks(call.services, call.person, page)
    return call.paged([_network(one) for one in found], page, [one.id for one in found])


@routes.post("/v1/admin/ip_blocks")
@scoped("admin:write:ip_blocks")
async def add_network(call: Call) -> Response:
    """Refuse a network."""
    return await _set_network(call, None)


@routes.get("/v1/admin/ip_blocks/<block_id>")
@scoped("admin:read:ip_blocks")
async def network(call: Call, block_id: str) -> Response:
    """Show a refused network."""
    return answer(_network(await gates.get_network(call.services, call.person, path_id(block_id))))


@routes.put("/v1/admin/ip_blocks/<block_id>")
@scoped("admin:write:ip_blocks")
async def change_network(call: Call, block_id: str) -> Response:
    """Change how a network is refused."""
    return await _set_network(call, await gates.get_network(call.services, call.person, path_id(block_id)))


@routes.delete("/v1/admin/ip_blocks/<block_id>")
@scoped("admin:write:ip_blocks")
async def lift_network(call: Call, block_id: str) -> Response:
    """Refuse a network no more."""
    await gates.lift_network(call.services, call.person, path_id(block_id))
    return answer({})
