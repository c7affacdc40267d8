"""Strict JSON: each fault is named with its place, and everything else is read like json.loads."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.reading.strictjson import (
    MAX_DEPTH,
    MAX_FAULTS,
    MAX_NAMES,
    MAX_VALUES,
    half_unit,
    join,
    parse_json,
)


def kinds(text):
    return [fault.kind for fault in parse_json(text).faults]


WRONG_AND_NEAR = {
    "truncated": ('{"a": [1, 2', '{"a": [1, 2]}'),
    "syntax": ('{"a" 1}', '{"a": 1}'),
    "key": ("{'a': 1}", '{"a": 1}'),
    "value": ('{"a": np.float32(0.1)}', '{"a": 0.1}'),
    "string": ('["a\tb"]', '["a\\tb"]'),
    "trailing": ('{"a": 1}{"a": 1}', '{"a": 1}\n'),
    "duplicate_key": ('{"a": 1, "a": 2}', '{"a": 1, "A": 2}'),
    "not_finite": ("[1, NaN]", '[1, "NaN"]'),
    "overflow": ("[1e400]", "[1e308]"),
    "huge_integer": ("9" * 309, "9" * 308),
    "surrogate": ('["\\ud800"]', '["\\ud83d\\ude00"]'),
    "too_deep": ("[" * (MAX_DEPTH + 2), "[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1)),
    "long_names": (
        '{"' + "k" * (MAX_NAMES // 20) + '": [' + ",".join("1" * 20) + "]}",
        '{"' + "k" * (MAX_NAMES // 20) + '": [' + ",".join("1" * 18) + "]}",
    ),
    "too_many": (
        "[" + ",".join("1" * MAX_VALUES) + "]",
        "[" + ",".join("1" * (MAX_VALUES - 1)) + "]",
    ),
}


@pytest.mark.parametrize("kind", WRONG_AND_NEAR)
def test_fault_is_named_and_its_near_neighbour_is_not(kind):
    wrong, near = WRONG_AND_NEAR[kind]
    assert kinds(wrong) == [kind]
    assert kinds(near) == []


@pytest.mark.parametrize("text", ["[Infinity]", "[-Infinity]", "[NaN]"])
def test_number_without_finite_value_reads_as_none_and_keeps_its_spelling(text):
    parsed = parse_json(text)
    assert parsed.complete
    assert parsed.value == [None]
    assert parsed.spots["[0]"].literal == text[1:-1]


@pytest.mark.parametrize(
    "text", ["[01]", "[1.]", "[.5]", "[+1]", "[0x1]", "[1_0]", "[True]", "[1,]"]
)
def test_python_spelling_is_not_a_json_value(text):
    assert kinds(text) == ["value"]


@pytest.mark.parametrize("text", ["", "  \n", "[", '{"a"', '{"a":', "[1,", '{"a": 1,'])
def test_text_that_ends_early_is_truncated(text):
    assert kinds(text) == ["truncated"]


def test_fault_names_line_column_and_path():
    fault = parse_json('{\n  "rnn": [1.0,\n    NaN]\n}').faults[0]
    assert (fault.line, fault.data["column"], fault.path) == (3, 5, "rnn[1]")


def test_faults_that_do_not_stop_reading_are_all_collected():
    parsed = parse_json('{"a": NaN, "b": 1e999, "a": 2} end')
    assert [fault.kind for fault in parsed.faults] == [
        "not_finite",
        "overflow",
        "duplicate_key",
        "trailing",
    ]
    assert parsed.value == {"a": 2, "b": None}


def test_nesting_bomb_ends_in_a_fault_not_a_recursion_error():
    assert kinds("[" * 1_000_000) == ["too_deep"]
    assert kinds('{"a":' * 100_000) == ["too_deep"]


def test_number_of_faults_is_bounded_and_what_stops_the_reading_is_always_told():
    faults = parse_json("[" + "NaN," * 1000 + "oops]").faults
    assert len(faults) == MAX_FAULTS
    assert faults[-1].kind == "value"


def test_underflowing_literal_reads_as_zero_and_keeps_its_spelling():
    parsed = parse_json("[1e-400]")
    assert parsed.value == [0.0]
    assert parsed.spots["[0]"].literal == "1e-400"


@pytest.mark.parametrize(
    ("literal", "half"),
    [
        ("1", 0.5),
        ("-20", 0.5),
        ("0.1234", 0.5e-4),
        ("1.50e-3", 0.5e-5),
        ("2E+3", 500.0),
        ("1e-400", 0.0),
        ("1e" + "9" * 5000, float("inf")),
        ("1e-" + "9" * 5000, 0.0),
    ],
)
def test_half_unit_is_half_the_last_digit_written(literal, half):
    assert half_unit(literal) == pytest.approx(half, rel=1e-12, abs=0.0)


def test_path_quotes_keys_that_are_no_names():
    assert join("a", "b") == "a.b"
    assert join("a", 3) == "a[3]"
    assert join("a", "12") == 'a["12"]'
    assert join("", "a b") == '["a b"]'


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(10**300), 10**300)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
)


def nested(levels):
    if not levels:
        return SCALARS
    inner = nested(levels - 1)
    return SCALARS | st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4)


@given(value=nested(3), indent=st.sampled_from([None, 1, "\t"]), ascii_only=st.booleans())
def test_valid_json_reads_as_the_standard_library_reads_it(value, indent, ascii_only):
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    parsed = parse_json(text)
    assert parsed.faults == ()
    assert parsed.value == json.loads(text)


@given(text=st.text(alphabet='[]{}",:0123456789.eE+-tfnulNaI \n\\x', max_size=60))
def test_text_without_fault_is_text_the_standard_library_accepts(text):
    parsed = parse_json(text)
    if not parsed.faults:
        assert parsed.value == json.loads(text)
