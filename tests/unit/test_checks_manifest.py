"""The checks of manifest.json: each slip is recognised by name, honest numbers pass."""

import copy
import json
import math
from pathlib import Path

import pytest

from grader.checks import manifest
from grader.facts import ForwardFacts, ProbeFacts
from grader.model import Decay, LoadedFile, Material, Outcome, Submission
from grader.reading.manifest import read_manifest
from grader.texts import LANGUAGES, catalogue

THRESHOLDS = {"orders_relative": 0.01, "radius_relative": 0.02}
D = 32
RHO = 0.58

# Slightly bent curves, so that every definition has a value of its own.
RNN = [10 ** (-11.5 + 0.23 * t - 2e-5 * (t - 15) ** 3) for t in range(51)]
GRU = [10 ** (-2.3 + 0.045 * t + 4e-6 * (t - 15) ** 3) for t in range(51)]


def total(curve, last=49):
    return math.log10(curve[last] / curve[0])


def slope(curve):
    weights = [(t - 24.5) / 10412.5 for t in range(50)]
    return sum(w * math.log10(g) for w, g in zip(weights, curve, strict=False))


DEFINITIONS = {
    "a": lambda curve: 10 * total(curve) / 49,
    "b": lambda curve: total(curve) / 5,
    "c": lambda curve: total(curve, 50) / 5,
    "d": lambda curve: 10 * slope(curve),
    "e": lambda curve: total(curve, 40) / 4,
}


def document(rnn=None, gru=None, rho=RHO, **changes):
    """Return a right manifest; keys of `changes` are paths with __ for the dot."""
    filled = {
        "experiment": "14-vanishing-grad",
        "date": "2026-11-22",
        "seed": 42,
        "config": {
            "sequence_length": 50,
            "d_hidden": D,
            "init_scale_W_hh": 0.1,
            "synthetic_target": "Option A",
        },
        "results_summary": {
            "rnn_orders_of_decay_per_10steps": DEFINITIONS["a"](RNN) if rnn is None else rnn,
            "gru_orders_of_decay_per_10steps": DEFINITIONS["a"](GRU) if gru is None else gru,
            "rnn_spectral_radius_W_hh": rho,
        },
        "versions": {"python": "3.11.x", "numpy": "2.1.3"},
    }
    for path, value in changes.items():
        *parents, leaf = path.split("__")
        node = filled
        for parent in parents:
            node = node[parent]
        node[leaf] = value
    return filled


def forward(**changes):
    facts = {
        "spectral_radius": RHO,
        "spectral_norm": 1.04,
        "frobenius_norm": 3.2,
        "weight_std": 0.1,
        **changes,
    }
    return ForwardFacts(
        recognised=True, model="", residual=0.0, tolerance=0.0, roles_found=True, **facts
    )


PROBE = {"rnn": ProbeFacts("probed", d_hidden=D, forward=forward())}


def decay(rnn=RNN, gru=GRU):
    curves = {"rnn": tuple(rnn[:50]), "gru": tuple(gru[:50])}
    half = dict.fromkeys(curves, (0.0,) * 50)
    return Decay({}, curves, half, {"rnn": rnn[50], "gru": gru[50]}, {}, {})


def material(source, probe=PROBE, curves=None, readme=""):
    text = source if isinstance(source, str) else json.dumps(source)
    file = LoadedFile("manifest.json", text.encode(), "")
    read, problems = read_manifest(file)
    submission = Submission(Path(), Path(), {"manifest.json": file}, {}, ())
    curves = curves or decay()
    return Material(submission, problems, curves, read, readme, THRESHOLDS, probe=probe)


def told(check, source, **more):
    """Return (kind, outcome) of every finding that is not a note naming the definition."""
    found = getattr(manifest, check)(material(source, **more))
    return [(f.kind, f.outcome) for f in found if f.kind != "definition"]


def kinds(check, source, **more):
    return [kind for kind, _ in told(check, source, **more)]


@pytest.mark.parametrize("check", ["readable", "schema", "orders", "radius", "config"])
def test_right_manifest_passes(check):
    assert told(check, document()) == []


