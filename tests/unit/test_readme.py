"""README.md: answers are found in any honest form, and no honest number is contradicted."""

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest

from grader.checks import readme
from grader.facts import ForwardFacts, ProbeFacts
from grader.model import Decay, Manifest, Material, Outcome, Submission
from grader.prose.sentences import plain_sentences
from grader.texts import LANGUAGES, catalogue

FOLDER = Path(__file__).parents[2] / "experiments" / "14-vanishing-grad"
# Straight decays: 2.4 and 0.45 orders per ten steps, 11.76 and 2.205 in all.
CURVES = {
    "rnn": tuple(0.5 * 10 ** (-0.24 * (49 - t)) for t in range(50)),
    "gru": tuple(0.6 * 10 ** (-0.045 * (49 - t)) for t in range(50)),
}

RNN_RATE = (
    "The vanilla RNN loses 2.4 orders of magnitude per 10 steps; the spectral radius is 0.58."
)
GRU_RATE = "The GRU loses only 0.45 orders per 10 steps, thanks to the additive path."
PRACTICE = "A vanilla RNN cannot learn long-range dependencies, whatever the hyperparameters."
ATTENTION = "Attention reaches position 0 through one softmax weight, not fifty matrix products."
ANSWERS = (RNN_RATE, GRU_RATE, PRACTICE, ATTENTION)
GOOD = "\n\n".join(ANSWERS)


def material(text, rho=0.58, last=None, curves=CURVES, probe=None):
    submission = Submission(Path(), Path(), {}, {}, ())
    decay = Decay({}, curves, {}, last or {}, {}, {})
    manifest = Manifest({"results_summary": {"rnn_spectral_radius_W_hh": rho}}, {})
    return Material(submission, (), decay, manifest, text, {}, probe=probe or {})


def answers(text):
    return list(readme.questions(material(text)))


def claimed(text, **options):
    return [finding.kind for finding in readme.numbers(material(text, **options))]


def missing(text):
    return [finding.kind for finding in answers(text)]


