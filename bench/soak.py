"""Does a process grow? `vigie run` at 300 x for two hours with pages open: ``python -m bench.soak [minutes]``.

The first ten minutes (of a short run the first third) are for what is made once: code that runs for the first time,
caches that fill, the heap that finds its size. From then on a straight line is laid through all samples of a process,
and its rise over that time is held against one megabyte. Two samples would tell the garbage collector's moment.

The line is that of what a process has for itself (``Pss_Anon``, ``Pss_Shmem``). The rest of its PSS is its share of
mapped files, libraries above all: it rises by a megabyte whenever another Python program on the machine ends.
"""

import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import linear_regression, median
from typing import NamedTuple

import psutil
import requests

from .bench_memory import Browser
from .bench_processes import MB, Product

MINUTES = 120.0
SPEED = 300.0
EVERY_S = 10.0
WARM_UP_S = 600.0
ALLOWED_MB = 1.0
"""What the line may rise. In two hours at 300 x this is half a byte a period, 16 MB in a year at 1 x."""
LEAST_SPEED = 0.9 * SPEED
"""Slower, and the run says nothing: what waits for the disk has a size of its own at each speed."""
A_MINUTE = 6
"""Samples whose median stands for a moment in the table."""
ASKED = (
    "",
    "/multimeter",
    "/relays",
    "/history",
    "/alarms",
    "/outages",
    "/data",
    "/api/v1/state",
    "/api/v1/events?limit=100",
    "/api/v1/alarms",
    "/api/v1/outages",
    "/api/v1/channels/battery/series?quantity=bus_v&from_utc_ms={from_ms}&to_utc_ms={to_ms}",
    "/api/v1/channels/load/series?quantity=power_w&from_utc_ms={from_ms}&to_utc_ms={to_ms}&points=3600",
)
"""Of the same size from the first minutes on: the last hour of charts, a hundred events."""


class Sample(NamedTuple):
    """What one process held at a moment."""

    at_s: float
    pss_mb: float
    own_mb: float
    """Of it, what no other process shares."""


class Grown(NamedTuple):
    """A process over the time that is judged."""

    name: str
    first_mb: float
    last_mb: float
    rise_mb: float
    """Of the line through all samples of what is its own."""
    percent_per_h: float

    @property
    def is_growing(self) -> bool:
        return self.rise_mb > ALLOWED_MB


def judged(name: str, samples: Sequence[Sample], from_s: float) -> Grown:
    """Return how a process has grown since ``from_s``."""
    later = [one for one in samples if one.at_s >= from_s]
    times_s = [one.at_s for one in later]
    slope_mb_per_s = linear_regression(times_s, [one.own_mb for one in later]).slope
    first_mb, last_mb = (median(one.pss_mb for one in part) for part in (later[:A_MINUTE], later[-A_MINUTE:]))
    rise_mb = slope_mb_per_s * (times_s[-1] - times_s[0])
    return Grown(name, first_mb, last_mb, rise_mb, slope_mb_per_s * 3600.0 / first_mb * 100.0)


def warm_up_s(whole_s: float) -> float:
    """Return how long a run of that length may grow."""
    return min(WARM_UP_S, whole_s / 3.0)


def sampled(pid: int, at_s: float) -> Sample:
    """Return what the kernel says that a process holds."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()[1:]
    held = {name: int(value.split()[0]) * 1024 / MB for name, _, value in (line.partition(":") for line in rollup)}
    return Sample(at_s, held["Pss"], held["Pss_Anon"] + held["Pss_Shmem"])


def _family(product: Product) -> dict[str, int]:
    """Return the process number of each process by its name."""
    found = {"supervisor": product.process.pid}
    for one in psutil.Process(product.process.pid).children(recursive=True):
        called = " ".join(one.cmdline())
        found |= {name: one.pid for name in ("controller", "web", "delivery") if f"{name}_process" in called}
    return found


def _ask(product: Product, session: requests.Session) -> None:
    """Look at every page once, as people and Prometheus do now and then."""
    to_ms = round(_plant_s(product) * 1_000)
    for path in ASKED:
        asked = path.format(from_ms=to_ms - 3_600_000, to_ms=to_ms)
        session.get(f"http://127.0.0.1:{product.port}/flask{asked}", timeout=30).raise_for_status()
    session.get(f"http://127.0.0.1:{product.metrics_port}/metrics", timeout=30).raise_for_status()


def _lived(product: Product, whole_s: float) -> dict[str, list[Sample]]:
    """Return the samples of each process; raise when one of them has ended."""
    processes = _family(product)
    samples: dict[str, list[Sample]] = {name: [] for name in processes}
    began_s = time.monotonic()
    with requests.Session() as session:
        for number in range(1, int(whole_s / EVERY_S) + 1):
            time.sleep(max(began_s + number * EVERY_S - time.monotonic(), 0.0))
            _ask(product, session)
            at_s = time.monotonic() - began_s
            for name, pid in processes.items():
                samples[name].append(sampled(pid, at_s))
            held = "  ".join(f"{name} {of[-1].pss_mb:.1f}" for name, of in samples.items())
            print(f"{at_s / 60:6.1f} of {whole_s / 60:g} min, PSS in MB: {held}", file=sys.stderr, flush=True)
    return samples


def _speed(product: Product, since: tuple[float, float]) -> float:
    """Return plant seconds per second since (plant, machine) seconds."""
    return (_plant_s(product) - since[0]) / (time.monotonic() - since[1])


def _plant_s(product: Product) -> float:
    return float(product.state()["snapshot"]["utc_ms"]) / 1_000


def main(minutes: float) -> int:
    """Run, print the table; return 1 when a process grows, 2 when the machine was too busy for the speed."""
    with tempfile.TemporaryDirectory() as name:
        product = Product(Path(name), SPEED)
        try:
            product.wait()
            product.order(action="set_mode", mode="protect")
            page = Browser(f"http://127.0.0.1:{product.port}").open()
            since = _plant_s(product), time.monotonic()
            samples = _lived(product, minutes * 60.0)
            speed = _speed(product, since)
            page.close()
        finally:
            product.stop()
    from_s = warm_up_s(minutes * 60.0)
    found = [judged(name, of, from_s) for name, of in samples.items()]
    print(f"| process | PSS at {from_s / 60:.3g} min | PSS at {minutes:g} min | growth (line) | | |")
    print("|---|---:|---:|---:|---:|---|")
    for one in found:
        verdict = "**grows**" if one.is_growing else "flat"
        sizes = f"{one.first_mb:.1f} MB | {one.last_mb:.1f} MB | {one.rise_mb:+.2f} MB | {one.percent_per_h:+.1f} %/h"
        print(f"| {one.name} | {sizes} | {verdict} |")
    print(f"At most {ALLOWED_MB:g} MB in the {minutes - from_s / 60:.3g} min that are judged; {speed:.0f} x reached.")
    if speed < LEAST_SPEED:
        print(f"Not judged: under {LEAST_SPEED:g} x this machine was too busy.")
        return 2
    return any(one.is_growing for one in found)


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else MINUTES))
