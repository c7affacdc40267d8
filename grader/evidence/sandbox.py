"""One interface to a child process that runs a submission's code, and the protection it runs under.

The child has its own session, resource limits, a time limit, a scrubbed environment and only the
interpreter's own packages on its path. What it can still do is said in `ISOLATION.missing`.
"""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import site
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from grader.evidence import frames
from grader.facts import Array, Death
from grader.model import Isolation

WORKER = Path(__file__).with_name("worker.py")
RECORDER = Path(__file__).with_name("record.py")
ISOLATION = Isolation(
    tier="E",
    layers=("session", "limits", "time", "environment", "copy"),
    missing=("files", "network", "processes"),
)
OUTPUT_LIMIT = 64 << 20
"""Bytes a script may print before it is stopped: chatter is free, a flood is not."""

LIMITS = {"AS": 2 << 30, "FSIZE": 16 << 20, "NOFILE": 256, "CORE": 0}
"""Resource limits of the child in bytes and counts; CPU seconds are added from the time limit."""

Answer = tuple[dict[str, Any], dict[str, Array]]


class ChildDiedError(Exception):
    """The child ended, or had to be ended, before it answered; `death` says how."""

    def __init__(self, death: Death, exit_status: int | None) -> None:
        super().__init__(death)
        self.death: Death = death
        self.exit_status = exit_status


def _site_packages() -> list[str]:
    """Return the folders of installed packages, never the working directory."""
    candidates = [*site.getsitepackages(), site.getusersitepackages()]
    for name in ("numpy", "matplotlib"):
        module = sys.modules.get(name)
        if module is not None and module.__file__ is not None:
            candidates.append(str(Path(module.__file__).parents[1]))
    return [entry for entry in dict.fromkeys(candidates) if Path(entry).is_dir()]


def _environment(home: Path) -> dict[str, str]:
    """Return all that the child sees of the environment."""
    home_text = str(home)
    environment = {
        "PATH": "/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "HOME": home_text,
        "TMPDIR": home_text,
        "MPLBACKEND": "Agg",
        "MPLCONFIGDIR": str(home / ".matplotlib"),
        "PYTHONHASHSEED": "0",
        "PYTHONIOENCODING": "utf-8",
    }
    for library in ("OPENBLAS", "OMP", "MKL"):
        environment[f"{library}_NUM_THREADS"] = "1"
    for name in ("SYSTEMROOT", "OPENBLAS_CORETYPE"):  # Windows cannot start, old BLAS not compute
        if name in os.environ:
            environment[name] = os.environ[name]
    return environment


@dataclass
class _Chatter:
    """How much the child printed: counted, not kept."""

    count: int = 0


class Child:
    """A running worker. Use as a context manager: leaving it ends the whole process group."""

    def __init__(self, home: Path, timeout_s: float, program: Path = WORKER) -> None:
        self._next_id = 0
        self._answers: queue.Queue[Answer | frames.FrameError | None] = queue.Queue(64)
        self._chatter = _Chatter()
        self._death: Death = ""
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and worker
            [sys.executable, "-I", "-S", "-B", str(program), *_site_packages()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=home,
            env=_environment(home),
            start_new_session=os.name == "posix",
        )
        self._readers = [
            threading.Thread(target=target, daemon=True)
            for target in (self._read_answers, self._read_chatter)
        ]
        for reader in self._readers:
            reader.start()
        cpu_s = int(2 * timeout_s) + 10
        self.send({"op": "start", "limits": {**LIMITS, "CPU": cpu_s}})

    def __enter__(self) -> Child:
        """Return the child itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the child and everything in its session, and let go of its pipes."""
        self.kill("")
        with contextlib.suppress(OSError):
            self._stream(self._process.stdin).close()
        for reader in self._readers:  # each closes its pipe, unless someone outside still holds it
            reader.join(timeout=1.0)

    def _read_answers(self) -> None:
        with self._stream(self._process.stdout) as stream:
            self._queue_answers(stream)

    def _queue_answers(self, stream: IO[bytes]) -> None:
        try:
            while (answer := frames.read(stream)) is not None:
                self._answers.put(answer)
            self._answers.put(None)
        except frames.FrameError as error:
            self._answers.put(error)
        except (OSError, ValueError):
            self._answers.put(None)

    def _read_chatter(self) -> None:
        with (
            self._stream(self._process.stderr) as stream,
            contextlib.suppress(OSError, ValueError),
        ):
            while block := os.read(stream.fileno(), 1 << 16):
                self._chatter.count += len(block)
                if self._chatter.count > OUTPUT_LIMIT:
                    self.kill("output")

    @staticmethod
    def _stream(stream: IO[bytes] | None) -> IO[bytes]:
        if stream is None:  # pragma: no cover - Popen was asked for pipes
            raise RuntimeError("the child has no pipe")
        return stream

    def kill(self, death: Death) -> None:
        """End the process group; the first cause given is the one that is reported."""
        self._death = self._death or death
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if os.name == "posix":
                os.killpg(self._process.pid, signal.SIGKILL)
            else:
                self._process.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=5)

    def send(self, header: Mapping[str, object], arrays: Mapping[str, Array] | None = None) -> int:
        """Send one request and return its number; a dead child shows when the answer is awaited."""
        self._next_id += 1
        request = frames.encode({"id": self._next_id, **header}, arrays or {})
        stream = self._stream(self._process.stdin)
        with contextlib.suppress(OSError, ValueError):
            stream.write(request)
            stream.flush()
        return self._next_id

    def receive(self, number: int, deadline: float) -> Answer:
        """Wait for the answer to request `number` until `deadline` (time.monotonic seconds).

        Raises
        ------
        ChildDiedError
            If the child ends, answers garbled frames, or the deadline passes.
        """
        while True:
            try:
                answer = self._answers.get(timeout=max(deadline - time.monotonic(), 0.0))
            except queue.Empty:
                self.kill("timeout")
                raise ChildDiedError("timeout", None) from None
            if isinstance(answer, frames.FrameError):
                self.kill("killed")
            if answer is None or isinstance(answer, frames.FrameError):
                self._answers.put(None)  # whoever asks again hears at once that it is dead
                raise self._obituary()
            if answer[0].get("id") == number:
                return answer

    def _obituary(self) -> ChildDiedError:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=2)
        status = self._process.poll()
        if self._death:
            return ChildDiedError(self._death, status)
        return ChildDiedError("exit" if status is not None and status >= 0 else "killed", status)

    def ask(
        self,
        header: Mapping[str, object],
        arrays: Mapping[str, Array] | None = None,
        *,
        timeout_s: float,
    ) -> Answer:
        """Send a request and wait for its answer; the time limit covers the sending too."""
        watchdog = threading.Timer(timeout_s, self.kill, ("timeout",))
        watchdog.daemon = True
        watchdog.start()
        try:
            return self.receive(self.send(header, arrays), time.monotonic() + timeout_s)
        finally:
            watchdog.cancel()
