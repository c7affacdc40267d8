"""Taking more than a script needs; every bomb is bounded, so that success would hurt nobody.

What fills a small file system of the run's own has filled nothing.
"""

from tests.hostile.model import Attack, quiet

ATTACKS: list[Attack] = [
    quiet(
        "fill-disk",
        "192 MB in files of 8 MB",
        """import glob, os
try:
    for number in range(24):
        with open(f'fill-{number}', 'wb') as file:
            file.write(bytes(8 << 20))
    room = os.statvfs('.')
    return room.f_blocks * room.f_frsize > 1 << 30
finally:
    for path in glob.glob('fill-*'):
        os.unlink(path)""",
        "EB",
        "no quota without a file system of its own",
    ),
    quiet(
        "fill-inodes",
        "five thousand empty files",
        """import os
made = 0
try:
    for made in range(5_000):
        os.close(os.open(f'inode-{made}', os.O_CREAT | os.O_WRONLY))
    room = os.statvfs('.')
    return room.f_blocks * room.f_frsize > 1 << 30
finally:
    for number in range(made + 1):
        if os.path.exists(f'inode-{number}'):
            os.unlink(f'inode-{number}')""",
        "EB",
        "no quota without a file system of its own",
    ),
    quiet(
        "large-file",
        "one file of 24 MB",
        "import os, signal\nsignal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "try:\n    open('large', 'wb').write(bytes(24 << 20))\n"
        "    return os.path.getsize('large') == 24 << 20\n"
        "finally:\n    os.unlink('large')",
    ),
    quiet(
        "three-gigabytes",
        "memory, reserved but not touched",
        "import mmap\nmmap.mmap(-1, 3 << 30).close()\nreturn True",
    ),
    Attack(
        "hoard-descriptors",
        "every descriptor there is, kept open",
        "import os\nHELD = []\ntry:\n    while len(HELD) < 5000:\n"
        "        HELD.append(os.open('/dev/null', 0))\nexcept OSError:\n    pass",
    ),
    Attack(
        "deep-folders",
        "two thousand folders inside one another: no clean-up by path can follow",
        "import os\nfor _ in range(2000):\n    os.mkdir('d')\n    os.chdir('d')\nos.chdir(HERE)",
        "written",
    ),
    Attack(
        "closed-folder",
        "a folder without any permission, with a file in it",
        "import os\nos.mkdir('shut')\nopen('shut/file', 'w').close()\nos.chmod('shut', 0)",
        "written",
    ),
    Attack(
        "closed-scratch",
        "its own folder without any permission",
        "import os\nos.chmod(HERE, 0)",
        "bottom",
    ),
    Attack(
        "flood-output",
        "a hundred megabytes on standard output",
        "import sys\nfor _ in range(1000):\n    sys.stdout.write('x' * 100_000)",
        "main",
    ),
    Attack(
        "million-line-traceback",
        "an exception whose text has a million lines",
        "raise RuntimeError('\\n'.join(['::error::owned'] * 1_000_000))",
        "main",
    ),
    Attack(
        "deep-traceback",
        "an exception with two thousand causes",
        """error = None
for number in range(2000):
    try:
        raise ValueError(number) from error
    except ValueError as caught:
        error = caught
raise error""",
        "main",
    ),
    Attack(
        "endless-recursion",
        "the stack of C runs out",
        "import sys\nsys.setrecursionlimit(10**7)\ndef down(n):\n    return down(n + 1)\ndown(0)",
        "main",
    ),
    Attack(
        "eat-memory",
        "all the memory it is given",
        "HOARD = []\nwhile len(HOARD) < 400:\n    HOARD.append(np.ones(1 << 20))",
        "main",
    ),
    Attack("spin", "an endless loop", "while True:\n    pass", "main", timeout_s=3.0),
    Attack(
        "spin-in-threads",
        "eight threads in BLAS, whatever the environment said of their number",
        """import threading
def burn():
    matrix = np.ones((800, 800))
    while True:
        matrix @ matrix
for _ in range(8):
    threading.Thread(target=burn, daemon=True).start()
while True:
    pass""",
        "main",
        timeout_s=3.0,
    ),
    Attack(
        "slow-regex",
        "a pattern that takes for ever, in C",
        "import re\nre.match('(a+)+$', 'a' * 60 + 'b')",
        "main",
        timeout_s=3.0,
    ),
    Attack(
        "huge-integer",
        "a power no time is enough for, in C",
        "pow(10, 10**9)",
        "main",
        timeout_s=3.0,
    ),
    Attack(
        "sleeps-in-step",
        "each call of step takes a tenth of a second",
        "import sys, time\nif sys._getframe(1).f_code.co_name != 'forward':\n    time.sleep(0.1)",
        "step",
        timeout_s=3.0,
    ),
    Attack(
        "hangs-in-bptt",
        "bptt comes back once, and never again",
        "import sys, time\nif sys._getframe(1).f_code.co_name != 'measure':\n    time.sleep(100)",
        "bptt",
        timeout_s=3.0,
    ),
]
