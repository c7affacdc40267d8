"""What flows through the grader: frozen data, no behaviour beyond small look-ups.

A directory becomes a `Submission`; what can be found out about it becomes a `Material`; checks
turn a `Material` into `Finding`s; the runner gathers those into `CheckResult`s and a `Report`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from grader.facts import Diagnosis, ProbeFacts, RunFacts
    from grader.isolated import Isolation

Kind: TypeAlias = Literal["rnn", "gru"]
KINDS: tuple[Kind, Kind] = ("rnn", "gru")
Language: TypeAlias = Literal["en", "es"]
Level: TypeAlias = Literal["none", "files", "rerun", "lifted", "probe"]
Value: TypeAlias = str | int | float | list[str] | list[int] | list[float]

STEPS = 50
"""T, the number of tokens the lab asks for: h_0 … h_50, of which g_0 … g_49 are recorded."""


class Term(str):
    """A key of the texts that stands for a word in a sentence: translated where it is filled in."""

    __slots__ = ()


REQUIRED_FILES = ("bptt_norm.py", "decay.json", "decay.png", "manifest.json", "README.md")


class Outcome(StrEnum):
    """What became of a check, or how much a single finding weighs."""

    PASS = "pass"  # noqa: S105 - an outcome, not a password
    NOTE = "note"
    MANUAL = "manual"
    NOT_ASSESSED = "not-assessed"
    SKIPPED = "skipped"
    PARTIAL = "partial"
    STUDENT_ERROR = "student-error"
    FAIL = "fail"
    GRADER_ERROR = "grader-error"


SEVERITY = tuple(Outcome)
"""Outcomes from the lightest to the heaviest: a check's outcome is the heaviest of its findings."""

WRONG = frozenset({Outcome.PARTIAL, Outcome.STUDENT_ERROR, Outcome.FAIL})
"""Outcomes that say that something in the submission is wrong."""


class Verdict(StrEnum):
    """The one word at the head of a report."""

    PASSED = "passed"
    NOT_PASSED = "not_passed"
    NOT_VERIFIED = "not_verified"
    FILES_CONSISTENT = "files_consistent"
    FILES_INCONSISTENT = "files_inconsistent"
    GRADER_ERROR = "grader_error"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing a check noticed.

    `kind` names the sentence in `texts/*.toml` under the check's code; `data` fills its
    placeholders. `keeps` is the share of the check's points (of the model's part where `model` is
    set) that remains.
    """

    kind: str
    outcome: Outcome = Outcome.FAIL
    data: Mapping[str, Value] = field(default_factory=dict)
    model: Kind | None = None
    file: str | None = None
    path: str | None = None
    line: int | None = None
    t: int | None = None
    keeps: float = 0.0


@dataclass(frozen=True, slots=True)
class Problem:
    """A finding made before any check runs (while reading), and the check it belongs to."""

    code: str
    finding: Finding


@dataclass(frozen=True, slots=True)
class LoadedFile:
    """One file of the submission, read once, within bounds. `name` is as found on disk."""

    name: str
    data: bytes
    sha256: str


@dataclass(frozen=True, slots=True)
class Submission:
    """A directory as read from disk.

    `files` maps the canonical name (`README.md` whatever its case on disk) to what was read; files
    that are missing or unreadable are absent and have a `Problem`. `scripts` holds every `.py`
    file of the directory, `bptt_norm.py` among them, by name.
    """

    directory: Path
    root: Path
    files: Mapping[str, LoadedFile]
    scripts: Mapping[str, LoadedFile]
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Decay:
    """decay.json after normalisation.

    `curves[kind]` holds g_0 … g_49 as written (always what the file gives, even where the
    schema then refuses it); `last[kind]` is g_50 where given. `half_unit[kind][t]` is half a unit
    of the last digit written, the rounding a value can carry. `paths[kind]` is where the curve was
    found, as a JSON path. `lines` gives the line of every value by its path in the file, and that
    of g_t as `paths[kind][t]`, whatever the layout.
    """

    document: Mapping[str, object]
    curves: Mapping[Kind, tuple[float, ...]]
    half_unit: Mapping[Kind, tuple[float, ...]]
    last: Mapping[Kind, float]
    paths: Mapping[Kind, str]
    update_gate: Mapping[str, float]
    lines: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Manifest:
    """manifest.json as an object; `half_unit` is the rounding of each number by JSON path.

    `lines` gives the line of every value by its path.
    """

    document: Mapping[str, object]
    half_unit: Mapping[str, float]
    lines: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Material:
    """All that is known about a submission when the checks run.

    `fault` is what kept the grader itself from running or probing the script; `manual` says whether
    what only puts questions to a person is wanted.
    """

    submission: Submission
    problems: tuple[Problem, ...]
    decay: Decay | None
    manifest: Manifest | None
    readme: str | None
    thresholds: Mapping[str, float]
    run: RunFacts | None = None
    probe: Mapping[Kind, ProbeFacts] = field(default_factory=dict)
    fault: Exception | None = None
    manual: bool = True

    def found_while_reading(self, code: str) -> tuple[Finding, ...]:
        """Return the findings that reading made for the check `code`."""
        return tuple(problem.finding for problem in self.problems if problem.code == code)


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What one check concluded; points are integers.

    `skipped_because` names the prerequisites that kept `skipped_models` from being looked at.
    """

    code: str
    outcome: Outcome
    points: int
    max_points: int
    required: bool
    findings: tuple[Finding, ...] = ()
    skipped_because: tuple[str, ...] = ()
    skipped_models: tuple[Kind, ...] = ()


