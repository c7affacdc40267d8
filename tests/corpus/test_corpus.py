"""The corpus's own tests: what is called right is right, and what is called wrong is wrong."""

from __future__ import annotations

import json
from dataclasses import fields

import pytest

from grader import corpus
from grader.corpus.catalog import MISTAKES
from grader.corpus.gradient_cases import right_case
from grader.corpus.model import Case, Expectation, apply
from grader.corpus.papers import Numbers, numbers_of
from grader.corpus.styles import PLANTS, STYLES
from grader.corpus.wrong_documents import WRONG_ORDERS
from grader.corpus.wrong_models import SHAPES

FAMILIES = {
    "files": "present readable",
    "decay": "readable schema",
    "manifest": "readable schema orders radius config",
    "constraints": "framework training same_inputs",
    "rerun": "runs reproduces deterministic",
    "gradient": "functions forward loss head steps chain hot recorded indices",
    "stop": "separated margin",
    "plot": "image curves fresh annotation",
    "readme": "questions numbers",
}
CODES = frozenset(
    f"{family}.{name}" for family, names in FAMILIES.items() for name in names.split()
)
FILES = {"bptt_norm.py", "decay.json", "decay.png", "manifest.json", "readme.md"}
MISSING = {f"{name}-missing" for name in ("decay", "manifest", "plot", "readme", "script")}
EVERY = [*corpus.right(), *corpus.wrong()]
DEFINITIONS = (Numbers.per_ten, Numbers.per_fifth, Numbers.by_slope, Numbers.by_decades)


def named(case: Case) -> str:
    return case.name


def test_names_are_unique():
    names = [case.name for case in EVERY]
    assert len(names) == len(set(names))


def test_there_are_enough_cases_of_either_kind():
    assert len(corpus.right()) >= 35
    assert len(corpus.wrong()) >= 110


def test_unknown_name_is_an_error():
    with pytest.raises(KeyError):
        corpus.by_name("no such case")


@pytest.mark.parametrize("case", EVERY, ids=named)
def test_expectation_names_known_codes_and_verdicts(case):
    expect = case.expect
    assert expect.codes | expect.any_of | expect.absent <= CODES
    assert {expect.verdict, expect.or_verdict} <= {None, "passed", "not_passed", "not_verified"}
    assert expect.verdict is not None or expect.or_verdict is None


def test_right_cases_demand_no_failure():
    for case in corpus.right():
        assert not case.expect.codes | case.expect.any_of
        assert case.expect.verdict in {"passed", "not_verified"}


def test_wrong_cases_demand_something():
    silent = {case.name for case in corpus.wrong() if case.expect == Expectation(None)}
    assert silent == set()


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, marks=[pytest.mark.slow] if number % 4 else [])
        for number, case in enumerate(EVERY)
    ],
    ids=named,
)
def test_case_writes_its_five_files(case, written):
    found = {path.name.lower() for path in written(case).iterdir()}
    assert len(FILES - found) == (case.name in MISSING)


def test_replacement_must_apply_exactly_once():
    assert apply("a b", (("a", "c"),)) == "c b"
    for text in ("b", "a a"):
        with pytest.raises(ValueError, match="not once"):
            apply(text, (("a", "c"),))


def test_build_refuses_a_script_that_fails():
    broken = ("bptt_norm.py", ("import json\n", "raise OSError('no')\n"))
    case = Case("broken", "", STYLES["columns"], Expectation(None), edits=(broken,))
    with pytest.raises(RuntimeError, match="OSError"):
        case.built()


def test_build_twice_gives_the_same_artefacts(tmp_path, monkeypatch):
    case = right_case(STYLES["fused"])
    first = case.built()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    second = case.built()
    assert [path.is_dir() for path in tmp_path.glob("vangrad-corpus-*")] == [True]
    assert [getattr(first, f.name) for f in fields(first)] == [
        getattr(second, f.name) for f in fields(second)
    ]


