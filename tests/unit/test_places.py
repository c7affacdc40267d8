"""The line of a finding: that of the value, or of the function it is about."""

import json
from dataclasses import replace

import pytest

from grader.facts import Diagnosis
from grader.model import CheckResult, Finding, Outcome
from grader.places import line_of, placed
from grader.reading.manifest import read_manifest
from grader.reading.normalise import read_decay
from tests.toys import loaded, material

NORMS = [10.0 ** (t - 50) for t in range(50)]
SCRIPT = "import numpy as np\n\n\ndef step():\n    pass\n\n\ndef bptt():\n    pass\n"
LAYOUTS = {
    "lists": ({"rnn": NORMS, "gru": NORMS}, "rnn", 2),
    "nested": ({"a": {"rnn": NORMS}, "b": {"gru": NORMS}}, "a.rnn", 3),
    "records": ([{"t": t, "rnn": g, "gru": g} for t, g in enumerate(NORMS)], "[*].rnn", 4),
    "keyed": ({"rnn": {str(t): g for t, g in enumerate(NORMS)}, "gru": NORMS}, 'rnn["*"]', 3),
    "backwards": ({"rnn_steps_back": NORMS[::-1], "gru": NORMS}, "rnn_steps_back", 2),
}


def decay_of(document):
    decay, _ = read_decay(loaded("decay.json", json.dumps(document, indent=1)))
    assert decay is not None
    return decay


def one(code, finding, *, diagnoses=(), scripts=None, **known):
    """Return the finding as it is placed."""
    sources = {"bptt_norm.py": SCRIPT} if scripts is None else scripts
    files = {name: loaded(name, text) for name, text in sources.items()}
    row = CheckResult(code, Outcome.FAIL, 0, 1, required=True, findings=(finding,))
    submission = replace(material().submission, scripts=files)
    (result,) = placed([row], material(submission=submission, **known), diagnoses)
    return result.findings[0]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("t", [0, 17, 49])
def test_entry_of_a_curve_is_found_in_every_layout(layout, t):
    document, path, _ = LAYOUTS[layout]
    text = json.dumps(document, indent=1).splitlines()
    decay = decay_of(document)
    found = line_of(decay.lines, decay.paths["rnn"], t)
    assert json.dumps(NORMS[t]) in text[found - 1]
    assert decay.paths["rnn"].split(".")[-1][:3] == path.split(".")[-1][:3]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_curve_itself_is_found_where_it_begins(layout):
    document, _, line = LAYOUTS[layout]
    decay = decay_of(document)
    assert line_of(decay.lines, decay.paths["rnn"], None) == line


def test_missing_key_is_placed_in_what_should_hold_it():
    lines = {"": 1, "results_summary": 4, "results_summary.rnn": 5}
    assert line_of(lines, "results_summary.gru_orders", None) == 4
    assert line_of(lines, "config.seed", None) is None


def test_value_of_the_manifest_points_at_its_line():
    manifest, _ = read_manifest(loaded("manifest.json", '{\n "seed": 1,\n "config": {}\n}'))
    finding = Finding("x", file="manifest.json", path="seed")
    assert one("manifest.config", finding, manifest=manifest).line == 2


def test_value_of_a_curve_points_at_its_line():
    finding = Finding("x", model="rnn", file="decay.json", path="rnn[3]", t=3)
    assert one("decay.schema", finding, decay=decay_of(LAYOUTS["lists"][0])).line == 6


def test_finding_about_a_curve_points_at_the_curve():
    finding = Finding("x", model="gru", file="decay.json")
    assert one("pitfalls.floor", finding, decay=decay_of(LAYOUTS["lists"][0])).line == 54


@pytest.mark.parametrize(("code", "line"), [("gradient.steps", 8), ("gradient.forward", 4)])
def test_gradient_points_at_the_function_it_is_about(code, line):
    assert one(code, Finding("x", file="bptt_norm.py")).line == line


def test_misbehaviour_points_at_its_function():
    finding = Finding("raised", data={"function": "step"}, file="bptt_norm.py")
    assert one("gradient.functions", finding).line == 4


def test_function_of_another_file_is_found_there():
    scripts = {"bptt_norm.py": "from gru import bptt\n", "gru.py": "\ndef bptt(): pass\n"}
    found = one("gradient.steps", Finding("x", file="bptt_norm.py"), scripts=scripts)
    assert (found.file, found.line) == ("gru.py", 2)


def test_without_functions_the_diagnosis_says_where():
    told = Diagnosis("rnn", "bptt", (("rnn-w-not-transposed",),), 0.0, 1.0, file="m.py", line=7)
    finding = Finding("x", model="rnn", file="bptt_norm.py")
    found = one("gradient.steps", finding, diagnoses=(told,), scripts={"bptt_norm.py": "x = 1\n"})
    assert (found.file, found.line) == ("m.py", 7)


@pytest.mark.parametrize(
    "finding",
    [
        Finding("x", file="README.md"),
        Finding("x"),
        Finding("x", file="decay.png"),
        Finding("x", file="manifest.json", path="seed"),
        Finding("x", file="bptt_norm.py", line=2),
    ],
)
def test_finding_without_a_place_to_look_up_is_left_as_it_is(finding):
    assert one("rerun.runs", finding) == finding


def test_script_that_is_no_python_has_no_lines():
    finding = Finding("x", file="bptt_norm.py")
    assert one("gradient.steps", finding, scripts={"bptt_norm.py": "def ("}) == finding
