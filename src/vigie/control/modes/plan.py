"""The mode, where it stands, and what it remembers from period to period. No other module builds a plan."""

from typing import NamedTuple

from vigie.control.commands import Mode, Phase
from vigie.control.modes.wish import Hands, Passing


class Plan(NamedTuple):
    """The mode, where it stands, and what a person has set by hand."""

    mode: Mode
    mode_since_s: float
    phase: Phase
    phase_since_s: float
    hands: Hands
    passing: Passing


def begun(mode: Mode, phase: Phase, hands: Hands, now_s: float) -> Plan:
    """Return the plan of a mode that begins in ``phase`` now."""
    return Plan(mode, now_s, phase, now_s, hands, Passing(False, now_s))


def with_hands(plan: Plan, hands: Hands) -> Plan:
    """Return the plan with other contacts set by hand."""
    return Plan(plan.mode, plan.mode_since_s, plan.phase, plan.phase_since_s, hands, plan.passing)


def followed(plan: Plan, phase: Phase, passing: Passing, now_s: float) -> Plan:
    """Return the plan after a period; a threshold is passed anew in each phase."""
    if phase == plan.phase:
        return Plan(plan.mode, plan.mode_since_s, phase, plan.phase_since_s, plan.hands, passing)
    return Plan(plan.mode, plan.mode_since_s, phase, now_s, plan.hands, Passing(False, now_s))
