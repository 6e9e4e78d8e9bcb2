"""A day of the twin through the whole loop, held against a text in the repository: what happened, and the last metrics.

``python -m tests.unit.controller.test_day_of_twin`` writes the text again; read the difference before you keep it.
"""

import contextlib
import math
import re
from pathlib import Path
from typing import Any

from tests.unit.controller.scripted_plant import HOST, Notes, command_of
from vigie.clock import SimulatedClock
from vigie.config import check
from vigie.control.commands import Mode
from vigie.controller.inbox import Inbox
from vigie.controller.loop import Loop
from vigie.controller.period import NO_PAST
from vigie.errors import LinkError
from vigie.plant.faults import Faulty
from vigie.plant.installation import Installation
from vigie.plant.twin import Twin
from vigie.telemetry.exporter import Exporter

KNOWN = Path(__file__).with_name("day_of_twin.txt")
PERIOD_S = 60.0
DAY_S = 86_400.0
FIRST_UTC_S = 1_700_000_000.0
TABLES: dict[str, dict[str, Any]] = {
    "plant": {"kind": "twin", "speed": 60.0},
    "loop": {"period_s": PERIOD_S},
    "interlocks": {"temperature_limit_c": 45.0},
    "twin": {"installation": {"outages": {"kind": "listed", "listed": [[30_000.0, 2_400.0]]}}},
    "faults": {
        "listed": [
            {"kind": "lost_channel", "channel": "load", "start_s": 12_000.0, "end_s": 12_400.0},
            {"kind": "ambient", "value": 70.0, "start_s": 45_000.0, "end_s": 56_000.0},
            {"kind": "dead_line", "relay": "r2", "start_s": 75_000.0, "end_s": 80_000.0},
        ]
    },
}
ORDERS: tuple[tuple[float, dict[str, Any]], ...] = (
    (13_000.0, {"action": "acknowledge"}),
    (34_000.0, {"action": "acknowledge", "alarm": "mains_lost"}),
    (54_000.0, {"action": "acknowledge", "why": "it was the sun"}),
    (70_000.0, {"action": "set_mode", "mode": "manual", "manual_s": 3_600.0}),
    (76_000.0, {"action": "set_mode", "mode": "protect"}),
)


class _Day:
    """Ends the loop after a day, and gives the day's orders on the way."""

    def __init__(self, clock: SimulatedClock, inbox: Inbox) -> None:
        self._clock = clock
        self._inbox = inbox
        self._orders = [(at_s, command_of(id=f"order-{at_s:06.0f}", **order)) for at_s, order in ORDERS]

    def is_set(self) -> bool:
        while self._orders and self._clock.now_s() >= self._orders[0][0]:
            with contextlib.suppress(LinkError):  # nobody waits for the answer
                self._inbox.submit(self._orders.pop(0)[1], timeout_s=0.0)
        return self._clock.now_s() >= DAY_S


def lived() -> str:
    """Live the day; return its events, how many periods had which contacts, and the metrics of its last period."""
    config = check(TABLES, "a day of the twin")
    clock, inbox, notes = SimulatedClock(math.inf, FIRST_UTC_S), Inbox(), Notes()
    installation = Installation(config.twin.installation)
    twin = Twin(installation, clock, config.twin)
    loop = Loop(
        Faulty(twin, clock, config.faults.listed, config.faults.seed, installation=installation),
        clock,
        inbox,
        [notes],
        channels=config.channels_settings(),
        filtering=config.filter,
        lookout=config.lookout_settings(),
        rhythm=config.loop,
        past=NO_PAST._replace(mode=Mode.CYCLE),
    )
    loop.run(_Day(clock, inbox))  # type: ignore[arg-type]
    exporter = Exporter(0)
    try:
        exporter.update(notes.periods[-1], HOST)
        page = exporter.render().decode()
    finally:
        exporter.close()
    events = [
        f"{event.utc_ms / 1_000 - FIRST_UTC_S:7.0f} {event.kind} {event.subject}: {event.before or '-'} -> "
        f"{event.after or '-'} {event.reason} {event.who} {sorted(event.data)}"
        for event in notes.events
    ]
    stood: dict[str, int] = {}
    for period in notes.periods:
        name = " ".join(contact.name.lower() for contact in period.contacts)
        stood[name] = stood.get(name, 0) + 1
    samples = re.findall(r"^([^#].*) (\S+)$", page, flags=re.MULTILINE)
    told = [f"{name} {float(value):.3g}" for name, value in samples]
    return "\n".join([*events, *(f"{name}: {count} periods" for name, count in sorted(stood.items())), *told, ""])


def test_a_day_of_the_twin_brings_the_same_events_and_metrics_as_ever() -> None:
    assert lived() == KNOWN.read_text(encoding="utf-8")


if __name__ == "__main__":
    KNOWN.write_text(lived(), encoding="utf-8")
