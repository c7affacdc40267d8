"""Two curves read off a picture: where red and where blue runs, column by column.

Red and blue are hues, so any shade will do; transparency is laid on white, as a viewer does. A run
is a vertical stretch of one colour in one column; runs that touch make a component. Legends, texts
and arrows are short components, a curve is a long one (or, dashed or dotted, many short ones).
"""

from __future__ import annotations

import functools
import io
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from grader.quiet import quiet

if TYPE_CHECKING:
    from PIL import Image

Picture: TypeAlias = npt.NDArray[np.uint8]
Mask: TypeAlias = npt.NDArray[np.bool_]
Floats: TypeAlias = npt.NDArray[np.float64]
Colour: TypeAlias = Literal["red", "blue"]
Shade: TypeAlias = Literal["red", "blue", "near_red", "near_blue", "other"]

SIGNATURE = b"\x89PNG\r\n\x1a\n"
MOST_PIXELS = 25_000_000
LONGEST_SIDE = 20_000  # a decoder keeps whole rows, in four copies
ENOUGH_PIXELS = 1_600_000  # above this a picture is shrunk: a curve keeps its course, time does not
# Hues in degrees, from pure red and from pure blue. Red: crimson -12, tab:red 0, salmon 6. Blue:
# skyblue -43, tab:blue -35, dodgerblue -30, seaborn's deep -32, navy 0, slateblue 8.
RED = (-18.0, 18.0)
BLUE = (-45.0, 22.0)
NEAR_RED = (-40.0, 32.0)  # pink to orange: a person may call it red
NEAR_BLUE = (-65.0, 45.0)  # cyan to violet
HUES: Mapping[tuple[Colour, bool], tuple[float, float]] = {
    ("red", False): RED,
    ("blue", False): BLUE,
    ("red", True): NEAR_RED,
    ("blue", True): NEAR_BLUE,
}
Depth: TypeAlias = Literal["strong", "faint"]
LEAST_CHROMA: Mapping[Depth, int] = {"strong": 45, "faint": 22}
"""Of 255. Below 45 a pixel is grey to the eye or the fringe of a line; below 22 it may be noise."""
LEAST_SATURATION: Mapping[Depth, float] = {"strong": 0.30, "faint": 0.10}
LONG = 0.25  # of the width: a component this long is a solid curve
SHORT = 0.12  # of the width: beside a solid curve, what is shorter is a legend, a text, an arrow
MOST_RUNS = 60_000  # of one colour: a curve has a few thousand, a picture of noise a million
STRIP = 500_000  # pixels laid on white at once: whole, 25 megapixels would take 400 MB


class PictureError(Exception):
    """A file that is no usable picture; `kind` says why, `data` gives the numbers."""

    def __init__(self, kind: str, **data: int | str) -> None:
        super().__init__(kind)
        self.kind = kind
        self.data = data


@dataclass(frozen=True, slots=True)
class Points:
    """The centres of the runs of one colour: columns `x` and rows `y`, both `(n,)`, in pixels."""

    x: Floats
    y: Floats


def size(data: bytes) -> tuple[int, int]:
    """Return width and height as the header gives them, before anything is decoded.

    Raises
    ------
    PictureError
        `not_png` without a PNG's signature and header, `too_large` above `MOST_PIXELS` or
        with a side above `LONGEST_SIDE`,
        `undecodable` without any pixel.

    Source
    ------
    PNG specification, third edition, section 11.2.1 (IHDR).
    """
    if not data.startswith(SIGNATURE) or data[12:16] != b"IHDR" or len(data) < 33:
        kind = "truncated" if SIGNATURE.startswith(data[:8]) and data else "not_png"
        raise PictureError(kind, bytes=len(data))
    width, height = struct.unpack(">II", data[16:24])
    if not width * height:
        raise PictureError("undecodable", bytes=len(data), reason="IHDR")
    if width * height > MOST_PIXELS or max(width, height) > LONGEST_SIDE:
        raise PictureError("too_large", width=width, height=height)
    return width, height


