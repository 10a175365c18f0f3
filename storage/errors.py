"""What goes wrong on the ground floor; the messages are meant for the admin who reads them.

StorageError
├── EngineFailed          an embedded engine does not start, or died
│   └── EngineBusy        another process owns the data folder
├── MigrationFailed       a schema file is wrong, changed, missing or did not apply
├── DumpFailed            a backup could not be written, or not be restored
├── DatabaseUnavailable   PostgreSQL is away, or went away meanwhile
├── LiveUnavailable       Redis is away; callers decide what they do without
└── BlobsUnavailable      the media folder or bucket cannot be read or written
"""

from __future__ import annotations


class StorageError(Exception):
    """Base of every error that storage raises on purpose."""


class EngineFailed(StorageError):
    """An embedded engine does not start; the message says what to do."""


class EngineBusy(EngineFailed):
    """Another process owns the data folder."""


class MigrationFailed(StorageError):
    """The schema was left as it was; the message names the file and, where known, the line."""


class DumpFailed(StorageError):
    """The database could not be dumped, or was left as it was instead of being restored."""


class DatabaseUnavailable(StorageError):
    """PostgreSQL cannot be reached, or went away; the transaction may or may not have committed."""


class LiveUnavailable(StorageError):
    """Redis cannot be reached."""


class BlobsUnavailable(StorageError):
    """The media folder or bucket cannot be read or written."""
