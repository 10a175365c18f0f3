-- What admins tell everybody here; who put it away, and how people reacted.

CREATE TABLE announcements (
    id uuid PRIMARY KEY DEFAULT uuid7(now()),
    source text NOT NULL,                       -- as typed
    content text NOT NULL,                      -- as apps get it
    page_html text NOT NULL,                    -- with links to our own pages
    mentions uuid[] NOT NULL DEFAULT '{}',
    thought_ids uuid[] NOT NULL DEFAULT '{}',   -- what it links to
    tags text[] NOT NULL DEFAULT '{}',
    emojis jsonb NOT NULL DEFAULT '[]',
    starts_at timestamptz,                      -- of what it tells of
    ends_at timestamptz,                        -- it is taken down then
    all_day boolean NOT NULL DEFAULT false,     -- only the days of the two count
    scheduled_at timestamptz,                   -- when the worker publishes it
    published boolean NOT NULL DEFAULT false,
    published_at timestamptz,                   -- the last time
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CHECK ((starts_at IS NULL) = (ends_at IS NULL)),
    CHECK (NOT published OR published_at IS NOT NULL),
    CHECK (NOT published OR scheduled_at IS NULL)
);
CREATE INDEX announcements_published ON announcements (id) WHERE published;
CREATE INDEX announcements_due ON announcements (scheduled_at) WHERE scheduled_at IS NOT NULL;

CREATE TABLE announcement_dismissals (
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    announcement_id uuid NOT NULL REFERENCES announcements ON DELETE CASCADE,
    PRIMARY KEY (user_id, announcement_id)
);
CREATE INDEX announcement_dismissals_of ON announcement_dismissals (announcement_id);

CREATE TABLE announcement_reactions (
    announcement_id uuid NOT NULL REFERENCES announcements ON DELETE CASCADE,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    name text NOT NULL,                         -- a grapheme, or a shortcode of ours
    url text,                                   -- picture of a custom emoji
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (announcement_id, name, user_id)
);
CREATE INDEX announcement_reactions_user ON announcement_reactions (user_id);

-- The direct thoughts of one author, newest first.
CREATE INDEX thoughts_direct_of ON thoughts (user_id, id DESC) WHERE visibility = 'direct';
