"""Files that come with a form, on disk for as long as they are looked at."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from quart.datastructures import FileStorage


@asynccontextmanager
async def received_file(file: FileStorage | None) -> AsyncIterator[Path | None]:
    """Put a received file on disk for the length of a block; None for a field in which nothing was chosen."""
    with tempfile.TemporaryDirectory(prefix="thoughts-") as folder:
        path = Path(folder) / "received"
        size = 0 if file is None else await asyncio.to_thread(_copy, file, path)
        yield path if size else None


def _copy(file: FileStorage, path: Path) -> int:
    with path.open("wb") as out:
        shutil.copyfileobj(file.stream, out, 1024 * 1024)
        return out.tell()
