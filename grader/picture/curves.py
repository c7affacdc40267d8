"""Do the curves in a picture run as the numbers say? Right, wrong, or not known.

Right: one map brings the curves of decay.json onto the coloured pixels, with each step where it
belongs. Wrong is said only of a picture whose two curves can be followed from end to end, and
which no map brings even near. What is between is asked of the labels of the axes, which fix the
map; what they leave open, too, is for a person. What reads labels is imported when it is asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from grader.model import KINDS, Kind
from grader.picture.fitting import HIDDEN, NEAR, VISIBLE, best, thinned
from grader.picture.pixels import LONG, Colour, Depth, Floats, Mask, Picture, Points, mask, points
from grader.picture.refine import Refined, refined
from grader.picture.traces import Trace, traced, without_level

if TYPE_CHECKING:
    from grader.picture.placed import Drawn

Reading: TypeAlias = Literal[
    "right", "mirrored", "reversed_time", "linear_axis", "other_scale", "swapped_colours",
    "separate_axes", "other_numbers", "one_missing", "other_colours", "other_curves", "unsure",
]  # fmt: skip
"""What a picture shows: "mirrored" is right if its axis counts back from the loss. Pixels alone
give "right", "mirrored", "linear_axis", "swapped_colours", "other_curves" and "unsure"; with the
labels of both axes "other_scale" and "separate_axes", too."""

COLOURS: tuple[Colour, Colour] = ("red", "blue")
"""Of the RNN and of the GRU."""
DEPTHS: tuple[Depth, Depth] = ("strong", "faint")
LEAST_POINTS = 15
FEW = 60  # columns of a hue nearby: more than a mark or a letter, less than a curve's
FAR = 2.7  # times as far as right ones may lie, and …
LEAST_FAR = 0.0020  # … of the height: two seeds at the lab's settings lie 0.35 % apart and more
LEAST_FAR_PX = 0.9
SINGLE_FAR = 3.0  # times as far, where the other curve cannot be followed: a legend may hide it
COVERED = 0.15  # of the columns; of fewer, `refine.TRUSTED` takes care
BAND = 0.028  # of the height: thicker lines and markers hide where a curve runs
HALF_HIDDEN = 3.0  # a line whose upper or lower part is hidden is seen up to half of it off
NAMED = 0.006  # of the height: close enough for the name of what is already known to be wrong …
NAMED_PX = 2.0
SEEN = 0.4  # of the steps: fewer tell too little
EXPLAINED = 0.7  # of a colour's columns: the rest is legend or text …
COMPLETE = 0.85  # … or of the steps of a curve, where a threshold fills all columns
WINDOW = 2.0 * NEAR
WHOLE = 0.95  # of a course: a map that leaves more of it out explains something else
WHOLE_WIDTH = ((0.0, 0.0),)
STRETCHED = (
    *((before, after) for before in (0.0, 0.15, 0.35) for after in (0.0, 0.15, 0.35)),
    *((0.6, 0.0), (0.0, 0.6), (1.0, 0.0), (0.0, 1.0)),
)
"""By which shares of their width curves may go on before and after what is seen of them."""


@dataclass(frozen=True, slots=True)
class Look:
    """What a picture shows, and the colours of which it has no curve."""

    reading: Reading
    missing: tuple[Colour, ...] = ()


def look(
    picture: Picture, curves: Mapping[Kind, tuple[float, ...]] | None, *, doubt: bool = True
) -> Look:
    """Compare the red and the blue curve of a picture with g_0 … g_49.

    Parameters
    ----------
    picture : ndarray of uint8, shape (height, width, 3)
    curves : mapping of "rnn" and "gru" to tuple of float, positive, or None
        None where there are no numbers to compare with.
    doubt : bool
        Whether to ask the labels of the axes about curves that lie right, too.

    Returns
    -------
    Look
        A wrong reading only where nothing right comes near; "unsure" where a colour is missing.
    """
    found: list[Mapping[Colour, Points]] = []
    reading: Reading = "unsure"
    missing: tuple[Colour, ...] = ()
    for masks, points_ in _by_depth(picture):
        missing = tuple(c for c in COLOURS if _columns(masks[c]) < LEAST_POINTS)
        if points_ is None:
            continue
        found.append(points_)
        if reading == "unsure" and curves is not None:
            thick = max(_thickness(where) for where in masks.values())
            traces = [traced(points_[colour], picture.shape[0]) for colour in COLOURS]
            reading, map_ = read(points_, traces, curves, thick, picture.shape[0])
            if map_ is not None and reading == "right":
                taken_back = doubt and _contradicted(picture, traces, curves, map_)
                return Look("unsure" if taken_back else "right")
            if reading not in ("unsure", "mirrored"):
                return Look(reading)
    missing = _missing(picture, missing) if reading == "unsure" else ()
    if curves is None or missing:
        return Look("unsure", missing)
    labelled = _labelled(picture, found, curves)
    # Of what runs to the left, labels can only say that their axis does so, too.
    open_to: tuple[Reading | None, ...] = (labelled,) if reading == "unsure" else ("right",)
    return Look(labelled if labelled is not None and labelled in open_to else reading)


def _missing(picture: Picture, missing: tuple[Colour, ...]) -> tuple[Colour, ...]:
    """Keep the colours of which there is nothing near either.

    A thin line on a coloured ground has lost its hue before it has lost its colour.
    """
    near = {c: _columns(mask(picture, c, "faint", near=True)) for c in missing}
    return tuple(c for c in missing if near[c] < FEW)


def _contradicted(
    picture: Picture,
    traces: Sequence[Trace],
    curves: Mapping[Kind, tuple[float, ...]],
    map_: Refined,
) -> bool:
    from grader.picture.placed import contradicted

    return contradicted(picture, traces, _arrays(curves), map_)


def _labelled(
    picture: Picture,
    found: Sequence[Mapping[Colour, Points]],
    curves: Mapping[Kind, tuple[float, ...]],
) -> Reading | None:
    """Return what curves show that can be followed, with the labels of both axes beside them."""
    from grader.picture.placed import verdict

    tinted = {colour: mask(picture, colour, "faint", near=True) for colour in COLOURS}
    return verdict(picture, [_drawn(picture, tinted, each) for each in found], _arrays(curves))


def _drawn(
    picture: Picture, tinted: Mapping[Colour, Mask], found: Mapping[Colour, Points]
) -> list[Drawn]:
    from grader.picture.placed import Drawn

    return [
        Drawn(tinted[colour], found[colour], traced(found[colour], picture.shape[0]))
        for colour in COLOURS
    ]


def _arrays(curves: Mapping[Kind, tuple[float, ...]]) -> tuple[Floats, Floats]:
    rnn, gru = (np.asarray(curves[kind], dtype=float) for kind in KINDS)
    return rnn, gru


def _by_depth(
    picture: Picture,
) -> Iterator[tuple[Mapping[Colour, Mask], Mapping[Colour, Points] | None]]:
    """Yield where each colour is, strong and then faint, and its points where both have a curve."""
    for depth in DEPTHS:
        masks = {colour: mask(picture, colour, depth) for colour in COLOURS}
        found = {colour: without_level(points(where)) for colour, where in masks.items()}
        there = all(_is_there(each, picture.shape[1]) for each in found.values())
        yield masks, found if there else None


def _is_there(points: Points, width: int) -> bool:
    """Say whether a colour has a curve's worth of pixels: enough, and not all in one corner."""
    return len(points.x) >= LEAST_POINTS and bool(np.ptp(points.x) >= LONG * width)


