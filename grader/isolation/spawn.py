"""Starts one child in the tier that was planned, and keeps hold of the folder it may write to."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import secrets
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from grader.isolation import commands, leftovers, places, users
from grader.isolation.collect import all_below, read_below
from grader.isolation.fonts import font_lists
from grader.isolation.tiers import Protection

PR_SET_DUMPABLE, PR_SET_CHILD_SUBREAPER = 4, 36
FOLDER_TIMEOUT_S = 5.0
MAX_FILES, MAX_BYTES = 1_000, 64 << 20
"""What is carried from one child's scratch folder to the next one's."""

MOST_FILES = 20_000
"""Files that a child may have in a folder in memory."""

MOST_WRITTEN, MOST_WITH_ANSWERS = 1 << 30, 8 << 30
"""Bytes that a child may write to a disk; and all in all, with its answers."""

LIMITS = {"AS": 2 << 30, "FSIZE": 16 << 20, "NOFILE": 64, "CORE": 0, "STACK": 16 << 20}
"""Resource limits of a child in bytes and counts; below 160 MB OpenBLAS aborts without a word."""


@dataclass
class Started:
    """A child that was started; `home` is its scratch folder as it sees it."""

    process: subprocess.Popen[bytes]
    home: str
    protection: Protection
    name: str = ""
    sent: int | None = None
    _line: socket.socket | None = None
    _outside: Path | None = None
    _folder: int | None = None

    def folder(self) -> int | Path | None:
        """Return a descriptor of the scratch folder (a path where folders have none)."""
        if self._folder is None and self._line is not None:
            self._folder = _received(self._line)
        if self._folder is None and self._outside is not None:
            return self._outside
        return self._folder

    def read(self, parts: tuple[str, ...], cap: int) -> bytes | None:
        """Return one file the child wrote, by the rules of `read_below`."""
        folder = self.folder()
        return read_below(folder, parts, cap) if folder is not None else None

    def overflows(self) -> bool:
        """Say whether the child wrote more than fits a graded run, though no file is too large.

        A folder in memory bounds bytes and not files, each of which takes the kernel's memory;
        on a disk nothing but the count of what was written bounds either (Linux).
        """
        if self.protection.tier == "A":
            folder = self.folder()
            if isinstance(folder, int):
                status = os.fstatvfs(folder)
                return status.f_files - status.f_ffree > MOST_FILES
        elif sys.platform == "linux" and self.protection.tier in ("B", "E"):
            with contextlib.suppress(OSError, ValueError):
                lines = Path(f"/proc/{self.process.pid}/io").read_text("ascii").splitlines()
                numbers = {name: int(value) for name, value in (one.split(":") for one in lines)}
                # What goes to pipes is answers, and counted with the calls only.
                return numbers["write_bytes"] > MOST_WRITTEN or numbers["wchar"] > MOST_WITH_ANSWERS
        return False

    def files(self) -> dict[str, bytes]:
        """Return all the child has in its scratch folder, within bounds."""
        folder = self.folder()
        return all_below(folder, MAX_FILES, MAX_BYTES) if folder is not None else {}

    def status(self) -> int | None:
        """Return how the child ended, negative for a signal, None while it lives."""
        status = self.process.poll()
        if status is not None and status > 128 and self.protection.tier in ("A", "C"):
            return 128 - status  # the sandbox around it passes a signal on as a shell does
        return status

    def kill(self) -> None:
        """End the child and whatever it started."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if os.name == "posix":
                os.killpg(self.process.pid, signal.SIGKILL)
            else:
                self.process.kill()
        if self.protection.tier == "C":
            with contextlib.suppress(OSError, subprocess.TimeoutExpired):
                command = [self.protection.engine, "kill", self.name]
                subprocess.run(command, capture_output=True, timeout=10, check=False)  # noqa: S603 - the engine's own
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout=5)
        if self.protection.tier == "E":
            leftovers.end(self.process.pid)
        leftovers.forget(self.process.pid)
        leftovers.reap()

    def close(self) -> None:
        """Let go of the scratch folder; the memory or the disk it took is free again."""
        leftovers.reap()
        if self._line is not None:
            self._line.close()
        if self._folder is not None:
            os.close(self._folder)
            self._folder = None
        if self._outside is not None:
            leftovers.remove(self._outside)
            self._outside = None


