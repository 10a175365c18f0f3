-- What goes out, what comes in, and what died on the way.

-- A remote host: the unit of health, breaker, concurrency and back-off.
CREATE TABLE instances (
    host text PRIMARY KEY,                      -- authority: host, with its port when it has one
    lane text NOT NULL DEFAULT 'unproven' CHECK (lane IN ('proven', 'unproven')),
    next_due_at timestamptz,                    -- when a drain should look at this host; NULL: nothing to send
    failures integer NOT NULL DEFAULT 0,        -- consecutive ones of our own sends; also the back-off step
    down_since timestamptz,                     -- breaker open since; NULL: closed
    probe_at timestamptz,                       -- nothing is sent before; with down_since, one delivery then tests it
    paused boolean NOT NULL DEFAULT false,      -- by an admin
    scheme text CHECK (scheme IN ('cavage', 'rfc9421')),  -- signature scheme that worked last
    scheme_at timestamptz,
    last_success_at timestamptz,
    last_failure_at timestamptz,
    last_error text NOT NULL DEFAULT '',
    last_seen_at timestamptz,                   -- last verified request from there
    delivered bigint NOT NULL DEFAULT 0,        -- rows already folded away by retention
    created_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 70);
CREATE INDEX instances_due ON instances (lane, next_due_at) WHERE next_due_at IS NOT NULL AND NOT paused;

-- Outgoing activities, rendered once.
CREATE TABLE activities (
    id uuid PRIMARY KEY DEFAULT uuid7(now()),
    seq bigint GENERATED ALWAYS AS IDENTITY UNIQUE,  -- order in which effects were committed, per object
    ap_id text NOT NULL UNIQUE,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    type text NOT NULL,
    ordering_key text NOT NULL,                 -- object id, or actor and target
    thought_id uuid,                            -- what it is about; outlives the thought
    target_id uuid,                             -- the person or thought it acts on, for "is it still so?"
    public boolean NOT NULL DEFAULT false,      -- may be served to anybody
    payload bytea,                              -- NULL once the thought was purged
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX activities_thought ON activities (thought_id, seq) WHERE thought_id IS NOT NULL;
CREATE INDEX activities_user ON activities (user_id, seq DESC);

-- Activities whose deliveries are still to be written.
CREATE TABLE fanouts (
    activity_id uuid PRIMARY KEY REFERENCES activities ON DELETE CASCADE,
    activity_seq bigint NOT NULL,
    ordering_key text NOT NULL,
    to_followers boolean NOT NULL,
    inboxes text[] NOT NULL DEFAULT '{}',       -- beyond the followers'
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX fanouts_order ON fanouts (ordering_key, activity_seq);

-- One activity to one inbox.
CREATE TABLE deliveries (
    id uuid PRIMARY KEY DEFAULT uuid7(now()),
    activity_id uuid NOT NULL REFERENCES activities ON DELETE CASCADE,
    activity_seq bigint NOT NULL,
    sender_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    inbox_url text NOT NULL,
    host text NOT NULL,
    ordering_key text NOT NULL,
    state text NOT NULL DEFAULT 'pending'
        CHECK (state IN ('pending', 'delivered', 'dead', 'superseded', 'discarded')),
    attempts integer NOT NULL DEFAULT 0,
    strikes integer NOT NULL DEFAULT 0,         -- failed attempts that were its own fault, not its host's
    due_at timestamptz NOT NULL DEFAULT now(),
    lease uuid,
    leased_until timestamptz,
    last_status integer,
    error_class text,
    last_error text,
    attempt_log jsonb NOT NULL DEFAULT '[]',    -- failed attempts: [{at, status, error, scheme}]
    since timestamptz NOT NULL DEFAULT now(),   -- start of the present round of attempts; a retry starts anew
    created_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    UNIQUE (activity_id, inbox_url)
) WITH (fillfactor = 80);
CREATE INDEX deliveries_pending ON deliveries (host, ordering_key, activity_seq) WHERE state = 'pending';
CREATE INDEX deliveries_due ON deliveries (host, due_at, activity_seq) WHERE state = 'pending';
CREATE INDEX deliveries_leased ON deliveries (host) WHERE lease IS NOT NULL;
CREATE INDEX deliveries_finished ON deliveries (finished_at) WHERE state <> 'pending';

-- Per thought and state, what retention folded away: the receipt outlives the rows.
CREATE TABLE thought_reach (
    thought_id uuid PRIMARY KEY REFERENCES thoughts ON DELETE CASCADE,
    delivered integer NOT NULL DEFAULT 0,
    failed integer NOT NULL DEFAULT 0
);

-- Accepted with 202, to be processed.
CREATE TABLE inbox_activities (
    id uuid PRIMARY KEY DEFAULT uuid7(now()),
    seq bigint GENERATED ALWAYS AS IDENTITY,
    signer_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    host text NOT NULL,
    addressee_id uuid REFERENCES users ON DELETE CASCADE,  -- owner of a personal inbox
    type text NOT NULL,
    body bytea NOT NULL,
    state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'done', 'ignored', 'dead', 'discarded')),
    outcome text NOT NULL DEFAULT '',           -- why it was ignored, or what failed last
    attempts integer NOT NULL DEFAULT 0,
    attempt_log jsonb NOT NULL DEFAULT '[]',
    due_at timestamptz NOT NULL DEFAULT now(),
    lease uuid,
    leased_until timestamptz,
    received_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz
);
CREATE INDEX inbox_pending ON inbox_activities (due_at, seq) WHERE state = 'pending';
CREATE INDEX inbox_signer ON inbox_activities (signer_id, seq) WHERE state = 'pending';
CREATE INDEX inbox_received ON inbox_activities (received_at);

