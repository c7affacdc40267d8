"""What a child says its script has drawn, taken from JSON within bounds; the rest is dropped."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from grader.facts import Array, DrawnAxes, DrawnCurve, DrawnFigure

PLOT = "decay.png"
MOST = {"axes": 8, "curves": 40, "texts": 60, "points": 512, "letters": 300}


def figure_from(said: object) -> DrawnFigure | None:
    """Return the figure that went into decay.png; the latest of them, else the latest of all.

    Parameters
    ----------
    said : object
        Parsed JSON of a stranger: what `figures.Album.told` returned, if nobody meddled with it.
    """
    figures = [each for each in _list(said) if isinstance(each, dict)]
    named = [each for each in figures if each.get("file") == PLOT]
    chosen = (named or figures)[-1:]
    return _figure(chosen[0]) if chosen else None


def _figure(said: dict[str, Any]) -> DrawnFigure:
    listed = _list(said.get("axes"))[: MOST["axes"]]
    axes = tuple(_axes(each) for each in listed if isinstance(each, dict))
    return DrawnFigure(_text(said.get("file")), axes, _texts(said.get("texts")))


def _axes(said: dict[str, Any]) -> DrawnAxes:
    return DrawnAxes(
        xscale=_text(said.get("xscale")),
        yscale=_text(said.get("yscale")),
        xlabel=_text(said.get("xlabel")),
        ylabel=_text(said.get("ylabel")),
        texts=_texts(said.get("texts")),
        curves=tuple(_curves(said.get("curves"))),
    )


def _curves(said: object) -> Iterator[DrawnCurve]:
    for each in _list(said)[: MOST["curves"]]:
        if not isinstance(each, dict):
            continue
        arrays = [_numbers(each.get(key)) for key in ("x", "y", "column", "row")]
        if len({array.size for array in arrays}) == 1 and arrays[0].size:
            yield DrawnCurve(_text(each.get("colour")), _text(each.get("label")), *arrays)


def _list(said: object) -> list[Any]:
    return said if isinstance(said, list) else []


def _text(said: object) -> str:
    return said[: MOST["letters"]] if isinstance(said, str) else ""


def _texts(said: object) -> tuple[str, ...]:
    return tuple(_text(each) for each in _list(said)[: MOST["texts"]])


def _numbers(said: object) -> Array:
    """Return a list of numbers as an array; what is no number, or too large for one, is NaN."""
    listed = _list(said)[: MOST["points"]]
    out = np.full(len(listed), np.nan)
    for index, value in enumerate(listed):
        if type(value) is float or (type(value) is int and abs(value) < 2**63):
            out[index] = value
    return out
