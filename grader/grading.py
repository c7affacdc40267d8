"""One submission from directory to report: read, run, probe, check, conclude."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from grader.checks import stop
from grader.facts import ProbeFacts, RunFacts
from grader.loading import decoded, load
from grader.manifest import read_manifest
from grader.model import (
    KINDS,
    WRONG,
    CheckResult,
    Decay,
    Evidence,
    Finding,
    Isolation,
    Kind,
    Level,
    Manifest,
    Material,
    Outcome,
    Problem,
    Report,
    StopCondition,
    Submission,
    Value,
    Verdict,
)
from grader.normalise import read_decay
from grader.rubric import Rubric, load_rubric
from grader.runner import Scope, run_checks, verdict_of

DEFAULT_SEED = 42
PROBE_KEY = "VANGRAD_PROBE_KEY"
MAX_SCRIPTS = 5
MAX_SEED = 2**63
NOTHING_RUN = Isolation("none", (), ())
EXIT_STATUS: Mapping[Verdict, int] = {
    Verdict.PASSED: 0,
    Verdict.FILES_CONSISTENT: 0,
    Verdict.NOT_PASSED: 1,
    Verdict.NOT_VERIFIED: 1,
    Verdict.FILES_INCONSISTENT: 1,
    Verdict.GRADER_ERROR: 3,
}


@dataclass(frozen=True, slots=True)
class Options:
    """How to grade: `timeout_s` is the time limit of each run of the script, in seconds."""

    run: bool = True
    timeout_s: float = 60.0
    minimum: int | None = None
    rubric: Path | None = None
    key: bytes = b""


def grade(path: Path | str, options: Options | None = None) -> Report:
    """Grade the submission in the folder `path`.

    Parameters
    ----------
    path : Path or str
        The folder with the five files.
    options : Options, optional
        How to grade; the default runs the script and ships with the grader's own rubric.

    Returns
    -------
    Report
        Everything a rendering needs.

    Raises
    ------
    RubricError
        If the rubric asked for cannot be used.
    """
    chosen = options or Options(key=os.environ.get(PROBE_KEY, "").encode())
    rubric = load_rubric(chosen.rubric)
    submission = load(Path(path))
    material = _read(submission, rubric)
    if chosen.run:
        material = _with_evidence(material, chosen)
    scope: Scope = "full" if chosen.run else "files"
    results = run_checks(material, rubric, scope)
    return _report(material, rubric, results, scope, chosen)


def _read(submission: Submission, rubric: Rubric) -> Material:
    decay: Decay | None = None
    manifest: Manifest | None = None
    problems: list[Problem] = list(submission.problems)
    if "decay.json" in submission.files:
        decay, found = read_decay(submission.files["decay.json"])
        problems.extend(found)
    if "manifest.json" in submission.files:
        manifest, found = read_manifest(submission.files["manifest.json"])
        problems.extend(found)
    readme = submission.files.get("README.md")
    return Material(
        submission=submission,
        problems=tuple(problems),
        decay=decay,
        manifest=manifest,
        readme=decoded(readme) if readme is not None else None,
        thresholds=rubric.thresholds,
    )


# Evidence.


def _with_evidence(material: Material, options: Options) -> Material:
    """Run the script and probe its functions; without a script there is nothing to run."""
    from dataclasses import replace

    from grader.evidence.probe import Plan, probe, secret_of
    from grader.evidence.rerun import fresh_runs

    if "bptt_norm.py" not in material.submission.scripts:
        return material
    seed, source = _declared_seed(material.manifest)
    decay = material.decay
    plan = Plan(
        seed=seed,
        seed_source=source,
        curves=decay.curves if decay is not None else {},
        half_unit=decay.half_unit if decay is not None else {},
        secret=secret_of(material.submission, options.key),
        timeout_s=options.timeout_s,
    )
    scripts = _scripts(material)
    with fresh_runs(material.submission, scripts, options.timeout_s) as session:
        found = probe(session, plan) if _answering(session.functions, session.facts) else {}
        return replace(material, run=session.facts, probe=found)


def _answering(functions: Sequence[str], run: RunFacts) -> bool:
    """Say whether there is something to ask: functions, or a script that ended without any."""
    return bool(functions) or run.first.death in ("", "exit")


def _declared_seed(manifest: Manifest | None) -> tuple[int, str]:
    seed = manifest.document.get("seed") if manifest is not None else None
    if type(seed) is int and 0 <= seed < MAX_SEED:
        return seed, "manifest"
    return DEFAULT_SEED, "default"


def _scripts(material: Material) -> tuple[str, ...]:
    """Return the scripts to run: as manifest.json names them, else bptt_norm.py."""
    named = material.manifest.document.get("run") if material.manifest is not None else None
    known = material.submission.scripts
    if isinstance(named, list) and 1 <= len(named) <= MAX_SCRIPTS:
        chosen = tuple(name for name in named if isinstance(name, str) and name in known)
        if len(chosen) == len(named):
            return chosen
    return ("bptt_norm.py",)


# Conclusions.


def _report(
    material: Material,
    rubric: Rubric,
    results: tuple[CheckResult, ...],
    scope: Scope,
    options: Options,
) -> Report:
    points = sum(result.points for result in results)
    enough = options.minimum is None or points >= options.minimum
    verdict = verdict_of(results, scope, enough=enough)
    scored = scope == "full" and verdict is not Verdict.GRADER_ERROR
    open_points = sum(r.max_points for r in results if r.outcome is Outcome.NOT_ASSESSED)
    evidence = tuple(_evidence(kind, material, results, scope) for kind in KINDS)
    data: dict[str, Value] = {"points": points, "open": open_points}
    if options.minimum is not None:
        data["minimum"] = options.minimum
    run = material.run
    by_code = {result.code: result for result in results}
    return Report(
        name=material.submission.directory.name,
        files=tuple(_graded(material.submission)),
        scope=scope,
        verdict=verdict,
        headline=_headline(verdict, by_code, evidence, enough=enough),
        headline_data=data,
        exit_status=EXIT_STATUS[verdict],
        points=points if scored else None,
        not_assessed=open_points,
        minimum=options.minimum,
        checks=results,
        evidence=evidence,
        isolation=Isolation(run.tier, run.layers, run.missing) if run is not None else NOTHING_RUN,
        stop_conditions=_stop_conditions(rubric, by_code),
        questions=_questions(by_code),
        measurements=_measurements(material),
        rubric_sha256=rubric.sha256,
        environment={
            "python": platform.python_version(),
            "numpy": np.__version__,
            "platform": re.sub(r"[^\w.+-]+", " ", platform.platform()),
        },
    )


def _graded(submission: Submission) -> list[Any]:
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
    return Evidence(kind, "probe", verified, reason)


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
        row.outcome in (Outcome.SKIPPED, Outcome.NOT_ASSESSED) and not row.findings for row in rows
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
        worst = int(np.argmax(point.chain_error / point.chain_tolerance))
        entry["chain_error"] = float(point.chain_error[worst])
        entry["chain_tolerance"] = float(point.chain_tolerance[worst])
        entry["amplification"] = point.amplification
        entry["method"] = point.method
        entry["length"] = point.length
    return entry
