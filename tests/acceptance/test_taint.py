"""A submission whose every name, string and message is a payload: nothing it says is obeyed."""

import io
import itertools
import json
import os
import re
import string
import sys
import unicodedata
from contextlib import redirect_stderr, redirect_stdout

import pytest

from grader import cli
from grader.facts import Diagnosis
from grader.model import CheckResult, Finding, Outcome
from grader.report import json as json_report
from grader.report import text as text_report
from grader.rubric import load_rubric
from grader.texts import LANGUAGES, catalogue
from tests.payloads import obeyed
from tests.toys import report

TAINT = (
    "\x1b[2J\x1b]0;owned\x07\x9b31m\u202egpj\u2066\u200b\x00\r\n::error file=x::owned\n"
    "##[error]owned\x85::stop-commands::t\u2028<script>z\u0301\u0301\u0301\ud800"
)
ON_DISK = "\x1b[2J::error::owned\n::warning::\u202e##[error]"
MESSAGE = "é\x1b[2J\n::error::owned\n##[set-env name=x]y \u202e\u200b \x9b31m"


def inert(text):
    """Demand that a rendering holds no character and no line that anything would obey."""
    odd = {c for c in text if c not in " \n" and unicodedata.category(c)[0] not in "LNPSM"}
    assert odd == set()
    assert obeyed(text) == []
    assert "z\u0301\u0301" not in text
    text.encode("utf-8")
    return text


