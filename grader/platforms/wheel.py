"""The wheel of this very version, from the files that are running: the same bytes each time."""

from __future__ import annotations

import base64
import hashlib
import io
import tarfile
import tomllib
import zipfile
from collections.abc import Iterator, Mapping
from importlib import metadata, resources
from pathlib import Path

from grader.version import __version__

PACKAGES = ("grader", "reference")
EPOCH = (1980, 1, 1, 0, 0, 0)
"""The time of every file in an archive; the earliest that the format has."""


def archive(files: Mapping[str, bytes], executable: frozenset[str] = frozenset()) -> bytes:
    """Return a ZIP archive whose bytes depend on names and contents only."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as target:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # modes of files as Unix has them, on Windows too
            entry.external_attr = (0o755 if name in executable else 0o644) << 16
            target.writestr(entry, files[name])
    return stream.getvalue()


def tarball(files: Mapping[str, bytes], executable: frozenset[str] = frozenset()) -> bytes:
    """Return a TAR archive whose bytes depend on names and contents only."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.USTAR_FORMAT) as target:
        for name in sorted(files):
            entry = tarfile.TarInfo(name)
            entry.size = len(files[name])
            entry.mode = 0o755 if name in executable else 0o644
            target.addfile(entry, io.BytesIO(files[name]))
    return stream.getvalue()


def wheel() -> tuple[str, bytes]:
    """Return the name and the bytes of a wheel of the running grader."""
    info = f"vangrad-{__version__}.dist-info"
    files = dict(_modules())
    files[f"{info}/METADATA"] = _metadata().encode()
    files[f"{info}/WHEEL"] = (
        b"Wheel-Version: 1.0\nGenerator: vangrad\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    )
    files[f"{info}/entry_points.txt"] = b"[console_scripts]\nvangrad = grader.__main__:run\n"
    rows = []
    for name in sorted(files):
        digest = base64.urlsafe_b64encode(hashlib.sha256(files[name]).digest()).rstrip(b"=")
        rows.append(f"{name},sha256={digest.decode()},{len(files[name])}\n")
    files[f"{info}/RECORD"] = "".join([*rows, f"{info}/RECORD,,\n"]).encode()
    return f"vangrad-{__version__}-py3-none-any.whl", archive(files)


def _modules() -> Iterator[tuple[str, bytes]]:
    """Yield every file of the packages; the schemas lie inside, as in any installed copy."""
    for package in PACKAGES:
        root = Path(str(resources.files(package)))
        for path in sorted(root.rglob("*")):
            if path.is_file() and path.suffix != ".pyc" and "__pycache__" not in path.parts:
                yield f"{package}/{path.relative_to(root).as_posix()}", path.read_bytes()
    beside = _checkout() / "schemas"
    if beside.is_dir() and not (resources.files("grader") / "schemas").is_dir():
        for path in sorted(beside.glob("*.json")):
            yield f"grader/schemas/{path.name}", path.read_bytes()


def _checkout() -> Path:
    return Path(str(resources.files("grader"))).parent


def _metadata() -> str:
    python, needs = _requirements()
    lines = ["Metadata-Version: 2.1", "Name: vangrad", f"Version: {__version__}"]
    lines += [f"Requires-Python: {python}", *(f"Requires-Dist: {one}" for one in needs)]
    return "\n".join(lines) + "\n"


def _requirements() -> tuple[str, list[str]]:
    """Return what an installation needs: as a checkout says, or as the installed copy was told."""
    project = _checkout() / "pyproject.toml"
    if project.is_file():
        table = tomllib.loads(project.read_text(encoding="utf-8"))["project"]
        return table["requires-python"], sorted(table["dependencies"])
    installed = metadata.distribution("vangrad")
    needs = [one for one in installed.requires or () if "extra ==" not in one]
    return installed.metadata["Requires-Python"], sorted(needs)
