"""Becomes an embedded engine: a script of its own, so that nothing is inherited from a threaded parent.

usage: child.py PARENT_PID DEATH_SIGNAL IDENTITY FOLDER PROGRAM [ARGUMENT …]

IDENTITY is `self`, `namespace` (root appears as an ordinary user inside a user namespace of its own:
PostgreSQL refuses to run as root, and nothing is added to the system), or UID:GID (root gives itself up).
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
from pathlib import Path

CANNOT_BECOME = 97
ORPHANED = 98

_CLONE_NEWUSER = 0x10000000
_PR_SET_PDEATHSIG = 1
_NOBODY = 65534


def main(arguments: list[str]) -> None:
    """Take the identity, ask to be told when the parent dies, and turn into the program."""
    parent, death_signal, identity, folder, *command = arguments
    with contextlib.suppress(OSError):
        os.setsid()  # Ctrl-C in the terminal is for the parent, which then stops us in order
    try:
        _become(identity)
        os.chdir(folder)
    except OSError as exc:
        sys.stderr.write(f"cannot run as {identity} in {folder}: {exc}\n")
        sys.exit(CANNOT_BECOME)
    if sys.platform == "linux":
        # After the identity: a change of credentials clears it.
        _libc().prctl(_PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
        if os.getppid() != int(parent):
            sys.exit(ORPHANED)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    os.umask(0o077)
    os.execv(command[0], command)  # noqa: S606 - the caller names the program


def _become(identity: str) -> None:
    if identity == "namespace":
        uid, gid = os.getuid(), os.getgid()
        if _libc().unshare(_CLONE_NEWUSER):
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{_NOBODY} {uid} 1")
        Path("/proc/self/gid_map").write_text(f"{_NOBODY} {gid} 1")
    elif identity != "self":
        uid, gid = map(int, identity.split(":"))
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


if __name__ == "__main__":
    main(sys.argv[1:])
