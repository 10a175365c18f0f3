-- Apps and what they may do, letters, what people prefer, and what this place says of itself.

CREATE TABLE apps (
    id uuid PRIMARY KEY DEFAULT uuid7(now()),
    client_id text NOT NULL UNIQUE,
    secret_hash bytea NOT NULL,
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 60),
    website text CHECK (length(website) <= 2000),
    redirect_uris text[] NOT NULL CHECK (cardinality(redirect_uris) > 0),
    scopes text[] NOT NULL CHECK (cardinality(scopes) > 0),
    created_at timestamptz NOT NULL DEFAULT now()
);

-- What a person granted, until the app fetches its token: once, and soon.
CREATE TABLE authorization_codes (
    id uuid PRIMARY KEY DEFAULT uuid7(now()),
    code_hash bytea NOT NULL UNIQUE,
    app_id uuid NOT NULL REFERENCES apps ON DELETE CASCADE,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    redirect_uri text NOT NULL,
    scopes text[] NOT NULL,
    code_challenge text,                        -- RFC 7636, S256
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    used_at timestamptz
);
CREATE INDEX authorization_codes_app ON authorization_codes (app_id);
CREATE INDEX authorization_codes_user ON authorization_codes (user_id, app_id);
CREATE INDEX authorization_codes_end ON authorization_codes (expires_at);

-- A token of an app alone has no user; one from the command line has no app.
ALTER TABLE access_tokens ALTER COLUMN user_id DROP NOT NULL;
ALTER TABLE access_tokens
    ADD COLUMN app_id uuid REFERENCES apps ON DELETE CASCADE,
    ADD COLUMN family uuid NOT NULL DEFAULT gen_random_uuid(),  -- one grant and all that was refreshed from it
    ADD COLUMN refresh_hash bytea UNIQUE,
    ADD COLUMN last_used_from text NOT NULL DEFAULT '',         -- prefix only: /24 or /48
    ADD CONSTRAINT access_tokens_speak_for_somebody CHECK (user_id IS NOT NULL OR app_id IS NOT NULL);
CREATE INDEX access_tokens_app ON access_tokens (app_id) WHERE app_id IS NOT NULL;
CREATE INDEX access_tokens_family ON access_tokens (family);
CREATE INDEX access_tokens_revoked ON access_tokens (revoked_at) WHERE revoked_at IS NOT NULL;
ALTER TABLE api_keys ADD COLUMN last_used_from text NOT NULL DEFAULT '';

-- An account that waits does so for an admin, for its e-mail address, or both.
ALTER TABLE users
    ADD COLUMN needs_approval boolean NOT NULL DEFAULT false,
    ADD COLUMN needs_confirmation boolean NOT NULL DEFAULT false,
    ADD COLUMN created_by_app uuid REFERENCES apps ON DELETE SET NULL,
    ADD COLUMN hide_collections boolean NOT NULL DEFAULT false;
CREATE INDEX users_created_by_app ON users (created_by_app) WHERE created_by_app IS NOT NULL;

-- No row: the defaults hold.
CREATE TABLE preferences (
    user_id uuid PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    visibility text NOT NULL DEFAULT 'public' CHECK (visibility IN ('public', 'unlisted', 'followers', 'direct')),
    sensitive boolean NOT NULL DEFAULT false,
    language text,
    quote_policy text NOT NULL DEFAULT 'public' CHECK (quote_policy IN ('public', 'followers', 'nobody')),
    expand_media text NOT NULL DEFAULT 'default' CHECK (expand_media IN ('default', 'show_all', 'hide_all')),
    expand_spoilers boolean NOT NULL DEFAULT false,
    show_media boolean NOT NULL DEFAULT true,
    show_media_replies boolean NOT NULL DEFAULT true,
    show_featured boolean NOT NULL DEFAULT true,
    attribution_domains text[] NOT NULL DEFAULT '{}'
);

-- Letters to our people. The link in one is made when it is sent, so that no secret lies here.
CREATE TABLE mails (
    id uuid PRIMARY KEY DEFAULT uuid7(now()),
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    kind text NOT NULL CHECK (kind IN ('confirmation', 'new_address', 'password_reset', 'approval')),
    address text NOT NULL,
    state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'sent', 'dead', 'used')),
    token_hash bytea UNIQUE,
    attempts integer NOT NULL DEFAULT 0,
    due_at timestamptz NOT NULL DEFAULT now(),
    lease uuid,
    leased_until timestamptz,
    attempt_log jsonb NOT NULL DEFAULT '[]',    -- failed attempts: [{at, status, error}]
    created_at timestamptz NOT NULL DEFAULT now(),
    sent_at timestamptz
);
CREATE INDEX mails_due ON mails (due_at) WHERE state = 'pending';
CREATE INDEX mails_user ON mails (user_id, kind);
CREATE INDEX mails_age ON mails (created_at) WHERE state <> 'pending';
-- What else may fail for good, beside deliveries, incoming activities and fetches.
ALTER TABLE failed_events DROP CONSTRAINT failed_events_kind_check;
ALTER TABLE failed_events ADD CONSTRAINT failed_events_kind_check
    CHECK (kind IN ('delivery', 'inbox', 'fetch', 'mail', 'media', 'push'));

-- Which app a thought was written with, by the names it had then: {name, website}.
ALTER TABLE thoughts ADD COLUMN application jsonb;
CREATE INDEX thoughts_local ON thoughts (id) WHERE source IS NOT NULL;

-- What this place says of itself. `effective_on` tells apart the versions of the terms; others have one.
CREATE TABLE site_texts (
    kind text NOT NULL CHECK (kind IN ('description', 'about', 'privacy', 'terms')),
    effective_on date NOT NULL DEFAULT '2005-01-01',
    content text NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (kind, effective_on)
);

CREATE TABLE rules (
    id uuid PRIMARY KEY DEFAULT uuid7(now()),
    text text NOT NULL CHECK (length(text) BETWEEN 1 AND 300),
    hint text NOT NULL DEFAULT '' CHECK (length(hint) <= 1000),
    created_at timestamptz NOT NULL DEFAULT now()
);

-- Who was here in which week (its Monday): what the activity of the place is counted from.
CREATE TABLE active_weeks (
    week date NOT NULL,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    PRIMARY KEY (week, user_id)
);
CREATE INDEX active_weeks_user ON active_weeks (user_id);
