"""Every format over every report: its platform accepts it, loses nothing, and obeys nobody."""

import functools
import json
import re
from xml.etree import ElementTree as ET

import pytest

from grader.clean import terminal
from grader.model import WRONG, CheckResult, Finding, Outcome, Verdict
from grader.report import FORMATS, render, words
from grader.report.github import everything
from grader.texts import LANGUAGES, catalogue
from tests import platforms
from tests.graded import NAMES, graded
from tests.toys import report

PLAIN = tuple(form for form in FORMATS if form != "html")
"""The page has tests of its own, in a browser."""

LISTING = ("gradescope", "prairielearn", "classroom", "junit")
UNPRINTABLE = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200b-\u200f]")

rendered = functools.cache(lambda form, name, language: render(form, graded(name), language))
each_report = pytest.mark.parametrize("name", NAMES)
each_language = pytest.mark.parametrize("language", LANGUAGES)


def messages(found, language):
    """Return what a report says of every finding, as a log may show it."""
    texts = catalogue(language)
    said = [
        words.say(texts, row.code, finding).words
        for row in found.checks
        for finding in row.findings
    ]
    return [terminal(one.message) for one in said] + [
        terminal(one.next_step) for one in said if one.next_step
    ]


def texts_of(form, written):
    """Return all text in a rendering, as its platform reads it."""
    if form == "junit":
        tree = ET.fromstring(written)  # noqa: S314 - what we have written ourselves
        return "\n".join([*tree.itertext(), *(e.get("message", "") for e in tree.iter())])
    if form == "classroom":
        _, _, _, results = platforms.classroom(written)
        return "\n".join([results["output"], *(test["message"] for test in results["tests"])])
    document = platforms.strictly(written)
    listed = [test["output"] for test in document.get("tests", [])]
    return "\n".join([document["output"], *listed])


def squeezed(text):
    return " ".join(text.split())


def test_reports_are_of_every_kind():
    assert len(NAMES) >= 40
    assert {graded(name).verdict for name in NAMES} == set(Verdict) - {Verdict.PASSED} | {
        graded("right").verdict
    }


@each_language
@each_report
def test_gradescope_takes_it_with_the_points_of_the_report(name, language):
    found = graded(name)
    document = platforms.valid(rendered("gradescope", name, language), platforms.GRADESCOPE)
    tests = document["tests"]
    assert [test["number"] for test in tests] == [str(n + 1) for n in range(len(tests))]
    assert document.get("score") == found.points
    if found.points is None:
        assert not any("score" in test for test in tests)
    else:
        assert [(t["score"], t["max_score"]) for t in tests] == [
            (row.points, row.max_points) for row in found.checks
        ]
    for test, row in zip(tests, found.checks, strict=True):
        passed = row.outcome in (Outcome.PASS, Outcome.MANUAL)
        assert test["status"] == ("passed" if passed else "failed")
        assert all(code in test["output"] for code in row.skipped_because)


@each_language
@each_report
def test_prairielearn_takes_it_with_the_points_of_the_report(name, language):
    found = graded(name)
    written = rendered("prairielearn", name, language)
    document = platforms.valid(written, platforms.PRAIRIELEARN)
    assert len(written.encode()) <= 1 << 20
    if found.points is None:
        assert document["gradable"] is False
        return
    assert document["score"] == found.points / 100
    assert [test["points"] for test in document["tests"]] == [row.points for row in found.checks]


@each_language
@each_report
def test_autolab_reads_the_points_off_the_last_line(name, language):
    found = graded(name)
    written = rendered("autolab", name, language)
    assert platforms.autolab_scores(written) == {"Correctness": found.points}
    assert written.startswith(render("text", found, language).rstrip()[:2000])


@each_language
@each_report
def test_classroom_adds_up_to_the_points_of_the_report(name, language):
    found = graded(name)
    written = rendered("classroom", name, language)
    told, passed, log, results = platforms.classroom(written)
    assert len(written) <= 95_000
    assert written.count("\n") == 1
    total = sum(row.points for row in found.checks)
    assert told == (None if found.points is None else f"Points {total}/100")
    assert passed == (found.exit_status == 0)
    assert results["status"] == (
        "pass" if passed else "error" if found.exit_status == 3 else "fail"
    )
    assert platforms.obeyed(log) == []
    assert {type(test["score"]) for test in results["tests"]} <= {int}


