"""Fresh runs in real children: every way to end, to find the folder, and to leave something."""

import json
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

import pytest

from grader.evidence.rerun import fresh_runs, raised_from
from grader.facts import Raised
from tests.toys import FOLDER, SCRIPT, submit, terms

WRITE = "open('decay.json', 'w').write('{}'); open('decay.png', 'w').write('1')\n"
BY_FILE = (
    "from pathlib import Path\nhere = Path(__file__).parent\n"
    "for name in ('decay.json', 'decay.png'):\n    (here / name).write_text('{}')\n"
)


def ran(root, source, timeout_s=20.0, scripts=(SCRIPT,), tier="auto", **others):
    """Run a script twice; return the facts."""
    with fresh_runs(submit(root, source, **others), scripts, terms(timeout_s, tier)) as session:
        return session.facts


def test_script_that_ends_leaves_both_artefacts(tmp_path):
    facts = ran(tmp_path, BY_FILE)
    assert [r.death for r in (facts.first, facts.second)] == ["", ""]
    assert facts.first.artefacts == {"decay.json": b"{}", "decay.png": b"{}"}
    assert (facts.first.place, facts.first.misplaced) == ("folder", {})


def test_isolation_is_named(tmp_path):
    isolation = ran(tmp_path, BY_FILE, tier="E").isolation
    assert isolation.tier == "E"
    assert "time" in isolation.layers
    assert "network" in isolation.missing


DEATHS = {
    "raise": ("raise ValueError('no weights')", "raised"),
    "raise from SystemExit's sibling": ("raise KeyboardInterrupt", "raised"),
    "syntax": ("def :\n", "raised"),
    "exit 1": ("import sys; sys.exit(1)", "exit"),
    "exit with words": ("raise SystemExit('bad luck')", "exit"),
    "exit 0": (WRITE + "raise SystemExit(0)", ""),
    "exit None": (WRITE + "raise SystemExit", ""),
    "os._exit": ("import os; os._exit(0)", "silent"),
    "abort": ("import os; os.abort()", "killed"),
    "kill": ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "killed"),
    "memory": ("x = bytearray(1 << 40)", "memory"),
}


@pytest.mark.parametrize("name", DEATHS)
def test_end_of_the_script_is_named(tmp_path, name):
    source, death = DEATHS[name]
    assert ran(tmp_path, source).first.death == death


@pytest.mark.parametrize("name", ["hang", "busy", "input"])
def test_script_that_does_not_end_is_stopped(tmp_path, name):
    source = {
        "hang": "import time\ntime.sleep(60)",
        "busy": "while True: pass",
        "input": "import signal\nsignal.pause()",
    }[name]
    began = time.monotonic()
    assert ran(tmp_path, WRITE + source, timeout_s=1.0).first.death == "timeout"
    assert time.monotonic() - began < 10.0  # two runs, and loading the module, a second each


def test_input_is_empty_and_nobody_waits(tmp_path):
    facts = ran(tmp_path, WRITE + "input()")
    assert facts.first.raised.type == "EOFError"


@pytest.mark.slow
def test_endless_print_is_stopped(tmp_path):
    assert ran(tmp_path, "while True: print('x' * 100_000)").first.death == "output"


def test_chatter_on_both_streams_is_free(tmp_path):
    noise = "import sys\nprint('VGF1' * 50_000)\nprint('\\xff\\n' * 50_000, file=sys.stderr)\n"
    facts = ran(tmp_path, noise + WRITE)
    assert facts.first.death == ""


def test_bytes_written_to_the_first_streams_are_no_answer(tmp_path):
    forged = "import os\nfor stream in (1, 2):\n    os.write(stream, b'VGF1' + bytes(12))\n"
    assert ran(tmp_path, forged + WRITE).first.death == ""


def test_unclosed_output_is_no_fault(tmp_path):
    assert ran(tmp_path, "import sys\nsys.stdout.close()\n" + WRITE).first.death == ""


def test_exception_carries_the_students_own_last_line(tmp_path):
    source = "import json\n\ndef f():\n    json.loads('{')\n\nf()\n"
    raised = ran(tmp_path, source).first.raised
    assert (raised.type, raised.file, raised.line) == ("JSONDecodeError", SCRIPT, 4)


def test_exception_in_a_sibling_is_placed_there(tmp_path):
    raised = ran(tmp_path, "import gru", gru="\n\nx = 1 / 0\n").first.raised
    assert (raised.type, raised.file, raised.line) == ("ZeroDivisionError", "gru.py", 3)


