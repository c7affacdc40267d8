"""The command line of the reference."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from reference.__main__ import main
from reference.files import replacing, write_json

SMALL = ["--steps", "12", "--hidden", "4", "--embed", "3"]


def test_run_prints_both_nets(capsys):
    assert main(["run", *SMALL]) == 0
    out = capsys.readouterr().out
    assert "spectral radius" in out
    assert "recorded_steps" in out


def test_run_writes_whole_files_and_nothing_else(tmp_path, capsys):
    out = tmp_path / "new" / "folder"
    assert main(["run", "--update-gate-bias", "-2", "--out", str(out)]) == 0
    assert sorted(p.name for p in out.iterdir()) == ["decay.json", "decay.png", "manifest.json"]
    decay = json.loads((out / "decay.json").read_text())
    assert len(decay["rnn"]) == len(decay["gru"]) == 50
    summary = json.loads((out / "manifest.json").read_text())["results_summary"]
    N = np.log10(decay["rnn"][49] / decay["rnn"][0])
    assert summary["rnn_orders_of_decay_per_10steps"] == pytest.approx(10 * N / 49, rel=1e-12)
    with Image.open(out / "decay.png") as image:
        assert image.size[0] > 600
    assert str(out) in capsys.readouterr().out


def test_underflowing_norms_are_written_as_the_smallest_normal_number(tmp_path):
    flags = ["--scale", "1e-9", "--hidden", "4", "--out", str(tmp_path)]
    assert main(["run", *flags]) == 0
    decay = json.loads((tmp_path / "decay.json").read_text())
    assert decay["rnn"][0] == np.finfo(float).tiny


def test_sweep_draws_its_table(tmp_path, capsys):
    picture = tmp_path / "sweep.png"
    assert main(["sweep", "--seeds", "2", "--out", str(picture), *SMALL]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 11
    with Image.open(picture) as image:
        colours = np.asarray(image.convert("RGB")).reshape(-1, 3).astype(int)
    red = (colours[:, 0] - colours[:, 2] > 100).sum()
    blue = (colours[:, 2] - colours[:, 0] > 80).sum()
    assert min(red, blue) > 200


def test_oracle_shows_the_naive_method_failing_and_the_chain_not(capsys):
    assert main(["oracle", "--steps", "20", "--hidden", "6", "--scale", "0.02"]) == 0
    rows = capsys.readouterr().out.split("GRU, g_0")[0].splitlines()
    worst = {
        row[:40].strip(): float(row[40:].split()[0])
        for row in rows
        if "step" in row or "whole" in row
    }
    assert worst["whole loss, central, h = 1e-05"] > 0.9
    assert worst["one-step Richardson, chosen h, chained"] < 1e-9
    assert worst["one-step complex step, chained"] < 1e-12


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["unknown"],
        ["run", "--option", "C"],
        ["run", "--scale", "-1"],
        ["run", "--scale", "wide"],
        ["run", "--steps", "5"],
        ["sweep", "--seeds", "0"],
        ["sweep", "--out", "no/such/folder/a.png"],
        ["oracle", "--hidden", "0"],
    ],
)
def test_bad_requests_exit_with_2_and_one_clear_line(arguments, capsys):
    try:
        status = main(arguments)
    except SystemExit as stop:
        status = stop.code
    captured = capsys.readouterr()
    assert status == 2
    assert captured.err.strip()
    assert "Traceback" not in captured.err


def test_a_failed_write_leaves_the_old_file_and_no_other(tmp_path):
    path = tmp_path / "a.json"
    write_json(path, {"x": 1})
    with pytest.raises(ValueError, match="JSON"):
        write_json(path, {"x": float("nan")})

    def fail():
        with replacing(path) as temporary:
            temporary.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert json.loads(path.read_text()) == {"x": 1}
    assert list(tmp_path.iterdir()) == [path]