@each_language
@each_report
def test_junit_is_valid_and_fails_where_the_command_does(name, language):
    found = graded(name)
    written = rendered("junit", name, language)
    platforms.junit_schema().validate(written)
    (suite,) = ET.fromstring(written)  # noqa: S314 - what we have written ourselves
    verdict, *cases = suite
    kinds = [next((child.tag for child in case if child.tag != "system-out"), "") for case in cases]
    expected = {
        Outcome.PASS: "",
        Outcome.MANUAL: "",
        Outcome.SKIPPED: "skipped",
        Outcome.NOT_ASSESSED: "skipped",
        Outcome.GRADER_ERROR: "error",
    }
    assert kinds == [expected.get(row.outcome, "failure") for row in found.checks]
    fails = [child.tag for child in verdict if child.tag != "system-out"]
    assert fails == {0: [], 1: ["failure"], 3: ["error"]}[found.exit_status]
    counts = {key: int(suite.get(key)) for key in ("tests", "failures", "errors", "skipped")}
    assert counts == {
        "tests": len(suite),
        "failures": [*kinds, *fails].count("failure"),
        "errors": [*kinds, *fails].count("error"),
        "skipped": kinds.count("skipped"),
    }


@each_language
@each_report
def test_runner_shows_every_annotation_whole_and_says_what_is_left_out(name, language):
    found = graded(name)
    lines = rendered("github", name, language).splitlines()
    commands = [platforms.command_of(line) for line in lines]
    wanted = list(everything(found, catalogue(language)))
    for level in ("error", "warning", "notice"):
        shown = [one for one in commands if one.name == level]
        all_ = [one for one in wanted if one.level == level]
        assert len(shown) == min(len(all_), platforms.SHOWN)
        if len(all_) > platforms.SHOWN:
            assert shown[-1].data.startswith(f"{len(all_) - 9} ")
        assert all(platforms.units(one.data) <= platforms.LONGEST for one in shown)
    assert {one.name for one in commands} <= {"error", "warning", "notice"}
    assert commands[
        [one.name for one in commands].index("error" if found.exit_status else "notice")
    ]


@each_report
def test_annotation_points_into_a_file_that_was_graded(name):
    found = graded(name)
    names = {f"{found.folder}/{file.name}": file for file in found.files}
    places = [one.properties for one in platforms.obeyed(rendered("github", name, "en"))]
    for place in places:
        assert ("line" in place) <= ("file" in place)
        if "file" in place:
            text = names[place["file"]].data
            assert 1 <= int(place.get("line", 1)) <= text.count(b"\n") + text.count(b"\r") + 1


@each_language
@each_report
def test_no_finding_is_lost(name, language):
    found = graded(name)
    wanted = [squeezed(text) for text in messages(found, language)]
    for form in LISTING:
        if form == "prairielearn" and found.points is None:
            continue  # holds the text report, whose own tests say what it shows
        shown = squeezed(texts_of(form, rendered(form, name, language)))
        cut = catalogue(language).entry("report.row.cut").partition("}")[2] in shown
        assert cut == (name == "duplicates" and form == "classroom")
        assert cut or [text for text in wanted if text not in shown] == []


@each_report
def test_nothing_of_a_submission_is_obeyed(name):
    for form in PLAIN:
        written = rendered(form, name, "en")
        # What a forge would link is kept apart by a zero-width space of our own.
        seen = written.replace("\u200b", "") if form == "markdown" else written
        assert UNPRINTABLE.search(seen) is None, form
        if form != "github":
            assert platforms.obeyed(written) == [], form
    results = platforms.classroom(rendered("classroom", name, "en"))[3]
    assert platforms.obeyed("\n".join(test["message"] for test in results["tests"])) == []


@pytest.mark.parametrize("form", PLAIN)
def test_same_report_gives_the_same_bytes(form):
    for name in ("right", "README", "fault"):
        assert render(form, graded(name), "es") == render(form, graded(name), "es")


# What is too large for a platform is cut, and what is cut is said.