@functools.lru_cache(maxsize=2)
def decode(data: bytes) -> Picture:
    """Decode a PNG and lay it on white; the checks of one submission share the result.

    Parameters
    ----------
    data : bytes
        A whole file.

    Returns
    -------
    ndarray of uint8, shape (height, width, 3)
        At most about `ENOUGH_PIXELS` pixels: larger pictures are shrunk by a whole factor.

    Raises
    ------
    PictureError
        `not_png`, `too_large`, `truncated` or `undecodable`.
    """
    from PIL import Image
    from PIL.PngImagePlugin import PngImageFile

    width, height = size(data)
    try:
        # The PNG reader itself: `Image.open` would first load the readers of all formats. What it
        # warns of is the size, which is bounded above.
        with quiet(), PngImageFile(io.BytesIO(data)) as image:
            if image.size != (width, height):  # a second header, which the decoder believes
                raise PictureError("undecodable", bytes=len(data), reason="IHDR")
            image.load()
            return _shrunk(image)
    except (
        OSError,
        ValueError,
        SyntaxError,
        EOFError,
        IndexError,
        KeyError,
        TypeError,
        OverflowError,
        MemoryError,
        AssertionError,
        AttributeError,
        RuntimeError,
        struct.error,
        zlib.error,
        Image.DecompressionBombError,
    ) as error:
        kind = "undecodable" if b"IEND" in data[-32:] else "truncated"
        raise PictureError(kind, bytes=len(data), reason=type(error).__name__) from None


