"""The numbers that the labels of an axis may stand for, and the scale that all of them agree on.

Each label gives the few numbers it looks most like; a scale is a line from numbers to places. The
likeness of one small digit says little, that of a whole axis much: 10⁻⁶ and 10⁻⁸ look alike, but
between 10⁻⁵ and 10⁻⁷ only one of them stands at the right place.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from grader.picture.glyphs import FLAT, MINUS_WIDTH, Glyph, glyphs, likeness
from grader.picture.pixels import Floats
from grader.picture.ticks import Cover, Word

Form: TypeAlias = Literal["plain", "power of 10", "power of 2"]

MARGIN = 2  # pixels around a word that its edges may reach into
MOST_GLYPHS = 8  # of a number
RAISED = 0.2  # of the height of a digit: an exponent stands higher by twice as much
LEAST_BASE = 0.6  # likeness of the 10 before an exponent
LEAST_LIKE = 0.25  # below, a digit is not considered
DOUBT = 0.3  # of likeness: what is that much less like is not considered either
MOST_READINGS = 8  # of one label
PROMISING = 0.4  # likeness at a glance …
GLANCES = 6  # … of two of the first words of a group
UNREAD = 0.4  # the loss of a digit that a scale does not explain
NEAR_PX = 1.0  # a label is set to whole pixels, …
NEAR = 0.15  # … and its sides differ by this share of the height of a digit
OTHER = 3.0  # times as far off at a label: another line, not the same one a little askew
LEAST_MEAN = 0.78  # likeness: letters and digits of other fonts have less, digits 0.8 to 1
LEAST_MARGIN = 0.5  # loss: a wrong digit costs 0.05 to 0.3, and a wrong line needs several
MOST_REST = 0.34  # of those on the line: a label may be hidden in part
MOST_OFF_PX = 0.6  # rms: labels are set to whole pixels, which gives 0.3, and resized …
MOST_OFF = 0.06  # … of the height of a digit
PAIR_LIKE = 0.85  # of each of two labels that stand alone
PAIR_MARGIN = 0.15
MOST_HYPOTHESES = 6_000
LEAST_LABELS = 3


@dataclass(frozen=True, slots=True)
class Label:
    """A word as a number: `form`, its `values` and their `losses`, (n,) each, from the likeliest.

    A value is the number, or the exponent of a power. A loss is the sum over the digits of how
    much less like they are than the likeliest ones; `like` is the mean likeness of those, `digits`
    their number. `x` and `y` are the middle of the text, in pixels, `height` is that of a digit.
    """

    form: Form
    values: Floats
    losses: Floats
    like: float
    digits: int
    x: float
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Scale:
    """A line through labels: place = `offset` + `slope` * value, in pixels.

    `count` labels lie on it and `rest` do not; `off` is their root mean square distance, `like`
    how like their digits are on average, `margin` by how much more any other line loses; `first`
    and `last` are the values of the outermost labels on it.
    """

    form: Form
    offset: float
    slope: float
    count: int
    rest: int
    off: float
    like: float
    margin: float
    first: float
    last: float
    height: float

    @property
    def certain(self) -> bool:
        """Say whether no other reading of these labels comes near."""
        clear = self.like >= LEAST_MEAN and self.margin >= LEAST_MARGIN
        close = self.off <= max(MOST_OFF_PX, MOST_OFF * self.height)
        return clear and close and self.rest <= self.count * MOST_REST

    def place(self, value: Floats) -> Floats:
        """Return where values stand, in pixels."""
        return self.offset + self.slope * value


def label(against: Cover, word: Word, *, closely: bool = True) -> Label | None:
    """Read a word as a number.

    Parameters
    ----------
    against : ndarray of uint8, shape (height, width)
        From `ticks.contrast`.
    word : Word
    closely : bool
        Whether small digits are looked at closely, which takes ten times as long.

    Returns
    -------
    Label or None
        None where it has other pieces than digits, a point, a minus and an exponent.
    """
    left, top = max(word.left - MARGIN, 0), max(word.top - MARGIN, 0)
    part = against[top : word.bottom + MARGIN, left : word.right + MARGIN].astype(float)
    parts = glyphs(part / max(part.max(), 1.0), closely=closely)
    if not 0 < len(parts) <= MOST_GLYPHS:
        return None
    tall = max(each.height for each in parts)
    whole = [each for each in parts if each.height > FLAT * tall]
    base = whole[0].box[3]
    up = [each.box[3] < base - RAISED * tall for each in whole]
    raised = up.index(True) if any(up) else len(whole)
    if not all(up[raised:]):
        return None
    split = parts.index(whole[raised]) if raised < len(whole) else len(parts)
    if split < len(parts) and split and parts[split - 1] not in whole:
        split -= 1
    middle_x = left + (parts[0].box[0] + parts[-1].box[2]) / 2.0
    middle_y = top + (min(each.box[1] for each in whole) + base) / 2.0
    lower, upper = parts[:split], parts[split:]
    read = _power(lower, upper, tall) if upper else _plain(lower, tall)
    if read is None:
        return None
    form, found = read
    values, losses, like, digits = found
    return Label(form, values, losses, like, digits, middle_x, middle_y, tall)


Readings: TypeAlias = tuple[Floats, Floats, float, int]


def _power(
    lower: Sequence[Glyph], upper: Sequence[Glyph], tall: float
) -> tuple[Form, Readings] | None:
    form: Form
    if len(lower) == 2:
        form, like = "power of 10", min(likeness(lower[0])[1], likeness(lower[1])[0])
    elif len(lower) == 1:
        form, like = "power of 2", float(likeness(lower[0])[2])
    else:
        return None
    size = max(each.height for each in upper)
    read = _number(upper, size)
    if like < LEAST_BASE or size > 0.95 * tall or read is None:
        return None
    return form, read


def _plain(parts: Sequence[Glyph], tall: float) -> tuple[Form, Readings] | None:
    read = _number(parts, tall)
    return None if read is None else ("plain", read)


def _number(parts: Sequence[Glyph], tall: float) -> Readings | None:
    """Read an optional minus, digits, and perhaps a point among them."""
    sign, places, point = 1.0, [], None
    bottom = max(each.box[3] for each in parts)
    for index, each in enumerate(parts):
        if each.height > FLAT * tall:
            places.append(likeness(each))
        elif each.width > MINUS_WIDTH * tall:
            if index:
                return None
            sign = -1.0
        elif point is None and each.box[3] > bottom - RAISED * tall:
            point = len(places)
        else:
            return None
    if not places or point in (0, len(places)):
        return None
    likely = np.array(places)
    scale = 10.0 ** -(0 if point is None else len(places) - point)
    values, losses = _likeliest(likely)
    best = float(likely.max(axis=1).mean())
    return sign * scale * values, losses, best, len(places)


def _likeliest(likely: Floats) -> tuple[Floats, Floats]:
    """Return the likeliest integers of these digits and their losses; `likely` is (digits, 10)."""
    values, losses = np.zeros(1), np.zeros(1)
    for place in likely:
        loss = place.max() - place
        known = np.flatnonzero((place >= LEAST_LIKE) & (loss <= DOUBT))
        if not len(known):
            known = np.array([int(place.argmax())])
        values = (10.0 * values[:, None] + known).ravel()
        losses = (losses[:, None] + loss[known]).ravel()
        kept = np.argsort(losses, kind="stable")[:MOST_READINGS]
        values, losses = values[kept], losses[kept]
    return values, losses


def scale(labels: Sequence[Label], places: Sequence[float], *, function: str = "") -> Scale | None:
    """Return the line from values to places that loses least, None without three labels on it.

    Parameters
    ----------
    labels : sequence of Label
        Of one form.
    places : sequence of float
        Where each stands along its axis, in pixels.
    function : {"", "log", "root", "cube root"}
        Of the values, before the line.
    """
    if len(labels) < LEAST_LABELS:
        return None
    value, of, loss = _flat(labels, function)
    place = np.asarray(places, dtype=float)
    lines = _hypotheses(value, of, place)
    if not len(lines):
        return None
    tall = float(np.median([each.height for each in labels]))
    near = max(NEAR_PX, NEAR * tall)
    off = np.abs(lines[:, :1] + lines[:, 1:] * value - place[of])
    lost = np.where(off <= near, loss, np.inf)
    # A label without any reading left has no start: it is unread in every hypothesis.
    starts = np.flatnonzero(np.diff(of, prepend=-1))
    least = np.minimum.reduceat(lost, starts, axis=1)
    unread = UNREAD * np.array([each.digits for each in labels])[of[starts]]
    total = np.minimum(least, unread).sum(axis=1)
    top = int(np.argmin(total))
    on = least[top] < unread
    if on.sum() < LEAST_LABELS:
        return None
    # Of each label the reading on the line that loses least.
    chosen = np.lexsort((lost[top], of))[starts][on]
    away = np.abs(lines[:, :1] + lines[:, 1:] * value[chosen] - place[of[chosen]])
    other = away.max(axis=1) > OTHER * near
    margin = float((total[other] - total[top]).min()) if other.any() else np.inf
    agreeing = [labels[k] for k in of[chosen]]
    return _through(agreeing, value[chosen], place[of[chosen]], loss[chosen], (len(labels), margin))


def _through(
    labels: Sequence[Label],
    value: Floats,
    place: Floats,
    loss: Floats,
    others: tuple[int, float],
) -> Scale:
    """Return the scale on which labels lie; `others` are the number of all, and the margin."""
    slope, offset = np.polyfit(value, place, 1)
    rest = place - offset - slope * value
    like = [each.like - lost / each.digits for each, lost in zip(labels, loss, strict=True)]
    return Scale(
        form=labels[0].form,
        offset=float(offset),
        slope=float(slope),
        count=len(labels),
        rest=others[0] - len(labels),
        off=float(np.sqrt(np.mean(rest**2))),
        like=float(np.mean(like)),
        margin=others[1],
        first=float(value.min()),
        last=float(value.max()),
        height=float(np.median([each.height for each in labels])),
    )


def _flat(labels: Sequence[Label], function: str) -> tuple[Floats, np.ndarray, Floats]:
    """Return all readings of all labels, the labels they are of, and their losses."""
    value = np.concatenate([each.values for each in labels])
    of = np.repeat(np.arange(len(labels)), [len(each.values) for each in labels])
    loss = np.concatenate([each.losses for each in labels])
    if function == "log":
        kept = value > 0
        value, of, loss = np.log10(value[kept]), of[kept], loss[kept]
    elif function:
        kept = value >= 0
        value = value[kept] ** (0.5 if function == "root" else 1 / 3)
        of, loss = of[kept], loss[kept]
    return value, of, loss


def _hypotheses(value: Floats, of: np.ndarray, place: Floats) -> Floats:
    """Return offsets and slopes, (n, 2), of the lines through two readings of two labels."""
    one, other = np.triu_indices(len(value), 1)
    apart = np.abs(of[one] - of[other])
    kept = (apart > 0) & (value[one] != value[other])
    one, other, apart = one[kept], other[kept], apart[kept]
    order = np.argsort(-apart, kind="stable")[:MOST_HYPOTHESES]  # far ones fix a line best
    one, other = one[order], other[order]
    slope = (place[of[other]] - place[of[one]]) / (value[other] - value[one])
    kept = slope != 0
    lines: Floats = np.column_stack([place[of[one]] - slope * value[one], slope])[kept]
    return lines


def _promising(against: Cover, group: Sequence[Word]) -> bool:
    """Say whether a few words of a group may be numbers, at a glance."""
    alike = 0
    for word in group[:GLANCES]:
        glance = label(against, word, closely=False)
        alike += glance is not None and glance.like >= PROMISING
        if alike == 2:
            return True
    return False


def read(against: Cover, groups: Sequence[Sequence[Word]]) -> list[list[Label]]:
    """Read the words of each group of which a few look like numbers.

    Parameters
    ----------
    against : ndarray of uint8, shape (height, width)
        From `ticks.contrast`.
    groups : sequence of sequence of Word
        From `ticks.lines` or `ticks.columns`.
    """
    found = []
    for group in groups:
        if _promising(against, group):
            each = (label(against, word) for word in group)
            found.append([one for one in each if one is not None])
    return found


def pair(labels: Sequence[Label]) -> Scale | None:
    """Return the scale of an axis with two powers of ten and nothing else, both beyond doubt."""
    if len(labels) != 2 or any(each.form != "power of 10" for each in labels):
        return None
    values = [float(each.values[0]) for each in labels]
    margin = min(float(each.losses[1]) if len(each.losses) > 1 else UNREAD for each in labels)
    like = min(each.like for each in labels)
    if values[0] == values[1] or margin < PAIR_MARGIN or like < PAIR_LIKE:
        return None
    slope = (labels[1].y - labels[0].y) / (values[1] - values[0])
    return Scale(
        form="power of 10",
        offset=labels[0].y - slope * values[0],
        slope=slope,
        count=2,
        rest=0,
        off=0.0,
        like=like,
        margin=margin,
        first=min(values),
        last=max(values),
        height=labels[0].height,
    )


def scales(labels: Sequence[Label], *, vertical: bool) -> Iterator[tuple[str, Scale]]:
    """Yield the function and the scale of each form of label that has one."""
    forms: tuple[Form, ...] = ("plain", "power of 10", "power of 2")
    for form in forms:
        own = [each for each in labels if each.form == form]
        places = [each.y if vertical else each.x for each in own]
        functions = ("", "log", "root", "cube root") if vertical and form == "plain" else ("",)
        fits = [(f, one) for f in functions if (one := scale(own, places, function=f))]
        if fits:
            yield max(fits, key=lambda fit: (fit[1].count, -fit[1].off))
