"""State: PostgreSQL, Redis and the engines; imports nothing of ours."""
