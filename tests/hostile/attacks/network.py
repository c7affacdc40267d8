"""Reaching out: every attempt goes to listeners of the test on the loopback."""

from tests.hostile.model import Attack, quiet

NO_SECCOMP = "tier E cannot forbid sockets"

ATTACKS: list[Attack] = [
    quiet(
        "tcp",
        "a TCP connection",
        "import socket\n"
        "s = socket.create_connection(('127.0.0.1', A.tcp), 1)\ns.sendall(MARK.encode())",
        "E",
        NO_SECCOMP,
    ),
    quiet(
        "tcp6",
        "a TCP connection over IPv6",
        "import socket\ns = socket.create_connection(('::1', A.tcp6), 1)\ns.sendall(MARK.encode())",
        because=NO_SECCOMP,
        varies_in="E",
    ),
    quiet(
        "udp",
        "one datagram, as a DNS query would be",
        "import socket\nsocket.socket(2, 2).sendto(MARK.encode(), ('127.0.0.1', A.udp))",
        "E",
        NO_SECCOMP,
    ),
    quiet(
        "unix-socket",
        "a service of the host behind a path",
        "import socket\ns = socket.socket(1, 1)\ns.connect(A.sock)\ns.sendall(MARK.encode())",
        "E",
        NO_SECCOMP,
    ),
    quiet(
        "abstract-socket",
        "a service of the host in the abstract name space",
        "import socket\n"
        "s = socket.socket(1, 1)\ns.connect('\\0' + A.abstract)\ns.sendall(MARK.encode())",
        "E",
        NO_SECCOMP,
    ),
    quiet(
        "listen",
        "a door of its own, for others to come in",
        "import socket\ns = socket.socket()\ns.bind(('127.0.0.1', 0))\ns.listen(1)\nreturn True",
        "E",
        NO_SECCOMP,
    ),
    quiet(
        "vsock",
        "a socket to the machine's own host",
        "import socket\nsocket.socket(40, 1)\nreturn True",
        because=NO_SECCOMP,
        varies_in="E",
    ),
    quiet(
        "netlink",
        "the kernel's table of addresses",
        "import socket\nsocket.socket(16, 3, 0)\nreturn True",
        "E",
        NO_SECCOMP,
    ),
    quiet(
        "urllib",
        "a page by way of the standard library",
        "import urllib.request\n"
        "try:\n"
        "    urllib.request.urlopen(f'http://127.0.0.1:{A.tcp}/{MARK}', timeout=0.3)\n"
        "except TimeoutError:\n    pass\n",
        "E",
        NO_SECCOMP,
    ),
]
