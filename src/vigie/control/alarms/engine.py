"""One alarm, period after period: raised, acknowledged, returned, latched, shelved (ISA-18.2, reduced).

The engine says what stands, never what to do: a protective action belongs to the interlocks, and no acknowledgement
or shelf reaches it. Who acknowledged and why is kept by the caller.
"""

import math
from enum import IntEnum
from typing import NamedTuple

from vigie.control.alarms.catalogue import Standing
from vigie.control.alarms.rules import Comparison, Rule

CHATTERING_RAISES = 5
CHATTERING_WINDOW_S = 600.0
"""So many raises within so long are chattering; it ends when the condition has been gone for this long."""
LASTING_S = 60.0
"""A chattering condition that has held for this long is told again, and is chattering no more."""


class Change(IntEnum):
    """What a step or a person did to an alarm."""

    NONE = 0
    RAISED = 1
    RETRIGGERED = 2
    """It came again, or somewhere else too: an acknowledgement given before does not cover it."""
    ESCALATED = 3
    """It got clearly worse after it was acknowledged: the acknowledgement is taken back."""
    RETURNED = 4
    """The condition is over, and nobody had taken note."""
    LATCHED = 5
    """The condition is over; the alarm stays until somebody acknowledges."""
    CLEARED = 6
    """The condition is over, and somebody knew."""
    ACKNOWLEDGED = 7
    SHELVED = 8
    UNSHELVED = 9
    SHELF_ENDED = 10
    CHATTERING = 11
    """It was raised again, too often: from now on its coming and going is not told, until it stays or stays away."""


class AlarmState(NamedTuple):
    """One alarm. Times are monotonic plant seconds, NaN when there is none."""

    standing: Standing
    beneath: Standing
    """Where it would stand if it were not shelved; the same as ``standing`` when it is not."""
    is_present: bool
    """The condition holds, delays included."""
    raised_s: float
    """Start of the last (or present) time."""
    returned_s: float
    """End of the last time."""
    pending_s: float
    """Since when the readings contradict ``is_present``; a delay runs."""
    value: float
    """Worst value since raised, or all bits seen since; kept after the return."""
    noted: float
    """The value somebody acknowledged."""
    raises: int
    """Times raised since it was normal."""
    window_s: float
    """Start of the window in which raises are counted for chattering."""
    window_raises: int
    is_chattering: bool
    shelved_until_s: float


def normal() -> AlarmState:
    """Return an alarm that was never raised."""
    nan = math.nan
    return AlarmState(Standing.NORMAL, Standing.NORMAL, False, nan, nan, nan, nan, nan, 0, nan, 0, False, nan)


def restored(
    standing: Standing,
    is_present: bool,
    raised_s: float,
    returned_s: float,
    value: float,
    raises: int,
    shelved_until_s: float,
) -> AlarmState:
    """Return an alarm as a journal kept it over a restart; the next steps find out whether its condition holds.

    Args:
        standing: as kept.
        is_present: as kept; a shelved alarm that was present comes back unacknowledged from its shelf.
        raised_s: on the plant's monotonic axis of today (before the start: less than now, possibly negative).
        returned_s: likewise, NaN when it has not returned.
        value: worst since raised.
        raises: times since it was normal.
        shelved_until_s: NaN when it is not shelved.
    """
    beneath = standing
    if standing == Standing.SHELVED:
        beneath = Standing.UNACKNOWLEDGED if is_present else Standing.NORMAL
    return AlarmState(
        standing, beneath, is_present, raised_s, returned_s, math.nan, value, value, raises, math.nan, 0, False,
        shelved_until_s,
    )  # fmt: skip


def is_reached(rule: Rule, value: float) -> bool:
    """Return whether ``value`` is at or beyond the rule's limit."""
    if rule.comparison == Comparison.BELOW:
        return value <= rule.limit
    return value >= rule.limit


def has_left(rule: Rule, value: float) -> bool:
    """Return whether ``value`` is back inside the limit by more than the hysteresis."""
    if rule.comparison == Comparison.BELOW:
        return value > rule.limit + rule.hysteresis
    return value < rule.limit - rule.hysteresis


