"""The report for a terminal: what is said, in which order, and how it is laid out."""

import io
import re

import pytest

from grader.isolated import Isolation
from grader.model import CheckResult, Finding, Outcome, StopCondition, Verdict
from grader.report import text, words
from grader.report.text import Line, fold, render, show
from grader.texts import LANGUAGES, catalogue
from tests.toys import report

ESCAPE = "\x1b"


def result(code, outcome, *findings, points=0, worth=12, required=True, because=()):
    return CheckResult(code, outcome, points, worth, required, findings, because)


def wrong(code, points=0, worth=12, kind=None, outcome=Outcome.FAIL, **more):
    """Return a check that found the first thing its texts know."""
    known = catalogue("en").entry(f"check.{code}.finding")
    name = kind or next(iter(known))
    fields = {field: "x" for part in known[name].values() for field in re.findall(r"{(\w+)}", part)}
    finding = Finding(name, outcome, fields, file="bptt_norm.py")
    return result(code, outcome, finding, points=points, worth=worth, **more)


STEPS = wrong("gradient.steps")
CHAIN = result("gradient.chain", Outcome.SKIPPED, worth=6, because=("gradient.steps",))
NOTED = wrong("rerun.runs", 12, kind="from_root", outcome=Outcome.NOTE)
NOTED = result("rerun.runs", Outcome.PASS, *NOTED.findings, points=12)
FAULT = result(
    "plot.curves",
    Outcome.GRADER_ERROR,
    Finding("grader_error", Outcome.GRADER_ERROR, {"error": "E: no", "place": "f:3"}),
)
ASKED = wrong("stop.explain", kind="why_steeper", outcome=Outcome.MANUAL)
FULL = report(STEPS, CHAIN, NOTED, ASKED, questions=ASKED.findings)


def sections(shown):
    """Return the text under each heading, by heading."""
    parts = re.split(r"\n\n(?=\S)", shown)
    return {part.partition("\n")[0]: part.partition("\n")[2] for part in parts}


def test_verdict_and_score_come_first():
    assert render(FULL, "en").splitlines()[0].strip() == "NOT PASSED: 90 of 100 points"


def test_sections_come_in_the_order_in_which_one_reads():
    names = ["Stop conditions of the lab", "What to fix first", "Checks", "What was found",
             "Notes (they cost nothing)", "Questions to put to you", "Evidence"]  # fmt: skip
    assert [name for name in sections(render(FULL, "en")) if name in names] == names


def test_section_without_content_is_left_out():
    shown = render(report(), "en")
    assert "What was found" not in shown
    assert "Notes" not in shown


def test_check_shows_mark_points_and_code():
    assert re.search(r"✗ +0/12 gradient\.steps +Every step back", render(FULL, "en"))


def test_skipped_check_names_its_prerequisite():
    line = next(x for x in render(FULL, "en", 110).splitlines() if "gradient.chain" in x)
    assert "-  0/6" in line
    assert "because of: gradient.steps" in " ".join(render(FULL, "en").split())


def test_check_worth_nothing_shows_no_points():
    assert "0/0" not in render(report(result("stop.explain", Outcome.MANUAL, worth=0)), "en")


def test_next_step_follows_its_finding():
    shown = sections(render(FULL, "en"))["What was found"]
    assert shown.index("every step back") < shown.index("→")


def test_finding_of_the_spoken_question_is_shown_once():
    shown = render(FULL, "en")
    assert shown.count("Point at the plot") == 1
    assert "A right answer contains" in shown


def test_note_is_not_among_what_was_found():
    parts = sections(render(FULL, "en"))
    assert "rerun.runs" in parts["Notes (they cost nothing)"]
    assert "rerun.runs" not in parts["What was found"]


def test_fault_of_ours_says_how_to_report_it():
    shown = " ".join(render(report(FAULT), "en").split())
    assert "E: no" in shown
    assert "Please report it" in shown


def test_scope_of_files_says_that_nothing_was_run():
    files = report(isolation=Isolation("none", (), ()), scope="files", points=None,
                   verdict=Verdict.FILES_CONSISTENT, headline="files_consistent")  # fmt: skip
    assert "Nothing was run." in render(files, "en")


def test_isolation_names_what_does_not_protect():
    assert "Not protected by this tier: the network" in " ".join(render(FULL, "en").split())


def test_strongest_isolation_has_nothing_to_own_up_to():
    whole = report(isolation=Isolation("A", ("landlock", "seccomp"), (), landlock_abi=7))
    said = " ".join(render(whole, "en").split())
    assert "tier A (Landlock, system call filter)." in said
    assert "Landlock ABI 7" in said
    assert "Not protected" not in said


def test_isolation_says_why_it_is_not_stronger():
    weak = report(isolation=Isolation("B", ("seccomp",), ("disk",), ("no_bubblewrap",)))
    assert "bubblewrap is not installed" in " ".join(render(weak, "en").split())


