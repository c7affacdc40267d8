"""What was to be filled in and was not: "[N]", TODO, null, YYYY-MM-DD, the lab's N and M."""

from __future__ import annotations

import re
from collections.abc import Sequence

from grader.prose.sentences import Sentence

UNFILLED = re.compile(
    r"\bTODO\b(?=\s*(?:[:\])\-]|$))|[\[(<]\s*TODO|\bTBD\b|\bFIXME\b|\bPOR HACER\b|\[[NM]\]|<[NM]>"
    r"|\?{3,}|_{4,}|\bX[.,]X{1,4}\b|(?<!\w)(?<!siglo )X{2,4}(?![\w\^'ᵀ]| century| siglo)"
    r"|\bYYYY\b|\bAAAA-MM\b|[Ll]orem ipsum"
    r"|(?:[:=]|≈)\s*(?:null|None|NaN|nan)\b|\b(?:null|None|NaN|nan) (?:orders?|[oó]rdenes)\b"
    r"|\[\s*\.{3}\s*\]"
    r"|\[(?:[Yy]our|[Tt]u|[Ii]nsert|[Ff]ill|[Cc]omplet|[Rr]ellen|[Rr]espuesta|[Vv]alue|[Vv]alor"
    r"|[Nn]umber|[Nn][uú]mero|[Aa]nswer)[^\]]{0,80}\]"
    r"|<(?:your|tu|insert|value|valor|number|n[uú]mero|answer|respuesta)\b[^>]{0,60}>",
)
LETTER = re.compile(
    r"\b(?P<letter>[NM]) (?:orders?|[oó]rdenes)\b|\b(?:decays? by|decae) (?P<by>[NM])\b(?!\s*[=≈(])"
)
GIVEN = r"(?<!\w){}(?:\s*\([^()]{{0,40}}\)|\s+and\s+M|\s+y\s+M)?\s*(?:=|≈|~|:|is|are|es|son)"


def placeholders(sentences: Sequence[Sentence]) -> tuple[Sentence, ...]:
    """Return the sentences in which something was left to be filled in.

    The lab's letters N and M are none where the text gives them a value anywhere.

    Parameters
    ----------
    sentences : sequence of Sentence
        From `sentences.plain_sentences`.
    """
    whole = " ".join(sentence.text for sentence in sentences)
    open_letters = {
        letter
        for letter in "NM"
        if not re.search(GIVEN.format(letter), whole)
        and not (letter == "M" and re.search(GIVEN.format("N"), whole) and "and M" in whole)
    }
    return tuple(
        s
        for s in sentences
        if not s.is_code and (UNFILLED.search(s.text) or _open(s, open_letters))
    )


def _open(sentence: Sentence, letters: set[str]) -> bool:
    return any((m["letter"] or m["by"]) in letters for m in LETTER.finditer(sentence.text))
