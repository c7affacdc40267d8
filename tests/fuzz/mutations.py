"""Changes to the files of real submissions, at the level of what each file is made of.

Every change draws from a `random.Random`, so that hypothesis can shrink it, a campaign can repeat
it by its number, and a coverage-guided fuzzer can seed it.
"""

from __future__ import annotations

import io
import json
import struct
import zlib
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

SIGNATURE = b"\x89PNG\r\n\x1a\n"
MOST_CHANGES = 4
LONGEST = 20_000
"""Bytes that one change may add, but for the few that are about size."""

TEXTS = (
    "", "rnn", "gru", "g_T", "t", "step", "lag", "norms", "log10", "model", "0", "49", "mean",
    "\x00", "\x1b[2J", "\u202e", "\ud800", "é" * 300, "a.b[0]", '"', "{}", "%s", "1e400", "NaN",
    "::error::x", "2026-02-31", "X.Y.Z", "run", "../x.py", "bptt_norm.py", "x" * 5000, "\u2028",
)  # fmt: skip
NUMBERS = (
    "0", "-0", "-1", "1", "0.1", "50", "51", "-0.0", "1e308", "1e-308", "5e-324", "1e-400", "1e400",
    "NaN", "-Infinity", "1" * 400, "9" * 308, "1e" + "9" * 5000, "0.1234567890123456789", "2e-1",
    "true", "null", "[]", "{}", '""', "01", "+1", "1_0", "١", "1e99999999999", "[[[]]]", "-",
)  # fmt: skip
TOKENS = (
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    '"',
    "\\u",
    "\\ud800",
    " ",
    "\n",
    "\t",
    "\x00",
    "\ufeff",
    "'",
)
BYTES = (
    b"\x00",
    b"\xff",
    b"\xfe\xff",
    b"\xef\xbb\xbf",
    b"\xed\xa0\x80",
    b"\r",
    b"\n",
    b"\x80",
    b"",
)


def raw(data: bytes, rng: Random) -> bytes:
    """Cut, double, overwrite, insert or remove bytes."""
    data = bytearray(data)
    for _ in range(rng.randint(1, MOST_CHANGES)):
        start = rng.randint(0, len(data))
        end = min(len(data), start + rng.choice((1, 1, 2, 8, 100, 5000)))
        piece = bytes(data[start:end])
        data[start:end] = rng.choice((
            b"", rng.choice(BYTES), rng.randbytes(rng.randint(1, 9)), piece * rng.randint(2, 5),
            bytes(byte ^ (1 << rng.randrange(8)) for byte in piece), piece[::-1],
        ))  # fmt: skip
        if rng.random() < 0.05:
            del data[start:]
    return bytes(data)


