"""Pictures as students draw them, right and wrong, for the checks that look at decay.png."""

import io
from collections.abc import Callable

import matplotlib.style
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

T = np.arange(50)


def curves(seed=1, rnn_rate=0.24, gru_rate=0.045, wiggle=0.03):
    """Return g_0 … g_49 of both nets: decays with some irregularity, as real ones have."""
    rng = np.random.default_rng(seed)

    def curve(rate):
        steps = rate + rng.normal(0.0, wiggle, 50)
        return 0.7 * 10.0 ** -np.cumsum(steps)[::-1]

    return {"rnn": tuple(curve(rnn_rate)), "gru": tuple(curve(gru_rate))}


def png(figure, **options):
    """Return the bytes of a figure."""
    stream = io.BytesIO()
    FigureCanvasAgg(figure)
    figure.savefig(stream, format="png", **options)
    return stream.getvalue()


def draw(g, **options):
    """Draw both curves on one pair of axes and return the PNG.

    `change` is a function of the axes; `save` the options of savefig; the rest goes to the lines.
    """
    style = options.pop("style", "default")
    with matplotlib.style.context(style):
        figure = Figure(figsize=options.pop("size", (6.4, 4.8)), dpi=options.pop("dpi", 100))
        axes = figure.subplots()
        scale, change = options.pop("scale", "log"), options.pop("change", None)
        save, legend = options.pop("save", {}), options.pop("legend", "best")
        x, note = options.pop("x", T), options.pop("note", True)
        colours = (options.pop("red", "red"), options.pop("blue", "blue"))
        for net, colour in zip(("rnn", "gru"), colours, strict=True):
            axes.plot(x, np.asarray(g[net])[: len(x)], color=colour, label=net, **options)
        axes.set_yscale(scale)
        if legend:
            axes.legend(loc=legend)
        if note:
            axes.text(0.1, 0.5, "RNN decays by 11.8 orders", transform=axes.transAxes)
        if change:
            change(axes)
        axes.set_xlabel("t")
        return png(figure, **save)


def log_values(g):
    """Draw log10 g on a linear axis."""
    logs = {net: np.log10(values) for net, values in g.items()}
    return draw(logs, scale="linear")


def subplots(g):
    """Draw the nets on axes of their own, with scales of their own."""
    figure = Figure(figsize=(10, 4))
    left, right = figure.subplots(1, 2)
    left.semilogy(g["rnn"], "r")
    right.semilogy(g["gru"], "b")
    return png(figure)


def twin(g):
    """Draw the nets over one another, with scales of their own."""
    figure = Figure()
    left = figure.subplots()
    left.semilogy(g["rnn"], "r")
    left.twinx().semilogy(g["gru"], "b")
    return png(figure)


def again(data, change):
    """Decode, change and encode a picture anew."""
    stream = io.BytesIO()
    change(Image.open(io.BytesIO(data)).convert("RGB")).save(stream, format="png")
    return stream.getvalue()


def png_of(picture, **options):
    """Return the bytes of an array of pixels."""
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, format="png", **options)
    return stream.getvalue()


def jpeg(image):
    """Return the image after a lossy compression."""
    stream = io.BytesIO()
    image.save(stream, format="jpeg", quality=70)
    return Image.open(stream)


def noisy(image):
    """Return the image with noise on every pixel."""
    values = np.asarray(image) + np.random.default_rng(1).normal(0, 8, (*image.size[::-1], 3))
    return Image.fromarray(values.clip(0, 255).astype("uint8"))


def named(**options):
    """Return a drawing of both curves with these options."""
    return lambda g: draw(g, **options)


def _bands(axes):
    for line, colour in zip(list(axes.get_lines()), ("red", "blue"), strict=True):
        y = line.get_ydata()
        axes.fill_between(T, y * 0.6, y * 1.6, color=colour, alpha=0.2)


