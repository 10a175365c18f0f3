-- Pages that trend, and what moderators say of them and of who publishes them.

ALTER TABLE preview_cards ADD COLUMN trendable boolean;    -- NULL: as its publisher, or the switch, says
CREATE TABLE publishers (
    id uuid PRIMARY KEY DEFAULT uuid7(now()),
    host text NOT NULL UNIQUE,                  -- of a page that has trended
    trendable boolean,                          -- NULL: as the switch says
    created_at timestamptz NOT NULL DEFAULT now(),
    reviewed_at timestamptz
);

-- Written anew by the job, a hundred rows.
CREATE TABLE trending_cards (
    card_id uuid PRIMARY KEY REFERENCES preview_cards ON DELETE CASCADE,
    score real NOT NULL,
    week jsonb NOT NULL DEFAULT '[]'            -- [{day, uses, accounts}] of its last week
);
CREATE INDEX thoughts_linking ON thoughts (id DESC) WHERE link_id IS NOT NULL AND visibility = 'public';
