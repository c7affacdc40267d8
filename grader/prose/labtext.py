"""Which sentences are the lab's own: by fingerprints of its four questions, not by their words."""

from __future__ import annotations

import base64
import hashlib
import re

SHINGLE = 5
LEAST_COPIED = 8
"""Words; shorter sentences are anybody's."""

COPIED = 0.8
"""Share of a sentence's words in runs of five that stand in the lab."""

DIGEST = 4
FINGERPRINTS = base64.b85decode(
    b"04qK?0EVC00ik@+1XmJz2DV7f2y(pd2>5QC31Oxj3C04`3ReAv3(3jR46^0i4Lo8W4s_if5T-i^5hgV45oVEa65F"
    b")46sdV~7jQVx7zQ+`889_m8BeC;8v)i@9B`_W9YQ079egf-AESAdAodQ5AyKAJB3G7SB_3*(C$~V5DYQ}$EP5NSE"
    b"W-@rEY<l5E@Q?UF^J2OGYS`gGmjk_GpjAGHGjs<Hx%@5H={4VH~&u!IF?PVI@%T^JUK}LK!jhtLLZoTLa7}OLr(^"
    b"ZL{IfuM*|EwM<Zl|Pv08#Q9OxcR406%T2g)HTCq)rTeGRAT?=!MT{HfuUtxigU?W*gVUj>VW3y3-W?%lkY0BbUYD"
    b"@0eY>|YtZa$0Ya5WvEa9kNraEwx1aVa$zbh&R}brfp8buhiUb)>NRcu9~8c*fq#c@}Sodp~+pfc>%JfdkSYgrqRr"
    b"iohxyixI4^i!HeHj32D&j!5a*mX4Szm_CU=n8de}ner}on_B=|oF)e@pT=LZplD;lpz^?hp#@etq5X)Mqa%R_rDZ"
    b"AUr~yr1s5?<0s!H6uth;N^t=1|CuJUjjvd5IXwHs8$wuI`Mw#i>hw(U6nxK>Ley`k)IzRkAfzkd7_z%v9^!4Z$A!"
    b"g;kO!y0~M#QBRU#l~J5$%j=A&<85>&=q|I&{(lV)?4fC*W(M+;FGJq<Nky^<Yf_<=SH;<>n3P4>y|sX?J~*w?fgd"
    b"p?yEnE?zQbi@EZ{P@;XRm^(Ovb_Qru%_r!!K_xurQ`hTS${JXEo{n5Yq{(Nha"
)
"""BLAKE2b, four bytes each, of every five words in a row of block D's questions and of the lab's
goal, in lower case and one space apart. The fact that question 3 asks to have stated is left out:
whoever states it has answered."""

KNOWN = frozenset(
    FINGERPRINTS[start : start + DIGEST] for start in range(0, len(FINGERPRINTS), DIGEST)
)


def fingerprint(words: list[str]) -> bytes:
    """Return the fingerprint of five words."""
    return hashlib.blake2b(" ".join(words).encode(), digest_size=DIGEST).digest()


def copied_share(text: str) -> float:
    """Return the share of a text's words that stand in runs of five with the lab's own."""
    words = re.findall(r"\w+", text.lower())
    covered: set[int] = set()
    for start in range(len(words) - SHINGLE + 1):
        if fingerprint(words[start : start + SHINGLE]) in KNOWN:
            covered.update(range(start, start + SHINGLE))
    return len(covered) / len(words) if words else 0.0


def is_copied(text: str) -> bool:
    """Say whether at least four fifths of a sentence stand in the lab's questions word for word."""
    return len(re.findall(r"\w+", text)) >= LEAST_COPIED and copied_share(text) >= COPIED
