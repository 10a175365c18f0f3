-- Indexes without which ending an account, or claiming while a signer has a long backlog, read whole queues.

-- What is leased now: a handful of rows, whatever waits.
CREATE INDEX inbox_leased ON inbox_activities (leased_until) WHERE lease IS NOT NULL;

-- Foreign keys to people lead to their rows.
DROP INDEX inbox_signer;
CREATE INDEX inbox_signer ON inbox_activities (signer_id);
CREATE INDEX inbox_addressee ON inbox_activities (addressee_id) WHERE addressee_id IS NOT NULL;
CREATE INDEX deliveries_sender ON deliveries (sender_id);
CREATE INDEX invites_creator ON invites (created_by) WHERE created_by IS NOT NULL;
CREATE INDEX audit_log_actor ON audit_log (actor_id) WHERE actor_id IS NOT NULL;
