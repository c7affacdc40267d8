"""What courses put on their platforms, with the platform played by folders and variables."""

# ruff: noqa: S603, S607 - shells that run our own scripts

import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import tarfile
import uuid
import zipfile
from base64 import urlsafe_b64encode
from pathlib import Path

import pytest

from grader import cli
from grader.platforms import PLATFORMS, build
from grader.platforms.wheel import wheel
from grader.version import __version__
from tests.installed import install

ROOT = Path(__file__).parents[2]
EXPERIMENT = ROOT / "experiments" / "14-vanishing-grad"
ACTION = ROOT / ".github" / "actions" / "grade" / "grade.sh"
SCRIPTS = sorted([ACTION, *(ROOT / "grader" / "platforms").glob("*/*.sh")])
SCRIPTS.append(ROOT / "grader" / "platforms" / "gradescope" / "run_autograder")
ADDRESS = re.compile(rb"index-url|find-links[= ]+https?:|(?<!w3)\.(?:org|io|com|net)/")
"""Where packages or images would come from: the user's own settings decide that, not we."""


@pytest.fixture(scope="module")
def python(tmp_path_factory):
    return install(tmp_path_factory.mktemp("installed") / "venv")


@pytest.fixture
def lab(tmp_path):
    """A repository of a student with the right submission, graded from its files."""
    folder = tmp_path / "workspace" / "experiments" / "14-vanishing-grad"
    shutil.copytree(EXPERIMENT, folder, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def broken(lab):
    (lab / "decay.json").write_text("{")
    (lab / "bptt_norm.py").unlink()  # nothing to run: what is looked at here is what comes of it


def run(script, environment, cwd):
    """Run a shell script with nothing but `environment`."""
    return subprocess.run(
        ["bash", script], env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8", **environment},
        cwd=cwd, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("platform", PLATFORMS)
def test_archive_has_the_same_bytes_each_time(platform):
    assert build(platform, b"language = 'es'\n") == build(platform, b"language = 'es'\n")


def test_question_has_an_identity_that_its_settings_change():
    def identity(settings):
        with zipfile.ZipFile(io.BytesIO(build("prairielearn", settings))) as opened:
            return uuid.UUID(json.loads(opened.read("info.json"))["uuid"])

    assert identity(None) == identity(None) != identity(b"minimum_score = 60\n")
    assert identity(None).version == 5


def test_wheel_holds_every_module_and_its_record_is_right():
    name, content = wheel()
    archive = zipfile.ZipFile(io.BytesIO(content))
    names = set(archive.namelist())
    assert name == f"vangrad-{__version__}-py3-none-any.whl"
    assert {"grader/schemas/report.schema.json", "reference/bptt.py", "grader/rubric.toml"} <= names
    assert {"grader/platforms/gradescope/run_autograder", "grader/texts/es/plot.toml"} <= names
    rows = archive.read(f"vangrad-{__version__}.dist-info/RECORD").decode().splitlines()
    listed = dict(row.rsplit(",", 2)[:2] for row in rows)
    assert set(listed) == names
    for file, digest in listed.items():
        made = urlsafe_b64encode(hashlib.sha256(archive.read(file)).digest()).rstrip(b"=").decode()
        assert digest in ("", f"sha256={made}")


def test_wheel_asks_for_what_the_project_asks_for():
    archive = zipfile.ZipFile(io.BytesIO(wheel()[1]))
    told = archive.read(f"vangrad-{__version__}.dist-info/METADATA").decode()
    assert "Requires-Dist: numpy>=" in told
    assert "Requires-Python: >=3.11" in told
    assert "pytest" not in told


def test_package_writes_the_archive_with_settings_inside(tmp_path, capsys):
    config, out = tmp_path / "mine.toml", tmp_path / "autograder.zip"
    config.write_text("minimum_score = 80\n")
    words = ["package", "gradescope", "--out", str(out), "--config", str(config)]
    assert cli.main(words) == 0
    assert str(out) in capsys.readouterr().out
    with zipfile.ZipFile(out) as archive:
        assert archive.read("vangrad.toml") == b"minimum_score = 80\n"
        assert archive.getinfo("run_autograder").external_attr >> 16 == 0o755


@pytest.mark.parametrize(
    ("config", "out"), [("minimum_score = 800\n", "a.zip"), ("", "missing/a.zip")]
)
def test_package_that_cannot_be_made_is_a_usage_error(tmp_path, config, out):
    path = tmp_path / "mine.toml"
    path.write_text(config)
    words = ["package", "gradescope", "--out", str(tmp_path / out), "--config", str(path)]
    assert cli.main(words) == 2
    assert not (tmp_path / out).exists()


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="shellcheck is not installed")
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_script_has_no_fault_that_shellcheck_knows(script):
    done = subprocess.run(["shellcheck", script], capture_output=True, text=True, check=False)
    assert done.stdout == ""


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_script_is_bash_that_ends_at_the_first_fault(script):
    assert script.read_text().splitlines()[0] == "#!/usr/bin/env bash"
    assert "set -euo pipefail" in script.read_text()
    assert subprocess.run(["bash", "-n", script], check=False).returncode == 0


def test_no_template_names_a_registry():
    folders = [ROOT / ".github", ROOT / "grader" / "platforms"]
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    files.append(ROOT / ".pre-commit-hooks.yaml")
    texts = {path: path.read_bytes().lower() for path in files if path.suffix != ".pyc"}
    assert {p: ADDRESS.findall(text) for p, text in texts.items() if ADDRESS.search(text)} == {}


@pytest.fixture
def gradescope(tmp_path, python, lab):
    """Run Gradescope's autograder over the submission; return status, standard error, results."""
    root = tmp_path / "autograder"
    with zipfile.ZipFile(io.BytesIO(build("gradescope", b"time_limit = 50\n"))) as archive:
        archive.extractall(root / "source")  # noqa: S202 - our own
    (root / "venv").symlink_to(python.parents[1])
    (root / "results").mkdir()
    results = root / "results" / "results.json"
    results.write_text('{"score": 99}')

    def go(submission=lab):
        (root / "submission").symlink_to(submission)
        environment = {"AUTOGRADER_ROOT": str(root)}
        done = run(root / "source" / "run_autograder", environment, tmp_path)
        found = json.loads(results.read_text()) if results.exists() else None
        return done.returncode, done.stderr, found

    return go


@pytest.mark.slow
def test_gradescope_gives_all_points_for_what_is_right(gradescope, lab):
    status, _, results = gradescope(lab.parents[1])
    assert (status, results["score"]) == (0, 100)


def test_gradescope_has_results_for_what_is_broken(gradescope, lab):
    broken(lab)
    status, _, results = gradescope()
    assert status == 0
    assert results["score"] < 50
    assert results["tests"]


def test_gradescope_says_that_nothing_was_there(gradescope, tmp_path):
    (tmp_path / "empty").mkdir()
    status, said, results = gradescope(tmp_path / "empty")
    assert (status, results["score"]) == (0, 0)
    assert "none of the five files" in results["output"]
    assert "none of the five files" in said


def test_gradescope_leaves_no_older_score_where_the_grader_fails(gradescope, tmp_path):
    source = tmp_path / "autograder" / "source" / "vangrad.toml"
    source.unlink()
    (tmp_path / "autograder" / "venv").unlink()
    (tmp_path / "autograder" / "venv" / "bin").mkdir(parents=True)
    failing = tmp_path / "autograder" / "venv" / "bin" / "python"
    failing.write_text("#!/bin/sh\nexit 3\n")
    failing.chmod(0o755)
    status, _, results = gradescope()
    assert (status, results) == (3, None)


@pytest.mark.parametrize(("handed_in", "gradable"), [("lab", True), ("nothing", False)])
def test_prairielearn_reads_what_its_script_writes(tmp_path, python, lab, handed_in, gradable):
    broken(lab)
    student = lab if handed_in == "lab" else tmp_path / "nothing"
    student.mkdir(exist_ok=True)
    root = tmp_path / "grade"
    root.mkdir()
    (root / "student").symlink_to(student)
    environment = {"GRADE_ROOT": str(root), "VANGRAD_PYTHON": str(python)}
    script = ROOT / "grader" / "platforms" / "prairielearn" / "run.sh"
    assert run(script, environment, tmp_path).returncode == 0
    results = json.loads((root / "results" / "results.json").read_text())
    assert results.get("gradable", True) is gradable
    assert bool(results.get("format_errors")) is not gradable


def handin(folder, lab, name="experiments"):
    with tarfile.open(folder / "handin.tar", "w") as archive:
        archive.add(lab.parents[1] / "experiments", name)


def test_autolab_gets_the_score_on_the_last_line(tmp_path, python, lab):
    """As Autolab does it: the two uploaded files and the submission in one folder, and make."""
    broken(lab)
    handin(tmp_path, lab)
    with zipfile.ZipFile(io.BytesIO(build("autolab", b'language = "es"\n'))) as package:
        for name in ("autograde-Makefile", "autograde.tar"):
            package.extract(name, tmp_path)
        assert {"driver.sh", "vangrad.toml"}.isdisjoint(package.namelist())
    if shutil.which("make") is None:
        pytest.skip("make is not installed")
    done = subprocess.run(
        ["make", "-s", "-f", "autograde-Makefile"],
        cwd=tmp_path,
        env=os.environ | {"VANGRAD_PYTHON": str(python)},
        capture_output=True,
        text=True,
        check=True,
    )
    (score,) = json.loads(done.stdout.splitlines()[-1])["scores"].values()
    assert 0 <= score < 50
    assert "NO APROBADO" in done.stdout


def test_autolab_takes_no_link_out_of_an_archive(tmp_path, python, lab):
    (lab / "secret").symlink_to("/etc/passwd")
    handin(tmp_path, lab)
    driver = ROOT / "grader" / "platforms" / "autolab" / "driver.sh"
    done = run(driver, {"VANGRAD_PYTHON": str(python)}, tmp_path)
    assert done.returncode != 0
    assert "scores" not in done.stdout


@pytest.fixture
def job(tmp_path, python, lab):
    """Run the action in a job of GitHub's; return the result, its outputs and its summary."""
    workspace, temp = lab.parents[1], tmp_path / "temp"
    temp.mkdir()
    for name in ("output", "summary"):
        (tmp_path / name).touch()
    # Stands for an interpreter: makes an environment that is ready, and has nothing to install.
    stub = tmp_path / "python3"
    stub.write_text(
        f'#!/bin/bash\nif [ "$3" = venv ]; then mkdir -p "$4/bin"; cp "$0" "$4/bin/python"\n'
        f'elif [ "$3" = pip ]; then echo "$@" > "{tmp_path}/pip"\n'
        f'else exec "{python}" "$@"; fi\n'
    )
    stub.chmod(0o755)

    def go(**inputs):
        environment = {
            "GITHUB_EVENT_NAME": "pull_request",
            "GITHUB_WORKSPACE": str(workspace),
            "GITHUB_OUTPUT": str(tmp_path / "output"),
            "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
            "RUNNER_TEMP": str(temp),
            "GITHUB_ACTIONS": "true",
            "INPUT_PYTHON": str(stub),
            "INPUT_PATH": "experiments/14-vanishing-grad",
            **inputs,
        }
        done = run(ACTION, environment, workspace)
        pairs = (line.split("=", 1) for line in (tmp_path / "output").read_text().splitlines())
        return done, dict(pairs), (tmp_path / "summary").read_text()

    return go


def test_action_passes_what_is_right(job):
    done, outputs, summary = job(INPUT_VERSION=__version__, INPUT_MINIMUM_SCORE="100")
    assert done.returncode == 0, done.stdout + done.stderr
    assert (outputs["verdict"], outputs["score"]) == ("passed", "100")
    assert json.loads(Path(outputs["report"]).read_text())["verdict"] == "passed"
    assert "100" in summary


def test_action_fails_what_is_broken_and_points_at_its_file(job, lab):
    broken(lab)
    done, outputs, _ = job(INPUT_CONFIG='language = "es"\nminimum_score = 10')
    assert done.returncode == 1
    assert outputs["verdict"] == "not_passed"
    assert "::error file=experiments/14-vanishing-grad/decay.json" in done.stdout
    assert json.loads(Path(outputs["report"]).read_text())["grader"]["language"] == "es"


@pytest.mark.parametrize("allowed", [True, False], ids=["allowed", "refused"])
def test_action_comments_where_it_may_and_never_fails_for_it(job, lab, tmp_path, allowed):
    broken(lab)
    stand_in = tmp_path / "bin" / "gh"
    stand_in.parent.mkdir()
    stand_in.write_text(
        f'#!/bin/bash\necho "$@" > "{tmp_path}/asked"\ncat "${{@: -1}}" > "{tmp_path}/comment"\n'
        f"exit {int(not allowed)}\n"
    )
    stand_in.chmod(0o755)
    done, outputs, summary = job(
        INPUT_COMMENT="true",
        PULL_REQUEST="7",
        GITHUB_REPOSITORY="course/student",
        PATH=f"{stand_in.parent}:{os.environ['PATH']}",
    )
    assert (done.returncode, outputs["verdict"]) == (1, "not_passed")
    assert (
        (tmp_path / "asked")
        .read_text()
        .startswith("pr comment 7 --repo course/student --edit-last --create-if-none --body-file ")
    )
    assert (tmp_path / "comment").read_text() == summary
    assert ("::warning title=vangrad::the comment could not be written" in done.stdout) != allowed


REFUSED = {
    "an event with a token that writes": ({"GITHUB_EVENT_NAME": "pull_request_target"}, 3),
    "another version": ({"INPUT_VERSION": "0.0.9"}, 3),
    "settings that cannot be used": ({"INPUT_CONFIG": "minimum_score = 500"}, 2),
    "no such folder": ({"INPUT_PATH": "nowhere"}, 2),
    "an option in place of a path": ({"INPUT_PATH": "--no-run"}, 2),
}


@pytest.mark.parametrize("name", REFUSED)
def test_action_refuses_without_a_verdict(job, name):
    inputs, status = REFUSED[name]
    done, outputs, _ = job(**inputs)
    assert (done.returncode, outputs) == (status, {})
