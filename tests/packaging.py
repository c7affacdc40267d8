"""Build, install and run the distribution as strangers do: `python -m tests.packaging [PYTHON…]`.

For every interpreter named (by default this one): the wheel and the sdist are built, each is
installed with its runtime dependencies only, `pip check` has nothing to say, and the console script
grades the reference experiment from files. Needs a package index, and takes minutes.
"""

# ruff: noqa: S603, T201 - commands of our own, and a report on the terminal

import json
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
LAB = ROOT / "experiments" / "14-vanishing-grad"
TESTS_ONLY = ("pytest", "hypothesis", "mpmath", "flint", "xmlschema", "ruff", "mypy")
MOST_MB = 60
"""Installed size allowed beyond NumPy and matplotlib, with what these two need."""

WEIGH = """
import json, re
from importlib import metadata
def needs(name, seen):
    for text in metadata.requires(name) or ():
        one = re.match("[A-Za-z0-9._-]+", text).group()
        if "extra" not in text and one not in seen:
            seen.add(one)
            try: needs(one, seen)
            except metadata.PackageNotFoundError: pass
    return seen
def size(names):
    total = 0
    for name in names:
        try: files = metadata.files(name) or ()
        except metadata.PackageNotFoundError: continue
        total += sum(f.locate().stat().st_size for f in files if f.locate().is_file())
    return total
given = {"numpy", "matplotlib"} | needs("matplotlib", set())
ours = {"vangrad"} | needs("vangrad", set())
names = sorted(d.metadata["Name"].lower() for d in metadata.distributions())
print(json.dumps({"mb": size(ours - given) / 1e6, "names": names}))
"""


def command(*words: str | Path, **options: object) -> str:
    """Run a command that has to succeed; return what it printed."""
    done = subprocess.run(words, capture_output=True, text=True, check=False, **options)
    if done.returncode:
        sys.exit(f"{words}: {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def tried(python: str, folder: Path) -> None:
    """Build with one interpreter, and try both distributions in environments of their own."""
    version = command(python, "-I", "-c", "import sys; print(sys.version.split()[0])").strip()
    command(python, "-I", "-m", "venv", folder / "build")
    builder = folder / "build" / "bin" / "python"
    command(builder, "-I", "-m", "pip", "install", "--quiet", "build")
    command(builder, "-I", "-m", "build", "--outdir", folder / "dist", ROOT)
    for made in sorted((folder / "dist").iterdir()):
        home = folder / made.suffix.lstrip(".")
        command(python, "-I", "-m", "venv", home)
        inside = home / "bin" / "python"
        command(inside, "-I", "-m", "pip", "install", "--quiet", made)
        command(inside, "-I", "-m", "pip", "check")
        weight = json.loads(command(inside, "-I", "-c", WEIGH))
        extra = [name for name in TESTS_ONLY if name in weight["names"]]
        if extra or weight["mb"] > MOST_MB:
            sys.exit(f"{made.name}: {extra}, {weight['mb']:.0f} MB")
        report = json.loads(command(home / "bin" / "vangrad", LAB, "--format", "json", cwd=folder))
        command(home / "bin" / "vangrad", "config", "--show", cwd=folder)
        if report["verdict"] != "passed":
            sys.exit(f"{made.name}: {report['verdict']}")
        print(f"{version}: {made.name} passes; {weight['mb']:.1f} MB beyond NumPy and matplotlib")


def main() -> None:
    """Try every interpreter named on the command line."""
    for python in sys.argv[1:] or [sys.executable]:
        with tempfile.TemporaryDirectory() as folder:
            tried(python, Path(folder))


if __name__ == "__main__":
    main()
