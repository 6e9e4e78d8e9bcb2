"""Try what a service must not do, from within the sandbox of its unit; say what happened as JSON."""

import ctypes
import errno
import json
import mmap
import os
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path

OUTSIDE = "192.0.2.1"
"""An address of this machine that is not loopback, as far as a filter of addresses can see."""


def said(act: Callable[[], object]) -> str:
    """Return ``done``, or the name of the error."""
    try:
        act()
    except OSError as error:
        return errno.errorcode.get(error.errno or 0, str(error))
    return "done"


def open_device(path: str) -> Callable[[], object]:
    return lambda: os.close(os.open(path, os.O_RDWR | os.O_NONBLOCK))


def connect(address: str, port: int = 9) -> None:
    with socket.create_connection((address, port), timeout=2):
        pass


def executable_memory() -> None:
    mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC).close()


def call(name: str, *arguments: int) -> Callable[[], object]:
    def act() -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        if getattr(libc, name)(*arguments) != 0:
            raise OSError(ctypes.get_errno(), name)

    return act


def status(key: str) -> str:
    return next(line.split()[1] for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(key))


FACTS = {
    "own file": said(lambda: Path("/var/lib/vigie/probe.tmp").write_text("x")),
    "write settings": said(lambda: Path("/etc/vigie/vigie.toml").open("a").close()),
    "read settings": said(lambda: Path("/etc/vigie/vigie.toml").read_text()),
    "write program": said(lambda: Path("/opt/vigie/x").write_text("x")),
    "write system": said(lambda: Path("/usr/local/x").write_text("x")),
    "home of root": said(lambda: list(Path("/root").iterdir())),
    "secrets": said(lambda: list(Path("/etc/vigie/secrets").iterdir())),
    "credential": said((Path(os.environ.get("CREDENTIALS_DIRECTORY", "/nowhere")) / "probe").read_text),
    "i2c": said(open_device("/dev/i2c-1")),
    "gpio": said(open_device("/dev/gpiochip1")),
    "serial line": said(open_device("/dev/ttyS0")),
    "kernel log": said(open_device("/dev/kmsg")),
    "memory": said(open_device("/dev/mem")),
    "executable memory": said(executable_memory),
    "raw packets": said(lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW).close()),
    "loopback": said(lambda: connect("127.0.0.1")),
    "outside": said(lambda: connect(OUTSIDE)),
    "namespace": said(call("unshare", 0x10000000)),
    "root": said(lambda: os.setuid(0)),
    "clock": said(lambda: time.clock_settime(time.CLOCK_REALTIME, time.time())),
    "signal to systemd": said(lambda: os.kill(1, 0)),
    "processes seen": str(sum(path.name.isdigit() for path in Path("/proc").iterdir())),
    "capabilities": status("CapBnd"),
    "no new privileges": status("NoNewPrivs"),
    "user": str(os.getuid() != 0),
}
Path(sys.argv[1]).write_text(json.dumps(FACTS))
