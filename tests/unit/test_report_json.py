"""The JSON report: valid by its schema whatever was found, and the same bytes each time."""

import json
import math

import jsonschema
import pytest

from grader.isolated import Isolation
from grader.model import CheckResult, Finding, Outcome, StopCondition, Verdict
from grader.reading.schema import validator
from grader.report import json as json_report
from grader.report.json import as_document, render
from grader.texts import LANGUAGES
from tests.toys import loaded, report

STEPS = Finding(
    "every_step",
    data={"error": 1.0, "tolerance": 1e-9, "worst": math.inf, "count": 50, "length": 50,
          "later": 50, "seed": 42, "norm": 0.3, "next_norm": 0.4},
    model="rnn", file="bptt_norm.py", path="dh[49]", t=49,
)  # fmt: skip
NOTE = Finding("from_root", Outcome.NOTE, file="bptt_norm.py")
FAULT = Finding("grader_error", Outcome.GRADER_ERROR, {"error": "E: no", "place": "f:3"})
QUESTION = Finding(
    "why_steeper",
    Outcome.MANUAL,
    {"rnn_total": 11.5, "gru_total": 2.3, "rnn_slope": 0.2, "gru_slope": 0.1, "separation": 9.2},
)


def result(code, outcome, *findings, points=0, because=()):
    return CheckResult(
        code, outcome, points, 12, required=True, findings=findings, skipped_because=because
    )


WRONG = result("gradient.steps", Outcome.FAIL, STEPS)
NOTED = result("rerun.runs", Outcome.PASS, NOTE, points=12)
SKIPPED = result("gradient.chain", Outcome.SKIPPED, because=("gradient.steps",))
FAULTY = result("plot.curves", Outcome.GRADER_ERROR, FAULT)
ASKED = result("stop.explain", Outcome.MANUAL, QUESTION)

REPORTS = {
    "nothing found": report(),
    "wrong": report(WRONG, SKIPPED, NOTED),
    "files": report(
        WRONG,
        scope="files",
        points=None,
        isolation=Isolation("none", (), ()),
        verdict=Verdict.FILES_INCONSISTENT,
        headline="files_inconsistent",
    ),
    "fault": report(
        FAULTY, verdict=Verdict.GRADER_ERROR, headline="grader_error", points=None, exit_status=3
    ),
    "asked": report(ASKED, questions=(QUESTION,)),
    "hostile name": report(name="\x1b[31m\u202e", files=(loaded("a\n.py", ""),)),
    "no name": report(name=""),
    "measured": report(
        measurements={"rnn": {"orders_total": 11.5, "method": "richardson"}, "gru": {}}
    ),
    "skipped stop": report(
        stop_conditions=(StopCondition(1, Outcome.SKIPPED, ("stop.separated",)),)
    ),
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", REPORTS)
def test_document_is_valid_by_the_schema(name, language):
    validator("report").validate(json.loads(render(REPORTS[name], language)))


def test_schema_refuses_what_is_not_a_report():
    document = as_document(report(), "en")
    with pytest.raises(jsonschema.ValidationError):
        validator("report").validate({**document, "verdict": "splendid"})


@pytest.mark.parametrize("name", REPORTS)
def test_same_report_gives_the_same_bytes(name):
    assert render(REPORTS[name], "en") == render(REPORTS[name], "en")


def test_document_ends_with_one_newline():
    assert render(report(), "en").endswith("}\n")


def test_finding_is_told_in_words_and_in_numbers():
    (finding,) = as_document(report(WRONG), "en")["checks"][0]["findings"]
    assert (finding["kind"], finding["model"], finding["t"], finding["line"]) == (
        "every_step",
        "rnn",
        49,
        None,
    )
    assert finding["data"]["tolerance"] == 1e-9
    assert finding["message"].startswith("bptt_norm.py, RNN, dh[49]: every step back is wrong")
    assert (
        finding["message"]
        == f"bptt_norm.py, RNN, dh[49]: {finding['found']}; {finding['expected']}"
    )


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan])
def test_number_that_json_lacks_is_written_as_text(value):
    odd = Finding("from_root", Outcome.NOTE, {"x": value, "list": [1.0, value]})
    data = as_document(report(result("rerun.runs", Outcome.PASS, odd)), "en")["checks"][0]
    assert data["findings"][0]["data"] == {"x": str(value), "list": [1.0, str(value)]}


def test_text_of_a_submission_is_made_harmless():
    odd = Finding("from_root", Outcome.NOTE, {"x": "\x1b[2J"}, file="a\x07.py", path="\u202e")
    text = render(report(result("rerun.runs", Outcome.PASS, odd)), "en")
    assert not {"\x1b", "\x07", "\u202e"} & set(text)
    assert "\\u001b" not in text


def test_score_is_null_where_there_is_none():
    assert as_document(REPORTS["files"], "en")["score"] is None
    assert as_document(report(), "en")["score"] == {"points": 90, "out_of": 100, "not_assessed": 0}


def test_skipped_check_names_what_it_waited_for():
    assert as_document(report(SKIPPED), "en")["checks"][0]["skipped_because"] == ["gradient.steps"]


def test_notes_stand_apart_from_what_is_to_be_fixed():
    document = as_document(REPORTS["wrong"], "en")
    assert len(document["notes"]) == 1
    assert [line.partition(":")[0] for line in document["fix_first"]] == ["gradient.steps"]


def test_questions_come_with_what_an_answer_contains():
    (asked,) = as_document(REPORTS["asked"], "en")["questions"]
    assert "11.5" in asked["question"]
    assert "W_hh" in asked["answer_contains"]


def test_fault_of_ours_is_told_as_one():
    (finding,) = as_document(REPORTS["fault"], "en")["checks"][0]["findings"]
    assert finding["outcome"] == "grader-error"
    assert "E: no" in finding["found"]


def test_languages_share_every_value_that_is_no_sentence():
    english, spanish = (as_document(REPORTS["wrong"], language) for language in LANGUAGES)
    same = ("verdict", "exit_status", "score", "measurements", "environment", "isolation")
    assert [english[key] for key in same] == [spanish[key] for key in same]
    assert english["headline"] != spanish["headline"]


def test_unknown_finding_is_refused_not_guessed():
    odd = result("rerun.runs", Outcome.FAIL, Finding("no_such_kind"))
    with pytest.raises(KeyError):
        json_report.render(report(odd), "en")