def step(state: AlarmState, rule: Rule, value: float, now_s: float) -> tuple[AlarmState, Change]:
    """Take one period's value into an alarm.

    Args:
        state: from the period before.
        rule: of this alarm.
        value: NaN when it cannot be told: nothing changes then, and a delay that runs begins anew.
        now_s: monotonic plant time.

    Returns:
        The next state (the same object when nothing changed) and what happened to the alarm. While it is shelved
        nothing happens to it but the end of its shelf.
    """
    if not rule.is_enabled:
        if state.standing == Standing.NORMAL:
            return state, Change.NONE
        return normal(), Change.CLEARED
    if state.standing == Standing.SHELVED and now_s >= state.shelved_until_s:
        return _unshelved(state), Change.SHELF_ENDED
    if math.isnan(value):
        return _pending(state, math.nan), Change.NONE
    if state.is_present:
        return _while_present(state, rule, value, now_s)
    if state.is_chattering and now_s - state.returned_s >= CHATTERING_WINDOW_S:
        return _calmed(state)
    if not is_reached(rule, value):
        return _pending(state, math.nan), Change.NONE
    since_s = now_s if math.isnan(state.pending_s) else state.pending_s
    if now_s - since_s < rule.on_delay_s:
        return _pending(state, since_s), Change.NONE
    if state.is_chattering:
        return _raised_in_silence(state, rule, value, now_s)
    return _raised(state, value, now_s)


def acknowledge(state: AlarmState, rule: Rule, now_s: float) -> tuple[AlarmState, Change]:
    """Take note of an alarm; one whose condition is over is forgotten. A shelved one has to come off its shelf first.

    Args:
        state: of the alarm.
        rule: of the alarm.
        now_s: monotonic plant time.
    """
    if state.standing == Standing.UNACKNOWLEDGED:
        return _noted(state, Standing.ACKNOWLEDGED), Change.ACKNOWLEDGED
    if state.standing == Standing.RETURNED or state.standing == Standing.LATCHED:
        return _noted(state, Standing.NORMAL), Change.ACKNOWLEDGED
    return state, Change.NONE


def shelve(state: AlarmState, until_s: float, now_s: float) -> tuple[AlarmState, Change]:
    """Put an alarm aside until ``until_s``, raised or not; again: with a new end. In the past: nothing happens."""
    if until_s <= now_s:
        return state, Change.NONE
    return _placed(state, Standing.SHELVED, until_s), Change.SHELVED


def unshelve(state: AlarmState, now_s: float) -> tuple[AlarmState, Change]:
    """Take an alarm off its shelf; it stands where it would without."""
    if state.standing != Standing.SHELVED:
        return state, Change.NONE
    return _unshelved(state), Change.UNSHELVED


def _while_present(state: AlarmState, rule: Rule, value: float, now_s: float) -> tuple[AlarmState, Change]:
    if not has_left(rule, value):
        if state.is_chattering and now_s - state.raised_s >= LASTING_S:
            return _stayed(state, rule, value)
        return _worsened(state, rule, value)
    since_s = now_s if math.isnan(state.pending_s) else state.pending_s
    if now_s - since_s < rule.off_delay_s:
        return _pending(state, since_s), Change.NONE
    if state.beneath == Standing.ACKNOWLEDGED:
        return _returned(state, Standing.NORMAL, Change.CLEARED, now_s)
    if rule.is_latched:
        return _returned(state, Standing.LATCHED, Change.LATCHED, now_s)
    return _returned(state, Standing.RETURNED, Change.RETURNED, now_s)


def _raised_in_silence(state: AlarmState, rule: Rule, value: float, now_s: float) -> tuple[AlarmState, Change]:
    """Raise a chattering alarm again; only what is worse than known is told. One somebody knew of stays known."""
    beneath = Standing.ACKNOWLEDGED if state.beneath == Standing.NORMAL else Standing.UNACKNOWLEDGED
    held = _with(state, beneath, True, math.nan, math.nan, state.value, state.noted, True)
    again = _counted(held, now_s, state.raises + 1, state.window_s, state.window_raises)
    return _worsened(again, rule, value)


def _stayed(state: AlarmState, rule: Rule, value: float) -> tuple[AlarmState, Change]:
    """Tell of a chattering condition that has come to stay; what was acknowledged was the coming and going."""
    worse, _ = _worsened(state, rule, value)
    told = _with(worse, Standing.UNACKNOWLEDGED, True, math.nan, math.nan, worse.value, worse.noted, False)
    after = _counted(told, state.raised_s, state.raises, state.raised_s, 1)
    return after, Change.NONE if state.standing == Standing.SHELVED else Change.RETRIGGERED


def _calmed(state: AlarmState) -> tuple[AlarmState, Change]:
    """End the chattering of an alarm whose condition has stayed away."""
    after = _with(state, state.beneath, False, state.returned_s, math.nan, state.value, state.noted, False)
    if state.standing == Standing.SHELVED:
        return after, Change.NONE
    if state.beneath == Standing.NORMAL:
        return after, Change.CLEARED
    return after, Change.LATCHED if state.beneath == Standing.LATCHED else Change.RETURNED


