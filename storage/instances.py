"""Remote hosts: health, breaker, lanes, and the signature scheme that worked last."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from storage.query import Command, Rows, Value

if TYPE_CHECKING:
    from storage.database import Connection


@dataclass(frozen=True, slots=True)
class Instance:
    """A row of instances, with its backlog."""

    host: str
    lane: str
    next_due_at: datetime | None
    failures: int
    down_since: datetime | None
    paused: bool
    scheme: str | None
    last_success_at: datetime | None
    last_failure_at: datetime | None
    last_error: str
    last_seen_at: datetime | None
    delivered: int
    backlog: int
    dead: int
    blocked: bool
    probe_at: datetime | None


COLUMNS = """i.host, i.lane, i.next_due_at, i.failures, i.down_since, i.paused, i.scheme, i.last_success_at,
    i.last_failure_at, i.last_error, i.last_seen_at, i.delivered,
    (SELECT count(*) FROM deliveries d WHERE d.host = i.host AND d.state = 'pending'),
    (SELECT count(*) FROM failed_events x WHERE x.host = i.host AND x.resolution IS NULL),
    host_is_blocked(i.host) AS blocked, i.probe_at"""
_MATCHING = """i.host > $1 AND ($2 = '' OR i.host LIKE '%' || $2 || '%')
        AND ($3 = '' OR ($3 = 'paused' AND i.paused) OR ($3 = 'down' AND i.down_since IS NOT NULL)
            OR ($3 = 'ok' AND i.down_since IS NULL AND NOT i.paused)
            OR ($3 = 'blocked' AND host_is_blocked(i.host)))"""
LIST = Rows(
    Instance,
    """SELECT {columns} FROM instances i
    WHERE {matching} ORDER BY i.host LIMIT $4""",
    columns=COLUMNS,
    matching=_MATCHING,
)
COUNT = Value(int, "SELECT count(*) FROM instances i WHERE {matching}", matching=_MATCHING)
ONE = Rows(Instance, "SELECT {columns} FROM instances i WHERE i.host = $1", columns=COLUMNS)
SET_PAUSED = Command("UPDATE instances SET paused = $2 WHERE host = $1 AND paused <> $2")
WITHHELD = Value(
    str,
    """SELECT x.host FROM unnest($1::text[]) AS x (host) LEFT JOIN instances i ON i.host = x.host
    WHERE i.paused OR host_is_refused(x.host)""",
)
# The breaker opens only by our own sends; a verified request from there is reason enough to probe at once, but
# not at every request of a host that talks and does not listen. A pause that it asked for stays.
SEEN = Command(
    """INSERT INTO instances (host, last_seen_at) VALUES ($1, now())
    ON CONFLICT (host) DO UPDATE SET last_seen_at = now(),
        probe_at = CASE WHEN instances.down_since IS NULL THEN instances.probe_at ELSE now() END,
        next_due_at = CASE WHEN instances.down_since IS NULL OR instances.next_due_at IS NULL
            THEN instances.next_due_at ELSE now() END
    WHERE instances.last_seen_at IS NULL OR instances.last_seen_at < now() - interval '1 minute'
        OR (instances.down_since IS NOT NULL AND instances.last_seen_at < now() - interval '5 seconds')"""
)
# In one order everywhere, so that two writers cannot wait for each other.
WAKE = Command(
    """INSERT INTO instances (host, next_due_at)
    SELECT DISTINCT host, now() FROM unnest($1::text[]) AS new (host) ORDER BY host
    ON CONFLICT (host) DO UPDATE SET next_due_at = greatest(now(), instances.probe_at)"""
)
RELEASE_ROWS = Command(
    """UPDATE deliveries SET due_at = now()
    WHERE host = ANY($1::text[]) AND state = 'pending' AND lease IS NULL AND due_at > now()"""
)
BACKLOG = Value(int, "SELECT count(*) FROM deliveries WHERE host = ANY($1::text[]) AND state = 'pending'")
RELEASE = Command(
    """UPDATE instances SET next_due_at = now(), failures = 0, down_since = NULL, probe_at = NULL
    WHERE host IN (SELECT host FROM instances WHERE host = ANY($1::text[]) ORDER BY host FOR UPDATE)"""
)


@dataclass(frozen=True, slots=True)
class SchemeMemory:
    """Which signature scheme a host took last."""

    host: str
    scheme: str


SCHEMES = Rows(
    SchemeMemory,
    """SELECT host, scheme FROM instances
    WHERE host = ANY($1::text[]) AND scheme IS NOT NULL AND scheme_at > now() - interval '7 days'""",
)


async def list_instances(
    db: Connection, *, after: str = "", matching: str = "", state: str = "", limit: int = 50
) -> list[Instance]:
    """List hosts by name; `state` is ok, down, paused, blocked or empty for all."""
    return await LIST.all(db, after, matching, state, limit)


async def count_instances(db: Connection, *, matching: str = "", state: str = "") -> int:
    """Count such hosts."""
    return await COUNT.one(db, "", matching, state)


async def find_instance(db: Connection, host: str) -> Instance | None:
    """Find a host."""
    return await ONE.first(db, host)


async def set_paused(db: Connection, host: str, *, paused: bool) -> bool:
    """Pause or resume sending to a host; False when it is so already."""
    return bool(await SET_PAUSED.run(db, host, paused))


async def list_withheld(db: Connection, hosts: Collection[str]) -> set[str]:
    """Return those of these hosts to which the admin lets nothing be sent: paused, or blocked."""
    return set(await WITHHELD.all(db, list(hosts)))


async def mark_seen(db: Connection, host: str) -> None:
    """Note a verified request from a host; one that was down is probed at once."""
    await SEEN.run(db, host)


async def wake(db: Connection, hosts: Sequence[str]) -> None:
    """Have a drain look at these hosts, which got something to send; in the transaction that gave it to them.

    A host that is down is looked at when its next probe is due.
    """
    if hosts:
        await WAKE.run(db, list(hosts))


async def release(db: Connection, hosts: Collection[str]) -> int:
    """Make the whole backlog of hosts due now and close their breakers; return how many rows wait for them.

    Once per transaction, for all of its hosts together: they are locked in name order, as everywhere.
    """
    names = sorted(set(hosts))
    if not names:
        return 0
    await RELEASE.run(db, names)
    await RELEASE_ROWS.run(db, names)
    return await BACKLOG.one(db, names)


async def find_schemes(db: Connection, hosts: Sequence[str]) -> dict[str, str]:
    """Tell which signature scheme each of these hosts took last, as far as it is fresh."""
    return {memory.host: memory.scheme for memory in await SCHEMES.all(db, hosts)}
