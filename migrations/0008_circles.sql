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

-- Direct thoughts, as each of our people has them: one row for a thread and who takes part in it.
CREATE TABLE conversations (
    id uuid PRIMARY KEY DEFAULT uuid7(now()),
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    conversation_id uuid NOT NULL,
    participants uuid[] NOT NULL,               -- in order, without the owner
    last_thought_id uuid NOT NULL REFERENCES thoughts ON DELETE CASCADE,
    unread boolean NOT NULL,
    UNIQUE (user_id, conversation_id, participants)
);
CREATE INDEX conversations_user ON conversations (user_id, last_thought_id DESC);
CREATE INDEX conversations_last ON conversations (last_thought_id);
CREATE INDEX thoughts_direct ON thoughts (coalesce(conversation_id, id), id DESC) WHERE visibility = 'direct';

-- How far somebody has read, as their apps tell each other.
CREATE TABLE markers (
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    timeline text NOT NULL CHECK (timeline IN ('home', 'notifications')),
    last_read_id text NOT NULL,
    version integer NOT NULL DEFAULT 0,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, timeline)
);

-- From whom somebody wants to hear; without a row, the column defaults hold.
CREATE TABLE notification_policies (
    user_id uuid PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    for_not_following text NOT NULL DEFAULT 'accept' CHECK (for_not_following IN ('accept', 'filter', 'drop')),
    for_not_followers text NOT NULL DEFAULT 'accept' CHECK (for_not_followers IN ('accept', 'filter', 'drop')),
    for_new_accounts text NOT NULL DEFAULT 'accept' CHECK (for_new_accounts IN ('accept', 'filter', 'drop')),
    for_private_mentions text NOT NULL DEFAULT 'accept' CHECK (for_private_mentions IN ('accept', 'filter', 'drop')),
    for_limited_accounts text NOT NULL DEFAULT 'filter' CHECK (for_limited_accounts IN ('accept', 'filter', 'drop'))
);

-- Whose notifications are let through, whatever the policy says.
CREATE TABLE notification_permissions (
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    from_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    PRIMARY KEY (user_id, from_id)
);
CREATE INDEX notification_permissions_from ON notification_permissions (from_id);

ALTER TABLE notifications ADD COLUMN filtered boolean NOT NULL DEFAULT false;  -- kept apart until it is asked for
CREATE INDEX notifications_filtered ON notifications (user_id, actor_id, id DESC) WHERE filtered;

-- What somebody's policy says of a notification: accept, filter or drop. Without a policy, which is nearly always,
-- it costs no more than looking for one.
CREATE FUNCTION notification_verdict(hearer uuid, actor uuid, kind text, thought uuid) RETURNS text
LANGUAGE sql STABLE AS $$
    SELECT CASE
        WHEN kind NOT IN ('mention', 'reblog', 'favourite', 'follow', 'follow_request', 'quote') THEN 'accept'
        WHEN NOT EXISTS (SELECT FROM notification_policies WHERE user_id = hearer) THEN 'accept'
        WHEN EXISTS (SELECT FROM notification_permissions WHERE user_id = hearer AND from_id = actor) THEN 'accept'
        ELSE (
            WITH facts AS (
                SELECT NOT EXISTS (SELECT FROM follows
                        WHERE follower_id = hearer AND following_id = actor AND state = 'accepted') AS stranger,
                    NOT EXISTS (SELECT FROM follows
                        WHERE follower_id = actor AND following_id = hearer AND state = 'accepted'
                            AND created_at < now() - interval '3 days') AS no_follower,
                    EXISTS (SELECT FROM users WHERE id = actor AND created_at > now() - interval '30 days') AS newcomer,
                    kind = 'mention' AND EXISTS (SELECT FROM thoughts t WHERE t.id = thought
                        AND t.visibility = 'direct' AND t.reply_to_user_id IS DISTINCT FROM hearer) AS private),
            verdicts AS (
                SELECT p.for_not_following AS verdict FROM notification_policies p, facts
                    WHERE p.user_id = hearer AND facts.stranger
                UNION ALL SELECT p.for_not_followers FROM notification_policies p, facts
                    WHERE p.user_id = hearer AND facts.no_follower
                UNION ALL SELECT p.for_new_accounts FROM notification_policies p, facts
                    WHERE p.user_id = hearer AND facts.newcomer
                UNION ALL SELECT p.for_private_mentions FROM notification_policies p, facts
                    WHERE p.user_id = hearer AND facts.stranger AND facts.private)
            SELECT CASE WHEN bool_or(verdict = 'drop') THEN 'drop'
                WHEN bool_or(verdict = 'filter') THEN 'filter' ELSE 'accept' END FROM verdicts)
    END
$$;
