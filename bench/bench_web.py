"""What an order and a look at the state cost through the real web process, and how much memory that takes."""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import requests

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "integration" / "web"))

from programs import Browser, Web, link, wait_for
from snapshots import make_snapshot

Row = tuple[str, float, str, float | None]
TIMES = 200
PAGES = 10


def _median_ms(work: Callable[[], requests.Response]) -> float:
    taken_s = []
    for _ in range(TIMES):
        began_s = time.perf_counter()
        reply = work()
        taken_s.append(time.perf_counter() - began_s)
        reply.raise_for_status()
    return statistics.median(taken_s) * 1000


def rows() -> list[Row]:
    """Measure and return (name, value, unit, limit)."""
    with tempfile.TemporaryDirectory() as folder:
        web = Web(Path(folder), command_burst=1000, commands_per_minute=6000).start()
        controller = link(web)
        controller.publish(make_snapshot())
        wait_for(lambda: web.state()["snapshot"])
        pages = [Browser(web.url).open() for _ in range(PAGES)]
        session = requests.Session()
        orders, state = f"{web.url}/flask/api/v1/commands", f"{web.url}/flask/api/v1/state"
        order_ms = _median_ms(lambda: session.post(orders, json={"action": "acknowledge"}, timeout=5))
        state_ms = _median_ms(lambda: session.get(state, timeout=5))
        memory = web.running().memory_info()
        for page in pages:
            page.close()
        controller.close()
        session.close()
        web.end()
    return [
        ("order, HTTP to controller and back, median", order_ms, "ms", 50.0),
        ("GET /api/v1/state, median", state_ms, "ms", 20.0),
        (f"web process with {PAGES} live pages, resident", memory.rss / 1e6, "MB", 70.0),
    ]


if __name__ == "__main__":
    for name, value, unit, _ in rows():
        print(f"{name}: {value:.1f} {unit}")
