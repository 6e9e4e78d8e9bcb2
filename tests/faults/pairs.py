"""Two faults at once: every pair of a dozen, where the loads have least to fall back on."""

import tempfile
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

from vigie.control.signals import Wiring

from .cell import Moments, lateness, left_over, measure, patiently, story, strange_alarms
from .faults import TROUBLES, Trouble
from .promises import AS_BEFORE, BOTH, Promise, promise_of
from .site import Site
from .situations import CYCLE_DISCHARGING, PROTECT_RESTING, Situation

DOZEN = (
    "battery_chip_lost",
    "charge_chip_lost",
    "load_chip_lost",
    "thermometer_lost",
    "bus_lost",
    "chip_reset",
    "lines_unreadable",
    "mains_out",
    "mains_flicker",
    "loads_over",
    "clock_back",
    "restarted",
)
WORST = (PROTECT_RESTING, CYCLE_DISCHARGING)
HIDES = {
    "bus_lost": {"battery_chip_lost", "charge_chip_lost", "load_chip_lost", "chip_reset", "mains_out", "mains_flicker",
                 "loads_over", "thermometer_lost"},
    "charge_chip_lost": {"chip_reset"},
    "load_chip_lost": {"loads_over"},
    "loads_over": {"mains_out", "mains_flicker", "chip_reset"},
    "restarted": {"chip_reset", "lines_unreadable"},
    "lines_unreadable": {"restarted"},
}  # fmt: skip
"""Nobody can be told of the latter while the former lasts: what would show it is the very thing that is away."""
HIDES_FROM_V2 = {"load_chip_lost": {"mains_out", "mains_flicker"}}
"""With CHARGE_ONLY the battery feeds the loads past V2: V3 alone shows the mains."""


class PairCell(NamedTuple):
    """One pair with its outcome."""

    names: tuple[str, str]
    situation: str
    wiring: Wiring
    dark_s: float
    promised_dark_s: float
    contacts: str
    alarms: tuple[str, ...]
    worse: tuple[str, ...]


def pairs() -> Iterator[tuple[str, str]]:
    """Return every pair of the dozen."""
    return combinations(DOZEN, 2)


def run_pair(names: tuple[str, str], situation: Situation, wiring: Wiring) -> PairCell:
    """Live through two faults that begin together, once more when the machine was too busy."""
    return patiently(lambda: _lived(names, situation, wiring))


def _lived(names: tuple[str, str], situation: Situation, wiring: Wiring) -> PairCell:
    troubles = tuple(TROUBLES[name] for name in names)
    with tempfile.TemporaryDirectory(prefix="vigie-faults-") as folder:
        site = Site(Path(folder), wiring, situation, {}, troubles[0].disk())
        moments = Moments()
        try:
            site.live(story(site, troubles, situation, moments))
            return _held(site, names, troubles, situation, wiring, moments)
        finally:
            site.close()


def _held(
    site: Site,
    names: tuple[str, str],
    troubles: tuple[Trouble, ...],
    situation: Situation,
    wiring: Wiring,
    moments: Moments,
) -> PairCell:
    away_s = max(trouble.down_s for trouble in troubles)
    both = tuple(_later(promise_of(name, situation, wiring), away_s + 1.0) for name in names)
    wanted = {promise.contacts for promise in both}
    wanted = {BOTH} if BOTH in wanted else wanted if wanted == {AS_BEFORE} else set()
    worse: list[str] = []
    for name, other, promise in zip(names, reversed(names), both, strict=True):
        seen = measure(site, promise, moments)
        is_hidden = name in HIDES.get(other, set())
        is_hidden |= wiring == Wiring.CHARGE_ONLY and name in HIDES_FROM_V2.get(other, set())
        if not is_hidden:
            worse += lateness(promise, seen, 1.0, has_contacts=promise.contacts in wanted)
    dark_s = max(promise.dark_s for promise in both)
    if away_s and dark_s:
        dark_s += away_s  # nobody is there to close R2
    if seen.dark_s > dark_s + 0.02:
        worse.append(f"loads dark for {seen.dark_s:.2f} s, promised {dark_s:g} s")
    lost = max(promise.lost for promise in both)
    if seen.lost > lost:
        worse.append(f"{seen.lost} periods lost, promised {lost}")
    if site.truth.were_both_open:
        worse.append("R1 and R2 were open together")
    worse += strange_alarms(seen, both)
    worse += left_over(site, both)
    return PairCell(names, situation.name, wiring, seen.dark_s, dark_s, seen.contacts, seen.alarms, tuple(worse))


def _later(promise: Promise, by_s: float) -> Promise:
    """Return the promise with that much more time: the other fault has a period of its own, a controller is away."""
    return promise._replace(
        noticed_s=promise.noticed_s + by_s, alarm_s=promise.alarm_s + by_s, contacts_s=promise.contacts_s + by_s
    )
