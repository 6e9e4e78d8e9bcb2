"""Run one set of cases; write the table; the exit status says whether all passed."""

import platform
import sys
import time
from pathlib import Path

import cases_controller
import cases_meter
import cases_relays
import cases_systemd
import outside
from report import Table

from vigie import __version__


def main(kind: str, out: Path) -> int:
    """Run the cases of the ``plain`` or the ``systemd`` guest."""
    table = Table(out / f"{kind}.txt")
    began_s = time.monotonic()
    where = "under systemd" if kind == "systemd" else "without a service manager"
    version = f"Vigie {__version__} on Linux {platform.release()}, Python {platform.python_version()}"
    table.write(f"{version}, {where}; booted in {time.monotonic():.0f} s\n")
    if kind == "systemd":
        outside.heal()
        for case in cases_systemd.CASES:
            table.run(case)
    else:
        for case in (*cases_relays.CASES, *cases_meter.CASES):
            outside.heal()
            table.run(case)
        cases_controller.run(table)
    (out / f"{kind}-lines.log").write_text((outside.HEADER / "log").read_text())
    spent_s = time.monotonic() - began_s
    table.write(f"\n{table.passed} passed, {len(table.failed)} failed, {spent_s:.0f} s in the guest\n")
    for name in table.failed:
        table.write(f"failed: {name}")
    return 1 if table.failed or not table.passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2])))
