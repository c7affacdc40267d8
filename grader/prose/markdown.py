"""A README in Markdown, as blocks of text in reading order: what a page would show, and as what."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Literal, TypeAlias

from grader.prose.notation import latex
from grader.prose.terms import nets

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

BlockKind: TypeAlias = Literal["heading", "text", "cell", "code"]

LONGEST = 20_000
"""Characters read. The lab asks for two or three paragraphs, and a parser's time on hostile text
grows with the square of its length: 2 s at this one."""

BRACKETS = re.compile(r"\\\(([^\n]{1,300}?)\\\)")
DISPLAY = re.compile(r"\\\[(.{1,600}?)\\\]", re.DOTALL)
COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
TAG = re.compile(r"<\s*(/?)\s*(\w+)")
INLINE_TAGS = {"sup": "^", "sub": "_", "br": " "}
SHOWN = (
    "a abbr b big blockquote center cite code del div em figcaption figure font i img ins kbd mark"
    " picture pre q s samp section small source span strike strong tbody td tfoot th thead tt u var"
)
BREAKS = "br details div h1 h2 h3 h4 h5 h6 hr li ol p summary table tr ul"
SILENT = frozenset({"script", "style"})
TAGS = {*SHOWN.split(), *BREAKS.split(), *SILENT, *INLINE_TAGS}
"""Tags of HTML; `<your answer>` is none, and is text to be read."""

LETTER = re.compile(r"[^\W\d_]")
TITLE = 8
"""Words in a line before a list that need no colon to open it."""

END = re.compile(r"(?<=[.!?…])[\"'”»)\]]{0,2}\s+")
"""Where a sentence ends."""


@dataclass(frozen=True, slots=True)
class Block:
    """A heading, a paragraph, a list item's text, a table cell or a block of code.

    `line` counts from 1; `level` is a heading's (7: a line in bold that serves as one); `quoted`
    says whether it stands in a block quotation; `above` holds what it hangs under, nearest first:
    list items, the line that opens their list, the sentence a footnote belongs to; `label` is the
    number of an ordered list's item, "2.".
    """

    text: str
    line: int
    kind: BlockKind = "text"
    level: int = 0
    quoted: bool = False
    above: tuple[str, ...] = ()
    label: str = ""


@functools.lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt
    from mdit_py_plugins.dollarmath import dollarmath_plugin
    from mdit_py_plugins.footnote import footnote_plugin
    from mdit_py_plugins.front_matter import front_matter_plugin

    parser = MarkdownIt("commonmark").enable(["table", "strikethrough"]).use(front_matter_plugin)
    parser.use(footnote_plugin, inline=False)
    return parser.use(dollarmath_plugin, double_inline=True)


def blocks(markdown: str) -> Iterator[Block]:
    r"""Yield the blocks of a Markdown text, without comments, pictures and what is struck out.

    Parameters
    ----------
    markdown : str
        CommonMark with tables, LaTeX between dollars or in ``\(…\)``, and HTML.

    Source
    ------
    CommonMark 0.31; GitHub's tables, strikethrough and footnotes.
    """
    text = DISPLAY.sub(r"$$\1$$", BRACKETS.sub(r"$\1$", markdown[:LONGEST]))
    walk = _Walk()
    for token in _parser().parse(text):
        yield from walk.take(token)


@dataclass(slots=True)
class _Walk:
    """Where the walk through the tokens is."""

    quotes: int = 0
    line: int = 1
    heading: int = 0
    items: list[str] = field(default_factory=list)
    opener: str = ""
    said: str = ""
    noted: dict[str, str] = field(default_factory=dict)
    label: str = ""
    rows: list[list[str]] | None = None

    def take(self, token: Token) -> Iterator[Block]:
        """Yield the blocks that a token completes."""
        self.line = token.map[0] + 1 if token.map else self.line
        if token.type == "inline":
            yield from self._inline(token)
        elif token.type in {"fence", "code_block"}:
            yield self._block(" ".join(token.content.split("\n")), "code")
        elif token.type.startswith("math_block"):
            yield self._block(latex(token.content))
        elif token.type == "html_block":
            yield from map(self._block, html_texts(token.content))
        elif token.type == "table_close":
            yield from self._cells(self.rows or [])
            self.rows = None
        else:
            self._enter(token)

    def _enter(self, token: Token) -> None:
        match token.type:
            case "blockquote_open" | "blockquote_close":
                self.quotes += token.nesting
            case "heading_open" | "heading_close":
                self.heading = int(token.tag[1:]) if token.nesting > 0 else 0
            case "table_open":
                self.rows = []
            case "tr_open" if self.rows is not None:
                self.rows.append([])
            case _:
                self._hang(token)

    def _hang(self, token: Token) -> None:
        """Note what the next blocks hang under."""
        match token.type:
            case name if name.endswith(("_list_open", "_list_close")) and not self.items:
                self.opener = _opening(self.said) if token.nesting > 0 else ""
            case "list_item_open":
                self.items.append("")
                self.label = f"{token.info}." if token.info else ""
            case "footnote_open":
                self.items.append(self.noted.get(_label(token), ""))
            case "list_item_close" | "footnote_close":
                self.items.pop()

    def _inline(self, token: Token) -> Iterator[Block]:
        children = token.children or []
        text = inline_text(children)
        self._note(children)
        if self.rows is not None:
            self.rows[-1].append(text)
            return
        level = self.heading or (7 if not self.items and _all_bold(children) else 0)
        yield self._block(text, "heading" if level else "text", level)
        if self.items and not self.items[-1]:
            self.items[-1] = text
        self.said = "" if level else text

    def _note(self, children: Sequence[Token]) -> None:
        """Remember the words that footnotes belong to."""
        for position, child in enumerate(children):
            if child.type == "footnote_ref":
                before = END.split(inline_text(children[:position]))[-1]
                self.noted.setdefault(_label(child), before)

    def _block(self, text: str, kind: BlockKind = "text", level: int = 0) -> Block:
        above = tuple(said for said in (*reversed(self.items), self.opener) if said)
        label, self.label = self.label, ""
        return Block(text, self.line, kind, level, self.quotes > 0, above, label)

    def _cells(self, rows: Sequence[list[str]]) -> Iterator[Block]:
        """Yield each cell with the words before it in its row and the head of its column.

        Rows that begin with a number are a series, by time step, seed or scale: not this
        measurement's, and so as good as quoted.
        """
        heads = rows[0] if rows else []
        first = self.line - len(rows) + 1
        for number, cells in enumerate(rows[1:], start=1):
            swept = not LETTER.search(cells[0]) and not nets(heads[0])
            skipped = 1 if swept or LETTER.search(cells[0]) else 0
            names = [f"{heads[0]} {cells[0]}" if swept else cells[0]][:skipped]
            for head, cell in zip(heads[skipped:], cells[skipped:], strict=False):
                text = ", ".join([*names, f"{head}: {cell}"])
                quoted = self.quotes > 0 or (swept and any(map(str.isdigit, cells[0])))
                yield Block(text, first + number, "cell", quoted=quoted)
                if LETTER.search(cell) and not any(map(str.isdigit, cell)):
                    names.append(cell)


def _label(token: Token) -> str:
    """Return the name of a footnote."""
    return str(token.meta.get("label", ""))


def _opening(paragraph: str) -> str:
    """Return what in a paragraph opens the list after it: a title, or the words before a colon."""
    last = END.split(paragraph)[-1].strip()
    titled = last == paragraph.strip() and len(last.split()) <= TITLE and last[-1:] not in ".!?…"
    return last if titled or last.endswith(":") else ""


def _all_bold(children: Sequence[Token]) -> bool:
    """Say whether a paragraph is one line in bold: a heading for who does not know of headings."""
    depth, bold = 0, False
    for child in children:
        if child.type.startswith("strong"):
            depth += child.nesting
            bold = True
        elif child.content.strip() and not depth:
            return False
    return bold


def inline_text(children: Sequence[Token]) -> str:
    """Return the text of a line: code and formulas read, pictures and bare addresses left out."""
    parts: list[str] = []
    struck = linked = 0
    for child in children:
        if child.type in {"s_open", "s_close"}:
            struck += child.nesting
        elif child.type in {"link_open", "link_close"} and child.info == "auto":
            linked += child.nesting
        elif not struck and not linked:
            parts.append(_piece(child))
    return "".join(parts)


def _piece(token: Token) -> str:
    if token.type in {"text", "code_inline", "text_special"}:
        return token.content
    if token.type.startswith("math"):
        return latex(token.content)
    if token.type in {"softbreak", "hardbreak", "image"}:
        return " "
    if token.type != "html_inline":
        return ""
    tag = TAG.match(token.content)
    if tag is None or tag[2].lower() in TAGS:
        return INLINE_TAGS.get(tag[2].lower(), "") if tag and not tag[1] else ""
    return token.content


class _Texts(HTMLParser):
    """The text of a piece of HTML; a paragraph, item or row of a table ends a text."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - the interface
        self.silent += tag in SILENT
        if tag not in TAGS:
            self.parts.append(self.get_starttag_text() or "")
        self.parts.append("\n" if tag in BREAKS.split() else INLINE_TAGS.get(tag, ""))

    def handle_endtag(self, tag: str) -> None:
        self.silent -= tag in SILENT and self.silent > 0
        self.parts.append("\n" if tag in BREAKS.split() else ", " if tag in {"td", "th"} else "")

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.parts.append(" ".join(data.split("\n")))


def html_texts(source: str) -> Iterator[str]:
    """Yield the texts of a block of HTML."""
    parser = _Texts()
    parser.feed(COMMENT.sub(" ", source))
    parser.close()
    for text in "".join(parser.parts).split("\n"):
        if text.strip(" ,"):
            yield text.strip(" ,")
