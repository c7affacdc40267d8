"""The command line: what it accepts, what it refuses, and where the report goes."""

import io
import json
import sys

import pytest

import grader.grading
from grader import cli
from grader.delivery import write_atomically
from grader.isolation.refusal import IsolationRefusedError
from grader.model import Verdict
from grader.version import __version__
from tests.pages import passes
from tests.toys import report


@pytest.fixture(autouse=True)
def _no_language(monkeypatch):
    for name in ("VANGRAD_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def folder(tmp_path):
    """A folder that counts as a submission: one of the five files is there."""
    path = tmp_path / "14-vanishing-grad"
    path.mkdir()
    (path / "decay.json").write_text("{}")
    return path


@pytest.fixture
def graded(monkeypatch):
    """Grading replaced: the options it was called with, and the report it gives."""
    seen = {"report": report()}

    def grade(path, options, _):
        seen.update(path=path, options=options)
        if isinstance(seen["report"], BaseException):
            raise seen["report"]
        return seen["report"]

    monkeypatch.setattr(grader.grading, "grade", grade)
    return seen


@pytest.fixture
def ask(folder, graded, capsys, monkeypatch):
    """Ask for the JSON report in some environment; return it."""
    graded["report"] = report(exit_status=0)

    def run(words, environment):
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        assert cli.main([str(folder), "--format", "json", *words]) == 0
        return json.loads(capsys.readouterr().out)

    return run


def refused(capsys, *words):
    """Run a command line that argparse refuses; return what it says."""
    with pytest.raises(SystemExit) as stop:
        cli.main(list(words))
    assert stop.value.code == 2
    said = capsys.readouterr()
    assert said.out == ""
    return said.err


@pytest.mark.parametrize(
    ("words", "environment", "language"),
    [
        ([], {}, "en"),
        (["--lang", "es"], {}, "es"),
        (["--lang=es"], {}, "es"),
        (["--lang", "en"], {"LANG": "es_ES.UTF-8"}, "en"),
        ([], {"LANG": "es_ES.UTF-8"}, "es"),
        ([], {"LANG": "de_DE.UTF-8"}, "en"),
        ([], {"LANG": "C", "VANGRAD_LANG": "es"}, "es"),
        ([], {"LC_ALL": "en_US.UTF-8", "LANG": "es_ES.UTF-8"}, "en"),
        ([], {"LC_MESSAGES": "es_MX", "LANG": "en_US"}, "es"),
        ([], {"LC_ALL": "", "LANG": "es"}, "es"),
    ],
)
def test_language_is_the_one_asked_for(ask, words, environment, language):
    assert ask(words, environment)["grader"]["language"] == language


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["--unknown"],
        [".", "--format", "pdf"],
        [".", "--lang", "fr"],
        [".", "--colour", "maybe"],
        [".", "--timeout", "0"],
        [".", "--timeout", "nan"],
        [".", "--timeout", "inf"],
        [".", "--timeout", "soon"],
        [".", "--isolation", "D"],
        [".", "--isolation", ""],
        [".", "--min-score", "101"],
        [".", "--min-score", "-1"],
        [".", "--min-score", "60.5"],
        [".", "--min-score", "half"],
        [".", "--min", "60"],
        [".", "another"],
    ],
)
def test_unusable_option_is_refused_in_one_line(capsys, words):
    said = refused(capsys, *words)
    assert said.startswith("vangrad: ")
    assert said.count("\n") == 1


@pytest.mark.parametrize("words", [[".", "--min-score", "half"], [".", "--timeout", "soon"]])
def test_refusal_says_which_values_there_are(capsys, words):
    said = refused(capsys, *words)
    assert words[1] in said
    assert "…" in said
    assert "_" not in said


@pytest.mark.parametrize("option", ["--help", "--version"])
@pytest.mark.parametrize("language", ["en", "es"])
def test_help_and_version_end_well(capsys, option, language):
    with pytest.raises(SystemExit) as stop:
        cli.main([option, "--lang", language])
    assert stop.value.code == 0
    assert (__version__ if option == "--version" else "--no-run") in capsys.readouterr().out


def test_options_reach_the_grading(folder, graded, monkeypatch, tmp_path):
    monkeypatch.setenv("VANGRAD_PROBE_KEY", "key")
    config = tmp_path / "mine.toml"
    config.write_text("minimum_score = 50\ntime_limit = 7\nthresholds.margin_orders = 2")
    words = ["--no-run", "--timeout", "5", "--min-score", "60", "--config", str(config)]
    cli.main([str(folder), *words])
    options = graded["options"]
    assert (options.run, options.timeout_s, options.minimum) == (False, 5.0, 60)
    assert (options.rubric.thresholds["margin_orders"], options.key) == (2, b"key")


def test_refusal_to_run_is_told_with_its_remedy_and_gives_no_score(folder, graded, capsys):
    graded["report"] = IsolationRefusedError("not_available", ("no_bubblewrap",), "A")
    assert cli.main([str(folder)]) == 3
    told = capsys.readouterr()
    assert told.out == ""
    assert "apt-get install bubblewrap" in told.err


@pytest.mark.parametrize(
    ("words", "isolation", "unsafe"),
    [
        ([], "auto", False),
        (["--isolation", "B"], "b", False),
        (["--isolation", "strict"], "strict", False),
        (["--unsafe-run"], "auto", True),
    ],
)
def test_isolation_asked_for_reaches_the_grading(folder, graded, words, isolation, unsafe):
    cli.main([str(folder), *words])
    assert (graded["options"].isolation, graded["options"].unsafe) == (isolation, unsafe)


