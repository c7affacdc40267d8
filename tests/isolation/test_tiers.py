"""The tiers at work: what honest scripts need is there, and what they may not have is refused."""

import json
import os
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from grader.evidence.sandbox import Child
from grader.evidence.trial import try_layers
from grader.grading import Options, grade
from grader.isolated import Isolation
from grader.isolation import spawn
from grader.isolation.refusal import IsolationRefusedError
from grader.isolation.tiers import Protection
from tests.isolation.alone import alone, protected

EXPERIMENT = Path(__file__).parents[2] / "experiments" / "14-vanishing-grad"
STRONG = ("A", "B")
ALL = ("A", "B", "E")
WITH_CONTAINERS = ("A", "B", "C", "E")
in_each = pytest.mark.parametrize("tier", ALL)
in_strong = pytest.mark.parametrize("tier", STRONG)


@pytest.mark.parametrize("tier", WITH_CONTAINERS)
def test_every_layer_allows_and_refuses_what_it_has_to(tier):
    tried = try_layers(protected(tier))
    assert {layer.layer: dict(layer.said) for layer in tried if not layer.works} == {}
    assert [layer.layer for layer in tried] == list(protected(tier).isolation.layers)


ENGINE = """#!/bin/sh
echo "$HOME $TMPDIR $OWN_SETTINGS" >&2
exit 125
"""


def test_engine_has_its_own_settings_and_its_last_words_are_told(tmp_path, monkeypatch):
    engine = tmp_path / "docker"
    engine.write_text(ENGINE)
    engine.chmod(0o755)
    for name in ("HOME", "TMPDIR", "OWN_SETTINGS"):
        monkeypatch.setenv(name, str(tmp_path))
    isolation = Isolation("C", (), (), (), ())
    protection = Protection(isolation, engine=str(engine), image="image")
    with Child(protection, {}, 5.0) as child, pytest.raises(IsolationRefusedError) as refused:
        child.begun()
    assert refused.value.lacking == (" ".join([str(tmp_path)] * 3) + "\\u{a}",)


LIBRARIES = """
import asyncio, json, shutil, threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
import numpy as np
import matplotlib.pyplot as plt

async def two():
    loop = asyncio.get_running_loop()
    return sum(await asyncio.gather(loop.run_in_executor(None, int, "1"), asyncio.sleep(0, 1)))

with ThreadPoolExecutor(4) as pool:
    sums = list(pool.map(lambda n: float(np.linalg.norm(np.ones((n, n)) @ np.ones(n))), (3, 4)))
plt.semilogy([1, 2], [3, 4], label="α")
plt.legend()
plt.savefig("plot.png")
shutil.copy("plot.png", "copy.png")
shutil.copytree(".", "all", ignore=shutil.ignore_patterns("all", ".matplotlib"))
np.savez("w.npz", a=np.eye(3))
Path("plot.png").replace("moved.png")
Path("out").write_text(json.dumps([asyncio.run(two()), sums, sorted(np.load("w.npz"))]))
"""


@pytest.mark.parametrize("tier", WITH_CONTAINERS)
def test_what_scripts_use_works(tier):
    ended = alone(tier, LIBRARIES, 60.0)
    assert ended.raised is None
    assert json.loads(ended.left)[0] == 2
    assert ended.files["moved.png"].startswith(b"\x89PNG")
    assert ended.files["copy.png"] == ended.files["moved.png"]


@in_strong
@pytest.mark.parametrize("library", ["pandas", "seaborn"])
def test_library_of_data_works(tier, library):
    pytest.importorskip(library)
    ended = alone(tier, f"import {library}\nopen('out', 'w').write({library}.__name__)", 60.0)
    assert (ended.raised, ended.left) == (None, library.encode())


