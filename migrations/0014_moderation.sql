-- Reports, what moderators do about people, and who may not come in.

ALTER TABLE users
    ADD COLUMN silenced boolean NOT NULL DEFAULT false,     -- seen only by those who look for them
    ADD COLUMN sensitised boolean NOT NULL DEFAULT false,   -- all their media is covered
    ADD COLUMN disabled boolean NOT NULL DEFAULT false;     -- shown as before, but cannot sign in

CREATE TABLE reports (
    id uuid PRIMARY KEY DEFAULT uuid7(now()),
    reporter_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,  -- for remote ones who signed the Flag
    target_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    comment text NOT NULL DEFAULT '' CHECK (length(comment) <= 5000),
    category text NOT NULL DEFAULT 'other' CHECK (category IN ('spam', 'legal', 'violation', 'other')),
    rule_ids text[] NOT NULL DEFAULT '{}',
    thought_ids uuid[] NOT NULL DEFAULT '{}',
    forwarded boolean NOT NULL DEFAULT false,
    ap_id text UNIQUE,                                      -- of the Flag that came in or went out
    assigned_to uuid REFERENCES users ON DELETE SET NULL,
    action_taken_at timestamptz,
    action_taken_by uuid REFERENCES users ON DELETE SET NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX reports_open ON reports (id DESC) WHERE action_taken_at IS NULL;
CREATE INDEX reports_target ON reports (target_id, id DESC);
CREATE INDEX reports_reporter ON reports (reporter_id, id DESC);
CREATE INDEX reports_assigned ON reports (assigned_to) WHERE assigned_to IS NOT NULL;
CREATE INDEX reports_decided ON reports (action_taken_by) WHERE action_taken_by IS NOT NULL;

-- What a moderator did about somebody, as they are told of it.
CREATE TABLE warnings (
    id uuid PRIMARY KEY DEFAULT uuid7(now()),
    target_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    by_id uuid REFERENCES users ON DELETE SET NULL,
    report_id uuid REFERENCES reports ON DELETE SET NULL,
    action text NOT NULL CHECK (action IN ('none', 'disable', 'mark_statuses_as_sensitive', 'delete_statuses',
        'sensitive', 'silence', 'suspend')),
    text text NOT NULL DEFAULT '',
    thought_ids uuid[] NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX warnings_target ON warnings (target_id, id DESC);
CREATE INDEX warnings_by ON warnings (by_id) WHERE by_id IS NOT NULL;
CREATE INDEX warnings_report ON warnings (report_id) WHERE report_id IS NOT NULL;

-- Notifications about reports and warnings: each is told once.
ALTER TABLE notifications
    ADD COLUMN report_id uuid REFERENCES reports ON DELETE CASCADE,
    ADD COLUMN warning_id uuid REFERENCES warnings ON DELETE CASCADE,
    DROP CONSTRAINT notifications_once,
    ADD CONSTRAINT notifications_once
        UNIQUE NULLS NOT DISTINCT (user_id, type, actor_id, thought_id, report_id, warning_id);
CREATE INDEX notifications_report ON notifications (report_id) WHERE report_id IS NOT NULL;
CREATE INDEX notifications_warning ON notifications (warning_id) WHERE warning_id IS NOT NULL;

-- A server may be refused, or its people silenced, or only noted.
ALTER TABLE domain_blocks
    ADD COLUMN id uuid NOT NULL DEFAULT uuid7(now()) UNIQUE,
    ADD COLUMN severity text NOT NULL DEFAULT 'suspend' CHECK (severity IN ('noop', 'silence', 'suspend')),
    ADD COLUMN reject_media boolean NOT NULL DEFAULT false,
    ADD COLUMN reject_reports boolean NOT NULL DEFAULT false,
    ADD COLUMN public_comment text NOT NULL DEFAULT '',
    ADD COLUMN obfuscate boolean NOT NULL DEFAULT false;

CREATE OR REPLACE FUNCTION host_is_blocked(host text) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT EXISTS (
        SELECT FROM domain_blocks b
        WHERE b.severity = 'suspend' AND (b.domain IN (host, split_part(host, ':', 1))
            OR right(split_part(host, ':', 1), length(b.domain) + 1) = '.' || b.domain))
$$;

-- Who comes from a silenced server later is silenced too.
CREATE FUNCTION silence_newcomer() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    NEW.silenced := NEW.silenced OR EXISTS (
        SELECT FROM domain_blocks b
        WHERE b.severity = 'silence' AND (b.domain IN (NEW.domain, split_part(NEW.domain, ':', 1))
            OR right(split_part(NEW.domain, ':', 1), length(b.domain) + 1) = '.' || b.domain));
    RETURN NEW;
END
$$;
CREATE TRIGGER silence_newcomer BEFORE INSERT ON users FOR EACH ROW WHEN (NEW.is_remote)
    EXECUTE FUNCTION silence_newcomer();

-- Servers that would be let in if only listed ones were.
CREATE TABLE domain_allows (
    id uuid PRIMARY KEY DEFAULT uuid7(now()),
    domain text NOT NULL UNIQUE,
    created_at timestamptz NOT NULL DEFAULT now()
);

-- Who may not sign up.
CREATE TABLE email_domain_blocks (
    id uuid PRIMARY KEY DEFAULT uuid7(now()),
    domain text NOT NULL UNIQUE,
    allow_with_approval boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE canonical_email_blocks (
    id uuid PRIMARY KEY DEFAULT uuid7(now()),
    hash text NOT NULL UNIQUE,                              -- SHA-256 of the address in its one form
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE ip_blocks (
    id uuid PRIMARY KEY DEFAULT uuid7(now()),
    ip inet NOT NULL UNIQUE,
    severity text NOT NULL CHECK (severity IN ('sign_up_requires_approval', 'sign_up_block', 'no_access')),
    comment text NOT NULL DEFAULT '',
    expires_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now()
);