@pytest.mark.parametrize("check", ["schema", "orders", "radius", "config"])
def test_check_is_quiet_without_a_manifest(check):
    assert told(check, "[]") == []


def test_absent_file_is_skipped_not_passed():
    submission = Submission(Path(), Path(), {}, {}, ())
    (finding,) = manifest.readable(Material(submission, (), None, None, None, {}))
    assert (finding.kind, finding.outcome) == ("not_read", Outcome.SKIPPED)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("[1]", "not_an_object"),
        ("{'seed': 42}", "key"),
        ('{"seed": NaN}', "not_finite"),
        ("{", "truncated"),
    ],
)
def test_readable_names_the_fault(text, kind):
    assert kinds("readable", text) == [kind]


SCHEMA = {
    "missing_key": ({"config": {}}, 4),
    "placeholder": ({"date": "YYYY-MM-DD", "versions": {"python": "3.11.x", "numpy": "X.Y.Z"}}, 2),
    "number_as_text": ({"seed": "42"}, 1),
    "wrong_type": ({"seed": 42.5}, 1),
    "bad_date": ({"date": "22/11/2026"}, 1),
    "bad_version": ({"versions__python": "three"}, 1),
    "bad_target": ({"config__synthetic_target": "Option C"}, 1),
    "bad_run": ({"run": ["../other.py"]}, 1),
    "empty": ({"experiment": ""}, 1),
    "out_of_range": ({"config__d_hidden": 0}, 1),
}


@pytest.mark.parametrize("kind", SCHEMA)
def test_schema_names_the_defect(kind):
    changes, count = SCHEMA[kind]
    assert kinds("schema", document(**changes)) == [kind] * count


def test_hostile_list_of_scripts_is_validated_in_bounded_time():
    mixed = [[index, str(index)] for index in range(15_000)]  # uniqueItems compares all pairs
    assert "bad_run" in kinds("schema", document(run=mixed))


@pytest.mark.parametrize(
    "changes",
    [
        {"date": "2026-11-22T18:30:00Z"},
        {"seed": 0},
        {"config__synthetic_target": "b"},
        {"run": ["bptt_norm.py", "gru.py"]},
        {"config__d_hidden": 1},
        {"note": None},
    ],
)
def test_near_right_manifest_meets_the_schema(changes):
    assert kinds("schema", document(**changes)) == []


def test_null_result_is_a_placeholder_and_fails_stop_condition_3():
    empty = document(results_summary__rnn_orders_of_decay_per_10steps=None)
    assert kinds("schema", empty) == ["placeholder"]
    assert told("orders", empty) == [("null", Outcome.FAIL)]


def test_number_without_finite_value_is_told_by_readable_alone():
    text = json.dumps(document(rho=math.nan))
    assert kinds("readable", text) == ["not_finite"]
    assert kinds("schema", text) == []


@pytest.mark.parametrize("letter", DEFINITIONS)
def test_each_honest_definition_is_accepted_and_named(letter):
    quoted = document(rnn=DEFINITIONS[letter](RNN), gru=DEFINITIONS[letter](GRU))
    found = list(manifest.orders(material(quoted)))
    assert [(f.kind, f.outcome) for f in found] == [("definition", Outcome.NOTE)] * 2
    assert found[0].data["formula"] == manifest.quoted.FORMULAS[letter]


@pytest.mark.parametrize("digits", [1, 2, 3])
def test_rounded_orders_are_accepted(digits):
    right = document(
        rnn=round(DEFINITIONS["b"](RNN), digits), gru=round(DEFINITIONS["b"](GRU), digits)
    )
    assert told("orders", right) == []


def test_rounding_of_recorded_norms_is_allowed_for():
    coarse = copy.copy(decay())
    coarse.half_unit["gru"] = tuple(0.05 * g for g in GRU[:50])  # ± 0.0131 with the weight 0.601
    quoted = document(gru=min(each(GRU) for each in DEFINITIONS.values()) - 0.0155)
    assert kinds("orders", quoted) == ["disagrees"]
    assert kinds("orders", quoted, curves=coarse) == []


