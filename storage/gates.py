"""Who may not come in: refused servers by id, e-mail domains and addresses, and networks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv4Interface, IPv4Network, IPv6Interface, IPv6Network
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from storage.entries import Page
from storage.query import Command, Rows, Value

if TYPE_CHECKING:
    from storage.database import Connection


@dataclass(frozen=True, slots=True)
class RefusedDomain:
    """A server that is refused, silenced or noted."""

    id: UUID
    domain: str
    severity: str
    reject_media: bool
    reject_reports: bool
    reason: str
    public_comment: str
    obfuscate: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Listed:
    """A domain, or the hash of an address, on a list."""

    id: UUID
    name: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class RefusedNetwork:
    """Addresses from which not everybody may come in."""

    id: UUID
    ip: str
    severity: str
    comment: str
    expires_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the gates say of somebody who wants to sign up."""

    email_refused: bool
    domain_refused: bool
    network: str | None


_BETWEEN = """x.id < coalesce($1::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
        AND x.id > coalesce($2::uuid, '00000000-0000-0000-0000-000000000000')"""
_DOMAIN = """x.id, x.domain, x.severity, x.reject_media, x.reject_reports, x.reason, x.public_comment, x.obfuscate,
    x.created_at"""
_NETWORK = "x.id, text(x.ip) AS ip, x.severity, x.comment, x.expires_at, x.created_at"


def _domains(sql: str, order: str = "DESC") -> Rows[RefusedDomain]:
    return Rows(RefusedDomain, sql, columns=_DOMAIN, between=_BETWEEN, order=order)


_DOMAIN_PAGE = "SELECT {columns} FROM domain_blocks x WHERE {between} ORDER BY x.id {order} LIMIT $3"
DOMAINS = (_domains(_DOMAIN_PAGE), _domains(_DOMAIN_PAGE, "ASC"))
DOMAIN = _domains("SELECT {columns} FROM domain_blocks x WHERE x.id = $1")
DOMAIN_BY_NAME = _domains("SELECT {columns} FROM domain_blocks x WHERE x.domain = $1")
# What people here are told of: those of whom they miss something, the strictest first.
TOLD = _domains(
    """SELECT {columns} FROM domain_blocks x WHERE x.severity <> 'noop'
    ORDER BY x.severity = 'suspend' DESC, x.domain LIMIT 10000"""
)
SET_DOMAIN = _domains(
    """INSERT INTO domain_blocks AS x
        (domain, severity, reject_media, reject_reports, reason, public_comment, obfuscate)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
    ON CONFLICT (domain) DO UPDATE SET severity = excluded.severity, reject_media = excluded.reject_media,
        reject_reports = excluded.reject_reports, reason = excluded.reason, public_comment = excluded.public_comment,
        obfuscate = excluded.obfuscate
    RETURNING {columns}"""
)
# Whom a silenced server brings is silenced; let go, whoever comes from no silenced one is heard again.
SILENCE_DOMAIN = Command(
    """UPDATE users u SET silenced = $2
    WHERE u.is_remote AND u.silenced <> $2
        AND (u.domain = $1 OR right(split_part(u.domain, ':', 1), length($1) + 1) = '.' || $1)"""
)


# Pictures of people whose server's media are refused; let in again, they come with the next reading.
DROP_PORTRAITS = Command(
    """UPDATE users u SET avatar_url = NULL, header_url = NULL FROM remote_actors r
    WHERE r.user_id = u.id AND (u.avatar_url IS NOT NULL OR u.header_url IS NOT NULL) AND media_is_refused(r.host)"""
)


class Names(NamedTuple):
    """The queries over a table of names."""

    newest: Rows[Listed]
    oldest: Rows[Listed]
    one: Rows[Listed]
    insert: Rows[Listed]
    delete: Command


def _listed(table: str, column: str) -> Names:
    fragments = {"table": table, "name": column, "between": _BETWEEN}
    page = """SELECT x.id, x.{name} AS name, x.created_at FROM {table} x
        WHERE {between} ORDER BY x.id {order} LIMIT $3"""
    return Names(
        Rows(Listed, page, order="DESC", **fragments),
        Rows(Listed, page, order="ASC", **fragments),
        Rows(Listed, "SELECT x.id, x.{name} AS name, x.created_at FROM {table} x WHERE x.id = $1", **fragments),
        Rows(
            Listed,
            """INSERT INTO {table} AS x ({name}) VALUES ($1) ON CONFLICT ({name}) DO NOTHING
            RETURNING x.id, x.{name} AS name, x.created_at""",
            **fragments,
        ),
        Command("DELETE FROM {table} WHERE id = $1", **fragments),
    )


