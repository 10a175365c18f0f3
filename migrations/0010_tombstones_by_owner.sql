-- Whoever says that an id was deleted counts for themselves: a neighbour's word must not stand in for the owner's.
ALTER TABLE tombstones DROP CONSTRAINT tombstones_pkey, ADD PRIMARY KEY (ap_id, owner_ap_id);
