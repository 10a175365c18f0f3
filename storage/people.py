"""People, local and remote: the truth for what is shown of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from storage.query import Command, Joined, Rows, Value

if TYPE_CHECKING:
    from storage.database import Connection
    from storage.kept import Version


@dataclass(frozen=True, slots=True)
class Person:
    """A row of users, without credentials."""

    id: UUID
    username: str
    domain: str | None
    display_name: str
    bio: str
    bio_html: str
    fields: list[dict[str, Any]]
    avatar_url: str | None
    avatar_alt: str
    header_url: str | None
    header_alt: str
    actor_type: str
    locked: bool
    discoverable: bool
    indexable: bool
    filters_version: int
    silenced: bool
    sensitised: bool
    disabled: bool
    role: str
    state: str
    is_remote: bool
    ap_id: str
    inbox_url: str
    profile_url: str
    followers_count: int
    following_count: int
    thoughts_count: int
    last_thought_at: datetime | None
    created_at: datetime
    updated_at: datetime
    emojis: list[dict[str, Any]]
    hide_collections: bool
    feature_policy: int | None

    @property
    def handle(self) -> str:
        """`alice` for our own people, `alice@host` for others."""
        return f"{self.username}@{self.domain}" if self.domain else self.username

    @property
    def name(self) -> str:
        """What to call them: the display name, else the username."""
        return self.display_name or self.username


@dataclass(frozen=True, slots=True)
class NewPerson:
    """A local person to be."""

    username: str
    email: str | None
    password_hash: str | None
    state: str
    role: str
    ap_id: str
    inbox_url: str
    profile_url: str
    actor_type: str = "Person"
    needs_approval: bool = False
    needs_confirmation: bool = False
    created_by_app: UUID | None = None


@dataclass(frozen=True, slots=True)
class RemoteProfile:
    """What a remote actor's document says of them, sanitised."""

    username: str
    domain: str
    display_name: str
    bio: str
    bio_html: str
    sanitiser: int
    fields: list[dict[str, Any]]
    avatar_url: str | None
    avatar_alt: str
    header_url: str | None
    header_alt: str
    actor_type: str
    locked: bool
    discoverable: bool
    indexable: bool
    ap_id: str
    inbox_url: str
    profile_url: str
    created_at: datetime | None
    emojis: list[dict[str, Any]] = field(default_factory=list)
    feature_policy: int | None = None


@dataclass(frozen=True, slots=True)
class OwnProfile:
    """What a local person says of themselves; a `feature_policy` of None stays as it is."""

    display_name: str
    bio: str
    bio_html: str
    sanitiser: int
    fields: list[dict[str, Any]]
    locked: bool
    discoverable: bool
    indexable: bool
    actor_type: str
    emojis: list[dict[str, Any]] = field(default_factory=list)
    hide_collections: bool = False
    feature_policy: int | None = None


COLUMNS = """u.id, u.username, u.domain, u.display_name, u.bio, u.bio_html, u.fields,
    u.avatar_url, u.avatar_alt, u.header_url, u.header_alt, u.actor_type, u.locked, u.discoverable, u.indexable,
    u.filters_version, u.silenced, u.sensitised, u.disabled,
    u.role, u.state, u.is_remote, u.ap_id, u.inbox_url, u.profile_url,
    u.followers_count, u.following_count, u.thoughts_count, u.last_thought_at, u.created_at, u.updated_at,
    u.emojis, u.hide_collections, u.feature_policy"""


@dataclass(frozen=True, slots=True)
class Stamp:
    """Whose row is in which version (storage/kept.py)."""

    id: UUID
    xmin: int
    ctid: tuple[int, int]


@dataclass(frozen=True, slots=True)
class StampedPerson:
    """Somebody, and in which version."""

    xmin: int
    ctid: tuple[int, int]
    person: Person


