"""From results to a report: verdict, evidence per model, stop conditions, measured numbers."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from grader.checks import stop
from grader.isolated import Isolation
from grader.model import (
    KINDS,
    WRONG,
    CheckResult,
    Evidence,
    Finding,
    Kind,
    Level,
    LoadedFile,
    Material,
    Outcome,
    Report,
    StopCondition,
    Submission,
    Value,
    Verdict,
)
from grader.places import placed
from grader.rubric import Rubric
from grader.runner import Scope, verdict_of
from grader.series import series_of

if TYPE_CHECKING:
    from grader.facts import Diagnosis, ProbeFacts

NOTHING_RUN = Isolation("none", (), ())
EXIT_STATUS: Mapping[Verdict, int] = {
    Verdict.PASSED: 0,
    Verdict.FILES_CONSISTENT: 0,
    Verdict.NOT_PASSED: 1,
    Verdict.NOT_VERIFIED: 1,
    Verdict.FILES_INCONSISTENT: 1,
    Verdict.GRADER_ERROR: 3,
}


def conclude(
    material: Material,
    rubric: Rubric,
    results: tuple[CheckResult, ...],
    scope: Scope,
    minimum: int | None,
) -> Report:
    """Turn the results of all checks into a report.

    Parameters
    ----------
    results : tuple of CheckResult
        In the rubric's order.
    scope : {"full", "files"}
        "files" where nothing was run: there is no score then.
    minimum : int or None
        Least score that passes, beside everything required.
    """
    diagnoses = tuple(_diagnoses(material))
    results = placed(results, material, diagnoses)
    points = sum(result.points for result in results)
    enough = minimum is None or points >= minimum
    verdict = verdict_of(results, scope, enough=enough)
    scored = scope == "full" and verdict is not Verdict.GRADER_ERROR
    open_points = sum(r.max_points for r in results if r.outcome is Outcome.NOT_ASSESSED)
    evidence = tuple(_evidence(kind, material, results, scope) for kind in KINDS)
    data: dict[str, Value] = {"points": points, "open": open_points}
    if minimum is not None:
        data["minimum"] = minimum
    run = material.run
    by_code = {result.code: result for result in results}
    return Report(
        name=material.submission.directory.name,
        folder=_folder(material.submission),
        files=tuple(_graded(material.submission)),
        scope=scope,
        verdict=verdict,
        headline=_headline(verdict, by_code, evidence, enough=enough),
        headline_data=data,
        exit_status=EXIT_STATUS[verdict],
        points=points if scored else None,
        not_assessed=open_points,
        minimum=minimum,
        checks=results,
        evidence=evidence,
        isolation=run.isolation if run is not None else NOTHING_RUN,
        stop_conditions=_stop_conditions(rubric, by_code),
        questions=_questions(by_code),
        measurements=_measurements(material),
        rubric_sha256=rubric.sha256,
        environment={
            "python": ".".join(map(str, sys.version_info[:3])),
            "numpy": np.__version__,
            "platform": _platform(),
        },
        diagnoses=diagnoses,
        series=series_of(material),
        fresh_plot=_fresh_plot(material, results),
    )


def _fresh_plot(material: Material, results: Sequence[CheckResult]) -> bytes:
    """Return the picture that the script draws now, where a person is to look at the plot."""
    asked = any(
        finding.outcome is Outcome.MANUAL and result.code.startswith("plot.")
        for result in results
        for finding in result.findings
    )
    run = material.run
    return run.first.artefacts.get("decay.png", b"") if asked and run is not None else b""


def _diagnoses(material: Material) -> Iterator[Diagnosis]:
    """Yield what explains wrong numbers, with the place in the script where to look."""
    known = [material.probe[kind] for kind in KINDS if kind in material.probe]
    found = [diagnosis for facts in known for diagnosis in facts.diagnoses]
    if found:
        from grader.diagnosis.locate import located

        sources = {name: file.data for name, file in material.submission.scripts.items()}
        yield from (located(diagnosis, sources) for diagnosis in found)


def _platform() -> str:
    """Return the system and its processor; the module `platform` costs more than the checks."""
    return f"{sys.platform} {os.uname().machine}" if hasattr(os, "uname") else sys.platform


def _folder(submission: Submission) -> str:
    """Return where the submission lies in its repository, with slashes; "" for the root itself."""
    directory = submission.directory.resolve()
    inside = directory.is_relative_to(submission.root) and directory != submission.root
    return directory.relative_to(submission.root).as_posix() if inside else ""


def _graded(submission: Submission) -> list[LoadedFile]:
    listed = dict(submission.files)
    listed.update(submission.scripts)
    return [listed[name] for name in sorted(listed)]


def _headline(
    verdict: Verdict,
    results: Mapping[str, CheckResult],
    evidence: Sequence[Evidence],
    *,
    enough: bool,
) -> str:
    """Choose the first line: a right gradient with the wrong shape is a right gradient."""
    if verdict is not Verdict.NOT_PASSED:
        return verdict.value
    wrong = [code for code, r in results.items() if r.required and r.outcome in WRONG]
    if not wrong and not enough:
        return "passed_below_minimum"
    if wrong == ["stop.separated"] and all(item.verified for item in evidence):
        return "gradient_verified"
    return verdict.value


def _evidence(
    kind: Kind, material: Material, results: Sequence[CheckResult], scope: Scope
) -> Evidence:
    """Say how far one model was taken, and why not further."""
    facts = material.probe.get(kind)
    readable = material.decay is not None and kind in material.decay.curves
    if scope == "files":
        return Evidence(kind, "files" if readable else "none", verified=False, reason="scope")
    if facts is None or facts.status in ("no-functions", "not-run"):
        ran = material.run is not None and "decay.json" in material.run.first.artefacts
        reason = "no_functions" if facts is not None else "not_run"
        level: Level = "rerun" if ran else "files" if readable else "none"
        return Evidence(kind, level, verified=False, reason=reason)
    verified, reason = _verified(kind, facts, results, readable=readable)
    return Evidence(kind, facts.level, verified, reason)


def _verified(
    kind: Kind, facts: ProbeFacts, results: Sequence[CheckResult], *, readable: bool
) -> tuple[bool, str]:
    """Return whether every required check of the gradient holds for `kind`, and the reason."""
    if facts.status == "broken":
        return False, "broken"
    if not readable:
        return False, "unreadable"
    rows = [r for r in results if r.code.startswith("gradient.") and r.required]
    about = [f for row in rows for f in row.findings if f.model in (None, kind)]
    if any(finding.outcome in WRONG for finding in about):
        return False, "wrong"
    if any(f.outcome is Outcome.NOT_ASSESSED for f in about) or any(
        kind in row.skipped_models for row in rows
    ):
        return False, "incomplete"
    return True, "verified"


def _stop_conditions(
    rubric: Rubric, results: Mapping[str, CheckResult]
) -> tuple[StopCondition, ...]:
    found = []
    for number in (1, 2, 3, 4):
        codes = tuple(code for code, row in rubric.rows.items() if row.stop_condition == number)
        outcomes = [results[code].outcome for code in codes]
        worst = max(outcomes, key=list(Outcome).index, default=Outcome.NOT_ASSESSED)
        found.append(StopCondition(number, worst, codes))
    return tuple(found)


def _questions(results: Mapping[str, CheckResult]) -> tuple[Finding, ...]:
    row = results.get("stop.explain")
    return row.findings if row is not None else ()


def _measurements(material: Material) -> dict[str, object]:
    """Gather the numbers a person may want to look at, by model; finite ones only."""
    shape = stop.shape_of(material)
    out: dict[str, object] = {}
    for kind in KINDS:
        entry: dict[str, object] = {}
        if shape is not None:
            entry["orders_total"] = shape.total[kind]
            entry["orders_per_10_steps"] = shape.per_ten[kind]
            entry["slope_per_step"] = shape.slope[kind]
        facts = material.probe.get(kind)
        if facts is not None:
            entry.update(_of_probe(facts))
        out[kind] = {key: value for key, value in entry.items() if _finite(value)}
    return out


def _finite(value: object) -> bool:
    return not isinstance(value, float) or bool(np.isfinite(value))


def _of_probe(facts: ProbeFacts) -> dict[str, object]:
    entry: dict[str, object] = {
        "seed": facts.seed,
        "d_hidden": facts.d_hidden,
        "dtype": facts.dtype,
    }
    forward, point = facts.forward, facts.point("declared")
    if forward is not None:
        for name in ("spectral_radius", "spectral_norm", "weight_std", "gate_mean", "gate_std"):
            entry[name] = getattr(forward, name)
    if point is not None and point.chain_error is not None and point.chain_tolerance is not None:
        with np.errstate(divide="ignore", invalid="ignore"):
            worst = int(np.argmax(np.nan_to_num(point.chain_error / point.chain_tolerance)))
        entry["chain_error"] = float(point.chain_error[worst])
        entry["chain_tolerance"] = float(point.chain_tolerance[worst])
        entry["amplification"] = point.amplification
        entry["method"] = point.method
        entry["length"] = point.length
    return entry
