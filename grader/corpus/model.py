"""What a case is: a submission folder that can be written anywhere, and what must be said of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from grader.corpus.build import Built, build
from grader.corpus.papers import Numbers, Papers, numbers_of, write_papers

SUBMISSIONS = Path(__file__).parent / "styles" / "submissions"
FOLDER = "experiments/14-vanishing-grad"

Edit = tuple[str, str]
"""An exact replacement, old -> new, that must apply exactly once."""


@dataclass(frozen=True)
class Expectation:
    """What a grader must say: a verdict (None where the contract leaves it open) and check codes.

    ``codes`` must all be among the failing checks (fail, partial or student-error); of ``any_of``
    at least one must be; none of ``absent`` may be. ``or_verdict`` is a second verdict that the
    contract allows, depending on how far the evidence reaches.
    """

    verdict: str | None
    codes: frozenset[str] = frozenset()
    any_of: frozenset[str] = frozenset()
    absent: frozenset[str] = frozenset()
    or_verdict: str | None = None
    notes: str = ""

    def allows(self, verdict: str) -> bool:
        """Tell whether a verdict agrees with this expectation."""
        return self.verdict is None or verdict in {self.verdict, self.or_verdict}


@dataclass(frozen=True)
class Style:
    """One hand: where its source is, and what its manifest declares."""

    name: str
    has_functions: bool = True
    option: str = "Option B"
    d_hidden: int = 32
    scale: float = 0.1
    seed: int = 42
    siblings: tuple[tuple[str, str], ...] = ()

    def sources(self) -> dict[str, str]:
        """Return the student's files as path (relative to the submission folder) -> text."""
        moved = dict(self.siblings)
        return {
            moved.get(path.name, path.name): self._seeded(path.read_text(encoding="utf-8"))
            for path in sorted((SUBMISSIONS / self.name).glob("*.py"))
        }

    def _seeded(self, text: str) -> str:
        """Return a source with this hand's seed in place of the lab's 42."""
        return re.sub(r"\b42\b", str(self.seed), text)


@dataclass(frozen=True)
class Folder:
    """A written submission, as the changes that come after the run see it."""

    path: Path
    papers: Papers
    rho: float

    def read(self, name: str) -> str:
        """Return the text of one file."""
        return (self.path / name).read_text(encoding="utf-8")

    def write(self, name: str, text: str) -> None:
        """Write the text of one file, creating its folder."""
        target = self.path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")

    def edit(self, name: str, *edits: Edit) -> None:
        """Apply exact replacements to one file."""
        self.write(name, apply(self.read(name), edits))

    def numbers(self) -> Numbers:
        """Return the committed curves and the measured spectral radius."""
        return numbers_of(self.read("decay.json"), self.rho)

    def rewrite_papers(self) -> None:
        """Bring manifest and README into line with the decay.json that lies there now."""
        write_papers(self.path, self.numbers(), self.papers)


Document = dict[str, Any]
"""A parsed decay.json or manifest.json."""

Change = Callable[[Folder], None]


def apply(text: str, edits: tuple[Edit, ...]) -> str:
    """Apply replacements in turn; raise ValueError where one does not apply exactly once."""
    for old, new in edits:
        if text.count(old) != 1:
            raise ValueError(f"applies {text.count(old)} times, not once: {old!r}")
        text = text.replace(old, new)
    return text


@dataclass(frozen=True)
class Case:
    """A submission with its expectation; nothing is run before it is written.

    ``edits`` change the source before the run that produces the artefacts, ``changes`` act on the
    finished folder. ``cwd`` is where the author stood: "folder" or "root" of the repository.
    The documents quote the numbers of ``numbers_from`` where decay.json has an uncommon form.
    """

    name: str
    description: str
    base: Style
    expect: Expectation
    edits: tuple[tuple[str, Edit], ...] = ()
    changes: tuple[Change, ...] = ()
    papers: Papers = field(default_factory=Papers)
    cwd: str = "folder"
    folder: str = FOLDER
    added: tuple[tuple[str, str], ...] = ()
    run: tuple[str, ...] = ("bptt_norm.py",)
    numbers_from: Case | None = None

    @property
    def style(self) -> str:
        """The name of the hand."""
        return self.base.name

    @property
    def has_functions(self) -> bool:
        """Whether the script offers the five functions."""
        return self.base.has_functions

    def sources(self) -> dict[str, str]:
        """Return the student's files as they were when the artefacts were produced."""
        texts = self.base.sources() | dict(self.added)
        for name, edit in self.edits:
            texts[name] = apply(texts[name], (edit,))
        return texts

    def built(self) -> Built:
        """Return what the student's own run wrote and printed (cached on disk)."""
        return build(self.sources(), self.run, self.cwd, self.folder)

    def numbers(self) -> Numbers:
        """Return the numbers that the documents quote."""
        if self.numbers_from is not None:
            return self.numbers_from.numbers()
        built = self.built()
        return numbers_of(built.files["decay.json"].decode(), built.rho)

    def write(self, directory: Path) -> Path:
        """Write the complete submission below a directory and return its folder."""
        built = self.built()
        path = directory / self.folder
        for name, text in self.sources().items():
            target = path / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
        for name, data in built.files.items():
            (path / name).write_bytes(data)
        declared: dict[str, Any] = {"option": self.base.option, "d_hidden": self.base.d_hidden}
        declared |= {"scale": self.base.scale, "seed": self.base.seed}
        papers = replace(self.papers, **(declared | dict(self.papers.declared)))
        folder = Folder(path, papers, self.numbers().rho)
        write_papers(path, self.numbers(), papers)
        for change in self.changes:
            change(folder)
        return path
