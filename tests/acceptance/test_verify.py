"""`verify`: a report belongs to its files and its rubric, and to nothing else."""

import json
import shutil
from pathlib import Path

import pytest

from grader import cli
from grader.grading import Options, grade
from grader.report import render
from grader.texts import LANGUAGES, catalogue

EXPERIMENT = Path(__file__).parents[2] / "experiments" / "14-vanishing-grad"


@pytest.fixture(scope="module")
def written():
    """The report of the files alone, as text."""
    return render("json", grade(EXPERIMENT, Options(run=False)), "en")


@pytest.fixture
def folder(tmp_path):
    target = tmp_path / "14-vanishing-grad"
    shutil.copytree(EXPERIMENT, target, ignore=shutil.ignore_patterns("__pycache__"))
    return target


@pytest.fixture
def verify(folder, tmp_path, written, capsys):
    """Verify a changed report against the folder; return the exit status and what was said."""

    def run(change=lambda document: document, *words, language="en"):
        path = tmp_path / "report.json"
        changed = change(json.loads(written))
        text = changed if isinstance(changed, str | bytes) else json.dumps(changed)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        status = cli.main(["verify", str(path), str(folder), "--lang", language, *map(str, words)])
        return status, capsys.readouterr().out

    return run


@pytest.mark.parametrize("language", LANGUAGES)
def test_report_belongs_to_its_files(verify, language):
    status, said = verify(language=language)
    assert status == 0
    assert said.startswith(("The report belongs to", "El informe corresponde a"))


def test_full_report_belongs_to_its_files(folder, tmp_path, capsys):
    path = tmp_path / "report.json"
    words = [str(folder), "--format", "json", "--output", str(path), "--min-score", "100"]
    assert cli.main(words) == 0
    assert json.loads(path.read_text(encoding="utf-8"))["score"]["minimum"] == 100
    assert cli.main(["verify", str(path), str(folder)]) == 0


def altered(**changes):
    return lambda document: {**document, **changes}


def row(**changes):
    """Return a change of the row of stop.separated."""

    def apply(document):
        for check in document["checks"]:
            if check["code"] == "stop.separated":
                check.update(changes)
        return document

    return apply


def without_a_check(document):
    document["checks"].pop()
    return document


FORGED = {
    "points": (row(points=0), "stop.separated: the report says pass, 0/"),
    "outcome": (row(outcome="fail"), "stop.separated: the report says fail"),
    "verdict": (
        altered(verdict="files_inconsistent", exit_status=1),
        "verdict: the report says files_inconsistent; grading again gives files_consistent",
    ),
    "headline": (altered(headline="PASSED: 100 of 100 points"), "headline: the report says PASSED"),
    "a check less": (without_a_check, "the report says —"),
    "another stop condition": (
        altered(stop_conditions=[{"number": 1, "outcome": "fail", "summary": "x"}]),
        "stop_conditions 1: the report says fail",
    ),
    "another version": (
        lambda d: {**d, "grader": {**d["grader"], "version": "0.0.1"}},
        "made by version 0.0.1",
    ),
    "another rubric": (
        lambda d: {**d, "grader": {**d["grader"], "rubric_sha256": "0" * 64}},
        "made with another rubric",
    ),
}


@pytest.mark.parametrize("name", FORGED)
def test_forged_report_is_told_by_what_it_forges(verify, name):
    change, expected = FORGED[name]
    status, said = verify(change)
    assert status == 1
    assert said.startswith("The report does not belong")
    assert expected in said


@pytest.mark.slow
def test_report_of_files_alone_that_claims_to_have_passed_is_graded_in_full(verify):
    score = {"points": 100, "out_of": 100, "not_assessed": 0}
    status, said = verify(altered(scope="full", verdict="passed", score=score))
    assert status == 1
    assert "evidence rnn: the report says files, False; grading again gives probe, True" in said


CHANGED = {
    "changed": (
        lambda f: (f / "README.md").write_text("# No\n"),
        "README.md: the file has changed",
    ),
    "removed": (lambda f: (f / "decay.png").unlink(), "decay.png: in the report and not"),
    "added": (lambda f: (f / "gru.py").write_text("x = 1\n"), "gru.py: in the folder and not"),
}


@pytest.mark.parametrize("name", CHANGED)
def test_other_files_are_named(verify, folder, name):
    change, expected = CHANGED[name]
    change(folder)
    status, said = verify()
    assert (status, expected in said) == (1, True)


def test_other_rubric_is_named(verify, tmp_path):
    config = tmp_path / "mine.toml"
    config.write_text("thresholds.margin_orders = 2.0", encoding="utf-8")
    status, said = verify(lambda d: d, "--config", config)
    assert (status, "made with another rubric" in said) == (1, True)


HOSTILE = {
    "not JSON": lambda _: "{",
    "NaN": lambda d: json.dumps(d).replace('"exit_status": 0', '"exit_status": NaN'),
    "twice": lambda d: json.dumps(d).replace("{", '{"scope": "full", ', 1),
    "deep": lambda _: "[" * 100_000,
    "not UTF-8": lambda _: b"\xff\xfe{}",
    "too large": lambda d: json.dumps(d) + " " * 8_000_000,
    "a list": lambda d: [d],
    "no report": lambda _: {},
    "other schema": altered(schema_version=2),
    "points as text": altered(score={"points": "100", "out_of": 100, "not_assessed": 0}),
    "one key more": lambda d: {**d, "::error::x": 1},
    "escapes": lambda d: {**d, "grader": {**d["grader"], "version": "\x1b[2J\u202e::error::x"}},
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_report_is_refused_in_plain_words(verify, name):
    status, said = verify(HOSTILE[name])
    assert status == 1
    assert said.count("\n") <= 3
    assert not {"\x1b", "\u202e"} & set(said)
    assert "::error" not in said


@pytest.mark.parametrize("words", [["nowhere.json", "."], ["{report}", "nowhere"], ["{report}"]])
def test_paths_that_cannot_be_used_are_a_usage_error(words, tmp_path, written, capsys):
    report = tmp_path / "report.json"
    report.write_text(written, encoding="utf-8")
    given = [word.format(report=report) for word in words]
    given = [str(EXPERIMENT) if word == "." else word for word in given]
    try:
        status = cli.main(["verify", *given])
    except SystemExit as stop:
        status = stop.code
    said = capsys.readouterr()
    assert (status, said.out) == (2, "")
    assert said.err.startswith("vangrad: ")


def test_fault_of_ours_says_nothing_about_the_report(verify, monkeypatch):
    def broken(_material):
        raise RuntimeError("no")
        yield

    monkeypatch.setattr("grader.checks.stop.separated", broken)
    status, said = verify()
    assert status == 3
    assert said.strip() == catalogue("en").say("cli.verify.fault")
