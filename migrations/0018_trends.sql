-- What trends: hashtags and thoughts as a job scores them, what moderators say of them, and switches of the place.

-- What admins turned on and off while the server runs: trends, trendable_by_default (off: what trends is shown once a
-- moderator said yes). What nobody turned is on.
CREATE TABLE site_switches (
    name text PRIMARY KEY,
    is_on boolean NOT NULL
);
CREATE FUNCTION is_switched_on(wanted text) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT coalesce((SELECT is_on FROM site_switches WHERE name = wanted), true)
$$;

ALTER TABLE tags
    ADD COLUMN display_name text,               -- the name in other letters (CatsOfThoughts); NULL: as it is
    ADD COLUMN usable boolean NOT NULL DEFAULT true,     -- our people may write it
    ADD COLUMN listable boolean NOT NULL DEFAULT true,   -- searches find it
    ADD COLUMN trendable boolean,               -- NULL: as the switch says
    ADD COLUMN reviewed_at timestamptz;         -- when a moderator last decided
ALTER TABLE thoughts ADD COLUMN trendable boolean;       -- NULL: as the switch says

-- Written anew by the job, a few hundred rows each.
CREATE TABLE trending_tags (
    tag_id uuid PRIMARY KEY REFERENCES tags ON DELETE CASCADE,
    score real NOT NULL
);
CREATE TABLE trending_thoughts (
    thought_id uuid PRIMARY KEY REFERENCES thoughts ON DELETE CASCADE,
    score real NOT NULL
);
