-- What people are to each other, and what they are told.

CREATE TABLE follows (
    follower_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    following_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    state text NOT NULL CHECK (state IN ('pending', 'accepted')),
    ap_id text NOT NULL,
    show_boosts boolean NOT NULL DEFAULT true,
    notify boolean NOT NULL DEFAULT false,
    id uuid NOT NULL DEFAULT uuid7(now()),      -- orders follower and following lists
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (follower_id, following_id),
    CHECK (follower_id <> following_id)
);
CREATE INDEX follows_ap_id ON follows (ap_id);  -- not unique: other servers choose theirs
CREATE INDEX follows_followers ON follows (following_id, state, id DESC);
CREATE INDEX follows_following ON follows (follower_id, state, id DESC);

CREATE TABLE blocks (
    blocker_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    blocked_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    ap_id text,
    id uuid NOT NULL DEFAULT uuid7(now()),
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (blocker_id, blocked_id),
    CHECK (blocker_id <> blocked_id)
);
CREATE INDEX blocks_blocked ON blocks (blocked_id, blocker_id);

CREATE TABLE mutes (
    muter_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    muted_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    hide_notifications boolean NOT NULL DEFAULT true,
    expires_at timestamptz,
    id uuid NOT NULL DEFAULT uuid7(now()),
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (muter_id, muted_id),
    CHECK (muter_id <> muted_id)
);
CREATE INDEX mutes_muted ON mutes (muted_id);

CREATE TABLE top_friends (
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    friend_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    position smallint NOT NULL CHECK (position BETWEEN 1 AND 5),
    PRIMARY KEY (user_id, friend_id),
    UNIQUE (user_id, position)
);
CREATE INDEX top_friends_friend ON top_friends (friend_id);

CREATE TABLE notifications (
    id uuid PRIMARY KEY DEFAULT uuid7(now()),
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    type text NOT NULL CHECK (type IN ('mention', 'status', 'reblog', 'follow', 'follow_request',
        'favourite', 'poll', 'update', 'quote', 'quoted_update', 'admin.sign_up', 'admin.report',
        'severed_relationships', 'moderation_warning')),
    actor_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    thought_id uuid REFERENCES thoughts ON DELETE CASCADE,
    read boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT notifications_once UNIQUE NULLS NOT DISTINCT (user_id, type, actor_id, thought_id)
);
CREATE INDEX notifications_user ON notifications (user_id, id DESC);
CREATE INDEX notifications_unread ON notifications (user_id) WHERE NOT read;
CREATE INDEX notifications_thought ON notifications (thought_id) WHERE thought_id IS NOT NULL;
CREATE INDEX notifications_actor ON notifications (actor_id);

-- Servers that the admin refuses to talk to; a block covers the subdomains too.
CREATE TABLE domain_blocks (
    domain text PRIMARY KEY,
    reason text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL DEFAULT now()
);

-- Whether a host (authority; a port does not matter unless the block names one) is refused.
CREATE FUNCTION host_is_blocked(host text) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT EXISTS (
        SELECT FROM domain_blocks b
        WHERE b.domain IN (host, split_part(host, ':', 1))
            OR right(split_part(host, ':', 1), length(b.domain) + 1) = '.' || b.domain)
$$;