def huge(n):
    """Return a report with a check of `n` findings, and one of few."""
    data = {"type": "E", "text": "x" * 280, "module": ""}
    many = tuple(Finding("raised", Outcome.STUDENT_ERROR, data, line=k + 1) for k in range(n))
    few = Finding("from_root", Outcome.NOTE, file="bptt_norm.py")
    return report(
        CheckResult("rerun.runs", Outcome.STUDENT_ERROR, 0, 3, required=True, findings=many),
        CheckResult("rerun.reproduces", Outcome.PASS, 3, 3, required=True, findings=()),
        CheckResult("rerun.runs", Outcome.PASS, 3, 3, required=True, findings=(few,)),
    )


@pytest.mark.parametrize(
    ("form", "limit", "n", "language"),
    [
        ("prairielearn", 1 << 20, 3000, "en"),
        ("gradescope", 60_000, 150, "en"),
        ("classroom", 95_000, 200, "en"),
        ("classroom", 95_000, 200, "es"),
    ],
)
def test_report_too_large_is_cut_to_the_limit_and_says_so(form, limit, n, language, monkeypatch):
    found = huge(n)
    if form == "gradescope":  # its limit is our own, and a smaller one is cut alike
        monkeypatch.setattr("grader.report.gradescope.LARGEST", limit)
    written = render(form, found, language)
    assert 0.9 * limit < len(written.encode()) <= limit
    shown = texts_of(form, written)
    (left,) = re.findall(r"… (\d+) ", shown)
    kept = re.findall(r"^[✗→] ", shown, re.MULTILINE)
    assert len(kept) + int(left) == 2 * n
    assert messages(report(found.checks[2]), language)[0] in shown


def test_autolab_text_too_large_is_cut_and_the_score_stays():
    written = render("autolab", huge(1500), "en")
    assert 450_000 < len(written.encode()) <= 500_100
    assert "more lines do not fit here" in written
    assert platforms.autolab_scores(written) == {"Correctness": 90}


def test_eleven_errors_become_nine_and_a_count():
    found = platforms.obeyed(render("github", huge(30), "en"))
    errors = [one for one in found if one.name == "error"]
    assert len(errors) == 10
    assert errors[-1].data.startswith("22 more")
    assert "NOT PASSED" in errors[0].data


# The restatements themselves refuse what the platforms refuse.


def test_runner_would_obey_a_forged_command():
    forged = platforms.obeyed("  ::notice title=a%2Cb::100 of%0A100\nx ##[add-mask]y")
    assert [(one.name, one.data) for one in forged] == [
        ("notice", "100 of\n100"),
        ("add-mask", "y"),
    ]
    assert forged[0].properties == {"title": "a,b"}


def test_autolab_would_stumble_over_a_colon():
    with pytest.raises(json.JSONDecodeError):
        platforms.autolab_scores('{"scores": {"Part: one": 1}}')


@pytest.mark.parametrize(
    "document", ['{"gradable": true, "score": 1.5, "tests": []}', '{"gradable": true}']
)
def test_prairielearn_would_refuse_a_wrong_score(document):
    with pytest.raises(platforms.jsonschema.ValidationError):
        platforms.valid(document, platforms.PRAIRIELEARN)


def test_gradescope_would_refuse_another_status():
    with pytest.raises(platforms.jsonschema.ValidationError):
        platforms.valid('{"tests": [{"name": "a", "status": "skipped"}]}', platforms.GRADESCOPE)


def test_schema_would_refuse_a_case_without_a_class():
    with pytest.raises(platforms.xmlschema.XMLSchemaValidationError):
        platforms.junit_schema().validate('<testsuites><testsuite name="a"/></testsuites>')


@each_language
@each_report
def test_brief_report_holds_all_that_is_wrong_and_nothing_else(name, language):
    found, texts = graded(name), catalogue(language)
    written = rendered("brief", name, language)
    assert written.splitlines()[0] == terminal(words.headline(found, texts))
    assert not UNPRINTABLE.search(written)
    for row in found.checks:
        for finding in row.findings:
            message = terminal(words.say(texts, row.code, finding).words.message)
            if finding.outcome in WRONG or finding.outcome is Outcome.GRADER_ERROR:
                assert message in written
            if finding.outcome in (Outcome.NOTE, Outcome.MANUAL):
                assert message not in written
