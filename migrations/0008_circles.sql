-- What people arrange for themselves: lists, and how they hear of whom they follow.

ALTER TABLE follows ADD COLUMN languages text[];        -- NULL: every language

-- Whether somebody who chose languages wants to read one; `en` holds `en-GB`, an unknown language is wanted.
CREATE FUNCTION reads_language(languages text[], language text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT languages IS NULL OR language IS NULL OR language = ANY(languages)
        OR split_part(language, '-', 1) = ANY(languages)
$$;

CREATE TABLE lists (
    id uuid PRIMARY KEY DEFAULT uuid7(now()),
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    title text NOT NULL CHECK (length(title) BETWEEN 1 AND 255),
    replies_policy text NOT NULL DEFAULT 'list' CHECK (replies_policy IN ('followed', 'list', 'none')),
    exclusive boolean NOT NULL DEFAULT false,           -- its members' entries stay out of the owner's home
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX lists_user ON lists (user_id, id);

-- A list names people whom its owner follows (or asked to), and the owner: when the follow ends, so does this.
CREATE TABLE list_members (
    list_id uuid NOT NULL REFERENCES lists ON DELETE CASCADE,
    person_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    user_id uuid NOT NULL,                              -- the list's owner
    follower_id uuid GENERATED ALWAYS AS (CASE WHEN user_id <> person_id THEN user_id END) STORED,
    id uuid NOT NULL DEFAULT uuid7(now()),              -- orders the members
    PRIMARY KEY (list_id, person_id),
    FOREIGN KEY (follower_id, person_id) REFERENCES follows (follower_id, following_id) ON DELETE CASCADE
);
CREATE INDEX list_members_person ON list_members (person_id, user_id);
CREATE INDEX list_members_order ON list_members (list_id, id DESC);

-- List timelines, fanned out at write as homes are.
CREATE TABLE list_entries (
    list_id uuid NOT NULL REFERENCES lists ON DELETE CASCADE,
    entry_id uuid NOT NULL,
    PRIMARY KEY (list_id, entry_id)
);

-- What somebody notes down about a person, for themselves.
CREATE TABLE account_notes (
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    person_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    note text NOT NULL CHECK (length(note) BETWEEN 1 AND 2000),
    PRIMARY KEY (user_id, person_id)
);
CREATE INDEX account_notes_person ON account_notes (person_id);

-- A thread goes by the id of its first thought that we know; NULL: this one is.
ALTER TABLE thoughts ADD COLUMN conversation_id uuid;

CREATE TABLE thread_mutes (
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    conversation_id uuid NOT NULL,
    PRIMARY KEY (user_id, conversation_id)
);
CREATE INDEX thread_mutes_conversation ON thread_mutes (conversation_id);

-- What somebody does not want to read, or not without a warning.
ALTER TABLE users ADD COLUMN filters_version integer NOT NULL DEFAULT 0;  -- 0: never had a filter

CREATE TABLE filters (
    id uuid PRIMARY KEY DEFAULT uuid7(now()),
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    title text NOT NULL CHECK (length(title) BETWEEN 1 AND 255),
    action text NOT NULL DEFAULT 'warn' CHECK (action IN ('warn', 'hide', 'blur')),
    contexts text[] NOT NULL CHECK (cardinality(contexts) > 0
        AND contexts <@ ARRAY['home', 'notifications', 'public', 'thread', 'account']),
    expires_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX filters_user ON filters (user_id, id);

CREATE TABLE filter_keywords (
    id uuid PRIMARY KEY DEFAULT uuid7(clock_timestamp()),   -- orders those that are typed at once
    filter_id uuid NOT NULL REFERENCES filters ON DELETE CASCADE,
    keyword text NOT NULL CHECK (length(keyword) BETWEEN 1 AND 512),
    whole_word boolean NOT NULL DEFAULT true
);
CREATE INDEX filter_keywords_filter ON filter_keywords (filter_id, id);

CREATE TABLE filter_thoughts (
    id uuid PRIMARY KEY DEFAULT uuid7(now()),
    filter_id uuid NOT NULL REFERENCES filters ON DELETE CASCADE,
    thought_id uuid NOT NULL REFERENCES thoughts ON DELETE CASCADE,
    UNIQUE (filter_id, thought_id)
);
CREATE INDEX filter_thoughts_thought ON filter_thoughts (thought_id);

-- Servers that somebody wants nothing to do with.
CREATE TABLE user_domain_blocks (
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    domain text NOT NULL,                       -- as in users.domain
    id uuid NOT NULL DEFAULT uuid7(now()),
    PRIMARY KEY (user_id, domain)
);

-- Hashtags that somebody reads at home, and those on their profile.
CREATE TABLE followed_tags (
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    tag_id uuid NOT NULL REFERENCES tags ON DELETE CASCADE,
    id uuid NOT NULL DEFAULT uuid7(now()),
    PRIMARY KEY (user_id, tag_id)
);
CREATE INDEX followed_tags_tag ON followed_tags (tag_id);

CREATE TABLE featured_tags (
    id uuid PRIMARY KEY DEFAULT uuid7(now()),
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    tag_id uuid NOT NULL REFERENCES tags ON DELETE CASCADE,
    UNIQUE (user_id, tag_id)
);
CREATE INDEX featured_tags_tag ON featured_tags (tag_id);