def start(
    protection: Protection, program: str, files: Mapping[str, bytes], cpu_s: int
) -> tuple[Started, bytes]:
    """Start `program` of the evidence's folder, and return what its first stage waits to read.

    Parameters
    ----------
    protection : Protection
        The tier, as the policy chose it.
    program : str
        A file's name in `places.PROGRAMS`.
    files : mapping of bytes
        What lies in the scratch folder at the beginning, by its way down.
    cpu_s : int
        Seconds of processor time.
    """
    _protect_ourselves()
    if protection.tier != "C":  # whose fonts are others
        files = {**font_lists(), **files}
    uid = users.pick() if protection.step_down else None
    started = _inside_tmpfs(protection) if protection.tier == "A" else _in_a_folder(protection)
    limits = {name: [bound, bound] for name, bound in LIMITS.items()}
    limits["CPU"] = [cpu_s, cpu_s + 1]
    if uid is not None:  # the limit counts all processes of a user
        limits["NPROC"] = [commands.MOST_PROCESSES, commands.MOST_PROCESSES]
    contained = protection.tier == "C"
    config = {
        "home": started.home,
        "socket": started.sent,
        "uid": uid,
        "keep_reading": protection.keep_reading,
        "files": [[name, len(data)] for name, data in files.items()],
        "limits": limits,
        "landlock": "landlock" in protection.isolation.layers,
        "seccomp": "seccomp" in protection.isolation.layers,
        "readable": places.readable(),
        "program": f"/grader/evidence/{program}" if contained else str(places.PROGRAMS / program),
        "packages": [] if contained else places.packages(),
    }
    text = json.dumps(config).encode()
    payload = b"".join(files.values())
    return started, struct.pack("<4sIQ", b"VGF1", len(text), len(payload)) + text + payload


def _protect_ourselves() -> None:
    """Keep children from looking into this process, and adopt what they leave behind.

    Each time, for a process that was forked adopts nobody until it asks to.
    """
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
        libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _popen(
    command: list[str], cwd: Path | None, environment: Mapping[str, str], sent: int | None = None
) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(  # noqa: S603 - our own interpreter and stage
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=cwd,
        env=dict(environment),
        start_new_session=os.name == "posix",
        pass_fds=() if sent is None else (sent,),
    )
    leftovers.wanted(process.pid)
    return process


def _inside_tmpfs(protection: Protection) -> Started:
    """Start tier A, whose scratch folder is in memory and known to nobody outside.

    The first stage sends a descriptor of it over a socket pair before a stranger's code runs, and
    closes the pair. Through it the parent reads as it reads any folder, from the moment it likes:
    the file system lives as long as the descriptor does, when all that was in the sandbox is dead.
    A collector inside would have to be believed, or outlive what it collects from.
    """
    ours, theirs = socket.socketpair()
    environment = places.environment(commands.HOME)
    program = shutil.which("bwrap") or "bwrap"
    words = commands.bubblewrap(program, root=users.is_root(), environment=environment)
    words += commands.stage(sys.executable, str(places.INSIDE), packages_apart=True)
    with theirs:
        sent = theirs.fileno()
        process = _popen(words, None, {}, sent)
    ours.settimeout(FOLDER_TIMEOUT_S)
    return Started(process, commands.HOME, protection, sent=sent, _line=ours)


def _in_a_folder(protection: Protection) -> Started:
    """Start a child whose scratch folder is a temporary one of this machine."""
    parent = places.scratch_parent(for_everyone=protection.step_down)
    outside = Path(tempfile.mkdtemp(prefix="vangrad-", dir=parent)).resolve()
    name = f"vangrad-{secrets.token_hex(8)}"
    if protection.tier == "C":
        home = commands.HOME
        environment = places.environment(home)
        words = commands.container(protection.engine, protection.image, name, outside, environment)
        words += commands.stage("python3", "/grader/inside", packages_apart=False)
        # The engine is no stranger's: without its own settings, its home and a folder for temporary
        # files it finds neither its daemon nor its images. The child sees what the words name.
        environment = dict(os.environ)
        if users.is_root():
            os.chown(outside, commands.NOBODY, commands.NOBODY)
    else:
        home = str(outside)
        environment = places.environment(home)
        words = [*commands.stage(sys.executable, str(places.INSIDE), packages_apart=True)]
    process = _popen(words, outside, environment)
    folder = os.open(outside, os.O_RDONLY | os.O_DIRECTORY) if os.name == "posix" else None
    return Started(process, home, protection, name, _outside=outside, _folder=folder)


def _received(line: socket.socket) -> int | None:
    """Take the descriptor the first stage sent; None where it never came so far."""
    with contextlib.suppress(OSError):
        _, descriptors, _, _ = socket.recv_fds(line, 1, 1)
        if descriptors:
            return descriptors[0]
    return None
