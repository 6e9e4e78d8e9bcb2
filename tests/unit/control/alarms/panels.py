"""Rules and alarms as the tests of the alarms speak of them."""

from typing import Any

from vigie.control.alarms.catalogue import Alarm, Protection, Severity
from vigie.control.alarms.engine import AlarmState, Change, normal, step
from vigie.control.alarms.rules import Comparison, Rule

WARM = Rule(
    Alarm.BATTERY_WARM, Comparison.ABOVE, 40.0, 2.0, 0.0, 0.0, Severity.WARNING, False, True,
    Protection.NONE, 5.0,
)  # fmt: skip


def rule(**changes: Any) -> Rule:
    """Return a warning above 40 with 2 of hysteresis and no delays, changed."""
    return WARM._replace(**changes)


class Tape:
    """One alarm that lives through values, a second each unless told otherwise."""

    def __init__(self, its_rule: Rule = WARM, state: AlarmState | None = None) -> None:
        self.rule = its_rule
        self.state = state or normal()
        self.now_s = 0.0

    def after(self, value: float, seconds: float = 1.0) -> Change:
        self.now_s += seconds
        self.state, change = step(self.state, self.rule, value, self.now_s)
        return change

    def all_after(self, *values: float) -> list[Change]:
        return [change for value in values if (change := self.after(value)) != Change.NONE]
