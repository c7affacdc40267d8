"""Submissions written one by one, in hands that no mistake is planted in by rule.

Each hand is right as it stands; each wrong one was made by hand at the place where its author would
have made it. Most offer no functions, as most students' scripts do not.
"""

from __future__ import annotations

from typing import NamedTuple

from grader.corpus.catalog import HEAD, RECORDED, STEPS
from grader.corpus.model import Case, Edit, Expectation, Style

SCRIPT = "bptt_norm.py"
INDICES = frozenset({"gradient.indices"})
OFFERING = ("stacked", "recursive", "torchlike", "slices")
HANDS: dict[str, tuple[str, Style]] = {
    name: (said, Style(name, has_functions=name in OFFERING, option=f"Option {o}"))
    for name, o, said in (
        ("tensors", "B", "a batch axis of one, einsum throughout, a sigmoid in two branches"),
        ("buffers", "B", "buffers filled in place with out=, fused matrices, z on the old state"),
        ("closures", "B", "layers that return their own way back, on a tape"),
        ("generators", "A", "generators of states and of norms, rows, reset after the product"),
        ("stacked", "B", "all inputs at once, rows inserted in front"),
        ("onehot", "B", "one-hot columns, norms by Python's sum, in Spanish"),
        ("recursive", "A", "the chain rule as a recursive definition"),
        ("affine", "B", "one matrix a gate over [1, h, x], classes with their own method names"),
        ("volumes", "B", "(d, m, T) volumes of columns, caches of tuples, weights' gradients too"),
        ("single", "B", "float32 in work arrays that are reused, h_0 by h[0] = 0"),
        ("masks", "B", "forward and backward functions by step, a sigmoid with boolean masks"),
        ("dataclasses", "B", "fused gates, reset after the product, a gradient check inside"),
        ("minchar", "B", "an exported notebook, dictionaries by step, column vectors"),
        ("jacobians", "B", "explicit Jacobians by einsum, swept from the right"),
        ("pullbacks", "A", "a function back for each step, parameters bound as defaults"),
        ("assignment", "A", "pairs of forward and backward with caches, gradients by the input"),
        ("torchlike", "A", "stacked r, z, n with two biases, z on the old state"),
        ("walked", "A", "flat, norms appended from the end and turned round"),
        ("halves", "B", "in Spanish, a batch axis of one, [h, x] in one row, z on the old state"),
        ("carried", "B", "classes with caches by step, np.dot and np.multiply throughout"),
        ("traced", "A", "named tuples of arrays, [h; x] in one column, z and r in one matrix"),
        ("slices", "B", "einsum over stacked gates, dictionaries of what a step computed"),
    )
}


class Wrong(NamedTuple):
    """One wrong submission: what was done, how a diagnosis knows it, what must fail, the edits.

    `names` is empty where the catalogue of mistakes does not hold it.
    """

    hand: str
    said: str
    names: tuple[str, ...]
    codes: frozenset[str]
    edits: tuple[Edit, ...]


