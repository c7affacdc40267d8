"""A student's picture in a page of ours: decoded within bounds, drawn small, encoded anew.

What a browser is given is never the student's file: no metadata, no other format behind it.
"""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING

from grader.picture.pixels import PictureError, decode

if TYPE_CHECKING:
    from PIL import Image

MOST_BYTES = 60_000
"""Of one picture: two of them, a third larger in base64, leave half of 300 KB to the report."""

WIDTHS = (720, 560, 420, 300, 200, 120)
COLOURS = 64


def data_uri(data: bytes) -> str:
    """Return a small PNG of the picture as a data: URI; "" where it cannot be decoded."""
    from PIL import Image

    try:
        pixels = decode(data)
    except PictureError:
        return ""
    whole = Image.fromarray(pixels)
    for width in WIDTHS:
        small = _encoded(whole, width)
        if len(small) <= MOST_BYTES:
            return f"data:image/png;base64,{base64.b64encode(small).decode('ascii')}"
    return ""


def _encoded(whole: Image.Image, width: int) -> bytes:
    small = whole.copy()
    small.thumbnail((width, 2 * width))
    stream = io.BytesIO()
    small.quantize(COLOURS).save(stream, format="PNG", optimize=True)
    return stream.getvalue()
