"""Every way to differentiate, side by side: how wrong at worst, and how long it takes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

import numpy as np

from reference.arrays import Array, Chain, as_chain, relative_error
from reference.bptt import head_gradient
from reference.cells import gru_step, rnn_step
from reference.chaining import chain
from reference.experiment import Run, embed, run_gru, run_rnn
from reference.initialise import (
    Configuration,
    GRUModel,
    RNNModel,
    draw_gru,
    draw_rnn,
    draw_sequence,
)
from reference.oracles import (
    LossFrom,
    Method,
    Step,
    full_loss_complex,
    full_loss_sweep,
    one_step_jacobians,
)
from reference.sequence import TokenSequence
from reference.unroll import loss

Model = RNNModel | GRUModel
M = TypeVar("M")

NAIVE_RADII = (1e-2, 1e-3, 1e-5, 1e-8)
ONE_STEP: dict[str, Method] = {
    "one-step central, h = 6e-6, chained": "central",
    "one-step Richardson, chosen h, chained": "richardson",
    "one-step complex step, chained": "complex",
}


def run(model: Model, tokens: TokenSequence) -> Run:
    """Run either net."""
    return run_rnn(model, tokens) if isinstance(model, RNNModel) else run_gru(model, tokens)


def extended(part: M) -> M:
    """Return a copy of a model or cell in ``longdouble``: 64 bits of mantissa on x86."""
    changes: dict[str, Any] = {}
    for field in fields(part):  # type: ignore[arg-type]  # models and cells are dataclasses
        value = getattr(part, field.name)
        if isinstance(value, np.ndarray):
            changes[field.name] = value.astype(np.longdouble)
        elif is_dataclass(value):
            changes[field.name] = extended(value)
    return replace(part, **changes)  # type: ignore[type-var]  # as above


def step_of(model: Model, tokens: TokenSequence) -> Step:
    """Return ``step(t, h)`` of a model on a sequence."""
    inputs = embed(model.embedding, tokens.ids)
    if isinstance(model, RNNModel):
        rnn = model.cell
        return lambda t, h: rnn_step(rnn, inputs[t - 1], h)
    gru = model.cell
    return lambda t, h: gru_step(gru, inputs[t - 1], h)


def loss_from(model: Model, tokens: TokenSequence) -> LossFrom:
    """Return ``loss_from(t, h)``: the loss when the sequence goes on from state h at t."""
    step = step_of(model, tokens)

    def continued(t: int, h: Array) -> Array:
        for later in range(t + 1, len(tokens.ids) + 1):
            h = step(later, h)
        return loss(model.head, h, tokens.target)

    return continued


def methods(model: Model, tokens: TokenSequence) -> dict[str, Callable[[], Chain]]:
    """Return every method by name, each computing dL/dh_t for t = 0 … T."""
    whole, step = loss_from(model, tokens), step_of(model, tokens)
    states = run(model, tokens).states
    head = head_gradient(model.head, states[-1], tokens.target)

    def naive(h: float) -> Callable[[], Chain]:
        return lambda: as_chain(full_loss_sweep(whole, states, h))

    def chained(method: Method) -> Callable[[], Chain]:
        return lambda: chain(one_step_jacobians(step, states[:-1], method).values, head)

    return {
        **{f"whole loss, central, h = {h:.0e}": naive(h) for h in NAIVE_RADII},
        **{name: chained(method) for name, method in ONE_STEP.items()},
        "whole loss, complex step": lambda: as_chain(full_loss_complex(whole, states)),
        "backpropagation by hand": lambda: run(model, tokens).gradient,
    }


def oracle(configuration: Configuration) -> Iterator[str]:
    """Yield a table per net: each method's worst relative error over t, at t = 0, and its time.

    The truth is backpropagation in ``longdouble``. Where the platform has none wider than float64,
    errors near 1e-15 are those of both.
    """
    tokens = draw_sequence(configuration)
    bits = np.finfo(np.longdouble).nmant + 1
    yield f"relative errors against backpropagation with {bits} bits of mantissa"
    for name, model in (("RNN", draw_rnn(configuration)), ("GRU", draw_gru(configuration))):
        truth = run(extended(model), tokens).gradient
        yield ""
        yield (
            f"{name}, g_0 = 10^{truth.log10_norm[0]:.1f}".ljust(40) + "    worst     t = 0       ms"
        )
        for label, method in methods(model, tokens).items():
            start = time.perf_counter()
            found = method()
            elapsed = 1e3 * (time.perf_counter() - start)
            error = relative_error(found, truth)
            yield f"{label:40} {error.max():8.1e}  {error[0]:8.1e} {elapsed:8.1f}"
