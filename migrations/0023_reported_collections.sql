-- Collections that a report names, beside thoughts.
ALTER TABLE reports ADD COLUMN collection_ids uuid[] NOT NULL DEFAULT '{}';
