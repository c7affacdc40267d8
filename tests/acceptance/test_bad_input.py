"""Whatever is handed in, the command ends as promised: a report or one line, never a traceback."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from grader import cli
from grader.model import REQUIRED_FILES
from grader.reading.schema import validator

EXPERIMENT = Path(__file__).parents[2] / "experiments" / "14-vanishing-grad"
COMMAND = [sys.executable, "-P", "-m", "grader"]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(EXPERIMENT.parents[1]), "LANG": "C.UTF-8"}


@pytest.fixture(autouse=True)
def _english(monkeypatch):
    for name in ("LC_ALL", "LC_MESSAGES", "LANG", "VANGRAD_PROBE_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("VANGRAD_LANG", "en")


@pytest.fixture
def folder(tmp_path):
    """The right submission, in a repository of its own."""
    target = tmp_path / "repository" / "experiments" / "14-vanishing-grad"
    shutil.copytree(EXPERIMENT, target, ignore=shutil.ignore_patterns("__pycache__"))
    return target


@pytest.fixture
def command(capfd):
    """Run the command line; return its exit status, what it printed and what it complained of."""

    def run(*words):
        try:
            status = cli.main([str(word) for word in words])
        except SystemExit as stop:
            status = stop.code
        said = capfd.readouterr()
        assert "Traceback" not in said.err
        return status, said.out, said.err

    return run


@pytest.fixture
def graded(command):
    """Grade a folder; return the exit status and the report, valid by its schema."""

    def run(folder, *words):
        status, out, err = command(folder, "--format", "json", *words)
        assert err == ""
        document = json.loads(out)
        validator("report").validate(document)
        assert document["exit_status"] == status
        return status, document

    return run


def process(*words, **how):
    """Run the command line in a process of its own."""
    command = [*COMMAND, *words]
    return subprocess.run(command, env=ENVIRONMENT, check=False, **how)  # noqa: S603 - our own


def kinds(document, *, costly=True):
    """Return {(code, kind)} of what was found; notes and what was not assessed only if asked."""
    light = {"note", "manual", "not-assessed"} if costly else set()
    return {
        (check["code"], finding["kind"])
        for check in document["checks"]
        for finding in check["findings"]
        if finding["outcome"] not in light
    }


def points(document):
    return {check["code"]: check["points"] for check in document["checks"]}


# Nothing to grade: one line on stderr, exit status 2.


def nothing(tmp_path):
    (tmp_path / "empty").mkdir()
    return tmp_path / "empty"


NO_SUBMISSION = {
    "empty folder": nothing,
    "absent": lambda tmp_path: tmp_path / "nowhere",
    "file": lambda tmp_path: shutil.copy(EXPERIMENT / "decay.json", tmp_path),
    "link to nowhere": lambda tmp_path: (
        (tmp_path / "l").symlink_to(tmp_path / "x") or tmp_path / "l"
    ),
    "empty path": lambda _: "",
    "null byte": lambda _: "a\0b",
    "too long": lambda _: "x" * 5000,
    "parent of the folder": lambda _: EXPERIMENT.parent,
}


@pytest.mark.parametrize("name", NO_SUBMISSION)
def test_path_without_a_submission_is_refused_in_one_line(command, tmp_path, monkeypatch, name):
    if name == "empty path":
        monkeypatch.chdir(nothing(tmp_path))
    status, out, err = command(NO_SUBMISSION[name](tmp_path))
    assert (status, out) == (2, "")
    assert err.startswith("vangrad: ")
    assert err.count("\n") == 1


# Wrong files: each has its own finding, and grading goes on.


def text(name, change):
    """Return a change of one text file of the folder."""

    def apply(folder):
        path = folder / name
        path.write_bytes(change(path.read_text(encoding="utf-8")))

    return apply


def curve(change):
    """Return a change of both recorded curves; 51 entries and more go on past g_50."""

    def apply(folder):
        document = json.loads((folder / "decay.json").read_text(encoding="utf-8"))
        for kind in ("rnn", "gru"):
            document[kind] = change([*document[kind], document["g_T"][kind], 1.0])
        (folder / "decay.json").write_text(json.dumps(document), encoding="utf-8")

    return apply


def replaced(name, make):
    """Return a change that puts something else in the place of a file."""

    def apply(folder):
        (folder / name).unlink()
        make(folder / name)

    return apply


def missing(name):
    return lambda folder: (folder / name).unlink()


WRONG_FILES = {
    "48 entries": (curve(lambda g: g[:48]), ("decay.schema", "two_short")),
    "49 entries": (curve(lambda g: g[:49]), ("decay.schema", "one_short")),
    "52 entries": (curve(lambda g: g[:52]), ("decay.schema", "two_long")),
    "no entries": (curve(lambda _: []), ("decay.schema", "wrong_length")),
    "zeros": (curve(lambda g: [0.0, *g[1:50]]), ("decay.schema", "zero")),
    "NaN": (curve(lambda g: [float("nan"), *g[1:50]]), ("decay.schema", "not_finite")),
    "texts": (curve(lambda g: [str(x) for x in g[:50]]), ("decay.schema", "text")),
    "truncated": (text("decay.json", lambda s: s[:900].encode()), ("decay.readable", "truncated")),
    "empty": (text("decay.json", lambda _: b""), ("files.readable", "empty")),
    "UTF-16": (text("manifest.json", lambda s: s.encode("utf-16")), ("files.readable", "utf16")),
    "Latin-1": (
        text("README.md", lambda s: s.encode("ascii", "ignore") + b"\xe9"),
        ("files.readable", "not_utf8"),
    ),
    "script in Latin-1": (
        text("bptt_norm.py", lambda _: b"# caf\xe9\n"),
        ("files.readable", "not_utf8"),
    ),
    "no picture": (
        replaced("decay.png", lambda p: p.write_bytes(b"not a picture")),
        ("plot.image", "not_png"),
    ),
    "FIFO": (replaced("decay.json", os.mkfifo), ("files.readable", "special")),
    "folder": (replaced("decay.json", Path.mkdir), ("files.readable", "folder")),
    "link": (
        replaced("README.md", lambda p: p.symlink_to(EXPERIMENT / "README.md")),
        ("files.readable", "symbolic_link"),
    ),
    "link to a device": (
        replaced("decay.png", lambda p: p.symlink_to("/dev/zero")),
        ("files.readable", "symbolic_link"),
    ),
    "huge": (text("README.md", lambda s: s.encode() * 1000), ("files.readable", "too_large")),
    "deep": (text("manifest.json", lambda _: b"[" * 100_000), ("manifest.readable", "too_deep")),
    **{f"no {name}": (missing(name), ("files.present", "missing")) for name in REQUIRED_FILES},
}


@pytest.mark.parametrize("name", WRONG_FILES)
def test_wrong_file_has_its_own_finding_and_grading_goes_on(graded, folder, name):
    spoil, expected = WRONG_FILES[name]
    spoil(folder)
    status, document = graded(folder, "--no-run")
    assert (status, document["verdict"]) == (1, "files_inconsistent")
    assert document["score"] is None
    assert expected in kinds(document)
    assert sum(points(document).values()) > 10


def test_fifty_one_entries_with_the_head_gradient_are_right(graded, folder):
    curve(lambda g: g[:51])(folder)
    status, document = graded(folder, "--no-run")
    assert (status, kinds(document)) == (0, set())
    assert ("decay.readable", "with_last") in kinds(document, costly=False)


@pytest.mark.parametrize("name", REQUIRED_FILES)
def test_file_that_may_not_be_read_is_named(graded, folder, monkeypatch, name):
    allowed = os.open

    def refusing(path, *rest, **more):
        if str(path).endswith(name):
            raise PermissionError(13, "Permission denied", path)
        return allowed(path, *rest, **more)

    monkeypatch.setattr("os.open", refusing)
    status, document = graded(folder, "--no-run")
    assert status == 1
    assert ("files.readable", "no_permission") in kinds(document)


def test_right_files_are_consistent(graded, folder):
    status, document = graded(folder, "--no-run")
    assert (status, document["verdict"], kinds(document)) == (0, "files_consistent", set())


# Scripts that do not end as they should: a report all the same.

WRITE = "open('decay.json', 'w').write('{}')\nopen('decay.png', 'w').write('x')\n"
SCRIPTS = {
    "raises": ("raise ValueError('no')", "raised"),
    "syntax": ("def", "raised"),
    "exits": ("import sys; sys.exit(3)", "exit"),
    "ends the process": ("import os; os._exit(0)", "silent"),
    "hangs": ("while True: pass", "timeout"),
    "prints without end": ("while True: print('x' * 100_000)", "output"),
    "takes all memory": ("x = bytearray(1 << 40)", "memory"),
    "writes nothing": ("x = 1", "not_written"),
    "absent module": ("import no_such_module_at_all", "not_installed"),
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_script_that_fails_is_named_and_the_files_keep_their_points(graded, folder, name):
    source, kind = SCRIPTS[name]
    (folder / "bptt_norm.py").write_text(source, encoding="utf-8")
    status, document = graded(folder, "--timeout", "1" if name == "hangs" else "20")
    assert (status, document["verdict"]) == (1, "not_passed")
    assert ("rerun.runs", kind) in kinds(document)
    kept = points(document)
    assert (kept["decay.schema"], kept["readme.questions"]) == (3, 3)
    assert kept["rerun.runs"] == (1 if kind == "not_written" else 0)
    assert document["score"]["points"] == sum(kept.values())


def test_script_that_writes_elsewhere_is_understood(graded, folder):
    (folder / "bptt_norm.py").write_text("import os\nos.chdir('../..')\n" + WRITE, encoding="utf-8")
    _, document = graded(folder)
    assert {("rerun.runs", "misplaced")} <= kinds(document, costly=False)
    assert points(document)["rerun.runs"] == 3


def test_script_that_spoils_its_folder_spoils_its_copy_only(graded, folder):
    spoil = "import os\nfor name in os.listdir('.'):\n    os.remove(name)\n"
    (folder / "bptt_norm.py").write_text(spoil, encoding="utf-8")
    graded(folder)
    assert sorted(os.listdir(folder)) == sorted(REQUIRED_FILES)  # noqa: PTH208 - names are wanted


def test_short_list_leaves_the_gradient_its_points(graded, folder):
    curve(lambda g: g[:49])(folder)
    status, document = graded(folder)
    found = points(document)
    assert status == 1
    assert (found["gradient.steps"], found["gradient.chain"], found["gradient.hot"]) == (12, 6, 6)
    assert found["gradient.recorded"] == 0


# The right submission, and the options.


@pytest.fixture(scope="module")
def right(tmp_path_factory):
    """Two JSON reports of the right submission, as bytes."""
    target = tmp_path_factory.mktemp("right")
    written = [target / "one.json", target / "two.json"]
    for path in written:
        assert cli.main([str(EXPERIMENT), "--format", "json", "--output", str(path)]) == 0
    return [path.read_bytes() for path in written]


def test_right_submission_passes_with_every_point(right):
    document = json.loads(right[0])
    validator("report").validate(document)
    assert (document["verdict"], document["score"]["points"]) == ("passed", 100)
    assert kinds(document) == set()


def test_report_is_the_same_to_the_last_byte(right):
    assert right[0] == right[1]


def test_least_score_decides_beside_what_is_required(graded, folder):
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    manifest["results_summary"]["rnn_spectral_radius_W_hh"] = 0.99
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    status, document = graded(folder, "--min-score", "100")
    assert (status, document["verdict"]) == (1, "not_passed")
    reached = document["score"]["points"]
    assert 90 <= reached < 100
    assert f"{reached} of 100 points, 100 needed" in document["headline"]
    assert graded(folder, "--min-score", str(reached))[0] == 0


CONFIGS = {
    "bad TOML": "points = = 3",
    "wrong points": "checks.plot.image.points = 9",
    "unknown key": "minimum = 9",
    "deep": "a = " + "[" * 5000,
    "UTF-16": "language = 'es'".encode("utf-16"),
    "huge": "#" * 100_000,
}


@pytest.mark.parametrize("name", [*CONFIGS, "absent", "folder"])
def test_unusable_config_is_a_usage_error(command, folder, tmp_path, name):
    path = tmp_path / ("." if name == "folder" else "mine.toml")
    if name in CONFIGS:
        content = CONFIGS[name]
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    status, out, err = command(folder, "--no-run", "--config", path)
    assert (status, out) == (2, "")
    assert err.startswith(f"vangrad: {path}:")


@pytest.mark.parametrize("name", ["rubric.toml", "vangrad.toml"])
def test_settings_in_the_graded_folder_are_never_used(graded, folder, name):
    (folder / name).write_text("points = = 3", encoding="utf-8")
    (folder.parents[1] / name).write_text("points = = 3", encoding="utf-8")
    assert graded(folder, "--no-run")[0] == 0


@pytest.mark.parametrize("target", ["missing/report.json", "repository"])
def test_report_that_cannot_be_written_is_a_usage_error(command, folder, tmp_path, target):
    status, out, err = command(folder, "--no-run", "--output", tmp_path / target)
    assert (status, out) == (2, "")
    assert target in err


def test_spanish_is_spoken_where_asked(graded, command, folder):
    assert "no se ejecutó nada" in command(folder, "--no-run", "--lang", "es")[1].casefold()
    assert graded(folder, "--no-run", "--lang", "es")[1]["grader"]["language"] == "es"


@pytest.mark.parametrize(("spoiled", "expected"), [(False, 0), (True, 1)])
@pytest.mark.parametrize("form", [("--format", "json"), (), ("--colour", "always")])
def test_closed_pipe_changes_neither_status_nor_silence(folder, form, spoiled, expected):
    if spoiled:
        (folder / "decay.png").unlink()
    reader, writer = os.pipe()
    os.close(reader)
    done = process(str(folder), "--no-run", *form, stdout=writer, stderr=subprocess.PIPE)
    os.close(writer)
    assert (done.returncode, done.stderr) == (expected, b"")


def test_module_of_a_students_repository_does_not_shadow_ours(folder):
    for name in ("grader", "reference", "json", "numpy"):
        (folder / name).mkdir()
        (folder / name / "__init__.py").write_text("raise SystemExit(0)", encoding="utf-8")
    done = process(".", "--no-run", "--format", "json", cwd=folder, capture_output=True)
    assert done.stderr == b""
    assert json.loads(done.stdout)["submission"]["name"] == "14-vanishing-grad"


@pytest.mark.parametrize("encoding", ["cp1252", "ascii"])
@pytest.mark.parametrize("words", [["explain"], ["config", "--show"], ["--help"]], ids=" ".join)
def test_sign_that_a_pipe_lacks_is_no_fault_of_the_grader(words, encoding):
    done = subprocess.run(  # noqa: S603 - our own command
        [*COMMAND, *words, "--lang", "es"], env={**os.environ, "PYTHONIOENCODING": encoding},
        capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"\\x" in done.stdout or encoding == "cp1252"
