"""What a service tells systemd (sd_notify), without a library: one datagram to the socket it named."""

import os
import socket
from collections.abc import Mapping


class Notifier:
    """Speaks to the service manager that started this process; silent when there is none. Never raises."""

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        """Read ``NOTIFY_SOCKET`` and ``WATCHDOG_USEC`` from ``environment`` (the process's own by default)."""
        environment = os.environ if environment is None else environment
        name = environment.get("NOTIFY_SOCKET", "")
        self._address = "\0" + name[1:] if name.startswith("@") else name
        self.watchdog_s = _watchdog_s(environment)
        """Longest time systemd waits for a sign of life before it kills the service; None: no watchdog."""

    def ready(self, status: str = "") -> bool:
        """Say that the service is up."""
        return self._send("READY=1", *([f"STATUS={status}"] if status else []))

    def alive(self) -> bool:
        """Feed the service watchdog; send it at least twice per ``watchdog_s``."""
        return self._send("WATCHDOG=1")

    def extend_start(self, seconds: float, status: str) -> bool:
        """Ask for that much more time to get ready, and say why."""
        return self._send(f"EXTEND_TIMEOUT_USEC={round(seconds * 1e6)}", f"STATUS={status}")

    def status(self, text: str) -> bool:
        """Set the line that ``systemctl status`` shows."""
        return self._send(f"STATUS={text}")

    def stopping(self) -> bool:
        """Say that the service is going down on purpose."""
        return self._send("STOPPING=1")

    def _send(self, *assignments: str) -> bool:
        """Send one datagram; return whether somebody took it."""
        if not self._address:
            return False
        message = "\n".join(part.replace("\n", " ") for part in assignments).encode()
        try:
            with socket.socket(
                socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK
            ) as sender:
                sender.sendto(message, self._address)
        except OSError:
            return False
        return True


def _watchdog_s(environment: Mapping[str, str]) -> float | None:
    pid = environment.get("WATCHDOG_PID", "")
    if pid and pid != str(os.getpid()):
        return None
    try:
        microseconds = int(environment.get("WATCHDOG_USEC", ""))
    except ValueError:
        return None
    return microseconds / 1e6 if microseconds > 0 else None
