"""Rarely used doors of the kernel."""

from tests.hostile.model import Attack, quiet

NO_SECCOMP = "tier E filters no system calls"


def _call(name: str, about: str, number: int, arguments: str, varies_in: str = "E") -> Attack:
    """Return an attack that makes one system call by its number (one numbering since 2019)."""
    code = (
        "import ctypes\nlib = ctypes.CDLL(None, use_errno=True)\n"
        f"return lib.syscall({number}, {arguments}) >= 0"
    )
    because = NO_SECCOMP if varies_in else ""
    return quiet(name, about, code, because=because, varies_in=varies_in)


ATTACKS: list[Attack] = [
    quiet(
        "new-user-namespace",
        "root in a name space of its own",
        "import ctypes\nreturn ctypes.CDLL(None).unshare(0x10000000) == 0",
        because=NO_SECCOMP,
        varies_in="E",
    ),
    _call("io-uring", "a ring that makes system calls past a filter", 425, "4, bytes(120)"),
    _call("open-tree", "a mount cloned", 428, "-100, b'/', 1", ""),
    _call("fsopen", "a file system opened", 430, "b'tmpfs', 0", ""),
    _call("pidfd-open", "a handle on its parent", 434, "__import__('os').getppid(), 0"),
    _call("clone3", "a process by the newest door", 435, "bytes(88), 0", ""),
    quiet(
        "keyring",
        "a key that outlives the process",
        "import ctypes, platform\n"
        "number = {'x86_64': 248, 'aarch64': 217}[platform.machine()]\n"
        "lib = ctypes.CDLL(None)\n"
        "return lib.syscall(number, b'user', MARK.encode(), b'x', 1, -2) > 0",
        because=NO_SECCOMP,
        varies_in="E",
    ),
    quiet(
        "shared-segment",
        "a System V segment that outlives the process",
        "import ctypes\nlib = ctypes.CDLL(None)\nsegment = lib.shmget(0, 4096, 0o1600)\n"
        "if segment >= 0:\n    lib.shmctl(segment, 0, None)\nreturn segment >= 0",
        "E",
        NO_SECCOMP,
    ),
    quiet(
        "message-queue",
        "a queue that outlives the process",
        "import ctypes, platform\n"
        "number = {'x86_64': 240, 'aarch64': 180}[platform.machine()]\nlib = ctypes.CDLL(None)\n"
        "queue = lib.syscall(number, MARK.encode(), 0o102, 0o600, None)\n"
        "if queue >= 0:\n    lib.syscall(number + 1, MARK.encode())\nreturn queue >= 0",
        because=NO_SECCOMP,
        varies_in="E",
    ),
    quiet(
        "memory-file",
        "a program without a file",
        "import os\nos.memfd_create(MARK)\nreturn True",
        "E",
        NO_SECCOMP,
    ),
    quiet(
        "perf",
        "counters of the kernel",
        "import ctypes, platform, struct\n"
        "number = {'x86_64': 298, 'aarch64': 241}[platform.machine()]\n"
        "attribute = struct.pack('IIQQQQQ', 1, 112, 0, 0, 0, 0, 0x61).ljust(112, b'\\0')\n"
        "return ctypes.CDLL(None).syscall(number, attribute, 0, -1, -1, 0) >= 0",
        because=NO_SECCOMP,
        varies_in="E",
    ),
    quiet(
        "bpf",
        "a map in the kernel",
        "import ctypes, platform, struct\n"
        "number = {'x86_64': 321, 'aarch64': 280}[platform.machine()]\n"
        "return ctypes.CDLL(None).syscall(number, 0, struct.pack('IIII', 2, 4, 4, 1), 16) >= 0",
        because=NO_SECCOMP,
        varies_in="E",
    ),
    quiet(
        "raise-limits",
        "its own limits, lifted again",
        "import resource\n"
        "limit = resource.getrlimit(resource.RLIMIT_AS)[0]\n"
        "resource.setrlimit(resource.RLIMIT_AS, (2 * limit, 2 * limit))\nreturn True",
    ),
    quiet(
        "become-root",
        "another user",
        "import os\nos.setuid(0)\nreturn True",
    ),
    quiet(
        "device",
        "a device node as decay.png",
        "import os\nos.mknod('node', 0o20666, os.makedev(1, 5))\nreturn True",
    ),
]
