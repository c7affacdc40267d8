"""The report as JSON, by `schemas/report.schema.json`: deterministic, without timings."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from grader.clean import printable, terminal
from grader.model import CheckResult, Finding, Language, Outcome, Report, Series, Value
from grader.report import diagnoses, words
from grader.texts import Catalogue, catalogue
from grader.version import __version__


def render(report: Report, language: Language) -> str:
    """Return the report as a JSON document that ends with a newline."""
    document = _inert(as_document(report, language))
    return json.dumps(document, ensure_ascii=False, allow_nan=False, indent=2) + "\n"


def _inert(node: object) -> object:
    """Return the document with every text in it fit to be printed anywhere."""
    if isinstance(node, dict):
        return {key: _inert(value) for key, value in node.items()}
    if isinstance(node, list | tuple):
        return [_inert(value) for value in node]
    return terminal(node) if isinstance(node, str) else node


def as_document(report: Report, language: Language) -> dict[str, Any]:
    """Return the report as plain data, valid against the report schema."""
    texts = catalogue(language)
    score = None
    if report.points is not None:
        score = {"points": report.points, "out_of": 100, "not_assessed": report.not_assessed}
        if report.minimum is not None:
            score["minimum"] = report.minimum
    return {
        "schema_version": 1,
        "grader": {
            "version": __version__,
            "rubric_sha256": report.rubric_sha256,
            "language": language,
        },
        "submission": {
            "name": printable(report.name) or ".",
            "files": [
                {"name": printable(f.name), "size": len(f.data), "sha256": f.sha256}
                for f in report.files
            ],
        },
        "scope": report.scope,
        "verdict": report.verdict.value,
        "exit_status": report.exit_status,
        "headline": words.headline(report, texts),
        "score": score,
        "evidence": [
            {
                "model": item.model,
                "level": item.level,
                "verified": item.verified,
                "reason": texts.say(f"report.reason.{item.reason}"),
                "cannot_show": limits,
            }
            for item, (_, limits) in zip(
                report.evidence, words.evidence(report, texts), strict=True
            )
        ],
        "diagnoses": [_diagnosis(one, report) for one in diagnoses.told(report, texts)],
        "isolation": {
            "tier": report.isolation.tier,
            "layers": list(report.isolation.layers),
            "missing": list(report.isolation.missing),
            "failed": list(report.isolation.failed),
            "warnings": list(report.isolation.warnings),
            "landlock_abi": report.isolation.landlock_abi,
        },
        "stop_conditions": [
            {
                "number": stop.number,
                "outcome": stop.outcome.value,
                "summary": texts.say(f"report.stop.{stop.number}"),
            }
            for stop in report.stop_conditions
        ],
        "fix_first": [
            f"{said.code}: {said.words.message}" for said in words.fix_first(report, texts)
        ],
        "notes": [said.words.message for said in words.findings(report, texts, Outcome.NOTE)],
        "checks": [_check(result, texts) for result in report.checks],
        "questions": [
            {"question": said.words.found, "answer_contains": said.words.expected}
            for said in (words.say(texts, "stop.explain", f) for f in report.questions)
        ],
        "measurements": report.measurements,
        "series": [_series(one) for one in report.series],
        "environment": dict(report.environment),
    }


def _diagnosis(one: diagnoses.Told, report: Report) -> dict[str, Any]:
    found = one.diagnosis
    places = [
        {"model": other.model, "file": printable(other.file), "line": other.line}
        for other in report.diagnoses
        if other.line and other.explains == found.explains and other.model in one.models
    ]
    return {
        "models": list(one.models),
        "explains": found.explains,
        "candidates": [list(names) for names in found.candidates],
        "nearest": list(found.nearest),
        "values": {name: _plain_value(value) for name, value in found.values.items()},
        "deviation": _plain_value(found.deviation),
        "tolerance": found.tolerance,
        "tried": found.tried,
        "places": places,
        "title": one.title,
        "proof": one.proof,
        "explanations": [
            {
                "heading": part.heading,
                "sentences": [f"{label}: {text}" for label, text in part.sentences],
            }
            for part in one.parts
        ],
    }


def _series(series: Series) -> dict[str, Any]:
    """Return the curves of one model as lists, the setting as it is."""
    fields = asdict(series)
    return {name: list(v) if isinstance(v, tuple) else v for name, v in fields.items()}


def _check(result: CheckResult, texts: Catalogue) -> dict[str, Any]:
    return {
        "code": result.code,
        "title": str(texts.entry(f"check.{result.code}.title")),
        "outcome": result.outcome.value,
        "points": result.points,
        "max_points": result.max_points,
        "required": result.required,
        "skipped_because": list(result.skipped_because),
        "findings": [_finding(result.code, finding, texts) for finding in result.findings],
    }


def _finding(code: str, finding: Finding, texts: Catalogue) -> dict[str, Any]:
    said = words.say(texts, code, finding).words
    return {
        "kind": finding.kind,
        "outcome": finding.outcome.value,
        "model": finding.model,
        "file": printable(finding.file) if finding.file else None,
        "path": printable(finding.path) if finding.path else None,
        "line": finding.line,
        "t": finding.t,
        "found": said.found,
        "expected": said.expected,
        "next_step": said.next_step,
        "message": said.message,
        "data": _plain(finding.data),
    }


def _plain(data: Mapping[str, Value]) -> dict[str, Any]:
    """Return the data with nothing JSON cannot hold: no NaN or Infinity, no unprintable text."""
    return {name: _plain_value(value) for name, value in data.items()}


def _plain_value(value: object) -> object:
    if isinstance(value, list):
        return [_plain_value(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return printable(value) if isinstance(value, str) else value
