"""Cases: functions that tell what they saw, and a table of them."""

import time
import traceback
from collections.abc import Callable
from pathlib import Path

from outside import Entry

See = Callable[[str], None]
Case = Callable[[See], None]


def refusal(kind: type[Exception], act: Callable[[], object]) -> str:
    """Return what an act that must fail says."""
    try:
        act()
    except kind as error:
        return str(error)
    raise AssertionError(f"no {kind.__name__}")


def shown(entries: list[Entry], see: See, title: str) -> None:
    """Tell a stretch of the kernel's log of lines."""
    see(f"{title}:")
    for entry in entries:
        see("    " + entry.told(entries[0].ns))


class Table:
    """Runs cases one after the other and writes what they saw as they go."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._path.write_text("")
        self.failed: list[str] = []
        self.passed = 0

    def write(self, text: str) -> None:
        with self._path.open("a") as table:
            table.write(text + "\n")

    def run(self, case: Case, name: str = "") -> None:
        """Run one case; what it raises makes it a failed one."""
        name = (name or case.__name__).replace("_", " ")
        seen: list[str] = []
        began_s = time.monotonic()
        try:
            case(seen.append)
            result = "pass"
            self.passed += 1
        except Exception:
            result = "FAIL"
            self.failed.append(name)
            seen += traceback.format_exc().splitlines()
        self.write(f"{result}  {time.monotonic() - began_s:5.1f} s  {name}")
        for line in seen:
            self.write(f"               {line}")
