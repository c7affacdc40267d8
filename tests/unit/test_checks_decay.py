"""decay.readable and decay.schema: each defect gives exactly its kind, its near neighbour none."""

import json
from pathlib import Path

import numpy as np
import pytest

from grader.checks import decay
from grader.model import LoadedFile, Material, Outcome, Submission
from grader.reading.normalise import read_decay
from grader.texts import LANGUAGES, catalogue

R = [1e-12 * 1.7**t for t in range(50)]
G = [1e-3 * 1.1**t for t in range(50)]


def material(text):
    file = LoadedFile("decay.json", text.encode(), "")
    curves, problems = read_decay(file)
    submission = Submission(Path(), Path(), {"decay.json": file}, {}, ())
    return Material(submission, problems, curves, None, None, {})


def with_entry(literal, index=12):
    curve = [json.dumps(g) for g in R]
    curve[index] = literal
    return f'{{"rnn": [{", ".join(curve)}], "gru": {json.dumps(G)}}}'


def kinds(check, document):
    text = document if isinstance(document, str) else json.dumps(document)
    return [finding.kind for finding in check(material(text))]


def both(rnn, gru=G, **extra):
    return {"rnn": rnn, "gru": gru, **extra}


SCHEMA = {
    "missing_curve": ({"rnn": R, "other": G}, both(R)),
    "not_a_list": (both(5), both(R)),
    "one_short": (both(R[:49]), both(R)),
    "two_short": (both(R[:48]), both(R)),
    "two_long": (both([*R, 1.0, 2.0]), both([*R, 1.0])),
    "wrong_length": (both(R[:40]), both(R)),
    "zero": (with_entry("0.0"), with_entry(repr(float(np.finfo(float).tiny)))),
    "negative": (with_entry("-1e-9"), with_entry("1e-9")),
    "text": (with_entry('"np.float32(0.1)"'), with_entry("0.1")),
    "boolean": (with_entry("true"), with_entry("1")),
    "null": (with_entry("null"), with_entry("5e-324")),
    "not_a_number": (with_entry("[0.1]"), with_entry("0.1")),
    "not_finite": (with_entry("Infinity"), with_entry("1e300")),
    "overflow": (with_entry("1e400"), with_entry("1e300")),
    "huge_integer": (with_entry("9" * 309), with_entry("9" * 308)),
    "underflow": (with_entry("1e-400"), with_entry("1e-320")),
    "bad_head": (both(R, g_T={"rnn": -1}), both(R, g_T={"rnn": 1})),
    "bad_gate": (both(R, update_gate={"mean": 1.5}), both(R, update_gate={"mean": 1})),
}


@pytest.mark.parametrize("kind", SCHEMA)
def test_schema_names_the_defect_and_not_its_neighbour(kind):
    wrong, near = SCHEMA[kind]
    assert kinds(decay.schema, wrong) == [kind]
    assert kinds(decay.schema, near) == []


def test_list_of_51_with_an_entry_that_is_no_value_is_one_too_long():
    assert set(kinds(decay.schema, both([*R, [1.0]]))) == {"one_long", "not_a_number"}


READABLE = {
    "truncated": ('{"rnn": [1.0', both(R)),
    "syntax": ('{"rnn" [1.0]}', both(R)),
    "key": ("{rnn: [1.0]}", both(R)),
    "value": (with_entry("np.float32(0.1)"), with_entry("0.1")),
    "string": ('{"rnn', both(R)),
    "trailing": (json.dumps(both(R)) * 2, json.dumps(both(R)) + "\n"),
    "duplicate_key": (json.dumps(both(R))[:-1] + ', "rnn": [1.0]}', both(R, Rnn_note=1)),
    "not_finite": (json.dumps(both(R, lstm=[float("nan")] * 2)), both(R, lstm=[1.0])),
    "overflow": (json.dumps(both(R))[:-1] + ', "x": 1e999}', both(R, x=1e99)),
    "huge_integer": (both(R, x=10**308), both(R, x=10**307)),
    "surrogate": (json.dumps(both(R))[:-1] + ', "x": "\\ud800"}', both(R, x="\U0001f600")),
    "too_deep": ("[" * 30, both(R)),
    "too_many": ("[" + "1," * 100_001 + "1]", both(R, states=[[0.1] * 32] * 50)),
    "long_names": (both(R, **{"k" * 90_000: [1.0] * 30}), both(R, **{"k" * 900: [1.0] * 30})),
    "not_an_object": ("3.5", both(R)),
    "unrecognised": ({"a": R, "b": G}, both(R)),
    "ambiguous": ({"rnn_a": R, "rnn_b": G, "gru": G}, both(R)),
    "logarithms": ({"rnn_log10": [-9.0] * 50, "gru": G}, both(R)),
}


@pytest.mark.parametrize("kind", READABLE)
def test_readable_names_the_defect_and_not_its_neighbour(kind):
    wrong, near = READABLE[kind]
    found = [
        finding
        for finding in decay.readable(
            material(wrong if isinstance(wrong, str) else json.dumps(wrong))
        )
        if finding.outcome is not Outcome.NOTE
    ]
    assert {finding.kind for finding in found} == {kind}
    assert kinds(decay.readable, near) == []


def test_absent_file_is_skipped_not_passed():
    submission = Submission(Path(), Path(), {}, {}, ())
    (finding,) = decay.readable(Material(submission, (), None, None, None, {}))
    assert (finding.kind, finding.outcome) == ("not_read", Outcome.SKIPPED)


def test_same_trouble_is_told_once_with_all_its_places():
    document = json.dumps({"rnn": [0, 0, *R[2:]], "gru": [0] * 50})
    rnn, gru = decay.schema(material(document))
    assert (rnn.model, rnn.t, rnn.path) == ("rnn", 0, "rnn[0]")
    assert rnn.data["also"] == " (rnn[0], rnn[1])"
    assert gru.data["n"] == 50
    assert gru.data["also"].endswith(", gru[5], +44)")


def test_length_of_a_hostile_list_is_told_and_its_entries_are_sampled():
    length, zero = decay.schema(material(json.dumps({"rnn": [0] * 40_000, "gru": G})))
    assert (length.kind, length.data["length"]) == ("wrong_length", 40_000)
    assert zero.data["n"] == 200


def test_different_troubles_are_all_told():
    found = kinds(decay.schema, with_entry("-1").replace(json.dumps(R[0]), "0", 1))
    assert found == ["zero", "negative"]


def every_finding():
    for check, table in (("readable", READABLE), ("schema", SCHEMA)):
        for wrong, _ in table.values():
            text = wrong if isinstance(wrong, str) else json.dumps(wrong)
            for finding in getattr(decay, check)(material(text)):
                yield f"decay.{check}", finding


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_finding_has_its_sentence(language):
    for code, finding in every_finding():
        said = catalogue(language).finding(code, finding)
        assert said.found
        assert said.next_step


def test_message_names_path_value_and_expectation():
    (finding,) = decay.schema(material(with_entry("NaN")))
    said = catalogue("en").finding("decay.schema", finding).message
    assert said == ("decay.json:1, rnn[12]: found NaN; expected a finite positive number")