def read(
    found: Mapping[Colour, Points],
    traces: list[Trace],
    curves: Mapping[Kind, tuple[float, ...]],
    thick: float,
    height: int,
) -> tuple[Reading, Refined | None]:
    """Compare the pixels of the red and the blue curve with g_0 … g_49.

    Parameters
    ----------
    found : mapping of "red" and "blue" to Points, each of `LEAST_POINTS` and more
    traces : list of Trace
        The courses of both.
    curves : mapping of "rnn" and "gru" to tuple of float, positive
    thick : float
        Rows that the thicker of the two lines covers.
    height : int
        Of the picture, in pixels.

    Returns
    -------
    tuple of (Reading, Refined or None)
        With the map that brings the numbers onto the pixels, where they are the right ones.
    """
    logs = [np.log10(np.asarray(curves[kind], dtype=float)) for kind in KINDS]
    for one in _explaining(found, traces, logs, height):
        if _is_close(one):
            return ("right" if one.ends[0] < one.ends[1] else "mirrored"), one
    return _wrong(traces, curves, height, thick), None


def distance(picture: Picture, curves: Mapping[Kind, tuple[float, ...]]) -> float | None:
    """Return how far the curves of a picture lie off g_0 … g_49, in shares of what is allowed.

    Parameters
    ----------
    picture : ndarray of uint8, shape (height, width, 3)
    curves : mapping of "rnn" and "gru" to tuple of float, positive

    Returns
    -------
    float or None
        At most 1 of a right picture; None where no map explains both colours.
    """
    logs = [np.log10(np.asarray(curves[kind], dtype=float)) for kind in KINDS]
    off: list[float] = []
    for _, found in _by_depth(picture):
        if found is not None:
            traces = [traced(found[colour], picture.shape[0]) for colour in COLOURS]
            explaining = _explaining(found, traces, logs, picture.shape[0])
            off += [one.worst / one.allowed for one in explaining if min(one.seen) >= SEEN]
    return min(off, default=None)


