-- What pages show where it differs from content: mentions and hashtags lead to pages of ours.
ALTER TABLE thoughts ADD COLUMN page_html text;
