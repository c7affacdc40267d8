"""Whether a report says of a case what must be said of it."""

from __future__ import annotations

from dataclasses import dataclass

from grader.corpus.model import Case
from grader.model import WRONG, Outcome, Report


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is wrong with a report: a wrong verdict, or a right one without its reason.

    `accepted`: a wrong submission passed. `refused`: a right one did not, or was accused. `faults`
    names every fault in words, these two included.
    """

    accepted: bool
    refused: bool
    faults: tuple[str, ...]


def failing(report: Report) -> set[str]:
    """Return the codes of the checks that found something wrong."""
    return {r.code for r in report.checks if any(f.outcome in WRONG for f in r.findings)}


def judge(case: Case, report: Report) -> Judgement:
    """Hold a report to what its case expects."""
    found, expect = failing(report), case.expect
    faults = [
        f"{r.code}: {f.data}"
        for r in report.checks
        for f in r.findings
        if f.outcome is Outcome.GRADER_ERROR
    ]
    verdict = report.verdict.value
    allowed = expect.allows(verdict)
    if not allowed:
        faults.append(f"verdict {verdict}, expected {expect.verdict}; {sorted(found)}")
    if not expect.codes <= found:
        faults.append(f"not found: {sorted(expect.codes - found)}")
    if expect.any_of and not expect.any_of & found:
        faults.append(f"none found of {sorted(expect.any_of)}")
    accused = expect.absent & found
    if expect.verdict == "passed" and not (expect.codes or expect.any_of):
        accused |= found
    if accused:
        faults.append(f"wrongly found: {sorted(accused)}")
    refused = bool(accused) or (expect.verdict == "passed" and not allowed)
    return Judgement(verdict == "passed" and not allowed, refused, tuple(faults))
