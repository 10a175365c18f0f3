-- What somebody wrote when they asked to join; forgotten once an admin decided.
ALTER TABLE users ADD COLUMN sign_up_reason text NOT NULL DEFAULT '';
