"""Who may not come in: refused servers, e-mail domains and addresses, networks; and what sign-up asks of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from ipaddress import IPv4Network, IPv6Network, ip_interface, ip_network
from typing import TYPE_CHECKING, Final
from uuid import UUID

from federation.actions.administration import check_admin
from federation.errors import Conflict, Forbidden, Invalid, NotFound
from federation.protocol.handles import normalise_host
from storage import deliveries, gates, moderation, proxied
from storage.gates import Listed, RefusedDomain, RefusedNetwork

if TYPE_CHECKING:
    from federation.services import Services
    from storage.entries import Page
    from storage.people import Person

SEVERITIES: Final = ("noop", "silence", "suspend")
NETWORK_SEVERITIES: Final = ("sign_up_requires_approval", "sign_up_block", "no_access")
_MAX_COMMENT: Final = 1000
NAMES: Final = {
    "allowed domain": gates.ALLOWED_DOMAINS,
    "e-mail domain": gates.EMAIL_DOMAINS,
    "e-mail address": gates.EMAILS,
}


@dataclass(frozen=True, slots=True)
class DomainRefusal:
    """How a server is refused."""

    severity: str = "silence"
    reject_media: bool = False
    reject_reports: bool = False
    private_comment: str = ""
    public_comment: str = ""
    obfuscate: bool = False


def canonical_hash(email: str) -> str:
    """Return the hash of the one form of an address: lower case, without dots and +suffixes of its name."""
    name, _, domain = email.strip().lower().rpartition("@")
    return sha256(f"{name.partition('+')[0].replace('.', '')}@{domain}".encode()).hexdigest()


async def check_sign_up(services: Services, email: str, address: str) -> bool:
    """Raise `Invalid` or `Forbidden` for whom the gates refuse; return whether a moderator must let them in."""
    try:
        source = ip_interface(address)
    except ValueError:
        source = None
    domain = email.strip().lower().rpartition("@")[2]
    async with services.database.connection() as db:
        verdict = await gates.find_verdict(db, canonical_hash(email), domain, source)
    if verdict.email_refused or verdict.domain_refused:
        raise Invalid("This e-mail address cannot be used here.", field="email", code="ERR_BLOCKED")
    if verdict.network in ("sign_up_block", "no_access"):
        raise Forbidden("Nobody can sign up from your network. Ask the admin for an account.")
    return verdict.network is not None


async def set_domain(
    services: Services, admin: Person, domain: str, refusal: DomainRefusal, *, new: bool
) -> RefusedDomain:
    """Refuse, silence or note a server; what was decided before gives way. Raises `Invalid`, `Conflict`."""
    check_admin(admin)
    host = normalise_host(domain.strip())
    if host is None:
        raise Invalid(f"{domain!r} is not a domain such as spam.example.", field="domain")
    if host in (services.settings.host, services.settings.account_domain):
        raise Invalid("That is this server.", field="domain")
    if refusal.severity not in SEVERITIES:
        raise Invalid(f"The severity is one of {', '.join(SEVERITIES)}.", field="severity")
    async with services.database.transaction() as db:
        before = await gates.DOMAIN_BY_NAME.first(db, host)
        if new and before is not None:
            raise Conflict("This domain is blocked already.")
        kept = await gates.SET_DOMAIN.one(
            db, host, refusal.severity, refusal.reject_media, refusal.reject_reports,
            refusal.private_comment[:_MAX_COMMENT], refusal.public_comment[:_MAX_COMMENT], refusal.obfuscate,
        )  # fmt: skip
        if before is not None and before.severity == "silence" and kept.severity != "silence":
            await gates.SILENCE_DOMAIN.run(db, host, False)
        if kept.severity == "silence":
            await gates.SILENCE_DOMAIN.run(db, host, True)
        if kept.reject_media:
            await gates.DROP_PORTRAITS.run(db)
            await proxied.forget_of_domain(db, host)
        await moderation.settle_domains(db)
        if kept.severity == "suspend":
            await deliveries.discard_blocked(db)
        await moderation.insert_audit(db, admin.id, "block domain", host, {"severity": kept.severity})
    return kept


async def get_domain(services: Services, admin: Person, block_id: UUID) -> RefusedDomain:
    """Return a refused server."""
    check_admin(admin)
    async with services.database.connection() as db:
        found = await gates.DOMAIN.first(db, block_id)
    if found is None:
        raise NotFound("There is no such block.")
    return found


async def list_domains(services: Services, admin: Person, page: Page) -> list[RefusedDomain]:
    """List a page of refused servers."""
    check_admin(admin)
    async with services.database.connection() as db:
        return await gates.list_domains(db, page)


async def list_told(services: Services) -> list[RefusedDomain]:
    """List the servers of which people here miss something, for them."""
    async with services.database.connection() as db:
        return await gates.TOLD.all(db)


def public_domain(refused: RefusedDomain) -> str:
    """Return a refused server's name as others than admins read it: with stars, when that was wanted."""
    name, shown = refused.domain, len(refused.domain) // 4
    if not refused.obfuscate:
        return name
    hidden = range(shown + 1, len(name) - shown)
    return "".join("*" if place in hidden and one != "." else one for place, one in enumerate(name))