def _places(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    entries = (
        node.items()
        if isinstance(node, dict)
        else enumerate(node)
        if isinstance(node, list)
        else ()
    )
    for key, value in entries:
        yield from _places(value, (*path, key))


class _Written(str):
    """A text that stands for itself, unquoted."""

    __slots__ = ()


def _dump(node: Any, repeat: Random) -> str:
    """Write JSON in which some things are not JSON."""
    if isinstance(node, _Written):
        return str(node)
    if isinstance(node, dict):
        members = [f"{json.dumps(str(key))}: {_dump(value, repeat)}" for key, value in node.items()]
        if members and repeat.random() < 0.03:
            members.append(repeat.choice(members))
        return "{" + ", ".join(members) + "}"
    if isinstance(node, list):
        return "[" + ", ".join(_dump(value, repeat) for value in node) + "]"
    return json.dumps(node)


def _other_value(value: Any, rng: Random) -> Any:
    leaf = _Written(rng.choice(NUMBERS))
    options: list[Callable[[], Any]] = [
        lambda: leaf,
        lambda: leaf,
        lambda: rng.choice(TEXTS),
        lambda: [leaf] * rng.choice((0, 1, 2, 48, 49, 50, 51, 52, 300)),
        lambda: {rng.choice(TEXTS): value},
        lambda: [value, value],
        lambda: [[index, value] for index in range(rng.choice((1, 50)))],
        lambda: [{"t": index, "rnn": leaf, "gru": value} for index in range(rng.choice((1, 50)))],
        lambda: {str(index): leaf for index in range(rng.choice((2, 50, 51)))},
        lambda: _Written("[" * rng.choice((5, 19, 30, 3000))),
        lambda: _nested(value, rng.choice((3, 18, 25))),
    ]
    if isinstance(value, list):
        options += [
            lambda: value[: rng.randint(0, len(value))],
            lambda: value[::-1],
            lambda: value + value,
            lambda: [str(item) for item in value],
            lambda: dict(zip(map(str, range(len(value))), value, strict=True)),
            lambda: [{"t": index, "norm": item} for index, item in enumerate(value)],
        ]
    if isinstance(value, int | float) and not isinstance(value, bool):
        options += [
            lambda: -value,
            lambda: value * 10.0 ** rng.randint(-320, 300),
            lambda: str(value),
        ]
    return rng.choice(options)()


def _nested(value: Any, depth: int) -> Any:
    for _ in range(depth):
        value = [value] if depth % 2 else {"a": value}
    return value


def _edit(document: Any, rng: Random) -> Any:
    path = rng.choice(list(_places(document)))
    if not path:
        return _other_value(document, rng)
    parent = document
    for key in path[:-1]:
        parent = parent[key]
    key = path[-1]
    action = rng.random()
    if action < 0.15:
        del parent[key]
    elif action < 0.35 and isinstance(parent, dict):
        parent[rng.choice(TEXTS)] = parent.pop(key) if rng.random() < 0.7 else parent[key]
    else:
        parent[key] = _other_value(parent[key], rng)
    return document


def json_text(data: bytes, rng: Random) -> bytes:
    """Change the values, the keys, the tokens or the bytes of a JSON document."""
    if rng.random() < 0.15:
        return raw(data, rng)
    try:
        document = json.loads(data)
    except ValueError:
        return raw(data, rng)
    for _ in range(rng.randint(1, MOST_CHANGES)):
        if not isinstance(document, dict | list) or isinstance(document, _Written):
            break
        document = _edit(document, rng)
    text = _dump(document, rng)
    if rng.random() < 0.2:
        at = rng.randint(0, len(text))
        text = text[:at] + rng.choice(TOKENS) + text[at + rng.randint(0, 2) :]
    encoding = rng.choice(("utf-8",) * 12 + ("utf-8-sig", "utf-16", "latin-1"))
    return text.encode(encoding, "replace" if encoding == "latin-1" else "surrogatepass")


MARKUP = (
    "# ", "## RNN\n", "- ", "1. ", "> ", "|a|b|\n|-|-|\n|", "```\n", "~~~\n", "<!-- ", " -->",
    "---\n",
    "===\n", "[x](y)", "![", "](", "<b>", "</", "**", "_", "`", "$", "\\approx ", "10^-15", "1e-15",
    "10⁻¹⁵", "^{", "}", "1,5·10^-12", "−15", "g_0 = 10^-320", "t = 0", "orders", "per 10 steps",
    "RNN",
    "GRU", "no", "?", "TODO", "[N]", "vanishes", "spectral radius ρ ≈ ", "attention", "\x00",
    "\u202e",
    "órdenes de magnitud", "cada 10 pasos", "0.52", "10", "once", ". ", "\n\n", "\t", "e\u0301",
    "«",
)  # fmt: skip


def markdown(data: bytes, rng: Random) -> bytes:
    """Move, repeat and spoil lines, words and marks of a write-up."""
    if rng.random() < 0.1:
        return raw(data, rng)
    separator = rng.choice(("\n", "\n", " ", "."))
    parts = data.decode("utf-8", "replace").split(separator)
    for _ in range(rng.randint(1, 2 * MOST_CHANGES)):
        at = rng.randrange(len(parts)) if parts else 0
        mark = rng.choice(MARKUP)
        parts[at : at + 1] = rng.choice((
            [], [mark], [mark + "".join(parts[at : at + 1])],
            parts[at : at + 1] * rng.randint(2, 40),
            ["".join(parts[at : at + 1]) + mark * rng.choice((1, 2, 50, 1000))],
            [rng.choice(parts or [""]), *parts[at : at + 1]],
        ))  # fmt: skip
    return separator.join(parts).encode("utf-8", "replace")[: 10 * LONGEST]


CODE = (
    "import torch", "f = __import__", "exec('import ' + 'jax')", "getattr(a, 'b' * 9)", "(",
    ")", '"""',
    "# -*- coding: utf-7 -*-", "# coding: latin-1", "# coding: hex", "\\", "\t", "  ",
    "x = " + "-" * 300 + "1",
    "a" + ".b" * 400, "f" + "()" * 400, "(" * 150 + ")" * 150, "[" * 90 + "]" * 90, "1" * 5000,
    "0x" + "f" * 9000,
    "lambda: " * 200 + "0", "not " * 300 + "1", "W -= lr * dW", "for epoch in x:",
    "optimizer.step()",
    "rng = np.random.default_rng(7)", "raise NotImplementedError('later')", "if TYPE_CHECKING:",
    "é = 1", "\x0c",
    "f'{x!r:>{w}}'", "s = s + 'x'", "s = '%s' % s", "''.join(chr(i) for i in [116])",
    "'{:>999999999}'.format(1)",
    "from . import x", "import a.b.c as d", "exec(compile(open('x.py').read(), 'x', 'exec'))",
    "\x00", "\ud800",
    "match x:\n    case [1, *_]: pass", "async def f(): await g()", "def f(): yield",
    "*a, b = c", "x: int = 3",
    "importlib.import_module('to' + 'rch')", "sys.modules['torch']",
    "globals()['__builtins__']", "a = b = c = a",
)  # fmt: skip


def python(data: bytes, rng: Random) -> bytes:
    """Move, repeat and spoil lines of a script."""
    if rng.random() < 0.1:
        return raw(data, rng)
    lines = data.decode("utf-8", "replace").split("\n")
    for _ in range(rng.randint(1, MOST_CHANGES)):
        at = rng.randrange(len(lines)) if lines else 0
        line = "".join(lines[at : at + 1])
        indent = line[: len(line) - len(line.lstrip())]
        code = rng.choice(CODE)
        lines[at : at + 1] = rng.choice((
            [], [indent + code, line], [line, indent + code], [line + code],
            [line] * rng.randint(2, 50),
            [code, *lines[at : at + 1]], [line.replace("(", code + "(", 1)],
            lines[at : at + 9][::-1],
        ))  # fmt: skip
        if rng.random() < 0.1:
            lines.insert(0, code)
    return "\n".join(lines).encode("utf-8", "replace")[: 10 * LONGEST]


def chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    """Return the chunks of a PNG, type and content."""
    found, at = [], len(SIGNATURE)
    while at + 12 <= len(data):
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        found.append((kind, data[at + 8 : at + 8 + length]))
        at += 12 + length
    return found


def png_of(parts: list[tuple[bytes, bytes]], rng: Random | None = None) -> bytes:
    """Return a PNG of chunks; with `rng`, some lengths and checksums are wrong."""
    out = io.BytesIO()
    out.write(SIGNATURE)
    for kind, content in parts:
        length, check = len(content), zlib.crc32(kind + content)
        if rng is not None and rng.random() < 0.03:
            length = rng.choice((0, length + 1, 2**31 - 1, 2**32 - 1, 13))
        if rng is not None and rng.random() < 0.03:
            check ^= 1
        out.write(struct.pack(">I4s", length, kind) + content + struct.pack(">I", check))
    return out.getvalue()


def _header(content: bytes, rng: Random) -> bytes:
    sizes = (0, 1, 2, 16, 199, 200, 1000, 5000, 25_000_000, 2**31 - 1, 2**32 - 1)
    fields = list(struct.unpack(">IIBBBBB", content.ljust(13, b"\0")[:13]))
    which = rng.randrange(7)
    if which < 2:
        fields[which] = rng.choice(sizes)
    else:
        fields[which] = rng.choice((0, 1, 2, 3, 4, 6, 8, 16, 255))
    return struct.pack(">IIBBBBB", *fields)


def _small_png(rng: Random) -> list[tuple[bytes, bytes]]:
    """Return a picture of any colour type and depth, its rows filled at random."""
    colour, depth = rng.choice(
        (
            (0, 1),
            (0, 2),
            (0, 4),
            (0, 8),
            (0, 16),
            (2, 8),
            (2, 16),
            (3, 1),
            (3, 8),
            (4, 8),
            (4, 16),
            (6, 8),
            (6, 16),
        )
    )
    width, height = rng.choice((1, 3, 200, 401)), rng.choice((1, 5, 150, 300))
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]
    row = (width * channels * depth + 7) // 8
    block = rng.randbytes(row)
    rows = b"".join(
        bytes([rng.randrange(6)]) + (block if rng.random() < 0.9 else bytes(row))
        for _ in range(height)
    )
    parts = [
        (
            b"IHDR",
            struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, rng.choice((0, 0, 0, 1))),
        )
    ]
    if colour == 3:
        parts.append((b"PLTE", rng.randbytes(3 * rng.choice((1, 2, 256)))))
    return [*parts, (b"IDAT", zlib.compress(rows, 1)), (b"IEND", b"")]


