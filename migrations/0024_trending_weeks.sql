-- How much hashtags that trend were used in their last week: [{day, uses, accounts}], counted by the job.
ALTER TABLE trending_tags ADD COLUMN week jsonb NOT NULL DEFAULT '[]';
