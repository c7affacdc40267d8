"""Run scripts one after the other, each in its own fork of a process that has loaded Matplotlib.

Reads one JSON object per line ({"script", "cwd", "log"}) and answers with one exit status per line.
Where there is no fork, each script gets an interpreter of its own.
"""

from __future__ import annotations

import gc
import io
import json
import os
import runpy
import signal
import subprocess
import sys
import traceback
from pathlib import Path

TIME_LIMIT_S = 60


def run_here(script: str, cwd: str, log: str) -> None:
    """Turn this process into `python script`, with both streams in one file."""
    os.chdir(cwd)
    handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for stream in (1, 2):
        os.dup2(handle, stream)
    signal.alarm(TIME_LIMIT_S)
    sys.argv = [script]
    sys.path[0] = str(Path(script).parent)
    runpy.run_path(script, run_name="__main__")


def run_forked(job: dict[str, str]) -> int:
    """Run one script in a fork and return its exit status."""
    pid = os.fork()
    if pid:
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    status = 0
    try:
        run_here(**job)
    except SystemExit as end:
        status = int(end.code or 0) if isinstance(end.code, int | None) else 1
    except BaseException:  # noqa: BLE001  whatever a student's script raises is its exit status
        traceback.print_exc()
        status = 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def run_apart(job: dict[str, str]) -> int:
    """Run one script in a fresh interpreter and return its exit status."""
    with Path(job["log"]).open("ab") as log:
        command = [sys.executable, job["script"]]
        done = subprocess.run(  # noqa: S603  the scripts are this corpus's own files
            command, cwd=job["cwd"], stdout=log, stderr=log, timeout=TIME_LIMIT_S, check=False
        )
    return done.returncode


def warm_up() -> None:
    """Draw once what all draw, so that fonts and the mathtext parser are ready in every fork."""
    import matplotlib.pyplot as plt

    fig, ax = plt.subplots()
    ax.semilogy([1e-12, 1.0], label="g")
    ax.legend()
    fig.savefig(io.BytesIO())
    plt.close("all")
    gc.freeze()


def main() -> None:
    """Serve until the input ends."""
    run = run_forked if hasattr(os, "fork") else run_apart
    if run is run_forked:
        warm_up()
    for line in sys.stdin:
        print(run(json.loads(line)), file=sys.__stdout__, flush=True)


if __name__ == "__main__":
    main()
