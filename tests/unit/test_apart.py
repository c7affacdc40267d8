"""Texts read in a second process: the same findings, whatever becomes of that process."""

import functools
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from grader import Options, grade, render
from grader.apart import is_possible

ROOT = Path(__file__).parents[2]
EXPERIMENT = ROOT / "experiments" / "14-vanishing-grad"

pytestmark = pytest.mark.skipif(not is_possible(), reason="no second process here: one processor")

PROGRAM = """
import os, sys
from pathlib import Path
from grader import apart

ours, find, forked = os.getpid(), apart.findings, []

def findings(code, material):
    if code in (*apart.SCHEMAS, *apart.TEXTS):
        forked.append(code)
        if os.getpid() != ours:
            {fate}
    return find(code, material)

apart.findings = findings
{before}
with apart.companion(["--no-run"]) as second:
    {after}
    from grader.grading import Options, grade
    from grader.report import render
    report = grade(Path(sys.argv[1]), Options(run=False), second)
print(len(forked), file=sys.stderr)
try:
    os.waitpid(-1, os.WNOHANG)
    sys.exit("a child is left")
except ChildProcessError:
    sys.stdout.write(render("json", report, "en"))
"""


def python(*words):
    return subprocess.run(  # noqa: S603 - our own command
        [sys.executable, *words], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )


def told(path, fate="pass", before="", after=""):
    """Return the report that a process of its own makes, and how many checks it made of these."""
    program = PROGRAM.format(fate=fate, before=before, after=after)
    done = python("-c", program, str(path))
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), int(done.stderr)


@functools.cache
def as_handed_in():
    return expected(EXPERIMENT)


def expected(path):
    return json.loads(render("json", grade(path, Options(run=False)), "en"))


@pytest.fixture
def submission(tmp_path):
    for file in EXPERIMENT.iterdir():
        if file.is_file():
            (tmp_path / file.name).write_bytes(file.read_bytes())
    return tmp_path


def test_report_is_the_same():
    assert told(EXPERIMENT) == (as_handed_in(), 0)


def test_report_of_another_write_up_is_the_same(submission):
    text = (
        "# Vanishing gradient\n\nThe RNN loses 9.9 orders per 10 steps. The GRU does not vanish.\n"
    )
    (submission / "README.md").write_text(text, encoding="utf-8")
    assert told(submission) == (expected(submission), 0)


def test_report_of_a_decay_json_that_breaks_its_schema_is_the_same(submission):
    """What others require is found in the child, and closes them here."""
    decay = json.loads((submission / "decay.json").read_text(encoding="utf-8"))
    decay["rnn"] = decay["rnn"][:49]
    (submission / "decay.json").write_text(json.dumps(decay), encoding="utf-8")
    report, here = told(submission)
    assert (report, here) == (expected(submission), 0)
    skipped = {check["code"] for check in report["checks"] if check["outcome"] == "skipped"}
    assert "stop.separated" in skipped


@pytest.mark.parametrize("fate", ["os.kill(os.getpid(), 9)", "raise KeyboardInterrupt"])
def test_child_that_dies_costs_nothing(fate):
    report, here = told(EXPERIMENT, fate)
    assert here > 0
    assert report == as_handed_in()


@pytest.mark.parametrize(
    "before",
    [
        "def gone(code):\n    os._exit(1)\napart.find_check = gone",
        "def gone(code):\n    raise MemoryError\napart.find_check = gone",
    ],
)
def test_child_that_is_gone_before_it_is_asked_costs_nothing(before):
    report, here = told(
        EXPERIMENT, before=before, after="os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT)"
    )
    assert here > 0
    assert report == as_handed_in()


def test_system_without_processes_to_spare_costs_nothing():
    before = "def fork():\n    raise BlockingIOError(11, 'no more')\nos.fork = fork"
    report, here = told(EXPERIMENT, before=before)
    assert here == 0  # no companion: nothing goes through it
    assert report == as_handed_in()


def test_nobody_waits_for_what_is_not_asked_for():
    """A child that never ends is ended."""
    after = "from grader import grading; grading.run_checks = lambda *_, **__: ()"
    program = PROGRAM.format(fate="import time; time.sleep(600)", before="", after=after)
    done = python("-c", program, str(EXPERIMENT))
    assert "a child is left" not in done.stderr


@pytest.mark.parametrize("words", [["--no-run", "/no/such/folder"], ["--no-run", "--help"]])
def test_child_that_is_never_asked_is_ended(words):
    done = python("-m", "grader", *words)
    assert done.returncode == (0 if "--help" in words else 2)
    assert "Traceback" not in done.stderr


def test_caller_in_python_is_not_forked(monkeypatch):
    monkeypatch.setattr(os, "fork", lambda: pytest.fail("forked"))
    assert expected(EXPERIMENT)["verdict"] == "files_consistent"


def test_command_line_says_the_same():
    done = python("-m", "grader", str(EXPERIMENT), "--no-run", "--format", "json")
    assert (done.returncode, json.loads(done.stdout)) == (0, as_handed_in())


def test_process_is_forked_before_anything_that_one_of_both_can_do_without():
    before = """
fork = os.fork
def only_early():
    ours = {name for name in sys.modules if name.startswith("grader.")}
    assert not {"numpy", "jsonschema", "argparse", "tomllib"} & set(sys.modules), "too much"
    assert len(ours) < 10, ours
    return fork()
os.fork = only_early
"""
    assert told(EXPERIMENT, before=before) == (as_handed_in(), 0)


def test_starter_that_ignores_the_end_of_children_changes_nothing():
    before = "import signal; signal.signal(signal.SIGCHLD, signal.SIG_IGN)"
    assert told(EXPERIMENT, before=before) == (as_handed_in(), 0)


def test_full_grade_has_no_companion():
    done = python(
        "-c", "from grader.apart import companion\nwith companion(['x']) as one: print(one)"
    )
    assert done.stdout == "None\n"