SPANISH = """# El gradiente que se desvanece
El gradiente de la RNN simple decae 11,8 órdenes de magnitud en 50 pasos; el de la GRU decae 2,2.

## 1. Ritmo de decaimiento de la RNN
Pierde 2,40 órdenes de magnitud cada 10 pasos. El radio espectral de W_hh es 0,58.

## 2. Ritmo de decaimiento de la GRU
Sólo 0,45 órdenes cada 10 pasos, gracias al camino aditivo (1 − z)⊙h.

## 3. Implicación práctica
En t = 0 el gradiente de la RNN vale ≈ 8,7·10⁻¹³ (exponente −13). Con eso la red no puede aprender
nada de los primeros tokens.

## 4. Por qué esto motiva la atención
Desde la posición 50 hasta la posición 0 pasa por un solo peso y no por 50 productos de matrices.
"""
LATEX = """Vanilla RNN: $\\approx 11.8$ orders of magnitude over 50 steps; GRU: ~2.2.

*Q1 (RNN decay rate).* About 2.40 orders per 10 steps. With $\\rho(W_{hh}) \\approx 0.58$.

*Q2 (GRU decay rate).* About 0.45 orders per 10 steps: $(1 - z_t) \\odot h_{t-1}$ is the identity.

*Q3 (practice).* The RNN has $8.7 \\times 10^{-13}$ left. Nothing early can be learned.

*Q4 (attention).* Position 50 meets position 0 through a single weight, not 50 Jacobians.
"""
TABLE = """| | vanilla RNN | GRU |
|---|---:|---:|
| orders per 10 steps | 2.40 | 0.45 |
| g_0 | 8.66e-13 | 3.74e-03 |

The first tokens send no signal an RNN could learn from. Attention has a direct path of one step.
"""
NUMBERED = """1. It loses 2.4 orders per 10 steps (ρ ≈ 0.58).
2. 0.45 orders per 10 steps.
3. No: nothing can be learned about the early tokens, and training longer will not change that.
4. It gives a path of one step from the loss to each input, instead of fifty matrix products.
"""
MIXED = """La RNN simple pierde 2.4 orders per 10 steps y la GRU, 0.45 orders. Las RNN no pueden
aprender dependencias lejanas. Attention llega en un solo paso, sin productos de matrices.
"""
HEADED = """### Q1
2.4 orders of magnitude / 10 steps (RNN). Spectral radius: 0.58

### Q2
0.45 orders / 10 steps (GRU)

### Q3
No. The gradient is below what float32 can use; the model can't learn from early tokens.

### Q4
Attention gives the gradient a shortcut: one softmax weight rather than 50 products.
"""
WORDED = GOOD.replace("2.4 orders of magnitude per 10 steps", "about two orders every ten steps")
CONDITIONAL = GOOD + (
    "\n\nIf the RNN's gradient at t = 0 were, say, 1e-15, could it learn? No. FP32 has 1.2e-7."
)
HYPOTHETICAL = GOOD + (
    "\n\nWith b_z = 0 the GRU would lose 3.1 orders per 10 steps: 0.3 orders a step."
)
RIGHT = {
    "plain": GOOD,
    "one paragraph": " ".join(ANSWERS),
    "reversed": "\n\n".join(reversed(ANSWERS)),
    "list": "\n".join(f"- {answer}" for answer in ANSWERS),
    "quoted questions": "> How many orders of magnitude per 10 steps?\n\n" + GOOD,
    "with code": GOOD + "\n\n```\nthe RNN loses 99 orders per 10 steps\n```\n",
    "with comment": GOOD + "\n\n<!-- TODO: the RNN loses 99 orders per 10 steps -->\n",
    "emphatic Spanish": GOOD + "\n\nTODO el gradiente se pierde.",
    "negative": GOOD.replace("2.4 orders", "−2.4 orders"),
    "spanish": SPANISH,
    "latex": LATEX,
    "table": TABLE,
    "numbered": NUMBERED,
    "mixed": MIXED,
    "in words": WORDED,
    "headed": HEADED,
    "conditional": CONDITIONAL,
    "hypothetical": HYPOTHETICAL,
}


@pytest.mark.parametrize("text", RIGHT.values(), ids=RIGHT)
def test_right_readme_answers(text):
    assert answers(text) == []


ASKED = {"with code": ["unaccounted"]}
"""Printed output is no claim; where nothing in the files comes to its number, it is asked about."""


@pytest.mark.parametrize("name", [name for name in RIGHT if name != "numbered"])
def test_right_readme_contradicts_nothing(name):
    assert claimed(RIGHT[name]) == ASKED.get(name, [])


def test_model_submission_passes():
    recorded = json.loads((FOLDER / "decay.json").read_text())
    curves = {net: tuple(recorded[net]) for net in ("rnn", "gru")}
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    rho = json.loads((FOLDER / "manifest.json").read_text())["results_summary"]
    for last in (recorded["g_T"], None):
        given = material(text, rho["rnn_spectral_radius_W_hh"], last, curves)
        assert [f.kind for f in readme.questions(given)] == []
        assert list(readme.numbers(given)) == []


@pytest.mark.parametrize("question", range(4))
def test_missing_answer_is_named(question):
    rest = [answer for index, answer in enumerate(ANSWERS) if index != question]
    filler = "We ran the script once and kept the results beside this file, as the lab says."
    (finding,) = answers("\n\n".join([*rest, filler]))
    assert finding.kind == f"missing_{readme.QUESTIONS[question]}"
    assert (finding.outcome, finding.keeps) == (Outcome.PARTIAL, 0.75)


def test_heading_alone_is_no_answer():
    text = "\n\n".join([*ANSWERS[:3], "## Why this motivates attention", "We thank our teachers."])
    assert missing(text) == ["missing_attention"]