def _shrunk(image: Image.Image) -> Picture:
    """Lay an image on white and shrink it by a whole factor, a strip of rows at a time."""
    width, height = image.size
    factor = int(np.ceil(np.sqrt(width * height / ENOUGH_PIXELS)))
    if factor == 1:
        return np.asarray(_on_white(image))
    rows = factor * max(1, STRIP // (width * factor))
    strips = (
        _on_white(image.crop((0, top, width, min(top + rows, height))))
        for top in range(0, height, rows)
    )
    return np.concatenate([np.asarray(strip.reduce(factor)) for strip in strips])


def _on_white(image: Image.Image) -> Image.Image:
    """Return an image as opaque eight-bit RGB, its transparent parts laid on white."""
    from PIL import Image

    if image.mode.startswith("I"):  # sixteen-bit grey: converting it directly clips at 255
        image = image.convert("I").point(lambda level: level * (1 / 257)).convert("L")
    if "A" not in image.getbands() and "transparency" not in image.info:
        return image.convert("RGB")
    layer = image.convert("RGBA")
    if layer.getchannel("A").getextrema() == (255, 255):
        return layer.convert("RGB")
    white = Image.new("RGBA", layer.size, "white")
    return Image.alpha_composite(white, layer).convert("RGB")


def is_blank(picture: Picture) -> bool:
    """Say whether a picture shows nothing: no channel varies by more than an eye can see."""
    # A sixteenth of the pixels shows nearly every plot; only what looks blank there is read whole.
    return all(_spread(part) <= 8 for part in (picture[::4, ::4], picture))


def _spread(picture: Picture) -> int:
    return int((picture.max(axis=(0, 1)).astype(int) - picture.min(axis=(0, 1))).max())


def shade(red: int, green: int, blue: int) -> Shade:
    """Return what an eye calls the colour of a line, channels of 0 … 255."""
    chroma = max(red, green, blue) - min(red, green, blue)
    if chroma <= LEAST_CHROMA["strong"]:
        return "other"
    from_red, from_blue = 60.0 * (green - blue) / chroma, 60.0 * (red - green) / chroma
    names: tuple[Shade, ...] = ()
    if red == max(red, green, blue):
        names = ("red",) if RED[0] < from_red < RED[1] else ()
        names += ("near_red",) if NEAR_RED[0] < from_red < NEAR_RED[1] else ()
    if blue == max(red, green, blue) and not names:
        names = ("blue",) if BLUE[0] < from_blue < BLUE[1] else ()
        names += ("near_blue",) if NEAR_BLUE[0] < from_blue < NEAR_BLUE[1] else ()
    return names[0] if names else "other"


def mask(picture: Picture, colour: Colour, depth: Depth = "strong", *, near: bool = False) -> Mask:
    """Return where a picture is red, or blue; or, where `near`, of a hue that some would call so.

    Parameters
    ----------
    picture : ndarray of uint8, shape (height, width, 3)
    colour : {"red", "blue"}
    depth : {"strong", "faint"}
        Whether pale pixels count: of thin, dotted or transparent lines there are no others.

    Returns
    -------
    ndarray of bool, shape (height, width)
    """
    channels = [picture[..., channel] for channel in range(3)]
    first = 0 if colour == "red" else 2
    top, others = channels[first], [channels[1], channels[2 - first]]
    # Few pixels are coloured at all: hues are worked out for those alone.
    likely = (top > others[0]) & (top > others[1])
    likely &= top - np.minimum(*others) > LEAST_CHROMA[depth]
    found: Mask = np.zeros(likely.shape, dtype=bool)
    r, g, b = (channel[likely].astype(np.int16) for channel in channels)
    value = r if colour == "red" else b
    chroma = value - np.minimum(g, b if colour == "red" else r)
    # Hue is 60 times the difference of the two others over the chroma, counted from the top one.
    turn = 60.0 * ((g - b) if colour == "red" else (r - g))
    lower, upper = HUES[colour, near]
    hue_fits = (turn > lower * chroma) & (turn < upper * chroma)
    found[likely] = (chroma > LEAST_SATURATION[depth] * value) & hue_fits
    return found


def points(where: Mask) -> Points:
    """Return the centres of the runs that belong to a curve.

    Parameters
    ----------
    where : ndarray of bool, shape (height, width)
        From `mask`.

    Returns
    -------
    Points
        Empty where there is no such colour.
    """
    width = where.shape[1]
    columns, starts, ends = runs(where)
    centres = Points(columns.astype(float), (starts + ends - 1) / 2)
    if not 0 < len(columns) <= MOST_RUNS:
        return centres  # nothing, or noise: no component of it says anything
    labels = components(columns, starts, ends)
    first = np.full(labels.max() + 1, width)
    last = np.zeros(labels.max() + 1, dtype=int)
    area = np.bincount(labels, weights=ends - starts)
    np.minimum.at(first, labels, columns)
    np.maximum.at(last, labels, columns)
    span = last - first + 1
    solid = span.max() >= LONG * width
    kept = (span >= SHORT * width if solid else area >= 2)[labels]
    return Points(centres.x[kept], centres.y[kept])


def runs(where: Mask) -> tuple[npt.NDArray[np.intp], ...]:
    """Return column, first row and row after the last of every vertical run, ordered by column."""
    height, width = where.shape
    padded = np.zeros((width, height + 2), dtype=np.int8)
    padded[:, 1:-1] = where.T
    edges = np.diff(padded.ravel())
    starts, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    columns = starts // (height + 2)
    return columns, starts - columns * (height + 2), ends - columns * (height + 2)


def components(
    columns: npt.NDArray[np.intp],
    starts: npt.NDArray[np.intp],
    ends: npt.NDArray[np.intp],
) -> npt.NDArray[np.intp]:
    """Label runs: two of neighbouring columns that touch, corners included, share a label.

    Union-find over the pairs; runs are few (thousands), pixels are many.
    """
    parent = list(range(len(columns)))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    for left, right in _neighbours(columns, starts, ends):
        one, other = root(left), root(right)
        if one != other:
            parent[max(one, other)] = min(one, other)
    roots = np.array([root(i) for i in range(len(parent))], dtype=np.intp)
    return np.unique(roots, return_inverse=True)[1].reshape(-1)


def _neighbours(
    columns: npt.NDArray[np.intp],
    starts: npt.NDArray[np.intp],
    ends: npt.NDArray[np.intp],
) -> list[tuple[int, int]]:
    """Return the pairs of touching runs, found for all runs at once.

    Within a column runs are ordered, so those of the next column that touch run i are consecutive:
    from the first whose end reaches its start to the last whose start does not pass its end.
    """
    stride = int(ends.max()) + 4
    first_key = columns * stride + starts
    last_key = columns * stride + ends
    low = np.searchsorted(last_key, first_key + stride, side="left")
    high = np.searchsorted(first_key, last_key + stride, side="right")
    count = np.maximum(high - low, 0)
    left = np.repeat(np.arange(len(columns)), count)
    offset = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    return list(zip(left.tolist(), (np.repeat(low, count) + offset).tolist(), strict=True))
