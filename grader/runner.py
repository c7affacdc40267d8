"""Runs the checks in the order of their prerequisites; findings become points and a verdict."""

from __future__ import annotations

import functools
import importlib
import traceback
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Literal, TypeAlias

from grader.model import (
    KINDS,
    SEVERITY,
    WRONG,
    CheckResult,
    Finding,
    Kind,
    Material,
    Outcome,
    Verdict,
)

if TYPE_CHECKING:
    from grader.rubric import Row, Rubric

Check: TypeAlias = Callable[[Material], Iterator[Finding]]
Scope: TypeAlias = Literal["full", "files"]
Seek: TypeAlias = Callable[[str, Material], tuple[Finding, ...]]
"""What finds the findings of a check, `family.name`, in a submission."""

BLOCKING = frozenset(
    {
        Outcome.FAIL,
        Outcome.STUDENT_ERROR,
        Outcome.SKIPPED,
        Outcome.NOT_ASSESSED,
        Outcome.GRADER_ERROR,
    }
)
"""Outcomes of a prerequisite after which a check cannot be looked at."""


def find_check(code: str) -> Check:
    """Return the generator function of the check `code`, `family.name`."""
    family, name = code.split(".")
    # Imported where it is used: grading from files alone needs half of them.
    check: Check = getattr(importlib.import_module(f"grader.checks.{family}"), name)
    return check


Blocked: TypeAlias = Mapping[Kind, tuple[str, ...]]
"""For each model, the prerequisites that keep a check from being looked at."""


def findings(code: str, material: Material) -> tuple[Finding, ...]:
    """Collect a check's findings; a fault of ours is one too, caught here and nowhere else."""
    found: list[Finding] = []
    try:
        found.extend(find_check(code)(material))
    except Exception as error:  # noqa: BLE001 - a grader's fault must never cost a student's report
        place = traceback.extract_tb(error.__traceback__)[-1]
        data = {
            "error": f"{type(error).__name__}: {error}",
            "place": f"{place.name}:{place.lineno}",
        }
        found.append(Finding("grader_error", Outcome.GRADER_ERROR, data))
    return tuple(found)


def run_checks(
    material: Material,
    rubric: Rubric,
    scope: Scope,
    seek: Seek = findings,
    last: Sequence[Collection[str]] = (),
) -> tuple[CheckResult, ...]:
    """Run every check of `rubric` over `material`; results in the rubric's order.

    Parameters
    ----------
    seek : callable
        Finds what a check finds.
    last : sequence of collections of str
        Codes of checks that are better waited for, the later the longer.
    """
    results: dict[str, CheckResult] = {}
    closed: dict[str, frozenset[Kind]] = {}
    for code in _ordered(rubric, last):
        row = rubric.rows[code]
        blocked: Blocked = {
            kind: tuple(need for need in row.requires if kind in closed[need]) for kind in KINDS
        }
        if (scope == "files" and row.needs_run) or (row.manual and not material.manual):
            results[code] = CheckResult(code, Outcome.NOT_ASSESSED, 0, row.points, row.required)
        else:
            results[code] = _run_one(row, functools.partial(seek, code, material), results, blocked)
        closed[code] = _closes(results[code])
    return tuple(results[code] for code in rubric.rows)


def _ordered(rubric: Rubric, last: Sequence[Collection[str]]) -> Sequence[str]:
    """Return the codes after what they require, and as late as what they require is waited for."""
    turns: dict[str, int] = {}
    for code in rubric.order():
        own = next((turn for turn, codes in enumerate(last, 1) if code in codes), 0)
        turns[code] = max([own, *(turns[need] for need in rubric.rows[code].requires)])
    return sorted(turns, key=turns.__getitem__)


def _closes(result: CheckResult) -> frozenset[Kind]:
    """Return the models for which nothing that requires this check can be looked at."""
    if result.outcome is Outcome.NOT_ASSESSED and not result.findings:
        return frozenset(KINDS)
    found = {
        kind
        for kind in KINDS
        if any(f.outcome in BLOCKING and f.model in (None, kind) for f in result.findings)
    }
    return frozenset(found | set(result.skipped_models))


def _run_one(
    row: Row,
    sought: Callable[[], tuple[Finding, ...]],
    results: Mapping[str, CheckResult],
    blocked: Blocked,
) -> CheckResult:
    because = tuple(dict.fromkeys(code for codes in blocked.values() for code in codes))
    if all(blocked.values()) or (because and not row.per_model):
        outcome = _inherited(because, results)
        return CheckResult(row.code, outcome, 0, row.points, row.required, (), because, KINDS)
    kept = tuple(f for f in sought() if f.model is None or not blocked[f.model])
    return _concluded(row, kept, blocked, because)


def _inherited(because: Sequence[str], results: Mapping[str, CheckResult]) -> Outcome:
    """Return "not assessed" for what stands behind something not assessed, else "skipped"."""
    if all(results[code].outcome is Outcome.NOT_ASSESSED for code in because):
        return Outcome.NOT_ASSESSED
    return Outcome.SKIPPED


def _concluded(
    row: Row,
    findings: tuple[Finding, ...],
    blocked: Blocked,
    because: tuple[str, ...],
) -> CheckResult:
    outcomes = [finding.outcome for finding in findings]
    if because:
        outcomes.append(Outcome.SKIPPED)
    outcome = max(outcomes, key=SEVERITY.index, default=Outcome.PASS)
    if outcome is Outcome.NOTE:
        outcome = Outcome.PASS
    points = 0 if outcome is Outcome.GRADER_ERROR else _points(row, findings, blocked)
    if outcome is Outcome.FAIL and points:
        outcome = Outcome.PARTIAL
    skipped = tuple(kind for kind in KINDS if blocked[kind])
    return CheckResult(
        row.code, outcome, points, row.points, row.required, findings, because, skipped
    )


def _points(row: Row, findings: Iterable[Finding], blocked: Blocked) -> int:
    """Return the whole points that remain: per model where the row says so, rounded down."""
    kept = {kind: 0.0 if blocked[kind] else 1.0 for kind in KINDS}
    for finding in findings:
        if finding.outcome in (Outcome.NOTE, Outcome.MANUAL):
            continue
        touched = (finding.model,) if row.per_model and finding.model else KINDS
        for kind in touched:
            kept[kind] = min(kept[kind], finding.keeps)
    share = sum(kept.values()) / len(KINDS) if row.per_model else min(kept.values())
    return int(row.points * share + 1e-9)


def verdict_of(results: Sequence[CheckResult], scope: Scope, *, enough: bool) -> Verdict:
    """Return the verdict: what is required decides; nothing is called wrong that was not seen.

    `enough` says whether the score reaches the minimum asked for.
    """
    if any(result.outcome is Outcome.GRADER_ERROR for result in results):
        return Verdict.GRADER_ERROR
    wrong = [result for result in results if _is_wrong(result)]
    if scope == "files":
        return Verdict.FILES_INCONSISTENT if wrong else Verdict.FILES_CONSISTENT
    if any(result.required for result in wrong):
        return Verdict.NOT_PASSED
    required = [result for result in results if result.required]
    if all(result.outcome in (Outcome.PASS, Outcome.MANUAL) for result in required):
        return Verdict.PASSED if enough else Verdict.NOT_PASSED
    evidence_wrong = any(result.code.startswith(("rerun.", "gradient.")) for result in wrong)
    return Verdict.NOT_PASSED if evidence_wrong else Verdict.NOT_VERIFIED


def _is_wrong(result: CheckResult) -> bool:
    return any(finding.outcome in WRONG for finding in result.findings)
