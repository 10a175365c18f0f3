"""Under whose name the engines run: PostgreSQL refuses root."""

from __future__ import annotations

import contextlib
import os
import pwd
from pathlib import Path

from storage.engines.folder import DataFolder
from storage.engines.process import run
from storage.errors import EngineFailed

SELF = "self"
NAMESPACE = "namespace"


async def choose_identity(folder: DataFolder, run_folder: Path, probe: Path) -> str:
    """Return the identity that can run `probe` over the data folder, handing the folder over where needed.

    An ordinary user stays what it is. Root becomes the folder's owner when that is somebody else; else an
    ordinary user inside a namespace; else, where namespaces are refused, `nobody` over a folder handed to it.
    """
    if os.geteuid() != 0:
        return SELF
    owner = _owner(folder)
    if owner is None and await _works(NAMESPACE, folder.path, probe):
        return NAMESPACE
    uid, gid = owner or _nobody()
    identity = f"{uid}:{gid}"
    try:
        _hand_over(folder, run_folder, uid, gid)
    except OSError as exc:
        raise _no_way(folder, exc.strerror or "refused") from exc
    if not await _works(identity, folder.postgres, probe):
        raise _no_way(folder, f"user {uid} cannot reach the data folder or the programs")
    return identity


async def _works(identity: str, folder: Path, probe: Path) -> bool:
    status, _ = await run([probe, "--version"], identity=identity, cwd=folder)
    return status == 0


def _owner(folder: DataFolder) -> tuple[int, int] | None:
    """Return to whom the cluster, or the folder for one, already belongs, unless that is root."""
    existing = folder.postgres if folder.postgres.exists() else folder.path
    status = existing.stat()
    return (status.st_uid, status.st_gid) if status.st_uid != 0 else None


def _nobody() -> tuple[int, int]:
    with contextlib.suppress(KeyError):
        user = pwd.getpwnam("nobody")
        return user.pw_uid, user.pw_gid
    return 65534, 65534


def _hand_over(folder: DataFolder, run_folder: Path, uid: int, gid: int) -> None:
    for top in (folder.postgres, folder.valkey, run_folder):
        top.mkdir(mode=0o700, exist_ok=True)
        if top.stat().st_uid != uid:
            for path in (top, *top.rglob("*")):
                os.chown(path, uid, gid, follow_symlinks=False)
    if folder.path.stat().st_uid != uid:
        folder.path.chmod(folder.path.stat().st_mode | 0o011)  # to pass through, not to look around


def _no_way(folder: DataFolder, reason: str) -> EngineFailed:
    return EngineFailed(
        f"PostgreSQL refuses to run as root, and this machine gives root no other way ({reason}; user "
        "namespaces are refused as well). Either run Thoughts as an ordinary user who owns the data folder "
        f"(chown -R USER {folder.path}), or allow user namespaces (sysctl kernel.unprivileged_userns_clone, "
        "kernel.apparmor_restrict_unprivileged_userns, the container's seccomp profile). "
        "With DATABASE_URL and REDIS_URL set, nothing is embedded and neither is needed."
    )
