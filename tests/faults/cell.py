"""One cell of the matrix: a fault in a situation with a wiring, lived through and held against its promise."""

import math
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

from vigie.control.signals import Contact, Wiring
from vigie.telemetry.records import EventKind

from .disks import NoDisk
from .faults import ASKED_AFTER_S, THEN_AFTER_S, Trouble
from .promises import AS_BEFORE, AS_THE_MODE_WANTS, BOTH, R2_OPEN, Promise, promise_of
from .site import Site, Starved, Story
from .situations import Situation

SETTLED_S = 75.0
"""A chip found reset within a minute of the start is no fault."""
REACHED_WITHIN_S = 1_800.0
RAISED = ("raised", "retriggered", "chattering", "escalated")
SLACK_S = 0.02
ATTEMPTS = 4
DISK_PACE_S = 0.02
"""A disk answers in the machine's time."""
CLOSED, OPEN = Contact.CLOSED, Contact.OPEN
T = TypeVar("T")


class Seen(NamedTuple):
    """What a cell measured. Times count as the promise's do; NaN: it did not happen."""

    noticed_s: float
    alarm_s: float
    contacts_s: float
    """Since when the contacts stood as promised, for as long as the fault lasted."""
    contacts: str
    """How they stood when the fault ended."""
    dark_s: float
    """Longest stretch without voltage at the loads."""
    lost: int
    """Periods missing in the journal."""
    alarms: tuple[str, ...]
    """All that were raised, in order."""


class Cell(NamedTuple):
    """One cell with its outcome."""

    trouble: str
    situation: str
    wiring: Wiring
    promise: Promise
    seen: Seen
    worse: tuple[str, ...]
    """What is worse than promised, in words; empty: the promise is held."""


class Moments:
    """When what happened, in plant seconds."""

    def __init__(self) -> None:
        self.began_s = math.nan
        self.counts_from_s = math.nan
        self.ended_s = math.nan
        self.events_before = 0


def run(trouble: Trouble, situation: Situation, wiring: Wiring) -> Cell:
    """Live through one cell, once more when the machine was too busy to serve it."""
    return patiently(lambda: _lived(trouble, situation, wiring))


def patiently(live: Callable[[], T]) -> T:
    """Return what ``live`` returns; try it some times more when the machine was too busy."""
    for _ in range(ATTEMPTS - 1):
        try:
            return live()
        except Starved:
            continue
    return live()


def _lived(trouble: Trouble, situation: Situation, wiring: Wiring) -> Cell:
    with tempfile.TemporaryDirectory(prefix="vigie-faults-") as folder:
        site = Site(Path(folder), wiring, situation, dict(trouble.settings), trouble.disk())
        moments = Moments()
        try:
            site.live(story(site, (trouble,), situation, moments))
            promise = promise_of(trouble.name, situation, wiring)
            seen = measure(site, promise, moments)
            worse = judged(site, trouble, promise, seen, moments)
            return Cell(trouble.name, situation.name, wiring, promise, seen, worse)
        finally:
            site.close()


def story(
    site: Site,
    troubles: Sequence[Trouble],
    situation: Situation,
    moments: Moments,
    is_enough: Callable[[], bool] = lambda: False,
    settled_s: float = SETTLED_S,
) -> Story:
    """Reach the situation, let the troubles begin, last and end, and watch what comes after.

    The situation has lasted for ``settled_s`` before. The troubles end early, and so does the watch, once
    ``is_enough``.
    """
    yield from _reach(site, situation, settled_s)
    moments.events_before = len(site.events)
    site.truth.longest_dark_s = 0.0
    moments.began_s = site.now_s
    lasts_s = max(trouble.lasts_s for trouble in troubles)
    asked = [order for trouble in troubles for order in trouble.asked.get(situation.kind, ())]
    waits_for = [trouble.counts_from for trouble in troubles if trouble.counts_from is not None]
    later = [trouble.then for trouble in troubles if trouble.then]
    moments.counts_from_s = math.nan if asked or waits_for or later else moments.began_s
    for trouble in troubles:
        yield from _befall(site, trouble, lasts_s)
    while site.now_s < moments.began_s + lasts_s and not is_enough():
        if asked and site.now_s >= moments.began_s + ASKED_AFTER_S:
            site.order(asked.pop(0))
            if not asked:
                moments.counts_from_s = site.now_s
        if later and site.now_s >= moments.began_s + THEN_AFTER_S:
            moments.counts_from_s = site.now_s
            for faults in later:
                site.begin(faults, lasts_s)
            later = []
        if math.isnan(moments.counts_from_s) and waits_for and all(is_so(site.truth) for is_so in waits_for):
            moments.counts_from_s = site.now_s
        yield
    moments.ended_s = site.now_s
    _relieve(site, troubles)
    for order in (order for trouble in troubles for order in trouble.at_the_end):
        site.order(order)
    after_s = max(trouble.after_s for trouble in troubles)
    while site.now_s < moments.ended_s + after_s and not is_enough():
        yield


def _reach(site: Site, situation: Situation, lasts_s: float) -> Story:
    wanted = situation.contacts(site.config.wiring.battery_contact)
    yield
    while site.periods[-1].decision.hold_off_s > 0.0:
        yield
    for order in situation.orders:
        yield
        site.order(order)
    yield
    while site.contacts[-1][1:] != wanted:
        assert site.now_s < REACHED_WITHIN_S, f"{situation.name} is not reached: {site.contacts[-1]}"
        yield
    settled_s = site.now_s + lasts_s
    while site.now_s < settled_s:
        yield
    assert site.contacts[-1][1:] == wanted, f"{situation.name} did not last"
    assert not site.periods[-1].alarms, f"{situation.name}: alarms before any fault: {site.periods[-1].alarms}"


