"""The grader as a library: cheap to import, the command's verdict, and fit for threads."""

import json
import subprocess
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import grader
from grader import cli
from tests.graded import graded

EXPERIMENT = Path(__file__).parents[2] / "experiments" / "14-vanishing-grad"


def test_import_costs_nothing():
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import grader; print('numpy' in sys.modules)"
    )
    command = [sys.executable, "-I", "-c", code, str(EXPERIMENT.parents[1])]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - our own
    assert done.stdout.strip() == "False"


def test_function_gives_the_verdict_of_the_command(capsys):
    report = grader.grade(EXPERIMENT, grader.Options(run=False))
    status = cli.main([str(EXPERIMENT), "--no-run", "--format", "json", "--lang", "en"])
    assert isinstance(report, grader.Report)
    assert (report.exit_status, report.verdict.value) == (status, "files_consistent")
    assert capsys.readouterr().out == grader.render("json", report, "en")


def test_fault_of_the_grader_costs_no_report(monkeypatch, capsys):
    def broken(*_):
        raise ArithmeticError("lost")

    monkeypatch.setattr("grader.evidence.probe.probe", broken)
    status = cli.main([str(EXPERIMENT), "--format", "json", "--lang", "en"])
    told = json.loads(capsys.readouterr().out)
    assert (status, told["verdict"]) == (3, "grader_error")
    by_code = {check["code"]: check for check in told["checks"]}
    assert "ArithmeticError: lost" in json.dumps(by_code["rerun.runs"])
    assert by_code["decay.schema"]["outcome"] == "pass"


def test_name_that_is_not_offered_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = grader.no_such_name


def test_two_threads_give_the_same_bytes_and_leave_warnings_as_they_were():
    before = list(warnings.filters)
    with ThreadPoolExecutor(2) as threads:
        one, two = threads.map(grader.grade, [EXPERIMENT, str(EXPERIMENT)])
    assert warnings.filters == before
    assert grader.render("json", one, "en") == grader.render("json", two, "en")
    assert json.loads(grader.render("json", one, "es"))["verdict"] == "passed"


@pytest.mark.parametrize("name", ["as it is", "one short", "fault"])
def test_exit_status_is_the_same_in_every_format(name, monkeypatch, tmp_path, capsys):
    report = graded(name)
    monkeypatch.setattr("grader.grading.grade", lambda *_: report)
    seen = {form: cli.main([str(EXPERIMENT), "--format", form]) for form in grader.report.FORMATS}
    assert set(seen.values()) == {report.exit_status}
    many = [w for form in seen for w in ("--format", form, "--output", str(tmp_path / form))]
    assert cli.main([str(EXPERIMENT), *many]) == report.exit_status
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(seen)
