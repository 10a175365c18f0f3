-- Collections: people whom somebody recommends, each with their own consent (FEP-7aa9).

ALTER TABLE users ADD COLUMN feature_policy smallint;  -- as thoughts.quote_policy; NULL: ours follow `discoverable`,
                                                       -- others never said who may feature them
ALTER TABLE remote_actors
    ADD COLUMN collections_url text,
    ADD COLUMN featured_tags_url text;

CREATE TABLE collections (
    id uuid PRIMARY KEY DEFAULT uuid7(now()),
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    ap_id text NOT NULL UNIQUE,
    url text NOT NULL,
    name text NOT NULL,
    description text NOT NULL DEFAULT '',
    language text,
    tag_id uuid REFERENCES tags ON DELETE SET NULL,
    sensitive boolean NOT NULL DEFAULT false,
    discoverable boolean NOT NULL DEFAULT false,  -- stands on its owner's profile
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    fetched_at timestamptz NOT NULL DEFAULT now()  -- when its server last told what a remote one is
);
CREATE INDEX collections_user ON collections (user_id, id DESC);
CREATE INDEX collections_tag ON collections (tag_id) WHERE tag_id IS NOT NULL;

CREATE TABLE collection_items (
    id uuid PRIMARY KEY DEFAULT uuid7(clock_timestamp()),
    collection_id uuid NOT NULL REFERENCES collections ON DELETE CASCADE,
    ap_id text,
    person_id uuid REFERENCES users ON DELETE CASCADE,  -- NULL: not read yet
    person_ap_id text NOT NULL,
    position integer NOT NULL DEFAULT 0,
    state text NOT NULL CHECK (state IN ('pending', 'accepted', 'rejected', 'revoked')),
    listed boolean NOT NULL DEFAULT false,      -- the document of a remote collection names it
    request_ap_id text,                         -- our FeatureRequest
    stamp text,                                 -- FeatureAuthorization that the person gave
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (collection_id, person_ap_id)
);
CREATE INDEX collection_items_person ON collection_items (person_id, collection_id DESC) WHERE person_id IS NOT NULL;
CREATE INDEX collection_items_request ON collection_items (request_ap_id) WHERE request_ap_id IS NOT NULL;
CREATE INDEX collection_items_stamp ON collection_items (stamp) WHERE stamp IS NOT NULL;

-- Consent that our people gave to being featured; what was taken back has a tombstone.
CREATE TABLE feature_authorizations (
    id uuid PRIMARY KEY DEFAULT uuid7(clock_timestamp()),
    person_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    owner_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    collection_ap_id text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (person_id, collection_ap_id)
);
CREATE INDEX feature_authorizations_owner ON feature_authorizations (owner_id);

ALTER TABLE fetches DROP CONSTRAINT fetches_kind_check;
ALTER TABLE fetches ADD CHECK (kind IN ('actor', 'profile', 'thought', 'links', 'collection'));

ALTER TABLE notifications
    ADD COLUMN collection_id uuid REFERENCES collections ON DELETE CASCADE,
    DROP CONSTRAINT notifications_type_check,
    ADD CONSTRAINT notifications_type_check CHECK (type IN ('mention', 'status', 'reblog', 'follow', 'follow_request',
        'favourite', 'poll', 'update', 'quote', 'quoted_update', 'admin.sign_up', 'admin.report',
        'severed_relationships', 'moderation_warning', 'added_to_collection', 'collection_update')),
    DROP CONSTRAINT notifications_once,
    ADD CONSTRAINT notifications_once
        UNIQUE NULLS NOT DISTINCT (user_id, type, actor_id, thought_id, report_id, warning_id, collection_id);
CREATE INDEX notifications_collection ON notifications (collection_id) WHERE collection_id IS NOT NULL;

-- As before, and with collections.
CREATE OR REPLACE FUNCTION notification_verdict(hearer uuid, actor uuid, kind text, thought uuid) RETURNS text
LANGUAGE sql STABLE AS $$
    SELECT CASE
        WHEN kind NOT IN ('mention', 'reblog', 'favourite', 'follow', 'follow_request', 'quote', 'added_to_collection',
            'collection_update') THEN 'accept'
        WHEN NOT EXISTS (SELECT FROM notification_policies WHERE user_id = hearer) THEN 'accept'
        WHEN EXISTS (SELECT FROM notification_permissions WHERE user_id = hearer AND from_id = actor) THEN 'accept'
        ELSE (
            WITH facts AS (
                SELECT NOT EXISTS (SELECT FROM follows
                        WHERE follower_id = hearer AND following_id = actor AND state = 'accepted') AS stranger,
                    NOT EXISTS (SELECT FROM follows
                        WHERE follower_id = actor AND following_id = hearer AND state = 'accepted'
                            AND created_at < now() - interval '3 days') AS no_follower,
                    u.created_at > now() - interval '30 days' AS newcomer,
                    u.silenced AS limited,
                    kind = 'mention' AND EXISTS (SELECT FROM thoughts t WHERE t.id = thought
                        AND t.visibility = 'direct' AND t.reply_to_user_id IS DISTINCT FROM hearer) AS private
                FROM users u WHERE u.id = actor),
            verdicts AS (
                SELECT x.verdict FROM notification_policies p CROSS JOIN facts CROSS JOIN LATERAL (VALUES
                    (p.for_not_following, facts.stranger),
                    (p.for_not_followers, facts.no_follower),
                    (p.for_new_accounts, facts.newcomer),
                    (p.for_limited_accounts, facts.limited AND facts.stranger),
                    (p.for_private_mentions, facts.private AND facts.stranger)) AS x (verdict, holds)
                WHERE p.user_id = hearer AND x.holds)
            SELECT CASE WHEN bool_or(verdict = 'drop') THEN 'drop'
                WHEN bool_or(verdict = 'filter') THEN 'filter' ELSE 'accept' END FROM verdicts)
    END
$$;