def _raised(state: AlarmState, value: float, now_s: float) -> tuple[AlarmState, Change]:
    is_new = state.beneath == Standing.NORMAL
    is_window_over = math.isnan(state.window_s) or now_s - state.window_s > CHATTERING_WINDOW_S
    window_raises = 1 if is_window_over else state.window_raises + 1
    is_chattering = window_raises >= CHATTERING_RAISES
    after = AlarmState(
        Standing.SHELVED if state.standing == Standing.SHELVED else Standing.UNACKNOWLEDGED,
        Standing.UNACKNOWLEDGED,
        True,
        now_s,
        math.nan,
        math.nan,
        value,
        value,
        1 if is_new else state.raises + 1,
        now_s if is_window_over else state.window_s,
        window_raises,
        is_chattering,
        state.shelved_until_s,
    )
    if state.standing == Standing.SHELVED:
        return after, Change.NONE
    if is_chattering:
        return after, Change.CHATTERING
    return after, Change.RAISED if is_new else Change.RETRIGGERED


def _worsened(state: AlarmState, rule: Rule, value: float) -> tuple[AlarmState, Change]:
    worst = state.value
    change = Change.NONE
    if math.isnan(worst):
        worst = value
    elif rule.comparison == Comparison.BITS:
        worst = float(int(worst) | int(value))
        if worst != state.value:
            change = Change.RETRIGGERED
    elif rule.comparison == Comparison.BELOW:
        worst = min(worst, value)
    else:
        worst = max(worst, value)
    is_known = state.beneath == Standing.ACKNOWLEDGED
    if is_known and rule.worse_by > 0.0 and abs(worst - state.noted) >= rule.worse_by:
        change = Change.ESCALATED
    if worst == state.value and math.isnan(state.pending_s):
        return state, Change.NONE
    beneath = state.beneath if change == Change.NONE else Standing.UNACKNOWLEDGED
    after = _with(state, beneath, True, state.returned_s, math.nan, worst, state.noted, state.is_chattering)
    return after, Change.NONE if state.standing == Standing.SHELVED else change


def _returned(state: AlarmState, beneath: Standing, change: Change, now_s: float) -> tuple[AlarmState, Change]:
    after = _with(state, beneath, False, now_s, math.nan, state.value, state.noted, state.is_chattering)
    return after, Change.NONE if state.standing == Standing.SHELVED or state.is_chattering else change


def _pending(state: AlarmState, since_s: float) -> AlarmState:
    if since_s == state.pending_s or (math.isnan(since_s) and math.isnan(state.pending_s)):
        return state
    return _with(
        state,
        state.beneath,
        state.is_present,
        state.returned_s,
        since_s,
        state.value,
        state.noted,
        state.is_chattering,
    )


def _noted(state: AlarmState, standing: Standing) -> AlarmState:
    return _with(
        state,
        standing,
        state.is_present,
        state.returned_s,
        state.pending_s,
        state.value,
        state.value,
        state.is_chattering,
    )


def _with(
    state: AlarmState,
    beneath: Standing,
    is_present: bool,
    returned_s: float,
    pending_s: float,
    value: float,
    noted: float,
    is_chattering: bool,
) -> AlarmState:
    """Return the state with what a step can change; a shelved one stays on its shelf."""
    return AlarmState(
        Standing.SHELVED if state.standing == Standing.SHELVED else beneath,
        beneath,
        is_present,
        state.raised_s,
        returned_s,
        pending_s,
        value,
        noted,
        state.raises,
        state.window_s,
        state.window_raises,
        is_chattering,
        state.shelved_until_s,
    )


def _counted(state: AlarmState, raised_s: float, raises: int, window_s: float, window_raises: int) -> AlarmState:
    """Return the state with when and how often it was raised."""
    return AlarmState(
        state.standing,
        state.beneath,
        state.is_present,
        raised_s,
        state.returned_s,
        state.pending_s,
        state.value,
        state.noted,
        raises,
        window_s,
        window_raises,
        state.is_chattering,
        state.shelved_until_s,
    )


def _placed(state: AlarmState, standing: Standing, shelved_until_s: float) -> AlarmState:
    return AlarmState(
        standing,
        state.beneath,
        state.is_present,
        state.raised_s,
        state.returned_s,
        state.pending_s,
        state.value,
        state.noted,
        state.raises,
        state.window_s,
        state.window_raises,
        state.is_chattering,
        shelved_until_s,
    )


def _unshelved(state: AlarmState) -> AlarmState:
    return _placed(state, state.beneath, math.nan)
