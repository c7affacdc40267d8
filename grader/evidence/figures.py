"""What a script draws, as plain data, in the child: figures are looked at while they are saved.

Every way of saving a figure ends in `FigureCanvasBase.print_figure` or in `print_png`. Both are
wrapped when the script imports matplotlib, and not before: a script without plots pays nothing.
What is told is the script's own word, for it shares the process; the parent bounds and judges it.
"""

from __future__ import annotations

import functools
import importlib.abc
import importlib.machinery
import json
import os
import sys
import types
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

MOST_FIGURES = 3  # by name, the latest: scripts may save many
MOST_AXES = 8
MOST_CURVES = 40
MOST_POINTS = 512
LEAST_POINTS = 10  # of a curve: below, it is a line to guide the eye
MOST_TEXTS = 40
LONGEST_TEXT = 300
MOST_BYTES = 200_000  # of one figure as JSON; a header of an answer may have a million

Said = dict[str, Any]

WRAPPED = {
    "matplotlib.backend_bases": ("FigureCanvasBase", "print_figure"),
    "matplotlib.backends.backend_agg": ("FigureCanvasAgg", "print_png"),
}
"""The methods that see every figure on its way into a file, by module."""


class Album:
    """Keeps the latest figures that were saved, by the name of the file, as plain data."""

    def __init__(self) -> None:
        self._figures: dict[str, Said] = {}
        self._busy = False

    def told(self) -> list[Said]:
        """Return the figures seen so far, the latest last."""
        return list(self._figures.values())

    def watch(self) -> None:
        """Wrap matplotlib's methods as soon as it is imported."""
        sys.meta_path.insert(0, _Finder(self))

    def wrap(self, cls: type, name: str) -> None:
        """Let `cls.name` describe its figure before it draws it."""
        original = cls.__dict__.get(name)
        if not callable(original):
            return

        @functools.wraps(original)
        def printed(canvas: Any, filename: Any = None, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - matplotlib's
            if self._busy:  # print_figure calls print_png
                return original(canvas, filename, *args, **kwargs)
            self._busy = True
            try:
                self._look(canvas, filename)
                return original(canvas, filename, *args, **kwargs)
            finally:
                self._busy = False

        setattr(cls, name, printed)

    def _look(self, canvas: Any, filename: object) -> None:  # noqa: ANN401 - matplotlib's
        """Describe one figure; whatever goes wrong is no fault of the script."""
        name = os.path.basename(filename) if isinstance(filename, str | os.PathLike) else ""  # noqa: PTH119 - a name may be bytes
        try:
            said = {"file": str(name)[:LONGEST_TEXT], **described(canvas.figure)}
            if len(json.dumps(said)) > MOST_BYTES:
                return
        except Exception:  # noqa: BLE001 - artists of a stranger may raise anything
            return
        self._figures.pop(said["file"], None)
        self._figures[said["file"]] = said
        for oldest in list(self._figures)[:-MOST_FIGURES]:
            del self._figures[oldest]


class _Finder(importlib.abc.MetaPathFinder):
    """Finds the two modules as ever, and sees to their methods once they are there."""

    def __init__(self, album: Album) -> None:
        self._album = album

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:  # noqa: ANN401 - importlib's
        """Take charge of what happens after the import."""
        if name not in WRAPPED:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            execute = functools.partial(self._execute, spec.loader.exec_module)
            spec.loader.exec_module = execute  # type: ignore[method-assign]
        return spec

    def _execute(
        self, original: Callable[[types.ModuleType], None], module: types.ModuleType
    ) -> None:
        original(module)
        cls, name = WRAPPED[module.__name__]
        self._album.wrap(getattr(module, cls), name)


def described(figure: Any) -> Said:  # noqa: ANN401 - a figure of matplotlib
    """Return a figure as plain data: its axes with curves, and every text.

    A curve has data (`x`, `y`) and the place of each point on the canvas in shares of its width
    and height (`column`, `row`, from the lower left), whatever the scale of its axes.
    """
    axes = [each for each in figure.axes if each.get_visible()][:MOST_AXES]
    texts = [figure.get_suptitle(), *(text.get_text() for text in figure.texts)]
    return {"axes": [_axes(each, figure) for each in axes], "texts": _texts(texts)}


def _axes(axes: Any, figure: Any) -> Said:  # noqa: ANN401 - matplotlib's
    legend = axes.get_legend()
    titles = [axes.get_title(loc) for loc in ("center", "left", "right")]
    named = [text.get_text() for text in legend.get_texts()] if legend else []
    curves = [_line(line) for line in axes.get_lines() if line.get_visible()]
    curves += [_scatter(each) for each in axes.collections if each.get_visible()]
    found = [each for each in curves if each is not None and len(each[2]) >= LEAST_POINTS]
    return {
        "xscale": str(axes.get_xscale())[:40],
        "yscale": str(axes.get_yscale())[:40],
        "xlim": [float(v) for v in axes.get_xlim()],
        "ylim": [float(v) for v in axes.get_ylim()],
        "xlabel": axes.get_xlabel()[:LONGEST_TEXT],
        "ylabel": axes.get_ylabel()[:LONGEST_TEXT],
        "texts": _texts([*titles, *(text.get_text() for text in axes.texts), *named]),
        "curves": [_placed(each, axes, figure) for each in found[:MOST_CURVES]],
    }


def _texts(texts: Iterable[object]) -> list[str]:
    return [str(text)[:LONGEST_TEXT] for text in texts if text][:MOST_TEXTS]


def _line(line: Any) -> tuple[str, str, Any] | None:  # noqa: ANN401 - matplotlib's
    """Return colour, label and data of a line, None where nothing of it shows."""
    if line.get_linestyle() in ("None", "", " ") and line.get_marker() in ("None", None, "", " "):
        return None
    colour = line.get_color()
    if line.get_linestyle() in ("None", "", " "):
        colour = line.get_markerfacecolor() if line.get_fillstyle() != "none" else colour
    data = np.column_stack([line.get_xdata(orig=False), line.get_ydata(orig=False)])
    return _hex(colour), str(line.get_label())[:LONGEST_TEXT], data


def _scatter(collection: Any) -> tuple[str, str, Any] | None:  # noqa: ANN401 - matplotlib's
    """Return colour, label and data of the points of a scatter plot, or of one drawn polyline."""
    segments = getattr(collection, "get_segments", None)
    if segments is not None:
        drawn = segments()
        data = np.asarray(max(drawn, key=len)) if len(drawn) else np.empty((0, 2))
        colours = collection.get_edgecolor()
    else:
        data = np.ma.filled(np.ma.asarray(collection.get_offsets(), dtype=float), np.nan)
        colours = collection.get_facecolor()
        colours = colours if len(colours) else collection.get_edgecolor()
    label = str(collection.get_label())[:LONGEST_TEXT]
    return (_hex(colours[0]), label, data) if len(colours) else None


def _hex(colour: Any) -> str:  # noqa: ANN401 - anything matplotlib takes for a colour
    from matplotlib.colors import to_hex

    return str(to_hex(colour))


def _placed(curve: tuple[str, str, Any], axes: Any, figure: Any) -> Said:  # noqa: ANN401 - matplotlib's
    colour, label, data = curve
    data = np.asarray(data, dtype=float)[:MOST_POINTS]
    with np.errstate(all="ignore"):
        place = axes.transData.transform(data) / figure.bbox.size
    return {
        "colour": colour,
        "label": label,
        "x": data[:, 0].tolist(),
        "y": data[:, 1].tolist(),
        "column": place[:, 0].tolist(),
        "row": place[:, 1].tolist(),
    }
