"""What ``python -m reference`` computes, as lines of text; writing files where asked to."""

from __future__ import annotations

import platform
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from reference.arrays import Array
from reference.decay import (
    orders_per_ten_steps,
    predicted_gru,
    predicted_rnn,
    spectral_radius,
    total_orders,
)
from reference.ensemble import decay_ensemble, mean_update_gate
from reference.experiment import Run, run_gru, run_rnn
from reference.files import write_json
from reference.initialise import Configuration, draw_gru, draw_rnn, draw_sequence

SCALES = (0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35)
GATE_BIASES = (0.0, -1.0, -2.0, -4.0)


def run(configuration: Configuration, out: Path | None) -> Iterator[str]:
    """Yield the lab's table for one configuration; write its files into ``out`` if given.

    Raises
    ------
    ValueError
        For fewer than 11 steps, which hold no ten-step difference.
    OSError
        Where ``out`` can't be written.
    """
    if configuration.T < 11:
        raise ValueError(f"decay per ten steps needs 11 steps or more; got {configuration.T}")
    tokens = draw_sequence(configuration)
    model = draw_rnn(configuration)
    rnn, gru = run_rnn(model, tokens), run_gru(draw_gru(configuration), tokens)
    rho = float(spectral_radius(model.cell.W_hh))
    curves = rnn.gradient.log10_norm, gru.gradient.log10_norm
    yield "  t   log10 g_t: RNN       GRU"
    for t in sorted({*range(0, configuration.T, 5), configuration.T - 1, configuration.T}):
        yield f"{t:3d}   {curves[0][t]:14.3f} {curves[1][t]:9.3f}"
    yield ""
    yield from _summary(configuration, rnn, gru, rho)
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        yield from _write(configuration, (rnn, gru), rho, out)


def _summary(configuration: Configuration, rnn: Run, gru: Run, rho: float) -> Iterator[str]:
    curves = rnn.gradient.log10_norm, gru.gradient.log10_norm
    each = [orders_per_ten_steps(curve) for curve in curves]
    yield "orders of decay per 10 steps       RNN       GRU"
    for name in each[0]:
        yield f"  {name:28} {each[0][name]:9.4f} {each[1][name]:9.4f}"
    slope = 10 * predicted_rnn(rho, float(np.mean(1 - rnn.states[1:] ** 2)))
    additive = 10 * predicted_gru(_mean_new(configuration, gru))
    yield f"  {'predicted':28} {slope:9.4f} {additive:9.4f}"
    yield f"orders in all, log10(g_{configuration.T - 1}/g_0) " + " ".join(
        f"{total_orders(curve):9.4f}" for curve in curves
    )
    yield f"spectral radius of W_hh {rho:.4f}; mean update gate {mean_update_gate(gru):.4f}"


def _mean_new(configuration: Configuration, gru: Run) -> float:
    """Return the mean weight of the candidate, whichever of z and 1 - z that is."""
    z = float(mean_update_gate(gru))
    return z if configuration.convention == "candidate" else 1 - z


def _write(
    configuration: Configuration, runs: tuple[Run, Run], rho: float, out: Path
) -> Iterator[str]:
    from reference.figures import draw_decay

    rnn, gru = (one.gradient.log10_norm for one in runs)
    orders = [orders_per_ten_steps(curve)["recorded_steps"] for curve in (rnn, gru)]
    norms = [_representable(curve) for curve in (rnn, gru)]
    z = runs[1].gates.z if runs[1].gates is not None else np.zeros(1)
    write_json(
        out / "decay.json",
        {
            "schema_version": 1,
            "rnn": norms[0][:-1],
            "gru": norms[1][:-1],
            "g_T": {"rnn": norms[0][-1], "gru": norms[1][-1]},
            "update_gate": {"mean": float(z.mean()), "std": float(z.std())},
        },
    )
    draw_decay(out / "decay.png", rnn, gru, (float(total_orders(rnn)), float(total_orders(gru))))
    manifest = {
        "experiment": "14-vanishing-grad",
        "date": time.strftime("%Y-%m-%d"),
        "seed": configuration.seed,
        "config": {
            "sequence_length": configuration.T,
            "d_hidden": configuration.d_hidden,
            "init_scale_W_hh": configuration.scale,
            "synthetic_target": f"Option {configuration.option}",
            "update_gate_bias": configuration.update_gate_bias,
        },
        "results_summary": {
            "rnn_orders_of_decay_per_10steps": float(orders[0]),
            "gru_orders_of_decay_per_10steps": float(orders[1]),
            "rnn_spectral_radius_W_hh": rho,
        },
        "versions": {"python": platform.python_version(), "numpy": np.__version__},
    }
    write_json(out / "manifest.json", manifest)
    yield f"wrote decay.json, decay.png and manifest.json to {out}"


def _representable(log10_norms: Array) -> list[float]:
    """Return the norms, those below the range of float64 as its smallest normal number."""
    tiny = np.finfo(np.float64).tiny
    return [float(g) for g in np.maximum(10.0**log10_norms, tiny)]


def sweep(configuration: Configuration, seeds: int, out: Path | None) -> Iterator[str]:
    """Yield decay over scales and gate biases, mean and spread over seeds; draw it into ``out``.

    Raises
    ------
    NotADirectoryError
        Where ``out`` has no directory to be written into.
    """
    if out is not None and not out.parent.is_dir():
        raise NotADirectoryError(f"no such directory: {out.parent}")
    names = ["vanilla RNN", *(f"GRU, update-gate bias {bias:g}" for bias in GATE_BIASES)]
    table = np.empty((len(names), 2, len(SCALES)))
    yield f"orders of magnitude lost, log10(g_T/g_0): mean ± sd over {seeds} seeds"
    yield "scale  " + "".join(f"{name.removeprefix('GRU, update-gate '):>16}" for name in names)
    for column, scale in enumerate(SCALES):
        for row, bias in enumerate(GATE_BIASES, start=1):
            setting = replace(configuration, scale=scale, update_gate_bias=bias)
            ensemble = decay_ensemble(setting, range(seeds))
            table[row, :, column] = _spread(ensemble.gru)
            table[0, :, column] = _spread(ensemble.rnn)
        cells = (f"{mean:9.2f} ± {spread:4.2f}" for mean, spread in table[:, :, column])
        yield f"{scale:<7g}" + "".join(cells)
    if out is not None:
        from reference.figures import draw_sweep

        curves = {name: (row[0], row[1]) for name, row in zip(names, table, strict=True)}
        draw_sweep(out, SCALES, curves)
        yield f"wrote {out}"


def _spread(log10_norms: Array) -> tuple[float, float]:
    lost = log10_norms[:, -1] - log10_norms[:, 0]
    return float(lost.mean()), float(lost.std())
