"""The fresh runs: the script is run twice, in two scratch copies, without the committed artefacts.

The second run has stand-ins for plotting libraries, which take most of an ordinary script's time:
it is there for the numbers. Where it does not end as the first did, with the same decay.json, it
is repeated with the libraries themselves.

Both children stay alive afterwards, so that the functions of the script can be called in the
namespace that the run left. Where a run never came back, the script is loaded once more as a
module: a guarded main block is then skipped and the functions can be had all the same.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from grader.evidence import scratch as scratch_
from grader.evidence.drawn import figure_from
from grader.evidence.refusals import refused
from grader.evidence.sandbox import Child, ChildDiedError
from grader.facts import Death, Place, Raised, RunFacts, ScriptRun
from grader.isolation.tiers import Protection
from grader.model import Submission

SCRIPT = "bptt_norm.py"
LOAD_TIMEOUT_S = 20.0
"""Longest time for loading a script as a module, after its own run already failed to return."""


def _nothing() -> None:
    """Do nothing while the children work."""


@dataclass(frozen=True)
class Terms:
    """How scripts are run: in which tier, and with how many seconds for each."""

    protection: Protection
    timeout_s: float


@dataclass
class _Attempt:
    """One scratch copy and what happened in it."""

    child: Child
    folder: PurePosixPath
    place: Place
    pictures: bool = True
    run: ScriptRun | None = None
    functions: tuple[str, ...] = ()


@dataclass(frozen=True)
class Session:
    """The outcome of the fresh runs, and two children that still hold the script's functions."""

    facts: RunFacts
    children: tuple[Child, ...]
    functions: tuple[str, ...] = ()
    renewed: Callable[[], tuple[Child, ...]] = tuple
    """Loads the script once more, in fresh children, after one of `children` has died."""


def raised_from(data: Any) -> Raised | None:  # noqa: ANN401 - parsed JSON of a stranger
    """Turn what the child says of an exception into a `Raised`, or None where it says nothing."""
    if not isinstance(data, dict):
        return None
    line = data.get("line")
    return Raised(
        type=str(data.get("type", ""))[:100],
        message=str(data.get("message", ""))[:500],
        file=str(data.get("file", ""))[:200],
        line=line if isinstance(line, int) else 0,
        missing_module=str(data.get("missing_module", ""))[:100],
        refused=refused(data),
    )


@contextlib.contextmanager
def fresh_runs(
    submission: Submission,
    scripts: Sequence[str],
    terms: Terms,
    meanwhile: Callable[[], object] = _nothing,
) -> Iterator[Session]:
    """Run the submission twice and yield what happened; children end with the context.

    Parameters
    ----------
    submission : Submission
        Its scripts are copied; its artefacts are not.
    scripts : sequence of str
        Names of the scripts to run, in order; `bptt_norm.py` is the one whose functions are kept.
    terms : Terms
        The tier to run them in, and the time limit for each script.
    meanwhile : callable
        Called once, without arguments, when both children have been set to work.
    """
    with contextlib.ExitStack() as stack:
        attempts = _run_pair(stack, submission, scripts, "folder", terms, meanwhile)
        if _worth_another_place(attempts[0]):
            others = _run_pair(stack, submission, scripts, "root", terms)
            if "decay.json" in _run_of(others[0]).artefacts:
                attempts = others
        runs = [_run_of(attempt) for attempt in attempts]
        if tuple(scripts) != (SCRIPT,) or any(run.death in _NAMESPACE_LOST for run in runs):
            attempts = _load_pair(stack, submission, attempts[0].place, terms)

        def renewed() -> tuple[Child, ...]:
            again = _load_pair(stack, submission, attempts[0].place, terms)
            return tuple(attempt.child for attempt in again)

        children = tuple(attempt.child for attempt in attempts)
        facts = RunFacts(runs[0], runs[1], terms.timeout_s, terms.protection.isolation)
        yield Session(facts, children, attempts[0].functions, renewed)


_NAMESPACE_LOST: frozenset[Death] = frozenset({"timeout", "killed", "output", "wrote", "silent"})


def _run_of(attempt: _Attempt) -> ScriptRun:
    if attempt.run is None:  # pragma: no cover - set by _run_pair for every attempt it returns
        raise RuntimeError("an attempt was not run")
    return attempt.run


def _worth_another_place(attempt: _Attempt) -> bool:
    """Say whether the run may have failed only because it started in the wrong folder."""
    run = _run_of(attempt)
    if "decay.json" in run.artefacts or run.death not in ("", "raised", "exit"):
        return False
    return run.raised is None or run.raised.type in ("FileNotFoundError", "ModuleNotFoundError")


