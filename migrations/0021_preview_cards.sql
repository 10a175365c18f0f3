-- Preview cards: what a page says of itself, read once, and shown under every thought that links to it.

CREATE TABLE preview_cards (
    id uuid PRIMARY KEY DEFAULT uuid7(now()),
    url text NOT NULL UNIQUE CHECK (length(url) <= 2048),  -- where the page says that it is
    host text NOT NULL,
    first_hand boolean NOT NULL,                -- read at this very address, not at one that only claims it
    type text NOT NULL CHECK (type IN ('link', 'photo', 'video')),
    title text NOT NULL CHECK (title <> ''),
    description text NOT NULL DEFAULT '',
    language text,
    author_name text NOT NULL DEFAULT '',
    author_url text NOT NULL DEFAULT '',
    author_id uuid REFERENCES users ON DELETE SET NULL,    -- whom the page names (fediverse:creator)
    author_agrees boolean NOT NULL DEFAULT false,          -- and whether they name the page's site
    provider_name text NOT NULL DEFAULT '',
    provider_url text NOT NULL DEFAULT '',
    html text NOT NULL DEFAULT '',              -- one frame that we wrote, or nothing
    embed_url text NOT NULL DEFAULT '',
    width integer NOT NULL DEFAULT 0,
    height integer NOT NULL DEFAULT 0,
    image_url text,                             -- where it lies; served by the proxy
    image_alt text NOT NULL DEFAULT '',
    blurhash text,
    published_at timestamptz,
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX preview_cards_author ON preview_cards (author_id) WHERE author_id IS NOT NULL;
CREATE INDEX preview_cards_image ON preview_cards USING hash (image_url);

-- Addresses that thoughts link to: the queue of what is to be read, and which card came of it.
CREATE TABLE links (
    id uuid PRIMARY KEY DEFAULT uuid7(now()),
    url text NOT NULL UNIQUE CHECK (length(url) <= 2048),
    card_id uuid REFERENCES preview_cards ON DELETE SET NULL,
    due_at timestamptz,                         -- NULL: nothing is to be done
    attempts smallint NOT NULL DEFAULT 0,
    lease uuid,
    read_at timestamptz                         -- when it was read last, or given up
);
CREATE INDEX links_due ON links (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX links_card ON links (card_id) WHERE card_id IS NOT NULL;
CREATE INDEX links_read ON links (read_at);

ALTER TABLE thoughts ADD COLUMN link_id uuid REFERENCES links ON DELETE SET NULL;
CREATE INDEX thoughts_link ON thoughts (link_id, id DESC) WHERE link_id IS NOT NULL;

-- Pictures of cards are copies like others: small stills.
ALTER TABLE proxied_media DROP CONSTRAINT proxied_media_kind_check,
    ADD CONSTRAINT proxied_media_kind_check CHECK (kind IN ('portrait', 'attachment', 'card'));

-- With the last card that shows it, a picture's address can be forgotten; its copy goes with the next eviction.
CREATE FUNCTION forget_card_picture() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE proxied_media SET used_at = to_timestamp(0)
    WHERE kind = 'card' AND key = sha256(convert_to(OLD.image_url, 'UTF8'))
        AND NOT EXISTS (SELECT FROM preview_cards c WHERE c.image_url = OLD.image_url);
    RETURN NULL;
END $$;
CREATE TRIGGER preview_cards_forget_picture AFTER DELETE OR UPDATE OF image_url ON preview_cards
    FOR EACH ROW WHEN (OLD.image_url IS NOT NULL) EXECUTE FUNCTION forget_card_picture();

-- Whose sites a person writes for, so that pages may name them as author; of our own people see `preferences`.
ALTER TABLE remote_actors ADD COLUMN attribution_domains text[] NOT NULL DEFAULT '{}';
