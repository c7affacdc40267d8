"""The model submission does what it says: its script, its files and its write-up agree."""

import importlib.util
import json
import math
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

FOLDER = Path(__file__).parents[2] / "experiments" / "14-vanishing-grad"
DECAY = json.loads((FOLDER / "decay.json").read_text(encoding="utf-8"))
MANIFEST = json.loads((FOLDER / "manifest.json").read_text(encoding="utf-8"))

# Other BLAS builds add in another order. The chain amplifies a relative rounding of 1e-16 by a few
# hundred at most, so 1e-6 leaves ample room for honest machines and none for another seed or bug.
RELATIVE = 1e-6


def _run(script, cwd):
    environment = {**os.environ, "MPLBACKEND": "Agg"}
    command = [sys.executable, "-B", str(script)]
    subprocess.run(command, cwd=cwd, env=environment, check=True)  # noqa: S603 - our own script


@pytest.fixture(scope="module")
def fresh(tmp_path_factory):
    """A folder with nothing but the script, after the script has run there from elsewhere."""
    folder = tmp_path_factory.mktemp("experiment")
    shutil.copy(FOLDER / "bptt_norm.py", folder)
    _run(folder / "bptt_norm.py", cwd=tmp_path_factory.mktemp("elsewhere"))
    return folder


@pytest.fixture(scope="module")
def module():
    spec = importlib.util.spec_from_file_location("bptt_norm", FOLDER / "bptt_norm.py")
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


def _numbers(value, path=""):
    """Yield (path, number) for every number inside parsed JSON."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _numbers(item, f"{path}.{key}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _numbers(item, f"{path}[{index}]")
    elif isinstance(value, int | float):
        yield path, value


def test_script_reproduces_every_committed_number(fresh):
    written = json.loads((fresh / "decay.json").read_text(encoding="utf-8"))
    assert dict(_numbers(written)) == pytest.approx(dict(_numbers(DECAY)), rel=RELATIVE, abs=0)


def test_script_reproduces_the_manifest_but_for_date_and_versions(fresh):
    written = json.loads((fresh / "manifest.json").read_text(encoding="utf-8"))
    assert written.keys() == MANIFEST.keys()
    for key in ("experiment", "seed", "config"):
        assert written[key] == MANIFEST[key]
    # Rounded to four decimals when written: a last digit may fall either way.
    assert written["results_summary"] == pytest.approx(MANIFEST["results_summary"], abs=1.1e-4)


def test_running_again_keeps_the_date_of_unchanged_numbers(fresh, tmp_path):
    shutil.copytree(fresh, tmp_path, dirs_exist_ok=True)
    manifest = json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))
    dated = json.dumps({**manifest, "date": "2001-02-03"})
    (tmp_path / "manifest.json").write_text(dated, encoding="utf-8")
    _run(tmp_path / "bptt_norm.py", cwd=tmp_path)
    again = json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))
    assert again == {**manifest, "date": "2001-02-03"}


@pytest.mark.parametrize("folder", ["committed", "fresh"])
def test_plot_is_a_png_with_red_and_blue(folder, fresh):
    path = (FOLDER if folder == "committed" else fresh) / "decay.png"
    with Image.open(path) as image:
        assert image.format == "PNG"
        assert min(image.size) >= 600
        pixels = np.asarray(image.convert("RGB")).reshape(-1, 3)
    for colour in ((255, 0, 0), (0, 0, 255)):
        assert (pixels == colour).all(axis=1).sum() > 1000


def test_manifest_orders_are_ten_steps_of_the_recorded_curves():
    for kind in ("rnn", "gru"):
        orders = 10 * math.log10(DECAY[kind][49] / DECAY[kind][0]) / 49
        quoted = MANIFEST["results_summary"][f"{kind}_orders_of_decay_per_10steps"]
        assert quoted == pytest.approx(orders, abs=0.6e-4)


@pytest.mark.parametrize("kind", ["rnn", "gru"])
def test_bptt_equals_complex_steps_through_its_own_forward_pass(kind, module):
    params = module.init_params(kind, 42)
    token_ids, target_id = module.make_sequence(42, 50)
    h = module.states(kind, params, token_ids)
    dh = module.bptt(kind, params, token_ids, target_id)

    points = 1e-20j * np.eye(32)
    row = np.array([module.loss(kind, params, h[50] + v, target_id).imag for v in points]) / 1e-20
    # A complex step is exact to rounding; the head's rounding (a few hundred operations) is
    # amplified by at most 258 on the way back: 258 * 200 * 1.1e-16 = 6e-12.
    for t in range(50, -1, -1):
        assert np.linalg.norm(dh[t] - row) <= 6e-12 * np.linalg.norm(row), t
        if t > 0:
            columns = [module.step(kind, params, token_ids[t - 1], h[t - 1] + v) for v in points]
            row = np.array(columns).imag @ row / 1e-20
    assert np.linalg.norm(dh, axis=1)[:50] == pytest.approx(DECAY[kind], rel=RELATIVE, abs=0)


@pytest.mark.parametrize("seed", range(8))
def test_target_agrees_with_the_opening_pronoun(seed, module):
    token_ids, target_id = module.make_sequence(seed, 50)
    words = [module.VOCABULARY[token] for token in token_ids]
    assert len(words) == 50
    third_person = words[0] in {"he", "she", "it"}
    assert module.VOCABULARY[target_id] == ("works" if third_person else "work")
    assert words[2:6] == [",", "you", "work", ","]


def _expected_figures():
    """Return the figures the write-up has to quote, as it writes them."""
    orders = {kind: math.log10(DECAY[kind][49] / DECAY[kind][0]) for kind in ("rnn", "gru")}
    radius = MANIFEST["results_summary"]["rnn_spectral_radius_W_hh"]
    gate = DECAY["update_gate"]
    return {
        *(f"{value:.2f}" for value in orders.values()),
        *(f"{value * 10 / 49:.2f}" for value in orders.values()),
        f"{radius:.3f}",
        f"{-10 * math.log10(radius):.2f}",
        f"{gate['mean']:.3f}",
        f"{gate['std']:.3f}",
        f"{-10 * math.log10(1 - gate['mean']):.2f}",
        f"{DECAY['rnn'][0]:.2e}",
    }


# Constants of the settings and of FP32, and the halving log10(2) = 0.3: not of these curves.
CONSTANTS = {"0.1", "0.3", "1.2e-38", "1.2e-7"}


@pytest.mark.parametrize(("heading", "comma"), [("English", "."), ("Español", ",")])
def test_write_up_quotes_the_recorded_numbers_and_no_others(heading, comma):
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    section = re.search(rf"^## {heading}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)[1]
    quoted = set(re.findall(r"\d+[.,]\d+(?:e[-+]\d+)?", section))
    expected = {figure.replace(".", comma) for figure in _expected_figures() | CONSTANTS}
    assert quoted == expected


def test_table_quotes_the_recorded_norms():
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    for t in (0, 49):
        row = f"| g_{t} | {DECAY['rnn'][t]:.2e} | {DECAY['gru'][t]:.2e} |"
        assert row in text
