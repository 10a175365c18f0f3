-- Polls, custom emojis, emoji reactions and quotes.

CREATE TABLE polls (
    thought_id uuid PRIMARY KEY REFERENCES thoughts ON DELETE CASCADE,  -- also the poll's own id
    options text[] NOT NULL,
    tallies integer[] NOT NULL,                 -- votes for each option, in their order
    voters_count integer,                       -- NULL: its server does not tell
    multiple boolean NOT NULL,
    hide_totals boolean NOT NULL DEFAULT false,
    expires_at timestamptz,                     -- NULL: open until its author closes it
    closed_at timestamptz,                      -- when its end was told here
    changed_at timestamptz,                     -- first vote since the tallies were last sent to others
    fetched_at timestamptz NOT NULL DEFAULT now(),  -- when a remote one's tallies were last asked for
    CHECK (cardinality(options) = cardinality(tallies))
);
CREATE INDEX polls_to_close ON polls (expires_at) WHERE closed_at IS NULL AND expires_at IS NOT NULL;
CREATE INDEX polls_to_tell ON polls (changed_at) WHERE changed_at IS NOT NULL;

CREATE TABLE poll_votes (
    thought_id uuid NOT NULL REFERENCES polls ON DELETE CASCADE,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    choice smallint NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (thought_id, user_id, choice)
);
CREATE INDEX poll_votes_user ON poll_votes (user_id);

ALTER TABLE thought_edits ADD COLUMN poll_options text[];

-- Pictures that people here may write as :shortcode:.
CREATE TABLE custom_emojis (
    id uuid PRIMARY KEY DEFAULT uuid7(now()),
    shortcode text NOT NULL UNIQUE CHECK (shortcode ~ '^[A-Za-z0-9_]{2,64}$'),
    category text NOT NULL DEFAULT '',
    url text NOT NULL,                          -- of our own media
    visible_in_picker boolean NOT NULL DEFAULT true,
    enabled boolean NOT NULL DEFAULT true,
    copied_from text,                           -- host
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);

-- Emojis of other servers that were seen in what they sent.
CREATE TABLE remote_emojis (
    host text NOT NULL,
    shortcode text NOT NULL,
    url text NOT NULL,
    seen_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (host, shortcode)
);
CREATE INDEX remote_emojis_shortcode ON remote_emojis (shortcode text_pattern_ops, host);

ALTER TABLE users ADD COLUMN emojis jsonb NOT NULL DEFAULT '[]';  -- [{shortcode, url}] of name, bio and fields

CREATE TABLE emoji_reactions (
    id uuid NOT NULL DEFAULT uuid7(now()),
    thought_id uuid NOT NULL REFERENCES thoughts ON DELETE CASCADE,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    name text NOT NULL,                         -- a grapheme, or shortcode, or shortcode@host
    url text,                                   -- picture of a custom emoji, at its origin
    ap_id text,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (thought_id, user_id, name)
);
CREATE INDEX emoji_reactions_user ON emoji_reactions (user_id, ap_id);

-- Who may quote, as bits: 1 unsupported, 2 public, 4 followers, 8 following; those who must ask are 16 times that.
ALTER TABLE thoughts
    ADD COLUMN reactions_count integer NOT NULL DEFAULT 0,
    ADD COLUMN quotes_count integer NOT NULL DEFAULT 0,
    ADD COLUMN quote_policy smallint NOT NULL DEFAULT 0,
    ADD COLUMN has_quote boolean NOT NULL DEFAULT false;

-- What a thought quotes: one thing at most.
CREATE TABLE quotes (
    thought_id uuid PRIMARY KEY REFERENCES thoughts ON DELETE CASCADE,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    quoted_id uuid REFERENCES thoughts ON DELETE SET NULL,
    quoted_user_id uuid REFERENCES users ON DELETE SET NULL,
    quoted_ap_id text NOT NULL,
    state text NOT NULL CHECK (state IN ('pending', 'accepted', 'rejected', 'revoked', 'deleted')),
    legacy boolean NOT NULL DEFAULT false,      -- not a FEP-044f quote: shown as an ordinary link until proven
    request_ap_id text,                         -- our QuoteRequest
    stamp text,                                 -- QuoteAuthorization that its author gave
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX quotes_quoted ON quotes (quoted_id, thought_id DESC) WHERE quoted_id IS NOT NULL;
CREATE INDEX quotes_waiting ON quotes (quoted_ap_id) WHERE quoted_id IS NULL;
CREATE INDEX quotes_user ON quotes (user_id);
CREATE INDEX quotes_quoted_user ON quotes (quoted_user_id) WHERE quoted_user_id IS NOT NULL;
CREATE INDEX quotes_request ON quotes (request_ap_id) WHERE request_ap_id IS NOT NULL;
CREATE INDEX quotes_stamp ON quotes (stamp) WHERE stamp IS NOT NULL;

-- Consent that our people gave to quotes of theirs (FEP-044f).
CREATE TABLE quote_authorizations (
    id uuid PRIMARY KEY DEFAULT uuid7(now()),
    quoted_id uuid NOT NULL REFERENCES thoughts ON DELETE CASCADE,
    quoter_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    quoting_ap_id text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (quoted_id, quoting_ap_id)
);
CREATE INDEX quote_authorizations_quoter ON quote_authorizations (quoter_id);