def _start(
    stack: contextlib.ExitStack,
    submission: Submission,
    place: Place,
    terms: Terms,
    *,
    pictures: bool = True,
) -> _Attempt:
    made = scratch_.build(submission)
    child = stack.enter_context(Child(terms.protection, made.files, terms.timeout_s))
    return _Attempt(child, made.folder, place, pictures)


def _request(attempt: _Attempt, script: str, name: str) -> dict[str, object]:
    within = attempt.child.within
    return {
        "op": "run",
        "folder": within(attempt.folder),
        "cwd": within(attempt.folder if attempt.place == "folder" else scratch_.ROOT),
        "script": script,
        "name": name,
        "pictures": attempt.pictures,
    }


def _run_pair(
    stack: contextlib.ExitStack,
    submission: Submission,
    scripts: Sequence[str],
    place: Place,
    terms: Terms,
    meanwhile: Callable[[], object] = _nothing,
) -> list[_Attempt]:
    """Run the scripts, each in a child of its own, in two scratch copies side by side."""
    attempts = [
        _start(stack, submission, place, terms, pictures=pictures) for pictures in (True, False)
    ]
    _run_all(stack, attempts, scripts, terms, meanwhile)
    if not _agree(*attempts):
        attempts[1].child.kill("")
        attempts[1] = _start(stack, submission, place, terms)
        _run_all(stack, attempts[1:], scripts, terms)
    return attempts


def _agree(one: _Attempt, other: _Attempt) -> bool:
    """Say whether two runs ended alike and wrote the same numbers."""

    def ending(attempt: _Attempt) -> tuple[object, ...]:
        run = _run_of(attempt)
        written = run.artefacts.get("decay.json")
        return run.death, run.exit_status, run.raised, written, run.misplaced, attempt.functions

    return ending(one) == ending(other)


def _run_all(
    stack: contextlib.ExitStack,
    attempts: Sequence[_Attempt],
    scripts: Sequence[str],
    terms: Terms,
    meanwhile: Callable[[], object] = _nothing,
) -> None:
    for position, script in enumerate(scripts):
        if position:
            for attempt in attempts:
                attempt.child.kill("")
                files = attempt.child.files()
                attempt.child = stack.enter_context(Child(terms.protection, files, terms.timeout_s))
        _run_side_by_side(attempts, script, "__main__", terms.timeout_s, meanwhile)
        meanwhile = _nothing


def _run_side_by_side(
    attempts: Sequence[_Attempt],
    script: str,
    name: str,
    timeout_s: float,
    meanwhile: Callable[[], object] = _nothing,
) -> None:
    numbers = [attempt.child.send(_request(attempt, script, name)) for attempt in attempts]
    meanwhile()
    for attempt, number in zip(attempts, numbers, strict=True):
        _await_run(attempt, number, attempt.child.begun() + timeout_s)


def _await_run(attempt: _Attempt, number: int, deadline: float) -> None:
    """Wait for one run and record how it ended; the first failure of several scripts is kept."""
    death: Death
    raised: Raised | None = None
    status: int | None = None
    figure = attempt.run.figure if attempt.run is not None else None
    try:
        answer, _ = attempt.child.receive(number, deadline)
        raised = raised_from(answer.get("raised"))
        status = answer.get("exit_status") if isinstance(answer.get("exit_status"), int) else None
        death = "raised" if raised else "exit" if status else ""
        if raised is not None and raised.type == "MemoryError":
            death = "memory"
        figure = figure_from(answer.get("figures")) or figure
        named = answer.get("functions")
        attempt.functions = tuple(map(str, named)) if isinstance(named, list) else ()
    except ChildDiedError as died:
        death, status = died.death, died.exit_status
        if death == "exit":
            death = "silent"
    artefacts, misplaced = scratch_.collect(attempt.folder, attempt.child.read)
    if attempt.run is not None and attempt.run.death:
        death, status, raised = attempt.run.death, attempt.run.exit_status, attempt.run.raised
    attempt.run = ScriptRun(death, status, raised, artefacts, attempt.place, misplaced, figure)


def _load_pair(
    stack: contextlib.ExitStack, submission: Submission, place: Place, terms: Terms
) -> list[_Attempt]:
    """Load the script as a module in two fresh children, for its functions alone."""
    limited = Terms(terms.protection, min(terms.timeout_s, LOAD_TIMEOUT_S))
    attempts = [_start(stack, submission, place, limited) for _ in range(2)]
    _run_side_by_side(attempts, SCRIPT, "bptt_norm", limited.timeout_s)
    return attempts