def shown(*words):
    """Run the command line; return its status and all it printed."""
    out = io.StringIO()
    with redirect_stdout(out), redirect_stderr(out):
        try:
            status = cli.main([str(word) for word in words])
        except SystemExit as stop:
            status = stop.code
    return status, out.getvalue()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A submission on disk: names, keys, values, sentences, statements, chunks are payloads."""
    place = tmp_path_factory.mktemp("tainted") / f"e {ON_DISK}"
    place.mkdir()
    norms = [10.0**-t for t in range(50, 0, -1)]
    decay = {"rnn": norms[:-1], f"gru{MESSAGE}": [*norms, MESSAGE], MESSAGE: norms, "t": [MESSAGE]}
    manifest = {
        "experiment": MESSAGE, "date": MESSAGE, "seed": MESSAGE, "run": [MESSAGE, f"{ON_DISK}.py"],
        "config": {"sequence_length": MESSAGE, "synthetic_target": MESSAGE, MESSAGE: MESSAGE},
        "results_summary": {"rnn_orders_of_decay_per_10steps": MESSAGE},
        "versions": {"python": MESSAGE},
    }  # fmt: skip
    script = (
        f"raise NotImplementedError({MESSAGE!r})\nimport é\nW -= lr * dW * f({MESSAGE!r})\n"
        f"import importlib\nimportlib.import_module({'torch.' + MESSAGE!r})\n"
        f"importlib.import_module({MESSAGE!r})\n"
    )
    readme = f"# {MESSAGE}\n\nTODO: {MESSAGE}\n\nThe GRU does not vanish {MESSAGE}.\n" * 3
    (place / "decay.json").write_text(json.dumps(decay), encoding="utf-8")
    (place / "manifest.json").write_text(json.dumps(manifest, ensure_ascii=False), encoding="utf-8")
    (place / "bptt_norm.py").write_text(script, encoding="utf-8")
    (place / f"{ON_DISK}.py").write_text(script, encoding="utf-8")
    (place / f"decay.json{ON_DISK}").write_text("{}", encoding="utf-8")
    (place / "readme.MD").write_text(readme, encoding="utf-8")
    (place / "README.md").write_text(readme, encoding="utf-8")
    (place / "decay.png").write_bytes(b"\x89PNG" + MESSAGE.encode())
    return place


@pytest.mark.parametrize("language", LANGUAGES)
def test_text_report_of_a_tainted_submission_is_inert(folder, language):
    status, text = shown(folder, "--no-run", "--lang", language)
    assert status == 1
    assert "owned" in inert(text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_json_report_of_a_tainted_submission_is_inert(folder, language):
    status, text = shown(folder, "--no-run", "--lang", language, "--format", "json")
    assert (status, json.loads(inert(text))["exit_status"]) == (1, 1)
    assert "owned" in text
    for one in strings(json.loads(text)):
        inert(one)


def strings(node):
    """Yield every key and text of a document."""
    if isinstance(node, str):
        yield node
    elif isinstance(node, dict):
        for key, value in node.items():
            yield from (key, *strings(value))
    elif isinstance(node, list):
        for value in node:
            yield from strings(value)


@pytest.mark.skipif(sys.platform == "win32", reason="names of files are not bytes there")
def test_file_name_that_is_no_text_is_left_out(folder):
    (folder / os.fsdecode(b"\xff\x1b.py")).write_text("import torch", encoding="utf-8")
    assert inert(shown(folder, "--no-run")[1])


COMMANDS = {
    "path": [TAINT.replace("\x00", "").replace("\ud800", "")],
    "path with a null": [TAINT.replace("\ud800", "")],
    "option": [".", f"--{MESSAGE}"],
    "number": [".", "--timeout", MESSAGE],
    "points": [".", "--min-score", MESSAGE],
    "choice": [".", "--format", MESSAGE],
    "config": [".", "--config", MESSAGE],
    "output": [".", "--no-run", "--output", f"{MESSAGE}/x"],
    "code": ["explain", MESSAGE],
    "code and option": ["explain", "a", MESSAGE],
    "new": ["new", f"/dev/null/{MESSAGE}"],
}


@pytest.mark.parametrize("name", COMMANDS)
def test_complaint_about_the_command_line_is_one_inert_line(folder, monkeypatch, name):
    monkeypatch.chdir(folder)
    status, text = shown(*COMMANDS[name])
    assert status == 2
    assert inert(text).count("\n") == 1


def test_fault_of_ours_is_told_in_one_inert_line(folder, monkeypatch):
    def broken(*_):
        raise ValueError(TAINT)

    monkeypatch.setattr("grader.grading.load", broken)
    status, text = shown(folder, "--no-run")
    assert status == 3
    assert inert(text).count("\n") == 1


def placeholders(node):
    """Return the names of all that is filled into the sentences below `node`."""
    sentences = [text for text in strings(node) if "{" in text]
    return {name for text in sentences for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.fixture(scope="module")
def everything():
    """A report with every finding there is, each value of it a payload."""
    results = []
    for code in load_rubric().rows:
        texts = catalogue("en").entry(f"check.{code}").get("finding", {})
        outcomes = itertools.cycle((Outcome.FAIL, Outcome.MANUAL, Outcome.NOTE))
        findings = tuple(
            Finding(
                kind,
                next(outcomes),
                dict.fromkeys(placeholders(said), TAINT),
                None,
                TAINT,
                TAINT,
                3,
            )
            for kind, said in texts.items()
        )
        results.append(CheckResult(code, Outcome.FAIL, 0, 1, required=True, findings=findings))
    mistake = (("rnn-w-not-transposed",),)
    diagnosis = Diagnosis("rnn", "bptt", mistake, 1e-9, 1e-8, file=TAINT, line=3)
    return report(*results, name=TAINT, diagnoses=(diagnosis,))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_finding_is_told_inertly(everything, language):
    assert "owned" in inert(text_report.render(everything, language))
    document = json.loads(inert(json_report.render(everything, language)))
    for one in strings(document):
        inert(one)


def test_coloured_report_adds_colours_and_nothing_else(everything):
    stream = io.StringIO()
    text_report.show(everything, "en", stream, colour=True)
    inert(re.sub(r"\x1b\[[0-9;]*m", "", stream.getvalue()))


def test_payload_shown_as_it_is_would_be_noticed():
    with pytest.raises(AssertionError):
        inert(TAINT)
    assert obeyed(TAINT)