def test_question_repeated_is_no_answer():
    text = "\n\n".join([*ANSWERS[:3], "Why does attention help in one step, without products?"])
    assert missing(text) == ["missing_attention"]


def test_number_about_something_else_is_no_rate():
    text = GOOD.replace(RNN_RATE, "An RNN's update is lost in the rounding of weights of size 0.1.")
    assert missing(text) == ["missing_rnn_rate"]


def test_steps_are_no_rate():
    text = GOOD.replace(RNN_RATE, "The vanilla RNN gradient decays fast over 50 steps.")
    assert missing(text) == ["missing_rnn_rate"]


def test_nothing_answered_fails():
    found = answers("We ran the script and looked at the picture it made, twice, on two days. " * 3)
    assert [f.outcome for f in found] == [Outcome.FAIL] * 4


LAB_FOUR = (
    "Attention's gradient from a loss at position 50 to the input embedding at position 0 flows "
    "through one softmax weight, not 50 matrix multiplications."
)


def test_text_of_the_lab_is_no_answer():
    found = answers("\n\n".join([*ANSWERS[:3], LAB_FOUR]))
    assert [f.kind for f in found] == ["missing_attention", "lab_text"]
    assert "softmax" in found[1].data["sentence"]


def test_fact_the_lab_asks_for_is_an_answer():
    fact = (
        "Vanilla RNNs cannot learn long-range dependencies; this is not a hyperparameter problem."
    )
    assert answers(GOOD.replace(PRACTICE, fact)) == []


@pytest.mark.parametrize("text", ["", "# README\n", "TODO", "Results in decay.json."])
def test_short_readme_is_named(text):
    assert missing(text) == ["too_short"]


@pytest.mark.parametrize(
    "line",
    [
        "TODO: write this",
        "The RNN decays by [N] orders.",
        "vanilla RNN gradient decays by N orders of magnitude over 50 steps",
        "[your answer here]",
        "Lorem ipsum dolor sit amet.",
        "La RNN decae N órdenes.",
        "The rate is X.XX per step.",
    ],
)
def test_placeholder_is_named(line):
    (finding,) = answers(f"{GOOD}\n\n{line}")
    assert (finding.kind, finding.outcome, finding.keeps) == ("placeholder", Outcome.PARTIAL, 0.5)
    assert finding.line == 9


def test_sentences_found_are_shown_to_a_person_question_by_question():
    found = list(readme.read(material(GOOD)))
    assert [f.kind for f in found] == [f"read_{question}" for question in readme.QUESTIONS]
    assert {f.outcome for f in found} == {Outcome.MANUAL}
    assert [f.data["sentence"] for f in found] == list(ANSWERS)
    assert [f.line for f in found] == [1, 3, 5, 7]


CELLS = "| | RNN | GRU |\n|-|-|-|\n| orders per 10 steps | 2.40 | 0.45 |\n"


def test_person_reads_the_text_and_not_the_table():
    """A table has the number first; what is to be judged is the explanation, to its end."""
    text = GOOD.replace(RNN_RATE, f"{RNN_RATE} So each step multiplies by the Jacobian.")
    shown = [f.data["sentence"] for f in readme.read(material(f"{CELLS}\n\n{text}"))]
    assert shown[0] == f"{RNN_RATE} So each step multiplies by the Jacobian."
    assert shown[1:] == [GRU_RATE, PRACTICE, ATTENTION]
    cell, *_ = readme.read(material(CELLS))
    assert "2.40" in cell.data["sentence"]


def test_right_answers_are_described_by_these_numbers():
    rnn, gru, practice, _ = (f.data for f in readme.read(material(GOOD)))
    assert (rnn["orders"], gru["orders"]) == pytest.approx((2.4, 0.45))
    assert rnn["theory"] == pytest.approx(-10 * math.log10(0.58))
    assert practice["g_0"] == CURVES["rnn"][0]


