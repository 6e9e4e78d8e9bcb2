"""Tells Docker whether a service of this container does its work: ``healthy.py controller|web|delivery [end-hung]``.

Exit status 0: it does. It is asked every few seconds for years, so it imports next to nothing.

Docker starts again what ends, not what hangs. With ``end-hung`` a controller that has fallen silent is therefore ended
from here: every one in sight, so never say it outside a container. The restart policy does the rest, and the contacts
stay as they are.
"""

import os
import signal
import socket
import sqlite3
import sys
import time
import tomllib
from contextlib import closing
from pathlib import Path
from typing import Any

HANGS_AFTER_S = 20.0
STARTS_WITHIN_S = 120.0
ANSWER_S = 3.0
DELIVERY_TELLS_S = 180.0
"""Delivery writes down how it goes more often than this, also while the store takes nothing."""
HEARD = Path(os.environ.get("TMPDIR", "/tmp"), "heard")  # noqa: S108 - in a container empty again after every start
"""Holds the monotonic second of the controller's newest sign of life."""
SIGN_OF_LIFE = b"\nvigie_measurement_valid{"
"""A series that the exporter leaves out when the control loop has not finished a period for a while."""

WAITS = "vigie-waits\n"
"""What a service is called while it waits for settings that fit: it does no work, but it does not hang."""


def settings() -> dict[str, Any]:
    """Return the settings; none while they cannot be read, when the services listen where they do by default."""
    try:
        return tomllib.loads(Path(os.environ["VIGIE_CONFIG"]).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def answer(port: int, path: str) -> bytes:
    """Return the whole HTTP answer of this container's own server, empty when there is none."""
    try:
        with socket.create_connection(("127.0.0.1", port), ANSWER_S) as connection:
            connection.settimeout(ANSWER_S)
            connection.sendall(f"GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n".encode())
            with connection.makefile("rb") as file:
                return file.read()
    except OSError:
        return b""


def is_well(text: bytes) -> bool:
    """Whether an HTTP answer is a success."""
    return text.partition(b"\r\n")[0].split()[1:2] == [b"200"]


def end_hung_controller() -> None:
    """Kill the controller if it has been silent for too long; it may take longer to say its first word."""
    now_s = time.monotonic()
    try:
        heard_s = float(HEARD.read_text(encoding="ascii"))
    except (OSError, ValueError):
        heard_s = now_s + STARTS_WITHIN_S - HANGS_AFTER_S
        HEARD.write_text(str(heard_s), encoding="ascii")
    if now_s - heard_s < HANGS_AFTER_S:
        return
    for process in Path("/proc").glob("[0-9]*"):
        try:
            is_controller = b"vigie.cli.controller_process" in (process / "cmdline").read_bytes().split(b"\0")
            if is_controller and (process / "comm").read_text(encoding="utf-8", errors="replace") != WAITS:
                os.kill(int(process.name), signal.SIGKILL)
                sys.stdout.write("the controller was silent for too long: it is ended, to be started again\n")
        except OSError:
            continue


def controller(given: dict[str, Any]) -> bool:
    """Whether the control loop measures."""
    page = answer(given.get("metrics", {}).get("port", 9108), "/metrics")
    if is_well(page) and SIGN_OF_LIFE in page:
        HEARD.write_text(str(time.monotonic()), encoding="ascii")
        return True
    if "end-hung" in sys.argv:
        end_hung_controller()
    return False


def web(given: dict[str, Any]) -> bool:
    """Whether the pages answer."""
    return is_well(answer(given.get("web", {}).get("port", 8000), "/flask/healthz"))


def delivery(given: dict[str, Any]) -> bool:
    """Whether delivery has told lately how it goes; that the store takes nothing is an alarm, no illness."""
    folder = given.get("site", {}).get("data") or os.environ["VIGIE_DATA"]
    try:
        with closing(sqlite3.connect(f"file:{folder}/journal.sqlite?mode=ro", uri=True, timeout=ANSWER_S)) as journal:
            (told_utc_ms,) = journal.execute("SELECT updated_utc_ms FROM delivery").fetchone() or (0,)
    except sqlite3.Error:
        return False
    return 0 <= time.time() - told_utc_ms / 1_000 < DELIVERY_TELLS_S


if __name__ == "__main__":
    sys.exit(not {"controller": controller, "web": web, "delivery": delivery}[sys.argv[1]](settings()))
