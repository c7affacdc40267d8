"""Artefacts that are not what they seem, fresh from the run or handed in so."""

from pathlib import Path

from tests.hostile.model import Attack

GONE = 'import os\nos.unlink(HERE / "decay.json")\n'


def _made(name: str, about: str, code: str, **more: str) -> Attack:
    return Attack(name, about, code, "written", **more)


def _bomb(path: Path) -> None:
    """Replace decay.png by 400 bytes that unpack to 60000 x 60000 pixels."""
    import struct
    import zlib

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + check

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    packed = zlib.compress(bytes(1 << 16), 9)
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", packed)
    (path / "decay.png").write_bytes(data + chunk(b"IEND", b""))


def _deep(path: Path) -> None:
    (path / "decay.json").write_text("[" * 200_000)


def _wide(path: Path) -> None:
    (path / "manifest.json").write_text("[" + "[]," * 300_000 + "[]]")


def _linked(path: Path) -> None:
    for name in ("decay.json", "manifest.json", "README.md"):
        (path / name).unlink()
        (path / name).symlink_to("/etc/passwd")


def _huge_numbers(path: Path) -> None:
    numbers = ["1" * 400_000, "1e400", "-Infinity", *["1.0"] * 47]
    listed = ", ".join(numbers)
    (path / "decay.json").write_text(f'{{"rnn": [{listed}], "gru": [{listed}], "rnn": 1}}')


ATTACKS: list[Attack] = [
    _made(
        "symlink-to-neighbour",
        "decay.json is a link to another student's",
        GONE + 'os.symlink(A.bob + "/decay.json", HERE / "decay.json")',
    ),
    _made(
        "hardlink-to-neighbour",
        "decay.json is another student's, by a second name",
        GONE + 'os.link(A.bob + "/decay.json", HERE / "decay.json")',
    ),
    _made("fifo", "decay.json is a pipe nobody writes to", GONE + 'os.mkfifo(HERE / "decay.json")'),
    _made(
        "socket-artefact",
        "decay.json is a socket",
        GONE + "import socket\nos.chdir(HERE)\ns = socket.socket(1)\ns.bind('decay.json')",
    ),
    _made("folder-artefact", "decay.json is a folder", GONE + 'os.mkdir(HERE / "decay.json")'),
    _made(
        "device-link",
        "decay.png is a link to /dev/zero",
        'import os\nos.unlink(HERE / "decay.png")\nos.symlink("/dev/zero", HERE / "decay.png")',
    ),
    _made(
        "sparse",
        "decay.json of 15 MB that take no room",
        'open(HERE / "decay.json", "wb").truncate(15 << 20)',
    ),
    _made(
        "unreadable",
        "decay.json without any permission",
        'import os\nos.chmod(HERE / "decay.json", 0)',
    ),
    _made(
        "linked-folder",
        "its own folder becomes a link to another student's",
        "import os\nos.rename(HERE, str(HERE) + '-away')\nos.symlink(A.bob, HERE)",
    ),
    _made(
        "garbled-artefact",
        "decay.json of bytes that are no text",
        'open(HERE / "decay.json", "wb").write(bytes(range(256)) * 100)',
    ),
    Attack("png-bomb", "a picture of 60000 x 60000", place="none", change=_bomb),
    Attack("deep-json", "decay.json two hundred thousand deep", place="none", change=_deep),
    Attack("wide-json", "a manifest of three hundred thousand lists", place="none", change=_wide),
    Attack("linked-papers", "papers that are links", place="none", change=_linked),
    Attack("huge-numbers", "numbers nobody can hold", place="none", change=_huge_numbers),
]
