"""The wire: JSON, signatures, addressing and text as pure functions; nothing here does I/O."""
