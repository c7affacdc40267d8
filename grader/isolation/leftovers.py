"""What a child may leave: processes that outlive it, and folders that are hard to remove."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

ROUNDS = 50
"""How often processes are looked for: each round can only find what the one before let slip."""

_SESSIONS: dict[int, int] = {}
"""Sessions of children that are still wanted, and since when, in ticks of the kernel's clock."""


def wanted(session: int) -> None:
    """Remember that a child's session is alive."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        _SESSIONS[session] = _status(session)[3] if sys.platform == "linux" else 0


def forget(session: int) -> int:
    """Say that a child's session is over, and return since when it was there."""
    return _SESSIONS.pop(session, 0)


def end(session: int) -> None:
    """Kill what a dead child started: its session, and strays that came to be ours (Linux).

    This process adopts orphans (PR_SET_CHILD_SUBREAPER), so that one which left the session by
    forking twice is found among our own children, younger than the child, in a session that
    neither we nor a living child of ours has.
    """
    since = forget(session)
    if sys.platform != "linux":
        return
    for _ in range(ROUNDS):
        found = [pid for pid in _strays(session, since) if _killed(pid)]
        if not found:
            return


def reap() -> None:
    """Take note of the end of sandboxes' inner processes, which came to be ours (Linux).

    Bubblewrap's own child outlives it by a moment and is adopted with all else; nobody else would
    wait for it, and a class of hundreds would fill the table of processes.
    """
    if sys.platform != "linux":
        return
    for thread in Path("/proc/self/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for pid in map(int, thread.read_text("ascii").split()):
                _reap_inner(pid)


def _reap_inner(pid: int) -> None:
    with contextlib.suppress(OSError, ValueError, IndexError):
        name = Path(f"/proc/{pid}/comm").read_text("utf-8", "replace").strip()
        state, _, session, _ = _status(pid)
        if (name, state, session) == ("bwrap", "Z", pid) and session not in _SESSIONS:
            os.waitpid(pid, os.WNOHANG)


def _status(pid: int) -> tuple[str, int, int, int]:
    """Return a process's state, parent, session and time of start."""
    text = Path(f"/proc/{pid}/stat").read_text("ascii", "replace")
    fields = text.rpartition(")")[2].split()
    return fields[0], int(fields[1]), int(fields[3]), int(fields[19])


def _strays(session: int, since: int) -> Iterator[int]:
    me, mine = os.getpid(), os.getsid(0)
    for name in os.listdir("/proc"):  # noqa: PTH208 - names are all that is wanted
        with contextlib.suppress(OSError, ValueError, IndexError):
            pid = int(name)
            state, parent, its, started = _status(pid)
            adopted = parent == me and its != mine and its not in _SESSIONS
            if its != session and not (adopted and started >= since):
                continue
            if state != "Z":
                yield pid
            elif adopted:
                os.waitpid(pid, os.WNOHANG)


def _killed(pid: int) -> bool:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, 0)
        return True
    return False


def remove(folder: Path) -> None:
    """Remove a scratch folder, however deep and however forbidding."""
    if os.name != "posix":
        shutil.rmtree(folder, ignore_errors=True)
        return
    with contextlib.suppress(OSError):
        top = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            _empty(top)
        finally:
            os.close(top)
        folder.rmdir()


def _empty(top: int) -> None:
    """Empty a folder without recursion, which would end at a depth.

    Subfolders are brought to the top before they are emptied: no way is longer than two names.
    """
    number = 0
    while folders := _unlinked(top):
        for name in folders:
            below = _opened(name, top)
            try:
                for inner in _unlinked(below):
                    number += 1
                    _raise(inner, below, f".vangrad-{number}", top)
            finally:
                os.close(below)
            os.rmdir(name, dir_fd=top)


def _opened(name: str, folder: int) -> int:
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
    try:
        return os.open(name, flags, dir_fd=folder)
    except PermissionError:
        os.chmod(name, 0o700, dir_fd=folder)
        return os.open(name, flags, dir_fd=folder)


def _raise(inner: str, below: int, name: str, top: int) -> None:
    try:
        os.rename(inner, name, src_dir_fd=below, dst_dir_fd=top)
    except PermissionError:  # a folder that moves has to be writable, for its ".."
        os.chmod(inner, 0o700, dir_fd=below)
        os.rename(inner, name, src_dir_fd=below, dst_dir_fd=top)


def _unlinked(folder: int) -> list[str]:
    """Remove all that is no folder, and return the folders' names."""
    os.fchmod(folder, 0o700)
    found = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                found.append(entry.name)
            else:
                os.unlink(entry.name, dir_fd=folder)
    return found
