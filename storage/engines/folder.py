"""The data folder: one owner at a time, a note of where its engines listen, logs that stay small."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson

from storage.errors import EngineBusy, EngineFailed

_LOG_LIMIT = 5_000_000
_TAIL = 2_000
_LOCK_CHECK_S = 0.05
# sun_path holds 108 bytes with its final zero on Linux, 104 elsewhere.
_LONGEST_SOCKET_PATH = 103
_LONGEST_SOCKET_NAME = "/thoughts-12345678/.s.PGSQL.5432.lock"


@dataclass(frozen=True, slots=True)
class Note:
    """What other commands need to find the engines; `lent` tells whether they may use them."""

    pid: int
    run_folder: str
    database_url: str | None
    redis_url: str | None
    lent: bool


class DataFolder:
    """The folder of the embedded engines."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self._lock: int | None = None

    @property
    def postgres(self) -> Path:
        """Where PostgreSQL keeps its cluster, and a half-made one while it is being made."""
        return self.path / "postgres"

    @property
    def valkey(self) -> Path:
        """Where Valkey keeps its append-only file."""
        return self.path / "valkey"

    def log(self, engine: str) -> Path:
        """Where an engine's output goes."""
        path = self.path / f"{engine}.log"
        path.touch(mode=0o600)
        self._give_to_owner(path)
        return path

    async def acquire(self, *, patience_s: float) -> None:
        """Become the owner; raise `EngineBusy` when another process still is after `patience_s`."""
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as exc:
            raise EngineFailed(f"The data folder {self.path} cannot be used: {exc.strerror}.") from exc
        give_up_at = time.monotonic() + patience_s
        while not _try_lock(lock, fcntl.LOCK_EX):
            if time.monotonic() > give_up_at:
                owner = _pid_in(lock)
                os.close(lock)
                raise EngineBusy(
                    f"Another Thoughts (process {owner or 'unknown'}) uses the data folder {self.path}. "
                    "Stop it, or give this one a folder of its own with THOUGHTS_DATA."
                )
            await asyncio.sleep(_LOCK_CHECK_S)
        self._lock = lock
        self._give_to_owner(self.path / "lock")
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)

    def _give_to_owner(self, path: Path) -> None:
        """Let the folder's owner open tomorrow what root made today."""
        if os.geteuid() == 0:
            status = self.path.stat()
            os.chown(path, status.st_uid, status.st_gid)

    def release(self) -> None:
        """Let others become the owner."""
        if self._lock is not None:
            with contextlib.suppress(FileNotFoundError):
                self._note_path.unlink()
            os.close(self._lock)
            self._lock = None

    def owner(self) -> int | None:
        """Return the process that owns the folder, if one does."""
        try:
            lock = os.open(self.path / "lock", os.O_RDONLY)
        except OSError:
            return None
        try:
            return None if _try_lock(lock, fcntl.LOCK_SH) else _pid_in(lock)
        finally:
            os.close(lock)

    @property
    def _note_path(self) -> Path:
        return self.path / "engines.json"

    def write_note(self, note: Note) -> None:
        """Tell other commands where the engines listen."""
        partial = self._note_path.with_suffix(".new")
        partial.write_bytes(orjson.dumps(asdict(note)))
        self._give_to_owner(partial)
        partial.replace(self._note_path)

    def read_note(self) -> Note | None:
        """Return the owner's note, or what a killed owner left behind."""
        try:
            return Note(**orjson.loads(self._note_path.read_bytes()))
        except (OSError, ValueError, TypeError):
            return None

    @contextlib.contextmanager
    def run_folder(self) -> Iterator[Path]:
        """Make a short private folder for sockets; the one of a killed owner goes away, ours at the end."""
        stale = self.read_note()
        if stale is not None:
            _remove_run_folder(Path(stale.run_folder))
        folder = Path(tempfile.mkdtemp(prefix="thoughts-", dir=_short_parent()))
        try:
            yield folder
        finally:
            _remove_run_folder(folder)


def _try_lock(lock: int, kind: int) -> bool:
    try:
        fcntl.flock(lock, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _pid_in(lock: int) -> int | None:
    text = os.pread(lock, 20, 0).strip()
    return int(text) if text.isdigit() else None


def _short_parent() -> str:
    for parent in (os.environ.get("XDG_RUNTIME_DIR"), tempfile.gettempdir(), "/tmp"):  # noqa: S108 - mkdtemp
        if parent and os.access(parent, os.W_OK) and len(os.fsencode(parent)) < _longest_parent():
            return parent
    raise EngineFailed("There is no short writable folder for sockets: set TMPDIR to one, for example /tmp.")


def _longest_parent() -> int:
    return _LONGEST_SOCKET_PATH - len(_LONGEST_SOCKET_NAME)


def _remove_run_folder(folder: Path) -> None:
    """Remove a folder of sockets if it is one of ours: a note may lie, and /tmp belongs to everybody."""
    try:
        status = folder.lstat()
    except OSError:
        return
    ours = status.st_uid == os.geteuid() or os.geteuid() == 0
    if stat.S_ISDIR(status.st_mode) and ours and folder.name.startswith("thoughts-"):
        shutil.rmtree(folder, ignore_errors=True)


def bound_log(log: Path) -> None:
    """Keep the last part of a log that has grown; safe while a process appends to it."""
    with contextlib.suppress(FileNotFoundError):
        if log.stat().st_size > _LOG_LIMIT:
            kept = tail(log, _LOG_LIMIT // 10)
            os.truncate(log, 0)
            with log.open("a") as file:
                file.write(f"… older lines were dropped\n{kept}\n")


def tail(log: Path, size: int = _TAIL) -> str:
    """Return the last lines of a log."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - size))
            return file.read().decode(errors="replace").strip()
    except FileNotFoundError:
        return ""