def test_defaults_run_the_script_with_a_minute(folder, graded, monkeypatch):
    monkeypatch.delenv("VANGRAD_PROBE_KEY", raising=False)
    cli.main([str(folder)])
    options = graded["options"]
    assert (options.run, options.timeout_s, options.minimum, options.key) == (True, 60.0, None, b"")


@pytest.mark.parametrize("status", [0, 1, 3])
def test_exit_status_is_the_reports(folder, graded, status):
    graded["report"] = report(exit_status=status)
    assert cli.main([str(folder)]) == status


@pytest.mark.parametrize(
    ("name", "said"),
    [("nowhere", "nothing of that name"), ("file", "not a folder"), ("empty", "none of the five")],
)
def test_path_that_is_no_submission_is_refused(tmp_path, capsys, name, said):
    (tmp_path / "file").write_text("")
    (tmp_path / "empty").mkdir()
    assert cli.main([str(tmp_path / name)]) == 2
    told = capsys.readouterr()
    assert said in told.err
    assert told.out == ""


@pytest.mark.usefixtures("graded")
@pytest.mark.parametrize("name", ["README.md", "readme.MD", "Bptt_Norm.py", "manifest.json"])
def test_any_of_the_five_files_in_any_case_makes_a_submission(tmp_path, name):
    (tmp_path / name).write_text("")
    assert cli.main([str(tmp_path)]) == 1


def test_hostile_name_of_a_path_is_not_printed_raw(capsys):
    assert cli.main(["/no/\x1b[2Jwhere"]) == 2
    assert "\x1b" not in capsys.readouterr().err


@pytest.mark.parametrize("fault", [ZeroDivisionError("0 / 0"), RecursionError(), MemoryError()])
def test_fault_of_ours_is_one_line_and_status_three(folder, graded, capsys, fault):
    graded["report"] = fault
    assert cli.main([str(folder)]) == 3
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert type(fault).__name__ in said.err
    assert __version__ in said.err


def test_interrupt_is_left_to_the_interpreter(folder, graded):
    graded["report"] = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        cli.main([str(folder)])


@pytest.mark.usefixtures("graded")
@pytest.mark.parametrize("form", ["text", "json"])
def test_report_goes_to_a_file_where_asked(folder, capsys, tmp_path, form):
    cli.main([str(folder), "--format", form])
    printed = capsys.readouterr().out
    target = tmp_path / "report"
    assert cli.main([str(folder), "--format", form, "--output", str(target)]) == 1
    assert target.read_text(encoding="utf-8") == printed
    assert capsys.readouterr().out == ""


@pytest.mark.usefixtures("graded")
@pytest.mark.parametrize("target", ["missing/report.json", "14-vanishing-grad"])
def test_report_that_cannot_be_written_is_a_usage_error(folder, capsys, tmp_path, target):
    assert cli.main([str(folder), "--output", str(tmp_path / target)]) == 2
    assert target in capsys.readouterr().err


def test_report_replaces_an_older_one_whole(tmp_path):
    path = tmp_path / "report.txt"
    path.write_text("an older and much longer report")
    write_atomically(path, "é\n")
    assert path.read_bytes() == "é\n".encode()
    assert [p.name for p in tmp_path.iterdir()] == ["report.txt"]


def test_failed_writing_leaves_the_older_report_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "report.txt"
    path.write_text("older")

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_atomically(path, "new")
    assert path.read_text() == "older"
    assert [p.name for p in tmp_path.iterdir()] == ["report.txt"]


def test_name_without_a_folder_is_written_here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_atomically(cli.Path("report.txt"), "x")
    assert (tmp_path / "report.txt").read_text() == "x"


@pytest.mark.parametrize(
    ("form", "escaped"),
    [("text", "  +  3/3"), ("json", "\\u2192"), ("html", "&#8594;"), ("markdown", "&#8594;")],
)
def test_output_that_lacks_a_character_escapes_it(folder, graded, monkeypatch, form, escaped):
    graded["report"] = report(passes("files.present", 3), name="→")
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
    assert cli.main([str(folder), "--format", form, "--lang", "es"]) == 1
    shown = raw.getvalue().decode("ascii")
    assert escaped in shown
    if form == "json":
        assert json.loads(shown)["submission"]["name"] == "→"


@pytest.mark.usefixtures("graded")
@pytest.mark.parametrize(
    ("choice", "coloured"), [("always", True), ("never", False), ("auto", False)]
)
def test_colour_is_the_one_asked_for(folder, capsys, monkeypatch, choice, coloured):
    monkeypatch.delenv("NO_COLOR", raising=False)
    cli.main([str(folder), "--colour", choice])
    assert ("\x1b[" in capsys.readouterr().out) is coloured


@pytest.mark.usefixtures("graded")
def test_colour_never_reaches_a_file(folder, tmp_path):
    target = tmp_path / "report.txt"
    cli.main([str(folder), "--colour", "always", "--output", str(target)])
    assert "\x1b" not in target.read_text(encoding="utf-8")


def test_first_word_explain_explains(capsys):
    assert cli.main(["explain", "gradient.steps"]) == 0
    assert capsys.readouterr().out.startswith("gradient.steps: ")


def test_folder_called_explain_is_graded_by_its_path(tmp_path, graded, monkeypatch):
    (tmp_path / "explain").mkdir()
    (tmp_path / "explain" / "decay.json").write_text("{}")
    graded["report"] = report(verdict=Verdict.PASSED, headline="passed", exit_status=0)
    monkeypatch.chdir(tmp_path)
    assert cli.main(["./explain"]) == 0


def test_arguments_of_the_process_are_the_default(folder, graded, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["vangrad", str(folder)])
    assert cli.main() == 1
    assert graded["path"] == folder
