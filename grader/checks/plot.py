"""decay.png: a picture that can be seen, curves in it that run as decay.json says, drawn anew."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np

from grader.model import KINDS, Finding, Kind, Material, Outcome, Value
from grader.picture.alike import alike, same_manner
from grader.picture.curves import Look, Reading, distance, look
from grader.picture.pixels import Picture, PictureError, decode, is_blank, size

if TYPE_CHECKING:
    from grader.facts import DrawnFigure
    from grader.prose.annotation import Total

FILE = "decay.png"
LEAST_WIDTH, LEAST_HEIGHT = 200, 150  # below, the labels of an axis can't be read
COLOUR_ONLY = 0.5  # of the points stay where the curves may be there in another colour
TOTAL_SLACK = 0.1  # of N and M, beside the rounding of their digits
CERTAIN = 0.72  # of how far right curves may lie: what lies further may be another student's
APART = 1.5  # times as far as right curves may lie …
MUCH_FURTHER = 3.0  # … and times as far as the same script's own picture does
HEAD_ORDERS = 1.0  # log10(g_50/g_49) where g_50 is not known: one step backwards loses less
DOUBTFUL: frozenset[Reading] = frozenset({"unsure", "mirrored"})
FIFTY = 50


def image(material: Material) -> Iterator[Finding]:
    """decay.png is a picture: a PNG that decodes, large enough to read, and not blank."""
    file = material.submission.files.get(FILE)
    if file is None:
        yield Finding("not_read", Outcome.SKIPPED, file=FILE)
        return
    try:
        width, height = size(file.data)
        if width < LEAST_WIDTH or height < LEAST_HEIGHT:
            yield Finding("too_small", data={"width": width, "height": height}, file=FILE)
        if is_blank(decode(file.data)):
            yield Finding("blank", data={"width": width, "height": height}, file=FILE)
    except PictureError as error:
        yield Finding(error.kind, data=error.data, file=FILE)


def curves(material: Material) -> Iterator[Finding]:
    """Two curves run as decay.json says, on a log axis: the RNN's in red, the GRU's in blue.

    A plot is called wrong only where its pixels are nothing like the numbers, or where the script
    itself, whose picture is the one handed in, says that it draws something else. What neither
    shows is for a person.
    """
    picture = _committed(material)
    if picture is None:
        return  # plot.image says it
    numbers = _numbers(material)
    # What labels say against curves that lie right is for a person, unless the script says more.
    doubt = material.manual or material.run is not None
    seen = _look(material.submission.files[FILE].data, numbers, doubt=doubt)
    told = _told(material)
    same = told not in DOUBTFUL and _is_redrawn(material, picture)
    if seen.missing and not same:
        for colour in seen.missing:
            yield Finding(f"no_{colour}", Outcome.PARTIAL, file=FILE, keeps=COLOUR_ONLY)
        return
    if numbers is None:
        return
    yield from _said(_settled(seen.reading, told) if same else seen.reading, seen, material)


def _said(reading: Reading, seen: Look, material: Material) -> Iterator[Finding]:
    """Put what a plot shows into a finding; nothing where it is right."""
    numbers = _numbers(material)
    if reading == "right" or numbers is None:
        if seen.reading == "unsure":
            yield Finding("by_word", Outcome.NOTE, file=FILE)
        return
    data = _ends(numbers) | _pictures(material)
    if reading in DOUBTFUL:
        yield Finding(reading, Outcome.MANUAL, data, file=FILE)
    elif reading == "other_colours":
        yield Finding(reading, Outcome.PARTIAL, data, file=FILE, keeps=COLOUR_ONLY)
    else:
        yield Finding(reading, Outcome.FAIL, data, file=FILE)


def fresh(material: Material) -> Iterator[Finding]:
    """Demand the picture that the script draws now: the same curves, if not the same bytes."""
    committed, drawn = _committed(material), _drawn(material)
    numbers = _numbers(material)
    if committed is None or drawn is None or numbers is None or _is_redrawn(material, committed):
        return
    old, new = _look(material.submission.files[FILE].data, numbers), look(drawn, numbers)
    seen_right = new.reading in ("right", "mirrored")
    new_is_right = seen_right or _told(material) == "right"
    if new_is_right and old.reading in ("right", "mirrored") and _is_certain(committed, numbers):
        return  # drawn anew in another style, from the same numbers
    apart = seen_right and _lies_apart(committed, drawn, numbers)
    if new_is_right and (_is_wrong(old) or apart):
        yield Finding("stale", data=_pictures(material), file=FILE)
    else:
        yield Finding("differs", Outcome.MANUAL, _pictures(material), file=FILE)


def _is_certain(committed: Picture, numbers: Mapping[Kind, tuple[float, ...]]) -> bool:
    """Say whether a picture that no run draws shows these numbers so closely that no others can."""
    off = distance(committed, numbers)
    return off is not None and off <= CERTAIN


def _lies_apart(
    committed: Picture, drawn: Picture, numbers: Mapping[Kind, tuple[float, ...]]
) -> bool:
    """Say whether two plots drawn in one manner cannot show the same numbers.

    How well curves can be read depends on how they are drawn; the fresh picture says how well these
    can. Where it can be read and the other cannot at all, they differ too.
    """
    if not same_manner(committed, drawn):
        return False
    old, new = distance(committed, numbers), distance(drawn, numbers)
    return new is not None and (old is None or old > max(APART, MUCH_FURTHER * new))


def annotation(material: Material) -> Iterator[Finding]:
    """Demand that the plot says by how many orders each gradient decays, and names its axes.

    Texts are those that the script's own process reports while it saves the figure.
    """
    figure = _figure(material)
    if figure is None or not figure.axes:
        yield Finding("not_seen", Outcome.MANUAL, file=FILE)
        return
    # Imported here: grading from files alone knows no figure's texts.
    from grader.prose.annotation import placeholders, totals

    texts = _texts(figure)
    for text in placeholders(texts):
        yield Finding("placeholder", data={"text": text}, file=FILE)
    said = list(totals(texts))
    for kind in KINDS:
        yield from _judge_total(material, kind, [total for total in said if total.model == kind])
    unnamed = [
        axis
        for axis, labels in (
            ("x", [axes.xlabel for axes in figure.axes]),
            ("y", [axes.ylabel for axes in figure.axes]),
        )
        if not any(labels)
    ]
    if unnamed:
        yield Finding("no_labels", Outcome.NOTE, {"axes": unnamed}, file=FILE)


def _texts(figure: DrawnFigure) -> list[str]:
    """Return every text of a figure once: titles, notes, the legend, the labels of axes."""
    texts = list(figure.texts)
    for axes in figure.axes:
        texts += [*axes.texts, axes.xlabel, axes.ylabel]
    return list(dict.fromkeys(filter(None, texts)))


def _judge_total(material: Material, kind: Kind, said: list[Total]) -> Iterator[Finding]:
    """Demand one right number among those given; where none is given, say that the lab asks."""
    if not said:
        yield Finding("no_number", Outcome.NOTE, model=kind, file=FILE)
        return
    truth = _total(material, kind)
    if truth is None or any(_agrees(total, truth) for total in said):
        return
    data: dict[str, Value] = {
        "claimed": said[0].number.readings[-1],
        "measured": truth[0],
        "text": said[0].text,
    }
    yield Finding("wrong_total", data=data, model=kind, file=FILE)


def _total(material: Material, kind: Kind) -> tuple[float, float] | None:
    """Return the least and the largest honest total: from t = 49, and from the loss."""
    numbers = _numbers(material)
    if numbers is None or len(numbers[kind]) != FIFTY or material.decay is None:
        return None
    logs = [math.log10(norm) for norm in numbers[kind]]
    last = material.decay.last.get(kind, 0.0)
    head = math.log10(last) if last > 0 and math.isfinite(last) else logs[-1] + HEAD_ORDERS
    total, beyond = logs[-1] - logs[0], head - logs[0]
    return min(total, beyond), max(total, beyond)


def _agrees(total: Total, truth: tuple[float, float]) -> bool:
    # "About 12" may stand for 11.4 as well as for 12.6: a whole unit of the last digit.
    rounding = total.number.half_unit * (2 if total.rough else 1)
    slack = max(TOTAL_SLACK, rounding)
    low, high = truth[0] - slack, truth[1] + slack
    return any(low <= sign * value <= high for value in total.number.readings for sign in (1, -1))


def _settled(seen: Reading, told: Reading) -> Reading:
    """Choose between pixels and the script's word about the same picture.

    Where one says right and the other wrong, a person looks.
    """
    if told in DOUBTFUL or seen == told:
        return seen
    if seen in DOUBTFUL:
        return told
    return "unsure" if "right" in (seen, told) else told


def _look(
    data: bytes, numbers: Mapping[Kind, tuple[float, ...]] | None, *, doubt: bool = True
) -> Look:
    """Look at the picture handed in, once for all checks."""
    known = None if numbers is None else tuple(numbers[kind] for kind in KINDS)
    return _looked(data, known, doubt=doubt)


@functools.lru_cache(maxsize=2)
def _looked(data: bytes, numbers: tuple[tuple[float, ...], ...] | None, *, doubt: bool) -> Look:
    known = None if numbers is None else dict(zip(KINDS, numbers, strict=True))
    return look(decode(data), known, doubt=doubt)


def _is_wrong(seen: Look) -> bool:
    return bool(seen.missing) or seen.reading not in (*DOUBTFUL, "right")


def _committed(material: Material) -> Picture | None:
    file = material.submission.files.get(FILE)
    return _decoded(file.data) if file is not None else None


def _drawn(material: Material) -> Picture | None:
    """Return the picture of the fresh run."""
    data = material.run.first.artefacts.get(FILE) if material.run is not None else None
    return _decoded(data) if data is not None else None


def _decoded(data: bytes) -> Picture | None:
    try:
        return decode(data)
    except PictureError:
        return None


def _is_redrawn(material: Material, committed: Picture) -> bool:
    """Say whether the fresh run drew the picture that was handed in: by where its curves run."""
    drawn, numbers = _drawn(material), _numbers(material)
    if drawn is None or not alike(committed, drawn):
        return False
    if numbers is None or np.array_equal(committed, drawn):
        return True
    return not _lies_apart(committed, drawn, numbers)


def _figure(material: Material) -> DrawnFigure | None:
    return material.run.first.figure if material.run is not None else None


def _told(material: Material) -> Reading:
    """Return what the script's own word says of the figure, "unsure" where it says nothing."""
    figure, numbers = _figure(material), _numbers(material)
    if figure is None or numbers is None or any(len(g) != FIFTY for g in numbers.values()):
        return "unsure"
    from grader.picture.figure import judged

    return judged(figure, numbers)


def _numbers(material: Material) -> Mapping[Kind, tuple[float, ...]] | None:
    """Return both curves where they are lists of positive numbers, as a log axis needs them."""
    if material.decay is None:
        return None
    recorded = {kind: material.decay.curves.get(kind, ()) for kind in KINDS}
    usable = all(
        len(curve) > 2 and all(math.isfinite(g) and g > 0 for g in curve)
        for curve in recorded.values()
    )
    return recorded if usable else None


def _ends(numbers: Mapping[Kind, tuple[float, ...]]) -> dict[str, Value]:
    """Return where the curves should begin and end, for the person who looks."""
    return {
        f"{kind}_{name}": numbers[kind][index]
        for kind in KINDS
        for name, index in (("first", 0), ("last", -1))
    }


def _pictures(material: Material) -> dict[str, Value]:
    """Return which pictures a person can lay side by side."""
    return {"pictures": ["committed", *(["fresh"] if _drawn(material) is not None else [])]}
