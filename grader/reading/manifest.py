"""manifest.json as it was written: an object, and the rounding of each of its numbers."""

from __future__ import annotations

import math

from grader.model import Finding, LoadedFile, Manifest, Problem
from grader.reading.loading import decoded
from grader.reading.strictjson import half_unit, parse_json

CODE = "manifest.readable"
FILE = "manifest.json"


def read_manifest(file: LoadedFile) -> tuple[Manifest | None, tuple[Problem, ...]]:
    """Read a loaded manifest.json.

    Parameters
    ----------
    file : LoadedFile
        As `loading.load` returned it.

    Returns
    -------
    manifest : Manifest or None
        The object, with None in place of numbers without a finite value; None where the text is no
        JSON object.
    problems : tuple of Problem
        What is wrong with the text, under manifest.readable.

    Source: the lab, block E.
    """
    parsed = parse_json(decoded(file))
    problems = tuple(parsed.problem(fault, CODE, FILE) for fault in parsed.faults)
    if not parsed.complete:
        return None, problems
    if not isinstance(parsed.value, dict):
        return None, (*problems, Problem(CODE, Finding("not_an_object", file=FILE)))
    numbers = {
        path: spot.literal for path, spot in parsed.spots.items() if spot.literal[-1].isdigit()
    }
    rounding = {path: half_unit(literal) for path, literal in numbers.items()}
    return Manifest(parsed.value, rounding, parsed.lines), problems


def value_at(manifest: Manifest, path: str) -> object:
    """Return what stands at the dotted `path` of plain keys, None where nothing does."""
    node: object = manifest.document
    for key in path.split("."):
        node = node.get(key) if isinstance(node, dict) else None
    return node


def number_at(manifest: Manifest, path: str) -> float | None:
    """Return the finite number at the dotted `path` as float64; None where there is none."""
    value = value_at(manifest, path)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) else None
