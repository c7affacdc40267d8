"""Settings: what a file may say, where a fault stands, and what goes before what."""

import json

import pytest

from grader import cli
from grader.config.reading import ConfigError, positions, read
from grader.isolation.tiers import ALIASES
from grader.reading.schema import schema


@pytest.fixture(autouse=True)
def _no_language(monkeypatch):
    for name in ("VANGRAD_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def write(tmp_path):
    def to_file(text, name="mine.toml"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return to_file


@pytest.fixture
def show(capsys):
    """Return what `config --show` prints, as {setting: (value, origin)}."""

    def run(*words):
        assert cli.main(["config", "--show", *map(str, words)]) == 0
        lines = capsys.readouterr().out.splitlines()
        rows = ([cell.strip() for cell in line.split("  ") if cell.strip()] for line in lines[1:])
        return {name: (value, origin) for name, value, origin in rows}

    return run


POSITIONED = '''# settings
language = "en"
thresholds = { margin_orders = 1.0, margin_ratio = 1.5 }

[checks.plot]
image.points = 1
"curves" = {
  points = 3 }
[checks.files.present]  # "required = 1"
required = """
points = 2
"""
'''


def test_position_of_every_key_is_its_line():
    text = POSITIONED.replace("{\n  points = 3 }", "{ points = 3 }")
    found = positions(text)
    assert found["language",] == 2
    assert found["thresholds", "margin_ratio"] == 3
    assert found["checks", "plot"] == 5
    assert found["checks", "plot", "image", "points"] == 6
    assert found["checks", "plot", "curves", "points"] == 7
    assert found["checks", "files", "present"] == 8
    assert found["checks", "files", "present", "required"] == 11  # where the value ends
    assert ("checks", "files", "present", "points") not in found


FAULTS = {
    "misspelt setting": ('\nlanguag = "es"', "unknown_near", 2, {"close": "language"}),
    "misspelt threshold": (
        "[thresholds]\nmargin_order = 2",
        "unknown_near",
        2,
        {"close": "margin_orders"},
    ),
    "misspelt family": ("[checks.plots.image]\npoints = 2", "unknown_near", 1, {"close": "plot"}),
    "misspelt check": ("[checks.plot]\nimages.points = 2", "unknown_near", 2, {"close": "image"}),
    "misspelt key of a check": (
        "[checks.plot.image]\npoint = 2",
        "unknown_near",
        2,
        {"close": "points"},
    ),
    "like nothing": ("\n\nxyzzy = 1", "unknown", 3, {"key": "xyzzy"}),
    "fraction": ("[checks.plot.image]\n\npoints = 2.5", "type", 3, {"found": "2.5"}),
    "date": ("thresholds.margin_orders = 1979-05-27", "type", 1, {"found": "1979-05-27"}),
    "language": ('language = "fr"', "enum", 1, {"found": '"fr"', "expected": "en, es"}),
    "too many": ("minimum_score = 101", "maximum", 1, {"expected": "100"}),
    "infinite": ("thresholds.margin_orders = inf", "maximum", 1, {}),
    "no time": ("time_limit = 0", "minimum", 1, {"expected": "0.1"}),
    "nothing changed": ("[checks.plot.image]", "minProperties", 1, {}),
    "total": ("language = 'en'\n[checks.plot.image]\npoints = 3", "total", 2, {"found": 101}),
    "manual": ("\n[checks.stop]\nexplain.required = true", "manual", 3, {"code": "stop.explain"}),
    "table expected": ("checks = 3", "type", 1, {"expected": "object"}),
    "no TOML": ("a = = 3", "toml", 0, {}),
    "given twice": ("language = 'en'\nlanguage = 'es'", "toml", 0, {}),
    "not UTF-8": (b"\xff", "unreadable", 0, {}),
    "too large": (b"#" * 64_001, "large", 0, {"limit": 64_000}),
}


@pytest.mark.parametrize("name", FAULTS)
def test_fault_has_a_reason_and_a_line(write, name):
    text, reason, line, data = FAULTS[name]
    with pytest.raises(ConfigError) as refused:
        read(write(text))
    (fault,) = refused.value.faults
    assert (fault.reason, fault.line) == (reason, line)
    assert data.items() <= fault.data.items()


@pytest.mark.parametrize("nan", ["nan", "-nan"])
def test_threshold_that_is_no_number_is_refused(write, nan):
    with pytest.raises(ConfigError):
        read(write(f"thresholds.margin_orders = {nan}"))


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("name", FAULTS)
def test_fault_is_said_without_a_traceback(write, capsys, name, language):
    path = write(FAULTS[name][0])
    assert cli.main(["config", "--config", str(path), "--lang", language]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    line = FAULTS[name][2]
    assert said.err.startswith(f"vangrad: {path}:{line}: " if line else f"vangrad: {path}: ")


def test_syntax_error_says_its_line(write, capsys):
    assert cli.main(["config", "--config", str(write("language = 'es'\na = = 1"))]) == 2
    assert "line 2" in capsys.readouterr().err


def test_all_faults_are_told_in_the_order_of_the_file(write):
    text = "minimum_score = -1\n[thresholds]\nmargin_ration = 2\n[checks.plot.image]\npoints = 'a'"
    with pytest.raises(ConfigError) as refused:
        read(write(text))
    assert [fault.line for fault in refused.value.faults] == [1, 3, 5]


def test_byte_order_mark_is_no_fault(write):
    assert read(write(b"\xef\xbb\xbflanguage = 'es'")).document == {"language": "es"}


def test_without_a_file_everything_is_the_graders_own(show):
    rows = show()
    assert rows["time_limit"] == ("60", "default")
    assert rows["language"] == ("en", "environment")
    assert rows["thresholds.margin_orders"] == ("1", "rubric.toml")
    assert {origin for _, origin in rows.values()} == {"default", "environment", "rubric.toml"}


def test_command_line_goes_before_the_file(show, write):
    path = write("minimum_score = 50\ntime_limit = 7\n")
    rows = show("--config", path, "--timeout", "5")
    assert rows["time_limit"] == ("5", "command line, --timeout")
    assert rows["minimum_score"] == ("50", f"{path}:1")


def test_change_of_a_check_is_shown_with_its_line(show, write):
    path = write("[checks.plot]\nimage.points = 1\ncurves.points = 3\ncurves.required = true\n")
    rows = show("--config", path)
    assert rows["checks.plot.image"] == ("1 point, required to pass", f"{path}:2")
    assert rows["checks.plot.curves"][0] == "3 points, required to pass"
    assert rows["checks.plot.curves"][1] == f"{path}:3; {path}:4"


def test_language_of_the_file_is_spoken_and_an_option_goes_before_it(write, capsys):
    path = str(write("language = 'es'"))
    assert cli.main(["config", "--config", path]) == 0
    assert "rúbrica en vigor" in capsys.readouterr().out
    assert cli.main(["config", "--config", path, "--lang", "en"]) == 0
    assert "rubric in force" in capsys.readouterr().out


def test_isolations_of_the_schema_are_those_of_the_command_line():
    words = schema("config")["properties"]["isolation"]["enum"]
    assert {word for word in ALIASES if len(word) > 1} == set(words)


@pytest.mark.parametrize("place", ["vangrad.toml", "deeper/vangrad.toml", "../link.toml"])
def test_settings_from_the_graded_folder_are_refused(tmp_path, capsys, place):
    folder = tmp_path / "14-vanishing-grad"
    (folder / "deeper").mkdir(parents=True)
    (folder / "decay.json").write_text("{}")
    path = folder / place
    if place.startswith(".."):
        (folder / "hidden.toml").write_text("language = 'es'")
        path.symlink_to(folder / "hidden.toml")
    else:
        path.write_text("language = 'es'")
    assert cli.main([str(folder), "--no-run", "--config", str(path)]) == 2
    assert "graded folder" in capsys.readouterr().err


def test_settings_beside_the_graded_folder_are_used(tmp_path, capsys):
    folder = tmp_path / "lab"
    folder.mkdir()
    (folder / "decay.json").write_text("{}")
    path = tmp_path / "lab.toml"
    path.write_text("minimum_score = 90\nlanguage = 'es'\nthresholds.margin_orders = 2.0")
    words = [str(folder), "--no-run", "--config", str(path), "--format", "json"]
    assert cli.main(words) == 1
    report = json.loads(capsys.readouterr().out)
    assert report["grader"]["language"] == "es"
    assert report["grader"]["rubric_sha256"] == read(path).rubric.sha256
