"""The worker door: arq drains, the relay that wakes them, periodic jobs."""