SLIPS = {
    "natural_logarithm": lambda curve: total(curve) * math.log(10) * 10 / 49,
    "total": total,
    "per_step": lambda curve: total(curve) / 49,
    "ratio": lambda curve: 10 ** (total(curve) / 5),
    "disagrees": lambda curve: 1.3 * total(curve) / 5,
    "sign": lambda curve: -total(curve) / 5,
}


@pytest.mark.parametrize("kind", SLIPS)
@pytest.mark.parametrize("net", ["rnn", "gru"])
def test_slip_in_one_net_is_recognised_by_name(kind, net):
    wrong = document(**{net: SLIPS[kind]({"rnn": RNN, "gru": GRU}[net])})
    (finding,) = [f for f in manifest.orders(material(wrong)) if f.kind != "definition"]
    assert (finding.kind, finding.outcome, finding.model) == (kind, Outcome.FAIL, net)


@pytest.mark.parametrize("kind", sorted(set(SLIPS) - {"sign"}))
def test_slip_in_both_nets_is_recognised_by_name(kind):
    assert kinds("orders", document(rnn=SLIPS[kind](RNN), gru=SLIPS[kind](GRU))) == [kind] * 2


def test_whole_ratio_is_a_ratio():
    assert kinds("orders", document(rnn=RNN[49] / RNN[0], gru=GRU[0] / GRU[49])) == ["ratio"] * 2


def test_negative_pair_is_a_note_and_passes():
    pair = document(rnn=-DEFINITIONS["a"](RNN), gru=-DEFINITIONS["a"](GRU))
    assert told("orders", pair) == [("negative", Outcome.NOTE)]


def test_exchanged_nets_are_recognised():
    pair = document(rnn=DEFINITIONS["a"](GRU), gru=DEFINITIONS["a"](RNN))
    assert kinds("orders", pair) == ["swapped", "swapped"]


def test_curve_that_grows_has_negative_orders():
    growing = decay(rnn=RNN[::-1])
    assert kinds("orders", document(rnn=10 * total(RNN[::-1]) / 49), curves=growing) == []


def test_orders_of_text_are_no_number():
    text = document(results_summary__gru_orders_of_decay_per_10steps="0.45")
    assert kinds("orders", text) == ["no_number"]


def test_orders_are_left_open_where_the_curve_is_unusable():
    broken = decay(rnn=[0.0, *RNN[1:]])
    assert kinds("orders", document(rnn=99.0), curves=broken) == []


RADII = {
    "spectral_norm": 1.04,
    "frobenius_norm": 3.2,
    "inverse": 1 / RHO,
    "square": RHO**2,
    "square_root": RHO**0.5,
    "logarithm": math.log(RHO),
    "disagrees": 0.9,
}


@pytest.mark.parametrize("kind", RADII)
def test_wrong_radius_is_recognised_by_name(kind):
    assert told("radius", document(rho=RADII[kind])) == [(kind, Outcome.FAIL)]


@pytest.mark.parametrize("rho", [RHO, 1.019 * RHO, 0.981 * RHO, 0.6])
def test_radius_within_two_percent_or_its_digits_passes(rho):
    assert told("radius", document(rho=rho)) == []


def test_estimate_passes_where_it_is_called_one():
    estimate = document(rho=0.1 * D**0.5, config__init_scale_W_hh=0.1)
    probe = {"rnn": ProbeFacts("probed", d_hidden=D, forward=forward(spectral_radius=0.65))}
    assert told("radius", estimate, probe=probe) == [("estimate", Outcome.PARTIAL)]
    for said in (
        "We estimate the spectral radius as 0.57.",
        "El radio espectral estimado es 0,57.",
    ):
        named = told("radius", estimate, probe=probe, readme=said)
        assert named == [("estimate_named", Outcome.NOTE)]
    key = copy.deepcopy(estimate)
    key["results_summary"]["radius_is_estimate"] = True
    assert told("radius", key, probe=probe) == [("estimate_named", Outcome.NOTE)]


def test_radius_is_not_assessed_without_a_probe():
    assert told("radius", document(), probe={}) == [("no_probe", Outcome.NOT_ASSESSED)]