STAMPS = Rows(Stamp, "SELECT u.id, u.xmin, u.ctid FROM users u WHERE u.id = ANY($1::uuid[])")
STAMPED = Joined(
    StampedPerson,
    Person,
    "SELECT u.xmin, u.ctid, {columns} FROM users u WHERE u.id = ANY($1::uuid[])",
    columns=COLUMNS,
)
PERSON_BY_ID = Rows(Person, "SELECT {columns} FROM users u WHERE u.id = $1", columns=COLUMNS)
PEOPLE_BY_IDS = Rows(Person, "SELECT {columns} FROM users u WHERE u.id = ANY($1::uuid[])", columns=COLUMNS)
PERSON_BY_AP_ID = Rows(Person, "SELECT {columns} FROM users u WHERE u.ap_id = $1", columns=COLUMNS)
PEOPLE_BY_AP_IDS = Rows(Person, "SELECT {columns} FROM users u WHERE u.ap_id = ANY($1::text[])", columns=COLUMNS)
LOCAL_PERSON = Rows(
    Person,
    "SELECT {columns} FROM users u WHERE lower(u.username) = lower($1) AND NOT u.is_remote",
    columns=COLUMNS,
)
# (username, domain) is not unique among remote people: the one read last speaks for the handle.
REMOTE_PERSON = Rows(
    Person,
    """SELECT {columns} FROM users u JOIN remote_actors r ON r.user_id = u.id
    WHERE lower(u.username) = lower($1) AND u.domain = $2 AND u.state <> 'deleted'
    ORDER BY r.fetched_at DESC LIMIT 1""",
    columns=COLUMNS,
)
PEOPLE_BY_HANDLES = Rows(
    Person,
    """SELECT {columns} FROM unnest($1::text[], $2::text[]) AS wanted (username, domain)
    JOIN users u ON lower(u.username) = lower(wanted.username) AND u.domain IS NOT DISTINCT FROM wanted.domain
    WHERE u.state = 'active'""",
    columns=COLUMNS,
)
INSERT_LOCAL = Rows(
    Person,
    """INSERT INTO users AS u (username, email, password_hash, state, role, ap_id, inbox_url, profile_url, actor_type,
        needs_approval, needs_confirmation, created_by_app)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT DO NOTHING RETURNING {columns}""",
    columns=COLUMNS,
)
UPSERT_REMOTE = Rows(
    Person,
    """INSERT INTO users AS u (username, domain, display_name, bio, bio_html, sanitiser, fields,
        avatar_url, avatar_alt, header_url, header_alt, actor_type, locked, discoverable, indexable,
        ap_id, inbox_url, profile_url, created_at, is_remote, emojis, feature_policy)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18,
        coalesce($19, now()), true, $20, $21)
    ON CONFLICT (ap_id) DO UPDATE SET
        username = excluded.username, domain = excluded.domain, display_name = excluded.display_name,
        bio = excluded.bio, bio_html = excluded.bio_html, sanitiser = excluded.sanitiser, fields = excluded.fields,
        avatar_url = excluded.avatar_url, avatar_alt = excluded.avatar_alt,
        header_url = excluded.header_url, header_alt = excluded.header_alt, actor_type = excluded.actor_type,
        locked = excluded.locked, discoverable = excluded.discoverable, indexable = excluded.indexable,
        inbox_url = excluded.inbox_url, profile_url = excluded.profile_url, emojis = excluded.emojis,
        feature_policy = excluded.feature_policy,
        updated_at = now()
    WHERE u.is_remote
    RETURNING {columns}""",
    columns=COLUMNS,
)
UPDATE_PROFILE = Rows(
    Person,
    """UPDATE users u SET display_name = $2, bio = $3, bio_html = $4, sanitiser = $5, fields = $6,
        locked = $7, discoverable = $8, indexable = $9, actor_type = $10, emojis = $11,
        hide_collections = $12, feature_policy = coalesce($13, u.feature_policy), updated_at = now()
    WHERE u.id = $1 AND NOT u.is_remote RETURNING {columns}""",
    columns=COLUMNS,
)
UPDATE_FIELDS = Command("UPDATE users SET fields = $2, updated_at = now() WHERE id = $1 AND NOT is_remote")
UPDATE_AVATAR = Command("UPDATE users SET avatar_url = $2, avatar_alt = $3, updated_at = now() WHERE id = $1")
UPDATE_HEADER = Command("UPDATE users SET header_url = $2, header_alt = $3, updated_at = now() WHERE id = $1")
UPDATE_CSS = Command("UPDATE users SET custom_css = $2, custom_css_source = $3 WHERE id = $1 AND NOT is_remote")


