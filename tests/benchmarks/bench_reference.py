"""How fast the reference is.

Run as ``OPENBLAS_NUM_THREADS=1 python -m tests.benchmarks.bench_reference``. Prints the best of
several runs. The rows against autograd need PyTorch, which nothing else here does; without it they
say so.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from types import ModuleType

import numpy as np

from reference.cells import rnn_step
from reference.chaining import chain, chain_error
from reference.decay import spectral_radius
from reference.ensemble import decay_ensemble
from reference.experiment import run_gru, run_rnn
from reference.initialise import (
    Configuration,
    GRUModel,
    RNNModel,
    draw_gru,
    draw_rnn,
    draw_sequence,
)
from reference.oracles import one_step_jacobians

SEEDS = 1000


def best(function: Callable[[], object], repeats: int) -> float:
    """Return the shortest of several runs, in milliseconds."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return 1e3 * min(times)


def framework_rnn(torch: ModuleType, model: RNNModel) -> Callable[[], object]:
    """Build the same gradients by autograd: inputs projected at once, states kept."""
    a = torch.tensor(_inputs(model) @ model.cell.W_xh.T + model.cell.b_h)
    W_T, W_ho = torch.tensor(model.cell.W_hh.T.copy()), torch.tensor(model.head.W_ho)
    target = torch.tensor(draw_sequence(Configuration()).target)

    def run() -> object:
        h = torch.zeros(len(W_T), dtype=a.dtype, requires_grad=True)
        states = [h]
        for a_t in a:
            h = torch.tanh(h @ W_T + a_t)
            states.append(h)
        return _norms(torch, states, W_ho @ h, target)

    return run


def framework_gru(torch: ModuleType, model: GRUModel) -> Callable[[], object]:
    """Build the same gradients by autograd, both gates in one product."""
    cell = model.cell
    d = cell.U.shape[-1]
    a = torch.tensor(np.einsum("kde,te->tkd", cell.W, _inputs(model)) + cell.b).flatten(1)
    gates_T = torch.tensor(cell.U[:2].reshape(2 * d, d).T.copy())
    candidate_T = torch.tensor(cell.U[2].T.copy())
    W_ho = torch.tensor(model.head.W_ho)
    target = torch.tensor(draw_sequence(Configuration()).target)

    def run() -> object:
        h = torch.zeros(d, dtype=a.dtype, requires_grad=True)
        states = [h]
        for a_t in a:
            z, r = torch.sigmoid(h @ gates_T + a_t[: 2 * d]).split(d)
            candidate = torch.tanh((r * h) @ candidate_T + a_t[2 * d :])
            h = h + z * (candidate - h)
            states.append(h)
        return _norms(torch, states, W_ho @ h, target)

    return run


def _inputs(model: RNNModel | GRUModel) -> np.ndarray:
    return model.embedding[draw_sequence(Configuration()).ids]


def _norms(torch: ModuleType, states: list, logits: object, target: object) -> object:
    loss = torch.nn.functional.cross_entropy(logits, target)
    return torch.linalg.vector_norm(torch.stack(torch.autograd.grad(loss, states)), dim=1)


def framework_rows(ours: dict[str, float], models: tuple[RNNModel, GRUModel]) -> list[str]:
    """Compare with autograd on one thread, or say why not."""
    try:
        import torch
    except ImportError:
        return ["PyTorch is not installed: the comparison with autograd is left out"]
    torch.set_num_threads(1)
    tokens = draw_sequence(Configuration())
    rows = []
    for name, build, model, run in (
        ("RNN", framework_rnn, models[0], run_rnn),
        ("GRU", framework_gru, models[1], run_gru),
    ):
        theirs = build(torch, model)
        norms = run(model, tokens).gradient.log10_norm
        np.testing.assert_allclose(np.log10(theirs().numpy()), norms, rtol=0, atol=1e-9)
        ms = best(theirs, 100)
        rows.append(f"{name} norms by autograd {ms:8.2f} ms   {ms / ours[name]:.1f} × ours")
    return rows


def main() -> int:
    """Measure and print."""
    configuration = Configuration()
    tokens = draw_sequence(configuration)
    rnn, gru = draw_rnn(configuration), draw_gru(configuration)
    ours = {
        "RNN": best(lambda: run_rnn(rnn, tokens), 200),
        "GRU": best(lambda: run_gru(gru, tokens), 200),
    }
    rows = [f"{name} norms, one model   {ms:8.2f} ms" for name, ms in ours.items()]
    rows += framework_rows(ours, (rnn, gru))

    inputs = rnn.embedding[tokens.ids]
    run = run_rnn(rnn, tokens)
    jacobians = one_step_jacobians(
        lambda t, h: rnn_step(rnn.cell, inputs[t - 1], h), run.states[:-1]
    )
    head = run.gradient.vectors()[-1]
    gradient = chain(jacobians.values, head)
    bound = best(lambda: chain_error(jacobians.values, jacobians.error, gradient, 0.0), 30)
    rows.append(f"chain_error, T = 50, d = 32 {bound:6.2f} ms")

    seeds = range(SEEDS)
    drawing = best(lambda: (draw_rnn(configuration, seeds), draw_gru(configuration, seeds)), 3)
    models = draw_rnn(configuration, seeds)
    radii = best(lambda: spectral_radius(models.cell.W_hh), 3)
    total = best(lambda: decay_ensemble(configuration, seeds), 3)
    rows.append(
        f"ensemble, {SEEDS} seeds {total:9.0f} ms, of which {drawing:.0f} drawing weights "
        f"and {radii:.0f} spectral radii"
    )
    sys.stdout.write("\n".join(rows) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