def test_right_answer_without_numbers_says_so():
    given = replace(material(GOOD), decay=None, manifest=None)
    assert [f.data.get("orders") for f in readme.read(given)][:2] == ["—", "—"]


def test_answer_not_found_is_looked_for_by_a_person():
    *_, last = readme.read(material(GOOD.replace(PRACTICE, "")))
    assert (last.kind, last.data["questions"]) == ("look_for", 1)


def test_no_readme_is_not_ours_to_say():
    given = replace(material(""), readme=None)
    assert [f.kind for f in readme.questions(given)] == ["not_read"]
    assert [*readme.read(given), *readme.numbers(given)] == []


WRONG = {
    "per ten": (GOOD.replace("2.4 orders", "3.9 orders"), "wrong_per_ten"),
    "per ten, GRU": (GOOD.replace("0.45 orders", "0.95 orders"), "wrong_per_ten"),
    "per ten, Spanish": (SPANISH.replace("2,40", "5,53"), "wrong_per_ten"),
    "per ten, table": (TABLE.replace("2.40", "5.53"), "wrong_per_ten"),
    "total": (GOOD + "\n\nThe GRU decays by 7.5 orders of magnitude over 50 steps.", "wrong_total"),
    "total, words": (
        GOOD + "\n\nThe vanilla RNN loses fourteen orders of magnitude over 50 steps.",
        "wrong_total",
    ),
    "total, Spanish": (SPANISH.replace("11,8 órdenes", "14,8 órdenes"), "wrong_total"),
    "first gradient": (GOOD + "\n\nFor the RNN, g_0 = 3.2e-09.", "wrong_g_0"),
    "first gradient, power": (GOOD + "\n\nFor the RNN g_0 ≈ $10^{-17}$.", "wrong_g_0"),
    "radius": (GOOD.replace("0.58", "1.04"), "wrong_radius"),
}


@pytest.mark.parametrize(("text", "kind"), WRONG.values(), ids=WRONG)
def test_number_of_another_run_is_named(text, kind):
    (finding,) = readme.numbers(material(text))
    assert (finding.kind, finding.outcome) == (kind, Outcome.FAIL)
    assert str(finding.data["sentence"]) in " ".join(s.text for s in plain_sentences(text))


@pytest.mark.parametrize(
    "sentence",
    [
        "The RNN loses more than 2 orders per 10 steps.",
        "The RNN loses between 2 and 5 orders per 10 steps.",
        "Theory predicts 3.2 orders per 10 steps for the RNN.",
        "Other seeds gave 5.1 orders per 10 steps for the RNN.",
        "The RNN decays faster than the GRU: 2.4 orders per 10 steps.",
        "The GRU and the RNN lose 0.45 and 2.4 orders per 10 steps respectively.",
        "An LSTM loses 9.9 orders per 10 steps.",
        "The RNN needs ρ < 1 to vanish.",
        "For the RNN g_0 is about $10^{-12}$.",
        "The RNN spends 10 orders on coffee.",
        "The vanilla RNN loses some twelve orders of magnitude over 50 steps.",
        "The vanilla RNN loses 12.2 orders of magnitude over 50 steps.",  # to a g_50 not given
        "A typical RNN has g_0 = 1e-6.",
        "At t = 0 the RNN is 4.5 times as steep.",
    ],
)
def test_what_is_no_claim_is_left_alone(sentence):
    assert claimed(f"{ATTENTION}\n\nRNN and GRU: 1.0 decay.\n\n{sentence}") == []


def test_one_right_number_is_enough():
    assert claimed(GOOD + "\n\nThe RNN loses 3.0 orders per 10 steps near the end.") == []


def test_head_gradient_bounds_the_total_where_given():
    sentence = GOOD + "\n\nThe vanilla RNN loses 12.5 orders of magnitude over 50 steps."
    assert claimed(sentence) == []
    assert claimed(sentence, last={"rnn": 0.5}) == ["wrong_total"]
    assert claimed(sentence, last={"rnn": 0.5 * 10**0.74}) == []


