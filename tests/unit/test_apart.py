"""The write-up read in a second process: the same findings, whatever becomes of that process."""

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
    if code.startswith("readme."):
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


def expected(path):
    return json.loads(render("json", grade(path, Options(run=False)), "en"))


@pytest.fixture
def submission(tmp_path):
    for file in EXPERIMENT.iterdir():
        if file.is_file():
            (tmp_path / file.name).write_bytes(file.read_bytes())
    return tmp_path


@pytest.mark.parametrize(
    "text",
    [
        None,
        "# Vanishing gradient\n\nThe RNN loses 9.9 orders per 10 steps. The GRU does not vanish.\n",
        "TODO\n",
        "",
    ],
)
def test_report_is_the_same(submission, text):
    if text is not None:
        (submission / "README.md").write_text(text, encoding="utf-8")
    report, here = told(submission)
    assert here == 0
    assert report == expected(submission)


@pytest.mark.parametrize(
    "fate", ["os.kill(os.getpid(), 9)", "raise KeyboardInterrupt", "os._exit(7)"]
)
def test_child_that_dies_costs_nothing(submission, fate):
    report, here = told(submission, fate)
    assert here > 0
    assert report == expected(submission)


def test_system_without_processes_to_spare_costs_nothing(submission):
    before = "def fork():\n    raise BlockingIOError(11, 'no more')\nos.fork = fork"
    report, here = told(submission, before=before)
    assert here > 0
    assert report == expected(submission)


def test_nobody_waits_for_what_is_not_asked_for(submission):
    """Where README.md stands behind nothing, a child that never ends is ended."""
    before = "from grader import grading\ngrading.run_checks = lambda *_, **__: ()\n"
    program = PROGRAM.format(fate="import time; time.sleep(600)", before=before)
    done = python("-c", program, str(submission))
    assert "a child is left" not in done.stderr


def test_caller_in_python_is_not_forked(submission, monkeypatch):
    monkeypatch.setattr(os, "fork", lambda: pytest.fail("forked"))
    assert expected(submission)["verdict"] == "files_consistent"


def test_command_line_says_the_same(submission):
    done = python("-m", "grader", str(submission), "--no-run", "--format", "json")
    assert (done.returncode, json.loads(done.stdout)) == (0, expected(submission))


def test_process_is_forked_before_numpy_starts_its_threads(submission):
    before = """
fork = os.fork
def only_early():
    assert "numpy" not in sys.modules
    return fork()
os.fork = only_early
"""
    report, here = told(submission, before=before)
    assert (here, report) == (0, expected(submission))
