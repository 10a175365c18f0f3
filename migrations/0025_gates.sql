-- Servers whose media are refused; and the mode in which only listed servers are talked to.

-- Whose it is: media of a server may lie anywhere.
ALTER TABLE proxied_media ADD COLUMN host text NOT NULL DEFAULT '';

CREATE FUNCTION media_is_refused(host text) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT EXISTS (
        SELECT FROM domain_blocks b
        WHERE b.reject_media AND (b.domain IN (host, split_part(host, ':', 1))
            OR right(split_part(host, ':', 1), length(b.domain) + 1) = '.' || b.domain))
$$;

-- Blocked, or not on the list where only listed servers are talked to. What a block does to people and follows goes
-- by host_is_blocked alone: the mode can be left again without loss.
CREATE FUNCTION host_is_refused(host text) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT host_is_blocked(host) OR (
        EXISTS (SELECT FROM instance_facts WHERE name = 'limited_federation' AND value = 'on')
        AND NOT EXISTS (SELECT FROM domain_allows d WHERE d.domain IN (host, split_part(host, ':', 1))))
$$;
