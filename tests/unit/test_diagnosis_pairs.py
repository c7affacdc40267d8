"""Two mistakes together are named or among the candidates; a simpler explanation goes first."""

import random
from dataclasses import replace

import numpy as np
import pytest

from grader.diagnosis.backward import back
from grader.diagnosis.catalogue import BY_NAME, of_kind
from grader.diagnosis.chains import Pass
from grader.diagnosis.engine import explain
from grader.diagnosis.heads import HEADS
from grader.diagnosis.records import ORDERS, RECORDS, record
from grader.diagnosis.steps import step_pairs
from grader.diagnosis.walk import Steps
from grader.facts import Given
from tests.scenes import given, norms, pair, vectors

UNPLANTED = {"right", "no-readout", "zero", "previous-target", "next-target"}
FEWEST = 0.9
"""Share of pairs that must be named."""


def drawn_scenes(rng):
    kind = rng.choice(["rnn", "gru"])
    form = {} if kind == "rnn" else {"keeps": rng.random() < 0.5, "after": rng.random() < 0.5}
    return kind, pair(kind, rng.randrange(10**6), **form)


def differ(scene, first, second):
    """Say whether two formulas of a step give different results."""
    t = np.arange(1, len(scene.states))
    dh = np.random.default_rng(0).standard_normal((len(t), scene.states.shape[1]))
    one, two = (back(Steps(scene, t), dh, choices) for choices in (first, second))
    return not np.allclose(one, two, rtol=1e-9)


def is_double(scene, names, choices):
    """Say whether two mistakes make another step than each of them alone."""
    return all(differ(scene, choices, v) for name in names for v in BY_NAME[name].variants)


def drawn_steps(rng):
    while True:
        kind, scenes = drawn_scenes(rng)
        names, choices = rng.choice(list(step_pairs(kind)))
        if is_double(scenes[0], names, choices):
            return names, scenes, Pass(names, choices=choices)


def drawn_head(rng):
    kind, scenes = drawn_scenes(rng)
    step = rng.choice(list(of_kind(kind, "step")))
    one = Pass((step.name,), choices=rng.choice(step.variants))
    head = rng.choice([name for name in [*HEADS, "sign"] if name not in UNPLANTED])
    wrong = {"factor_head": -1.0} if head == "sign" else {"head": head}
    return (step.name, f"head-{head}"), scenes, replace(one, **wrong)


@pytest.mark.parametrize("cases", [10, pytest.param(60, marks=pytest.mark.slow)])
@pytest.mark.parametrize("draw", [drawn_steps, drawn_head])
def test_two_mistakes_in_the_vectors_are_named(draw, cases):
    rng, hits = random.Random(3), 0
    for _ in range(cases):
        names, scenes, made = draw(rng)
        found = explain([(scene, Given(vectors(scene, made))) for scene in scenes])
        hits += any(set(one) == set(names) for each in found for one in each.candidates)
    assert hits >= FEWEST * cases


def test_mistakes_in_vectors_and_list_are_told_apart():
    rng = random.Random(4)
    for name in rng.sample(list(RECORDS), 12):
        kind, scenes = drawn_scenes(rng)
        step = rng.choice(list(of_kind(kind, "step")))
        made = Pass((step.name,), choices=step.variants[0])
        v = vectors(scenes[0], made)
        shown = ORDERS["right"](record(name, v, scenes[0]))
        if np.isfinite(shown).all():
            seen = [(scenes[0], Given(v, shown, np.zeros(len(shown))))]
            seen += [(scene, Given(vectors(scene, made))) for scene in scenes[1:]]
            of_bptt, of_list = explain(seen)
            assert (of_bptt.explains, of_list.explains) == ("bptt", "recorded")
            assert of_bptt.candidates[0] == (step.name,)
            assert (f"record-{name}",) in of_list.candidates


@pytest.mark.parametrize("cases", [6, pytest.param(25, marks=pytest.mark.slow)])
def test_two_mistakes_in_a_list_alone_are_named(cases):
    rng, hits = random.Random(5), 0
    for _ in range(cases):
        names, scenes, made = drawn_steps(rng)
        found = explain([(scenes[0], given(scenes[0], made, shown=False))])
        hits += any(set(one) == set(names) for each in found for one in each.candidates)
    assert hits >= FEWEST * cases


@pytest.mark.parametrize("kind", ["rnn", pytest.param("gru", marks=pytest.mark.slow)])
def test_single_mistake_is_never_told_as_two(kind):
    for seed, mistake in enumerate(of_kind(kind, "step")):
        scene = pair(kind, seed)[0]
        made = Pass((mistake.name,), choices=mistake.variants[0])
        for seen in (given(scene, made, listed=False), given(scene, made, shown=False)):
            (found,) = explain([(scene, seen)])
            assert {len(names) for names in found.candidates} == {1}
            assert (mistake.name,) in found.candidates


def test_factor_that_a_list_cannot_place_is_told_as_either():
    scene = pair("gru", 6)[0]
    shown = 2.5 * norms(vectors(scene))[:-1]
    (found,) = explain([(scene, Given(None, shown, np.zeros(len(shown))))])
    assert set(found.candidates) == {("head-scaled",), ("record-scaled",)}


def test_truncation_tells_how_many_steps():
    scene = pair("rnn", 7)[0]
    for shown in (True, False):
        seen = given(scene, Pass((), reach=6), listed=not shown, shown=shown)
        (found,) = explain([(scene, seen)])
        assert found.candidates[0] == ("bptt-truncated",)
        assert found.values["bptt-truncated"] == 6.0
