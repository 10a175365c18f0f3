"""Files named by the hash of their bytes, under one folder."""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
from pathlib import Path

_HASH = re.compile(r"[0-9a-f]{64}")


def store_file(folder: Path, content_hash: str, data: bytes) -> Path:
    """Write a file that is there in full or not at all, whatever happens meanwhile. Blocks: call it in a thread."""
    path = _path(folder, content_hash)
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(descriptor)
        # mkstemp keeps files to their maker; a web server in front may want to serve these.
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            Path(name).unlink()
        raise
    return path


def find_file(folder: Path, content_hash: str) -> Path | None:
    """Return where the file with this hash lies, None when it is not there. Malformed hashes name no file."""
    if not _HASH.fullmatch(content_hash):
        return None
    path = _path(folder, content_hash)
    return path if path.is_file() else None


def delete_file(folder: Path, content_hash: str) -> None:
    """Delete the file with this hash, if it is there."""
    if (path := find_file(folder, content_hash)) is not None:
        path.unlink(missing_ok=True)


def _path(folder: Path, content_hash: str) -> Path:
    if not _HASH.fullmatch(content_hash):
        raise ValueError("A content hash has 64 lower-case hexadecimal digits.")
    return folder / content_hash[:2] / content_hash
