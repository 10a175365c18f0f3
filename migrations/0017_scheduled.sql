-- Thoughts that are to be published later, and the uploads that wait with them.

CREATE TABLE scheduled_thoughts (
    id uuid PRIMARY KEY DEFAULT uuid7(now()),
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    scheduled_at timestamptz NOT NULL,          -- as its author wishes
    draft jsonb NOT NULL,
    problem text NOT NULL DEFAULT '',           -- why it cannot be published; then it waits for its author
    due_at timestamptz NOT NULL,                -- when workers look at it
    attempts smallint NOT NULL DEFAULT 0,       -- that failed by our own fault
    revision integer NOT NULL DEFAULT 1         -- whoever publishes or changes it names the one that they know
);
CREATE INDEX scheduled_thoughts_user ON scheduled_thoughts (user_id, id);
CREATE INDEX scheduled_thoughts_due ON scheduled_thoughts (due_at) WHERE problem = '';
CREATE INDEX scheduled_thoughts_stuck ON scheduled_thoughts (user_id) WHERE problem <> '';

ALTER TABLE media ADD COLUMN scheduled_id uuid REFERENCES scheduled_thoughts ON DELETE SET NULL;
CREATE INDEX media_scheduled ON media (scheduled_id) WHERE scheduled_id IS NOT NULL;

ALTER TABLE mails DROP CONSTRAINT mails_kind_check, ADD CONSTRAINT mails_kind_check
    CHECK (kind IN ('confirmation', 'new_address', 'password_reset', 'approval', 'unposted'));
