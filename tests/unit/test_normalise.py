"""Normalising decay.json: every honest shape gives the same curves; an ambiguous one asks."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.model import LoadedFile, Outcome
from grader.reading.normalise import lacking, read_decay

RNN = [1e-12 * 1.7**t for t in range(51)]
GRU = [1e-3 * 1.1**t for t in range(51)]
R, G = RNN[:50], GRU[:50]
T = list(range(50))


def normalised(document):
    text = document if isinstance(document, str) else json.dumps(document)
    return read(text.encode())


def read(data):
    """Return the canonical form, and all problems of the text and of the form."""
    file = LoadedFile("decay.json", data, "")
    decay, problems = read_decay(file)
    return decay, problems + lacking(file)


def told(document, model=None):
    """Return the kinds of findings, those of one net if `model` is given."""
    problems = normalised(document)[1]
    return [p.finding.kind for p in problems if model is None or p.finding.model == model]


def test_canonical_form_is_read_without_a_word():
    document = {
        "schema_version": 1,
        "rnn": R,
        "gru": G,
        "g_T": {"rnn": RNN[50], "gru": GRU[50]},
        "update_gate": {"mean": 0.12, "std": 0.01},
    }
    decay, problems = normalised(document)
    assert problems == ()
    assert decay.curves == {"rnn": tuple(R), "gru": tuple(G)}
    assert decay.last == {"rnn": RNN[50], "gru": GRU[50]}
    assert decay.update_gate == {"mean": 0.12, "std": 0.01}
    assert decay.paths == {"rnn": "rnn", "gru": "gru"}


def records(rnn, gru, **extra):
    return [
        {"t": t, "rnn": a, "gru": b, **extra} for t, (a, b) in enumerate(zip(rnn, gru, strict=True))
    ]


HONEST = {
    "aliases": {"vanilla_rnn": R, "GRU": G},
    "other aliases": {"rnnGradNorms": R, "grad_norms_gru": G},
    "vanilla": {"vanilla": R, "gru": G},
    "nested": {"rnn": {"norms": R}, "gru": {"norms": G}},
    "under one key": {"gradient_norms": {"rnn": R, "gru": G}},
    "two wrappers": {"lab": {"results": {"rnn": {"g": R}, "gru": {"g": G}}}},
    "both named above": {"rnn_vs_gru": {"vanilla": R, "gru": G}},
    "records": records(R, G),
    "records under a key": {"decay": records(R, G)},
    "records out of order": records(R, G)[::-1],
    "records per net": {
        "rnn": [{"t": t, "norm": g} for t, g in zip(T, R, strict=True)],
        "gru": [{"t": t, "norm": g} for t, g in zip(T, G, strict=True)],
    },
    "records with objects": [
        {"t": t, "rnn": {"norm": a}, "gru": {"norm": b}} for t, a, b in zip(T, R, G, strict=True)
    ],
    "long records": [
        {"t": t, "model": name, "g": g}
        for name, curve in (("vanilla", R), ("gru", G))
        for t, g in zip(T, curve, strict=True)
    ],
    "index keys": {
        "rnn": dict(zip(map(str, T), R, strict=True)),
        "gru": {f"g_{t}": G[t] for t in T},
    },
    "index keys as sorted text": {"rnn": {str(t): R[t] for t in sorted(T, key=str)}, "gru": G},
    "index keys outside": {str(t): {"rnn": R[t], "gru": G[t]} for t in T},
    "pairs": {"rnn": [[t, R[t]] for t in T], "gru": [[t, G[t]] for t in T]},
    "steps_back list": {"steps_back": list(range(1, 51)), "rnn": R[::-1], "gru": G[::-1]},
    "steps_back falling": {"steps_back": list(range(50, 0, -1)), "rnn": R, "gru": G},
    "steps_back in keys": {"rnn_steps_back": R[::-1], "gru_steps_back": G[::-1]},
    "steps_back above": {"by_distance_from_end": {"rnn": R[::-1], "gru": G[::-1]}},
    "lag in records": [{"lag": 50 - t, "rnn": R[t], "gru": G[t]} for t in T],
    "falling timesteps": {"t": T[::-1], "rnn": R[::-1], "gru": G[::-1]},
    "51 entries": {"rnn": RNN, "gru": GRU},
    "51 records": records(RNN, GRU),
    "extra keys": {
        "timesteps": T,
        "rnn": R,
        "gru": G,
        "lstm": [0.5] * 50,
        "rnn_log10": [-1.0] * 50,
        "rnn_normalised": [g / R[-1] for g in R],
        "gru_relative": [g / G[-1] for g in G],
        "seed": 42,
    },
    "raw beside a copy": {
        "rnn": {"raw": R, "log10": [-1.0] * 50},
        "gru": {"raw": G, "z": [0.5] * 50},
    },
    "norms beside another list": {"rnn": {"norms": R, "angles": [0.1] * 50}, "gru": G},
    "fifty beside three": {"rnn_a": R, "rnn_b": [1.0, 2.0, 3.0], "gru": G},
    "the same list twice": {"rnn": R, "vanilla": R, "gru": G},
    "keys in Spanish": {"normas": {"rnn_vanilla": R, "gru": G}, "grupo": "B", "pasos": T},
}


@pytest.mark.parametrize("shape", HONEST)
def test_honest_shape_gives_the_curves_and_only_notes(shape):
    decay, problems = normalised(HONEST[shape])
    assert decay.curves == {"rnn": tuple(R), "gru": tuple(G)}
    assert {p.finding.outcome for p in problems} <= {Outcome.NOTE}
    assert {p.code for p in problems} <= {"decay.readable"}


@pytest.mark.parametrize(
    ("shape", "kind"),
    [
        ("aliases", "read_as"),
        ("nested", "read_as"),
        ("records out of order", "reversed"),
        ("steps_back list", "reversed"),
        ("steps_back in keys", "reversed"),
        ("falling timesteps", "reversed"),
        ("51 entries", "with_last"),
        ("norms beside another list", "chosen"),
        ("fifty beside three", "chosen"),
    ],
)
def test_what_was_done_is_named_in_a_note(shape, kind):
    assert kind in told(HONEST[shape], "rnn")
    assert kind not in told({"rnn": R, "gru": G}, "rnn")


def test_shuffled_records_are_noted_as_reordered():
    shuffled = records(R, G)[7:] + records(R, G)[:7]
    assert "reordered" in told(shuffled, "rnn")
    assert normalised(shuffled)[0].curves["rnn"] == tuple(R)


def test_counting_from_one_is_noted_and_shifts_nothing():
    assert "from_one" in told({"t": list(range(1, 51)), "rnn": R, "gru": G}, "gru")
    assert "from_one" not in told({"t": T, "rnn": R, "gru": G}, "gru")


def test_unlabelled_reversal_is_kept_as_written():
    decay, problems = normalised({"rnn": R[::-1], "gru": G[::-1]})
    assert decay.curves["rnn"] == tuple(R[::-1])
    assert problems == ()


def test_51st_entry_is_g_50():
    assert normalised({"rnn": RNN, "gru": GRU})[0].last == {"rnn": RNN[50], "gru": GRU[50]}


@pytest.mark.parametrize(
    "document",
    [
        {"rnn": R, "gru": G, "g_50": {"rnn": 0.5, "gru": 0.6}},
        {"rnn": R, "gru": G, "rnn_g_T": 0.5, "gru_g_T": 0.6},
        {"rnn": {"norms": R, "head_gradient": 0.5}, "gru": {"norms": G, "g_50": 0.6}},
    ],
)
def test_head_gradient_is_found_under_its_names(document):
    assert normalised(document)[0].last == {"rnn": 0.5, "gru": 0.6}


@pytest.mark.parametrize(
    "extra", [{"z_mean": 0.12, "z_std": 0.01}, {"gru_update_gate": {"mean": 0.12, "std": 0.01}}]
)
def test_update_gate_is_found_under_its_names(extra):
    decay, _ = normalised({"rnn": R, "gru": G, **extra})
    assert decay.update_gate == {"mean": 0.12, "std": 0.01}


def test_two_possible_curves_are_a_question_and_the_other_net_is_read():
    decay, problems = normalised({"rnn_a": R, "rnn_b": G, "gru": G})
    (question,) = [p.finding for p in problems if p.finding.outcome is not Outcome.NOTE]
    assert (question.kind, question.model) == ("ambiguous", "rnn")
    assert question.data["candidates"] == ["rnn_a", "rnn_b"]
    assert set(decay.curves) == {"gru"}


def test_lists_without_a_net_are_a_question():
    decay, problems = normalised({"a": R, "b": G})
    assert decay is None
    assert problems[0].finding.kind == "unrecognised"
    assert problems[0].finding.data["lists"] == ["a", "b"]


def test_logarithms_alone_are_named():
    assert told({"rnn_log10": [-3.0] * 50, "gru": G}, "rnn") == ["logarithms"]
    assert told({"rnn_log10": [-3.0] * 50, "rnn": R, "gru": G}, "rnn") == []


@pytest.mark.parametrize("text", ["5", '"a"', "null"])
def test_single_value_is_not_an_object(text):
    assert told(text) == ["not_an_object"]


def test_text_that_is_no_json_gives_its_faults_and_no_decay():
    decay, problems = normalised('{"rnn": [1, 2')
    assert decay is None
    assert [(p.code, p.finding.kind) for p in problems] == [("decay.readable", "truncated")]


def test_fault_beside_the_curves_costs_half_and_grading_goes_on():
    decay, problems = normalised(json.dumps({"rnn": R, "gru": G, "note": math.nan}))
    (finding,) = [p.finding for p in problems]
    assert (finding.kind, finding.outcome, finding.keeps) == ("not_finite", Outcome.PARTIAL, 0.5)
    assert finding.path == "note"
    assert set(decay.curves) == {"rnn", "gru"}


def test_curve_given_twice_is_a_question_about_that_net():
    text = json.dumps({"rnn": R, "gru": G, "note": 1})[:-1]
    (finding,) = [p.finding for p in normalised(text + f', "rnn": {json.dumps(G)}}}')[1]]
    assert (finding.kind, finding.outcome) == ("duplicate_key", Outcome.FAIL)
    assert (finding.model, finding.path) == ("rnn", "rnn")
    (finding,) = [p.finding for p in normalised(text + ', "note": 2}')[1]]
    assert (finding.outcome, finding.model) == (Outcome.PARTIAL, None)


def test_fault_in_an_entry_is_told_once_with_its_timestep():
    text = json.dumps({"rnn": {"norms": R}, "gru": G}).replace(str(R[12]), "NaN")
    decay, problems = normalised(text)
    (problem,) = [p for p in problems if p.finding.outcome is not Outcome.NOTE]
    assert (problem.code, problem.finding.kind) == ("decay.schema", "not_finite")
    assert (problem.finding.path, problem.finding.t, problem.finding.line) == (
        "rnn.norms[12]",
        12,
        1,
    )
    assert math.isnan(decay.curves["rnn"][12])
    assert decay.curves["gru"] == tuple(G)


def test_path_of_a_reversed_entry_is_where_it_stands_in_the_file():
    backward = [*R[::-1][:-1], 0]
    problems = normalised({"rnn_steps_back": backward, "gru": G})[1]
    (zero,) = [p.finding for p in problems if p.finding.kind == "zero"]
    assert (zero.path, zero.t) == ("rnn_steps_back[49]", 0)


def test_half_units_follow_the_spelling():
    text = json.dumps({"rnn": R, "gru": G}).replace(str(R[3]), "4.9e-12", 1)
    decay, _ = normalised(text)
    assert decay.half_unit["rnn"][3] == pytest.approx(0.5e-13)


def test_file_with_a_byte_order_mark_is_read():
    data = json.dumps({"rnn": R, "gru": G}).encode("utf-8-sig")
    assert read(data)[1] == ()


def test_bytes_that_are_not_utf8_are_no_exception():
    for data in (b'{"rnn": "\xff"}', "[]".encode("utf-16"), b""):
        decay, problems = read(data)
        assert decay is None or not decay.curves
        assert problems


@given(order=st.permutations(["rnn", "gru", "g_T", "lstm", "timesteps", "rnn_log10"]))
def test_order_of_keys_changes_nothing(order):
    document = {
        "rnn": R,
        "gru": G,
        "g_T": {"rnn": 0.5, "gru": 0.6},
        "lstm": G,
        "timesteps": T,
        "rnn_log10": [-1.0] * 50,
    }
    decay, problems = normalised({key: document[key] for key in order})
    assert problems == ()
    assert decay.curves == {"rnn": tuple(R), "gru": tuple(G)}


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers(0, 60) | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["rnn", "gru", "t", "g_T", "0", "1", "z", "mean", "steps_back", "x"]),
            inner,
        )
    ),
    max_leaves=25,
)


@given(document=JSON)
def test_any_document_gives_findings_never_an_exception(document):
    decay, problems = normalised(json.dumps(document))
    assert decay is not None or problems


def test_pairs_of_a_time_and_a_list_are_no_curve():
    assert told({"rnn": [[t, [1.0]] for t in T], "gru": G}, "rnn") == ["not_a_number"]
    assert normalised({"rnn": [[t, R[t]] for t in T], "gru": G})[0].curves["rnn"] == tuple(R)


def test_lists_beyond_what_two_nets_need_are_not_looked_at():
    lists = {f"rnn_{index}": [float(index)] for index in range(20_000)}
    assert told(lists, "rnn") == ["ambiguous"]