@dataclass(frozen=True, slots=True)
class CustomCss:
    """A person's style: sanitised, and as they typed it."""

    custom_css: str
    custom_css_source: str


CUSTOM_CSS = Rows(CustomCss, "SELECT custom_css, custom_css_source FROM users WHERE id = $1")
# An account that waits for nothing any more is let in.
APPROVE = Rows(
    Person,
    """UPDATE users u SET needs_approval = false, needs_confirmation = u.needs_approval AND u.needs_confirmation,
        state = CASE WHEN u.needs_approval AND u.needs_confirmation THEN 'pending' ELSE 'active' END, updated_at = now()
    WHERE u.id = $1 AND u.state = 'pending' RETURNING {columns}""",
    columns=COLUMNS,
)
CONFIRM = Rows(
    Person,
    """UPDATE users u SET needs_confirmation = false,
        state = CASE WHEN u.needs_approval THEN 'pending' ELSE 'active' END, updated_at = now()
    WHERE u.id = $1 AND u.state = 'pending' AND u.needs_confirmation AND u.email = $2 RETURNING {columns}""",
    columns=COLUMNS,
)
UPDATE_SIGN_UP_REASON = Command("UPDATE users SET sign_up_reason = $2 WHERE id = $1 AND NOT is_remote")
UPDATE_STATE = Rows(
    Person,
    """UPDATE users u SET state = $3, updated_at = now() WHERE u.id = $1 AND u.state = $2
    RETURNING {columns}""",
    columns=COLUMNS,
)
SET_SILENCED = Command("UPDATE users SET silenced = $2 WHERE id = $1")
SET_SENSITISED = Command("UPDATE users SET sensitised = $2 WHERE id = $1")
SET_DISABLED = Command("UPDATE users SET disabled = $2 WHERE id = $1 AND NOT is_remote")
UPDATE_ROLE = Command("UPDATE users SET role = $2 WHERE id = $1 AND NOT is_remote")
COUNT_LOCAL = Value(
    int,
    "SELECT count(*) FROM users WHERE NOT is_remote AND actor_type <> 'Application' AND state = 'active'",
)
COUNT_ADMINS = Value(int, "SELECT count(*) FROM users WHERE NOT is_remote AND role = 'admin' AND state = 'active'")
# A row that another transaction changed meanwhile is judged by what it has become.
HOLD = Command("SELECT FROM users WHERE id = $1 AND state = 'active' FOR NO KEY UPDATE")
# Two admins who end each other at once must not both succeed. No row locks: the end of an account has an order of
# its own for those.
LOCK_ADMINS = Command("SELECT pg_advisory_xact_lock(518571)")
IS_LAST_ADMIN = Value(
    bool,
    """SELECT EXISTS (SELECT FROM users WHERE id = $1 AND NOT is_remote AND role = 'admin' AND state = 'active')
        AND NOT EXISTS (SELECT FROM users WHERE id <> $1 AND NOT is_remote AND role = 'admin' AND state = 'active')""",
)
COUNT_ACTIVE_SINCE = Value(
    int,
    """SELECT count(*) FROM users WHERE NOT is_remote AND actor_type <> 'Application' AND state = 'active'
        AND (last_thought_at > $1 OR EXISTS (
            SELECT FROM sessions s WHERE s.user_id = users.id AND s.last_seen_at > $1))""",
)


