"""The first thing that runs in a child: it takes everything away, then hands over to the program.

The parent sends one frame (see `worker.py` in the folder of the evidence) on standard input: a
header that says what to do, and the files of the scratch folder as its payload. The first frame
back is this stage's own, sent before a line of a stranger's has run: `ready`, or what `failed`.
"""

from __future__ import annotations

import array
import ctypes
import json
import os
import struct
import sys
from typing import Any

HERE = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 - before anything is imported
MAGIC = b"VGF1"
FAILED = 97
PR_SET_PDEATHSIG, PR_SET_KEEPCAPS, PR_SET_NO_NEW_PRIVS = 1, 8, 38
SIGKILL = 9
READ_EVERYWHERE = 1 << 2
"""CAP_DAC_READ_SEARCH."""

Config = dict[str, Any]


def exactly(count: int) -> bytes:
    """Read `count` bytes of standard input, unbuffered: what follows belongs to the program."""
    parts = []
    while count:
        part = os.read(0, min(count, 1 << 20))
        if not part:
            os._exit(0)
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


def receive() -> tuple[Config, bytes]:
    """Read the parent's frame."""
    _, header, payload = struct.unpack("<4sIQ", exactly(16))
    return json.loads(exactly(header)), exactly(payload)


def say(header: Config) -> None:
    """Send one frame without arrays."""
    text = json.dumps({"arrays": [], **header}).encode()
    os.write(1, MAGIC + struct.pack("<IQ", len(text), 0) + text)


def give_folder(config: Config) -> None:
    """Hand the parent a descriptor of the scratch folder, where that lives only in here."""
    if config["socket"] is None:
        return
    import socket

    with socket.socket(fileno=config["socket"]) as line:
        folder = os.open(config["home"], os.O_RDONLY | os.O_DIRECTORY)
        rights = array.array("i", [folder])
        line.sendmsg([b"f"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])
        os.close(folder)
    del sys.modules["socket"]


def step_down(libc: ctypes.CDLL | None, config: Config) -> None:
    """Become the unused user `uid`: no groups, and no capability but the one that may be kept."""
    uid = config["uid"]
    if uid is None:
        return
    os.chown(config["home"], uid, uid)
    if libc is not None and config["keep_reading"]:
        libc.prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0)
    os.setgroups([])
    if hasattr(os, "setresuid"):
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    else:  # macOS; of root these change the saved ones too
        os.setregid(uid, uid)
        os.setreuid(uid, uid)
    if libc is not None and config["keep_reading"]:
        version = struct.pack("=Ii", 0x20080522, 0)
        kept = struct.pack("=6I", READ_EVERYWHERE, READ_EVERYWHERE, 0, 0, 0, 0)
        if libc.capset(version, kept):
            raise OSError(ctypes.get_errno(), "capset")


def fill(home: str, listed: list[list[Any]], payload: bytes) -> None:
    """Write the files of the scratch folder."""
    start = 0
    for name, size in listed:
        path = os.path.join(home, *name.split("/"))  # noqa: PTH118 - before anything is imported
        os.makedirs(os.path.dirname(path), exist_ok=True)  # noqa: PTH103, PTH120 - as above
        with open(path, "wb") as stream:  # noqa: PTH123 - as above
            stream.write(payload[start : start + size])
        start += size


def limit(limits: dict[str, list[int]]) -> None:
    """Set resource limits by name (`AS`, `CPU`, …) where the platform has them."""
    try:
        import resource
    except ImportError:
        return
    for name, bounds in limits.items():
        which = getattr(resource, "RLIMIT_" + name, None)
        if which is None:
            continue
        most = resource.getrlimit(which)[1]
        soft, hard = (b if most == resource.RLIM_INFINITY else min(b, most) for b in bounds)
        try:
            resource.setrlimit(which, (soft, hard))
        except (ValueError, OSError):
            if sys.platform == "linux":  # elsewhere some limits exist by name only
                raise


def confine(libc: ctypes.CDLL | None, config: Config) -> int:
    """Set up what the kernel holds this process to; return Landlock's ABI, 0 without it."""
    if libc is None:
        return 0
    # A grader that is killed takes its children along; changing the user would have undone this.
    if libc.prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) or libc.prctl(
        PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0
    ):
        raise OSError(ctypes.get_errno(), "prctl")
    version = 0
    above = os.path.dirname(HERE)  # noqa: PTH120 - before anything is imported
    sys.path.insert(0, above)
    if config["landlock"]:
        from inside import landlock  # type: ignore[import-not-found]

        version = landlock.confine(libc, config["readable"], [config["home"], "/dev/null"])
    if config["seccomp"]:
        from inside import seccomp

        seccomp.install(libc)
    sys.path.remove(above)
    for name in [name for name in sys.modules if name.partition(".")[0] == "inside"]:
        del sys.modules[name]  # a name that a submission may use for its own modules
    return version


def prepare() -> Config:
    """Do all that comes before the program, and tell the parent."""
    config, payload = receive()
    libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
    try:
        give_folder(config)
        step_down(libc, config)
        fill(config["home"], config["files"], payload)
        os.chdir(config["home"])
        limit(config["limits"])
        version = confine(libc, config)
    except Exception as error:  # noqa: BLE001 - whatever it is, nothing may run without its limits
        say({"failed": f"{type(error).__name__}: {error}"[:300]})
        os._exit(FAILED)
    say({"ready": True, "landlock_abi": version})
    return config


def main() -> None:
    """Prepare, then run the program in this process."""
    config = prepare()
    path = config["program"]
    sys.argv = [path, *config["packages"]]
    with open(path, "rb") as stream:  # noqa: PTH123 - before anything is imported
        code = compile(stream.read(), path, "exec", dont_inherit=True)
    exec(code, {"__name__": "__main__", "__file__": path})  # noqa: S102 - a program of ours


if __name__ == "__main__":
    main()
