"""A small world around one grade: homes, students, listeners, a bystander; and what changed in it.

Everything stands in one temporary folder, the grader, its Python and its packages included, so that
an attack that succeeds changes nothing of the machine's own.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
USER = 61_123
"""Who grades where the tests run as root: an unused number, so that root's powers prove nothing."""

CANARY = "CANARY-7f3a"
KEY = "CANARY-key-51c2"
VICTIM = "CANARY-victim"
PACKAGES = ("numpy", "matplotlib", "jsonschema", "rich", "PIL")
PARTS = ("grader", "reference", "schemas")


@functools.cache
def _installed() -> Path:
    """Return a compiled copy of the grader in a virtual environment, made once a process."""
    base = Path(tempfile.mkdtemp(prefix="vangrad-hostile-"))
    base.chmod(0o755)
    for part in PARTS:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / part, base / "install" / part, ignore=ignored)
    command = [sys.executable, "-m", "compileall", "-q", str(base / "install")]
    subprocess.run(command, check=False)  # noqa: S603 - student sources of the corpus may not compile
    home = Path(_interpreter()).parent
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    site = base / "venv" / "lib" / version / "site-packages"
    site.mkdir(parents=True)
    (base / "venv" / "bin").mkdir()
    (base / "venv" / "bin" / "python").symlink_to(_interpreter())
    (base / "venv" / "pyvenv.cfg").write_text(f"home = {home}\n")
    packages = {str(Path(str(__import__(name).__file__)).parents[1]) for name in PACKAGES}
    (site / "real.pth").write_text("\n".join(sorted(packages)))
    return base


@functools.cache
def _interpreter() -> str:
    """Return a Python of our version that whoever grades may start."""
    own = str(Path(getattr(sys, "_base_executable", sys.executable)).resolve())
    system = f"/usr/bin/python{sys.version_info.major}.{sys.version_info.minor}"
    if os.geteuid() == 0 and Path(system).exists() and not _open_to_all(Path(own)):
        return system
    return own


def _open_to_all(path: Path) -> bool:
    """Say whether nobody in particular can reach a file: every folder above lets others in."""
    return all(folder.stat().st_mode & 0o001 for folder in path.parents)


@dataclass
class Arena:
    """The world of one grade; `seen` is what arrived at its listeners."""

    base: Path
    seen: list[str] = field(default_factory=list)
    ports: dict[str, int] = field(default_factory=dict)
    victim: subprocess.Popen[bytes] | None = None

    def folder(self, name: str) -> Path:
        """Return one of the arena's folders."""
        return self.base / name

    @property
    def alice(self) -> Path:
        """The repository of the student whose submission is graded."""
        return self.base / "class" / "alice"

    @property
    def here(self) -> Path:
        """The folder of the submission that is graded."""
        return self.alice / "experiments" / "14-vanishing-grad"

    @property
    def bob(self) -> Path:
        """The folder of another student's submission."""
        return self.base / "class" / "bob" / "experiments" / "14-vanishing-grad"

    @property
    def site(self) -> Path:
        """The folder of the packages of the Python that grades."""
        return next((self.base / "venv" / "lib").glob("python*")) / "site-packages"

    @property
    def python(self) -> Path:
        """The interpreter that grades."""
        return self.base / "venv" / "bin" / "python"

    def known_to_attacks(self) -> dict[str, object]:
        """Return what the scripts of attacks may know: everything."""
        named: dict[str, object] = {
            "home": str(self.folder("home")),
            "tmp": str(self.folder("tmp")),
            "outside": str(self.folder("outside")),
            "group": str(self.folder("class")),
            "install": str(self.folder("install")),
            "site": str(self.site),
            "alice": str(self.alice),
            "here": str(self.here),
            "bob": str(self.bob),
            "sock": str(self.folder("host.sock")),
            "abstract": self.base.name,
            "victim": self.victim.pid if self.victim is not None else 0,
        }
        return named | dict(self.ports)

    def state(self) -> dict[str, tuple[int, int, int, str]]:
        """Return mode, size, time and hash of everything in the arena, by relative path."""
        found: dict[str, tuple[int, int, int, str]] = {}
        for place, folders, files in os.walk(self.base):
            for name in (*folders, *files):
                path = Path(place, name)
                status = path.lstat()
                plain = path.is_file() and not path.is_symlink()
                digest = hashlib.sha256(path.read_bytes()).hexdigest() if plain else ""
                time = status.st_mtime_ns if plain else 0
                key = str(path.relative_to(self.base))
                found[key] = (status.st_mode, status.st_size if plain else 0, time, digest)
        return found

    def marks_in(self, path: str) -> str:
        """Return what attacks wrote into a file, as text."""
        with contextlib.suppress(OSError):
            return (self.base / path).read_bytes()[:1000].decode(errors="replace")
        return ""

    def processes(self) -> dict[int, str]:
        """Return what runs and knows of this arena, the victim excepted."""
        own, marks = os.getpid(), (str(self.base).encode(), self.base.name.encode())
        found: dict[int, str] = {}
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit() or int(entry.name) in (own, self.pid_of_victim()):
                continue
            with contextlib.suppress(OSError):
                told = b" ".join((entry / part).read_bytes() for part in ("cmdline", "environ"))
                told += str((entry / "cwd").readlink()).encode()
                if any(mark in told for mark in marks):
                    found[int(entry.name)] = told.replace(b"\0", b" ").decode(errors="replace")
        return found

    def pid_of_victim(self) -> int:
        """Return the number of the bystander's process."""
        return self.victim.pid if self.victim is not None else 0


