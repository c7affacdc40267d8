"""Draw the templates by which digits in a picture are told.

`python -m tests.templates` writes grader/picture/digits.npz from the font that matplotlib brings:
for each size the mean of each digit over the fractions of a pixel at which it may begin.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from grader.picture.glyphs import DIGITS, TEMPLATES, glyphs

# Pixels to an em: small letters are fitted to whole pixels, and no two sizes look alike.
SIZES = (*np.arange(4.5, 15.0, 0.25), 15.5, 16, 17, 18, 19.4, 20.8, 22, 25, 29, 33.3, 41.7, 50)
BEFORE = 3  # digits before the one that is kept, at most


def drawn(text, size):
    """Draw a text; return how much of each pixel it covers."""
    side = int((len(text) + 1) * size) + 8
    figure = Figure(figsize=(side / 72, 3 * size / 72), dpi=72)
    canvas = FigureCanvasAgg(figure)
    figure.text(0.0, 0.4, text, fontsize=size)
    canvas.draw()
    return 1.0 - np.asarray(canvas.buffer_rgba())[..., 0] / 255.0


def placed(digit, size, before):
    """Draw a digit behind others, which move it by fractions of a pixel, and leave them out."""
    whole, rest = (drawn(text, size) for text in ("1" * before + digit, "1" * before))
    whole[:, : rest.shape[1]] -= rest[:, : whole.shape[1]]
    return np.clip(whole, 0.0, 1.0)


def templates():
    """Return shapes (sizes, 10, cells), heights (sizes,) and log aspects (sizes, 10)."""
    shapes, heights, aspects = [], [], []
    for size in SIZES:
        each = [
            [
                found
                for k in range(BEFORE)
                for found in glyphs(placed(digit, size, k), closely=False)
            ]
            for digit in DIGITS
        ]
        shapes.append([np.mean([one.shapes[0] for one in found], axis=0) for found in each])
        heights.append(np.mean([one.height for found in each for one in found]))
        sides = [[np.log(one.width / one.height) for one in found] for found in each]
        aspects.append([np.mean(one) for one in sides])
    return np.array(shapes), np.array(heights), np.array(aspects)


def main():
    """Write the file."""
    shapes, heights, aspects = templates()
    top = np.abs(shapes).max()
    where = Path(__file__).parents[1] / "grader" / "picture" / TEMPLATES
    np.savez_compressed(
        where,
        shapes=np.rint(shapes / top * 127).astype(np.int8),
        heights=heights.astype(np.float32),
        aspects=aspects.astype(np.float32),
    )


if __name__ == "__main__":
    main()
