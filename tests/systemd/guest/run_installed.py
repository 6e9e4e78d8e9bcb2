"""Run the cases of the installed system; write the table; the exit status says whether all passed."""

import os
import platform
import re
import subprocess
import sys
import time
from pathlib import Path

import cases_installed
from report import Table


def main(out: Path) -> int:
    """Run every case in order; the last one removes the program."""
    if not os.path.ismount("/sys/kernel/debug"):
        subprocess.run(["mount", "-t", "debugfs", "debugfs", "/sys/kernel/debug"], check=False)
    table = Table(out / "installed.txt")
    began_s = time.monotonic()
    table.write(
        f"Linux {platform.release()}, Python {platform.python_version()}, begun {began_s:.0f} s after power-on\n"
    )
    chosen = re.compile((out.parent / "cases").read_text())
    for case in cases_installed.CASES:
        if chosen.search(case.__name__):
            table.run(case)
    table.write(
        f"\n{table.passed} passed, {len(table.failed)} failed, {time.monotonic() - began_s:.0f} s in the guest\n"
    )
    return 1 if table.failed or not table.passed else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
