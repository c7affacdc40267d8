"""A diagnosed mistake computed anew gives the student's list, or nothing is drawn."""

from dataclasses import replace

import numpy as np
import pytest

from grader.diagnosis.catalogue import ALL, BY_NAME
from grader.diagnosis.engine import explain
from grader.diagnosis.predicted import predicted
from grader.facts import Diagnosis
from tests.mistakes import evidence, scenes_for
from tests.scenes import given, norms, pair

UNDRAWN = {"bptt-clipped-value", "bptt-from-head"}
MADE = [
    pytest.param(kind, mistake, variant, id=f"{kind}-{mistake.name}-{number}")
    for mistake in ALL
    for kind in mistake.kinds[:1]
    for number, variant in enumerate(mistake.variants)
]


def logs(values):
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.log10(np.asarray(values))


@pytest.mark.parametrize(("kind", "mistake", "variant"), MADE)
def test_mistake_computed_anew_gives_the_list(kind, mistake, variant):
    made = evidence(mistake, variant, scenes_for(mistake, kind, 3))
    (found,) = explain(made)
    shown = made[0][1].recorded if found.explains == "recorded" else norms(made[0][1].vectors)[:-1]
    if mistake.name in UNDRAWN:
        assert predicted(found, made) == ()
    else:
        np.testing.assert_allclose(predicted(found, made), logs(shown), atol=1e-6)


def test_right_list_is_not_drawn_as_that_of_two_mistakes():
    scenes = pair("rnn", 4)
    names = ("head-ones", "rnn-w-not-transposed")
    made = [(scene, given(scene)) for scene in scenes]
    diagnosis = Diagnosis("rnn", "bptt", (names,), 0.0, 1e-9)
    assert predicted(diagnosis, made) == ()  # the right list is not what they give


def test_list_that_the_mistake_does_not_give_is_not_drawn():
    mistake = BY_NAME["rnn-w-not-transposed"]
    made = evidence(mistake, mistake.variants[0], scenes_for(mistake, "rnn", 3))
    (found,) = explain(made)
    other = replace(found, candidates=(("rnn-tanh-missing",),))
    assert predicted(found, made) != ()
    assert predicted(other, made) == ()


def test_nothing_is_predicted_without_a_diagnosis_or_its_place():
    scene = pair("rnn", 4)[0]
    known = Diagnosis("rnn", "bptt", (("head-ones",),), 0.0, 1e-9)
    assert predicted(replace(known, candidates=()), [(scene, given(scene))]) == ()
    assert predicted(known, []) == ()
    elsewhere = replace(scene, label="hot")
    assert predicted(known, [(elsewhere, given(elsewhere))]) == ()
