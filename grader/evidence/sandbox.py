"""A child process that runs a submission's code: requests to it, answers from it, its end.

It is started by `grader.isolation` in the tier that was planned, and says first that its limits
are on; where they are not, nothing has run, and the grader refuses to go on.
"""

from __future__ import annotations

import contextlib
import os
import queue
import subprocess
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

from grader.clean import printable
from grader.evidence import frames
from grader.facts import Array, Death
from grader.isolation import spawn
from grader.isolation.refusal import IsolationRefusedError
from grader.isolation.tiers import Protection

WORKER, RECORDER = "worker.py", "record.py"
OUTPUT_LIMIT = 64 << 20
"""Bytes a script may print before it is stopped: chatter is free, a flood is not."""

WATCH_S = 0.1
START_TIMEOUT_S = 60.0
"""Longest time until a child's limits are on: 0.1 s, where the machine is not overrun."""

SAID_S = 2.0
"""Longest wait for the last words of a child that could not be set up."""

SIGXCPU = 24

Answer = tuple[dict[str, Any], dict[str, Array]]


class ChildDiedError(Exception):
    """The child ended, or had to be ended, before it answered; `death` says how."""

    def __init__(self, death: Death, exit_status: int | None) -> None:
        super().__init__(death)
        self.death: Death = death
        self.exit_status = exit_status


@dataclass
class _Chatter:
    """How much the child printed: counted, and kept only before a stranger's code can print."""

    count: int = 0
    first: bytes = b""


