"""Plots drawn at random from a wide space of habits, right ones and wrong ones.

A rendering is a seed: the same seed gives the same bytes. Curves are those of real networks, so
that another student's numbers differ from these as much as seeds really differ.
"""

from __future__ import annotations

import functools
import io
from dataclasses import dataclass

import matplotlib.style
import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from reference.ensemble import decay_ensemble
from reference.initialise import Configuration
from tests.renderings import png

SEEDS = 24
VISIBLE = 0.004  # of the height of the curves: a pixel or two of an ordinary picture
COLOURS = (
    ("red", "blue"), ("r", "b"), ("tab:red", "tab:blue"), ("C3", "C0"), ("firebrick", "steelblue"),
    ("crimson", "navy"), ("darkred", "dodgerblue"), ("salmon", "skyblue"), ("#C44E52", "#4C72B0"),
    ("indianred", "royalblue"), ("tomato", "cornflowerblue"), ("maroon", "midnightblue"),
    ("#e41a1c", "#377eb8"), ("lightcoral", "mediumblue"), ("orangered", "deepskyblue"),
)  # fmt: skip
OTHERS = (("green", "blue"), ("black", "tab:blue"), ("red", "tab:orange"), ("purple", "grey"))
STYLES = (
    "default", "default", "default", "seaborn-v0_8-darkgrid", "seaborn-v0_8-whitegrid",
    "seaborn-v0_8-ticks", "seaborn-v0_8", "seaborn-v0_8-talk", "ggplot", "bmh", "fivethirtyeight",
    "dark_background", "classic", "Solarize_Light2", "tableau-colorblind10", "fast",
)  # fmt: skip
CORNERS = (
    "best", "upper left", "upper right", "lower left", "lower right", "center left",
    "center right", "upper center", "lower center", "center", "outside", None,
)  # fmt: skip
RIGHT = (
    "log", "log", "log", "log", "log", "log", "logarithms", "steps_back", "inverted", "one_based",
    "clipped", "wide", "base_2", "head_too", "theory", "third",
)  # fmt: skip
WRONG = (
    "linear", "square_root", "cube_root", "swapped", "symlog", "twin", "panels", "reversed",
    "another", "another", "another_rnn", "another_gru", "one_missing", "same_colour",
    "other_colours",
)  # fmt: skip
AFTER = (None,) * 7 + ("palette", "jpeg", "noise", "smaller", "larger")


CYCLE = matplotlib.rcParamsDefault["axes.prop_cycle"]  # where C3 is red and C0 is blue


@dataclass(frozen=True)
class Rendering:
    """One picture: what was drawn (`what`), how (`how`), the numbers beside it, and the figure."""

    seed: int
    what: str
    right: bool
    how: str
    whole: dict[str, np.ndarray]
    data: bytes
    figure: Figure

    @property
    def curves(self):
        """g_0 … g_49 of both nets."""
        return {net: tuple(values[:50]) for net, values in self.whole.items()}


@functools.cache
def ensembles():
    """Return log10 of g_0 … g_50 of both nets, (n, 51) each, for some usual settings."""
    made = []
    for option, bias, scale in (
        ("A", 0.0, 0.1),
        ("B", -2.0, 0.1),
        ("B", -1.0, 0.13),
        ("A", -4.0, 0.07),
    ):
        setting = Configuration(option=option, update_gate_bias=bias, scale=scale)
        drawn = decay_ensemble(setting, range(SEEDS))
        made.append((drawn.rnn, drawn.gru))
    return made


def rendering(seed, *, right):
    """Draw the picture of one seed."""
    return _rendering(seed, right=right)


def own(one, *, seed=None):
    """Draw the right picture of the same numbers: in the same manner, or in that of a `seed`."""
    if seed is None:
        return _rendering(one.seed, right=one.right, what="log")
    return _rendering(seed, right=True, what="log", curves=one.whole)


def _rendering(seed, *, right, what=None, curves=None):
    rng = np.random.default_rng([seed, right])
    drawn = str(rng.choice(RIGHT if right else WRONG))
    what = what or drawn
    rnn, gru = ensembles()[rng.integers(4)]
    mine, theirs = rng.choice(SEEDS, 2, replace=False)
    g = {"rnn": 10.0 ** rnn[mine], "gru": 10.0 ** gru[mine]}
    g = curves or g
    shown = _shown(what, g, {"rnn": 10.0 ** rnn[theirs], "gru": 10.0 ** gru[theirs]})
    style = str(rng.choice(STYLES))
    with matplotlib.style.context(style):
        figure, how, thick = _figure(rng, what, shown)
        options = {"bbox_inches": "tight"} if rng.random() < 0.35 else {}
        options["transparent"] = bool(rng.random() < 0.08) and style != "dark_background"
        data = png(figure, **options)
    after = AFTER[rng.integers(len(AFTER))]
    if after in ("jpeg", "palette") and not thick:
        after = None  # it would leave no colour to see
    data = _after(data, after, rng)
    return Rendering(seed, what, right, f"{style} {how} {after}", g, data, figure)