async def lift_domain(services: Services, admin: Person, block_id: UUID) -> RefusedDomain:
    """Refuse a server no more; follows do not come back by themselves."""
    found = await get_domain(services, admin, block_id)
    async with services.database.transaction() as db:
        if found.severity == "silence":
            await gates.SILENCE_DOMAIN.run(db, found.domain, False)
        await moderation.unblock_domain(db, found.domain)
        await moderation.insert_audit(db, admin.id, "unblock domain", found.domain)
    return found


async def add_name(services: Services, admin: Person, kind: str, name: str) -> Listed:
    """Put a domain, or the hash of an address, on a list; `Conflict` when it stands there."""
    check_admin(admin)
    if kind != "e-mail address":
        host = normalise_host(name.strip())
        if host is None:
            raise Invalid(f"{name!r} is not a domain such as spam.example.", field="domain")
        name = host
    elif len(name) != 64 or set(name) - set("0123456789abcdef"):
        raise Invalid("That is not the hash of an address.", field="canonical_email_hash")
    async with services.database.transaction() as db:
        added = await NAMES[kind].insert.first(db, name)
        if added is None:
            raise Conflict("It stands on the list already.")
        await moderation.insert_audit(db, admin.id, f"list {kind}", name)
    return added


async def get_name(services: Services, admin: Person, kind: str, name_id: UUID) -> Listed:
    """Return an entry of a list."""
    check_admin(admin)
    async with services.database.connection() as db:
        found = await NAMES[kind].one.first(db, name_id)
    if found is None:
        raise NotFound("It is not on the list.")
    return found


async def list_names(services: Services, admin: Person, kind: str, page: Page) -> list[Listed]:
    """List a page of a list."""
    check_admin(admin)
    async with services.database.connection() as db:
        return await gates.list_names(db, NAMES[kind], page)


async def remove_name(services: Services, admin: Person, kind: str, name_id: UUID) -> Listed:
    """Take something off a list."""
    found = await get_name(services, admin, kind, name_id)
    async with services.database.transaction() as db:
        await NAMES[kind].delete.run(db, name_id)
        await moderation.insert_audit(db, admin.id, f"unlist {kind}", found.name)
    return found


async def find_email(services: Services, admin: Person, email: str) -> list[Listed]:
    """Find whether an address is refused."""
    check_admin(admin)
    async with services.database.connection() as db:
        return await gates.EMAIL_BY_HASH.all(db, canonical_hash(email))


async def set_network(
    services: Services,
    admin: Person,
    network: str,
    severity: str,
    *,
    comment: str = "",
    expires_at: datetime | None = None,
    block_id: UUID | None = None,
) -> RefusedNetwork:
    """Refuse a network, or with `block_id` change how. Raises `Invalid`, `Conflict`, `NotFound`."""
    check_admin(admin)
    try:
        parsed = ip_network(network.strip(), strict=False)
    except ValueError as exc:
        raise Invalid("That is not an address or a network such as 192.0.2.0/24.", field="ip") from exc
    if severity not in NETWORK_SEVERITIES:
        raise Invalid(f"The severity is one of {', '.join(NETWORK_SEVERITIES)}.", field="severity")
    async with services.database.transaction() as db:
        kept = await (
            gates.INSERT_NETWORK.first(db, parsed, severity, comment[:_MAX_COMMENT], expires_at)
            if block_id is None
            else gates.UPDATE_NETWORK.first(db, block_id, parsed, severity, comment[:_MAX_COMMENT], expires_at)
        )
        if kept is None and (block_id is None or await gates.NETWORK.first(db, block_id) is not None):
            raise Conflict("This network is blocked already.")
        if kept is None:
            raise NotFound("There is no such block.")
        await moderation.insert_audit(db, admin.id, "block network", kept.ip, {"severity": severity})
    return kept


async def get_network(services: Services, admin: Person, block_id: UUID) -> RefusedNetwork:
    """Return a refused network."""
    check_admin(admin)
    async with services.database.connection() as db:
        found = await gates.NETWORK.first(db, block_id)
    if found is None:
        raise NotFound("There is no such block.")
    return found


async def list_networks(services: Services, admin: Person, page: Page) -> list[RefusedNetwork]:
    """List a page of refused networks."""
    check_admin(admin)
    async with services.database.connection() as db:
        return await gates.list_networks(db, page)


async def lift_network(services: Services, admin: Person, block_id: UUID) -> RefusedNetwork:
    """Refuse a network no more."""
    found = await get_network(services, admin, block_id)
    async with services.database.transaction() as db:
        await gates.DELETE_NETWORK.run(db, block_id)
        await moderation.insert_audit(db, admin.id, "unblock network", found.ip)
    return found


async def list_shut_out(services: Services) -> tuple[IPv4Network | IPv6Network, ...]:
    """Return the networks that see nothing of this place."""
    async with services.database.connection() as db:
        return tuple(ip_network(network) for network in await gates.list_shut_out(db))
