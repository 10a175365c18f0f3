"""The rows of a big database, made by PostgreSQL itself: people, threads, pictures, polls, boosts and notifications.

Thoughts are drafted in `bench.drafts`, a batch at a time, and everything that hangs on them is written from there.
"""

from __future__ import annotations

from uuid import UUID

from storage.query import Command, Value

MAKE_TABLES = (
    Command("CREATE SCHEMA IF NOT EXISTS bench"),
    Command("CREATE TABLE IF NOT EXISTS bench.steps (step text PRIMARY KEY)"),
    Command(
        """CREATE UNLOGGED TABLE IF NOT EXISTS bench.drafts (
            n int PRIMARY KEY, at timestamptz NOT NULL, id uuid NOT NULL, author uuid NOT NULL, parent_n int,
            root_n int, luck float NOT NULL, fate float NOT NULL, tag text, booster uuid NOT NULL,
            liker uuid NOT NULL)"""
    ),
)
STEPS = Value(str, "SELECT step FROM bench.steps")
FINISH_STEP = Command("INSERT INTO bench.steps (step) VALUES ($1)")

# Nothing checks or counts while rows come in sets, and they may be lost with the machine.
HURRY = (
    Command("SET LOCAL session_replication_role = replica"),
    Command("SET LOCAL synchronous_commit = off"),
    Command("SET LOCAL maintenance_work_mem = '512MB'"),
)
SEED = Value(str, "SELECT setseed($1)::text")
DROP_SEARCH_INDEXES = Command("DROP INDEX IF EXISTS thoughts_search, thoughts_trigrams")
CREATE_SEARCH_INDEXES = (
    Command("CREATE INDEX IF NOT EXISTS thoughts_search ON thoughts USING gin (search)"),
    Command("CREATE INDEX IF NOT EXISTS thoughts_trigrams ON thoughts USING gin (plain gin_trgm_ops)"),
)

INSERT_PEOPLE = Command(
    """WITH made AS (
        INSERT INTO users (id, username, domain, display_name, bio, bio_html, sanitiser, fields, avatar_url,
            header_url, is_remote, ap_id, inbox_url, profile_url, followers_count, following_count, created_at,
            discoverable, indexable)
        SELECT uuid7(at), name, host, initcap(first) || ' ' || initcap(last), 'Writes of mornings.',
            '<p>Writes of <a href="https://' || host || '/tags/mornings" class="mention hashtag" rel="tag">#<span>'
                || 'mornings</span></a>, and of the cat. She or her, mostly awake.</p>',
            $3, CASE WHEN n % 3 = 0 THEN jsonb_build_array(jsonb_build_object('name', 'Home', 'value', host, 'html',
                '<a href="https://' || host || '" rel="nofollow noopener me">' || host || '</a>')) ELSE '[]' END,
            'https://files.' || host || '/avatars/' || n || '.webp', 'https://files.' || host || '/headers/' || n,
            true, 'https://' || host || '/users/' || name, 'https://' || host || '/users/' || name || '/inbox',
            'https://' || host || '/@' || name, n % 900, n % 700, at, true, n % 2 = 0
        FROM generate_series(1, $1::int) AS people (n)
            CROSS JOIN LATERAL (SELECT
                ($2::text[])[1 + n % cardinality($2::text[])] AS first,
                ($2::text[])[1 + n / 7 % cardinality($2::text[])] AS last,
                'peer' || n % 500 || '.example' AS host,
                now() - interval '900 days' + n * interval '20 minutes' AS at) named
            CROSS JOIN LATERAL (SELECT first || n AS name) called
        RETURNING id, username, display_name, domain, ap_id, inbox_url)
    INSERT INTO remote_actors (user_id, ap_url, username, display_name, host, inbox_url, shared_inbox_url)
    SELECT id, ap_id, username, display_name, domain, inbox_url, 'https://' || domain || '/inbox' FROM made"""
)
REMOTE_PEOPLE = Value(UUID, "SELECT id FROM users WHERE is_remote ORDER BY id")
# Every so manieth of those given, from a place on; the first of them write the most.
INSERT_FOLLOWS = Command(
    """INSERT INTO follows (follower_id, following_id, state, ap_id, id)
    SELECT $1, person, 'accepted', 'bench:' || $1::uuid || person, uuid7(now() - place * interval '1 hour')
    FROM unnest($2::uuid[]) WITH ORDINALITY AS people (person, place) WHERE place % $3::int = $4::int
    ON CONFLICT DO NOTHING"""
)
INSERT_FOLLOWERS = Command(
    """INSERT INTO follows (follower_id, following_id, state, ap_id, id)
    SELECT person, $1, 'accepted', 'bench:' || person || $1::uuid, uuid7(now() - place * interval '1 hour')
    FROM unnest($2::uuid[]) WITH ORDINALITY AS people (person, place) WHERE place % $3::int = $4::int
    ON CONFLICT DO NOTHING"""
)
INSERT_LIST = Command(
    """WITH made AS (INSERT INTO lists (user_id, title) VALUES ($1, 'Mornings') RETURNING id)
    INSERT INTO list_members (list_id, person_id, user_id)
    SELECT made.id, f.following_id, $1 FROM made CROSS JOIN (
        SELECT following_id FROM follows WHERE follower_id = $1 ORDER BY following_id LIMIT 100) f"""
)
INSERT_TAGS = Command("INSERT INTO tags (name) SELECT 'topic' || n FROM generate_series(1, 1000) AS topics (n)")

