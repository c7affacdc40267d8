"""What a child left: read without following, removed without asking; users nobody is."""

import ctypes
import json
import os
import pwd
import struct
import subprocess
import sys

import pytest

from grader.isolation import collect, fonts, leftovers, places, users
from grader.isolation.inside import landlock, stage

CAP = 1000


@pytest.fixture
def scratch(tmp_path):
    """A scratch folder, and its descriptor."""
    (tmp_path / "scratch" / "a" / "b").mkdir(parents=True)
    (tmp_path / "scratch" / "a" / "b" / "file").write_bytes(b"content")
    descriptor = os.open(tmp_path / "scratch", os.O_RDONLY | os.O_DIRECTORY)
    yield tmp_path / "scratch", descriptor
    os.close(descriptor)


@pytest.mark.parametrize("by_path", [False, True])
def test_plain_file_is_read(scratch, by_path):
    folder, descriptor = scratch
    given = folder if by_path else descriptor
    assert collect.read_below(given, ("a", "b", "file"), CAP) == b"content"
    assert collect.read_below(given, ("a", "nothing"), CAP) is None


SPOILT = {
    "link": lambda path: path.symlink_to("file"),
    "dangling link": lambda path: path.symlink_to("nowhere"),
    "pipe": os.mkfifo,
    "folder": lambda path: path.mkdir(),
    "too large": lambda path: path.write_bytes(bytes(CAP + 1)),
    "empty": lambda path: path.write_bytes(b""),
    "second name": lambda path: path.hardlink_to(path.with_name("file")),
}


@pytest.mark.parametrize("name", SPOILT)
@pytest.mark.parametrize("by_path", [False, True])
def test_anything_else_is_not_read(scratch, name, by_path):
    folder, descriptor = scratch
    SPOILT[name](folder / "a" / "b" / "out")
    given = folder if by_path else descriptor
    assert collect.read_below(given, ("a", "b", "out"), CAP) is None


def test_file_of_exactly_the_bound_is_read(scratch):
    folder, descriptor = scratch
    (folder / "out").write_bytes(bytes(CAP))
    assert collect.read_below(descriptor, ("out",), CAP) == bytes(CAP)


def test_folder_exchanged_for_a_link_leads_nowhere(scratch, tmp_path):
    folder, descriptor = scratch
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "file").write_text("somebody else's")
    (folder / "way").symlink_to(tmp_path / "other")
    assert collect.read_below(descriptor, ("way", "file"), CAP) is None


def test_no_descriptor_is_left_open(scratch):
    _, descriptor = scratch
    before = len(os.listdir("/dev/fd"))  # noqa: PTH208 - a count is all that is wanted
    for _ in range(20):
        collect.read_below(descriptor, ("a", "b", "file"), CAP)
        collect.read_below(descriptor, ("a", "x", "file"), CAP)
        collect.all_below(descriptor, 10, CAP)
    assert len(os.listdir("/dev/fd")) == before  # noqa: PTH208 - as above


@pytest.mark.parametrize("by_path", [False, True])
def test_all_files_are_carried_over_but_links(scratch, by_path):
    folder, descriptor = scratch
    (folder / "top").write_bytes(b"x")
    (folder / "link").symlink_to("top")
    (folder / "round").symlink_to(".")
    given = folder if by_path else descriptor
    assert collect.all_below(given, 100, CAP) == {"a/b/file": b"content", "top": b"x"}


def test_what_is_carried_over_is_bounded(scratch):
    folder, descriptor = scratch
    for number in range(20):
        (folder / f"f{number}").write_bytes(bytes(100))
    assert len(collect.all_below(descriptor, 5, 10_000)) <= 5
    assert sum(map(len, collect.all_below(descriptor, 100, 350).values())) <= 350


def test_folder_deeper_than_any_path_is_removed(tmp_path):
    top = tmp_path / "top"
    top.mkdir()
    here = os.open(top, os.O_RDONLY)
    for _ in range(600):
        os.mkdir("d" * 20, dir_fd=here)
        below = os.open("d" * 20, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)
    leftovers.remove(top)
    assert not top.exists()


def test_folder_that_forbids_is_removed_and_what_it_links_to_stays(tmp_path):
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "file").write_text("x")
    shut = tmp_path / "top" / "shut" / "inner"
    shut.mkdir(parents=True)
    (shut / "link").symlink_to(kept)
    shut.chmod(0)
    shut.parent.chmod(0)
    leftovers.remove(tmp_path / "top")
    assert not (tmp_path / "top").exists()
    assert (kept / "file").read_text() == "x"


def test_removing_a_link_leaves_what_it_leads_to(tmp_path):
    (tmp_path / "kept").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "kept")
    leftovers.remove(tmp_path / "link")
    assert (tmp_path / "kept").is_dir()


@pytest.mark.skipif(sys.platform != "linux", reason="strays are looked for on Linux")
def test_processes_of_other_sessions_are_left_alone():
    bystander = subprocess.Popen(["/bin/sleep", "60"], start_new_session=True)
    child = subprocess.Popen(["/bin/sleep", "60"], start_new_session=True)
    try:
        leftovers.wanted(child.pid)
        leftovers.wanted(bystander.pid)
        child.kill()
        child.wait()
        leftovers.end(child.pid)
        assert bystander.poll() is None
    finally:
        leftovers.forget(bystander.pid)
        bystander.kill()
        bystander.wait()


def test_user_with_an_account_is_not_unused():
    assert not users.unused(os.getuid())
    assert not any(users.unused(entry.pw_uid) for entry in pwd.getpwall()[:5])