ALLOWED_DOMAINS = _listed("domain_allows", "domain")
EMAIL_DOMAINS = _listed("email_domain_blocks", "domain")
EMAILS = _listed("canonical_email_blocks", "hash")
EMAIL_BY_HASH = Rows(
    Listed, "SELECT x.id, x.hash AS name, x.created_at FROM canonical_email_blocks x WHERE x.hash = $1"
)  # fmt: skip


def _networks(sql: str, order: str = "DESC") -> Rows[RefusedNetwork]:
    return Rows(RefusedNetwork, sql, columns=_NETWORK, between=_BETWEEN, order=order)


_NETWORK_PAGE = "SELECT {columns} FROM ip_blocks x WHERE {between} ORDER BY x.id {order} LIMIT $3"
NETWORKS = (_networks(_NETWORK_PAGE), _networks(_NETWORK_PAGE, "ASC"))
NETWORK = _networks("SELECT {columns} FROM ip_blocks x WHERE x.id = $1")
INSERT_NETWORK = _networks(
    """INSERT INTO ip_blocks AS x (ip, severity, comment, expires_at) VALUES ($1::inet, $2, $3, $4)
    ON CONFLICT (ip) DO NOTHING RETURNING {columns}"""
)
UPDATE_NETWORK = _networks(
    """UPDATE ip_blocks x SET ip = $2::inet, severity = $3, comment = $4, expires_at = $5
    WHERE x.id = $1 AND NOT EXISTS (SELECT FROM ip_blocks o WHERE o.ip = $2::inet AND o.id <> $1) RETURNING {columns}"""
)
DELETE_NETWORK = Command("DELETE FROM ip_blocks WHERE id = $1")
# The strictest network counts; an e-mail domain covers its subdomains.
VERDICT = Rows(
    Verdict,
    """SELECT EXISTS (SELECT FROM canonical_email_blocks WHERE hash = $1) AS email_refused,
        EXISTS (SELECT FROM email_domain_blocks b
            WHERE b.domain = $2 OR right($2, length(b.domain) + 1) = '.' || b.domain) AS domain_refused,
        (SELECT b.severity FROM ip_blocks b
            WHERE b.ip >>= $3::inet AND (b.expires_at IS NULL OR b.expires_at > now())
            ORDER BY array_position(ARRAY['no_access', 'sign_up_block', 'sign_up_requires_approval'], b.severity)
            LIMIT 1) AS network""",
)
NO_ACCESS = Value(
    str,
    """SELECT text(ip) FROM ip_blocks
    WHERE severity = 'no_access' AND (expires_at IS NULL OR expires_at > now()) ORDER BY id LIMIT 1000""",
)

Address = IPv4Interface | IPv6Interface | IPv4Network | IPv6Network


async def list_domains(db: Connection, page: Page) -> list[RefusedDomain]:
    """List a page of refused servers, newest first."""
    found = await DOMAINS[page.ascending].all(db, page.older_than, page.newer_than, page.limit)
    return found[::-1] if page.ascending else found


async def list_names(db: Connection, names: Names, page: Page) -> list[Listed]:
    """List a page of one of the lists of names, newest first."""
    found = await (names.oldest if page.ascending else names.newest).all(
        db, page.older_than, page.newer_than, page.limit
    )
    return found[::-1] if page.ascending else found


async def list_networks(db: Connection, page: Page) -> list[RefusedNetwork]:
    """List a page of refused networks, newest first."""
    found = await NETWORKS[page.ascending].all(db, page.older_than, page.newer_than, page.limit)
    return found[::-1] if page.ascending else found


async def find_verdict(db: Connection, email_hash: str, email_domain: str, address: Address | None) -> Verdict:
    """Say what the gates hold against somebody who wants to sign up."""
    return await VERDICT.one(db, email_hash, email_domain, address)


async def list_shut_out(db: Connection) -> Sequence[str]:
    """List the networks that see nothing of this place."""
    return await NO_ACCESS.all(db)