REFUSED = {
    "pool": ("from multiprocessing import Pool\nPool(2).map(int, '12')", "processes"),
    "futures": (
        "from concurrent.futures import ProcessPoolExecutor as P\nlist(P(2).map(int, '12'))",
        "processes",
    ),
    "fork": ("import os\nos.fork()", "call"),
    "spawn": ("import os\nos.posix_spawn('/bin/true', ['true'], {})", "call"),
    "shell": ("import subprocess\nsubprocess.run('ls', shell=True)", "shell"),
    "program": ("import subprocess\nsubprocess.check_output(['git', 'log'])", "shell"),
    "web": ("import urllib.request\nurllib.request.urlopen('http://192.0.2.1/')", "network"),
    "name": ("import socket\nsocket.getaddrinfo('example.org', 80)", "network"),
    "link": ("import os\nos.symlink('/etc', 'etc')", "call"),
    "signal": ("import os\nos.kill(1, 0)", "call"),
    "disk": ("open('large', 'wb').write(bytes(20 << 20))", "disk"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refusal_is_no_fault_of_the_script(name):
    source, what = REFUSED[name]
    ended = alone("B", source)
    assert (ended.death, ended.raised.refused) == ("", what)


@in_strong
def test_refused_shell_is_no_end_of_a_script_that_can_do_without(tier):
    source = """
    import os, subprocess
    os.system("ls")
    try:
        subprocess.run(["nvidia-smi"])
    except OSError:
        open("out", "w").write("went on")
    """
    assert alone(tier, textwrap.dedent(source)).left == b"went on"


@pytest.fixture
def secret(tmp_path_factory):
    """A file that any user may read, in a folder that any user may look into."""
    import tempfile

    with tempfile.TemporaryDirectory(prefix="vangrad-test-") as name:
        os.chmod(name, 0o755)  # noqa: PTH101, S103 - open to all on purpose
        path = Path(name).resolve() / "secret.txt"
        path.write_text("secret")
        path.chmod(0o644)
        yield path


@in_strong
def test_file_outside_is_neither_read_nor_changed(tier, secret):
    source = f"""
    import os
    done = []
    def attempt(act):
        try:
            act()
            done.append(act.__code__.co_firstlineno)
        except OSError:
            pass
    path = {str(secret)!r}
    attempt(lambda: open(path).read())
    attempt(lambda: open(path, "w").write("mine"))
    attempt(lambda: os.remove(path))
    attempt(lambda: os.truncate(path, 0))
    attempt(lambda: os.rename(path, "here"))
    attempt(lambda: open(os.path.dirname(path) + "/new", "w"))
    attempt(lambda: os.listdir(os.path.dirname(path)))
    try:
        os.chmod(path, 0o777)
        os.utime(path, (0, 0))
    except OSError:
        pass
    open("out", "w").write(repr(done))
    """
    before = secret.stat()
    assert alone(tier, textwrap.dedent(source)).left == b"[]"
    after = secret.stat()
    assert secret.read_text() == "secret"
    assert (after.st_mode, after.st_mtime) == (before.st_mode, before.st_mtime)
    assert os.listdir(secret.parent) == ["secret.txt"]  # noqa: PTH208 - names are all that is wanted


@in_strong
def test_home_of_the_user_and_other_processes_are_out_of_sight(tier):
    source = f"""
    import os
    seen = []
    for path in ({str(Path.home())!r}, "/root", "/home", "/proc/{os.getpid()}/environ",
                 "/proc/{os.getpid()}/maps", "/proc/{os.getpid()}/root/etc", "/etc/shadow", "/etc"):
        try:
            (os.listdir if os.path.isdir(path) else open)(path)
            seen.append(path)
        except OSError:
            pass
    open("out", "w").write(repr(seen))
    """
    seen = alone(tier, textwrap.dedent(source)).left.decode()
    # In a sandbox of its own, folders on the way to the interpreter may be there, and are bare.
    assert seen in ("[]", "['/root']" if tier == "A" else "[]")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="this is not root")
@in_strong
def test_child_of_root_is_nobody_with_no_groups(tier):
    source = """
    import os
    open("out", "w").write(repr((os.getuid(), os.geteuid(), os.getgid(), os.getgroups())))
    """
    uid, euid, gid, groups = eval(alone(tier, textwrap.dedent(source)).left)  # noqa: S307 - our own repr
    assert uid == euid == gid
    assert uid >= 65000
    assert groups == []


DEATHS = {
    "exit": ("import os; os._exit(3)", "exit", 3),
    "abort": ("import os; os.abort()", "killed", -6),
    "signal": ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "killed", -9),
    "segfault": ("import ctypes; ctypes.string_at(0)", "killed", -11),
}


@in_each
@pytest.mark.parametrize("name", DEATHS)
def test_end_is_told_as_it_was(tier, name):
    source, death, status = DEATHS[name]
    ended = alone(tier, source)
    assert (ended.death, ended.status) == (death, status)