WRONG: dict[str, Wrong] = {
    "not-squared": Wrong(
        "tensors", "1 - h for 1 - h²", ("rnn-tanh-not-squared",), STEPS,
        (("(1.0 - np.square(H[t + 1]))", "(1.0 - H[t + 1])"),),
    ),
    "difference-reversed": Wrong(
        "tensors", "h' - h̃ for h̃ - h' in the update gate's path", ("gru-z-sign",), STEPS,
        (("dz = d * (n - S[t]) * z", "dz = d * (S[t] - n) * z"),),
    ),
    "one-index-order": Wrong(
        "tensors", "the update gate's matrix not transposed", ("gru-uz-not-transposed",), STEPS,
        (('np.einsum("bh,ih->bi", dz, Q["U"][0])', 'np.einsum("bh,hi->bi", dz, Q["U"][0])'),),
    ),
    "square-for-slope": Wrong(
        "buffers", "h² for 1 - h²: the subtraction forgotten", ("rnn-tanh-square-only",), STEPS,
        (("        np.subtract(1.0, buf, out=buf)\n", ""),),
    ),
    "assigned": Wrong(
        "buffers", "= for += on the second path: the first is lost", ("gru-no-direct",), STEPS,
        (("back[k] += through * reset", "back[k] = through * reset"),),
    ),
    "slope-of-tanh": Wrong(
        "buffers", "1 - r² for r (1 - r)", ("gru-r-prime-tanh",), STEPS,
        (("hid[k] * reset * (1.0 - reset)", "hid[k] * (1.0 - reset**2)"),),
    ),
    "plus-one": Wrong(
        "closures", "p + y for p - y", ("head-plus-onehot",), HEAD,
        (("back[k] = back[k] - 1", "back[k] = back[k] + 1"),),
    ),
    "swapped": Wrong(
        "closures", "z and 1 - z exchanged on the way back", ("gru-z-swapped",), STEPS,
        (
            ("down = up * (1 - z)", "down = up * z"),
            ("c_rec(c_back(up * z))", "c_rec(c_back(up * (1 - z)))"),
        ),
    ),
    "before-the-step": Wrong(
        "closures", "norms taken before the step back: g_1 … g_50", ("record-shifted",), INDICES,
        (
            ("        up = tape.pop()(up)\n        g.append(float(np.linalg.norm(up)))\n",
             "        g.append(float(np.linalg.norm(up)))\n        up = tape.pop()(up)\n"),
        ),
    ),
    "largest": Wrong(
        "generators", "the largest component for the norm", ("record-max",), RECORDED,
        (
            ("yield np.linalg.norm(delta)\n\n\ndef gated",
             "yield np.abs(delta).max()\n\n\ndef gated"),
        ),
    ),
    "other-form": Wrong(
        "generators", "the way back of a reset before the product", ("gru-reset-form",), STEPS,
        (
            ("dr = dc * (old @ w.Uc) * r", "dr = (dc @ w.Uc.T) * old * r"),
            ("(dc * r) @ w.Uc.T", "(dc @ w.Uc.T) * r"),
        ),
    ),
    "mean-over-classes": Wrong(
        "generators", "divided by the number of classes", ("head-divided-by-classes",), HEAD,
        (("return (prob - onehot) @ out.T", "return (prob - onehot) @ out.T / prob.size"),),
    ),
    "no-target": Wrong(
        "stacked", "p for p - y", ("head-no-onehot",), HEAD,
        (("    soft[target_id] -= 1.0\n", ""),),
    ),
    "transposed-once-more": Wrong(
        "stacked", "U.T where rows already need U", ("rnn-w-not-transposed",), STEPS,
        (("dh = U @ (dh * (1 - H[t + 1] ** 2))", "dh = U.T @ (dh * (1 - H[t + 1] ** 2))"),),
    ),
    "gates-of-the-step-before": Wrong(
        "stacked", "gates of t - 1 for those of t", ("gru-gates-previous",), STEPS,
        (("z, r, c = gates[t]", "z, r, c = gates[max(t - 1, 0)]"),),
    ),
    "clipped": Wrong(
        "stacked", "gradient clipping left in", ("bptt-clipped-norm",), STEPS,
        (
            ("        rows.insert(0, dh)",
             "        dh = dh * min(1.0, 0.02 / np.linalg.norm(dh))\n        rows.insert(0, dh)"),
        ),
    ),
    "before-the-tanh": Wrong(
        "onehot", "the norm of dL/da_t for dL/dh_{t-1}", ("rnn-stored-dz",), STEPS,
        (("normas[t] = norma(dh)", "normas[t] = norma(dcrudo)"),),
    ),
    "sum-for-difference": Wrong(
        "onehot", "h̃ + h' for h̃ - h'", ("gru-z-sum",), STEPS,
        (("dz = dh * (c - previo)", "dz = dh * (c + previo)"),),
    ),
    "two-slopes": Wrong(
        "onehot", "r for r (1 - r), and no slope of the candidate",
        ("gru-r-prime-gate-only", "gru-candidate-prime-missing"), STEPS,
        (
            ("drh * previo * r * (1 - r)", "drh * previo * r"),
            ("dc = dh * z * (1 - c**2)", "dc = dh * z"),
        ),
    ),
    "other-sign": Wrong(
        "onehot", "y - p for p - y", ("head-sign",), HEAD,
        (("p - columna(meta)", "columna(meta) - p"),),
    ),
    "complement-kept": Wrong(
        "recursive", "1 - u for u on the direct path", ("gru-z-swapped-direct",), STEPS,
        (("return up * u + rh", "return up * (1 - u) + rh"),),
    ),
    "slope-after": Wrong(
        "recursive", "the slope of the old state, after the matrix", ("rnn-dz-for-dh",), STEPS,
        (('p["R_h"].T.dot(up * (1 - h * h))', 'p["R_h"].T.dot(up) * (1 - h_prev * h_prev)'),),
    ),
    "last-word-for-target": Wrong(
        "recursive", "the last token for the target", ("head-last-token",), HEAD,
        (("np.eye(n_tokens)[target_id]", "np.eye(n_tokens)[token_ids[-1]]"),),
    ),
    "scaled-to-the-last": Wrong(
        "recursive", "the list divided by its last value", ("record-by-last-recorded",), RECORDED,
        (("[float(v) for v in values]", "[float(v / values[-1]) for v in values]"),),
    ),
    "slice-one-off": Wrong(
        "affine", "the bias column taken for the first unit", (), STEPS,
        (("g.append(dv[1 : 1 + H])", "g.append(dv[:H])"),),
    ),
    "reset-forgotten": Wrong(
        "affine", "the candidate's path not multiplied by r", ("gru-reset-not-applied",), STEPS,
        (("down = down + dinner * r\n", "down = down + dinner\n"),),
    ),
    "candidate-not-squared": Wrong(
        "affine", "1 - h̃ for 1 - h̃²", ("gru-candidate-prime-not-squared",), STEPS,
        (("(up * z * (1 - c**2))", "(up * z * (1 - c))"),),
    ),
    "no-slope-and-squared": Wrong(
        "affine", "no slope of tanh, and squared norms",
        ("rnn-tanh-missing", "record-squared"), STEPS | RECORDED,
        (("(g[-1] * (1 - h**2))", "g[-1]"), ("float(np.linalg.norm(v))", "float(v @ v)")),
    ),
    "slope-twice": Wrong(
        "volumes", "the slope of tanh applied twice", ("rnn-tanh-twice",), STEPS,
        (("np.dot(Waa.T, dtanh)", "np.dot(Waa.T, dtanh * (1 - a_next ** 2))"),),
    ),
    "each-other's": Wrong(
        "volumes", "each gate's gradient through the other's matrix", ("gru-uz-ur-exchanged",),
        STEPS,
        (
            ('np.dot(parameters["Wu"].T, dGu) + np.dot(parameters["Wr"].T, dGr)',
             'np.dot(parameters["Wr"].T, dGu) + np.dot(parameters["Wu"].T, dGr)'),
        ),
    ),
    "first-to-last": Wrong(
        "single", "the way back walked from the first step on", ("rnn-time-mirrored",), STEPS,
        (("for t in range(T, 0, -1):", "for t in range(1, T + 1):"),),
    ),
    "not-copied": Wrong(
        "single", "a state kept without a copy, then overwritten", ("gru-old-state-last",), STEPS,
        (("hist.append((h.copy(), z, r, q, c))", "hist.append((h, z, r, q, c))"),),
    ),
    "complement": Wrong(
        "masks", "u and 1 - u exchanged on the way back", ("gru-z-swapped",), STEPS,
        (
            ("dc = dnext_h * u *", "dc = dnext_h * (1 - u) *"),
            ("dprev_h = dnext_h * (1 - u) + drh", "dprev_h = dnext_h * u + drh"),
        ),
    ),
    "state-for-product": Wrong(
        "dataclasses", "h' for U_c h' behind a reset after the product",
        ("gru-r-state-other-form",), STEPS,
        (("dr = dn * s.hn * s.r", "dr = dn * s.h_prev * s.r"),),
    ),
    "stacked-otherwise": Wrong(
        "dataclasses", "gates stacked in another order than forward", ("gru-uz-ur-exchanged",),
        STEPS,
        (("np.concatenate([dr, dz, dn * s.r])", "np.concatenate([dz, dr, dn * s.r])"),),
    ),
    "loss-at-every-step": Wrong(
        "minchar", "the head gradient joins at every step", ("head-every-step",), STEPS,
        (
            ("    dh = dhnext\n    if t == T-1:\n        dy = np.copy(ps[t])\n"
             "        dy[target] -= 1\n        dh = dh + np.dot(Why.T, dy)\n    dcraw",
             "    dy = np.copy(ps[t])\n    dy[target] -= 1\n    dh = np.dot(Why.T, dy) + dhnext\n"
             "    dcraw"),
        ),
    ),
    "of-the-last-step": Wrong(
        "pullbacks", "what a step's function reads is not bound",
        ("gru-values-of-last-step",), STEPS,
        (("def pullback(d, prev=prev, z=z, r=r, c=c):", "def pullback(d):"),),
    ),
    "by-the-input": Wrong(
        "assignment", "the norm of dL/dx_t for dL/dh_{t-1}", ("record-input",), RECORDED,
        (
            ("rnn_step_backward(dh, caches[t])\n        norms[t] = np.linalg.norm(dh)",
             "rnn_step_backward(dh, caches[t])\n        norms[t] = np.linalg.norm(dx)"),
        ),
    ),
    "at-the-preactivation": Wrong(
        "torchlike", "a (1 - a) for σ(a) (1 - σ(a))", ("gru-gate-primes-of-preactivation",), STEPS,
        (("* _dsig(z)", "* _dsig(a_z)"), ("* _dsig(r)", "* _dsig(a_r)")),
    ),
    "slope-a-step-early": Wrong(
        "jacobians", "1 - h² of t - 1 in the Jacobian of t", ("rnn-tanh-previous",), STEPS,
        (("slope = 1.0 - hist[t] ** 2", "slope = 1.0 - hist[t - 1] ** 2"),),
    ),
    "slope-of-the-state-before": Wrong(
        "walked", "1 - h² of t - 1", ("rnn-tanh-previous",), STEPS,
        (("dz = dh * (1 - h[t] ** 2)", "dz = dh * (1 - h[t - 1] ** 2)"),),
    ),
    "never-turned-round": Wrong(
        "walked", "the lists stay as they were appended", ("record-reversed",), RECORDED | INDICES,
        (("g_rnn = g_rnn[::-1]\n", ""), ("g_gru = g_gru[::-1]\n", "")),
    ),
    "the-wrong-half": Wrong(
        "halves", "the part of x for that of h", ("rnn-w-of-input",), STEPS,
        (("    return dhx[:, :D]\n", "    return dhx[:, D:]\n"),),
    ),
    "no-reset-on-the-way": Wrong(
        "halves", "r left out on the way to h'", ("gru-reset-not-applied",), STEPS,
        (("dh_ant = dh_ant + drh * r", "dh_ant = dh_ant + drh"),),
    ),
    "difference-turned": Wrong(
        "carried", "h' - c for c - h'", ("gru-z-sign",), STEPS,
        (("dz = np.multiply(dh, hbar - hprev)", "dz = np.multiply(dh, hprev - hbar)"),),
    ),
    "no-transpose": Wrong(
        "carried", "W for its transpose", ("rnn-w-not-transposed",), STEPS,
        (("dh = np.dot(self.Whh.T, dhraw)", "dh = np.dot(self.Whh, dhraw)"),),
    ),
    "other-order": Wrong(
        "traced", "z and r stacked the other way round", ("gru-uz-ur-exchanged",), STEPS,
        (("np.concatenate([dz, dr])", "np.concatenate([dr, dz])"),),
    ),
    "no-root": Wrong(
        "traced", "the square root forgotten", ("record-squared",), RECORDED,
        (("np.sqrt(np.sum(dh[:T] ** 2, axis=1))", "np.sum(dh[:T] ** 2, axis=1)"),),
    ),
    "no-way-through-r": Wrong(
        "slices", "the reset gate's path left out", ("gru-r-path-missing",), STEPS,
        (
            ('            d_r = d_s * k["prev"] * r * (1 - r)\n', ""),
            ("np.stack([d_z, d_r])", "np.stack([d_z, 0 * d_z])"),
        ),
    ),
    "one-from-all": Wrong(
        "single", "1 subtracted from every class", ("head-minus-ones",), HEAD,
        (("    o[target] -= 1\n", "    o -= 1\n"),),
    ),
}  # fmt: skip


def right_cases() -> list[Case]:
    """Return every hand as it stands."""
    passed = Expectation("passed")
    return [Case(f"hand-{name}", said, style, passed) for name, (said, style) in HANDS.items()]


def wrong_case(name: str) -> Case:
    """Return one wrong submission."""
    wrong = WRONG[name]
    # An off-by-one list keeps the points of its gradient; whether it passes is the rubric's.
    verdict = None if wrong.codes is INDICES else "not_passed"
    return Case(
        f"hand-{wrong.hand}-{name}",
        wrong.said,
        HANDS[wrong.hand][1],
        Expectation(verdict, any_of=wrong.codes),
        edits=tuple((SCRIPT, edit) for edit in wrong.edits),
    )


def wrong_cases() -> list[Case]:
    """Return all wrong submissions."""
    return [wrong_case(name) for name in WRONG]
