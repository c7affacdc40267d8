"""Submissions whose manifest or README is wrong, and nothing else."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from grader.corpus.model import Case, Change, Document, Expectation, Folder
from grader.corpus.papers import Numbers, Papers, english
from grader.corpus.right_documents import edit_manifest
from grader.corpus.styles import columns


def fails(*codes: str, verdict: str | None = None) -> Expectation:
    """Return the expectation that these checks fail."""
    return Expectation(verdict, frozenset(codes))


def one_of(*codes: str, verdict: str | None = None) -> Expectation:
    """Return the expectation that at least one of these checks fails."""
    return Expectation(verdict, any_of=frozenset(codes))


ORDERS = fails("manifest.orders")
RADIUS = fails("manifest.radius")
CONFIG = fails("manifest.config")
NULLS = one_of("manifest.schema", "manifest.orders", verdict="not_passed")


def _per_step(numbers: Numbers, kind: str) -> float:
    return numbers.per_ten(kind) / 10


def _ratio(numbers: Numbers, kind: str) -> float:
    return 10 ** numbers.per_ten(kind)


def _mixed(numbers: Numbers, kind: str) -> float:
    return numbers.per_ten(kind) * (-1 if kind == "rnn" else 1)


def _swapped(numbers: Numbers, kind: str) -> float:
    return numbers.per_ten("gru" if kind == "rnn" else "rnn")


WRONG_ORDERS: dict[str, tuple[str, Callable[[Numbers, str], float]]] = {
    "natural-log": ("ln in place of log10", lambda n, k: n.per_ten(k) * math.log(10)),
    "per-fifty": ("orders over all fifty steps", Numbers.orders),
    "per-step": ("orders per single step", _per_step),
    "ratio": ("the ratio itself, not its logarithm", _ratio),
    "mixed-sign": ("the RNN negative, the GRU positive", _mixed),
    "swapped": ("the values of the two nets changed places", _swapped),
    "invented": ("3.5 and 1.1, from nowhere", lambda _n, k: 3.5 if k == "rnn" else 1.1),
}
DECLARED: dict[str, tuple[str, Any, str]] = {
    "length-100": ("length", 100, "a sequence length of 100"),
    "d-hidden-64": ("d_hidden", 64, "d_hidden 64 where the code has 32"),
}
RADII: dict[str, tuple[str, float]] = {
    "spectral-norm": ("the largest singular value in place of rho", 1.0799),
    "frobenius": ("the Frobenius norm in place of rho", 3.2018),
    "from-variance": ("the radius of a matrix with variance 0.1", 1.86),
}


def _drop(*path: str) -> Callable[[Document], object]:
    def change(doc: Document) -> None:
        for key in path[:-1]:
            doc = doc[key]
        del doc[path[-1]]

    return change


def _nulls(doc: Document) -> None:
    doc["results_summary"] = dict.fromkeys(doc["results_summary"])


def _one_null(doc: Document) -> None:
    doc["results_summary"]["gru_orders_of_decay_per_10steps"] = None


def _orders_as_text(doc: Document) -> None:
    doc["results_summary"]["rnn_orders_of_decay_per_10steps"] = "fast"


def _radius(value: float) -> Change:
    """Return a change of the quoted radius."""

    def change(doc: Document) -> None:
        doc["results_summary"]["rnn_spectral_radius_W_hh"] = value

    return edit_manifest(change)


EDITED: dict[str, tuple[str, Expectation, Callable[[Document], object]]] = {
    "nulls": ("null left in results_summary", NULLS, _nulls),
    "one-null": ("null left for the GRU", NULLS, _one_null),
    "orders-as-text": ("a word in place of a number", NULLS, _orders_as_text),
    "no-summary": ("no results_summary", NULLS, _drop("results_summary")),
    "date-placeholder": (
        "YYYY-MM-DD left in place",
        fails("manifest.schema"),
        lambda doc: doc.update(date="YYYY-MM-DD"),
    ),
    "numpy-placeholder": (
        "X.Y.Z left in place",
        fails("manifest.schema"),
        lambda doc: doc["versions"].update(numpy="X.Y.Z"),
    ),
    "no-versions": ("no versions", fails("manifest.schema"), _drop("versions")),
    "no-seed": ("no seed", fails("manifest.schema"), _drop("seed")),
    "no-d-hidden": ("no d_hidden", fails("manifest.schema"), _drop("config", "d_hidden")),
}


def _not_json(folder: Folder) -> None:
    folder.edit("manifest.json", ('"versions"', "versions"))


def removed(name: str) -> Change:
    """Return a change that takes one file away."""
    return lambda folder: (folder.path / name).unlink()


def _manifests() -> list[Case]:
    papers = {f"orders-{n}": (s, ORDERS, Papers(orders=f)) for n, (s, f) in WRONG_ORDERS.items()}
    papers |= {
        name: (said, CONFIG, Papers(declared=((key, value),)))
        for name, (key, value, said) in DECLARED.items()
    }
    cases = [
        Case(f"manifest-{name}", f"manifest.json: {said}", columns.STYLE, expect, papers=form)
        for name, (said, expect, form) in papers.items()
    ]
    changed = {name: (said, expect, edit_manifest(f)) for name, (said, expect, f) in EDITED.items()}
    for name, (said, value) in RADII.items():
        change = _radius(value)
        changed[f"rho-{name}"] = (said, RADIUS, change)
    missing = fails("files.present", verdict="not_passed")
    broken = one_of("manifest.readable", "files.readable", verdict="not_passed")
    changed["not-json"] = ("a key without quotes", broken, _not_json)
    seed = one_of("manifest.config", "gradient.recorded")
    other_seed = edit_manifest(lambda doc: doc.update(seed=7))
    changed["seed-7"] = ("seed 7 where the code has 42", seed, other_seed)
    changed["missing"] = ("the file is not there", missing, removed("manifest.json"))
    return cases + [
        Case(f"manifest-{name}", f"manifest.json: {said}", columns.STYLE, expect, changes=(change,))
        for name, (said, expect, change) in changed.items()
    ]


def _without(start: str, end: str) -> Callable[[Numbers, int], str]:
    """Return the plain README without one of its answers."""

    def readme(numbers: Numbers, seed: int) -> str:
        before, _, rest = english(numbers, seed).partition(start)
        return before + (end + rest.partition(end)[2] if end else "")

    return readme


def _literal(numbers: Numbers, seed: int) -> str:
    text = english(numbers, seed)
    n, m = numbers.orders("rnn"), numbers.orders("gru")
    text = text.replace(f"decays by {n:.1f} orders", "decays by N orders")
    return text.replace(f"decays by\n{m:.1f} ", "decays by\nM ")


def _other_numbers(numbers: Numbers, seed: int) -> str:
    text = english(numbers, seed).replace(f"{numbers.orders('rnn'):.1f} orders", "7.4 orders")
    return text.replace(f"{numbers.per_ten('rnn'):.2f} orders", "1.51 orders")


def _template(_numbers: Numbers, _seed: int) -> str:
    return (
        "# Lab 14\n\nThe vanilla RNN gradient decays by [N] orders of magnitude over 50 steps;\n"
        "GRU decays by [M].\n\n1. Vanilla RNN decay rate: TODO\n2. GRU decay rate: TODO\n"
        "3. Practical implication: TODO\n4. Why this motivates attention: TODO\n"
    )


def _no_gru_rate(numbers: Numbers, seed: int) -> str:
    text = _without("**2.", "**3.")(numbers, seed)
    return text.replace(f"; the GRU decays by\n{numbers.orders('gru'):.1f} (", "\n(")


QUESTIONS = fails("readme.questions", verdict="not_passed")
NUMBERS = fails("readme.numbers")
PLACEHOLDERS = one_of("readme.numbers", "readme.questions")
READMES: dict[str, tuple[str, Expectation, Callable[[Numbers, int], str]]] = {
    "no-rnn-rate": (
        "question 1 is not answered",
        QUESTIONS,
        _without("The vanilla RNN gradient", "**2."),
    ),
    "no-gru-rate": (
        "question 2 is not answered",
        QUESTIONS,
        _no_gru_rate,
    ),
    "no-implication": ("question 3 is not answered", QUESTIONS, _without("**3.", "**4.")),
    "no-attention": ("question 4 is not answered", QUESTIONS, _without("**4.", "")),
    "template": ("the questions with TODO for answers", QUESTIONS, _template),
    "empty": (
        "an empty file",
        one_of("readme.questions", "files.readable", verdict="not_passed"),
        lambda _n, _s: "",
    ),
    "literal-n-and-m": ("the letters N and M in place of numbers", PLACEHOLDERS, _literal),
    "explodes": (
        "the text says that the gradients explode",
        NUMBERS,
        lambda n, seed: english(n, seed) + "\nIn our run the gradients explode.\n",
    ),
    "faster-gru": (
        "the text says that the GRU decays faster",
        NUMBERS,
        lambda n, seed: english(n, seed) + "\nThe GRU decays faster than the vanilla RNN.\n",
    ),
    "other-numbers": ("7.4 orders where decay.json has 13", NUMBERS, _other_numbers),
}


def _readmes() -> list[Case]:
    missing = fails("files.present", verdict="not_passed")
    gone = Case(
        "readme-missing",
        "README.md is not there",
        columns.STYLE,
        missing,
        changes=(removed("README.md"),),
    )
    return [gone] + [
        Case(
            f"readme-{name}",
            f"README.md: {said}",
            columns.STYLE,
            expect,
            papers=Papers(readme=form),
        )
        for name, (said, expect, form) in READMES.items()
    ]


def cases() -> list[Case]:
    """Return the wrong submissions of this module."""
    return [*_manifests(), *_readmes()]
