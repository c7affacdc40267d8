"""The line of a finding: where its value stands in a JSON file, or where its function begins."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from grader.model import CheckResult, Finding, Material

if TYPE_CHECKING:
    from grader.facts import Diagnosis

ENTRY = "bptt_norm.py"
FUNCTIONS: Mapping[str, str] = {
    "gradient.forward": "step",
    "gradient.loss": "loss",
    "gradient.head": "bptt",
    "gradient.steps": "bptt",
    "gradient.chain": "bptt",
    "gradient.hot": "bptt",
}
"""Of each check of the gradient, the function that it is about."""


def placed(
    results: Sequence[CheckResult], material: Material, diagnoses: Sequence[Diagnosis]
) -> tuple[CheckResult, ...]:
    """Return the results with the line of every finding whose line can be told.

    Parameters
    ----------
    diagnoses : sequence of Diagnosis
        Where no function is offered, what explains a model's numbers says where to look.
    """
    places = _Places(material, diagnoses)
    return tuple(
        replace(row, findings=tuple(places.of(row.code, finding) for finding in row.findings))
        for row in results
    )


class _Places:
    """Where things stand in one submission; scripts are read when the first finding asks."""

    def __init__(self, material: Material, diagnoses: Sequence[Diagnosis]) -> None:
        self.material = material
        self.diagnoses = diagnoses
        self.functions: Mapping[str, tuple[str, int]] | None = None

    def of(self, code: str, finding: Finding) -> Finding:
        """Return the finding with its line; unchanged where it has one or none can be told."""
        if finding.line is not None or finding.file is None:
            return finding
        if finding.file == ENTRY:
            return self._in_script(code, finding)
        line = self._in_json(finding)
        return finding if line is None else replace(finding, line=line)

    def _in_json(self, finding: Finding) -> int | None:
        decay, manifest = self.material.decay, self.material.manifest
        if finding.file == "decay.json" and decay is not None:
            path = finding.path
            if path is None and finding.model is not None:
                path = decay.paths.get(finding.model)
            return line_of(decay.lines, path, finding.t)
        if finding.file == "manifest.json" and manifest is not None:
            return line_of(manifest.lines, finding.path, None)
        return None

    def _in_script(self, code: str, finding: Finding) -> Finding:
        name = finding.data.get("function") if code.startswith("gradient.") else None
        name = name or FUNCTIONS.get(code)
        if name is None:
            return finding
        if self.functions is None:
            self.functions = dict(_functions(self.material))
        place = self.functions.get(str(name)) or self._diagnosed(finding)
        return finding if place is None else replace(finding, file=place[0], line=place[1])

    def _diagnosed(self, finding: Finding) -> tuple[str, int] | None:
        places = ((d.file, d.line) for d in self.diagnoses if d.model == finding.model and d.line)
        return next(places, None)


def line_of(lines: Mapping[str, int], path: str | None, t: int | None) -> int | None:
    """Return the line of the value at a JSON path, of its entry `t` where that is known.

    What is missing from a file is looked for where it should stand: in the nearest thing around it.
    """
    if path is None:
        return None
    if t is not None and f"{path}[{t}]" in lines:
        return lines[f"{path}[{t}]"]
    while path and path not in lines:
        path = path[: max(path.rfind("."), path.rfind("["), 0)]
    return lines.get(path) if path else None


def _functions(material: Material) -> Iterator[tuple[str, tuple[str, int]]]:
    """Yield where each function of the scripts is defined; what is given last counts."""
    from grader.scripts.scan import parse

    scripts = material.submission.scripts
    for file in sorted(scripts, key=lambda name: (name == ENTRY, name)):
        script = parse(file, scripts[file].data)
        for node in script.tree.body if script is not None else ():
            if isinstance(node, ast.FunctionDef):
                yield node.name, (scripts[file].name, node.lineno)
