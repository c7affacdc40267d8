"""Wall time of the command beside what any grader of these files would import or run.

Run as `python -m tests.benchmarks.bench_grader`. Whole processes, in turn, so that a drift of the
machine meets all of them; medians over the rounds. The baselines are `import numpy, jsonschema` for
grading from files, and the script itself for a full grade.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CACHE = Path(tempfile.gettempdir()) / "vangrad-bench-bytecode"
EXPERIMENT = Path(__file__).parents[2] / "experiments" / "14-vanishing-grad"
BRIEF = ("--format", "brief")


def wall_s(command: list[str], folder: Path) -> float:
    """Return the wall time of one process, in seconds."""
    environment = os.environ | {"MPLBACKEND": "Agg"}
    # As on any machine of a user: compiled modules are kept after the first round.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    environment["PYTHONPYCACHEPREFIX"] = str(CACHE)
    start = time.perf_counter()
    subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=True)  # noqa: S603 - our own commands
    return time.perf_counter() - start


def main() -> None:
    """Print the medians and what the targets allow."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    rounds = parser.parse_args().rounds
    python = sys.executable
    with tempfile.TemporaryDirectory() as name:
        copy = Path(shutil.copytree(EXPERIMENT, Path(name) / EXPERIMENT.name))
        here = Path(__file__).parents[2]
        commands = {
            "imports": ([python, "-c", "import numpy, jsonschema"], here),
            "files": ([python, "-m", "grader", str(EXPERIMENT), "--no-run"], here),
            "hook": ([python, "-m", "grader", str(EXPERIMENT), "--no-run", *BRIEF], here),
            "script": ([python, "bptt_norm.py"], copy),
            "grade": ([python, "-m", "grader", str(EXPERIMENT)], here),
        }
        times: dict[str, list[float]] = {label: [] for label in commands}
        for _ in range(rounds + 1):
            for label, (command, folder) in commands.items():
                times[label].append(wall_s(command, folder))
    median = {label: statistics.median(found[1:]) for label, found in times.items()}
    for label, value in median.items():
        print(f"{label:8} {1000 * value:6.0f} ms")  # noqa: T201 - a command's output
    for label in ("files", "hook"):
        beyond, ratio = median[label] - median["imports"], median[label] / median["imports"]
        print(f"{label}: imports + {1000 * beyond:.0f} ms, {ratio:.1f} times as long")  # noqa: T201 - as above
    beyond = median["grade"] - 2 * median["script"]
    print(f"full grade: two runs of the script {1000 * beyond:+.0f} ms (+500)")  # noqa: T201 - as above


if __name__ == "__main__":
    main()
