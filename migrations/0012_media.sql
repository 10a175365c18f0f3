-- Media: what people upload, the bytes it became, and copies of what is attached elsewhere.

-- Bytes are stored once per content. `uses` is counted by the trigger below; at zero they go.
ALTER TABLE media_files
    DROP COLUMN width,
    DROP COLUMN height,
    ADD COLUMN uses integer NOT NULL DEFAULT 0 CHECK (uses >= 0),
    ADD COLUMN touched_at timestamptz NOT NULL DEFAULT now();  -- somebody is about to use it: not swept for a while
CREATE INDEX media_files_unused ON media_files (touched_at) WHERE uses = 0;

-- An upload: attached to a thought, or still waiting for one; or somebody's portrait.
CREATE TABLE media (
    id uuid PRIMARY KEY DEFAULT uuid7(now()),
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    purpose text NOT NULL DEFAULT 'attachment' CHECK (purpose IN ('attachment', 'avatar', 'header')),
    thought_id uuid REFERENCES thoughts ON DELETE CASCADE,
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'ready', 'failed')),
    problem text NOT NULL DEFAULT '',           -- why it could not be taken, in words for who uploaded it
    kind text NOT NULL DEFAULT 'image' CHECK (kind IN ('image', 'gifv', 'video', 'audio')),
    content_hash text REFERENCES media_files,
    preview_hash text REFERENCES media_files,
    facts jsonb NOT NULL DEFAULT '{}',          -- {width, height, preview_width, preview_height, duration_s, …}
    alt text NOT NULL DEFAULT '',
    focus_x real NOT NULL DEFAULT 0 CHECK (focus_x BETWEEN -1 AND 1),
    focus_y real NOT NULL DEFAULT 0 CHECK (focus_y BETWEEN -1 AND 1),
    attempts smallint NOT NULL DEFAULT 0,
    due_at timestamptz NOT NULL DEFAULT now(),
    lease uuid,
    kept_until timestamptz NOT NULL DEFAULT now() + interval '1 day',  -- unattached, it goes then
    created_at timestamptz NOT NULL DEFAULT now(),
    CHECK (state <> 'ready' OR content_hash IS NOT NULL)
);
CREATE INDEX media_user ON media (user_id);
CREATE UNIQUE INDEX media_portrait ON media (user_id, purpose) WHERE purpose <> 'attachment';
CREATE INDEX media_thought ON media (thought_id) WHERE thought_id IS NOT NULL;
CREATE INDEX media_waiting ON media (due_at) WHERE state = 'waiting';
CREATE INDEX media_unattached ON media (kept_until) WHERE thought_id IS NULL AND purpose = 'attachment';
CREATE INDEX media_content ON media (content_hash);
CREATE INDEX media_preview ON media (preview_hash);

CREATE FUNCTION count_media_uses() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        UPDATE media_files SET uses = uses - 1 WHERE content_hash = OLD.content_hash;
        UPDATE media_files SET uses = uses - 1 WHERE content_hash = OLD.preview_hash;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        UPDATE media_files SET uses = uses + 1 WHERE content_hash = NEW.content_hash;
        UPDATE media_files SET uses = uses + 1 WHERE content_hash = NEW.preview_hash;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER media_uses AFTER INSERT OR DELETE OR UPDATE OF content_hash, preview_hash ON media
    FOR EACH ROW EXECUTE FUNCTION count_media_uses();

INSERT INTO media (user_id, purpose, state, content_hash)
SELECT u.id, p.purpose, 'ready', f.content_hash
FROM users u
    CROSS JOIN LATERAL (VALUES ('avatar', u.avatar_url), ('header', u.header_url)) AS p (purpose, url)
    JOIN media_files f ON f.content_hash = substring(p.url FROM '/media/([0-9a-f]{64})$')
WHERE NOT u.is_remote;

UPDATE media_files f SET uses = uses + 1
FROM custom_emojis e WHERE f.content_hash = substring(e.url FROM '/media/([0-9a-f]{64})$');

-- Copies of remote media. `kind` says how large they may be: portraits are small.
ALTER TABLE proxied_media
    ADD COLUMN kind text NOT NULL DEFAULT 'portrait' CHECK (kind IN ('portrait', 'attachment')),
    ADD COLUMN preview_hash text,
    ADD COLUMN preview_size integer,
    ALTER COLUMN size TYPE bigint;
CREATE INDEX proxied_media_preview ON proxied_media (preview_hash);

-- With a remote thought, the addresses of what it shows can be forgotten; their copies go with the next eviction.
CREATE FUNCTION forget_attachments() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE proxied_media SET used_at = to_timestamp(0)
    WHERE kind = 'attachment' AND key IN (
        SELECT sha256(convert_to(address, 'UTF8'))
        FROM jsonb_array_elements(OLD.attachments) AS one,
            LATERAL (VALUES (one ->> 'url'), (one ->> 'preview_url')) AS addresses (address)
        WHERE address IS NOT NULL);
    RETURN NULL;
END $$;
CREATE TRIGGER thoughts_forget_attachments AFTER DELETE ON thoughts
    FOR EACH ROW WHEN (OLD.attachments <> '[]'::jsonb AND OLD.source IS NULL)
    EXECUTE FUNCTION forget_attachments();

-- Timelines of pictures alone.
CREATE INDEX thoughts_with_media ON thoughts (id DESC) WHERE attachments <> '[]'::jsonb AND visibility = 'public';
CREATE INDEX thoughts_with_media_of ON thoughts (user_id, id DESC) WHERE attachments <> '[]'::jsonb;
