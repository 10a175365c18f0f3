"""Entities of the Mastodon client API: pure functions from rows to what is sent."""