def test_user_with_a_process_is_not_unused(monkeypatch):
    monkeypatch.setattr(os, "getpriority", lambda *_: 0)
    assert users.pick() is None


def test_unused_user_is_found_in_the_range_left_free():
    number = users.pick()
    assert number is None or users.FIRST <= number <= users.LAST


def test_place_behind_a_closed_folder_is_not_open_to_all(tmp_path):
    shut = tmp_path / "shut"
    (shut / "inner").mkdir(parents=True)
    shut.chmod(0o700)
    assert not places.open_to_all(shut / "inner")
    assert places.open_to_all(places.Path("/usr"))


@pytest.mark.parametrize(
    ("abi", "size", "last"),
    [(1, 8, 12), (2, 8, 13), (3, 8, 14), (4, 16, 14), (5, 16, 15), (6, 24, 15), (7, 24, 15)],
)
def test_landlock_asks_for_all_that_the_abi_knows(abi, size, last):
    attributes = landlock.attributes(abi)
    assert len(attributes) == size
    assert struct.unpack_from("=Q", attributes)[0] == (1 << last + 1) - 1


def test_landlock_gives_no_right_to_make_links_devices_or_sockets():
    kinds = {"device": 6, "socket": 9, "pipe": 10, "block device": 11, "link": 12}
    assert [name for name, bit in kinds.items() if landlock.WRITE >> bit & 1] == []
    assert landlock.READ & landlock.WRITE_FILE == 0
    assert landlock.WRITE & landlock.EXECUTE == 0


def test_landlock_that_is_not_there_is_said():
    class Old:
        def syscall(self, *_):
            return -1

    with pytest.raises(OSError, match="not there"):
        landlock.confine(Old(), [], [])


@pytest.mark.skipif(sys.platform != "linux", reason="limits are demanded on Linux")
def test_limits_are_lowered_and_never_raised():
    code = (
        "import resource, sys; sys.path.insert(0, sys.argv[1]); import stage\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (50, 50))\n"
        "stage.limit({'NOFILE': [64, 64], 'CPU': [5, 6], 'NOSUCH': [1, 1]})\n"
        "print(resource.getrlimit(resource.RLIMIT_NOFILE), resource.getrlimit(resource.RLIMIT_CPU))"
    )
    ran = subprocess.run(  # noqa: S603 - our own stage
        [sys.executable, "-I", "-c", code, str(places.INSIDE)], capture_output=True, check=True
    )
    assert ran.stdout == b"(50, 50) (5, 6)\n"


STEP_DOWN = """
import os, sys; sys.path.insert(0, sys.argv[1]); import stage
done = []
for name in ("chown", "setgroups", "setregid", "setreuid", "setresgid", "setresuid"):
    setattr(os, name, lambda *given, name=name: done.append(name))
if sys.argv[2] == "old":
    del os.setresgid, os.setresuid
stage.step_down(None, {"uid": 65000, "home": ".", "keep_reading": False})
print(*done)
"""


@pytest.mark.parametrize(("calls", "which"), [("new", "res"), ("old", "re")])
def test_root_is_left_where_there_is_no_linux_too(calls, which):
    ran = subprocess.run(  # noqa: S603 - our own stage
        [sys.executable, "-I", "-c", STEP_DOWN, str(places.INSIDE), calls],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert ran.stdout.split() == ["chown", "setgroups", f"set{which}gid", f"set{which}uid"]


def test_files_of_the_scratch_folder_are_laid_out_as_listed(tmp_path):
    stage.fill(str(tmp_path), [["a/b.py", 3], ["c", 0], ["d", 2]], b"xyzzy")
    assert (tmp_path / "a" / "b.py").read_bytes() == b"xyz"
    assert (tmp_path / "c").read_bytes() == b""
    assert (tmp_path / "d").read_bytes() == b"zy"


@pytest.mark.skipif(sys.platform != "linux", reason="a flag of Linux")
def test_parent_of_a_child_cannot_be_looked_into():
    from tests.isolation.alone import alone

    alone("E", "pass")
    assert ctypes.CDLL(None).prctl(3, 0, 0, 0, 0) == 0  # PR_GET_DUMPABLE


@pytest.fixture
def listed(tmp_path, monkeypatch):
    """Have the user's list of fonts hold these names; return what children begin with."""

    def write(*names, text=None):
        monkeypatch.setenv("MPLCONFIGDIR", str(tmp_path))
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "none"))
        monkeypatch.setenv("HOME", str(tmp_path / "none"))
        document = {"_version": 390, "ttflist": [{"fname": n} for n in names], "afmlist": []}
        (tmp_path / "fontlist-v390.json").write_text(text or json.dumps(document))
        fonts.font_lists.cache_clear()
        return fonts.font_lists()

    yield write
    fonts.font_lists.cache_clear()


def test_children_begin_with_the_fonts_they_can_read(listed):
    names = ("fonts/ttf/DejaVuSans.ttf", "/usr/share/f.ttf", "/home/ana/f.ttf")
    ((name, data),) = listed(*names).items()
    assert name == ".matplotlib/fontlist-v390.json"
    kept = [entry["fname"] for entry in json.loads(data)["ttflist"]]
    assert kept == ["fonts/ttf/DejaVuSans.ttf", "/usr/share/f.ttf"]


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"ttflist": 3, "afmlist": []}', "[" * 9999])
def test_list_of_fonts_that_cannot_be_read_is_left_out(listed, text):
    assert listed(text=text or " ") == {}