@dataclass(frozen=True, slots=True)
class ActorKeys:
    """A local actor's keys: private ones as PKCS8 DER."""

    rsa_private: bytes
    rsa_public_pem: str
    ed25519_private: bytes
    ed25519_public_multibase: str


ACTOR_KEYS = Rows(
    ActorKeys,
    """SELECT rsa_private, rsa_public_pem, ed25519_private, ed25519_public_multibase
    FROM actor_keys WHERE user_id = $1""",
)
INSERT_ACTOR_KEYS = Command(
    """INSERT INTO actor_keys (user_id, rsa_private, rsa_public_pem, ed25519_private, ed25519_public_multibase)
    VALUES ($1, $2, $3, $4, $5)"""
)

SET_TOP_FRIENDS = Command(
    """INSERT INTO top_friends (user_id, friend_id, position)
    SELECT $1, friend, position FROM unnest($2::uuid[]) WITH ORDINALITY AS wanted (friend, position)"""
)
CLEAR_TOP_FRIENDS = Command("DELETE FROM top_friends WHERE user_id = $1")
# The first free place, if there is one.
ADD_TOP_FRIEND = Command(
    """INSERT INTO top_friends (user_id, friend_id, position)
    SELECT $1, $2, place FROM generate_series(1, 5) AS place
    WHERE NOT EXISTS (SELECT FROM top_friends WHERE user_id = $1 AND position = place)
        AND NOT EXISTS (SELECT FROM top_friends WHERE user_id = $1 AND friend_id = $2)
    ORDER BY place LIMIT 1"""
)
REMOVE_TOP_FRIEND = Command("DELETE FROM top_friends WHERE user_id = $1 AND friend_id = $2")
TOP_FRIENDS = Rows(
    Person,
    """SELECT {columns} FROM top_friends x JOIN users u ON u.id = x.friend_id
    WHERE x.user_id = $1 AND u.state = 'active' ORDER BY x.position""",
    columns=COLUMNS,
)


async def find_person(db: Connection, person_id: UUID) -> Person | None:
    """Find anybody by id, whatever their state."""
    return await PERSON_BY_ID.first(db, person_id)


async def find_people(db: Connection, ids: Sequence[UUID]) -> dict[UUID, Person]:
    """Find many people at once, by id."""
    return {person.id: person for person in await PEOPLE_BY_IDS.all(db, ids)} if ids else {}


async def find_shown(db: Connection, ids: Sequence[UUID]) -> dict[UUID, Person]:
    """Find many people at once, by id, as `find_people` does; those unchanged since they were last read are kept."""
    if not ids:
        return {}
    found: dict[UUID, Person] = {}
    unknown = []
    for stamp in await STAMPS.all(db, ids):
        kept = db.memory.people.find(stamp.id, (stamp.xmin, stamp.ctid))
        if kept is None:
            unknown.append(stamp.id)
        else:
            found[stamp.id] = kept
    return found | await _read(db, unknown) if unknown else found


async def find_bearing(db: Connection, person_id: UUID, version: Version) -> Person | None:
    """Find somebody whose row is in a version."""
    return db.memory.people.find(person_id, version) or (await _read(db, [person_id])).get(person_id)


async def _read(db: Connection, ids: Sequence[UUID]) -> dict[UUID, Person]:
    """Read people, and keep them."""
    found = {}
    for one in await STAMPED.all(db, ids):
        found[one.person.id] = one.person
        db.memory.people.keep(one.person.id, (one.xmin, one.ctid), one.person)
    return found


async def find_by_ap_id(db: Connection, ap_id: str) -> Person | None:
    """Find anybody by actor id."""
    return await PERSON_BY_AP_ID.first(db, ap_id)


async def find_by_ap_ids(db: Connection, ap_ids: Sequence[str]) -> list[Person]:
    """Find many people at once, by actor id."""
    return await PEOPLE_BY_AP_IDS.all(db, ap_ids) if ap_ids else []


