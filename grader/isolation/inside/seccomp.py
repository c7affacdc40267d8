"""The filter of system calls: a program in the kernel's classic BPF, built here and nowhere else.

A program of some 300 instructions by hand, and no library, for then nothing has to be installed
where a submission is graded. The tests interpret it, and try it.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct

from .syscalls import FIRST_UNKNOWN, MACHINES, NUMBERS, number

Instruction = tuple[int, int, int, int]

LOAD, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
NUMBER_AT, MACHINE_AT, ARGUMENTS_AT = 0, 4, 16
KILL, REFUSE, ALLOW = 0x80000000, 0x00050000, 0x7FFF0000
"""SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_ERRNO (plus the error's number), SECCOMP_RET_ALLOW."""

X32 = 0x40000000
CLONE_THREAD = 0x00010000
FAKED = frozenset({
    "chmod", "fchmod", "fchmodat", "fchmodat2", "chown", "fchown", "lchown", "fchownat",
    "utime", "utimes", "futimesat", "utimensat", "setxattr", "lsetxattr", "fsetxattr",
    "removexattr", "lremovexattr", "fremovexattr", "setxattrat", "removexattrat",
})  # fmt: skip
"""Answered with success, and not done: `shutil.copy` wants them to work, Landlock lets a child
change the attributes of any file its user owns, and no script of this lab depends on them."""

REQUESTS = (0x5412, 0x541C, 0x8901, 0x8902)
"""ioctl: TIOCSTI and TIOCLINUX type into a terminal, FIOSETOWN and SIOCSPGRP aim signals."""

COMMANDS = (8, 10, 15)
"""fcntl: F_SETOWN, F_SETSIG and F_SETOWN_EX have the kernel send a signal to anyone."""


def supported(machine: str) -> bool:
    """Say whether there is a filter for this processor."""
    return machine in MACHINES


def program(machine: str, pid: int) -> list[Instruction]:
    """Return the filter for a processor and the process `pid`, which may signal itself.

    Parameters
    ----------
    machine : {"x86_64", "aarch64"}
    pid : int
        The process the filter is for, as it sees itself.
    """
    bodies = _by_argument(pid)
    code = [(LOAD, 0, 0, MACHINE_AT), (EQUAL, 1, 0, MACHINES[machine]), _return(KILL)]
    code.append((LOAD, 0, 0, NUMBER_AT))
    if machine == "x86_64":  # the x32 interface shares the architecture and not the numbers
        code += [(AT_LEAST, 0, 1, X32), _return(KILL)]
    code += [(AT_LEAST, 0, 1, FIRST_UNKNOWN), _return(REFUSE | errno.ENOSYS)]
    for name in NUMBERS:
        nr = number(name, machine)
        if nr is not None and name not in bodies:
            answer = 0 if name in FAKED else errno.EPERM
            code += [(EQUAL, 0, 1, nr), _return(REFUSE | answer)]
    for name, body in bodies.items():
        nr = number(name, machine)
        if nr is not None:
            code += [(EQUAL, 0, len(body), nr), *body]
    return [*code, _return(ALLOW)]


def _return(action: int) -> Instruction:
    return (RETURN, 0, 0, action)


def _low(position: int) -> Instruction:
    return (LOAD, 0, 0, ARGUMENTS_AT + 8 * position)


def _high(position: int) -> Instruction:
    return (LOAD, 0, 0, ARGUMENTS_AT + 8 * position + 4)


def _by_argument(pid: int) -> dict[str, list[Instruction]]:
    """Return what is decided by an argument; each body ends in an answer on every way."""
    no, yes = _return(REFUSE | errno.EPERM), _return(ALLOW)
    to_itself = [_low(0), (EQUAL, 0, 1, pid), yes, no]
    return {
        # A new thread is one of ours; glibc asks clone3 first, and clone where that is missing.
        "clone3": [_return(REFUSE | errno.ENOSYS)],
        "clone": [_low(0), (ANY_BIT, 0, 1, CLONE_THREAD), yes, no],
        "kill": to_itself,
        "tgkill": to_itself,
        "prlimit64": [_low(0), (EQUAL, 1, 0, 0), (EQUAL, 0, 1, pid), yes, no],
        # asyncio wakes itself by send() on a socketpair; an address would lead elsewhere.
        "sendto": [_low(4), (EQUAL, 1, 0, 0), no, _high(4), (EQUAL, 0, 1, 0), yes, no],
        "ioctl": _none_of(REQUESTS),
        "fcntl": _none_of(COMMANDS),
    }


def _none_of(values: tuple[int, ...]) -> list[Instruction]:
    body = [_low(1)]
    for value in values:
        body += [(EQUAL, 0, 1, value), _return(REFUSE | errno.EPERM)]
    return [*body, _return(ALLOW)]


def packed(code: list[Instruction]) -> bytes:
    """Return the program as the kernel reads it: struct sock_filter, one after another."""
    return b"".join(struct.pack("=HBBI", *one) for one in code)


def install(libc: ctypes.CDLL) -> None:
    """Put this process under the filter, for good.

    Raises
    ------
    OSError
        If the kernel refuses.
    """
    code = program(os.uname().machine, os.getpid())
    held = ctypes.create_string_buffer(packed(code))
    head = struct.pack("@HP", len(code), ctypes.addressof(held))
    if libc.prctl(22, 2, ctypes.c_char_p(head), 0, 0):  # PR_SET_SECCOMP, SECCOMP_MODE_FILTER
        raise OSError(ctypes.get_errno(), "seccomp")
