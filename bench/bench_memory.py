"""What the whole product holds in memory: PSS of every process of `vigie run`, after a minute with a page open"""

import sys
import tempfile
import time
from pathlib import Path

import psutil

from .bench_processes import MB, Product, Row

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "integration" / "web"))

from programs import Browser

MINUTE_S = 60.0
WHOLE_MB = 110.0


def pss_bytes(pid: int) -> int:
    """Return what the process holds; what several share is counted in parts, so that a family's can be added up."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
        name, _, value = line.partition(":")
        if name == "Pss":
            return int(value.split()[0]) * 1024
    raise RuntimeError(f"the kernel does not tell the PSS of process {pid}")


def measured(speed: float) -> dict[str, float]:
    """Return the megabytes of each process, by name, of a product that has run for a minute at this speed."""
    with tempfile.TemporaryDirectory() as name:
        product = Product(Path(name), speed)
        try:
            product.wait()
            page = Browser(f"http://127.0.0.1:{product.port}").open()
            time.sleep(MINUTE_S)
            family = [
                psutil.Process(product.process.pid),
                *psutil.Process(product.process.pid).children(recursive=True),
            ]
            held = {_name(one, product.process.pid): pss_bytes(one.pid) / MB for one in family}
            page.close()
        finally:
            product.stop()
    return held


def _name(one: psutil.Process, first: int) -> str:
    if one.pid == first:
        return "supervisor"
    if any("controller_process" in part for part in one.cmdline()):
        return "controller"
    return "web"


def rows() -> list[Row]:
    """Measure and return (name, value, unit, limit)."""
    told: list[Row] = []
    for speed in (1.0, 60.0):
        held = measured(speed)
        told.append((f"whole product at {speed:g} x, PSS", sum(held.values()), "MB", WHOLE_MB))
        told += [(f"{name} at {speed:g} x, PSS", size, "MB", None) for name, size in held.items()]
    return told


if __name__ == "__main__":
    for name, value, unit, _ in rows():
        print(f"{name}: {value:.1f} {unit}")
