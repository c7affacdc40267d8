"""Submissions whose plot is wrong, and nothing else."""

from __future__ import annotations

import io
from collections.abc import Callable

from grader.corpus.model import Case, Change, Edit, Expectation, Folder, Style
from grader.corpus.styles import columns, concat, rows
from grader.corpus.wrong_documents import fails, one_of, removed


def _bytes(name: str, change: Callable[[bytes], bytes]) -> Change:
    def apply(folder: Folder) -> None:
        path = folder.path / name
        path.write_bytes(change(path.read_bytes()))

    return apply


def _blank(_old: bytes) -> bytes:
    from PIL import Image

    out = io.BytesIO()
    Image.new("RGB", (640, 480), "white").save(out, "PNG")
    return out.getvalue()


IMAGE = one_of("plot.image", "files.readable")
DAMAGED: dict[str, tuple[str, Expectation, Change]] = {
    "missing": (
        "decay.png is not there",
        fails("files.present", verdict="not_passed"),
        removed("decay.png"),
    ),
    "text": ("a text called decay.png", IMAGE, _bytes("decay.png", lambda _: b"a plot\n" * 40)),
    "jpeg-magic": (
        "the start of a JPEG",
        IMAGE,
        _bytes("decay.png", lambda b: b"\xff\xd8\xff" + b),
    ),
    "truncated": ("half a PNG", IMAGE, _bytes("decay.png", lambda b: b[: len(b) // 2])),
    "empty": ("no byte at all", IMAGE, _bytes("decay.png", lambda _: b"")),
    "blank": ("a white rectangle", fails("plot.image"), _bytes("decay.png", _blank)),
}
RED = 'ax.plot(result["rnn"], color="firebrick", lw=2, label="RNN")'
BLUE = 'ax.plot(result["gru"], color="steelblue", lw=2, label="GRU")'
LOG = 'ax.set_yscale("log")'
TITLE = 'f"vanilla RNN gradient decays by {n:.1f} orders of magnitude over 50 steps; "'
CURVES = fails("plot.curves")
DRAWN: dict[str, tuple[str, Expectation, tuple[Edit, ...]]] = {
    "colours-swapped": (
        "the RNN blue, the GRU red",
        CURVES,
        ((RED, RED.replace("firebrick", "blue")), (BLUE, BLUE.replace("steelblue", "red"))),
    ),
    "other-colours": (
        "black and green",
        CURVES,
        ((RED, RED.replace("firebrick", "black")), (BLUE, BLUE.replace("steelblue", "green"))),
    ),
    "gru-missing": ("only the RNN's curve is drawn", CURVES, ((BLUE, "pass"),)),
    "linear": ("a linear y axis", CURVES, ((LOG, "pass"),)),
    "square-root": (
        "a square-root y axis",
        CURVES,
        ((LOG, 'ax.set_yscale("function", functions=(np.sqrt, np.square))'),),
    ),
}
TOLD: dict[str, tuple[Style, str, Expectation, tuple[Edit, ...]]] = {
    "time-reversed": (
        concat.STYLE,
        "both lists from the last step to the first, over an axis that says t",
        one_of("plot.curves"),
        (
            (RED, RED.replace('result["rnn"]', 'result["rnn"][::-1]')),
            (BLUE, BLUE.replace('result["gru"]', 'result["gru"][::-1]')),
        ),
    ),
    "twin-axes": (
        concat.STYLE,
        "each curve over a log axis of its own",
        one_of("plot.curves"),
        ((BLUE, BLUE.replace("ax.plot", "ax.twinx().semilogy")),),
    ),
    "other-totals": (
        columns.STYLE,
        "its title gives the RNN three orders more than decay.json has",
        fails("plot.annotation"),
        ((TITLE, TITLE.replace("{n:.1f}", "{n + 3:.1f}")),),
    ),
    "letters-for-totals": (
        columns.STYLE,
        "the letters N and M in its title",
        fails("plot.annotation"),
        ((TITLE, TITLE.replace("{n:.1f}", "N")),),
    ),
}
"""What only the script's own figure shows."""


def _of_another_seed(folder: Folder) -> None:
    """Put the plot of the same script with another seed in the place of this one's."""
    edit = ("bptt_norm.py", ("RNG_SEED = 42", "RNG_SEED = 7"))
    other = Case("seed-7", "", concat.STYLE, Expectation(None), edits=(edit,))
    (folder.path / "decay.png").write_bytes(other.built().files["decay.png"])


def cases() -> list[Case]:
    """Return the wrong submissions of this module."""
    damaged = [
        Case(f"plot-{name}", f"decay.png: {said}", rows.STYLE, expect, changes=(change,))
        for name, (said, expect, change) in DAMAGED.items()
    ]
    drawn = {name: (concat.STYLE, *rest) for name, rest in DRAWN.items()} | TOLD
    stale = Case(
        "plot-of-another-seed",
        "decay.png: the same script's with seed 7, committed beside the numbers of seed 42",
        concat.STYLE,
        fails("plot.curves", "plot.fresh"),
        changes=(_of_another_seed,),
    )
    return [*damaged, stale] + [
        Case(
            f"plot-{name}",
            f"decay.png: {said}",
            style,
            expect,
            edits=tuple(("bptt_norm.py", edit) for edit in edits),
        )
        for name, (style, said, expect, edits) in drawn.items()
    ]
