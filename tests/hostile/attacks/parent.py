"""The process that grades, and others of the same user: killed, stopped, read, written."""

from tests.hostile.model import Attack, quiet

NO_SECCOMP = "tier E runs as the same user as the grader"
MEMORY = """import os
parent = os.getppid()
for line in open(f'/proc/{parent}/maps'):
    if '[heap]' in line:
        start = int(line.split('-')[0], 16)
        with open(f'/proc/{parent}/mem', 'rb+', 0) as memory:
            memory.seek(start)
            old = memory.read(8)
            memory.seek(start)
            memory.write(old)
        return True
return False"""

ATTACKS: list[Attack] = [
    quiet("parent-memory", "/proc/PPID/mem, read and written back", MEMORY),
    quiet(
        "ptrace",
        "the debugger's way into the parent",
        "import ctypes, os\nlib = ctypes.CDLL(None)\nparent = os.getppid()\n"
        "if lib.ptrace(16, parent, 0, 0) == 0:\n"
        "    os.waitpid(parent, 0x40000000)\n    lib.ptrace(17, parent, 0, 0)\n    return True",
    ),
    quiet(
        "process-vm-readv",
        "the parent's memory without a debugger",
        """import ctypes, os, platform
number = {'x86_64': 310, 'aarch64': 270}[platform.machine()]
parent = os.getppid()
start = 0
for line in open(f'/proc/{parent}/maps'):
    if '[heap]' in line:
        start = int(line.split('-')[0], 16)
buffer = ctypes.create_string_buffer(8)
class Vector(ctypes.Structure):
    _fields_ = [('base', ctypes.c_void_p), ('size', ctypes.c_size_t)]
mine, theirs = Vector(ctypes.addressof(buffer), 8), Vector(start, 8)
lib = ctypes.CDLL(None)
return lib.syscall(number, parent, ctypes.byref(mine), 1, ctypes.byref(theirs), 1, 0) == 8""",
    ),
    quiet(
        "steal-descriptor",
        "one of the parent's open files, by pidfd_getfd",
        "import ctypes, os\nlib = ctypes.CDLL(None)\n"
        "handle = lib.syscall(434, os.getppid(), 0)\n"
        "return handle >= 0 and lib.syscall(438, handle, 2, 0) >= 0",
    ),
    quiet(
        "open-parents-files",
        "a file of the parent's, by /proc/PPID/fd",
        "import os\nopen(f'/proc/{os.getppid()}/fd/2', 'ab', 0).write(b'')\nreturn True",
    ),
    quiet(
        "limit-parent",
        "a limit put on the parent: no more files for whoever comes next",
        "import os, resource\n"
        "old = resource.prlimit(os.getppid(), resource.RLIMIT_CORE)\n"
        "resource.prlimit(os.getppid(), resource.RLIMIT_CORE, old)\nreturn True",
        "E",
        NO_SECCOMP,
    ),
    quiet(
        "slow-parent",
        "the parent pushed to the end of the queue",
        "import os\n"
        "before = os.getpriority(os.PRIO_PROCESS, os.getppid())\n"
        "os.setpriority(os.PRIO_PROCESS, os.getppid(), before)\nreturn True",
        "E",
        NO_SECCOMP,
    ),
    quiet(
        "kill-other",
        "another process of the same user",
        "import os\nos.kill(A.victim, 9)\nreturn True",
        "E",
        NO_SECCOMP,
        touches="bystander",
    ),
    quiet(
        "signal-parent",
        "a harmless signal to the parent, to see whether one could be sent",
        "import os\nos.kill(os.getppid(), 0)\nreturn os.getppid() > 1",
        "E",
        NO_SECCOMP,
    ),
    Attack(
        "kill-parent",
        "the grader is killed, and its report with it",
        "import os\nif os.getppid() > 1:\n    os.kill(os.getppid(), 9)",
        open_in="E",
        because=NO_SECCOMP,
    ),
    Attack(
        "kill-group",
        "everything in its own process group",
        "import os\nos.killpg(0, 9)",
        "main",
    ),
    Attack(
        "stop-itself",
        "SIGSTOP: it never answers and never ends",
        "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)",
        "main",
        timeout_s=3.0,
    ),
    Attack(
        "deaf",
        "every signal that can be is blocked or ignored, and it sleeps",
        "import signal, time\n"
        "signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())\n"
        "for number in (1, 2, 3, 13, 15):\n    signal.signal(number, signal.SIG_IGN)\n"
        "time.sleep(100)",
        "main",
        timeout_s=3.0,
    ),
]
