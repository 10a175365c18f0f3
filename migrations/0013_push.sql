-- Web Push: where apps want to be told of notifications, and what is still to be sent there.

-- One per token, as in Mastodon; ends with it.
CREATE TABLE push_subscriptions (
    id uuid PRIMARY KEY DEFAULT uuid7(now()),
    token_id uuid NOT NULL UNIQUE,              -- of access_tokens or api_keys
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    endpoint text NOT NULL,
    p256dh bytea NOT NULL CHECK (length(p256dh) = 65),
    auth bytea NOT NULL CHECK (length(auth) = 16),
    standard boolean NOT NULL,                  -- RFC 8291, else the draft before it (aesgcm)
    sealed_token bytea NOT NULL,                -- apps find the account by it; sealed with a secret of the instance
    alerts text[] NOT NULL,
    policy text NOT NULL CHECK (policy IN ('all', 'followed', 'follower', 'none')),
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX push_subscriptions_user ON push_subscriptions (user_id);

CREATE TABLE pushes (
    id uuid PRIMARY KEY DEFAULT uuid7(now()),
    subscription_id uuid NOT NULL REFERENCES push_subscriptions ON DELETE CASCADE,
    notification_id uuid NOT NULL REFERENCES notifications ON DELETE CASCADE,
    attempts integer NOT NULL DEFAULT 0,
    due_at timestamptz NOT NULL DEFAULT now(),
    lease uuid,
    leased_until timestamptz
);
CREATE INDEX pushes_due ON pushes (due_at);
CREATE INDEX pushes_subscription ON pushes (subscription_id);
CREATE INDEX pushes_notification ON pushes (notification_id);
