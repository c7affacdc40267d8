"""Right submissions whose decay.json, manifest or README looks different."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

from grader.corpus import readmes
from grader.corpus.gradient_cases import PASSED, right_case
from grader.corpus.model import Case, Document, Edit, Folder
from grader.corpus.papers import Numbers, Papers
from grader.corpus.styles import STYLES, columns, concat, fused, rows

CLASSES_DUMP = '(OUT / "decay.json").write_text(json.dumps(norms, indent=2))'
LAYERS_DUMP = '(ROOT / "decay.json").write_text(json.dumps(table, indent=1))'
COLUMNS_DOC = (
    'doc = {"schema_version": 1, "rnn": curves["rnn"], "gru": curves["gru"], "g_T": g_last}'
)
CONCAT_DUMP = "json.dump(result, fh)"
FUSED_DUMP = "json.dumps({k: list(map(float, v[:-1])) for k, v in g.items()})"

FORMS: dict[str, tuple[str, str, Edit]] = {
    "aliases": (
        "rows",
        "the keys are vanilla and GRU",
        (rows.RECORD, "json.dump({'vanilla': list(rnn[:steps]), 'GRU': list(gru[:steps])}, f)"),
    ),
    "aliases-grad-norms": (
        "fused",
        "the keys are grad_norms_rnn and grad_norms_gru",
        (FUSED_DUMP, FUSED_DUMP.replace("{k:", '{"grad_norms_" + k:')),
    ),
    "nested": (
        "columns",
        "each curve one level down, beside its label",
        (COLUMNS_DOC, 'doc = {k: {"norms": v, "label": k.upper()} for k, v in curves.items()}'),
    ),
    "under-one-key": (
        "layers",
        "both curves under gradient_norms",
        (LAYERS_DUMP, LAYERS_DUMP.replace("table,", '{"gradient_norms": table},')),
    ),
    "records": (
        "concat",
        "a list of records with t, rnn and gru",
        (
            CONCAT_DUMP,
            'json.dump([{"t": t, "rnn": result["rnn"][t], "gru": result["gru"][t]}'
            " for t in range(STEPS)], fh)",
        ),
    ),
    "index-keys": (
        "classes",
        "each curve a dict keyed by the time step",
        (
            CLASSES_DUMP,
            CLASSES_DUMP.replace("norms,", "{k: dict(enumerate(v)) for k, v in norms.items()},"),
        ),
    ),
    "51-entries": (
        "rows",
        "g_0 ... g_50, the head gradient included",
        (rows.RECORD, rows.RECORD.replace("[:steps]", "")),
    ),
    "lstm-too": (
        "rows",
        "a third curve, for an LSTM",
        (rows.RECORD, rows.RECORD.replace("}, f)", ", 'lstm': list(0.9 * gru[:steps])}, f)")),
    ),
    "six-digits": (
        "columns",
        "values rounded to six significant digits",
        (columns.CURVES, 'curves[kind], g_last[kind] = [float(f"{v:.6g}") for v in g[:T]], g[T]'),
    ),
    "steps-back": (
        "layers",
        "stored from the last step back, and the key steps_back says so",
        (
            LAYERS_DUMP,
            LAYERS_DUMP.replace(
                "table,",
                '{"steps_back": list(range(1, 51)),'
                ' "rnn": table["rnn"][::-1], "gru": table["gru"][::-1]},',
            ),
        ),
    ),
    "extra-keys": (
        "classes",
        "time steps, logarithms, a normalised copy and a note beside the two curves",
        (
            CLASSES_DUMP,
            CLASSES_DUMP.replace(
                "norms,",
                '{"timesteps": list(range(50)), **norms, "note": "L2 norms",'
                ' "log10_rnn": np.log10(norms["rnn"]).tolist(),'
                ' "rnn_normalised": (np.array(norms["rnn"]) / norms["rnn"][-1]).tolist()},',
            ),
        ),
    ),
}


def _form(name: str) -> Case:
    style, description, edit = FORMS[name]
    base = right_case(STYLES[style])
    edits = (("bptt_norm.py", edit),)
    return replace(
        base,
        name=f"decay-{name}",
        description=f"decay.json: {description}",
        edits=edits,
        numbers_from=base,
    )


def edit_manifest(change: Callable[[Document], object]) -> Callable[[Folder], None]:
    """Return a change that loads the manifest, hands it to a function and writes it back."""

    def apply(folder: Folder) -> None:
        doc = json.loads(folder.read("manifest.json"))
        change(doc)
        folder.write("manifest.json", json.dumps(doc, indent=2))

    return apply


def _negate(doc: Document) -> None:
    for kind in ("rnn", "gru"):
        doc["results_summary"][f"{kind}_orders_of_decay_per_10steps"] *= -1


def _enrich(doc: Document) -> None:
    doc |= {"author": "A. Student", "git_commit": "0000000"}
    doc["config"] |= {"vocab_size": 9, "d_embed": 16, "gate_bias": -2.0}
    doc["results_summary"]["update_gate_mean"] = 0.13


def _lower_option(doc: Document) -> None:
    doc["config"]["synthetic_target"] = "option a (pronouns)"


MANIFESTS: dict[str, tuple[str, Papers, Callable[[Document], object] | None]] = {
    "python-x": ('the version is given as "3.11.x"', Papers(python="3.11.x"), None),
    "date-time": ("an ISO date-time", Papers(date="2026-03-14T18:05:09+01:00"), None),
    "orders-n-over-5": ("definition (b): N / 5", Papers(orders=Numbers.per_fifth), None),
    "orders-from-head": ("definition (c): from g_50", Papers(orders=Numbers.from_head), None),
    "orders-slope": ("definition (d): least squares", Papers(orders=Numbers.by_slope), None),
    "orders-decades": ("definition (e): ten-step means", Papers(orders=Numbers.by_decades), None),
    "orders-two-digits": ("orders rounded to two decimals", Papers(digits=2), None),
    "orders-negative": ("both orders negative, as slopes towards t = 0", Papers(), _negate),
    "extra-keys": ("more keys than the lab asks for", Papers(), _enrich),
    "option-lower-case": ("the option in lower case, with a remark", Papers(), _lower_option),
    "rho-estimate": (
        "sigma sqrt(d), called an estimate in manifest and README",
        Papers(rho=lambda _: 0.566, readme=readmes.estimated),
        lambda doc: doc["results_summary"].update(
            spectral_radius_note="estimate: sigma * sqrt(d), not computed from eigenvalues"
        ),
    ),
}
READMES = {
    "spanish": ("Spanish, decimal commas, U+2212 and superscripts", readmes.spanish),
    "latex": ("LaTeX powers, a range, almost-equal signs", readmes.latex),
    "conditional": ("quotes the lab's conditional 1e-15", readmes.conditional),
    "other-runs": ("theory, a condition and other experiments beside the own", readmes.other_runs),
    "terse": ("one sentence for each question, no headings", readmes.terse),
    "in-words": ("the totals are in words", readmes.in_words),
}


def _manifest(name: str) -> Case:
    description, papers, change = MANIFESTS[name]
    changes = (edit_manifest(change),) if change else ()
    return Case(
        f"manifest-{name}",
        f"manifest.json: {description}",
        columns.STYLE,
        PASSED,
        papers=papers,
        changes=changes,
    )


def _readme(name: str) -> Case:
    description, readme = READMES[name]
    style = (columns if name in {"in-words", "conditional"} else fused).STYLE
    return Case(
        f"readme-{name}",
        f"README.md: {description}",
        style,
        PASSED,
        papers=Papers(readme=readme),
    )


def _lower_case_name(folder: Folder) -> None:
    (folder.path / "README.md").rename(folder.path / "readme.md")


def _windows(folder: Folder) -> None:
    for name in ("README.md", "manifest.json"):
        text = folder.read(name).replace("\n", "\r\n").encode()
        (folder.path / name).write_bytes(b"\xef\xbb\xbf" * (name == "README.md") + text)


def cases() -> list[Case]:
    """Return the right submissions of this module."""
    odd = [
        Case(
            "readme-lower-case-name",
            "the file is called readme.md",
            rows.STYLE,
            PASSED,
            changes=(_lower_case_name,),
        ),
        Case(
            "documents-from-windows",
            "CRLF line ends, and a byte-order mark before the README",
            concat.STYLE,
            PASSED,
            changes=(_windows,),
        ),
    ]
    return [
        *map(_form, FORMS),
        *map(_manifest, MANIFESTS),
        *map(_readme, READMES),
        *odd,
    ]
