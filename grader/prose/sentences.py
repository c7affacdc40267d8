"""The text of a README as a reader sees it: sentences without markup, each with its place."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

from grader.prose.markdown import END, Block, blocks
from grader.prose.notation import plain

LONGEST_SENTENCE = 1000
LONGEST_HEAD = 200
"""Of what is kept with every sentence under it: a heading, a list item."""

MOST_SENTENCES = 3000
ABBREVIATION = re.compile(
    r"\b(e\.g|i\.e|vs|approx|aprox|p\.\s?ej|figs?|eq|ec|cf|sec|resp|etc|al|pág|no|núm|ca)\."
    r"(?=\s)",
    re.IGNORECASE,
)
LABEL = re.compile(
    r"\W{0,3}(?:(?:q|p|question|pregunta)\s*\d{1,2}(?:\s*[.):\-]|(?=\s*\())|\(?\d{1,2}[.)])(?!\d)\s*",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence.

    Parameters
    ----------
    text : str
    line : int
        Where its paragraph begins, from 1.
    paragraph : int
        Equal for the sentences of one paragraph, list item or table cell.
    heading : str
        The one above it.
    above : tuple of str
        What else names its subject, nearest first: list items it hangs under, headings further up.
    is_heading, is_code, is_cell, is_quoted : bool
        Where it stands.
    label : str
        The number in front of its paragraph, "2." or "Q2:", which is not part of `text`.
    """

    text: str
    line: int
    paragraph: int
    heading: str = ""
    above: tuple[str, ...] = ()
    is_heading: bool = False
    is_code: bool = False
    is_cell: bool = False
    is_quoted: bool = False
    label: str = ""


@functools.lru_cache(maxsize=4)
def plain_sentences(markdown: str) -> tuple[Sentence, ...]:
    """Return the sentences of a Markdown text, without pictures, comments and markup.

    A list item is a paragraph of its own, and so is a cell of a table, read with the words before
    it in its row and the head of its column: "orders per 10 steps, GRU: 0.45".

    Parameters
    ----------
    markdown : str

    Returns
    -------
    tuple of Sentence
        Headings and code included, marked as such.
    """
    sentences: list[Sentence] = []
    headings: dict[int, str] = {}
    for number, block in enumerate(blocks(markdown)):
        if len(sentences) >= MOST_SENTENCES:
            break
        text, label = _unlabelled(plain(block.text), block)
        if block.kind == "heading":
            headings = {level: said for level, said in headings.items() if level < block.level}
            headings[block.level] = text[:LONGEST_HEAD]
        above = map(plain, block.above)
        outer = [headings[level] for level in sorted(headings, reverse=True)]
        parts = _parts(text, block)
        sentences += [
            Sentence(
                part,
                block.line,
                number,
                outer[0] if outer else "",
                tuple(said[:LONGEST_HEAD] for said in [*above, *outer] if said),
                block.kind == "heading",
                block.kind == "code",
                block.kind == "cell",
                block.quoted,
                label,
            )
            for part in parts
        ]
    return tuple(sentences)


def _parts(text: str, block: Block) -> list[str]:
    if block.kind != "text":
        return [text[:LONGEST_SENTENCE]] if text else []
    parts = map(str.strip, END.split(ABBREVIATION.sub(r"\1", text)))
    return [part[:LONGEST_SENTENCE] for part in parts if part]


def _unlabelled(text: str, block: Block) -> tuple[str, str]:
    """Return a paragraph without the number in front of it, and that number."""
    found = LABEL.match(text) if block.kind == "text" else None
    if found is None:
        return text, block.label
    return text[found.end() :], block.label or found[0].strip()
