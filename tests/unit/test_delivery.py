"""Which report goes where: formats and files are paired as they were written."""

import json
import os
import stat

import pytest

import grader.grading
from grader import cli
from grader.arguments import UsageError
from grader.delivery import Delivery, paired, write_atomically
from grader.texts import catalogue
from tests.toys import report

EN = catalogue("en")


def given(line):
    """Split a line of options into the pairs that the parser keeps."""
    words = line.split()
    return list(zip(words[::2], words[1::2], strict=True))


@pytest.fixture
def graded(tmp_path, monkeypatch):
    """A folder to grade, and grading replaced."""
    (tmp_path / "decay.json").write_text("{}")
    calls = []

    def grade(path, options, _):
        calls.append(path)
        return report()

    monkeypatch.setattr(grader.grading, "grade", grade)
    monkeypatch.chdir(tmp_path)
    return calls


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("", [Delivery("text")]),
        ("--format json", [Delivery("json")]),
        ("--output a", [Delivery("text", "a")]),
        ("--format json --output a", [Delivery("json", "a")]),
        ("--output a --format json", [Delivery("json", "a")]),
        ("--format text --format json --output a", [Delivery("text"), Delivery("json", "a")]),
        (
            "--format json --output a --format text --output b",
            [Delivery("json", "a"), Delivery("text", "b")],
        ),
        ("--format json --output a --format text", [Delivery("json", "a"), Delivery("text")]),
        ("--format json --output - --format text", [Delivery("json", "-"), Delivery("text")]),
    ],
)
def test_file_belongs_to_the_format_before_it(line, expected):
    assert paired(given(line), EN) == expected


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("--format text --format json", "text, json"),
        ("--output a --output b", "--output a"),
        ("--format text --output a --output b", "--output b"),
        ("--format text --format json --output a --output b", "--output b"),
        ("--output a --format text --format json", "--output a"),
        ("--format text --output a --format json --output a", "a: two reports"),
        ("--format text --output a --format json --output ./a", "a: two reports"),
    ],
)
def test_options_that_do_not_pair_are_refused(line, said):
    with pytest.raises(UsageError, match=said):
        paired(given(line), EN)


def test_nothing_is_graded_where_options_do_not_pair(graded, capsys):
    assert cli.main([".", "--format", "text", "--format", "json"]) == 2
    assert graded == []
    assert capsys.readouterr().err.startswith("vangrad: ")


def test_each_report_goes_to_its_own_place(graded, capsys, tmp_path):
    words = ["--format", "text", "--format", "json", "--output", "out.json"]
    assert cli.main([".", *words]) == 1
    assert capsys.readouterr().out.startswith(" NOT PASSED")
    assert json.loads((tmp_path / "out.json").read_text())["verdict"] == "not_passed"
    assert len(graded) == 1


def test_report_that_cannot_be_written_does_not_cost_the_others(graded, capsys, tmp_path):
    words = ["--format", "text", "--output", "no/where", "--format", "json", "--output", "out.json"]
    assert cli.main([".", *words]) == 2
    assert "no/where" in capsys.readouterr().err
    assert (tmp_path / "out.json").exists()


@pytest.mark.skipif(os.name != "posix", reason="permissions are POSIX's")
def test_report_can_be_read_by_whoever_may_read_new_files(tmp_path):
    before = os.umask(0o027)
    try:
        write_atomically(tmp_path / "new", "x")
        (tmp_path / "old").touch(0o604)
        (tmp_path / "old").chmod(0o604)
        write_atomically(tmp_path / "old", "x")
    finally:
        os.umask(before)
    modes = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("new", "old")]
    assert modes == [0o640, 0o604]