def _befall(site: Site, trouble: Trouble, lasts_s: float) -> Story:
    site.begin(trouble.faults, lasts_s + 2.0 * trouble.period_s)  # taken away before, if anybody is there to
    site.clock.stepped_s += trouble.clock_step_s
    if trouble.disk is not NoDisk:
        site.pace_s = DISK_PACE_S
        site.disk.fail()
    if trouble.down_s:
        site.go_down(trouble.down_s, trouble.is_clean)
        yield


def _relieve(site: Site, troubles: Sequence[Trouble]) -> None:
    site.plant.clear()
    site.let_the_bus_go()
    if any(trouble.disk is not NoDisk for trouble in troubles):
        site.disk.heal()


def measure(site: Site, promise: Promise, moments: Moments) -> Seen:
    """Measure a story that is over."""
    from_s = moments.counts_from_s
    events = site.events[moments.events_before :]
    alarms = [
        (at_s, event.subject) for at_s, event in events if event.kind == EventKind.ALARM and event.reason in RAISED
    ]

    def after(times_s: list[float]) -> float:
        return max(min(times_s) - from_s, 0.0) if times_s else math.nan

    kind, _, subject = promise.noticed_by.partition(":")
    told = site.clock_events() if kind == "clock" else events
    noticed = [at_s for at_s, event in told if (event.kind, event.subject) == (kind, subject)]
    if kind == "alarm":
        noticed = [at_s for at_s, name in alarms if name in subject.split("|")]
    during = [(at_s, r1, r2) for at_s, r1, r2 in site.contacts if moments.began_s <= at_s <= moments.ended_s]
    since_s = moments.ended_s
    for at_s, r1, r2 in reversed(during):
        if not _stands(promise.contacts, (r1, r2), during[0][1:]):
            break
        since_s = at_s
    at_the_end = during[-1][1:]
    return Seen(
        after(noticed),
        after([at_s for at_s, name in alarms if name == promise.alarm]),
        max(since_s - (moments.began_s if math.isnan(from_s) else from_s), 0.0),
        _words(at_the_end),
        site.truth.longest_dark_s,
        len(site.periods) - site.rows(),
        tuple(dict.fromkeys(name for _, name in alarms)),
    )


def _stands(contacts: str, now: tuple[Contact, Contact], before: tuple[Contact, Contact]) -> bool:
    wanted = {BOTH: (CLOSED, CLOSED), R2_OPEN: (CLOSED, OPEN), AS_BEFORE: before, AS_THE_MODE_WANTS: now}
    return now == wanted[contacts]


def _words(contacts: tuple[Contact, Contact]) -> str:
    r1, r2 = contacts
    if r1 == r2:
        return "both closed" if r1 == CLOSED else "both open"
    return "R1 open" if r1 == OPEN else "R2 open"


def judged(site: Site, trouble: Trouble, promise: Promise, seen: Seen, moments: Moments) -> tuple[str, ...]:
    """Say what is worse than promised."""
    worse = lateness(promise, seen, trouble.period_s, has_contacts=True)
    if math.isnan(moments.counts_from_s):
        worse.append("what it counts from never came")
    if seen.dark_s > promise.dark_s + SLACK_S:
        worse.append(f"loads dark for {seen.dark_s:.2f} s, promised {promise.dark_s:g} s")
    if seen.lost > promise.lost:
        worse.append(f"{seen.lost} periods lost, promised {promise.lost}")
    if site.truth.were_both_open:
        worse.append("R1 and R2 were open together")
    return (*worse, *strange_alarms(seen, (promise,)), *left_over(site, (promise,)))


def lateness(promise: Promise, seen: Seen, period_s: float, *, has_contacts: bool) -> list[str]:
    """Say what came later than promised, or never."""
    times = []
    if promise.noticed_by:
        times.append((f"{promise.noticed_by} told", seen.noticed_s, promise.noticed_s))
    if promise.alarm:
        times.append((f"{promise.alarm} raised", seen.alarm_s, promise.alarm_s))
    if has_contacts and promise.contacts != AS_THE_MODE_WANTS:
        times.append((f"contacts {promise.contacts}", seen.contacts_s, promise.contacts_s))
    late = []
    for what, measured_s, promised_s in times:
        if not measured_s <= promised_s + SLACK_S * period_s:
            told = "never" if math.isnan(measured_s) else f"after {measured_s:.1f} s"
            late.append(f"{what} {told}, promised {promised_s:g} s")
    return late


def strange_alarms(seen: Seen, promises: Sequence[Promise]) -> list[str]:
    """Say which alarms were raised without cause."""
    expected = {name for promise in promises for name in (promise.alarm, *promise.also)}
    strange = [name for name in seen.alarms if name not in expected]
    return [f"false alarms: {', '.join(strange)}"] if strange else []


def left_over(site: Site, promises: Sequence[Promise]) -> list[str]:
    """Say what is not over although the fault is."""
    last = site.periods[-1]
    may_stay = {name for promise in promises for name in promise.stays}
    left = [str(one["alarm"]) for one in last.alarms if one["is_present"] and one["alarm"] not in may_stay]
    said = [f"{name} still present after the fault" for name in left]
    return said if last.measurement.is_valid else [*said, "no valid measurement after the fault"]
