-- Custom emojis that move, and what is shown of them to whom that disturbs.

ALTER TABLE media_files ADD COLUMN still_hash text;   -- of bytes that move and are kept for good, as these are

ALTER TABLE proxied_media
    DROP CONSTRAINT proxied_media_kind_check,
    ADD CONSTRAINT proxied_media_kind_check CHECK (kind IN ('portrait', 'attachment', 'card', 'emoji'));
