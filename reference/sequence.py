"""The synthetic task: fifty tokens and a target that depends on the first of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reference.arrays import Array

SEPARATOR = ","
AGREEMENT = {
    "I": "work",
    "you": "work",
    "he": "works",
    "she": "works",
    "it": "works",
    "we": "work",
    "they": "work",
}
"""The verb form each pronoun agrees with."""

_OTHER_WORDS = (
    "am are is was were be do does did have has had go goes went see sees saw eat eats ate read "
    "reads write writes wrote sleep sleeps slept run runs ran speak speaks spoke learn learns "
    "learned the a and not here there now then today always never often well much home late"
)
VOCABULARY: tuple[str, ...] = (SEPARATOR, *AGREEMENT, "work", "works", *_OTHER_WORDS.split())
"""Sixty-four words; those of the chain come first, so that a smaller vocabulary still holds it."""

CHAIN_WORDS = 1 + len(AGREEMENT) + 2
"""How many words of the vocabulary Option A needs."""


@dataclass(frozen=True)
class TokenSequence:
    """A token sequence and its target.

    Parameters
    ----------
    ids : ndarray of int, shape (T,)
        x_1 … x_T as indices into the vocabulary.
    target : int
        Index of the token to predict from h_T.
    """

    ids: Array
    target: int


def option_a(length: int = 50, pronouns: tuple[str, ...] = ("I", "you")) -> TokenSequence:
    """Build "I work , you work , …"; the target is the verb form the first pronoun agrees with.

    Parameters
    ----------
    length : int
        Number of tokens T.
    pronouns : tuple of str
        Pronouns in turn, repeated until the sequence is full.

    Returns
    -------
    TokenSequence
        Identifiers and target.

    Raises
    ------
    ValueError
        For a length below 1 or a word that is no pronoun of the vocabulary.
    """
    _require_length(length)
    unknown = [word for word in pronouns if word not in AGREEMENT]
    if unknown or not pronouns:
        raise ValueError(f"pronouns must be some of {', '.join(AGREEMENT)}; got {unknown}")
    words = [word for p in pronouns for word in (p, AGREEMENT[p], SEPARATOR)]
    ids = np.array([VOCABULARY.index(word) for word in words], dtype=np.int64)
    return TokenSequence(np.resize(ids, length), VOCABULARY.index(AGREEMENT[pronouns[0]]))


def option_b(
    seed: int, length: int = 50, vocabulary: int = len(VOCABULARY), target: int = 0
) -> TokenSequence:
    """Draw random identifiers; the target is fixed.

    Parameters
    ----------
    seed : int
        Seed of the draw.
    length : int
        Number of tokens T.
    vocabulary : int
        Identifiers are drawn from 0 … vocabulary - 1.
    target : int
        The fixed target.

    Returns
    -------
    TokenSequence
        Identifiers and target.

    Raises
    ------
    ValueError
        For a length below 1 or a target outside the vocabulary.
    """
    _require_length(length)
    if not 0 <= target < vocabulary:
        raise ValueError(f"target must be in 0 … {vocabulary - 1}; got {target}")
    ids = np.random.default_rng(seed).integers(vocabulary, size=length)
    return TokenSequence(ids, target)


def _require_length(length: int) -> None:
    if length < 1:
        raise ValueError(f"a sequence needs at least one token; got length {length}")
