"""Tries, as a stranger's script would, what each layer allows and what it has to refuse.

It runs where a submission runs, and writes `tried.json` beside itself: for each attempt "done", or
the name of the error. The parent compares; nothing here decides.
"""

from __future__ import annotations

import errno
import json
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).parent
ASKED = json.loads((HERE / "asked.json").read_text(encoding="utf-8"))
MEGABYTE = bytes(1 << 20)


def fork() -> None:
    """Start another process, and end it at once."""
    if os.fork() == 0:
        os._exit(0)
    os.wait()


def thread() -> None:
    """Start a thread."""
    worker = threading.Thread(target=int)
    worker.start()
    worker.join()


def talk() -> None:
    """Send a byte to oneself, as an event loop does."""
    one, other = socket.socketpair()
    with one, other:
        one.send(b"x")


def write_much(names: list[str], megabytes: int) -> None:
    """Write files of a size."""
    try:
        for name in names:
            with (HERE / name).open("wb") as stream:
                for _ in range(megabytes):
                    stream.write(MEGABYTE)
    finally:
        for name in names:
            (HERE / name).unlink(missing_ok=True)


def open_many() -> None:
    """Hold more files open than a child may."""
    held: list[int] = []
    try:
        while len(held) < 1000:
            held.append(os.open(os.devnull, os.O_RDONLY))
    finally:
        for one in held:
            os.close(one)


def demand(holds: bool) -> None:  # noqa: FBT001 - a condition is its only argument
    """Raise where something does not hold."""
    if not holds:
        raise OSError(errno.EINVAL, "")


def memory(megabytes: int) -> None:
    """Take memory, and give it back."""
    bytearray(megabytes << 20)


ATTEMPTS: dict[str, Callable[[], object]] = {
    "limits.allowed": lambda: memory(200),
    "limits.refused": lambda: memory(4096),
    "limits.refused_files": open_many,
    "limits.refused_size": lambda: write_much(["large"], 20),
    "session.allowed": lambda: os.getsid(0),
    "session.refused": lambda: demand(os.getsid(0) == ASKED["session"]),
    "environment.allowed": lambda: os.environ["HOME"],
    "environment.refused": lambda: os.environ[ASKED["variable"]],
    "copy.allowed": lambda: write_much(["small"], 1),
    "copy.refused": (HERE / "decay.json").read_bytes,
    "user.allowed": lambda: demand(os.getuid() != 0),
    "user.refused": lambda: os.setuid(0),
    "landlock.allowed": lambda: Path(os.devnull).write_bytes(b"x"),
    "landlock.refused": lambda: Path("/dev/full").read_bytes(),
    "landlock.refused_outside": lambda: Path(ASKED["outside"]).read_bytes(),
    "seccomp.allowed": thread,
    "seccomp.allowed_pair": talk,
    "seccomp.refused": fork,
    "seccomp.refused_network": lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM),
    "seccomp.refused_link": lambda: (HERE / "link").symlink_to("/"),
    "seccomp.refused_signal": lambda: os.kill(ASKED["parent"], 0),
    "namespaces.allowed": lambda: os.kill(os.getpid(), 0),
    "namespaces.refused": lambda: Path(f"/proc/{ASKED['parent']}").stat(),
    "namespaces.refused_outside": lambda: Path(ASKED["outside"]).stat(),
    "memory_disk.allowed": lambda: write_much(["a", "b"], 10),
    "memory_disk.refused": lambda: write_much([f"part{n}" for n in range(8)], 15),
    "container.allowed": lambda: os.kill(os.getpid(), 0),
    "container.refused": lambda: Path(ASKED["outside"]).stat(),
    "container.refused_network": lambda: socket.create_connection(("192.0.2.1", 9), 1),
}


def attempt(action: Callable[[], object]) -> str:
    """Do it, and say how that ended."""
    try:
        action()
    except OSError as error:
        return errno.errorcode.get(error.errno or 0, type(error).__name__)
    except (MemoryError, KeyError, AttributeError) as error:
        return type(error).__name__
    return "done"


def main() -> None:
    """Try what was asked for."""
    if hasattr(signal, "SIGXFSZ"):
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    wanted = {
        name: action
        for name, action in ATTEMPTS.items()
        if name.partition(".")[0] in ASKED["layers"]
    }
    if "namespaces" in ASKED["layers"]:  # what is outside is not there, so nothing refuses it
        wanted.pop("landlock.refused_outside", None)
    tried = {name: attempt(action) for name, action in wanted.items()}
    (HERE / "tried.json").write_text(json.dumps(tried), encoding="utf-8")
    if ASKED["forever"]:
        while True:
            sys.stdout.flush()


if __name__ == "__main__":
    main()