def _shown(what, mine, theirs):
    """Return the numbers that go into the picture: one's own, or in part another student's."""
    replaced = {"another": ("rnn", "gru"), "another_rnn": ("rnn",), "another_gru": ("gru",)}
    shown = {**mine, **{net: theirs[net] for net in replaced.get(what, ())}}
    # Nearly the same straight line: no eye could tell, and it is not the case meant here.
    while what in replaced and _difference(mine, shown) < VISIBLE:
        shown = {**shown, **{net: shown[net] ** 1.1 for net in replaced[what][-1:]}}
    return shown


def _difference(one, other):
    """Return how far apart two pictures lie at best, rms in shares of the height of the curves.

    At best: scales and ends of both axes are free, for a picture's pixels do not tell them.
    """
    ours, theirs = ([np.log10(g[net][:50]) for net in ("rnn", "gru")] for g in (one, other))
    slopes, t = np.concatenate([np.gradient(logs) for logs in ours]), np.tile(np.arange(50), 2)
    basis = np.column_stack([np.ones(100), np.concatenate(ours), slopes, slopes * t])
    theirs = np.concatenate(theirs)
    fitted = basis @ np.linalg.lstsq(basis, theirs, rcond=None)[0]
    return np.sqrt(np.mean((theirs - fitted) ** 2)) / np.ptp(theirs)


def _figure(rng, what, g):
    size = (rng.uniform(4, 12), rng.uniform(3, 8))
    dpi = int(rng.choice([60, 72, 80, 90, 100, 100, 120, 150, 200, 300]))
    figure = Figure(figsize=size, dpi=dpi, layout=rng.choice([None, "tight", "constrained"]))
    axes = figure.subplots(1, 2) if what == "panels" else figure.subplots()
    pair = (axes[0], axes[1]) if what == "panels" else (axes, axes)
    if what == "twin":
        pair = (axes, axes.twinx())
    colours = _colours(rng, what)
    line = _line(rng)
    left_out = ("rnn", "gru")[rng.integers(2)] if what == "one_missing" else ""
    for net, on, colour in zip(("rnn", "gru"), pair, colours, strict=True):
        if net == left_out:
            continue
        _plot(on, what, g[net], {**line, "color": colour, "label": f"{net.upper()} gradient"})
    for on in dict.fromkeys(pair):
        _scale(on, what, rng, g)
    if what == "twin":
        _apart(*pair)
    _furnish(pair[0], what, rng, colours, g)
    _extra(pair[0], what, rng, colours, g)
    _legend(pair[0], rng)
    thick = line["lw"] * dpi >= 144 and line["ls"] != ":"  # two pixels
    return figure, f"{size[0]:.1f}x{size[1]:.1f}@{dpi} {colours} {line}", thick


def _colours(rng, what):
    """Choose the colours of the RNN and of the GRU."""
    colours = COLOURS[rng.integers(len(COLOURS))]
    if colours == ("C3", "C0") and matplotlib.rcParams["axes.prop_cycle"] != CYCLE:
        colours = ("tab:red", "tab:blue")
    if what == "swapped":
        return colours[::-1]
    if what == "same_colour":
        return (colours[0],) * 2 if rng.random() < 0.5 else (colours[1],) * 2
    return OTHERS[rng.integers(len(OTHERS))] if what == "other_colours" else colours


def _line(rng):
    """Choose how a line is drawn."""
    line = {"lw": float(rng.choice([0.6, 1.0, 1.5, 1.5, 2.0, 2.5, 4.0]))}
    kind = rng.choice(
        ["solid", "solid", "solid", "marked", "markers", "dashed", "dotted", "dashdot"]
    )
    if kind in ("marked", "markers"):
        line["marker"] = str(rng.choice(["o", ".", "x", "s", "^", "v", "+", "D"]))
        line["ms"] = float(rng.uniform(3, 8))
        line["mew"] = 1.0  # some styles have 0, and then + and x show nothing
        if kind == "marked" and rng.random() < 0.3:
            line["markevery"] = int(rng.integers(2, 11))
    line["ls"] = {"markers": "", "dashed": "--", "dotted": ":", "dashdot": "-."}.get(kind, "-")
    line["alpha"] = float(rng.choice([0.55, 0.7, 0.8, 1.0, 1.0, 1.0, 1.0]))
    line["antialiased"] = bool(rng.random() > 0.08)
    return line


def _plot(axes, what, values, line):
    t = np.arange(50)
    if what == "logarithms":
        values = np.log10(values)
    if what == "head_too":
        axes.plot(np.arange(51), values, **line)
    elif what == "steps_back":
        axes.plot(50 - t, values[:50], **line)
    elif what == "reversed":
        axes.plot(t, values[49::-1], **line)
    else:
        axes.plot(t + (what == "one_based"), values[:50], **line)


