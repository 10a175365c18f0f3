"""Remote hosts as an admin sees them, and the domains that are refused."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from federation.errors import Invalid, NotFound
from federation.protocol.handles import normalise_host
from storage import deliveries, instances, moderation
from storage.instances import Instance
from storage.moderation import AuditEntry, DomainBlock

if TYPE_CHECKING:
    from collections.abc import Sequence

    from federation.services import Services
    from storage.people import Person


async def list_hosts(
    services: Services, *, after: str = "", matching: str = "", state: str = "", limit: int = 50
) -> list[Instance]:
    """List hosts by name; `state` is ok, down, paused, blocked or empty."""
    async with services.database.connection() as db:
        return await instances.list_instances(db, after=after, matching=matching, state=state, limit=limit)


async def count_hosts(services: Services, *, matching: str = "", state: str = "") -> int:
    """Count such hosts."""
    async with services.database.connection() as db:
        return await instances.count_instances(db, matching=matching, state=state)


async def pause_host(services: Services, host: str, *, by: Person | None) -> None:
    """Stop sending to a host; what is meant for it waits."""
    await _set_paused(services, host, paused=True, by=by)


async def resume_host(services: Services, host: str, *, by: Person | None) -> None:
    """Send to a paused host again."""
    await _set_paused(services, host, paused=False, by=by)


async def _set_paused(services: Services, host: str, *, paused: bool, by: Person | None) -> None:
    async with services.database.transaction() as db:
        if await instances.find_instance(db, host) is None:
            raise NotFound(f"We have never had to do with {host}.")
        if await instances.set_paused(db, host, paused=paused):
            await moderation.insert_audit(db, by.id if by else None, "pause" if paused else "resume", host)
    services.wake()


async def retry_host(services: Services, host: str, *, by: Person | None) -> int:
    """Make everything that waits for a host due now; return how much that is."""
    async with services.database.transaction() as db:
        if await instances.find_instance(db, host) is None:
            raise NotFound(f"We have never had to do with {host}.")
        count = await instances.release(db, [host])
        await moderation.insert_audit(db, by.id if by else None, "retry now", host, {"deliveries": count})
    services.wake()
    return count


async def block_domain(services: Services, domain: str, reason: str, *, by: Person | None) -> str:
    """Refuse a domain and its subdomains; return it as stored."""
    host = normalise_host(domain.strip())
    if host is None:
        raise Invalid(f"{domain!r} is not a domain such as spam.example.", field="domain")
    if host in (services.settings.host, services.settings.account_domain):
        raise Invalid("That is this server.", field="domain")
    async with services.database.transaction() as db:
        await moderation.block_domain(db, host, reason.strip()[:1000])
        await deliveries.discard_blocked(db)
        await moderation.insert_audit(db, by.id if by else None, "block domain", host, {"reason": reason[:1000]})
    return host


async def unblock_domain(services: Services, domain: str, *, by: Person | None) -> None:
    """Talk to a domain again; follows do not come back by themselves."""
    host = normalise_host(domain.strip()) or domain.strip()
    async with services.database.transaction() as db:
        if not await moderation.unblock_domain(db, host):
            raise NotFound(f"{host} is not blocked.")
        await moderation.insert_audit(db, by.id if by else None, "unblock domain", host)


async def list_domain_blocks(services: Services, *, after: str = "", limit: int = 100) -> list[DomainBlock]:
    """List refused domains by name."""
    async with services.database.connection() as db:
        return await moderation.list_domain_blocks(db, after=after, limit=limit)


async def list_audit(services: Services, *, before: UUID | None = None, limit: int = 50) -> Sequence[AuditEntry]:
    """List what admins did, newest first."""
    async with services.database.connection() as db:
        return await moderation.list_audit(db, before=before, limit=limit)
