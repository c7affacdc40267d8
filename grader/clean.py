"""Strings from a submission are hostile wherever they are shown; here they become harmless.

`printable` is for a value that goes into a sentence, and for every string of a JSON document. The
others make a whole line fit for one sink, and may be given what is printable already:

==================  ==============================================================================
`terminal`          a terminal, or the log of a CI job
`github_message`    what follows the second `::` of a workflow command
`github_property`   a property of one: `title=…`, `file=…`
`markdown`          running text, a list item or a cell of a table; never inside a code span
`xml`               text or an attribute, through a library that escapes `<`, `&` and quotes
`csv`               a cell, through a library that quotes
HTML                no function: jinja2's autoescape does it, of what is `printable`
==================  ==============================================================================

Facts: a terminal obeys escape sequences, bidirectional controls reorder what a person reads, and
combining marks can cover the lines above (Unicode TR 36, section 2; CVE-2021-42574). A CI runner
obeys `::name …::` at the start of a line of output, whatever the spaces before it, and `##[name]`
anywhere in one, so no string may hold either, wherever it is printed. A spreadsheet computes a
cell that begins with `=`, `+`, `-` or `@`, full-width or not.
"""

from __future__ import annotations

import re
import unicodedata

LIMIT = 300
LINE_LIMIT = 8_000
MESSAGE_LIMIT = 4_000
"""GitHub cuts an annotation's message at 4096 characters."""

_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
"""Letters, marks and signs by their category that show as nothing."""

_COMMAND = re.compile(r"(?<=:):(?=[A-Za-z])|(?<=#)#(?=\w*\[)")
_AUTOLINK = re.compile(
    r"(?<=@)(?=\S)|(?<=#)(?=\d)|(?<=:)(?=/)|(?<=www)(?=\.)|(?<=\bgh-)(?=\d)", re.IGNORECASE
)
"""Where Markdown on a forge finds mentions, issues and addresses, markup or not."""

_MARKUP = re.compile(r"[\\`*_~^\[\]{}<>&|#!=$\"']|^[ \-+:]|^\d+[.)]")
_FORMULA = re.compile(r"(^|;)(\s*)(?=[=+\-@\uff1d\uff0b\uff0d\uff20])")


def printable(text: str, limit: int = LIMIT) -> str:
    r"""Return `text` as one line of printable characters that no CI runner obeys.

    Control, format, surrogate, blank and unassigned characters become `\u{…}`; of a run of
    combining marks the first stays. What is longer than `limit` is cut, and ends in an ellipsis.
    """
    return _cleaned(text, limit, " ")


def _cleaned(text: str, limit: int, spaces: str) -> str:
    shown: list[str] = []
    length, combining = 0, False
    for character in _COMMAND.sub(_spelled_match, text[: limit + 1]):
        mark = unicodedata.category(character) in ("Mn", "Me")
        shows = character in spaces or (_shows(character) and not (mark and combining))
        piece = character if shows else _spelled(character)
        length += len(piece)
        if length > limit:
            return "".join(shown) + "…"
        shown.append(piece)
        combining = mark
    return "".join(shown)


def _shows(character: str) -> bool:
    return unicodedata.category(character)[0] in "LNPSM" and character not in _BLANK


def _spelled(character: str) -> str:
    return f"\\u{{{ord(character):x}}}"


def _spelled_match(found: re.Match[str]) -> str:
    return _spelled(found[0])


def terminal(text: str, limit: int = LINE_LIMIT) -> str:
    """Return one line for a terminal or a log; wherever it is folded later, no part is obeyed."""
    return printable(text, limit)


def github_message(text: str, limit: int = MESSAGE_LIMIT) -> str:
    """Return the message of a workflow command; join several with `%0A`."""
    return printable(text, limit).replace("%", "%25")


def github_property(text: str, limit: int = LIMIT) -> str:
    """Return the value of a workflow command's property."""
    return github_message(text, limit).replace(":", "%3A").replace(",", "%2C")


def markdown(text: str, limit: int = LINE_LIMIT) -> str:
    """Return Markdown that renders as `text`: no markup, link, mention, reference or HTML.

    A character that could be markup becomes an entity, for every dialect knows those; a
    zero-width space keeps apart what a forge would link although no markup is left.
    """
    apart = _AUTOLINK.sub("\u200b", printable(text, limit))
    return _MARKUP.sub(lambda found: "".join(f"&#{ord(sign)};" for sign in found[0]), apart)


def xml(text: str, limit: int = LINE_LIMIT) -> str:
    """Return text of characters that XML 1.0 may hold, its line feeds kept."""
    return _cleaned(text, limit, " \n")


def csv(text: str, limit: int = LINE_LIMIT) -> str:
    """Return a cell that no spreadsheet computes, split at commas or at semicolons."""
    return _FORMULA.sub(r"\1'\2", printable(text, limit))
