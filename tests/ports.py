"""Free TCP ports for tests that run beside each other."""

import errno
import secrets
import socket
from pathlib import Path

EPHEMERAL = Path("/proc/sys/net/ipv4/ip_local_port_range")
_LOWEST, _HIGHEST = 20_000, 65_535
_held: list[socket.socket] = []
"""What says to every other process of this machine that a port is ours; the kernel lets go of it with this process."""


def free_port() -> int:
    """Return a TCP port that nobody listens on and that no other test gets while this process lives.

    It lies outside the range from which the kernel takes ports for outgoing connections: a server that is started
    later, or again, finds it free.
    """
    first, last = (int(word) for word in EPHEMERAL.read_text(encoding="ascii").split())
    candidates = [port for port in range(_LOWEST, _HIGHEST) if not first <= port <= last]
    start = secrets.randbelow(len(candidates))
    return next(port for port in candidates[start:] + candidates[:start] if claim(port))


def claim(port: int) -> bool:
    """Make the port ours unless somebody has it; the name of an abstract socket is the mark."""
    mark = socket.socket(socket.AF_UNIX)
    try:
        mark.bind(f"\0vigie-test-port-{port}")
        with socket.socket() as listener:
            listener.bind(("", port))
    except OSError as error:
        mark.close()
        if error.errno != errno.EADDRINUSE:
            raise
        return False
    _held.append(mark)
    return True