def _scale(axes, what, rng, g):
    if what in ("linear", "logarithms"):
        return
    if what in ("square_root", "cube_root"):
        functions = (np.sqrt, np.square) if what == "square_root" else (np.cbrt, lambda v: v**3)
        axes.set_yscale("function", functions=functions)
        axes.set_ylim(0, None)
    elif what == "symlog":
        axes.set_yscale("symlog", linthresh=10.0 ** rng.uniform(-3, -0.5))
    else:
        axes.set_yscale("log", base=2 if what == "base_2" else 10)
    if what == "clipped":
        axes.set_ylim(max(min(g["rnn"][:50]), 1e-300) ** rng.uniform(0.55, 0.9), None)
    elif what == "wide":
        axes.set_xlim(rng.uniform(-12, -3), rng.uniform(55, 80))
    elif what == "inverted":
        axes.invert_xaxis()


def _apart(one, other):
    """Make sure that two axes differ, or the picture is right: limits may be rounded to decades."""
    limits = [np.log10(axes.get_ylim()) for axes in (one, other)]
    if np.abs(limits[0] - limits[1]).max() < 0.05 * np.ptp(limits[0]):
        other.set_ylim(10.0 ** (limits[0][0] - 1.0), 10.0 ** limits[0][1])


def _furnish(axes, what, rng, colours, g):
    """Add labels, a grid, a title and the annotation."""
    back = what == "steps_back"
    axes.set_xlabel("steps back from the loss" if back else rng.choice(["t", "time step t"]))
    axes.set_ylabel(rng.choice(["g_t", "gradient norm", "||dL/dh_t||"]))
    if rng.random() < 0.5:
        which = str(rng.choice(["major", "both"]))
        axes.grid(visible=True, which=which, alpha=rng.choice([0.3, 1]))
    if rng.random() < 0.6:
        colour = {"color": colours[rng.integers(2)]} if rng.random() < 0.25 else {}
        axes.set_title("Vanishing gradient: RNN and GRU", **colour)
    n, m = (np.log10(g[net][49] / g[net][0]) for net in ("rnn", "gru"))
    note = f"vanilla RNN gradient decays by {n:.1f} orders\nof magnitude over 50 steps; GRU by"
    if rng.random() < 0.6:
        box = {"facecolor": "white", "alpha": 0.8} if rng.random() < 0.4 else None
        place = rng.uniform(0.03, 0.45, 2)
        axes.text(*place, f"{note} {m:.1f}", transform=axes.transAxes, fontsize=8, bbox=box)


def _extra(axes, what, rng, colours, g):
    """Add what else students put into a plot: thresholds, bands, arrows, further curves."""
    extra = rng.choice(["", "", "", "", "line", "band", "bands", "arrow"])
    extra = extra if what in ("log", "one_based", "head_too") else what
    y = g["rnn"][:50]
    if extra == "line":
        axes.axhline(y[10], color=str(rng.choice(["red", "grey", "blue"])), ls="--", lw=1)
    elif extra == "band":
        axes.axvspan(5, 15, color=colours[0], alpha=0.12)
    elif extra == "bands":
        for net, colour in zip(("rnn", "gru"), colours, strict=True):
            low, high = g[net][:50] * 0.6, g[net][:50] * 1.6
            axes.fill_between(np.arange(50), low, high, color=colour, alpha=0.2)
    elif extra == "arrow":
        props = {"color": colours[0], "arrowstyle": "->"}
        axes.annotate("vanished", (5, y[5]), (18, y[5]), color=colours[0], arrowprops=props)
    elif extra == "theory":
        values = y[49] * 0.55 ** np.arange(49, -1, -1.0)
        colour = str(rng.choice(["grey", colours[0]]))
        axes.plot(np.arange(50), values, ls="--", lw=1, color=colour, alpha=0.7, label="theory")
    elif extra == "third":
        axes.plot(np.arange(50), g["gru"][:50] ** 0.5, color="green", label="LSTM")


def _legend(axes, rng):
    corner = CORNERS[rng.integers(len(CORNERS))]
    if corner == "outside":
        axes.legend(loc="upper left", bbox_to_anchor=(1.02, 1.0))
    elif corner:
        axes.legend(loc=corner, framealpha=float(rng.choice([0.0, 0.8, 1.0])))


def _after(data, after, rng):
    """Return the picture after what happens to pictures on their way."""
    if after is None:
        return data
    image = Image.open(io.BytesIO(data)).convert("RGB")
    if after == "palette":
        image = image.quantize(int(rng.choice([64, 128, 256])))
    elif after == "jpeg":
        stream = io.BytesIO()
        image.save(stream, format="jpeg", quality=int(rng.integers(60, 95)))
        image = Image.open(stream)
    elif after == "noise":
        values = np.asarray(image) + rng.normal(0, rng.uniform(3, 9), (*image.size[::-1], 3))
        image = Image.fromarray(values.clip(0, 255).astype("uint8"))
    elif min(image.size) > 300:
        share = 0.75 if after == "smaller" else 1.3
        image = image.resize([int(side * share) for side in image.size], Image.Resampling.BICUBIC)
    stream = io.BytesIO()
    image.save(stream, format="png")
    return stream.getvalue()
