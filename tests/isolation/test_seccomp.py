"""The filter of system calls, interpreted as the kernel would: what each call is answered."""

import errno
import struct

import pytest

from grader.isolation.inside import seccomp
from grader.isolation.inside.syscalls import FIRST_UNKNOWN, MACHINES, NUMBERS, number

PID = 4321
KILL, ALLOW = "kill", "allow"
READ = {"x86_64": 0, "aarch64": 63}
FOREIGN = {"i386": 0x40000003, "arm": 0x40000028, "riscv64": 0xC00000F3}


def interpreted(code, nr, arch, *arguments):
    """Run a filter over one system call; return "kill", "allow" or the number of the error."""
    words = [*arguments, *[0] * (6 - len(arguments))]
    data = struct.pack("<iIQ6Q", nr, arch, 0, *(word & (2**64 - 1) for word in words))
    value, at = 0, 0
    while True:
        operation, yes, no, k = code[at]
        at += 1
        if operation == 0x20:
            value = struct.unpack_from("<I", data, k)[0]
        elif operation == 0x06:
            action = k & 0xFFFF0000
            return {0x80000000: KILL, 0x7FFF0000: ALLOW}.get(action, k & 0xFFFF)
        else:
            holds = {0x15: value == k, 0x35: value >= k, 0x45: bool(value & k)}[operation]
            at += yes if holds else no


def answered(machine, name, *arguments):
    """Return what the filter answers to a call by name."""
    nr = name if isinstance(name, int) else number(name, machine)
    return interpreted(seccomp.program(machine, PID), nr, MACHINES[machine], *arguments)


each_machine = pytest.mark.parametrize("machine", MACHINES)


@each_machine
@pytest.mark.parametrize("foreign", FOREIGN)
def test_call_of_a_foreign_architecture_kills(machine, foreign):
    assert interpreted(seccomp.program(machine, PID), READ[machine], FOREIGN[foreign]) == KILL


def test_call_of_one_machine_kills_on_the_other():
    ours, theirs = seccomp.program("x86_64", PID), MACHINES["aarch64"]
    assert interpreted(ours, 0, theirs) == KILL


def test_call_of_the_x32_interface_kills():
    assert answered("x86_64", 0x40000000) == KILL


@each_machine
def test_reading_is_allowed(machine):
    assert answered(machine, READ[machine]) == ALLOW


@each_machine
@pytest.mark.parametrize("nr", [FIRST_UNKNOWN, 500, 0x3FFFFFFF])
def test_call_younger_than_the_table_does_not_exist(machine, nr):
    assert answered(machine, nr) == errno.ENOSYS


@each_machine
@pytest.mark.parametrize(
    "name",
    [
        "execve", "execveat", "socket", "connect", "bind", "ptrace", "process_vm_readv", "mount",
        "unshare", "setns", "bpf", "io_uring_setup", "userfaultfd", "keyctl", "shmget", "mq_open",
        "linkat", "symlinkat", "mknodat", "memfd_create", "setsid", "tkill", "pidfd_open",
        "rt_sigqueueinfo", "truncate", "setpriority", "sched_setaffinity", "sendmsg",
    ],
)  # fmt: skip
def test_dangerous_call_is_refused(machine, name):
    assert answered(machine, name) == errno.EPERM


@pytest.mark.parametrize("name", ["fork", "vfork", "link", "symlink", "mknod", "iopl"])
def test_old_name_of_a_dangerous_call_is_refused_where_it_exists(name):
    assert answered("x86_64", name) == errno.EPERM
    assert number(name, "aarch64") is None


@each_machine
@pytest.mark.parametrize("name", sorted(seccomp.FAKED))
def test_change_of_attributes_is_answered_with_success_and_not_done(machine, name):
    if number(name, machine) is not None:
        assert answered(machine, name) == 0


@each_machine
@pytest.mark.parametrize(
    ("flags", "answer"), [(0x3D0F00, ALLOW), (17, errno.EPERM), (0, errno.EPERM)]
)
def test_clone_makes_threads_only(machine, flags, answer):
    assert answered(machine, "clone", flags) == answer
    assert answered(machine, "clone3") == errno.ENOSYS


@each_machine
@pytest.mark.parametrize("name", ["kill", "tgkill", "prlimit64"])
@pytest.mark.parametrize(("target", "answer"), [(PID, ALLOW), (1, errno.EPERM), (-1, errno.EPERM)])
def test_process_reaches_itself_only(machine, name, target, answer):
    assert answered(machine, name, target, 9) == answer


@each_machine
@pytest.mark.parametrize("name", ["kill", "tgkill"])
def test_own_group_of_processes_is_somebody_else(machine, name):
    assert answered(machine, name, 0, 9) == errno.EPERM


@each_machine
def test_own_limits_are_named_by_zero(machine):
    assert answered(machine, "prlimit64", 0) == ALLOW


@each_machine
@pytest.mark.parametrize(
    ("address", "answer"), [(0, ALLOW), (8, errno.EPERM), (1 << 40, errno.EPERM)]
)
def test_message_goes_to_the_other_end_of_a_pair_only(machine, address, answer):
    assert answered(machine, "sendto", 3, 4, 1, 0, address) == answer


@each_machine
@pytest.mark.parametrize(
    ("name", "request_", "answer"),
    [
        ("ioctl", 0x5401, ALLOW),
        ("ioctl", 0x5412, errno.EPERM),
        ("ioctl", 0x5412 | 1 << 40, errno.EPERM),
        ("ioctl", 0x541C, errno.EPERM),
        ("ioctl", 0x8901, errno.EPERM),
        ("fcntl", 3, ALLOW),
        ("fcntl", 8, errno.EPERM),
        ("fcntl", 10, errno.EPERM),
        ("fcntl", 15, errno.EPERM),
    ],
)
def test_request_is_looked_at_by_its_number(machine, name, request_, answer):
    assert answered(machine, name, 0, request_) == answer


@each_machine
def test_every_call_of_the_table_is_decided(machine):
    undecided = [
        name
        for name in NUMBERS
        if number(name, machine) is not None
        and answered(machine, name, 1, 8) == ALLOW
        and name not in ("ioctl", "sendto")
    ]
    assert undecided == []


@each_machine
def test_numbers_of_the_table_are_distinct_and_known(machine):
    numbers = [n for n in (number(name, machine) for name in NUMBERS) if n is not None]
    assert len(set(numbers)) == len(numbers)
    assert max(numbers) < FIRST_UNKNOWN


@each_machine
def test_every_jump_lands_inside_and_the_end_is_an_answer(machine):
    code = seccomp.program(machine, PID)
    for at, (operation, yes, no, _) in enumerate(code):
        if operation not in (0x20, 0x06):
            assert at + 1 + max(yes, no) < len(code)
    assert code[-1][0] == 0x06
    assert len(code) < 4096
    assert len(seccomp.packed(code)) == 8 * len(code)


@pytest.mark.parametrize(
    ("machine", "known"), [("x86_64", True), ("aarch64", True), ("riscv64", False)]
)
def test_other_processors_have_no_filter(machine, known):
    assert seccomp.supported(machine) is known