@pytest.mark.parametrize("warning", ["root", "unsafe"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_warning_stands_at_the_head_in_red(language, warning):
    warned = report(isolation=Isolation("E", ("time",), ("files",), warnings=(warning,)))
    said = catalogue(language).say(f"isolation.warning.{warning}")
    (line,) = [line for line in text.lines(warned, language) if said in line.text]
    assert "red" in line.style
    assert " ".join(render(warned, language).split()).index(said) < 300


def test_stop_condition_that_was_not_looked_at_says_so():
    stops = (StopCondition(1, Outcome.SKIPPED, ()),)
    assert "(skipped)" in render(report(stop_conditions=stops), "en")


def test_measured_numbers_are_sentences():
    entry = {"spectral_radius": 0.58, "spectral_norm": 1.04, "weight_std": 0.1}
    assert "ρ(W_hh) = 0.58" in render(report(measurements={"rnn": entry, "gru": {}}), "en")


def test_error_that_nothing_amplifies_is_left_out():
    zero = {"chain_error": 0.0, "chain_tolerance": 0.0, "length": 50, "method": "richardson"}
    shown = [
        render(report(measurements={"rnn": entry, "gru": {}}), "en")
        for entry in (zero, zero | {"amplification": 50.0})
    ]
    assert ["amplification" in text for text in shown] == [False, True]


def test_opaque_gru_says_that_its_reset_gate_was_not_tested():
    finding = Finding("reset_not_tested", Outcome.NOTE, model="gru", file="bptt_norm.py")
    shown = render(report(result("gradient.forward", Outcome.PASS, finding)), "en")
    assert "Whether the reset gate is right" in " ".join(shown.split())


def codes(*checks):
    return [said.code for said in words.fix_first(report(*checks), catalogue("en"))]


def test_required_check_is_fixed_before_a_dearer_one():
    optional = wrong("rerun.reproduces", worth=40, required=False)
    assert codes(optional, wrong("plot.image", worth=2)) == ["plot.image", "rerun.reproduces"]


def test_wrong_check_is_fixed_before_one_that_was_not_assessed():
    open_ = wrong("gradient.hot", worth=40, outcome=Outcome.NOT_ASSESSED)
    assert codes(open_, wrong("plot.image", worth=2)) == ["plot.image", "gradient.hot"]


def test_points_behind_a_check_count_for_it():
    behind = result("gradient.chain", Outcome.SKIPPED, worth=30, because=("gradient.head",))
    head, image = wrong("gradient.head", worth=6), wrong("plot.image", worth=10)
    assert codes(image, head, behind) == ["gradient.head", "plot.image"]


def test_three_things_are_enough_at_first():
    many = [
        wrong(code) for code in ("plot.image", "gradient.head", "gradient.hot", "stop.separated")
    ]
    assert len(codes(*many)) == 3


def test_check_that_lost_nothing_is_not_to_be_fixed():
    assert codes(wrong("plot.image", 12), NOTED) == []


@pytest.mark.parametrize("width", [40, 60, 80, 110])
@pytest.mark.parametrize("language", LANGUAGES)
def test_no_line_is_wider_than_asked(width, language):
    long = [x for x in render(FULL, language, width).splitlines() if len(x) > width]
    assert all(len(line.split()) <= 2 for line in long)


@pytest.mark.parametrize(("width", "columns"), [(1, 40), (400, 110)])
def test_width_is_kept_within_bounds(width, columns):
    assert max(map(len, fold(Line("word " * 100), width).splitlines())) in range(
        columns - 5, columns + 1
    )


def test_further_lines_hang_below_the_first():
    folded = fold(Line("word " * 30, "  1. ", 5), 40).splitlines()
    assert folded[0].startswith("  1. word")
    assert all(line.startswith("     word") for line in folded[1:])


def test_plain_text_has_no_escapes_and_ends_with_a_newline():
    shown = render(FULL, "en")
    assert ESCAPE not in shown
    assert shown.endswith("\n")
    assert not shown.endswith("\n\n")


def test_escape_of_a_submission_never_reaches_the_terminal():
    said = {"type": "E", "text": "\x1b[2J\u202e", "module": ""}
    hostile = Finding("raised", Outcome.STUDENT_ERROR, said, file="a\x1b.py")
    stream = io.StringIO()
    show(report(result("rerun.runs", Outcome.STUDENT_ERROR, hostile)), "en", stream, colour=False)
    assert not {ESCAPE, "\u202e"} & set(stream.getvalue())


def test_markup_of_a_submission_is_not_obeyed():
    hostile = Finding(
        "raised", Outcome.STUDENT_ERROR, {"type": "E", "text": "[red]x[/red]", "module": ""}
    )
    stream = io.StringIO()
    show(report(result("rerun.runs", Outcome.STUDENT_ERROR, hostile)), "en", stream, colour=True)
    assert "[red]x[/red]" in stream.getvalue()


@pytest.mark.parametrize(("colour", "coloured"), [(True, True), (False, False), (None, False)])
def test_colours_are_given_only_where_they_are_wanted(colour, coloured, monkeypatch):
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    stream = io.StringIO()
    show(FULL, "en", stream, colour=colour)
    assert (ESCAPE in stream.getvalue()) is coloured


def test_colours_change_no_word():
    stream = io.StringIO()
    show(FULL, "en", stream, colour=True)
    shown = re.sub(r"\x1b\[[\d;]*m", "", stream.getvalue())
    assert shown.split() == render(FULL, "en").split()


def test_terminal_without_the_marks_gets_ascii_ones():
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    show(FULL, "en", stream, colour=False)
    stream.flush()
    shown = raw.getvalue().decode("ascii")
    assert re.search(r"x +0/12 gradient\.steps", shown)


@pytest.mark.parametrize("outcome", Outcome)
def test_every_outcome_has_a_mark_that_ascii_can_show(outcome):
    assert len(text.MARKS[outcome]) == 1
    assert text.MARKS[outcome].translate(text.ASCII_MARKS).isascii()


@pytest.mark.parametrize("verdict", Verdict)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_verdict_has_a_headline(verdict, language):
    made = report(verdict=verdict, headline=verdict.value)
    assert render(made, language).strip()


def test_spanish_report_says_the_same_in_spanish():
    english, spanish = (render(FULL, language) for language in LANGUAGES)
    assert "Condiciones" in spanish
    assert [w for w in spanish.split() if "gradient." in w] == [
        w for w in english.split() if "gradient." in w
    ]
