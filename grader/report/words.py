"""What every rendering says about a report: chosen once, laid out by each in its own way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from grader.model import WRONG, CheckResult, Finding, Outcome, Report, Term, Value
from grader.texts import MODEL_NAMES, Catalogue, RenderedFinding

FIRST = 3
"""How many things "what to fix first" names."""

DISTURBED = frozenset({*WRONG, Outcome.GRADER_ERROR, Outcome.NOT_ASSESSED})


@dataclass(frozen=True, slots=True)
class Said:
    """One finding of one check in words."""

    code: str
    finding: Finding
    words: RenderedFinding


def say(catalogue: Catalogue, code: str, finding: Finding) -> Said:
    """Put one finding into words; a fault of ours has one text for every check."""
    if finding.outcome is Outcome.GRADER_ERROR:
        texts = [
            catalogue.say(f"report.grader_error.{part}", finding.data)
            for part in ("found", "expected", "next")
        ]
        return Said(code, finding, RenderedFinding(code, *texts))
    return Said(code, finding, catalogue.finding(code, finding))


def headline(report: Report, catalogue: Catalogue) -> str:
    """Return the first line: verdict and score."""
    return catalogue.say(f"report.headline.{report.headline}", report.headline_data)


def findings(report: Report, catalogue: Catalogue, *outcomes: Outcome) -> Iterator[Said]:
    """Yield the findings of the given outcomes, check by check; the spoken questions are apart."""
    for result in report.checks:
        if result.code == "stop.explain":
            continue
        for finding in result.findings:
            if finding.outcome in outcomes:
                yield say(catalogue, result.code, finding)


def fix_first(report: Report, catalogue: Catalogue) -> list[Said]:
    """Return the findings to see to first: required ones, then those that free most points."""
    # Where nothing was run, what only a run can show is no task for anyone.
    weighty = DISTURBED if report.scope == "full" else DISTURBED - {Outcome.NOT_ASSESSED}
    disturbed = [r for r in report.checks if any(f.outcome in weighty for f in r.findings)]
    ranked = sorted(
        disturbed, key=lambda r: (not _is_wrong(r), not r.required, -_at_stake(report, r))
    )
    return [
        say(catalogue, result.code, next(f for f in result.findings if f.outcome in weighty))
        for result in ranked
        if result.max_points > result.points
    ][:FIRST]


def _is_wrong(result: CheckResult) -> bool:
    return any(finding.outcome in WRONG for finding in result.findings)


def _at_stake(report: Report, result: CheckResult) -> int:
    """Return the points a check lost, by itself and by what could not be looked at behind it."""
    behind = [r for r in report.checks if result.code in r.skipped_because]
    return sum(r.max_points - r.points for r in (result, *behind))


def measured(report: Report, catalogue: Catalogue) -> Iterator[str]:
    """Yield the measured numbers as sentences."""
    for kind, entry in report.measurements.items():
        if not isinstance(entry, dict):
            continue
        model = MODEL_NAMES[kind]
        if "orders_total" in entry:
            data = {
                "model": model,
                "total": entry["orders_total"],
                "per_ten": entry["orders_per_10_steps"],
                "slope": entry["slope_per_step"],
            }
            yield catalogue.say("report.measured.orders", data)
        # Of a gradient that is exactly zero an error can't be relative to it, nor amplified.
        if {"chain_error", "chain_tolerance", "amplification"} <= entry.keys():
            data = {
                "model": model,
                "length": entry["length"],
                "error": entry["chain_error"],
                "tolerance": entry["chain_tolerance"],
                "amplification": entry["amplification"],
                "method": Term(f"report.method.{entry['method']}"),
            }
            yield catalogue.say("report.measured.chain", data)
        if "spectral_radius" in entry:
            data = {
                "rho": entry["spectral_radius"],
                "norm": entry["spectral_norm"],
                "std": entry["weight_std"],
            }
            yield catalogue.say("report.measured.radius", data)
        if "gate_mean" in entry:
            data = {"mean": entry["gate_mean"], "std": entry["gate_std"]}
            yield catalogue.say("report.measured.gate", data)


def evidence(report: Report, catalogue: Catalogue) -> Iterator[tuple[str, str]]:
    """Yield for each model what was reached and why, and what that cannot show."""
    for item in report.evidence:
        label = catalogue.say(
            "report.label.verified" if item.verified else "report.label.not_verified"
        )
        level = catalogue.say(f"report.level.{item.level}")
        reason = catalogue.say(f"report.reason.{item.reason}")
        opaque = any(
            finding.kind == "reset_not_tested" and finding.model == item.model
            for result in report.checks
            for finding in result.findings
        )
        key = "probe_opaque" if opaque else item.level
        limits = catalogue.say(f"report.cannot_show.{key}")
        yield f"{MODEL_NAMES[item.model]}: {label} — {level}; {reason}", limits


def isolation(report: Report, catalogue: Catalogue) -> str:
    """Return under which protection the submission's code ran, and what that leaves open."""
    tier = report.isolation
    if tier.tier == "none":
        return catalogue.say("report.label.not_run")
    layers: list[str] = [Term(f"report.layer.{name}") for name in tier.layers]
    missing: list[str] = [Term(f"report.layer.{name}") for name in tier.missing]
    data: dict[str, Value] = {"tier": tier.tier, "layers": layers, "missing": missing}
    return catalogue.say("report.label.tier", data)