@pytest.mark.parametrize(("rho", "kind"), [(None, "null"), ("0.58", "no_number")])
def test_radius_that_is_no_number_is_named(rho, kind):
    assert kinds("radius", document(rho=rho)) == [kind]


FORTY = Decay({}, {"rnn": tuple(RNN[:40]), "gru": tuple(GRU[:40])}, {}, {}, {}, {})
CONFIG = {
    "sequence_length": ({"config__sequence_length": 40}, {"curves": FORTY}),
    "length_differs": ({"config__sequence_length": 40}, {}),
    "d_hidden": ({"config__d_hidden": 64}, {}),
    "seed": ({"seed": 7}, {"probe": {"gru": ProbeFacts("probed", recorded_seed=42)}}),
    "experiment": ({"experiment": "13-rnn-forward"}, {}),
    "no_such_day": ({"date": "2026-02-30"}, {}),
}


@pytest.mark.parametrize("kind", CONFIG)
def test_setting_that_disagrees_is_named(kind):
    changes, more = CONFIG[kind]
    assert kinds("config", document(**changes), **more) == [kind]


def test_known_seed_that_agrees_passes():
    probe = {"gru": ProbeFacts("probed", recorded_seed=42)}
    assert kinds("config", document(), probe=probe) == []


SCALES = {
    "variance": (0.1, {"weight_std": 0.316, "frobenius_norm": 10.1, "spectral_norm": 3.5}),
    "scale_disagrees": (0.2, {}),
    "half_width": (0.1, {"weight_std": 0.0577, "frobenius_norm": 1.85, "spectral_norm": 0.6}),
    "rescaled": (0.9, {"spectral_norm": 0.9, "weight_std": 0.087}),
    "orthogonal": (
        0.5,
        {"spectral_norm": 0.9, "frobenius_norm": 0.9 * 32**0.5, "weight_std": 0.159},
    ),
}


@pytest.mark.parametrize("kind", SCALES)
def test_scale_is_recognised_by_name(kind):
    scale, facts = SCALES[kind]
    probe = {"rnn": ProbeFacts("probed", d_hidden=D, forward=forward(**facts))}
    weight = Outcome.PARTIAL if kind in {"variance", "scale_disagrees"} else Outcome.NOTE
    source = document(config__init_scale_W_hh=scale)
    assert told("config", source, probe=probe) == [(kind, weight)]


@pytest.mark.parametrize(
    ("scale", "facts"),
    [
        (0.1, {"weight_std": 0.108}),  # within four sampling deviations, 8.8 %
        (0.9, {"spectral_norm": 0.9, "frobenius_norm": 0.9 * 32**0.5, "weight_std": 0.159}),
        (0.1, {"weight_std": math.nan}),
    ],
)
def test_honest_or_unknown_scale_passes(scale, facts):
    probe = {"rnn": ProbeFacts("probed", d_hidden=D, forward=forward(**facts))}
    assert told("config", document(config__init_scale_W_hh=scale), probe=probe) == []


def every_finding():
    for check, sources in {
        "schema": [document(**changes) for changes, _ in SCHEMA.values()],
        "orders": [
            *[document(rnn=slip(RNN)) for slip in SLIPS.values()],
            document(rnn=-DEFINITIONS["a"](RNN), gru=-DEFINITIONS["a"](GRU)),
            document(rnn=DEFINITIONS["a"](GRU), gru=DEFINITIONS["a"](RNN)),
            document(rnn="2"),
        ],
        "radius": [document(rho=rho) for rho in (*RADII.values(), None, "x", 0.566)],
        "config": [document(**changes) for changes, _ in CONFIG.values()],
    }.items():
        for source in sources:
            for finding in getattr(manifest, check)(material(source)):
                yield f"manifest.{check}", finding
    for scale, facts in SCALES.values():
        probe = {"rnn": ProbeFacts("probed", d_hidden=D, forward=forward(**facts))}
        source = document(config__init_scale_W_hh=scale)
        for finding in manifest.config(material(source, probe=probe)):
            yield "manifest.config", finding


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_finding_has_its_sentence(language):
    for code, finding in every_finding():
        said = catalogue(language).finding(code, finding)
        assert said.found
        assert said.next_step
