"""decay.png: a picture that can be seen, and curves in it that run as decay.json says."""

from __future__ import annotations

import math
from collections.abc import Iterator

from grader.model import KINDS, Finding, Material, Outcome
from grader.picture.curves import LEAST_POINTS, read
from grader.picture.pixels import Colour, PictureError, Points, decode, is_blank, mask, points, size

FILE = "decay.png"
LEAST_WIDTH, LEAST_HEIGHT = 200, 150  # below, the labels of an axis can't be read
COLOURS: tuple[Colour, Colour] = ("red", "blue")
COLOUR_ONLY = 0.5  # of the points stay where the curves may be there in another colour


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

    A plot is called wrong only where a wrong reading fits it well and the right one does not; where
    neither does, a person is asked.
    """
    file = material.submission.files.get(FILE)
    if file is None:
        return
    try:
        picture = decode(file.data)
    except PictureError:
        return  # plot.image says it
    found: dict[Colour, Points] = {colour: points(mask(picture, colour)) for colour in COLOURS}
    missing = [colour for colour in COLOURS if len(found[colour].x) < LEAST_POINTS]
    for colour in missing:
        yield Finding(f"no_{colour}", Outcome.PARTIAL, file=FILE, keeps=COLOUR_ONLY)
    if missing or not _comparable(material):
        return
    recorded = material.decay.curves if material.decay else {}
    reading = read(found, recorded, picture.shape[0])
    if reading != "right":
        outcome = Outcome.MANUAL if reading == "unsure" else Outcome.FAIL
        yield Finding(reading, outcome, _ends(material), file=FILE)


def _comparable(material: Material) -> bool:
    """Say whether both curves are lists of positive numbers, as a log axis needs them."""
    if material.decay is None:
        return False
    recorded = [material.decay.curves.get(kind, ()) for kind in KINDS]
    return all(
        len(curve) > 2 and all(math.isfinite(g) and g > 0 for g in curve) for curve in recorded
    )


def _ends(material: Material) -> dict[str, float]:
    """Return where the curves should begin and end, for the person who looks."""
    recorded = material.decay.curves if material.decay else {}
    return {
        f"{kind}_{name}": recorded[kind][index]
        for kind in KINDS
        for name, index in (("first", 0), ("last", -1))
    }