CLEAR_DRAFTS = Command("TRUNCATE bench.drafts")
# Of ten in a row three answer: the sixth and eighth the first one, the seventh the sixth. A twenty-fifth is ours.
_AUTHORS = """($4::uuid[])[1 + floor(random() ^ 3 * cardinality($4::uuid[]))::int]"""
DRAFT = Command(
    """INSERT INTO bench.drafts
    SELECT n, at, uuid7(at),
        CASE WHEN random() < 0.04 THEN ($5::uuid[])[1 + floor(random() * cardinality($5::uuid[]))::int]
            ELSE {author} END,
        CASE n % 10 WHEN 5 THEN n - 5 WHEN 6 THEN n - 1 WHEN 7 THEN n - 7 END,
        CASE WHEN n % 10 BETWEEN 5 AND 7 THEN n - n % 10 END,
        random(), random(),
        CASE WHEN random() < 0.25 THEN 'topic' || 1 + floor(random() ^ 2 * 1000)::int END, {author}, {author}
    FROM generate_series($1::int, $2::int) AS turns (n)
        CROSS JOIN LATERAL (SELECT now() - ($3::int - n) * interval '5 seconds' AS at) moments""",
    author=_AUTHORS,
)
# A thread of our own: every third answers its beginning, the others whoever spoke before.
DRAFT_THREAD = Command(
    """INSERT INTO bench.drafts
    SELECT n, at, uuid7(at), CASE WHEN n = $1 THEN $5 ELSE {author} END,
        CASE WHEN n > $1 THEN CASE WHEN (n - $1) % 3 = 1 THEN $1 ELSE n - 1 END END, CASE WHEN n > $1 THEN $1 END,
        random(), random(), NULL, {author}, {author}
    FROM generate_series($1::int, $2::int) AS turns (n)
        CROSS JOIN LATERAL (SELECT now() - ($3::int - n) * interval '1 second' AS at) moments""",
    author=_AUTHORS,
)
# $1 sentences, $2 sanitiser. Texts, names and numbers come from the draft's own number and luck.
INSERT_THOUGHTS = Command(
    """INSERT INTO thoughts (id, user_id, content, page_html, plain, source, sanitiser, summary, sensitive, language,
        reply_to, reply_to_ap_id, reply_to_user_id, conversation_id, visibility, ap_id, url, object_type, attachments,
        emojis, likes_count, boosts_count, replies_count, created_at, edited_at)
    SELECT d.id, d.author, html, nullif(page, html), plain, CASE WHEN NOT u.is_remote THEN plain END, $2,
        CASE WHEN d.fate < 0.05 THEN 'About mornings' ELSE '' END, d.fate < 0.07,
        CASE d.n % 4 WHEN 0 THEN NULL WHEN 1 THEN 'de' ELSE 'en' END,
        p.id, pu.ap_id || '/statuses/' || p.n, p.author, r.id,
        CASE WHEN d.luck < 0.8 THEN 'public' WHEN d.luck < 0.92 THEN 'unlisted' ELSE 'followers' END,
        u.ap_id || '/statuses/' || d.n, u.profile_url || '/' || d.n,
        CASE WHEN d.n % 100 = 3 THEN 'Question' ELSE 'Note' END,
        CASE WHEN d.fate > 0.75 THEN pictures ELSE '[]' END,
        CASE WHEN d.n % 33 = 2 THEN jsonb_build_array(jsonb_build_object('shortcode', 'blobcat', 'url',
            'https://files.' || host || '/emoji/blobcat.png')) ELSE '[]' END,
        floor(d.luck ^ 8 * 200), floor(d.fate ^ 8 * 60), CASE d.n % 10 WHEN 0 THEN 2 WHEN 5 THEN 1 ELSE 0 END,
        d.at, CASE WHEN d.n % 50 = 1 THEN d.at + interval '1 second' END
    FROM bench.drafts d JOIN users u ON u.id = d.author
        LEFT JOIN bench.drafts p ON p.n = d.parent_n LEFT JOIN users pu ON pu.id = p.author
        LEFT JOIN bench.drafts r ON r.n = d.root_n
        CROSS JOIN LATERAL (SELECT
            coalesce(u.domain, 'here') AS host,
            array_to_string(($1::text[])[1 + d.n % 20 : 1 + d.n % 20 + d.n % 5], ' ')
                || CASE WHEN d.n % 33 = 2 THEN ' :blobcat:' ELSE '' END AS words) said
        CROSS JOIN LATERAL (SELECT
            CASE WHEN p.n IS NULL THEN '' ELSE '@' || pu.username || ' ' END || words AS plain,
            CASE WHEN p.n IS NULL THEN '' ELSE '">@<span>' || pu.username || '</span></a></span> ' END AS named,
            words || CASE WHEN d.n % 4 = 0 THEN '</p><p><a href="https://example.org/mornings/' || d.n
                || '" target="_blank" rel="nofollow noopener"><span class="invisible">https://</span><span>'
                || 'example.org/mornings/' || d.n || '</span></a>' ELSE '' END || '</p>' AS rest,
            CASE WHEN d.tag IS NULL THEN '' ELSE 'tags/' || d.tag || '" class="mention hashtag" rel="tag">#<span>'
                || d.tag || '</span></a></p>' END AS tagged) parts
        CROSS JOIN LATERAL (SELECT
            '<p>' || CASE WHEN p.n IS NULL THEN '' ELSE '<span class="h-card" translate="no"><a href="'
                || pu.profile_url || '" class="u-url mention' || named END || rest
                || CASE WHEN d.tag IS NULL THEN '' ELSE '<p><a href="https://' || host || '/' || tagged END AS html,
            '<p>' || CASE WHEN p.n IS NULL THEN '' ELSE '<span class="h-card" translate="no"><a href="/@'
                || pu.username || coalesce('@' || pu.domain, '') || '" class="u-url mention' || named END || rest
                || CASE WHEN d.tag IS NULL THEN '' ELSE '<p><a href="/' || tagged END AS page,
            (SELECT jsonb_agg(jsonb_build_object('url', 'https://files.' || host || '/media/' || d.n || '-' || k
                    || '.webp', 'kind', 'image', 'media_type', 'image/webp', 'alt', 'The cat, asleep on a keyboard',
                    'width', 1200, 'height', 900, 'focus', jsonb_build_array(0.1, -0.2),
                    'blurhash', 'LEHV6nWB2yk8pyo0adR*.7kCMdnj'))
                FROM generate_series(1, 1 + d.n % 4) AS k) AS pictures) written"""
)
INSERT_ENTRIES = Command(
    """INSERT INTO entries (id, user_id, thought_id, kind, visibility, is_remote, is_reply, ap_id, created_at)
    SELECT t.id, t.user_id, t.id, 'thought', t.visibility, t.source IS NULL,
        t.reply_to IS NOT NULL AND t.reply_to_user_id <> t.user_id, t.ap_id, t.created_at
    FROM bench.drafts d JOIN thoughts t ON t.id = d.id"""
)
INSERT_BOOSTS = Command(
    """INSERT INTO entries (id, user_id, thought_id, kind, visibility, is_remote, ap_id, created_at)
    SELECT uuid7(at), booster, id, 'boost', 'public', true, 'https://boosts.example/' || n, at FROM (
        SELECT n, id, booster, least(d.at + d.fate * interval '6 hours', now()) AS at FROM bench.drafts d
        WHERE d.luck < 0.15) boosted"""
)
INSERT_LIKES = Command(
    """INSERT INTO likes (id, user_id, thought_id, ap_id, created_at)
    SELECT uuid7(at), liker, id, 'https://likes.example/' || n, at FROM bench.drafts WHERE fate < 0.3"""
)
INSERT_POLLS = Command(
    """INSERT INTO polls (thought_id, options, tallies, voters_count, multiple, expires_at, closed_at)
    SELECT id, ARRAY['Tea', 'Coffee', 'Sleep'], ARRAY[3, 4, 5], 12, false, at + interval '1 day', now()
    FROM bench.drafts WHERE n % 100 = 3"""
)
INSERT_MENTIONS = Command(
    """INSERT INTO mentions (thought_id, user_id)
    SELECT d.id, p.author FROM bench.drafts d JOIN bench.drafts p ON p.n = d.parent_n WHERE p.author <> d.author
    UNION SELECT d.id, $1::uuid FROM bench.drafts d WHERE d.n % 200 = 11 AND d.author <> $1::uuid"""
)
INSERT_THOUGHT_TAGS = Command(
    "INSERT INTO thought_tags (thought_id, tag_id) SELECT d.id, g.id FROM bench.drafts d JOIN tags g ON g.name = d.tag"
)

