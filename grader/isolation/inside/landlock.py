"""Landlock through ctypes: which files a process may still reach, from ABI 1 up.

Source: Linux, `include/uapi/linux/landlock.h`. The numbers of its calls are the same everywhere.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import stat
import struct
from collections.abc import Iterable

CREATE, ADD_RULE, RESTRICT = 444, 445, 446
VERSION_FLAG, PATH_BENEATH = 1, 1
EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
REMOVE_DIR, REMOVE_FILE, MAKE_DIR, MAKE_REG = 1 << 4, 1 << 5, 1 << 7, 1 << 8
TRUNCATE, IOCTL_DEV = 1 << 14, 1 << 15
ALL_OF_ABI_1 = (1 << 13) - 1
ADDED = {2: 1 << 13, 3: TRUNCATE, 5: IOCTL_DEV}
"""Rights that came with an ABI: linking across folders, truncating, ioctl on devices."""

READ = READ_FILE | READ_DIR | EXECUTE
WRITE = (
    READ_FILE | READ_DIR | WRITE_FILE | REMOVE_DIR | REMOVE_FILE | MAKE_DIR | MAKE_REG
    | ADDED[2] | TRUNCATE
)  # fmt: skip
OF_A_FILE = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV
TCP, SCOPES = 0b11, 0b11
"""All of ABI 4's network rights; all of ABI 6's scopes: abstract sockets and signals."""


def abi(libc: ctypes.CDLL) -> int:
    """Return the version this kernel speaks; 0 where it has none or it is switched off."""
    found = libc.syscall(CREATE, None, ctypes.c_size_t(0), VERSION_FLAG)
    return max(int(found), 0)


def rights_of(version: int) -> int:
    """Return the rights to a file that an ABI knows, all of which the rules then govern."""
    return ALL_OF_ABI_1 | sum(bit for since, bit in ADDED.items() if version >= since)


def attributes(version: int) -> bytes:
    """Return struct landlock_ruleset_attr, as long as the ABI knows it."""
    words = [rights_of(version)]
    if version >= 4:
        words.append(TCP)
    if version >= 6:
        words.append(SCOPES)
    return struct.pack(f"={len(words)}Q", *words)


def confine(libc: ctypes.CDLL, readable: Iterable[str], writable: Iterable[str]) -> int:
    """Leave this process nothing but these paths, and return the ABI; paths not there are passed.

    Raises
    ------
    OSError
        If the kernel has no Landlock, or refuses.
    """
    version = abi(libc)
    if version < 1:
        raise OSError("Landlock is not there")
    attribute = attributes(version)
    ruleset = libc.syscall(CREATE, attribute, ctypes.c_size_t(len(attribute)), 0)
    if ruleset < 0:
        raise OSError(ctypes.get_errno(), "landlock_create_ruleset")
    known = rights_of(version)
    for paths, rights in ((readable, READ), (writable, WRITE)):
        for path in paths:
            with contextlib.suppress(FileNotFoundError, PermissionError):
                _allow(libc, ruleset, path, rights & known)
    if libc.syscall(RESTRICT, ruleset, 0):
        raise OSError(ctypes.get_errno(), "landlock_restrict_self")
    os.close(ruleset)
    return version


def _allow(libc: ctypes.CDLL, ruleset: int, path: str, rights: int) -> None:
    place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        if not stat.S_ISDIR(os.fstat(place).st_mode):
            rights &= OF_A_FILE
        if libc.syscall(ADD_RULE, ruleset, PATH_BENEATH, struct.pack("=Qi", rights, place), 0):
            raise OSError(ctypes.get_errno(), "landlock_add_rule")
    finally:
        os.close(place)