RIGHT: dict[str, Callable] = {
    "default": named(),
    "dpi 60": named(dpi=60),
    "dpi 200": named(dpi=200),
    "dpi 300": named(dpi=300, size=(8, 5)),
    "small": named(size=(3, 2.2)),
    "wide": named(size=(16, 4)),
    "tall": named(size=(4, 8)),
    "thin": named(lw=0.5),
    "thick": named(lw=4),
    "markers and line": named(marker="o"),
    "markers": named(marker="o", ls=""),
    "small markers": named(marker=".", ls=""),
    "dashed": named(ls="--"),
    "dotted": named(ls=":"),
    "half transparent": named(alpha=0.6),
    "grid": named(change=lambda axes: axes.grid(visible=True, which="both")),
    "legend below": named(legend="lower left"),
    "legend above": named(legend="upper right"),
    "tab": named(red="tab:red", blue="tab:blue"),
    "cycle": named(red="C3", blue="C0"),
    "firebrick, steelblue": named(red="firebrick", blue="steelblue"),
    "crimson, navy": named(red="crimson", blue="navy"),
    "dark red, dodger blue": named(red="darkred", blue="dodgerblue"),
    "salmon, sky blue": named(red="salmon", blue="skyblue"),
    "seaborn": named(style="seaborn-v0_8-darkgrid", red="#C44E52", blue="#4C72B0"),
    "ggplot": named(style="ggplot"),
    "dark": named(style="dark_background"),
    "fivethirtyeight": named(style="fivethirtyeight"),
    "red arrow": named(
        change=lambda axes: axes.annotate(
            "VANISHED", (5, 1e-9), (25, 1e-4), color="red", size=16, arrowprops={"color": "red"}
        )
    ),
    "blue title": named(
        change=lambda axes: axes.set_title("GRU and RNN decay of gradients", color="blue", size=18)
    ),
    "red line": named(change=lambda axes: axes.axhline(1e-7, color="red", ls="--")),
    "markers under a blue line": named(
        marker="v", ls="", change=lambda axes: axes.axhline(1e-7, color="navy", ls="--")
    ),
    "red band": named(change=lambda axes: axes.axvspan(10, 20, color="red", alpha=0.1)),
    "bands": named(change=_bands),
    "clipped": named(change=lambda axes: axes.set_ylim(1e-7, 3)),
    "steps back": named(x=T[::-1]),
    "inverted": named(change=lambda axes: axes.invert_xaxis()),
    "base 2": named(change=lambda axes: axes.set_yscale("log", base=2)),
    "wide limits": named(change=lambda axes: axes.set_xlim(-10, 75)),
    "transparent": named(save={"transparent": True, "bbox_inches": "tight"}),
    "one-based": named(x=T + 1),
    "logarithms": log_values,
    "palette": lambda g: again(draw(g), lambda image: image.quantize(32)),
    "from a JPEG": lambda g: again(draw(g), jpeg),
    "noise": lambda g: again(draw(g), noisy),
}

LINEAR: dict[str, Callable] = {
    "linear": named(scale="linear"),
    "linear, large": named(scale="linear", size=(10, 6), dpi=200),
    "linear, markers": named(scale="linear", marker="o"),
}

SWAPPED: dict[str, Callable] = {
    "swapped": named(red="blue", blue="red"),
    "swapped shades": named(red="tab:blue", blue="tab:red"),
}

OTHER: dict[str, Callable] = {
    "subplots": subplots,
    "twin axes": twin,
    "square root": named(
        change=lambda axes: axes.set_yscale("function", functions=(np.sqrt, np.square))
    ),
    "symmetric log": named(change=lambda axes: axes.set_yscale("symlog", linthresh=0.1)),
    "another decay": lambda g: draw({**g, "rnn": np.asarray(g["rnn"]) ** 0.5}),
    "thirty times": lambda g: draw({**g, "rnn": np.asarray(g["rnn"]) * 3000}),
    "shuffled": lambda g: draw(g, x=np.random.default_rng(2).permutation(50)),
}
