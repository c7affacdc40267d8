"""Right README files in other hands, and the plain one for comparison (`papers.english`)."""

from __future__ import annotations

import math

from grader.corpus.papers import Numbers, english

SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def comma(value: float, digits: int) -> str:
    """Return a number with a decimal comma."""
    return f"{value:.{digits}f}".replace(".", ",")


def power(value: float) -> tuple[float, int]:
    """Return mantissa and exponent of ten."""
    exponent = math.floor(math.log10(value))
    return value / 10.0**exponent, exponent


def spanish(numbers: Numbers, seed: int) -> str:
    """Return Spanish prose with decimal commas, U+2212 and superscript exponents."""
    mantissa, exponent = power(numbers.rnn[0])
    n, m = (comma(numbers.orders(kind), 1) for kind in ("rnn", "gru"))
    tiny = f"{comma(mantissa, 1)}·10{str(exponent).translate(SUPERSCRIPTS)}"
    return f"""# El gradiente que se desvanece

El gradiente de la RNN simple decae {n} órdenes de magnitud en 50 pasos; el de la GRU decae {m}
(semilla {seed}, la misma secuencia para ambas).

## 1. Ritmo de decaimiento de la RNN
Pierde {comma(numbers.per_ten("rnn"), 2)} órdenes de magnitud cada 10 pasos. El radio espectral de
W_hh es {comma(numbers.rho, 2)}: cada paso multiplica por la traspuesta de W_hh, así que el
decaimiento es rápido.

## 2. Ritmo de decaimiento de la GRU
Sólo {comma(numbers.per_ten("gru"), 2)} órdenes cada 10 pasos, gracias al camino aditivo (1 − z)⊙h:
la puerta de actualización está casi cerrada.

## 3. Implicación práctica
En t = 0 el gradiente de la RNN vale ≈ {tiny} (exponente −{-exponent}). Con eso la red no puede
aprender nada de los primeros tokens; las RNN simples no aprenden dependencias largas, y no es
cuestión de hiperparámetros.

## 4. Por qué esto motiva la atención
Con atención, el gradiente desde la posición 50 hasta el embedding de la posición 0 pasa por un
solo peso del softmax y no por 50 productos de matrices: la señal se conserva.
"""


def latex(numbers: Numbers, seed: int) -> str:
    """Return prose with LaTeX powers, a range, tildes and almost-equal signs."""
    mantissa, exponent = power(numbers.rnn[0])
    n, m = numbers.orders("rnn"), numbers.orders("gru")
    a, b = numbers.per_ten("rnn"), numbers.per_ten("gru")
    return f"""# Vanishing gradient, measured (seed {seed})

Vanilla RNN: $\\approx {n:.1f}$ orders of magnitude over 50 steps; GRU: ~{m:.1f}.

*Q1 (RNN decay rate).* About {a:.2f} orders per 10 steps. With
$\\rho(W_{{hh}}) \\approx {numbers.rho:.2f}$ each step shrinks the gradient by roughly
that factor, as the theory predicts.

*Q2 (GRU decay rate).* About {b:.2f} orders per 10 steps, so substantially less: the
additive path $(1 - z_t) \\odot h_{{t-1}}$ is close to the identity.

*Q3 (practical implication).* At $t = 0$ the RNN has
${mantissa:.1f} \\times 10^{{{exponent}}}$ left, i.e. between $10^{{{exponent}}}$ and
$10^{{{exponent + 1}}}$. Nothing about the early tokens can be learned from that; vanilla RNNs
cannot learn long-range dependencies and tuning does not change it.

*Q4 (attention).* Attention connects position 50 to position 0 through a single softmax weight, not
through 50 Jacobians, so the gradient survives in one step.
"""


def conditional(numbers: Numbers, seed: int) -> str:
    """Return the plain README with the lab's own example as a condition, and nothing of ours."""
    return english(numbers, seed) + (
        "\nIf a model's gradient at t = 0 were, say, 1e-15, could it learn anything about the\n"
        "early tokens? No: FP32 has an epsilon of 1.2e-7, so an update of 1e-15 to a weight of\n"
        "0.1 rounds to no update at all.\n"
    )


def terse(numbers: Numbers, _seed: int) -> str:
    """Return one sentence for each question, without headings or numbering."""
    return (
        f"The vanilla RNN loses {numbers.per_ten('rnn'):.1f} orders of magnitude per 10 steps "
        f"({numbers.orders('rnn'):.0f} over 50 steps), as fast as a spectral radius of "
        f"{numbers.rho:.2f} suggests.\n\n"
        f"The GRU loses {numbers.per_ten('gru'):.1f} orders per 10 steps "
        f"({numbers.orders('gru'):.0f} in total) because of its additive path through 1 - z.\n\n"
        "So the early tokens get no usable gradient and a vanilla RNN cannot learn long-range "
        "dependencies, whatever the hyperparameters.\n\nAttention avoids this: one softmax weight "
        "lies between the loss at position 50 and the embedding at position 0, not fifty matrix "
        "products.\n"
    )


def other_runs(numbers: Numbers, seed: int) -> str:
    """Return the plain README with theory, a condition and other experiments behind it."""
    return english(numbers, seed) + (
        "\nTheory predicts 3.2 orders per 10 steps for the RNN. If its spectral radius were\n"
        "above 1, the gradient would explode. I also tried b_z = 0: the GRU then lost 9.8 orders\n"
        "over 50 steps. For some seeds the GRU decays faster than the RNN.\n"
    )


WORDS = {12: "twelve", 13: "thirteen", 14: "fourteen"}


def in_words(numbers: Numbers, seed: int) -> str:
    """Return the plain README with the totals in words."""
    n, m = numbers.orders("rnn"), numbers.orders("gru")
    said = f"decays by {n:.1f} orders of magnitude over 50 steps; the GRU decays by\n{m:.1f} "
    text = english(numbers, seed)
    words = f"decays by some {WORDS[round(n)]} orders of magnitude over 50 steps; the GRU by\ntwo "
    return text.replace(said, words)


def estimated(numbers: Numbers, seed: int) -> str:
    """Return the plain README with sigma sqrt(d) as an estimate of the spectral radius."""
    return english(numbers, seed).replace(
        f"The spectral\nradius of W_hh is {numbers.rho:.3f};",
        "My estimate\nof the spectral radius of W_hh is sigma * sqrt(d) = 0.1 * sqrt(32) = 0.566;",
    )