async def find_by_handle(db: Connection, username: str, domain: str | None) -> Person | None:
    """Find a person by handle; `domain` None means ours."""
    if domain is None:
        return await LOCAL_PERSON.first(db, username)
    return await REMOTE_PERSON.first(db, username, domain)


async def find_by_handles(db: Connection, handles: Sequence[tuple[str, str | None]]) -> list[Person]:
    """Find the active people among many handles."""
    if not handles:
        return []
    return await PEOPLE_BY_HANDLES.all(db, [name for name, _ in handles], [domain for _, domain in handles])


async def insert_local(db: Connection, new: NewPerson) -> Person | None:
    """Insert a local person; None when the username or e-mail address is taken."""
    return await INSERT_LOCAL.first(
        db, new.username, new.email, new.password_hash, new.state, new.role,
        new.ap_id, new.inbox_url, new.profile_url, new.actor_type, new.needs_approval, new.needs_confirmation,
        new.created_by_app,
    )  # fmt: skip


async def upsert_remote(db: Connection, profile: RemoteProfile) -> Person | None:
    """Insert or renew a remote person; None when that actor id belongs to one of ours."""
    return await UPSERT_REMOTE.first(
        db, profile.username, profile.domain, profile.display_name, profile.bio, profile.bio_html,
        profile.sanitiser, profile.fields, profile.avatar_url, profile.avatar_alt, profile.header_url,
        profile.header_alt, profile.actor_type, profile.locked, profile.discoverable, profile.indexable,
        profile.ap_id, profile.inbox_url, profile.profile_url, profile.created_at, profile.emojis,
        profile.feature_policy,
    )  # fmt: skip


async def update_profile(db: Connection, person_id: UUID, profile: OwnProfile) -> Person | None:
    """Write what a local person says of themselves."""
    return await UPDATE_PROFILE.first(
        db, person_id, profile.display_name, profile.bio, profile.bio_html, profile.sanitiser,
        profile.fields, profile.locked, profile.discoverable, profile.indexable, profile.actor_type,
        profile.emojis, profile.hide_collections, profile.feature_policy,
    )  # fmt: skip


async def change_state(db: Connection, person_id: UUID, *, was: str, to: str) -> Person | None:
    """Move a person from one state to another; None when they were not in it."""
    return await UPDATE_STATE.first(db, person_id, was, to)


async def hold(db: Connection, person_id: UUID) -> bool:
    """Let nobody suspend or delete a person until the transaction ends; False when somebody has.

    Take it before any thought: whoever ends an account locks people first, too.
    """
    return bool(await HOLD.run(db, person_id))


async def is_last_admin(db: Connection, person_id: UUID) -> bool:
    """Tell whether nobody would administer this server without them; it stays so until the transaction ends."""
    await LOCK_ADMINS.run(db)
    return await IS_LAST_ADMIN.one(db, person_id)


async def find_actor_keys(db: Connection, person_id: UUID) -> ActorKeys | None:
    """Find a local actor's keys."""
    return await ACTOR_KEYS.first(db, person_id)


async def insert_actor_keys(db: Connection, person_id: UUID, keys: ActorKeys) -> None:
    """Store a new local actor's keys."""
    await INSERT_ACTOR_KEYS.run(
        db, person_id, keys.rsa_private, keys.rsa_public_pem, keys.ed25519_private, keys.ed25519_public_multibase
    )


async def replace_top_friends(db: Connection, person_id: UUID, friends: Sequence[UUID]) -> None:
    """Set the friends shown on a profile, first to last (at most five)."""
    await CLEAR_TOP_FRIENDS.run(db, person_id)
    await SET_TOP_FRIENDS.run(db, person_id, friends)


async def list_top_friends(db: Connection, person_id: UUID) -> list[Person]:
    """List the friends shown on a profile, in order."""
    return await TOP_FRIENDS.all(db, person_id)
