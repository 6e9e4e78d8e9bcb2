"""Interlocks broken on purpose, one at a time: the exploration must find every one."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any, NamedTuple

from vigie.control import interlocks, mains, steadiness, supervisor
from vigie.control.commands import Mains, Reason
from vigie.control.interlocks import Latch
from vigie.control.signals import Contact
from vigie.control.steadiness import MainsStanding

_LOWEST_V = 99.0
_r1_block = interlocks.r1_block
_r2_block = interlocks.r2_block
_hot_r2 = interlocks.hot_r2
_next_latch = interlocks.next_latch
_evidence = mains.evidence


class Breakage(NamedTuple):
    """A function of control, and what is put in its place."""

    name: str
    module: ModuleType
    function: str
    broken: Callable[..., Any]
    shows_in: str = "line"
    """Name of the settings that it is searched in."""
    is_example: bool = False
    """Its story stands in the documentation."""
    is_deep: bool = False
    """Shows only after several periods, and so after most of a minute: left to ``make test-long``."""


@contextmanager
def broken_on_purpose(breakage: Breakage) -> Iterator[None]:
    """Put the broken function in place for a while."""
    whole = getattr(breakage.module, breakage.function)
    setattr(breakage.module, breakage.function, breakage.broken)
    try:
        yield
    finally:
        setattr(breakage.module, breakage.function, whole)


def _without(reason: Reason, block: Callable[..., Reason]) -> Callable[..., Reason]:
    def forgetful(*arguments: Any) -> Reason:
        found = block(*arguments)
        return Reason.NONE if found == reason else found

    return forgetful


def _moved_anew(before: Any, contact: Any, reason: Any, now_s: float) -> Any:
    return before._replace(contact=contact, since_s=now_s)


def _by_v3_alone(measurement: Any, settings: Any) -> Mains:
    deaf = measurement._replace(charge=measurement.charge._replace(is_valid=False))
    return _evidence(deaf, settings)


def _releases_unasked(latch: Any, measurement: Any, settings: Any) -> Latch:
    return _next_latch(Latch(latch.is_set, True, latch.recent), measurement, settings)


def _hot_at_the_limit(latch: Any, measurement: Any, settings: Any) -> Latch:
    is_there = measurement.temperature.status == 0 and measurement.temperature.celsius >= settings.temperature_limit_c
    return Latch(True, latch.is_acknowledged, 0) if is_there else _next_latch(latch, measurement, settings)


def _one_period_too_long(situation: Any, measurement: Any, settings: Any) -> Reason:
    return _r1_block(situation, measurement, settings._replace(longest_drill_s=settings.longest_drill_s + 1.0))


def _held_as_told(situation: Any, r1: Any, r2_line: Any, block: Any) -> Contact:
    return _hot_r2(situation, r1, situation.r2, block)


BREAKAGES = (
    Breakage("R2 may always open", interlocks, "r2_block", lambda *_: Reason.NONE),
    Breakage("R1 may always open", interlocks, "r1_block", lambda *_: Reason.NONE),
    Breakage("R1 opens beside an open R2", interlocks, "r1_block", _without(Reason.BOTH_OPEN, _r1_block)),
    Breakage(
        "R2 opens beside an open R1", interlocks, "r2_block", _without(Reason.BOTH_OPEN, _r2_block), is_example=True
    ),
    Breakage("R2 opens without proof", interlocks, "r2_block", _without(Reason.MAINS_NOT_PROVEN, _r2_block)),
    Breakage("R2 stays open in an outage", interlocks, "r2_block", _without(Reason.MAINS_LOST, _r2_block)),
    Breakage(
        "R2 opens at the risk of a blackout",
        interlocks,
        "r2_block",
        lambda situation, *rest: _r2_block(situation._replace(r2_may_black_out=False), *rest),
        "line, blackout refused",
    ),
    Breakage("R2 opens on V3's word alone", interlocks, "gives_nothing", lambda *_: True),
    Breakage("the mains need not prove itself", interlocks, "r2_block", _without(Reason.MAINS_NOT_STEADY, _r2_block)),
    Breakage("a V3 that stands still is believed", interlocks, "can_stand_alone", lambda *_: True),
    Breakage("a V2 that stands still is heard", mains, "repeats_itself", lambda *_: False),
    Breakage("a drill takes charge_only for granted", interlocks, "is_fed_past_r2", lambda *_: True, "charge_only"),
    Breakage(
        "a drill begins with R2 open",
        interlocks,
        "r1_block",
        _without(Reason.WIRING_NOT_PROVEN, _r1_block),
        "charge_only",
    ),
    Breakage("a loss begins no hold-off", steadiness, "seen", lambda *_: MainsStanding.STANDS),
    Breakage("our own drill counts as a loss", supervisor, "is_settling", lambda *_: False, is_deep=True),
    Breakage("a drill begins on a low battery", interlocks, "r1_block", _without(Reason.BATTERY_NOT_PROVEN, _r1_block)),
    Breakage("a drill goes under the floor", interlocks, "r1_block", _without(Reason.BATTERY_UNDER_FLOOR, _r1_block)),
    Breakage("a drill leaves the loads dark", interlocks, "r1_block", _without(Reason.LOADS_NOT_CARRIED, _r1_block)),
    Breakage("a drill never ends", interlocks, "r1_block", _without(Reason.DRILL_TOO_LONG, _r1_block), is_deep=True),
    Breakage("a drill lasts a period too long", interlocks, "r1_block", _one_period_too_long, is_deep=True),
    Breakage(
        "a drill without a measurement",
        interlocks,
        "r1_block",
        lambda situation, measurement, limits: _r1_block(situation, measurement._replace(is_valid=True), limits),
    ),
    Breakage(
        "a drill with a hot battery",
        interlocks,
        "r1_block",
        lambda situation, *rest: _r1_block(situation._replace(is_hot=False), *rest),
    ),
    Breakage("heat does not stop the charge", interlocks, "hot_r2", lambda *_: Contact.CLOSED),
    Breakage("heat cuts the backup", interlocks, "hot_r2", lambda *_: Contact.OPEN),
    Breakage("heat holds what never opened", interlocks, "hot_r2", _held_as_told, is_example=True),
    Breakage("the latch never sets", interlocks, "next_latch", lambda *_: Latch(False, False, 0)),
    Breakage(
        "a hurried period counts for heat",
        interlocks,
        "next_latch",
        lambda latch, measurement, limits: _next_latch(latch, measurement._replace(is_hurried=False), limits),
    ),
    Breakage("the latch is always set", interlocks, "next_latch", lambda *_: Latch(True, False, 0)),
    Breakage("the latch lets go by itself", interlocks, "next_latch", _releases_unasked),
    Breakage("the latch sets on the limit, not over it", interlocks, "next_latch", _hot_at_the_limit),
    Breakage("the battery always reads high", interlocks, "lowest_battery_v", lambda *_: _LOWEST_V),
    Breakage("V3 always seems steady", interlocks, "is_steady", lambda *_: True),
    Breakage("V3 never seems steady", interlocks, "is_steady", lambda *_: False),
    Breakage("every period restarts the clocks", supervisor, "_moved", _moved_anew, is_deep=True),
    Breakage("the mains always seems present", supervisor, "evidence", lambda *_: Mains.PRESENT),
    Breakage("the mains always seems unknown", supervisor, "evidence", lambda *_: Mains.UNKNOWN),
    Breakage("the mains is judged by V3 alone", supervisor, "evidence", _by_v3_alone),
)
