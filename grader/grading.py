"""One submission from directory to report: read, run, probe, check, conclude."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from grader.apart import SCHEMAS, TEXTS, Companion
from grader.isolation.refusal import IsolationRefusedError
from grader.model import KINDS, Decay, Kind, Manifest, Material, Problem, Report, Submission
from grader.reading.loading import decoded, load
from grader.reading.manifest import read_manifest
from grader.reading.normalise import read_decay
from grader.rubric import Rubric, load_rubric
from grader.runner import Scope, findings, run_checks

if TYPE_CHECKING:
    from grader.facts import ProbeFacts, RunFacts

DEFAULT_SEED = 42
PROBE_KEY = "VANGRAD_PROBE_KEY"
MAX_SCRIPTS = 5
MAX_SEED = 2**63


@dataclass(frozen=True, slots=True)
class Options:
    """How to grade.

    `timeout_s` is the time limit of each run of the script, in seconds; `isolation` is "auto" or
    the name of a tier, and `unsafe` takes a weak one where no strong one is to be had. Without a
    `rubric` the grader's own is used; `grader.rubric.load_rubric` makes others of it. Without
    `manual`, what only puts questions to a person is left out.
    """

    run: bool = True
    timeout_s: float = 60.0
    minimum: int | None = None
    rubric: Rubric | None = None
    key: bytes = b""
    isolation: str = "auto"
    unsafe: bool = False
    manual: bool = True


def grade(
    path: Path | str, options: Options | None = None, companion: Companion | None = None
) -> Report:
    """Grade the submission in the folder `path`.

    Parameters
    ----------
    path : Path or str
        The folder with the five files.
    options : Options, optional
        How to grade; the default runs the script and ships with the grader's own rubric.
    companion : Companion, optional
        A second process that finds what it can where nothing is run.

    Returns
    -------
    Report
        Everything a rendering needs.

    Raises
    ------
    IsolationRefusedError
        If the submission's code can't be run as safely as was asked, or as this place demands.
    """
    chosen = options or Options(key=os.environ.get(PROBE_KEY, "").encode())
    rubric = chosen.rubric or load_rubric()
    submission = load(Path(path))
    scope: Scope = "full" if chosen.run else "files"
    material = replace(material_of(submission, rubric), manual=chosen.manual)
    seek = findings
    if companion is not None and not chosen.run:
        shown = [c for c in (*SCHEMAS, *TEXTS) if chosen.manual or not rubric.rows[c].manual]
        companion.ask(material, shown)
        seek = companion.seek
    from grader.conclusion import conclude  # and NumPy, while the companion is at work

    if chosen.run:
        try:
            material = _with_evidence(material, rubric, chosen)
        except IsolationRefusedError:
            raise
        except Exception as error:  # noqa: BLE001 - a grader's fault must never cost a student's report
            material = replace(material, fault=error)
    results = run_checks(material, rubric, scope, seek, (SCHEMAS, TEXTS))
    return conclude(material, rubric, results, scope, chosen.minimum)


def material_of(submission: Submission, rubric: Rubric) -> Material:
    """Return what is known of a submission from its files alone."""
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


def _with_evidence(material: Material, rubric: Rubric, options: Options) -> Material:
    """Run the script and probe its functions; without a script there is nothing to run."""
    from grader.evidence.probe import probe, secret_of
    from grader.evidence.rerun import Terms, fresh_runs
    from grader.evidence.seeds import Plan
    from grader.isolation.policy import Wish, in_ci, protection

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

    def look_at_files() -> None:
        # What the checks read of the files is remembered, and free while the children work. Draws
        # are none of it: what is measured needs other ones, or none.
        run_checks(material, _without_draws(rubric), "files")

    wish = Wish(options.isolation, unsafe=options.unsafe, ci=in_ci())
    terms = Terms(protection(wish), options.timeout_s)
    with fresh_runs(material.submission, scripts, terms, meanwhile=look_at_files) as session:
        found = probe(session, plan) if _answering(session.functions, session.facts) else {}

    first = session.facts.first

    def lifted() -> Callable[[Kind], ProbeFacts]:
        from grader.evidence.lift import lift

        written = first.artefacts.get("decay.json")
        return lift(material.submission, scripts, plan, terms, written, first.place)

    return replace(material, run=session.facts, probe=_completed(found, lifted))


def _completed(
    found: Mapping[Kind, ProbeFacts], lifted: Callable[[], Callable[[Kind], ProbeFacts]]
) -> dict[Kind, ProbeFacts]:
    """Return what functions showed, and what lifting shows where there are none or too little."""
    from grader.evidence.seconding import seconded

    if any(facts.status == "no-functions" for facts in found.values()):
        missing = next(iter(found.values())).missing_functions
        model = lifted()
        found = {kind: replace(model(kind), missing_functions=missing) for kind in KINDS}
    return seconded(found, lifted)


def _without_draws(rubric: Rubric) -> Rubric:
    """Return the rubric without the checks that compare with draws; nothing requires them."""
    drawing = ("stop.", "plausible.", "pitfalls.")
    rows = {code: row for code, row in rubric.rows.items() if not code.startswith(drawing)}
    return replace(rubric, rows=rows)


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