@in_each
def test_artefacts_are_collected_after_the_child_was_ended(tier):
    ended = alone(tier, "open('out', 'w').write('early')\nwhile True: pass", 1.0)
    assert (ended.death, ended.left) == ("timeout", b"early")


HIDDEN = {
    "link": "os.symlink('/etc/hostname', 'out')",
    "hard link": "open('a', 'w').write('x'); os.link('a', 'out')",
    "pipe": "os.mkfifo('out')",
    "folder": "os.mkdir('out')",
    "large": "open('out', 'wb').truncate(2 << 20)",
    "empty": "open('out', 'w')",
}


@pytest.mark.parametrize("name", HIDDEN)
def test_artefact_that_is_no_plain_file_is_left_alone(name):
    began = time.monotonic()
    assert alone("E", f"import os\n{HIDDEN[name]}").left is None
    assert time.monotonic() - began < 15.0


FLOODS = {
    "A": "for n in range(10**9):\n    open(str(n), 'w').close()",
    "B": "for n in range(10**9):\n    open(str(n % 20), 'wb').write(bytes(8 << 20))",
}


@in_strong
def test_flood_of_files_or_of_writes_is_ended(tier, monkeypatch):
    monkeypatch.setattr(spawn, "MOST_FILES", 2_000)
    monkeypatch.setattr(spawn, "MOST_WRITTEN", 64 << 20)
    monkeypatch.setattr(spawn, "MOST_WITH_ANSWERS", 512 << 20)
    assert alone(tier, FLOODS[tier], 60.0).death == "wrote"


def test_answer_nobody_asked_for_ends_the_child():
    source = """
    import os, struct
    frame = b"VGF1" + struct.pack("<IQ", 22, 0) + b'{"id": 99, "arrays":[]}'[:22]
    for number in range(3, 64):
        try:
            os.write(number, frame)
        except OSError:
            pass
    while True:
        pass
    """
    assert alone("B", textwrap.dedent(source)).death == "killed"


@pytest.mark.parametrize("tier", ["B", "E"])
def test_scratch_folder_is_gone_however_it_was_left(tier):
    source = """
    import os
    here = os.getcwd()
    for n in range(600):
        os.mkdir("d")
        os.chdir("d")
    open("deep", "w").write("x")
    os.chdir(here)
    os.mkdir("shut")
    open("shut/file", "w").write("x")
    os.chmod("shut", 0)
    """
    ended = alone(tier, textwrap.dedent(source))
    assert ended.raised is None
    assert not Path(ended.home).exists()


def test_daemon_of_the_weakest_tier_is_ended():
    source = """
    import os, time
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            open("pid", "w").write(str(os.getpid()))
            os.rename("pid", "out")
            time.sleep(60)
        os._exit(0)
    while not os.path.exists("out"):
        time.sleep(0.01)
    """
    pid = int(alone("E", textwrap.dedent(source)).left)
    deadline = time.monotonic() + 5.0
    while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not Path(f"/proc/{pid}").exists()


ORPHANED = """
import sys
from grader.evidence.sandbox import Child
from grader.isolation.policy import Wish, protection
with Child(protection(Wish(sys.argv[1])), {"s.py": b"while True: pass"}, 60.0) as child:
    home = child.home
    request = {"op": "run", "folder": home, "cwd": home, "script": "s.py", "name": "__main__"}
    child.begun()
    child.send(request)
    print(child._process.pid, flush=True)
    sys.stdin.read()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="a signal of Linux")
@pytest.mark.parametrize("tier", ["B", "E"])
def test_child_does_not_outlive_a_grader_that_is_killed(tier):
    protected(tier)
    command = [sys.executable, "-c", ORPHANED, tier]
    root = Path(__file__).parents[2]
    with subprocess.Popen(  # noqa: S603 - our own words
        command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as parent:
        pid = int(parent.stdout.readline())
        parent.kill()
    deadline = time.monotonic() + 10.0
    while _alive(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not _alive(pid)


def _alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@in_strong
def test_sealed_tier_has_no_daemons(tier):
    assert alone(tier, "import os\nos.fork()").raised.refused == "call"


@pytest.mark.parametrize("tier", ["B", pytest.param("E", marks=pytest.mark.slow)])
def test_experiment_passes_in_weaker_tiers_too(tier):
    protected(tier)
    report = grade(EXPERIMENT, Options(isolation=tier))
    assert (report.points, report.isolation.tier) == (100, tier)
