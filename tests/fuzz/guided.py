"""Coverage-guided fuzzing: `python -m tests.fuzz.guided TARGET [libFuzzer options]`, with atheris.

The readers' own branches guide the search; the changes are the structure-aware ones. Needs
`pip install -e '.[fuzz]'`; without it the command says so and ends with status 0.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from random import Random

FILES = {
    "json": "decay.json", "decay": "decay.json", "manifest": "manifest.json", "readme": "README.md",
    "script": "bptt_norm.py", "picture": "decay.png",
}  # fmt: skip


def main() -> int:
    """Run libFuzzer over one reader until it is stopped, or finds something."""
    if len(sys.argv) < 2 or sys.argv[1] not in FILES:
        sys.stderr.write(f"usage: python -m tests.fuzz.guided {{{','.join(FILES)}}} [-runs=N]\n")
        return 2
    try:
        import atheris
    except ImportError:
        sys.stderr.write("skipped: atheris is not installed (pip install -e '.[fuzz]')\n")
        return 0
    with atheris.instrument_imports(include=["grader"]):
        from tests.fuzz.targets import CHANGES, seeds, targets
    name = sys.argv.pop(1)
    change, run = CHANGES[FILES[name]], targets()[name].run

    def mutate(data: bytes, most: int, seed: int) -> bytes:
        return change(data, Random(seed))[:most]

    with tempfile.TemporaryDirectory() as found:
        Path(found, "seed").write_bytes(seeds()[0][FILES[name]])
        options = [sys.argv[0], "-timeout=10", "-rss_limit_mb=600", "-max_len=200000", found]
        atheris.Setup([*options, *sys.argv[1:]], run, custom_mutator=mutate)
        atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main())
