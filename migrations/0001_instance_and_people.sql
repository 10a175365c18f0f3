-- Ids, the instance's own facts, and people.

CREATE EXTENSION IF NOT EXISTS pg_trgm;

-- UUIDv7 (RFC 9562 section 5.7) for a moment: sortable by time, clamped to [2005-01-01, now]
-- so that a remote clock can neither bury an entry nor pin it to the top. The 12 bits after the
-- version are the fraction of the millisecond (section 6.2, method 3): what one does in quick
-- succession stays in order.
CREATE FUNCTION uuid7(at timestamptz) RETURNS uuid
LANGUAGE sql VOLATILE PARALLEL SAFE AS $$
    SELECT encode(
        overlay(
            uuid_send(gen_random_uuid())
            PLACING substring(int8send(us / 1000) FROM 3)
                || substring(int4send(28672 + (us % 1000 * 4096 / 1000)::int) FROM 3)  -- 0x7000: version 7
            FROM 1 FOR 8),
        'hex')::uuid
    FROM (SELECT (extract(epoch FROM
        least(greatest(at, timestamptz '2005-01-01 00:00:00+00'), clock_timestamp())) * 1000000)::bigint) AS clamped (us)
$$;

-- Facts fixed at first start (origin, account_domain) and secrets generated once (cookie, VAPID).
CREATE TABLE instance_facts (
    name text PRIMARY KEY,
    value text NOT NULL
);

CREATE TABLE secrets (
    name text PRIMARY KEY,
    value bytea NOT NULL
);

-- Local and remote people alike: the truth for what is shown.
CREATE TABLE users (
    id uuid PRIMARY KEY DEFAULT uuid7(now()),
    username text NOT NULL,
    domain text,                                -- of the handle; NULL for our own people
    email text,
    password_hash text,
    display_name text NOT NULL DEFAULT '',
    bio text NOT NULL DEFAULT '',               -- as typed, or as plain text when remote
    bio_html text NOT NULL DEFAULT '',          -- sanitised
    sanitiser smallint NOT NULL DEFAULT 0,      -- version of the sanitiser that wrote bio_html and fields
    fields jsonb NOT NULL DEFAULT '[]',         -- [{name, value, html, verified_at}]
    avatar_url text,
    avatar_alt text NOT NULL DEFAULT '',
    header_url text,
    header_alt text NOT NULL DEFAULT '',
    custom_css text NOT NULL DEFAULT '',        -- sanitised
    custom_css_source text NOT NULL DEFAULT '',
    actor_type text NOT NULL DEFAULT 'Person'
        CHECK (actor_type IN ('Person', 'Service', 'Application', 'Group', 'Organization')),
    locked boolean NOT NULL DEFAULT false,
    discoverable boolean NOT NULL DEFAULT false,
    indexable boolean NOT NULL DEFAULT false,
    role text NOT NULL DEFAULT 'user' CHECK (role IN ('user', 'moderator', 'admin')),
    state text NOT NULL DEFAULT 'active' CHECK (state IN ('pending', 'active', 'suspended', 'deleted')),
    is_remote boolean NOT NULL DEFAULT false,
    ap_id text NOT NULL,
    inbox_url text NOT NULL,
    profile_url text NOT NULL,
    followers_count integer NOT NULL DEFAULT 0,
    following_count integer NOT NULL DEFAULT 0,
    thoughts_count integer NOT NULL DEFAULT 0,
    last_thought_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz,
    CONSTRAINT users_domain_is_for_remote CHECK (is_remote = (domain IS NOT NULL)),
    CONSTRAINT users_local_limits CHECK (is_remote OR actor_type = 'Application' OR (
        length(username) <= 32 AND length(display_name) <= 50 AND length(bio) <= 160)),
    CONSTRAINT users_local_credentials CHECK (is_remote OR actor_type = 'Application' OR state = 'deleted'
        OR (email IS NOT NULL AND password_hash IS NOT NULL)),
    CONSTRAINT users_remote_limits CHECK (
        length(username) <= 2048 AND length(display_name) <= 2048 AND octet_length(bio_html) <= 65536)
) WITH (fillfactor = 80);

CREATE UNIQUE INDEX users_local_username ON users (lower(username)) WHERE NOT is_remote;
CREATE UNIQUE INDEX users_local_email ON users (lower(email)) WHERE NOT is_remote AND email IS NOT NULL;
CREATE UNIQUE INDEX users_ap_id ON users (ap_id);
CREATE INDEX users_handle ON users (lower(username) text_pattern_ops, domain);  -- also by prefix
CREATE INDEX users_search ON users USING gin ((username || ' ' || display_name) gin_trgm_ops);
CREATE INDEX users_local_newest ON users (id DESC) WHERE NOT is_remote;

-- Private keys of local actors (PKCS8 DER) and what their documents show.
CREATE TABLE actor_keys (
    user_id uuid PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    rsa_private bytea NOT NULL,
    rsa_public_pem text NOT NULL,
    ed25519_private bytea NOT NULL,
    ed25519_public_multibase text NOT NULL
);

CREATE TABLE remote_actors (
    id uuid PRIMARY KEY DEFAULT uuid7(now()),
    user_id uuid NOT NULL UNIQUE REFERENCES users ON DELETE CASCADE,
    ap_url text NOT NULL UNIQUE,
    username text NOT NULL,
    display_name text NOT NULL DEFAULT '',
    avatar_url text,
    host text NOT NULL,                         -- authority of ap_url: the unit of trouble
    inbox_url text NOT NULL,
    shared_inbox_url text,
    outbox_url text,
    followers_url text,
    following_url text,
    featured_url text,
    moved_to text,
    also_known_as text[] NOT NULL DEFAULT '{}',
    fetched_at timestamptz NOT NULL DEFAULT now(),
    filled_at timestamptz,                      -- when its outbox and collections were last read
    gone_at timestamptz,
    suspended_with_domain boolean NOT NULL DEFAULT false  -- and to be restored with it
);
CREATE INDEX remote_actors_host ON remote_actors (host);
CREATE INDEX remote_actors_stale ON remote_actors (fetched_at) WHERE gone_at IS NULL;
CREATE INDEX remote_actors_followers_url ON remote_actors (followers_url);

CREATE TABLE remote_keys (
    key_id text PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    algorithm text NOT NULL CHECK (algorithm IN ('rsa', 'ed25519')),
    public_key bytea NOT NULL,                  -- SubjectPublicKeyInfo DER
    fetched_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX remote_keys_user ON remote_keys (user_id);

-- Cached follower and following pages of remote people.
CREATE TABLE remote_actor_connections (
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    direction text NOT NULL CHECK (direction IN ('followers', 'following')),
    position integer NOT NULL,
    ap_id text NOT NULL,
    total integer,
    fetched_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, direction, position)
);
