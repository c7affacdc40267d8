"""What lies in a student's repository takes the place of nothing of ours."""

# ruff: noqa: S603 - our own interpreter

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.installed import install

EXPERIMENT = Path(__file__).parents[2] / "experiments" / "14-vanishing-grad"
LAB = "experiments/14-vanishing-grad"
OWN = (
    "import os\nprint('PASSED 100/100', flush=True)\n"
    "open('/dev/stderr', 'w').write('owned')\nos._exit(0)\n"
)
HOOK = "def pytest_configure(config):\n    raise SystemExit(0)\n" + OWN
SCRIPTS = (
    "[project]\nname = 'grader'\nversion = '9'\n[project.scripts]\nvangrad = 'grader:run'\n"
    "[tool.pytest.ini_options]\naddopts = '--collect-only'\n[tool.vangrad]\nminimum_score = 0\n"
)
LENIENT = (
    "minimum_score = 0\n[checks.gradient]\nrecorded.required = false\nchain.required = false\n"
)
WORKFLOW = "on: pull_request\njobs:\n  grade:\n    steps:\n      - run: exit 0\n"
EXPORTS = "export PYTHONPATH=$PWD PYTHONSTARTUP=$PWD/own.py VANGRAD_LANG=es PATH=$PWD:$PATH\n"

TRICKS = {
    "a grader package": {"grader/__init__.py": OWN, "grader/__main__.py": OWN},
    "a reference package": {"reference/__init__.py": OWN, "reference/bptt.py": OWN},
    "a numpy module": {"numpy.py": OWN},
    "a json module": {"json.py": OWN},
    "a jsonschema package": {"jsonschema/__init__.py": OWN},
    "sitecustomize": {"sitecustomize.py": OWN},
    "usercustomize": {"usercustomize.py": OWN},
    "a main module": {"__main__.py": OWN},
    "conftest": {"conftest.py": HOOK, "pytest.ini": "[pytest]\naddopts = --collect-only\n"},
    "project settings": {"pyproject.toml": SCRIPTS},
    "setup.cfg": {"setup.cfg": "[options.entry_points]\nconsole_scripts =\n  vangrad = own:run\n"},
    "settings of the grader": {"vangrad.toml": LENIENT, "rubric.toml": LENIENT},
    "an environment file": {".env": "PYTHONPATH=.\nVANGRAD_RUBRIC=vangrad.toml\nCI=\n"},
    "exported variables": {".envrc": EXPORTS, "own.py": OWN},
    "a path file": {"own.pth": "import os; os._exit(0)\n", "pyvenv.cfg": "home = .\n"},
    "a matplotlibrc": {"matplotlibrc": "backend: module://own\n", "own.py": OWN},
    "workflows": {".github/workflows/grade.yml": WORKFLOW, ".pre-commit-config.yaml": "repos: []"},
    "a program of our name": {"vangrad": "#!/bin/sh\nexit 0\n", "python": "#!/bin/sh\nexit 0\n"},
}  # fmt: skip


@pytest.fixture(scope="module")
def python(tmp_path_factory):
    return install(tmp_path_factory.mktemp("installed") / "venv")


def repository(folder, *, right, tricks=()):
    """Make a student's repository, its submission right or wrong, with tricks at every level."""
    lab = folder / LAB
    shutil.copytree(EXPERIMENT, lab, ignore=shutil.ignore_patterns("__pycache__"))
    if not right:
        decay = json.loads((lab / "decay.json").read_text())
        decay["rnn"] = [value * 1.5 if t == 7 else value for t, value in enumerate(decay["rnn"])]
        (lab / "decay.json").write_text(json.dumps(decay))
    for trick in tricks:
        for name, content in TRICKS[trick].items():
            for place in (folder, lab):
                path = place / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(content)
                path.chmod(0o755)
    return folder


def graded(python, folder, *options):
    """Grade as the gate does, from inside the repository; return the status and what decides."""
    # What an .envrc exports is in force: isolated mode has to withstand it.
    environment = {
        "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(folder),
        "PYTHONSTARTUP": str(folder / "own.py"),
        "PYTHONHOME": "",
        "HOME": str(folder),
        "LANG": "C.UTF-8",
    }
    done = subprocess.run(
        [python, "-I", "-m", "grader", LAB, "--format", "json", *options],
        cwd=folder, env=environment, capture_output=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.stderr == b""
    report = json.loads(done.stdout)
    rows = {row["code"]: (row["outcome"], row["points"]) for row in report["checks"]}
    return done.returncode, report["verdict"], report["score"], rows


def test_every_trick_at_once_changes_no_verdict(python, tmp_path):
    right = graded(python, repository(tmp_path / "right", right=True, tricks=TRICKS))
    assert right[:2] == (0, "passed")
    assert right[2]["points"] == 100
    wrong = graded(python, repository(tmp_path / "wrong", right=False, tricks=TRICKS))
    assert wrong[:2] == (1, "not_passed")
    assert wrong[3]["gradient.recorded"][0] != "pass"
    same = {code for code in right[3] if right[3][code] == wrong[3][code]}
    assert {"rerun.runs", "gradient.steps", "gradient.chain", "plot.image"} <= same


@pytest.mark.slow
@pytest.mark.parametrize("trick", TRICKS)
def test_trick_changes_no_verdict(python, tmp_path, trick):
    clean = graded(python, repository(tmp_path / "clean", right=False))
    assert clean[:2] == (1, "not_passed")
    assert graded(python, repository(tmp_path / "own", right=False, tricks=[trick])) == clean


def test_there_are_fifteen_tricks_or_more():
    assert len(TRICKS) >= 15


def test_trick_works_on_a_command_that_is_not_isolated(python, tmp_path):
    """The tricks are real: without isolated mode the first of them passes what is wrong."""
    folder = repository(tmp_path / "own", right=False, tricks=["a grader package"])
    done = subprocess.run(
        [python, "-m", "grader", LAB], cwd=folder, capture_output=True, timeout=60, check=False
    )
    assert (done.returncode, b"PASSED 100/100" in done.stdout) == (0, True)
