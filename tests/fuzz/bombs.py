"""Small files made to cost seconds or gigabytes, each against one step of a reader.

Reading the source shows where such a file would hurt; mutation seldom finds it.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Mapping
from random import Random

from tests.fuzz.mutations import png_of

Bomb = tuple[str, Callable[[], bytes]]


def _json(text: Callable[[], str]) -> Bomb:
    return "decay", lambda: text().encode()


def _members(count: int, member: str) -> str:
    return "{" + ",".join(member.format(i) for i in range(count)) + "}"


def _readme(make: Callable[[], bytes]) -> Bomb:
    return "readme", make


def _script(make: Callable[[], bytes]) -> Bomb:
    return "script", make


def _blank_png(width: int, height: int, depth: int, colour: int) -> bytes:
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]
    row = bytes(1 + (width * channels * depth + 7) // 8)
    packer = zlib.compressobj(9)
    rows = b"".join([packer.compress(row) for _ in range(height)]) + packer.flush()
    header = (b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    palette = [(b"PLTE", bytes(768)), (b"tRNS", bytes(256))] if colour == 3 else []
    return png_of([header, *palette, (b"IDAT", rows), (b"IEND", b"")])


def _png(width: int, height: int, depth: int, colour: int) -> Bomb:
    return "picture", lambda: _blank_png(width, height, depth, colour)


def _red_noise() -> bytes:
    """Return a picture in which every other pixel is red: a million runs."""
    side, rng = 1200, Random(1)
    row = b"\xff\x00\x00\xff\xff\xff" * side
    rows = b"".join(b"\x00" + row[3 * rng.randrange(2) :][: 3 * side] for _ in range(side))
    header = (b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
    return png_of([header, (b"IDAT", zlib.compress(rows, 1)), (b"IEND", b"")])


def _two_headers() -> bytes:
    headers = [
        (b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)) for side in (300, 60_000)
    ]
    return png_of([*headers, (b"IDAT", zlib.compress(bytes(9_000))), (b"IEND", b"")])


BOMBS: Mapping[str, Bomb] = {
    "one long key before many numbers": _json(
        lambda: '{"' + "k" * 400_000 + '":[' + ",".join(["1"] * 2_000) + "]}"
    ),
    "one long key before many lists": _json(
        lambda: '{"' + "k" * 300_000 + '":' + _members(600, '"a{}":[1]') + "}"
    ),
    "many columns": _json(
        lambda: "[" + ",".join([f'{{"c{i}":1}}' for i in range(50)] + ["{}"] * 49_000) + "]"
    ),
    "many lists of one net": _json(lambda: _members(24_000, '"rnn{}":[1]')),
    "many numbers of one net": _json(lambda: _members(49_000, '"rnn{}":1')),
    "a long list": _json(lambda: '{"rnn":[' + ",".join(["1.5"] * 49_000) + "]}"),
    "many NaN": _json(lambda: '{"rnn":[' + "NaN," * 49_000 + "1]}"),
    "many index keys": _json(lambda: '{"rnn":' + _members(49_000, '"{}":1') + "}"),
    "many brackets": _json(lambda: "[" * 1_000_000),
    "many empty lists": _json(lambda: "[" + "[]," * 300_000 + "0]"),
    "a manifest of lists": (
        "manifest",
        lambda: (
            b'{"config":{"d_hidden":[' + b"1," * 40_000 + b'1]},"run":[' + b"1," * 9_000 + b"1]}"
        ),
    ),
    "a heading of hashes": _readme(lambda: b"# " + b"#" * 50_000 + b"x"),
    "a heading of spaces": _readme(lambda: b"# a" + b" " * 50_000 + b"x"),
    "a power of spaces": _readme(lambda: b"RNN a^{" + b" " * 50_000 + b"x\n"),
    "a power of signs": _readme(lambda: b"RNN a^{" + b"$" * 50_000 + b"x\n"),
    "a wide head of a long table": _readme(
        lambda: b"|a|" + b"h" * 20_000 + b"|\n" + b"|b|c|\n" * 6_000
    ),
    "many numbers": _readme(lambda: b"RNN orders per 10 steps " + b"1.5 " * 14_000),
    "many sentences": _readme(lambda: b"RNN 1 orders per 10 steps. " * 2_200),
    "many paragraphs": _readme(lambda: b"a\n\n" * 20_000),
    "many placeholders": _readme(lambda: b"TODO:\n\n" * 8_000),
    "many paragraphs under a long heading": _readme(
        lambda: b"# " + b"RNN x" * 200 + b"\n\n" + b"1 order\n\n" * 6_000
    ),
    "many copied sentences": _readme(
        lambda: b"How many orders of magnitude per 10 steps by 1? " * 1_200
    ),
    "many links": _readme(lambda: b"[a](" * 15_000),
    "many tags": _readme(lambda: b"<a" * 30_000),
    "many clauses": _readme(lambda: b"RNN, GRU, 1, " * 4_600),
    "a megabyte of statements": _script(lambda: b"a\n" * 490_000),
    "many statements": _script(lambda: b"a\n" * 57_941),
    "a long list in a script": _script(lambda: b"x=[" + b"1," * 58_000 + b"]\n"),
    "chains of calls": _script(lambda: (b"a" + b".f()" * 80 + b"\n") * 348),
    "chains of attributes": _script(lambda: (b"a" + b".b" * 99 + b"\n") * 574),
    "chains of subscripts": _script(lambda: (b"a" + b"[b]" * 90 + b"\n") * 406),
    "calls in calls": _script(lambda: (b"x=" + b"f(" * 90 + b"1" + b")" * 90 + b"\n") * 406),
    "one call of many": _script(lambda: b"x=f(" + b"g()," * 19_000 + b")\n"),
    "updates in updates": _script(
        lambda: (b"np.subtract(W,a*" * 60 + b"1" + b",out=W)" * 60 + b"\n") * 80
    ),
    "names times values": _script(
        lambda: b"for " + b"a," * 15_000 + b" in [" + b"1," * 28_999 + b"]: pass\n"
    ),
    "many updates": _script(lambda: b"def f():\n" + b" W -= g*a\n" * 5_900),
    "many updates under a long target": _script(
        lambda: b"for " + b"x," * 9_000 + b" in y:\n" + b" W -= g*a\n" * 3_000
    ),
    "a text run many times": _script(lambda: b"s='import a'\n" + b"exec(s)\n" * 9_500),
    "a long text run many times": _script(
        lambda: b"s='" + b"a;" * 28_999 + b"'\n" + b"exec(s)\n" * 6_959
    ),
    "a text that grows": _script(
        lambda: (
            b"s='"
            + b"a" * 3_900
            + b"'\nt='"
            + b"b" * 3_900
            + b"'\n"
            + b"exec(s.replace('a',t))\n" * 4_640
        )
    ),
    "many commands of many words": _script(
        lambda: b"import os\ns=[" + b"'a'," * 11_600 + b"]\n" + b"os.system(s)\n" * 4_640
    ),
    "many searches": _script(
        lambda: b"import importlib.util\n" + b"importlib.util.find_spec('a')\n" * 3_479
    ),
    "many imports": _script(lambda: b"".join(b"import x%d\n" % i for i in range(7_700))),
    "many frameworks": _script(lambda: b"import torch\n" * 8_700),
    "many values of a name": _script(
        lambda: b"".join(b"s='x%d'\n" % i for i in range(9_900)) + b"exec(s)\n"
    ),
    "a chain of names": _script(lambda: b"".join(b"a%d=a%d\n" % (i, i + 1) for i in range(7_700))),
    "many elifs": _script(lambda: b"if a:\n x\n" + b"elif a:\n x\n" * 9_280),
    "a long number": _script(lambda: b"x=" + b"1" * 110_199 + b"\n"),
    "long hexadecimal numbers": _script(
        lambda: (
            b"W -= lr*0x" + b"f" * 9_000 + b"\nrng_rnn=default_rng(seed=0x" + b"f" * 9_000 + b")\n"
            b"rng_gru=default_rng(seed=0)\n"
        )
    ),
    "as many statements as are read": _script(lambda: b"a\n" * 19_900),
    "as many attributes as are read": _script(lambda: (b"a" + b".b" * 99 + b"\n") * 295),
    "as many subscripts as are read": _script(lambda: (b"a" + b"[b]" * 90 + b"\n") * 160),
    "as many calls as are read": _script(
        lambda: (b"x=" + b"f(" * 90 + b"1" + b")" * 90 + b"\n") * 210
    ),
    "as many updates as are read": _script(
        lambda: (b"np.subtract(W,a*" * 40 + b"1" + b",out=W)" * 40 + b"\n") * 80
    ),
    "a picture with two headers": ("picture", _two_headers),
    "a picture of noise": ("picture", _red_noise),
    "25 megapixels of RGBA": _png(5_000, 5_000, 8, 6),
    "25 megapixels of 16-bit RGBA": _png(5_000, 5_000, 16, 6),
    "25 megapixels of a palette": _png(5_000, 5_000, 8, 3),
    "25 megapixels of 16-bit grey": _png(5_000, 5_000, 16, 0),
    "25 megapixels in a row": _png(25_000_000, 1, 8, 2),
    "as many rows as there may be": _png(1_250, 20_000, 16, 6),
}
