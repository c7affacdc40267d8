"""Sentences are filled with numbers a person reads, and with nothing a terminal obeys."""

import pytest

from grader.model import Finding, Term
from grader.texts import FILES, LANGUAGES, Catalogue, RenderedFinding, catalogue, number

TABLE = {
    "hello": "{what}",
    "two": {"words": "{a} and {b}", "plain": "no placeholder"},
    "check": {"toy": {"one": {"finding": {
        "k": {"found": "{model} at {t}: {value}", "expected": "expected 1", "next": "Do {what}."},
        "short": {"found": "found"},
    }}}},
}  # fmt: skip


def texts(language="en"):
    return Catalogue(language, TABLE)


def said(finding, language="en"):
    return texts(language).finding("toy.one", finding)


@pytest.mark.parametrize(
    ("value", "english", "spanish"),
    [
        (0, "0", "0"),
        (50, "50", "50"),
        (10**20, "1" + "0" * 20, "1" + "0" * 20),
        (2.0, "2", "2"),
        (-3.0, "-3", "-3"),
        (-0.0, "0", "0"),
        (0.5, "0.5", "0,5"),
        (1.23456, "1.235", "1,235"),
        (123456.7, "1.235e+05", "1,235e+05"),
        (1e6, "1e+06", "1e+06"),
        (1.25e-46, "1.25e-46", "1,25e-46"),
        (5e-324, "4.941e-324", "4,941e-324"),
        (float("nan"), "nan", "nan"),
        (float("inf"), "inf", "inf"),
        (float("-inf"), "-inf", "-inf"),
    ],
)
def test_number_has_four_digits_at_any_size(value, english, spanish):
    assert (number(value, "en"), number(value, "es")) == (english, spanish)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("text", "text"),
        ("\x1b[31mred", "\\u{1b}[31mred"),
        ("{b} %s {0}", "{b} %s {0}"),
        (["a", "b"], "a, b"),
        ([1, 2.5], "1, 2.5"),
        ([], ""),
        (0.25, "0.25"),
    ],
)
def test_value_is_filled_in_as_it_is_read(value, expected):
    assert texts().say("hello", {"what": value}) == expected


def test_decimal_comma_is_used_inside_lists_too():
    assert texts("es").say("hello", {"what": [0.5]}) == "0,5"


@pytest.mark.parametrize("language", LANGUAGES)
def test_term_is_translated_where_it_is_filled_in(language):
    known = catalogue(language)
    term = Term("report.unprobed.not_finite")
    told = known.say("check.gradient.hot.finding.not_reached.found", {"reason": term})
    assert known.entry("report.unprobed.not_finite") in told


def test_terms_of_a_list_are_translated():
    data = {"tier": "E", "layers": [Term("isolation.layer.time")], "missing": []}
    assert "time limit" in catalogue("en").say("isolation.label.tier", data)


def test_entry_returns_what_stands_under_a_dotted_key():
    assert texts().entry("two") == TABLE["two"]
    assert texts().entry("two.plain") == "no placeholder"


@pytest.mark.parametrize("key", ["three", "two.three", "check.toy.two.title"])
def test_missing_key_raises(key):
    with pytest.raises(KeyError):
        texts().entry(key)


def test_missing_value_raises():
    with pytest.raises(KeyError, match="b"):
        texts().say("two.words", {"a": 1})


def test_finding_fills_in_its_model_and_time():
    finding = Finding("k", data={"value": 0.5, "what": "that"}, model="gru", t=3)
    assert said(finding).found == "GRU at 3: 0.5"
    assert said(finding).next_step == "Do that."


def test_data_of_a_finding_goes_before_its_model():
    finding = Finding("k", data={"value": 1, "what": "", "model": "LSTM", "t": 7}, model="rnn", t=3)
    assert said(finding).found == "LSTM at 7: 1"


def test_part_that_is_left_out_is_empty():
    assert said(Finding("short")) == RenderedFinding("", "found", "", "")


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ({}, ""),
        ({"file": "a.py"}, "a.py"),
        ({"file": "a.py", "line": 3}, "a.py:3"),
        ({"file": "decay.json", "path": "rnn[3]", "model": "rnn", "t": 3}, "decay.json, rnn[3]"),
        ({"file": "decay.json", "path": "norms[3]", "model": "rnn"}, "decay.json, RNN, norms[3]"),
        ({"file": "a.py", "model": "gru", "t": 3}, "a.py, GRU, t = 3"),
        ({"model": "gru"}, "GRU"),
        ({"file": "a\x1b.py", "path": "x\ny"}, "a\\u{1b}.py, x\\u{a}y"),
    ],
)
def test_place_names_file_line_model_and_path(where, expected):
    assert said(Finding("short", **where)).where == expected


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        (("", "found", "", ""), "found"),
        (("here", "found", "", ""), "here: found"),
        (("here", "found", "expected 1", "next"), "here: found; expected 1"),
    ],
)
def test_message_is_where_found_expected(parts, message):
    assert RenderedFinding(*parts).message == message


def test_families_of_a_language_are_one_table():
    table = catalogue("en").table
    assert {
        "check",
        "report",
        "cli",
        "diagnosis",
        "isolation",
        "mistake",
        "page",
        "selfcheck",
        "starter",
    } == set(table)
    assert {"gradient", "rerun", "stop", "files"} <= set(table["check"])


@pytest.mark.parametrize("language", LANGUAGES)
def test_catalogue_is_read_once(language):
    assert catalogue(language) is catalogue(language)
    assert catalogue(language).language == language


def test_every_file_is_found_by_the_keys_in_it():
    """Files are read one by one, as their keys are asked for."""
    texts = catalogue("en")
    assert set(texts.table) == {"check", *FILES}
    for first, tree in texts.table.items():
        keys = [f"{first}.{family}" for family in tree] if first == "check" else [first]
        for key in keys:
            whole = texts.table
            for part in key.split("."):
                whole = whole[part]
            assert texts.entry(key) == whole
