"""Strings of a stranger become one harmless line."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.clean import LIMIT, printable


@pytest.mark.parametrize(
    "text", ["", "plain text", "‖dh[3]‖ = 1,5·10⁻¹²", "órdenes ñ", "層 слой", "e\u0301tat", "🙂"]
)
def test_printable_text_stays_as_it_is(text):
    assert printable(text) == text


@pytest.mark.parametrize(
    "character",
    ["\n", "\r", "\t", "\x00", "\x1b", "\x7f", "\x9b", "\u202e", "\u2066", "\u200b", "\ufeff",
     "\u00a0", "\u2028", "\ud800", "\ue000", "\U000e0041"],
)  # fmt: skip
def test_character_that_does_not_print_is_spelled_out(character):
    assert printable(f"a{character}b") == f"a\\u{{{ord(character):x}}}b"


def test_escape_sequence_reaches_no_terminal():
    assert printable("\x1b[2J\x1b]0;title\x07") == "\\u{1b}[2J\\u{1b}]0;title\\u{7}"


def test_only_the_first_of_a_run_of_combining_marks_stays():
    assert printable("a\u0301\u0302\u0303b\u0301") == "a\u0301\\u{302}\\u{303}b\u0301"


@pytest.mark.parametrize(("length", "cut"), [(LIMIT, False), (LIMIT + 1, True)])
def test_long_text_is_cut_and_marked(length, cut):
    shown = printable("x" * length)
    assert shown == "x" * LIMIT + ("…" if cut else "")


def test_limit_can_be_chosen():
    assert printable("abcdef", limit=3) == "abc…"


@given(st.text(st.characters(), max_size=50))
def test_result_is_one_printable_line(text):
    shown = printable(text)
    allowed = {category for category in map(unicodedata.category, shown) if category[0] in "LNPSM"}
    assert {unicodedata.category(c) for c in shown if c != " "} <= allowed
    assert len(shown.splitlines()) <= 1
    shown.encode("utf-8")


@given(st.text(st.characters(), max_size=50))
def test_cleaning_twice_changes_nothing(text):
    assert printable(printable(text, 1_000), 1_000) == printable(text, 1_000)
