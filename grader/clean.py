"""Strings from a submission are hostile wherever they are shown; here they become harmless.

Facts: a terminal obeys escape sequences, bidirectional controls reorder what a person reads, and
combining marks can cover the lines above (Unicode TR 36, section 2; CVE-2021-42574).
"""

from __future__ import annotations

import unicodedata

LIMIT = 300


def printable(text: str, limit: int = LIMIT) -> str:
    r"""Return `text` as one line of printable characters, at most `limit` of them.

    Control, format, surrogate and unassigned characters become `\u{…}`; of a run of combining
    marks the first stays.
    """
    out: list[str] = []
    combining = False
    for character in text[:limit]:
        category = unicodedata.category(character)
        repeated_mark = category in ("Mn", "Me") and combining
        if character == " " or (category[0] in "LNPSM" and not repeated_mark):
            out.append(character)
        else:
            out.append(f"\\u{{{ord(character):x}}}")
        combining = category in ("Mn", "Me")
    return "".join(out) + ("…" if len(text) > limit else "")
