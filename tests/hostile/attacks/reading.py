"""Reading what is none of a submission's business, and bringing it home in the report."""

from tests.hostile.model import Attack, quiet

NO_LANDLOCK = "tier E has no walls between files"

ATTACKS: list[Attack] = [
    quiet(
        "read-home",
        "a credential in the home folder",
        "return 'CANARY' in open(A.home + '/.netrc').read()",
        "E",
        NO_LANDLOCK,
    ),
    quiet(
        "read-private",
        "a file only its owner may read",
        "return 'CANARY' in open(A.outside + '/shadow').read()",
        "E",
        NO_LANDLOCK,
    ),
    quiet(
        "read-neighbour",
        "another student's decay.json",
        "return 'CANARY' in open(A.bob + '/decay.json').read()",
        "E",
        NO_LANDLOCK,
    ),
    quiet(
        "list-class",
        "the names of the other students",
        "import os\nreturn 'bob' in os.listdir(A.group)",
        "E",
        NO_LANDLOCK,
    ),
    quiet(
        "read-git",
        "the repository's own .git, where a token may lie",
        "return 'CANARY' in open(A.alice + '/.git/config').read()",
        "E",
        NO_LANDLOCK,
    ),
    quiet(
        "find-git-upwards",
        "a .git folder in any folder above the script",
        "from pathlib import Path\n"
        "return any((up / '.git').exists() for up in Path(__file__).resolve().parents)",
    ),
    quiet(
        "copy-committed",
        "the committed decay.json, by its own path",
        "return '\"rnn\"' in open(A.here + '/decay.json').read()",
        "E",
        NO_LANDLOCK,
    ),
    quiet(
        "find-committed",
        "a committed artefact in any folder near the scratch copy",
        "from pathlib import Path\n"
        "here = Path(__file__).resolve().parent\n"
        "return any((p / n).exists() for p in (here, *here.parents[:3], Path.cwd())"
        " for n in ('decay.json', 'decay.png', 'report.json'))",
    ),
    quiet(
        "read-rubric",
        "the grader's own source, for seeds it could hide there: there are none to find",
        "import re\nfrom pathlib import Path\n"
        "text = Path(A.install, 'grader/evidence/probe.py').read_text()\n"
        "return bool(re.search(r'SECRET\\s*=|KEY\\s*=\\s*b', text))",
    ),
    quiet(
        "key-in-environment",
        "the probe's key and a token, in its own environment",
        "import os\nreturn any('CANARY' in value for value in os.environ.values())",
    ),
    quiet(
        "key-of-parent",
        "the probe's key, in the environment of any other process",
        """import os
for pid in os.listdir('/proc'):
    if pid.isdigit():
        try:
            if b'CANARY-key' in open(f'/proc/{pid}/environ', 'rb').read():
                return True
        except OSError:
            pass
return False""",
    ),
    quiet(
        "list-processes",
        "the command lines of other processes",
        """import os
for pid in os.listdir('/proc'):
    if pid.isdigit():
        try:
            if b'CANARY-victim' in open(f'/proc/{pid}/cmdline', 'rb').read():
                return True
        except OSError:
            pass
return False""",
        "E",
        "tier E shares the process table",
    ),
    quiet(
        "read-descriptors",
        "whatever file of the parent's is still open here",
        """import os
for number in os.listdir('/proc/self/fd'):
    try:
        if 'CANARY' in os.readlink(f'/proc/self/fd/{number}'):
            return True
    except OSError:
        pass
return False""",
    ),
]
