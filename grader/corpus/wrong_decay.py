"""Submissions whose committed decay.json is damaged, edited or invented, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable

from grader.corpus.model import Case, Change, Document, Expectation, Folder, Style
from grader.corpus.styles import columns, concat, rows

UNREADABLE = Expectation(
    "not_passed", any_of=frozenset({"decay.readable", "decay.schema", "files.readable"})
)
SCHEMA = Expectation("not_passed", any_of=frozenset({"decay.readable", "decay.schema"}))
EDITED = Expectation(
    "not_passed",
    frozenset({"rerun.reproduces"}),
    notes="the code is right; the recorded list is not the norms of its gradient",
)


def edit_decay(change: Callable[[Document], Document | None]) -> Change:
    """Return a change to the parsed document; None means that it was changed in place."""

    def apply(folder: Folder) -> None:
        doc = json.loads(folder.read("decay.json"))
        folder.write("decay.json", json.dumps(change(doc) or doc))

    return apply


def edit_text(change: Callable[[str], str]) -> Change:
    """Return a change to the text of decay.json."""

    def apply(folder: Folder) -> None:
        folder.write("decay.json", change(folder.read("decay.json")))

    return apply


def then_papers(change: Change) -> Change:
    """Return a change after which manifest and README are brought into line again."""

    def apply(folder: Folder) -> None:
        change(folder)
        folder.rewrite_papers()

    return apply


def set_entry(kind: str, t: int, value: object) -> Change:
    """Return a change of one entry."""

    def change(doc: Document) -> None:
        doc[kind][t] = value

    return edit_decay(change)


def _extended(doc: Document) -> Document:
    return {kind: [*doc[kind], doc[kind][-1] * 1.2, doc[kind][-1] * 1.4] for kind in ("rnn", "gru")}


def _cut(count: int) -> Change:
    return edit_decay(lambda doc: {kind: doc[kind][:count] for kind in ("rnn", "gru")})


def _tail_dropped(doc: Document) -> Document:
    return {"rnn": doc["rnn"], "gru": doc["gru"][:-1]}


def _duplicate(text: str) -> str:
    other = [1e-3 * 1.1**t for t in range(50)]
    return text.rstrip().removesuffix("}") + f', "rnn": {json.dumps(other)}}}'


def _as_strings(doc: Document) -> Document:
    return {kind: [str(g) for g in doc[kind]] for kind in ("rnn", "gru")}


def _as_numpy_strings(doc: Document) -> Document:
    return {kind: [f"np.float64({g!r})" for g in doc[kind]] for kind in ("rnn", "gru")}


def _single_quotes(text: str) -> str:
    return text.replace('"', "'")


def _directory(folder: Folder) -> None:
    (folder.path / "decay.json").unlink()
    (folder.path / "decay.json").mkdir()


def _padded(text: str) -> str:
    """Return the same document with 64 MiB of blanks before its end."""
    return text.rstrip().removesuffix("}") + " " * 2**26 + "}"


DAMAGED: dict[str, tuple[str, Expectation, Change]] = {
    "nan": ("a NaN at rnn[12]", SCHEMA, set_entry("rnn", 12, float("nan"))),
    "infinity": ("an Infinity at gru[3]", SCHEMA, set_entry("gru", 3, float("inf"))),
    "null": ("a null at rnn[0]", SCHEMA, set_entry("rnn", 0, None)),
    "zero": ("an exact zero at rnn[0]", SCHEMA, set_entry("rnn", 0, 0.0)),
    "negative": ("a negative norm at rnn[20]", SCHEMA, set_entry("rnn", 20, -1e-8)),
    "boolean": ("true in place of a number", SCHEMA, set_entry("gru", 7, value=True)),
    "48-entries": ("48 entries in each list", SCHEMA, _cut(48)),
    "49-entries": ("49 entries in each list", SCHEMA, _cut(49)),
    "49-in-one": ("49 entries for the GRU only", SCHEMA, edit_decay(_tail_dropped)),
    "52-entries": ("52 entries in each list", SCHEMA, edit_decay(_extended)),
    "strings": ("numbers in quotes", SCHEMA, edit_decay(_as_strings)),
    "numpy-strings": ("np.float64(...) in quotes", SCHEMA, edit_decay(_as_numpy_strings)),
    "gru-missing": ("no curve for the GRU", SCHEMA, edit_decay(lambda doc: {"rnn": doc["rnn"]})),
    "unnamed": (
        "two lists under the names a and b, either of which may be the RNN",
        SCHEMA,
        edit_decay(lambda doc: {"a": doc["rnn"], "b": doc["gru"]}),
    ),
    "duplicate-key": (
        "the key rnn twice, with different lists",
        Expectation("not_passed", any_of=UNREADABLE.any_of, or_verdict="not_verified"),
        edit_text(_duplicate),
    ),
    "truncated": ("the file ends in the middle", UNREADABLE, edit_text(lambda s: s[: len(s) // 2])),
    "single-quotes": ("the repr of a dict", UNREADABLE, edit_text(_single_quotes)),
    "empty": ("an empty file", UNREADABLE, edit_text(lambda _: "")),
    "scalar": ("valid JSON, but one number", SCHEMA, edit_text(lambda _: "42")),
    "directory": ("a directory of that name", UNREADABLE, _directory),
    "64-mib": ("64 MiB of blanks in it", UNREADABLE, edit_text(_padded)),
    "missing": (
        "the file is not there",
        Expectation("not_passed", frozenset({"files.present"})),
        lambda folder: (folder.path / "decay.json").unlink(),
    ),
}


def _scaled(doc: Document) -> None:
    doc["rnn"] = [g * 0.5 for g in doc["rnn"]]


def _straight(doc: Document) -> Document:
    rnn = [doc["rnn"][-1] * 10 ** (-0.25 * (49 - t)) for t in range(50)]
    gru = [doc["gru"][-1] * 10 ** (-0.04 * (49 - t)) for t in range(50)]
    return {"rnn": rnn, "gru": gru}


def _one_bent(doc: Document) -> None:
    doc["rnn"][10] *= 1.5


def _from(style: Style, old: str, new: str) -> Change:
    """Return the list that the same code gives with another seed."""
    other = Case("other", "", style, EDITED, edits=(("bptt_norm.py", (old, new)),))

    def apply(folder: Folder) -> None:
        (folder.path / "decay.json").write_bytes(other.built().files["decay.json"])

    return apply


HAND_MADE: dict[str, tuple[Style, str, Change]] = {
    "halved": (columns.STYLE, "the RNN's list multiplied by 0.5", edit_decay(_scaled)),
    "one-entry": (rows.STYLE, "one entry of fifty is 1.5 times too large", edit_decay(_one_bent)),
    "straight": (concat.STYLE, "two straight lines in place of the run", edit_decay(_straight)),
    "another-seed": (
        columns.STYLE,
        "the lists are those of seed 43, the script and the manifest say 42",
        _from(columns.STYLE, "SEED = 42", "SEED = 43"),
    ),
    "another-bias": (
        rows.STYLE,
        "the lists were made with gate bias +3, the script says +2",
        _from(rows.STYLE, "2.0 * np.ones", "3.0 * np.ones"),
    ),
}


def cases() -> list[Case]:
    """Return the wrong submissions of this module."""
    damaged = [
        Case(f"decay-{name}", f"decay.json: {said}", rows.STYLE, expect, changes=(change,))
        for name, (said, expect, change) in DAMAGED.items()
    ]
    edited = [
        Case(f"decay-by-hand-{name}", said, style, EDITED, changes=(then_papers(change),))
        for name, (style, said, change) in HAND_MADE.items()
    ]
    return damaged + edited
