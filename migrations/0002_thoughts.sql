-- Thoughts, boosts, and what hangs on them.

CREATE TABLE thoughts (
    id uuid PRIMARY KEY DEFAULT uuid7(now()),
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    content text NOT NULL,                      -- sanitised HTML
    sanitiser smallint NOT NULL DEFAULT 0,      -- version of the sanitiser that wrote content
    source text,                                -- what was typed; NULL for remote thoughts
    plain text NOT NULL DEFAULT '',             -- content as text, for search and excerpts
    summary text NOT NULL DEFAULT '',           -- content warning
    sensitive boolean NOT NULL DEFAULT false,
    language text,
    reply_to uuid REFERENCES thoughts ON DELETE SET NULL,
    reply_to_ap_id text,                        -- also set while the parent is unknown
    reply_to_user_id uuid REFERENCES users ON DELETE SET NULL,
    visibility text NOT NULL CHECK (visibility IN ('public', 'unlisted', 'followers', 'direct')),
    ap_id text NOT NULL UNIQUE,
    url text NOT NULL,                          -- page for people, at its origin
    object_type text NOT NULL DEFAULT 'Note',
    attachments jsonb NOT NULL DEFAULT '[]',    -- [{url, media_type, alt, width, height, blurhash}]
    emojis jsonb NOT NULL DEFAULT '[]',         -- [{shortcode, url}]
    likes_count integer NOT NULL DEFAULT 0,
    boosts_count integer NOT NULL DEFAULT 0,
    replies_count integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    edited_at timestamptz,
    arrived_at timestamptz NOT NULL DEFAULT now(),
    search tsvector GENERATED ALWAYS AS (to_tsvector('simple', summary || ' ' || plain)) STORED
) WITH (fillfactor = 85);

CREATE INDEX thoughts_url ON thoughts USING hash (url);        -- what people paste
CREATE INDEX thoughts_author ON thoughts (user_id, id DESC);
CREATE INDEX thoughts_replies ON thoughts (reply_to, id) WHERE reply_to IS NOT NULL;
CREATE INDEX thoughts_waiting_for_parent ON thoughts (reply_to_ap_id)
    WHERE reply_to IS NULL AND reply_to_ap_id IS NOT NULL;
CREATE INDEX thoughts_reply_to_user ON thoughts (reply_to_user_id) WHERE reply_to_user_id IS NOT NULL;
CREATE INDEX thoughts_search ON thoughts USING gin (search);
CREATE INDEX thoughts_trigrams ON thoughts USING gin (plain gin_trgm_ops);
CREATE INDEX thoughts_old_sanitiser ON thoughts (sanitiser, id) WHERE source IS NULL;

-- One id space for thoughts and boosts; every page of a timeline is a keyset page over it.
CREATE TABLE entries (
    id uuid PRIMARY KEY DEFAULT uuid7(now()),   -- of the thought itself, or of the boost
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    thought_id uuid NOT NULL REFERENCES thoughts ON DELETE CASCADE,
    kind text NOT NULL DEFAULT 'boost' CHECK (kind IN ('thought', 'boost')),
    visibility text NOT NULL DEFAULT 'public'
        CHECK (visibility IN ('public', 'unlisted', 'followers', 'direct')),
    is_remote boolean NOT NULL DEFAULT false,
    is_reply boolean NOT NULL DEFAULT false,    -- to somebody else: kept off the public timelines
    ap_id text,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX entries_author ON entries (user_id, id DESC);
CREATE INDEX entries_thought ON entries (thought_id);
CREATE UNIQUE INDEX entries_boost_once ON entries (user_id, thought_id) WHERE kind = 'boost';
CREATE UNIQUE INDEX entries_boost_ap_id ON entries (ap_id) WHERE kind = 'boost';
CREATE INDEX entries_federated ON entries (id DESC)
    WHERE kind = 'thought' AND visibility = 'public' AND NOT is_reply;
CREATE INDEX entries_local ON entries (id DESC)
    WHERE kind = 'thought' AND visibility = 'public' AND NOT is_reply AND NOT is_remote;

CREATE VIEW boosts AS
    SELECT id, user_id, thought_id, ap_id, created_at FROM entries WHERE kind = 'boost';

-- Home timelines, fanned out at write (ARCHITECTURE.md says why). No foreign key to entries:
-- readers join it anyway, and the sweep removes what points nowhere.
CREATE TABLE home_entries (
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    entry_id uuid NOT NULL,
    PRIMARY KEY (user_id, entry_id)
);

CREATE TABLE thought_edits (
    id uuid PRIMARY KEY DEFAULT uuid7(now()),
    thought_id uuid NOT NULL REFERENCES thoughts ON DELETE CASCADE,
    content text NOT NULL,
    source text,
    summary text NOT NULL,
    sensitive boolean NOT NULL,
    attachments jsonb NOT NULL,
    created_at timestamptz NOT NULL             -- when this version was written
);
CREATE INDEX thought_edits_thought ON thought_edits (thought_id, id);

CREATE TABLE mentions (
    thought_id uuid NOT NULL REFERENCES thoughts ON DELETE CASCADE,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    PRIMARY KEY (thought_id, user_id)
);
CREATE INDEX mentions_user ON mentions (user_id, thought_id DESC);

CREATE TABLE tags (
    id uuid PRIMARY KEY DEFAULT uuid7(now()),
    name text NOT NULL UNIQUE                   -- normalised, without #
);
CREATE TABLE thought_tags (
    thought_id uuid NOT NULL REFERENCES thoughts ON DELETE CASCADE,
    tag_id uuid NOT NULL REFERENCES tags ON DELETE CASCADE,
    PRIMARY KEY (tag_id, thought_id)
);
CREATE INDEX thought_tags_thought ON thought_tags (thought_id);

CREATE TABLE likes (
    id uuid NOT NULL DEFAULT uuid7(now()),
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    thought_id uuid NOT NULL REFERENCES thoughts ON DELETE CASCADE,
    ap_id text,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, thought_id)
);
CREATE INDEX likes_thought ON likes (thought_id, id DESC);
CREATE INDEX likes_user ON likes (user_id, id DESC);
CREATE INDEX likes_ap_id ON likes (user_id, ap_id);

CREATE TABLE bookmarks (
    id uuid NOT NULL DEFAULT uuid7(now()),
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    thought_id uuid NOT NULL REFERENCES thoughts ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, thought_id)
);
CREATE INDEX bookmarks_thought ON bookmarks (thought_id);
CREATE INDEX bookmarks_user ON bookmarks (user_id, id DESC);

CREATE TABLE pins (
    id uuid NOT NULL DEFAULT uuid7(now()),
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    thought_id uuid NOT NULL REFERENCES thoughts ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, thought_id)
);
CREATE INDEX pins_thought ON pins (thought_id);

-- Ids that were deleted: ours answer 410, others are refused when they come again.
CREATE TABLE tombstones (
    ap_id text PRIMARY KEY,
    owner_ap_id text NOT NULL,
    deleted_at timestamptz NOT NULL DEFAULT now()
);