_NEWEST_OF_FOLLOWED = """SELECT x.id FROM {who} f CROSS JOIN LATERAL (
        SELECT e.id FROM entries e WHERE e.user_id = f.{person} AND NOT e.is_reply ORDER BY e.id DESC LIMIT 1000) x
    WHERE f.{owner} = $1 ORDER BY x.id DESC LIMIT 1000"""
# As much as retention leaves in a home.
INSERT_HOME = Command(
    "INSERT INTO home_entries (user_id, entry_id) SELECT $1, h.id FROM ({newest}) h",
    newest=_NEWEST_OF_FOLLOWED,
    who="follows",
    person="following_id",
    owner="follower_id",
)
INSERT_LISTED = Command(
    """INSERT INTO list_entries (list_id, entry_id)
    SELECT l.id, h.id FROM lists l CROSS JOIN ({newest}) h WHERE l.user_id = $1""",
    newest=_NEWEST_OF_FOLLOWED,
    who="list_members",
    person="person_id",
    owner="user_id",
)
# What somebody did to what stands in their home.
LIKE_AT_HOME = Command(
    """INSERT INTO likes (user_id, thought_id, ap_id) SELECT $1, e.thought_id, 'bench:like' || e.thought_id
    FROM home_entries h JOIN entries e ON e.id = h.entry_id WHERE h.user_id = $1 AND random() < 0.2
    ON CONFLICT DO NOTHING"""
)
BOOKMARK_AT_HOME = Command(
    """INSERT INTO bookmarks (user_id, thought_id) SELECT $1, e.thought_id
    FROM home_entries h JOIN entries e ON e.id = h.entry_id WHERE h.user_id = $1 AND random() < 0.05
    ON CONFLICT DO NOTHING"""
)
LIKE_OWN = Command(
    """INSERT INTO likes (id, user_id, thought_id, ap_id, created_at)
    SELECT uuid7(at), liker, id, 'https://likes.example/' || id || liker, at FROM (
        SELECT t.id, t.created_at + random() * interval '3 hours' AS at,
            ($2::uuid[])[1 + floor(random() * cardinality($2::uuid[]))::int] AS liker
        FROM (SELECT id, created_at FROM thoughts WHERE user_id = $1 ORDER BY id DESC LIMIT 300) t
            CROSS JOIN generate_series(1, 40)) liked
    ON CONFLICT DO NOTHING"""
)
# What happened to the newest thoughts of somebody, and who followed them; what is older than a day is read.
NOTIFY = Command(
    """INSERT INTO notifications (id, user_id, type, actor_id, thought_id, read, created_at)
    SELECT uuid7(at), $1, type, actor, thought, at < now() - interval '1 day', least(at, now()) FROM (
        SELECT 'favourite' AS type, l.user_id AS actor, t.id AS thought, l.created_at AS at
        FROM thoughts t JOIN likes l ON l.thought_id = t.id WHERE t.user_id = $1 AND l.ap_id LIKE 'https://likes%'
        UNION ALL SELECT 'reblog', e.user_id, t.id, e.created_at
        FROM thoughts t JOIN entries e ON e.thought_id = t.id AND e.kind = 'boost' WHERE t.user_id = $1
        UNION ALL SELECT 'mention', t.user_id, t.id, t.created_at
        FROM mentions m JOIN thoughts t ON t.id = m.thought_id WHERE m.user_id = $1
        UNION ALL SELECT 'follow', follower_id, NULL, now() - random() * interval '20 days'
        FROM follows WHERE following_id = $1) told
    ON CONFLICT DO NOTHING"""
)
COUNT = Command(
    """UPDATE users u SET thoughts_count = x.count, last_thought_at = x.last FROM (
        SELECT user_id, count(*), max(created_at) AS last FROM thoughts GROUP BY user_id) x
    WHERE u.id = x.user_id"""
)
COUNT_FOLLOWS = Command(
    """UPDATE users u SET following_count = (SELECT count(*) FROM follows WHERE follower_id = u.id),
        followers_count = (SELECT count(*) FROM follows WHERE following_id = u.id) WHERE NOT u.is_remote"""
)