@dataclass(frozen=True, slots=True)
class Evidence:
    """How far up the evidence ladder one model was taken, and why not further."""

    model: Kind
    level: Level
    verified: bool
    reason: str


@dataclass(frozen=True, slots=True)
class StopCondition:
    """One of the lab's four stop conditions."""

    number: int
    outcome: Outcome
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Series:
    """What pictures show of one model: index t belongs to h_t, None where there is no number.

    Parameters
    ----------
    recorded : tuple
        log10 of decay.json's g_0 … g_49, and of g_50 where it is given.
    differences : tuple
        log10 of the norms that finite differences give, t = 0 … T.
    error, tolerance : tuple
        Relative error of the code's dL/dh_t against them, and what is allowed, t = 0 … T.
    predicted : tuple
        log10 of the list that the diagnosed mistake gives, t = 0 … T - 1.
    gate : tuple
        Shares of the update gate's values (weight of the candidate) in twentieths of [0, 1].
    setting : mapping
        What networks to compare with are drawn with; empty where too little is known.
    """

    model: Kind
    recorded: tuple[float | None, ...] = ()
    differences: tuple[float | None, ...] = ()
    error: tuple[float | None, ...] = ()
    tolerance: tuple[float | None, ...] = ()
    predicted: tuple[float | None, ...] = ()
    gate: tuple[float, ...] = ()
    setting: Mapping[str, str | int | float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Report:
    """Everything a rendering needs; each format is a pure function of this and a language.

    `folder` is the path from the repository's root to the submission, "" where that is the root;
    `fresh_plot` is the decay.png of the fresh run, where a person is to look at it.
    """

    name: str
    files: tuple[LoadedFile, ...]
    scope: Literal["full", "files"]
    verdict: Verdict
    headline: str
    headline_data: Mapping[str, Value]
    exit_status: int
    points: int | None
    not_assessed: int
    minimum: int | None
    checks: tuple[CheckResult, ...]
    evidence: tuple[Evidence, ...]
    isolation: Isolation
    stop_conditions: tuple[StopCondition, ...]
    questions: tuple[Finding, ...]
    measurements: Mapping[str, object]
    rubric_sha256: str
    environment: Mapping[str, str]
    diagnoses: tuple[Diagnosis, ...] = ()
    folder: str = ""
    series: tuple[Series, ...] = ()
    fresh_plot: bytes = b""
