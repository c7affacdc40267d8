"""Writing where others read: the home, the class, the grader itself."""

from tests.hostile.model import Attack, quiet

NO_LANDLOCK = "tier E has no walls between files"


def _writes(name: str, about: str, path: str) -> Attack:
    return quiet(name, about, f"open({path}, 'w').write(MARK)", "E", NO_LANDLOCK)


ATTACKS: list[Attack] = [
    _writes("write-home", "a start-up file in the home folder", "A.home + '/.profile'"),
    _writes("write-temporary", "a file beside the scratch copy", "A.tmp + '/left-behind'"),
    _writes(
        "write-outside", "a file in a folder that has nothing to do with it", "A.outside + '/x'"
    ),
    _writes("write-neighbour", "another student's report", "A.bob + '/report.json'"),
    _writes("write-committed", "its own committed decay.json", "A.here + '/decay.json'"),
    _writes("write-repository", "the repository it came from", "A.alice + '/.git/hooks'"),
    _writes("write-grader", "a module for the grader", "A.install + '/grader/planted.py'"),
    _writes("write-pth", "a .pth file for every later start of Python", "A.site + '/late.pth'"),
    _writes("write-sitecustomize", "code for the next start", "A.site + '/sitecustomize.py'"),
    quiet(
        "poison-cache",
        "bytecode of the grader, which the next grade would run",
        "import glob\n"
        "for path in glob.glob(A.install + '/grader/__pycache__/clean*.pyc'):\n"
        "    open(path, 'r+b').write(MARK.encode())",
        "E",
        NO_LANDLOCK,
    ),
    quiet(
        "rename-neighbour",
        "another student's folder gets another name",
        "import os\nos.rename(A.bob + '/README.md', A.bob + '/' + MARK)",
        "E",
        NO_LANDLOCK,
        touches="14-vanishing-grad/README.md",
    ),
    quiet(
        "delete-outside",
        "a file that was there before",
        "import os\nos.replace(A.outside + '/precious', A.outside + '/' + MARK)",
        "E",
        NO_LANDLOCK,
        touches="outside/precious",
    ),
    quiet(
        "chmod-outside",
        "a private file becomes readable",
        "import os\nos.chmod(A.outside + '/open-me', 0o666)\n"
        "return os.stat(A.outside + '/open-me').st_mode & 0o777 == 0o666",
        "E",
        NO_LANDLOCK,
        touches="outside/open-me",
    ),
    quiet(
        "touch-outside",
        "a neighbour's file looks newer",
        "import os\nos.utime(A.bob + '/manifest.json', (1, 1))\n"
        "return os.stat(A.bob + '/manifest.json').st_mtime == 1",
        "E",
        NO_LANDLOCK,
        touches="bob/experiments/14-vanishing-grad/manifest.json",
    ),
    quiet(
        "truncate-outside",
        "a file is emptied without being opened",
        "import os\nos.truncate(A.outside + '/cut-me', 0)\n"
        "return os.stat(A.outside + '/cut-me').st_size == 0",
        "E",
        NO_LANDLOCK,
        touches="outside/cut-me",
    ),
    quiet(
        "setxattr-outside",
        "an attribute on a file that is not its own",
        "import os\nos.setxattr(A.outside + '/tagged', 'user.vangrad', b'x')\n"
        "return os.getxattr(A.outside + '/tagged', 'user.vangrad') == b'x'",
        because=NO_LANDLOCK,
        varies_in="E",
        touches="outside/tagged",
    ),
    quiet(
        "write-shared-memory",
        "a file in /dev/shm outlives the run",
        "open(f'/dev/shm/{MARK}-{A.abstract}', 'w').write(MARK)",
        "E",
        NO_LANDLOCK,
    ),
    quiet(
        "climb-through-descriptor",
        "a folder above, by way of /proc/self/cwd",
        "open('/proc/self/cwd/../../../../' + MARK, 'w').write(MARK)",
        "E",
        NO_LANDLOCK,
    ),
]