def _explaining(
    found: Mapping[Colour, Points], traces: list[Trace], logs: list[Floats], height: int
) -> Iterator[Refined]:
    """Yield maps that bring most steps of both curves near most of their pixels."""
    pixels = [thinned(found[colour]) for colour in COLOURS]
    courses = [thinned(trace.points) for trace in traces]
    for points_, margin in ((courses, VISIBLE), (pixels, VISIBLE), (pixels, HIDDEN)):
        if any(len(each.x) < LEAST_POINTS for each in points_):
            continue
        fit = best(((points_[0], logs[0]), (points_[1], logs[1])), height, margin)
        for kept in (points_, pixels):
            pairs = list(zip(kept, logs, strict=True))
            one = refined(pairs, fit.ends, (fit.offset, fit.slope), max(WINDOW * height, 6.0))
            if one is not None and one.slope < 0 and _is_explained(one):
                yield one


def _is_explained(one: Refined) -> bool:
    """Say whether most of a colour is on the line, or most of the line has its colour."""
    return all(
        near >= EXPLAINED or seen >= COMPLETE for near, seen in zip(one.near, one.seen, strict=True)
    )


def _is_close(one: Refined) -> bool:
    """Say whether the steps of the curves lie on their pixels."""
    return one.slope < 0 and one.worst <= one.allowed and min(one.seen) >= SEEN


def _columns(where: Mask) -> int:
    return int(where.any(axis=0).sum())


def _thickness(where: Mask) -> float:
    return float(where.sum() / max(_columns(where), 1))


def _share_covered(traces: list[Trace], thick: float) -> float:
    """Return the share of columns in which one line may lie on the other and hide a part of it."""
    one, other = traces
    if not (len(one.x) and len(other.x)):
        return 0.0
    apart = np.abs(one.y - np.interp(one.x, other.x, other.y))
    return float((apart < thick).mean())


def _wrong(
    traces: list[Trace], curves: Mapping[Kind, tuple[float, ...]], height: int, thick: float
) -> Reading:
    """Say what clean courses show that are not decay.json on one log axis."""
    if thick > BAND * height:
        return "unsure"
    covered = thick / HALF_HIDDEN if _share_covered(traces, thick) > COVERED else 0.0
    values = [np.asarray(curves[kind], dtype=float) for kind in KINDS]
    logs = [np.log10(each) for each in values]
    clean = [index for index in (0, 1) if traces[index].clean]
    if len(clean) < 2:
        # One curve that is nothing like its own numbers is enough.
        far = [i for i in clean if _is_far([traces[i]], [logs[i]], height, covered, SINGLE_FAR)]
        linear = any(_resembles([traces[i]], [values[i]], height) for i in far)
        return "linear_axis" if linear else "other_curves" if far else "unsure"
    if not _is_far(traces, logs, height, covered):
        return "unsure"
    if _resembles(traces, logs[::-1], height):
        return "swapped_colours"
    if _resembles(traces, values, height):
        return "linear_axis"
    # Each curve over its own last value: the same decay, if not the same numbers.
    own = _closest(traces, logs, height, WHOLE_WIDTH, shared=False)
    return "unsure" if own is not None and _is_close(own) else "other_curves"


def _is_far(
    traces: list[Trace], values: list[Floats], height: int, covered: float, further: float = 1.0
) -> bool:
    """Say whether no map brings clean courses anywhere near the values, seen in part or whole."""
    closest = _closest(traces, values, height, STRETCHED)
    if closest is None:
        return True
    near = max(FAR * closest.allowed, LEAST_FAR * height, LEAST_FAR_PX)
    return closest.worst > max(further * near, covered)


def _resembles(traces: list[Trace], values: list[Floats], height: int) -> bool:
    """Say whether some other values come near enough to give what is wrong its name."""
    one = _closest(traces, values, height, WHOLE_WIDTH)
    return one is not None and one.worst <= max(NAMED * height, NAMED_PX)


def _closest(
    traces: list[Trace],
    values: list[Floats],
    height: int,
    stretched: Sequence[tuple[float, float]],
    *,
    shared: bool = True,
) -> Refined | None:
    """Return the closest map of all of clean courses, in either direction; None if all climb."""
    points_ = [thinned(trace.points) for trace in traces]
    pairs = list(zip(points_, values, strict=True))
    low = min(float(each.x.min()) for each in points_)
    high = max(float(each.x.max()) for each in points_)
    width = high - low
    found: list[Refined] = []
    for before, after in stretched:
        ends = (low - before * width, high + after * width)
        for each in (ends, ends[::-1]):
            one = refined(pairs, each, None, float(height), shared=shared)
            if one is not None and one.slope < 0 and min(one.near) >= WHOLE:
                found.append(one)
    return min(found, key=lambda one: one.worst, default=None)
