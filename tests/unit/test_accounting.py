"""Numbers that nothing in the files comes to, and sentences that seem to say what no curve shows.

Each is asked about and costs nothing; beside each stands a near one that nobody should ask about.
"""

from dataclasses import replace

import pytest

from grader.accounting import answered, figures, unaccounted
from grader.checks import readme
from grader.model import KINDS, WRONG
from grader.prose.sentences import plain_sentences
from grader.truths import truths
from tests.prose.writeups import STEEP, USUAL

OURS = USUAL[0]  # totals 10.16 and 2.20, 2.07 and 0.45 a ten, ρ = 0.6504, g_0 = 2.6e-11


def open_numbers(text, numbers=OURS):
    material = numbers.material(text)
    both = {kind: truths(material, kind) for kind in KINDS}
    return [figure.value for figure in unaccounted(material, both, plain_sentences(text))]


def asked(text, numbers=OURS):
    found = list(readme.numbers(numbers.material(text)))
    assert not [f for f in found if f.outcome in WRONG and f.kind != "no_number"]
    return [f.kind for f in found if f.kind != "no_number"]


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("It loses 3.05 orders every ten steps.", "It loses 2.07 orders every ten steps."),
        ("It is 14.7 orders in all.", "It is 10.2 orders in all."),
        ("Per step 0.36 orders go.", "Per step 0.21 orders go."),
        ("The radius came out as ρ = 1.14.", "The radius came out as ρ = 0.65."),
        ("What is left of the gradient is 5.2e-8.", "What is left of the gradient is 2.6e-11."),
        ("Diez pasos: se van 3,05 órdenes.", "Diez pasos: se van 2,07 órdenes."),
        ("A factor of 10^14.7 in all.", "A factor of 10^10.2 in all."),
        ("```\norders / 10   3.05\n```", "```\norders / 10   2.07\n```"),
        ("> 14.7 orders in total", "> 10.2 orders in total"),
        ("That is 6.1 orders more.", "That is 8.0 orders more."),
    ],
)
def test_number_from_nowhere_is_asked_about_and_its_neighbour_is_not(wrong, right):
    assert len(open_numbers(wrong)) == 1
    assert open_numbers(right) == []


@pytest.mark.parametrize(
    "text",
    [
        "With another seed it was 3.05 orders per ten steps.",
        "If it lost 3.05 orders per ten steps, nothing would change.",
        "Would 3.05 orders per ten steps be too much?",
        "FP32 keeps gradients down to 1.18e-38.",
        "The orders took 3.7 s to compute.",
        "The gates (mean 0.17) are what keeps the orders low.",
        "2.1. Orders of decay",
        "In Python 3.11 the gradient is the same.",
        "The gradient check gave a relative error of 3.1e-9.",
        "```\npython bptt_norm.py  # prints 3.05 orders per 10 steps\n```",
        "W_hh has a spectral norm of 1.04.",
    ],
)
def test_number_of_something_else_is_not_asked_about(text):
    assert open_numbers(text) == []


def test_more_numbers_than_a_person_would_read_are_cut():
    text = "\n\n".join(f"It loses {n}.35 orders per ten steps." for n in range(20, 40))
    assert asked(text) == ["unaccounted"] * readme.MOST_OPEN


def test_right_number_answers_for_its_own_net_only():
    material = OURS.material("On my machine 2.07 orders of magnitude every ten steps.")
    both = {kind: truths(material, kind) for kind in KINDS}
    own = answered(both, plain_sentences(material.readme))
    assert [f.value for f in own["rnn"]] == [2.07]
    assert own["gru"] == ()


def test_factor_counts_its_exponent():
    (figure,) = figures(plain_sentences("Over the whole sequence a factor of 10^10.2 is lost."))
    assert (figure.value, figure.number.half_unit) == (10.2, pytest.approx(0.05))


@pytest.mark.parametrize(
    ("doubtful", "harmless"),
    [
        ("The RNN's gradient is nearly flat.", "The RNN's gradient is not at all flat."),
        ("El gradiente de la RNN apenas cambia.", "El gradiente de la RNN cambia mucho."),
        (
            "The GRU's curve is the steeper of the two.",
            "The RNN's curve is the steeper of the two.",
        ),
        ("La RNN conserva mejor el gradiente que la GRU.", "La GRU lo conserva mejor que la RNN."),
        ("There is no difference between the RNN and the GRU.", "The RNN and the GRU differ."),
        ("The RNN's norm grows towards t = 0.", "If ρ were 1.2 the RNN's norm would grow."),
        ("The spectral radius is slightly above 1.", "The spectral radius is not above 1."),
        (
            "El radio espectral es mayor que uno.",
            "Si el radio espectral fuera mayor que uno, crece.",
        ),
    ],
)
def test_sentence_that_no_curve_shows_is_asked_about(doubtful, harmless):
    assert asked(doubtful) in (["may_contradict"], ["may_expand"])
    assert asked(harmless) == []


def test_what_is_kept_depends_on_how_much_is_lost():
    text = "The GRU keeps its gradient almost intact."
    assert asked(text, OURS) == []
    assert asked(text, STEEP) == ["may_contradict"]


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("The RNN loses 1.87 orders per 10 steps; its spectral radius is 0.65.", ["wrong_per_ten"]),
        ("The RNN loses 2.07 orders per 10 steps. Its ρ of 0.65 makes that 1.87 per 10 steps.", []),
        ("In my run the RNN's g_0 = 1e-15.", ["wrong_g_0"]),
        ("Let the RNN's g_0 = 1e-15 (hypothetical).", []),
    ],
)
def test_theory_is_no_measurement_and_the_labs_example_no_result(text, wrong):
    found = readme.numbers(OURS.material(text))
    assert [f.kind for f in found if f.kind.startswith("wrong_")] == wrong


def test_curve_keyed_by_index_accounts_for_no_orders():
    text = "The vanilla RNN loses 0.301 orders per step."
    material = OURS.material(text)
    keyed = {"rnn": {str(t): g for t, g in enumerate(OURS.rnn[:49])} | {"49": 0.301}}
    material = replace(material, decay=replace(material.decay, document=keyed))
    both = {kind: truths(material, kind) for kind in KINDS}
    assert len(unaccounted(material, both, plain_sentences(text))) == 1
