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
from grader import apart, render
from grader.grading import Options, grade

ours, find, forked = os.getpid(), apart.findings, []

def findings(code, material):
    if code in apart.TEXTS:
        forked.append(code)
        if os.getpid() != ours:
            {fate}
    return find(code, material)

apart.findings = findings
{before}
report = grade(Path(sys.argv[1]), Options(run=False, alone=True))
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


def told(path, fate="pass", before=""):
    """Return the report that a process of its own makes, and how many checks it made of these."""
    done = python("-c", PROGRAM.format(fate=fate, before=before), str(path))
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


@pytest.mark.parametrize("fate", ["os.kill(os.getpid(), 9)", "raise KeyboardInterrupt"])
def test_child_that_dies_costs_nothing(fate):
    report, here = told(EXPERIMENT, fate)
    assert here > 0
    assert report == as_handed_in()


def test_system_without_processes_to_spare_costs_nothing():
    before = "def fork():\n    raise BlockingIOError(11, 'no more')\nos.fork = fork"
    report, here = told(EXPERIMENT, before=before)
    assert here > 0
    assert report == as_handed_in()


def test_nobody_waits_for_what_is_not_asked_for():
    """A child that never ends is ended."""
    before = "from grader import grading\ngrading.run_checks = lambda *_, **__: ()\n"
    program = PROGRAM.format(fate="import time; time.sleep(600)", before=before)
    done = python("-c", program, str(EXPERIMENT))
    assert "a child is left" not in done.stderr


def test_caller_in_python_is_not_forked(monkeypatch):
    monkeypatch.setattr(os, "fork", lambda: pytest.fail("forked"))
    assert expected(EXPERIMENT)["verdict"] == "files_consistent"


def test_command_line_says_the_same():
    done = python("-m", "grader", str(EXPERIMENT), "--no-run", "--format", "json")
    assert (done.returncode, json.loads(done.stdout)) == (0, as_handed_in())


def test_process_is_forked_before_numpy_starts_its_threads():
    before = """
fork = os.fork
def only_early():
    assert "numpy" not in sys.modules
    return fork()
os.fork = only_early
"""
    assert told(EXPERIMENT, before=before) == (as_handed_in(), 0)