-- Dedupe keys: the hash of an activity's id, kept for 90 days.
CREATE TABLE seen_activities (
    key bytea PRIMARY KEY,
    received_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX seen_activities_age ON seen_activities (received_at);

-- Remote things to read in the background: parents, profiles, outboxes, media.
CREATE TABLE fetches (
    id uuid PRIMARY KEY DEFAULT uuid7(now()),
    kind text NOT NULL CHECK (kind IN ('actor', 'profile', 'thought', 'links')),
    url text NOT NULL,
    depth smallint NOT NULL DEFAULT 0,
    state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'dead')),
    attempts integer NOT NULL DEFAULT 0,
    attempt_log jsonb NOT NULL DEFAULT '[]',
    due_at timestamptz NOT NULL DEFAULT now(),
    lease uuid,
    leased_until timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (kind, url)
);
CREATE INDEX fetches_pending ON fetches (due_at) WHERE state = 'pending';

-- The dead letters.
CREATE TABLE failed_events (
    id uuid PRIMARY KEY DEFAULT uuid7(now()),
    kind text NOT NULL CHECK (kind IN ('delivery', 'inbox', 'fetch')),
    source_id uuid NOT NULL,                    -- deliveries, inbox_activities or fetches
    host text NOT NULL,
    subject text NOT NULL,                      -- what it was, in words
    error_class text NOT NULL,
    last_status integer,
    answer text NOT NULL DEFAULT '',            -- first KiB
    attempts jsonb NOT NULL DEFAULT '[]',       -- [{at, status, error}]
    died_at timestamptz NOT NULL DEFAULT now(),
    resolution text CHECK (resolution IN ('retried', 'superseded', 'discarded')),
    resolved_by text,
    resolved_at timestamptz
);
CREATE UNIQUE INDEX failed_events_once ON failed_events (kind, source_id) WHERE resolution IS NULL;
CREATE INDEX failed_events_open ON failed_events (id DESC) WHERE resolution IS NULL;
CREATE INDEX failed_events_host ON failed_events (host, id DESC) WHERE resolution IS NULL;
CREATE INDEX failed_events_source ON failed_events (kind, source_id);

-- Cached bytes of remote avatars and headers; the file is named by the hash of its bytes.
CREATE TABLE proxied_media (
    key bytea PRIMARY KEY,                      -- SHA-256 of the URL
    url text NOT NULL,
    content_hash text,                          -- NULL while the last try failed
    content_type text,
    size integer,
    fetched_at timestamptz NOT NULL DEFAULT now(),
    used_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX proxied_media_used ON proxied_media (used_at);
CREATE INDEX proxied_media_hash ON proxied_media (content_hash);

-- Uploaded avatars and headers, stored once by content hash.
CREATE TABLE media_files (
    content_hash text PRIMARY KEY,
    content_type text NOT NULL,
    size integer NOT NULL,
    width integer NOT NULL,
    height integer NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