def test_measured_radius_will_do():
    forward = ForwardFacts(
        recognised=True,
        model="rnn",
        residual=0.0,
        tolerance=0.0,
        roles_found=True,
        spectral_radius=0.58,
    )
    probe = {"rnn": ProbeFacts("probed", forward=forward)}
    assert claimed(GOOD, rho=1.04) == ["wrong_radius"]
    assert claimed(GOOD, rho=1.04, probe=probe) == []


def test_no_number_for_a_net_is_named():
    silent = GOOD.replace(GRU_RATE, "The GRU decays slowly.")
    (finding,) = readme.numbers(material(silent))
    assert (finding.kind, finding.model, finding.keeps) == ("no_number", "gru", 0.5)


def test_denied_decay_beside_nine_orders_is_named():
    text = GOOD.replace(GRU_RATE, "The GRU loses 1.9 orders per 10 steps. The GRU does not vanish.")
    steep = {**CURVES, "gru": tuple(10 ** (-0.19 * (49 - t)) for t in range(50))}
    assert claimed(text, curves=steep) == ["not_constant"]
    assert claimed(GOOD + " The GRU does not vanish.") == []
    hedged = text.replace("does not vanish", "does not vanish as fast as the RNN")
    assert claimed(hedged, curves=steep) == []


@pytest.mark.parametrize("bad", [0.0, float("nan")])
def test_curves_without_logarithms_are_not_compared(bad):
    curves = {**CURVES, "rnn": (bad, *CURVES["rnn"][1:])}
    assert claimed(GOOD.replace("2.4 orders", "3.9 orders"), curves=curves) == []


@pytest.mark.parametrize(
    "text",
    [
        "[" * 9_000,
        "(" * 60_000,
        "*_" * 9_000,
        "1." * 30_000,
        "|\n" * 3_000,
        "\\(" * 9_000,
        "$a" * 9_000,
    ],
)
def test_hostile_text_comes_to_an_end(text):
    given = material(text)
    list(readme.questions(given))
    list(readme.numbers(given))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_finding_has_words(language):
    say, said = catalogue(language), set()
    idle = "We ran the script and looked at the picture it made, twice, on two days. " * 3
    for text in (idle, "short", GOOD, f"{GOOD}\n\nTODO: more", f"{idle}\n\n{LAB_FOUR}"):
        for finding in readme.questions(material(text)):
            said.add(finding.kind)
            assert say.finding("readme.questions", finding).message
    denied = WRONG["per ten, GRU"][0] + " The GRU does not vanish."
    steep = {**CURVES, "gru": tuple(10 ** (-0.19 * (49 - t)) for t in range(50))}
    for given in (material(denied, curves=steep), *(material(text) for text, _ in WRONG.values())):
        for finding in readme.numbers(given):
            said.add(finding.kind)
            assert say.finding("readme.numbers", finding).message
    for finding in readme.numbers(material(idle)):
        assert say.finding("readme.numbers", finding).message
    assert len(said) == 7 + 5


def test_first_gradient_far_from_the_recorded_one_is_a_contradiction_however_far():
    curves = {kind: tuple(1e10 * g for g in curve) for kind, curve in CURVES.items()}
    said = "For the vanilla RNN, g_0 = 10^-320."
    assert "wrong_g_0" in claimed(said, curves=curves)
    assert "wrong_g_0" not in claimed("For the vanilla RNN, g_0 = 10^-2.", curves=curves)


def test_heading_is_read_without_the_hashes_at_its_end():
    (heading,) = plain_sentences("## The RNN ##  \n")
    assert (heading.text, heading.is_heading) == ("The RNN", True)


def test_placeholders_are_told_by_the_first_ones():
    found = answers(GOOD + "\n\nTODO: more" * 100)
    assert len([f for f in found if f.kind == "placeholder"]) == readme.MOST_PLACEHOLDERS
