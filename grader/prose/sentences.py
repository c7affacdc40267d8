"""The text of a README as a reader sees it: sentences without markup, with their lines."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

LONGEST = 60_000  # characters read: the lab asks for two or three paragraphs
LONGEST_SENTENCE = 1000
LONGEST_HEAD = 200  # of what is said again with each sentence: a heading, the head of a column
MOST_SENTENCES = 3000

FENCE = re.compile(r"\s{0,3}(```+|~~~+)")
HEADING = re.compile(r"\s{0,3}#{1,6}\s+(.*)")
UNDERLINE = re.compile(r"\s{0,3}(=+|-{2,})\s*$")
ITEM = re.compile(r"\s*(?:[-*+•]|\(?\d{1,2}[.)]|\(?[a-d]\))\s+")
RULE = re.compile(r"[\s|:\-]+$")
COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
IMAGE = re.compile(r"!\[[^\[\]]{0,500}\]\([^()]{0,500}\)")
LINK = re.compile(r"\[([^\[\]]{0,500})\](?:\([^()]{0,500}\)|\[[^\[\]]{0,200}\])")
TAG = re.compile(r"</?[A-Za-z][^<>]{0,300}>")
EMPHASIS = re.compile(
    r"\*\*|__|`|(?<![\w\s*])\*"
    r"|\*(?![\w\s*])|(?<!\S)[*_](?=\S)|(?<=[^\s\w])_(?!\w)|(?<=\w)[*_](?!\w)"
)
ABBREVIATION = re.compile(
    r"\b(e\.g|i\.e|vs|approx|aprox|p\.\s?ej|figs?|eq|ec|cf|sec|resp|etc)\.(?=\s)", re.IGNORECASE
)
END = re.compile(r"(?<=[.!?…])[\"'”»)\]]{0,2}\s+(?=[^a-záéíóúñ])")
SUPERSCRIPT = re.compile(r"[⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻]+")
LATEX_SIGNS = {
    r"\approx": "≈", r"\simeq": "≈", r"\sim": "~", r"\times": "×", r"\cdot": "·", r"\rho": "ρ",
    r"\leq": "≤", r"\le": "≤", r"\geq": "≥", r"\ge": "≥", r"\lt": "<", r"\gt": ">",
}  # fmt: skip
LATEX_SIGN = re.compile(r"\\(?:approx|simeq|sim|times|cdot|rho|leq?|geq?|lt|gt)(?![A-Za-z])")
SIGNS = str.maketrans({"−": "-", "’": "'", "‘": "'", "\u00a0": " ", "\u2009": " ", "\u202f": " "})


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence: `line` is where its paragraph begins, `heading` the one above it."""

    text: str
    line: int
    paragraph: int
    heading: str = ""
    is_heading: bool = False


@dataclass(frozen=True, slots=True)
class _Block:
    text: str
    line: int
    is_heading: bool = False
    whole: bool = False


@functools.lru_cache(maxsize=4)
def plain_sentences(markdown: str) -> tuple[Sentence, ...]:
    """Return the sentences of a Markdown text, without code, pictures, comments and markup.

    A list item is a paragraph of its own, and so is a cell of a table, read with the first cell of
    its row and the head of its column: "orders per 10 steps, GRU: 0.45".

    Parameters
    ----------
    markdown : str

    Returns
    -------
    tuple of Sentence
        Headings included, marked as such.
    """
    sentences: list[Sentence] = []
    heading = ""
    for number, block in enumerate(_blocks(markdown[:LONGEST])):
        text = plain(block.text)
        if len(sentences) >= MOST_SENTENCES:
            break
        if block.is_heading:
            heading = text[:LONGEST_HEAD]
            sentences.append(Sentence(heading, block.line, number, heading, is_heading=True))
            continue
        parts = [text] if block.whole else END.split(ABBREVIATION.sub(r"\1", text))
        sentences += [
            Sentence(part.strip()[:LONGEST_SENTENCE], block.line, number, heading)
            for part in parts
            if part.strip()
        ]
    return tuple(sentences)


def plain(text: str) -> str:
    """Return a text without inline markup; signs and powers in one notation: `10^-15`, `-`, `≈`."""
    text = TAG.sub(" ", LINK.sub(r"\1", IMAGE.sub(" ", text)))
    text = text.replace("{,}", ",").replace("10**", "10^").translate(SIGNS)
    text = LATEX_SIGN.sub(lambda match: LATEX_SIGNS[match[0]], text)
    text = re.sub(r"\\[()\[\],;:! ]|\$", " ", text)
    text = re.sub(r"\\[A-Za-z]+", " ", text)
    text = re.sub(r"\^\s*+\{([^{}]{0,60})\}", lambda match: "^" + match[1].strip(), text)
    text = re.sub(r"[{}\\]", "", text)
    text = SUPERSCRIPT.sub(lambda match: "^" + unicodedata.normalize("NFKC", match[0]), text)
    return " ".join(EMPHASIS.sub("", text.translate(SIGNS)).split())


def _blocks(markdown: str) -> Iterator[_Block]:
    """Yield headings, paragraphs, list items and table cells with the line each begins at."""
    text = COMMENT.sub(lambda match: "\n" * match[0].count("\n"), markdown)
    paragraph: list[str] = []
    table: list[str] = []
    start = 0
    for number, line in enumerate([*_without_code(text), ""], start=1):
        content = line.lstrip("> \t").rstrip()
        heading = HEADING.match(line)
        row = content.startswith("|")
        begins = not content or heading or row or ITEM.match(line)
        underlined = bool(paragraph) and bool(UNDERLINE.match(line))
        if (begins or underlined) and paragraph:
            yield _Block(" ".join(paragraph), start, is_heading=underlined)
            paragraph = []
        if not row and table:
            yield from _cells(table, number - len(table))
            table = []
        if heading:
            yield _Block(heading[1].rstrip().rstrip("#"), number, is_heading=True)
        elif row:
            table.append(content)
        elif content and not underlined:
            start = start if paragraph else number
            paragraph.append(content)


def _without_code(text: str) -> Iterator[str]:
    """Yield the lines, with those of fenced code emptied."""
    fence = ""
    for line in text.splitlines():
        mark = FENCE.match(line)
        if fence:
            closes = mark is not None and mark[1].startswith(fence)
            fence = "" if closes else fence
            yield ""
        elif mark:
            fence = mark[1][:3]
            yield ""
        else:
            yield line


def _cells(rows: list[str], line: int) -> Iterator[_Block]:
    split = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]
    heads = split[0]
    for number, cells in enumerate(split[1:], start=1):
        if RULE.fullmatch(rows[number]):
            continue
        for column, cell in enumerate(cells[1:], start=1):
            head = heads[column][:LONGEST_HEAD] if column < len(heads) else ""
            yield _Block(f"{cells[0][:LONGEST_HEAD]}, {head}: {cell}", line + number, whole=True)