def agrees(value: float, exact: float, digits: int) -> bool:
    """Apply the contract's rule: the rounding of the digits given, plus one per cent."""
    return abs(value - exact) <= 0.5 * 10.0**-digits + 0.01 * abs(exact)


@pytest.mark.parametrize("case", corpus.right(), ids=named)
def test_manifest_of_right_case_agrees_with_its_curves(case, written):
    text = (written(case) / "manifest.json").read_text(encoding="utf-8")
    summary = json.loads(text)["results_summary"]
    numbers = case.numbers()
    definitions = (*DEFINITIONS, *([Numbers.from_head] if numbers.head else []))
    for kind in ("rnn", "gru"):
        value = abs(summary[f"{kind}_orders_of_decay_per_10steps"])
        assert any(agrees(value, f(numbers, kind), case.papers.digits) for f in definitions)
    if case.name != "manifest-rho-estimate":
        assert agrees(summary["rnn_spectral_radius_W_hh"], numbers.rho, 4)


@pytest.mark.parametrize("name", WRONG_ORDERS)
def test_wrong_orders_match_no_definition_for_some_net(name):
    case = corpus.by_name(f"manifest-orders-{name}")
    numbers = case.numbers()
    values = {kind: case.papers.orders(numbers, kind) for kind in ("rnn", "gru")}
    definitions = (*DEFINITIONS, Numbers.from_head)
    right = {k: any(agrees(v, f(numbers, k), 4) for f in definitions) for k, v in values.items()}
    assert not all(right.values())


def shape(numbers: Numbers) -> tuple[bool, float, float]:
    """Return whether the RNN's slope is the steeper, the curves' distance at t = 0, the ratio."""
    n, m = numbers.orders("rnn"), numbers.orders("gru")
    return numbers.by_slope("rnn") > numbers.by_slope("gru"), n - m, n / m


@pytest.mark.parametrize("case", corpus.right(), ids=named)
def test_right_curves_are_well_separated(case):
    steeper, distance, ratio = shape(case.numbers())
    assert steeper
    assert distance >= 1
    assert ratio >= 1.5


@pytest.mark.parametrize("name", SHAPES)
def test_curves_fall_short_as_their_code_says(name):
    case = corpus.by_name(f"shape-{name}")
    steeper, distance, ratio = shape(case.numbers())
    separated = steeper and distance >= 0.5
    assert separated == ("stop.separated" not in case.expect.codes)
    assert not (separated and distance >= 1 and ratio >= 1.5)


@pytest.mark.parametrize(
    "case",
    [
        c
        for c in corpus.wrong()
        if c.name.startswith(("script-", "framework-")) and c.name not in MISSING
    ],
    ids=named,
)
def test_wrong_script_differs_from_the_right_one(case, written):
    assert (written(case) / "bptt_norm.py").read_text() != case.base.sources()["bptt_norm.py"] or (
        written(case) / "helper.py"
    ).is_file()


@pytest.mark.parametrize("mistake", MISTAKES)
def test_every_mistake_is_planted_somewhere(mistake):
    assert any(mistake in plants for plants in PLANTS.values())


@pytest.mark.parametrize(
    "name", ["halved", "one-entry", "straight", "another-seed", "another-bias"]
)
def test_hand_made_list_differs_from_the_run_and_agrees_with_its_papers(name, written):
    case = corpus.by_name(f"decay-by-hand-{name}")
    folder = written(case)
    committed = numbers_of((folder / "decay.json").read_text(), case.numbers().rho)
    assert (committed.rnn, committed.gru) != (case.numbers().rnn, case.numbers().gru)
    summary = json.loads((folder / "manifest.json").read_text())["results_summary"]
    for kind in ("rnn", "gru"):
        assert agrees(summary[f"{kind}_orders_of_decay_per_10steps"], committed.per_ten(kind), 4)


def test_every_code_has_a_case():
    demanded = {code for case in corpus.wrong() for code in case.expect.codes | case.expect.any_of}
    assert demanded == CODES