class Child:
    """A running worker. Use as a context manager: leaving it ends the whole process group."""

    def __init__(
        self,
        protection: Protection,
        files: Mapping[str, bytes],
        timeout_s: float,
        program: str = WORKER,
        cpu_s: int | None = None,
    ) -> None:
        self._next_id = 0
        self._answers: queue.Queue[Answer | frames.FrameError | None] = queue.Queue(1)
        self._chatter = _Chatter()
        self._death: Death = ""
        self._ready, self._over = threading.Event(), threading.Event()
        self._all_said = threading.Event()
        self._ready_at = 0.0
        self._refusal: IsolationRefusedError | None = None
        self._started, first = spawn.start(
            protection, program, files, cpu_s or int(2 * timeout_s) + 10
        )
        self._process = self._started.process
        self._readers = [
            threading.Thread(target=target, daemon=True)
            for target in (self._read_answers, self._read_chatter, self._watch)
        ]
        for reader in self._readers:
            reader.start()
        self._write(first)

    @property
    def home(self) -> str:
        """The scratch folder as the child sees it."""
        return self._started.home

    def within(self, way: PurePosixPath) -> str:
        """Return a place below the scratch folder as the child sees it."""
        kind = PurePosixPath if self.home.startswith("/") else Path
        return str(kind(self.home, *way.parts))

    def read(self, parts: tuple[str, ...], cap: int) -> bytes | None:
        """Return a file the child wrote: regular, of one link, of at most `cap` bytes."""
        return self._started.read(parts, cap)

    def files(self) -> dict[str, bytes]:
        """Return what lies in the scratch folder, for another child to go on with."""
        return self._started.files()

    def __enter__(self) -> Child:
        """Return the child itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the child and everything in its session, and let go of its pipes."""
        self.kill("")
        with contextlib.suppress(OSError):
            self._stream(self._process.stdin).close()
        for reader in self._readers:  # each closes its pipe, unless someone outside still holds it
            with contextlib.suppress(queue.Empty):  # one may still wait to hand over an answer
                while reader.is_alive():
                    self._answers.get_nowait()
            reader.join(timeout=1.0)
        self._started.close()

    def _read_answers(self) -> None:
        with self._stream(self._process.stdout) as stream:
            self._queue_answers(stream)

    def _queue_answers(self, stream: IO[bytes]) -> None:
        try:
            self._await_limits(stream)
            while (answer := frames.read(stream)) is not None:
                self._answers.put(answer)
            self._answers.put(None)
        except frames.FrameError as error:
            self._answers.put(error)
        except (OSError, ValueError):
            self._answers.put(None)

    def _await_limits(self, stream: IO[bytes]) -> None:
        """Read what the first stage and the program say before a stranger's code has run."""
        said = ""
        with contextlib.suppress(frames.FrameError, OSError, ValueError):
            header, _ = frames.read(stream) or ({}, {})
            said = str(header.get("failed", ""))
            if header.get("ready") is True:
                header, _ = frames.read(stream) or ({}, {})
            if header.get("started") is True:
                self._started.folder()  # it was sent before: nobody has to wait for it later
                self._ready_at = time.monotonic()
        if not self._ready_at:
            self._all_said.wait(SAID_S)
            said = said or self._chatter.first.decode("utf-8", "replace")
            self._refusal = IsolationRefusedError("failed", (printable(said)[-300:],))
        self._ready.set()

    def _read_chatter(self) -> None:
        with (
            self._stream(self._process.stderr) as stream,
            contextlib.suppress(OSError, ValueError),
        ):
            while block := os.read(stream.fileno(), 1 << 16):
                if not self._ready.is_set():
                    self._chatter.first = (self._chatter.first + block)[:1000]
                self._chatter.count += len(block)
                if self._chatter.count > OUTPUT_LIMIT:
                    self.kill("output")
        self._all_said.set()

    def _watch(self) -> None:
        """End a child that fills what it writes to by the number of its files or writes."""
        self._ready.wait(START_TIMEOUT_S)
        while not self._over.wait(WATCH_S) and self._process.poll() is None:
            if self._started.overflows():
                self.kill("wrote")

    @staticmethod
    def _stream(stream: IO[bytes] | None) -> IO[bytes]:
        if stream is None:  # pragma: no cover - Popen was asked for pipes
            raise RuntimeError("the child has no pipe")
        return stream

    def kill(self, death: Death) -> None:
        """End the process group; the first cause given is the one that is reported."""
        self._death = self._death or death
        self._over.set()
        self._started.kill()

    def _write(self, data: bytes) -> None:
        stream = self._stream(self._process.stdin)
        with contextlib.suppress(OSError, ValueError):
            stream.write(data)
            stream.flush()

    def send(self, header: Mapping[str, object], arrays: Mapping[str, Array] | None = None) -> int:
        """Send one request and return its number; a dead child shows when the answer is awaited."""
        self._next_id += 1
        self._write(frames.encode({"id": self._next_id, **header}, arrays or {}))
        return self._next_id

    def begun(self) -> float:
        """Wait until the program waits, its limits on; return since when (time.monotonic seconds).

        No time limit of a script counts what comes before: on a busy machine that may take longer.

        Raises
        ------
        IsolationRefusedError
            If that never comes to be: nothing of the submission has run.
        """
        if not self._ready.wait(START_TIMEOUT_S):
            self.kill("timeout")
            raise IsolationRefusedError("slow")
        if self._refusal is not None:
            raise self._refusal
        return self._ready_at

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
            self.kill("killed")  # nobody asked: the child's code writes to the pipe by itself

    def _obituary(self) -> ChildDiedError:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=2)
        status = self._started.status()
        if self._death:
            return ChildDiedError(self._death, status)
        if status == -SIGXCPU:
            return ChildDiedError("timeout", status)
        return ChildDiedError("exit" if status is not None and status >= 0 else "killed", status)

    def ask(
        self,
        header: Mapping[str, object],
        arrays: Mapping[str, Array] | None = None,
        *,
        timeout_s: float,
    ) -> Answer:
        """Send a request and wait for its answer; the time limit covers the sending too."""
        self.begun()
        watchdog = threading.Timer(timeout_s, self.kill, ("timeout",))
        watchdog.daemon = True
        watchdog.start()
        try:
            return self.receive(self.send(header, arrays), time.monotonic() + timeout_s)
        finally:
            watchdog.cancel()
