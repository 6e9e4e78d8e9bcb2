"""Run every case; write the table; the exit status says whether all passed."""

import platform
import sys
import time
from pathlib import Path

import cases_controller
import cases_meter
import cases_relays
import outside
from report import Table

from vigie import __version__


def main(out: Path) -> int:
    table = Table(out / "table.txt")
    began_s = time.monotonic()
    table.write(f"Vigie {__version__} on Linux {platform.release()}, Python {platform.python_version()}\n")
    for part in (cases_relays, cases_meter, cases_controller):
        for case in part.CASES:
            outside.heal()
            table.run(case)
    (out / "lines.log").write_text((outside.HEADER / "log").read_text())
    spent_s = time.monotonic() - began_s
    table.write(f"\n{table.passed} passed, {len(table.failed)} failed, {spent_s:.0f} s in the guest")
    for name in table.failed:
        table.write(f"failed: {name}")
    return 1 if table.failed or not table.passed else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