def test_exception_that_cannot_be_printed_is_named_all_the_same(tmp_path):
    source = "class E(Exception):\n    def __str__(self): raise ValueError\nraise E\n"
    assert ran(tmp_path, source).first.raised.type == "E"


def test_line_of_a_syntax_error_is_told(tmp_path):
    raised = ran(tmp_path, "x = 1\ny = = 2\n").first.raised
    assert (raised.type, raised.file, raised.line) == ("SyntaxError", SCRIPT, 2)


def test_module_that_is_not_there_is_named(tmp_path):
    raised = ran(tmp_path, "import torch_of_another_world").first.raised
    assert raised.missing_module == "torch_of_another_world"


PLACES = {
    "file": (BY_FILE, "folder", {}),
    "cwd": (WRITE, "folder", {}),
    "root": (
        f"folder = '{FOLDER.as_posix()}/'\nopen(folder + 'decay.json', 'w').write('{{}}')\n"
        "open(folder + 'decay.png', 'w').write('1')\n",
        "root",
        {},
    ),
    "elsewhere": (
        "import os\nos.chdir('../..')\n" + WRITE,
        "folder",
        {"decay.json": "repository", "decay.png": "repository"},
    ),
}


@pytest.mark.parametrize("name", PLACES)
def test_script_finds_its_folder_in_its_own_way(tmp_path, name):
    source, place, misplaced = PLACES[name]
    first = ran(tmp_path, source).first
    assert (first.death, first.place, dict(first.misplaced)) == ("", place, misplaced)
    assert set(first.artefacts) == {"decay.json", "decay.png"}


def test_committed_artefacts_are_not_in_sight(tmp_path):
    submission = submit(tmp_path, "print(open('decay.json').read())")
    (submission.directory / "decay.json").write_text("{}")
    with fresh_runs(submission, (SCRIPT,), terms(20.0)) as session:
        assert session.facts.first.raised.type == "FileNotFoundError"


def test_sibling_module_is_imported(tmp_path):
    facts = ran(tmp_path, "import gru\n" + WRITE, gru="x = 1\n")
    assert facts.first.death == ""


def test_sibling_lab_of_the_repository_is_imported(tmp_path):
    lab = tmp_path / "experiments" / "13-rnn"
    lab.mkdir(parents=True)
    (lab / "rnn_forward.py").write_text("W = 1\n")
    extend = (
        "import sys\nfrom pathlib import Path\n"
        "sys.path.append(str(Path(__file__).parents[1] / '13-rnn'))\n"
    )
    assert ran(tmp_path, extend + "import rnn_forward\n" + WRITE).first.death == ""


def test_modules_of_the_grader_are_not_on_the_path(tmp_path):
    assert ran(tmp_path, "import grader").first.raised.missing_module == "grader"


def test_script_sees_itself_as_the_main_program(tmp_path):
    seen = (
        "import sys\nimport __main__\nassert __main__.__file__ == __file__\n"
        "assert __name__ == '__main__'\nassert len(sys.argv) == 1\n"
    )
    assert ran(tmp_path, seen + WRITE).first.death == ""


def test_nothing_secret_is_in_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("VANGRAD_PROBE_KEY", "secret")
    dump = "import json, os\njson.dump(dict(os.environ), open('decay.json', 'w'))\n"
    seen = json.loads(ran(tmp_path, dump).first.artefacts["decay.json"])
    assert "VANGRAD_PROBE_KEY" not in seen
    assert "secret" not in seen.values()
    assert seen["HOME"] != os.environ.get("HOME")


def test_two_runs_do_not_share_a_folder(tmp_path):
    once = "import os\nassert not os.path.exists('seen')\nopen('seen', 'w')\n"
    facts = ran(tmp_path, once + WRITE)
    assert [r.death for r in (facts.first, facts.second)] == ["", ""]


DRAWN = """import json, sys
import matplotlib
matplotlib.use("Agg")
import matplotlib.pyplot as plt
{body}
plt.plot([1, 2]); plt.savefig("decay.png")
"""


def test_second_run_draws_nothing_and_writes_the_same_numbers(tmp_path):
    facts = ran(tmp_path, DRAWN.format(body="open('decay.json', 'w').write('{}')"))
    assert [r.artefacts["decay.json"] for r in (facts.first, facts.second)] == [b"{}", b"{}"]
    assert facts.first.artefacts["decay.png"].startswith(b"\x89PNG")
    assert "decay.png" not in facts.second.artefacts


