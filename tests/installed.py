"""An installed copy of the running grader, made of its wheel without a network."""

# ruff: noqa: S603 - our own interpreter

import os
import subprocess
import sys
import sysconfig
import zipfile

from grader.platforms.wheel import wheel


def install(folder):
    """Make an environment in `folder` that holds the wheel; return its interpreter."""
    subprocess.run(
        [sys.executable, "-I", "-m", "venv", "--without-pip", folder], check=True, timeout=60
    )
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    site = folder / "lib" / version / "site-packages"
    name, content = wheel()
    (folder / name).write_bytes(content)
    with zipfile.ZipFile(folder / name) as archive:
        archive.extractall(site)
    # Dependencies come from where the tests run. A path file of theirs (an editable copy of the
    # grader) is not read: only folders named in a path file of this environment's own are.
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + os.linesep)
    return folder / "bin" / "python"
