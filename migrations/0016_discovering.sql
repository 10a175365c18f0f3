-- Whom people do not want suggested; and policies that know whom the admins limited.

CREATE TABLE suggestion_dismissals (
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    person_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    PRIMARY KEY (user_id, person_id)
);
CREATE INDEX suggestion_dismissals_person ON suggestion_dismissals (person_id);

-- As before, and with those whom the admins limited.
CREATE OR REPLACE FUNCTION notification_verdict(hearer uuid, actor uuid, kind text, thought uuid) RETURNS text
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