@pytest.mark.parametrize(
    "body",
    [
        "json.dump(plt.rcParams['font.size'] * 2, open('decay.json', 'w'))",
        "json.dump(matplotlib.__file__ is None, open('decay.json', 'w'))",
        "json.dump(str(plt.figure()).startswith('Figure'), open('decay.json', 'w'))",
    ],
    ids=["a number is asked of the library", "a file", "another answer"],
)
def test_run_that_a_stand_in_changes_is_repeated_with_the_library(tmp_path, body):
    facts = ran(tmp_path, DRAWN.format(body=body))
    assert (facts.first.death, facts.second.death) == ("", "")
    assert facts.first.artefacts["decay.json"] == facts.second.artefacts["decay.json"]
    assert facts.second.artefacts["decay.png"].startswith(b"\x89PNG")


def test_numbers_of_chance_differ_after_the_repetition_too(tmp_path):
    body = "import random\njson.dump(random.random(), open('decay.json', 'w'))"
    facts = ran(tmp_path, DRAWN.format(body=body))
    assert facts.first.artefacts["decay.json"] != facts.second.artefacts["decay.json"]
    assert facts.second.artefacts["decay.png"].startswith(b"\x89PNG")


def test_several_scripts_run_one_after_the_other(tmp_path):
    parts = {"a": "open('half', 'w').write('{}')", "b": WRITE + "open('half')"}
    facts = ran(tmp_path, "x = 1\n", scripts=("a.py", "b.py"), **parts)
    assert facts.first.death == ""
    assert "decay.json" in facts.first.artefacts


def test_failure_of_the_first_of_several_scripts_is_kept(tmp_path):
    facts = ran(tmp_path, "x = 1\n", scripts=("a.py", "b.py"), a="raise ValueError", b=WRITE)
    assert (facts.first.death, facts.first.raised.type) == ("raised", "ValueError")


GUARDED = """
def step(kind, params, token, h):
    return h

if __name__ == "__main__":
    while True:
        pass
"""


def test_functions_behind_a_main_block_that_hangs_are_had_all_the_same(tmp_path):
    with fresh_runs(submit(tmp_path, GUARDED), (SCRIPT,), terms(1.0)) as session:
        assert (session.facts.first.death, session.functions) == ("timeout", ("step",))


@pytest.mark.parametrize("source", ["step = 3\n", "def step(h): return h\n"])
def test_name_that_cannot_be_called_as_agreed_is_not_offered(tmp_path, source):
    with fresh_runs(submit(tmp_path, source + WRITE), (SCRIPT,), terms(20.0)) as session:
        assert session.functions == ()


def test_children_end_with_the_context(tmp_path):
    with fresh_runs(submit(tmp_path, WRITE), (SCRIPT,), terms(20.0)) as session:
        children = session.children
        assert len(children) == 2
    assert all(child._process.poll() is not None for child in children)


def test_grandchildren_end_with_the_context(tmp_path):
    outside = Path(tempfile.mkdtemp())  # a folder of pytest's is not open to other users
    outside.chmod(0o777)
    beside = outside / "pid"
    spawn = (
        "import subprocess\np = subprocess.Popen(['/bin/sleep', '60'])\n"
        f"open({str(beside)!r}, 'w').write(str(p.pid))\n"
    )
    ran(tmp_path, spawn + WRITE, tier="E")
    pid = int(beside.read_text())
    shutil.rmtree(outside)
    deadline = time.monotonic() + 5.0
    while _alive(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not _alive(pid)


def _alive(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as stat:  # noqa: PTH123 - not a file of ours
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def zombies():
    """Return our children that have ended and that nobody has waited for."""
    found = []
    for listed in Path("/proc/self/task").glob("*/children"):
        for pid in listed.read_text().split():
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
            found += [pid] if state == "Z" else []
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="processes are read from /proc")
def test_no_ended_process_of_a_sandbox_is_kept(tmp_path):
    before = set(zombies())
    for _ in range(4):
        ran(tmp_path, WRITE)
    # What the last run left may end a moment later; the next run would wait for it.
    assert len(set(zombies()) - before) <= 2


def test_scratch_copies_are_removed(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    ran(tmp_path / "repository", WRITE)
    assert [path.name for path in tmp_path.iterdir()] == ["repository"]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (None, None),
        ("text", None),
        ({}, Raised("", "")),
        ({"type": 3, "message": None, "line": "x"}, Raised("3", "None")),
        ({"type": "E" * 999, "message": "m" * 999}, Raised("E" * 100, "m" * 500)),
    ],
)
def test_what_a_child_says_of_an_exception_is_bounded(data, expected):
    assert raised_from(data) == expected
