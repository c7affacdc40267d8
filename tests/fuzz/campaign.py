"""A fuzzing campaign: `python -m tests.fuzz.campaign --executions N`.

Each target runs in a process of its own, whose peak memory is measured. Input n of a target is
always the same, and so can be run again: `--only TARGET --first n --executions 1`. Inputs that
break a promise, hang or end the process are kept as files. Exit status 1 where there was any.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import json
import resource
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any

from tests.fuzz.bombs import BOMBS
from tests.fuzz.targets import CASES, Target, targets

HANG_S = 2.0
STOP_S = 20.0
"""After this much processor time an input is given up."""

MEMORY_MB = 300


class HungError(Exception):
    """An input took longer than `STOP_S`."""


def _interrupt(*_: object) -> None:
    raise HungError


@contextlib.contextmanager
def _watched() -> Iterator[None]:
    signal.setitimer(signal.ITIMER_PROF, STOP_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def peak_mb() -> float:
    """Return the most memory this program has had, in MB.

    The kernel's own count where it gives one: getrusage begins with what the process had before it
    became this program, which is whatever its parent had.
    """
    status = Path("/proc/self/status")
    if status.exists():
        line = next(one for one in status.read_text().splitlines() if one.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def campaign(name: str, target: Target, numbers: range, out: Path, seed: int) -> dict[str, Any]:
    """Run the inputs of one target; return counts, the worst time in seconds, the peak in MB."""
    signal.signal(signal.SIGPROF, _interrupt)
    found: dict[str, Any] = {"executions": 0, "worst_s": 0.0, "worst": None, "failures": []}
    marker = out / f"{name}.running"
    for number in numbers:
        what = target.change(Random(f"{seed}:{name}:{number}"))
        if number % 100 == 0:  # what was running when the process died
            marker.write_text(str(number), encoding="utf-8")
        # Processor time: what else the machine does is no fault of the reader.
        before, fault = time.process_time(), ""
        try:
            with _watched():
                target.run(what)
        except HungError:
            fault = "hang"
        except Exception:  # noqa: BLE001 - every exception is a finding here
            fault = traceback.format_exc()
        took = time.process_time() - before
        found["executions"] += 1
        if took > found["worst_s"]:
            found.update(worst_s=took, worst=number)
        if took > HANG_S and not fault:
            fault = f"took {took:.2f} s"
        if fault:
            (out / f"{name}-{number}.input").write_bytes(target.kept(what))
            (out / f"{name}-{number}.txt").write_text(fault, encoding="utf-8", errors="replace")
            found["failures"].append(f"{name}-{number}: {fault.strip().splitlines()[-1][:200]}")
    marker.unlink(missing_ok=True)
    found["peak_mb"] = round(peak_mb())
    return found


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _arguments(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tests.fuzz.campaign", description=__doc__)
    parser.add_argument("--executions", type=int, default=20_000, help="in all, over the targets")
    parser.add_argument("--only", help="one target")
    parser.add_argument("--first", type=int, default=0, help="number of the first input")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("fuzz-findings"))
    parser.add_argument("--here", action="store_true", help="run --only in this process")
    return parser.parse_args(words)


def main(words: Sequence[str] | None = None) -> int:
    """Run the campaign and print a line for each target."""
    chosen = _arguments(words)
    chosen.out.mkdir(parents=True, exist_ok=True)
    known = targets(CASES)
    known["bombs"] = bombs(known)
    if chosen.here:
        numbers = range(chosen.first, chosen.first + chosen.executions)
        _say(
            json.dumps(campaign(chosen.only, known[chosen.only], numbers, chosen.out, chosen.seed))
        )
        return 0
    names = [chosen.only] if chosen.only else list(known)
    total = sum(known[name].weight for name in names)
    sound, count = True, 0
    _say(f"{'target':<10} {'executions':>10} {'worst s':>8} {'peak MB':>8}  failures")
    for name in names:
        share = max(1, round(chosen.executions * known[name].weight / total))
        found = _apart(name, share, chosen)
        count += found["executions"]
        sound &= not found["failures"] and found["peak_mb"] <= MEMORY_MB
        figures = f"{found['executions']:>10} {found['worst_s']:>8.2f} {found['peak_mb']:>8}"
        _say(f"{name:<10} {figures}  {len(found['failures'])}  (slowest: {found['worst']})")
        for line in found["failures"][:20]:
            _say(f"    {line}")
    _say(f"{count} executions, {'nothing' if sound else 'something'} found")
    return 0 if sound else 1


def bombs(known: Mapping[str, Target]) -> Target:
    """Return the files made to hurt as a target of their own: one after the other."""
    following = itertools.cycle(BOMBS.values())

    def change(_: Random) -> tuple[str, bytes]:
        target, make = next(following)
        return target, make()

    return Target(change, lambda what: known[what[0]].run(what[1]), 0.1, lambda what: what[1])


def _apart(name: str, executions: int, chosen: argparse.Namespace) -> dict[str, Any]:
    """Run one target in a process of its own."""
    words = [
        "--only",
        name,
        "--here",
        "--executions",
        str(executions),
        "--first",
        str(chosen.first),
    ]
    words += ["--seed", str(chosen.seed), "--out", str(chosen.out)]
    command = [sys.executable, "-m", "tests.fuzz.campaign", *words]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False)  # noqa: S603 - ourselves
    if done.returncode:
        place = (
            f"the process ended with {done.returncode}, input {chosen.out / name}.running or later"
        )
        return {"executions": 0, "worst_s": 0, "worst": None, "failures": [place], "peak_mb": 0}
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


if __name__ == "__main__":
    sys.exit(main())
