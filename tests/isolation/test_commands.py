"""The command lines around a child, word by word where a word protects."""

import csv
import io
import os
import sys
from pathlib import Path

import pytest

from grader.isolation import commands, places

ENVIRONMENT = {"HOME": commands.HOME, "TZ": "UTC", "PATH": "/usr/bin:/bin"}


def after(words, option):
    """Return what follows an option, each time it is there."""
    return [words[at + 1] for at, word in enumerate(words) if word == option]


def pairs(words, option):
    return [tuple(words[at + 1 : at + 3]) for at, word in enumerate(words) if word == option]


@pytest.mark.parametrize("root", [False, True])
@pytest.mark.parametrize(
    "word",
    [
        "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--die-with-parent",
        "--new-session", "--clearenv", "--unshare-cgroup-try",
    ],
)  # fmt: skip
def test_sandbox_shares_nothing(root, word):
    words = commands.bubblewrap("/usr/bin/bwrap", root=root, environment=ENVIRONMENT)
    assert word in words
    assert (words[0], words[-1]) == ("/usr/bin/bwrap", "--")


def test_sandbox_of_a_user_has_no_capability():
    words = commands.bubblewrap("bwrap", root=False, environment={})
    assert after(words, "--cap-drop") == ["ALL"]
    assert after(words, "--cap-add") == []
    assert "--unshare-user" in words


def test_sandbox_of_root_keeps_what_it_takes_to_stop_being_root():
    words = commands.bubblewrap("bwrap", root=True, environment={})
    assert after(words, "--cap-drop") == ["ALL"]
    assert set(after(words, "--cap-add")) == {"CAP_SETUID", "CAP_SETGID", "CAP_CHOWN"}
    assert "--unshare-user" not in words


@pytest.mark.parametrize("root", [False, True])
def test_sandbox_writes_to_memory_only(root):
    words = commands.bubblewrap("bwrap", root=root, environment={})
    assert "--bind" not in words
    assert "--dev-bind" not in words
    assert after(words, "--tmpfs") == [commands.HOME]
    assert after(words, "--size") == [str(commands.DISK_BYTES)]
    assert words.index("--size") == words.index("--tmpfs") - 2
    assert after(words, "--remount-ro") == ["/"]


def test_sandbox_has_the_interpreter_and_neither_home_nor_temporary_files():
    words = commands.bubblewrap("bwrap", root=False, environment={})
    bound = [source for source, _ in pairs(words, "--ro-bind-try")]
    assert set(places.interpreter()) <= set(bound)
    assert all(source == target for source, target in pairs(words, "--ro-bind-try"))
    private = {"/", "/home", "/root", "/tmp", "/etc", "/proc", "/var"}  # noqa: S108 - names of folders
    assert not {*private, str(Path.home())} & set(bound)


def test_environment_is_set_word_by_word():
    words = commands.bubblewrap("bwrap", root=False, environment=ENVIRONMENT)
    assert dict(pairs(words, "--setenv")) == ENVIRONMENT


def contained(home):
    return commands.container("docker", "image", "vangrad-1", home, ENVIRONMENT)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--network", "none"),
        ("--cap-drop", "ALL"),
        ("--security-opt", "no-new-privileges"),
        ("--pids-limit", "64"),
        ("--memory", "2g"),
        ("--memory-swap", "2g"),
        ("--ipc", "none"),
        ("--name", "vangrad-1"),
        ("--workdir", commands.HOME),
    ],
)
def test_container_is_held_by_each_of_its_options(tmp_path, option, value):
    assert after(contained(tmp_path), option) == [value]


def test_container_is_read_only_and_removed_afterwards(tmp_path):
    words = contained(tmp_path)
    assert {"--read-only", "--rm", "--interactive", "--init"} <= set(words)
    assert "--privileged" not in words
    assert "--volume" not in words
    assert words[-1] == "image"


def test_container_mounts_its_scratch_folder_and_our_programs_read_only(tmp_path):
    folder = tmp_path / 'a,"b'
    folder.mkdir()
    mounts = [next(csv.reader(io.StringIO(text))) for text in after(contained(folder), "--mount")]
    assert mounts[0] == ["type=bind", f"source={folder}", f"target={commands.HOME}"]
    assert [row[-1] for row in mounts[1:]] == ["readonly", "readonly"]
    assert [row[2] for row in mounts[1:]] == ["target=/grader/inside", "target=/grader/evidence"]


def test_container_runs_as_whom_the_scratch_folder_belongs_to_but_never_as_root(tmp_path):
    (user,) = after(contained(tmp_path), "--user")
    owner = tmp_path.stat().st_uid
    assert user == (f"{owner}:{tmp_path.stat().st_gid}" if owner else "65534:65534")


def test_container_has_our_environment_but_looks_for_python_where_its_image_says(tmp_path):
    told = dict(text.split("=", 1) for text in after(contained(tmp_path), "--env"))
    assert told == {name: ENVIRONMENT[name] for name in ("HOME", "TZ")}


@pytest.mark.parametrize(
    ("engine", "user", "kept"),
    [("/usr/bin/podman", 1000, ["keep-id"]), ("podman", 0, []), ("/usr/bin/docker", 1000, [])],
)
def test_owner_of_the_scratch_folder_is_the_same_inside(tmp_path, monkeypatch, engine, user, kept):
    monkeypatch.setattr(os, "geteuid", lambda: user, raising=False)
    assert after(commands.container(engine, "i", "n", tmp_path, ENVIRONMENT), "--userns") == kept


def test_first_stage_is_isolated_from_the_folder_and_from_site():
    words = commands.stage(sys.executable, "/x", packages_apart=True)
    assert list(words) == [sys.executable, "-I", "-S", "-B", "/x/stage.py"]
    assert "-S" not in commands.stage("python3", "/x", packages_apart=False)


def test_nothing_secret_is_in_the_environment(monkeypatch):
    monkeypatch.setenv("VANGRAD_PROBE_KEY", "secret")
    monkeypatch.setenv("AWS_TOKEN", "secret")
    found = places.environment("/scratch")
    assert "secret" not in found.values()
    assert found["HOME"] == found["TMPDIR"] == "/scratch"
    assert found["MPLCONFIGDIR"].startswith("/scratch/")


def test_readable_places_are_neither_home_nor_temporary_nor_settings():
    found = {Path(entry) for entry in places.readable()}
    for closed in (Path("/"), Path.home(), Path("/etc"), Path("/proc"), Path("/tmp"), Path("/var")):  # noqa: S108 - a folder's name
        assert closed not in found
    assert Path(os.__file__).resolve().is_relative_to(Path(sys.base_prefix).resolve())
    assert any(Path(os.__file__).is_relative_to(entry) for entry in found)
