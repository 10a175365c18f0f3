"""PostgreSQL and Valkey from wheels, for machines that have neither."""

from __future__ import annotations

from storage.engines.embedded import Engines, find_running, start_engines, use_engines

__all__ = ["Engines", "find_running", "start_engines", "use_engines"]