def unprivileged() -> dict[str, Any]:
    """Return the arguments of Popen by which a process of the arena is nobody in particular."""
    if os.name != "posix" or os.geteuid() != 0:
        return {}
    return {"user": USER, "group": USER, "extra_groups": []}


def _furnish(arena: Arena) -> None:
    """Make the folders and files that attacks are after."""
    base = arena.base
    for part in ("install", "venv"):
        shutil.copytree(_installed() / part, base / part, symlinks=True)
    for folder in ("home", "tmp", "outside"):
        (base / folder).mkdir()
    arena.bob.mkdir(parents=True)
    (arena.alice / ".git").mkdir(parents=True)
    (arena.alice / ".git" / "config").write_text(CANARY)
    (base / "home" / ".netrc").write_text(CANARY)
    for name in ("shadow", "precious", "tagged", "open-me", "cut-me"):
        (base / "outside" / name).write_text(f"{CANARY} {name}")
        (base / "outside" / name).chmod(0o600)
    for name in ("decay.json", "README.md", "report.json", "manifest.json"):
        (arena.bob / name).write_text(CANARY)


def own(arena: Arena) -> None:
    """Give everything in the arena to the user who grades."""
    if os.name == "posix" and os.geteuid() == 0:
        for place, folders, files in os.walk(arena.base):
            for name in (".", *folders, *files):
                os.chown(Path(place, name), USER, USER, follow_symlinks=False)


def _hear(arena: Arena, make: Callable[[], socket.socket], *, packets: bool = False) -> None:
    """Listen and note what arrives."""
    listener = make()

    def loop() -> None:
        with contextlib.suppress(OSError):
            while True:
                if packets:
                    arena.seen.append(listener.recv(1000).decode(errors="replace"))
                    continue
                guest, _ = listener.accept()
                with guest:
                    guest.settimeout(0.5)
                    heard = b"connected"
                    with contextlib.suppress(OSError):
                        heard = guest.recv(1000)
                    arena.seen.append(heard.decode(errors="replace"))

    threading.Thread(target=loop, daemon=True).start()


def _bound(family: int, kind: int, address: object) -> socket.socket:
    listener = socket.socket(family, kind)
    listener.bind(address)
    if kind == socket.SOCK_STREAM:
        listener.listen(8)
    return listener


def _listeners(arena: Arena, stack: contextlib.ExitStack) -> None:
    wanted: list[tuple[str, int, int, Any]] = [
        ("tcp", socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0)),
        ("tcp6", socket.AF_INET6, socket.SOCK_STREAM, ("::1", 0)),
        ("udp", socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0)),
        ("sock", socket.AF_UNIX, socket.SOCK_STREAM, str(arena.folder("host.sock"))),
        ("abstract", socket.AF_UNIX, socket.SOCK_STREAM, "\0" + arena.base.name),
    ]
    for name, family, kind, address in wanted:
        try:
            listener = _bound(family, kind, address)
        except OSError:  # no IPv6 here
            arena.ports[name] = 0
            continue
        stack.callback(listener.close)
        stack.callback(_wake, listener)
        if family != socket.AF_UNIX:
            arena.ports[name] = listener.getsockname()[1]
        _hear(arena, lambda found=listener: found, packets=kind == socket.SOCK_DGRAM)


def _wake(listener: socket.socket) -> None:
    with contextlib.suppress(OSError):
        listener.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def arena() -> Iterator[Arena]:
    """Make a world, and remove it with whatever lives in it."""
    base = Path(tempfile.mkdtemp(prefix="vangrad-arena-"))
    base.chmod(0o755)
    made = Arena(base)
    with contextlib.ExitStack() as stack:
        stack.callback(_demolish, made)
        _furnish(made)
        _listeners(made, stack)
        made.victim = subprocess.Popen(  # noqa: S603 - a sleeper of our own
            [VICTIM, "600"], executable="/bin/sleep", start_new_session=True, **unprivileged()
        )
        stack.callback(made.victim.wait)
        stack.callback(made.victim.kill)
        yield made


def _demolish(made: Arena) -> None:
    for pid in made.processes():
        with contextlib.suppress(OSError):
            os.kill(pid, 9)
    command = ["/bin/rm", "-rf", str(made.base)]
    subprocess.run(["/bin/chmod", "-R", "u+rwX", str(made.base)], check=False, capture_output=True)  # noqa: S603
    subprocess.run(command, check=False)  # noqa: S603 - rm follows no path that is too long
