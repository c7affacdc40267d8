"""Every mistake of the catalogue is named first where it was made, and nothing where none was."""

from dataclasses import replace

import numpy as np
import pytest

from grader.diagnosis.catalogue import ALL
from grader.diagnosis.engine import explain
from grader.facts import Given
from grader.model import KINDS
from tests.mistakes import evidence, scenes_for
from tests.scenes import given, norms, pair, vectors

FORMS = {
    "rnn": [{}],
    "gru": [{"keeps": keeps, "after": after} for keeps in (False, True) for after in (False, True)],
}
MADE = [
    pytest.param(kind, mistake, variant, id=f"{kind}-{mistake.name}-{number}")
    for kind in KINDS
    for mistake in ALL
    if kind in mistake.kinds
    for number, variant in enumerate(mistake.variants)
]
EVERY_FORM = [pytest.param(kind, form) for kind in KINDS for form in FORMS[kind]]


@pytest.mark.parametrize(("kind", "mistake", "variant"), MADE[::2])
def test_mistake_made_is_named_first(kind, mistake, variant):
    is_named_first(kind, mistake, variant)


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "mistake", "variant"), MADE[1::2])
def test_every_other_mistake_is_named_first_too(kind, mistake, variant):
    is_named_first(kind, mistake, variant)


def is_named_first(kind, mistake, variant):
    for seed, form in enumerate(FORMS[kind]):
        scenes = scenes_for(mistake, kind, seed + 7 * len(mistake.name), **form)
        found = explain(evidence(mistake, variant, scenes))
        assert [one.candidates[:1] for one in found] == [((mistake.name,),)], (form, found)


@pytest.mark.parametrize(("kind", "form"), EVERY_FORM)
def test_right_gradient_gets_no_diagnosis(kind, form):
    for seed in range(5):
        scenes = pair(kind, seed, **form)
        assert explain([(scene, given(scene)) for scene in scenes]) == ()
        assert explain([(scene, given(scene, shown=False)) for scene in scenes]) == ()


@pytest.mark.parametrize(("kind", "form"), EVERY_FORM)
def test_rounded_gradient_gets_no_diagnosis(kind, form):
    scenes = pair(kind, 11, **form)
    single = [(scene, Given(vectors(scene).astype(np.float32) * 1.0)) for scene in scenes]
    assert explain(single) == ()


@pytest.mark.parametrize(("kind", "form"), EVERY_FORM)
def test_list_rounded_as_written_gets_no_diagnosis(kind, form):
    scene = pair(kind, 12, **form)[0]
    exact = norms(vectors(scene))[:-1]
    shown = np.array([float(f"{g:.4g}") for g in exact])
    half = 0.5 * 10.0 ** (np.floor(np.log10(exact)) - 3)
    assert explain([(scene, Given(vectors(scene), shown, half))]) == ()
    assert explain([(scene, Given(None, shown, half))]) == ()


@pytest.mark.parametrize(("kind", "form"), EVERY_FORM)
def test_unknown_mistake_is_not_given_a_name(kind, form):
    scenes = pair(kind, 13, **form)
    rng = np.random.default_rng(1)
    noisy = [vectors(scene) * rng.uniform(0.9, 1.1, scene.states.shape) for scene in scenes]
    (found,) = explain([(s, Given(v)) for s, v in zip(scenes, noisy, strict=True)])
    assert found.candidates == ()
    assert len(found.nearest) == 1
    assert found.deviation > 1e-3


def test_unknown_list_is_not_given_a_name():
    scene = pair("rnn", 14)[0]
    shown = norms(vectors(scene))[:-1] * np.random.default_rng(2).uniform(
        0.9, 1.1, len(scene.tokens)
    )
    for seen in (vectors(scene), None):
        (found,) = explain([(scene, Given(seen, shown, np.zeros(len(shown))))])
        assert found.candidates == ()


def test_scene_without_students_numbers_gets_no_diagnosis():
    assert explain([]) == ()
    assert explain([(pair("rnn", 15)[0], Given())]) == ()


def test_unknown_common_vector_of_the_readout_hides_no_sign():
    scenes = [
        replace(scene, readout=scene.readout - scene.readout[0], readout_exact=False)
        for scene in pair("gru", 16)
    ]
    turned = [(scene, Given(-vectors(scene))) for scene in scenes]
    (found,) = explain(turned)
    assert found.candidates == (("head-sign",),)