EXTRA = (
    (b"tRNS", b"\x00"), (b"tRNS", b"\x00" * 6), (b"tRNS", bytes(256)), (b"gAMA",
    b"\x00\x00\x00\x00"),
    (b"iCCP", b"x\0\0" + zlib.compress(bytes(2_000_000), 9)), (b"zTXt",
    b"k\0\0" + zlib.compress(bytes(2_000_000), 9)),
    (b"iTXt", b"k\0\1\0\0\0" + zlib.compress(bytes(2_000_000), 9)), (b"tEXt", b"Software\0\x1b[2J"),
    (b"acTL", struct.pack(">II", 2**31 - 1, 0)), (b"fcTL", bytes(26)), (b"fdAT", bytes(8)),
    (b"eXIf", b"II*\0" + bytes(9)),
    (b"pHYs", bytes(9)), (b"sRGB", b"\xff"), (b"cHRM", bytes(32)), (b"IEND", b""), (b"PLTE",
    bytes(768)), (b"PLTE", b"x"),
    (b"IDAT", b""), (b"IDAT", zlib.compress(bytes(3_000_000), 9)), (b"\0\0\0\0", b""), (b"abcd",
    bytes(5)),
    (b"IHDR", struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)), (b"caNv", bytes(16)),
    (b"bKGD", b""), (b"tIME", bytes(7)),
)  # fmt: skip


def png(data: bytes, rng: Random) -> bytes:
    """Change, move, repeat, spoil and add chunks."""
    if rng.random() < 0.1:
        return raw(data, rng)
    parts = chunks(data) if rng.random() < 0.6 else _small_png(rng)
    for _ in range(rng.randint(0, MOST_CHANGES)):
        at = rng.randrange(len(parts)) if parts else 0
        kind, content = parts[at] if parts else (b"IHDR", bytes(13))
        spoilt = raw(content, rng)
        parts[at : at + 1] = rng.choice((
            [], [(kind, content), rng.choice(EXTRA)], [rng.choice(EXTRA), (kind, content)],
            [(kind, content)] * 2,
            [(kind, spoilt)], [(kind, _header(content, rng) if kind == b"IHDR" else spoilt)],
            [(rng.randbytes(4), content)],
        ))  # fmt: skip
        if rng.random() < 0.1:
            rng.shuffle(parts)
    return png_of(parts, rng)
