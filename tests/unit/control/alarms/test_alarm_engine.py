import math

import pytest

from tests.unit.control.alarms.panels import Tape, rule
from vigie.control.alarms.catalogue import Standing
from vigie.control.alarms.engine import (
    CHATTERING_RAISES,
    CHATTERING_WINDOW_S,
    LASTING_S,
    Change,
    acknowledge,
    normal,
    restored,
    shelve,
    step,
    unshelve,
)
from vigie.control.alarms.rules import Comparison

NAN = math.nan


def test_it_is_raised_at_the_limit_and_returns_beyond_the_hysteresis() -> None:
    tape = Tape()
    assert tape.after(39.9) == Change.NONE
    assert tape.after(40.0) == Change.RAISED
    assert tape.after(38.0) == Change.NONE  # inside the hysteresis
    assert tape.after(37.9) == Change.RETURNED
    assert tape.state.standing == Standing.RETURNED
    assert (tape.state.raised_s, tape.state.returned_s) == (2.0, 4.0)


def test_a_lower_limit_works_upside_down() -> None:
    tape = Tape(rule(comparison=Comparison.BELOW, limit=11.4, hysteresis=0.3))
    assert tape.all_after(11.5, 11.4, 11.2, 11.7, 11.71) == [Change.RAISED, Change.RETURNED]
    assert tape.state.value == 11.2


def test_the_on_delay_asks_for_the_condition_all_the_time() -> None:
    tape = Tape(rule(on_delay_s=3.0))
    assert tape.all_after(41.0, 41.0, 39.0, 41.0, 41.0, 41.0) == []
    assert tape.after(41.0) == Change.RAISED


def test_the_off_delay_asks_for_its_absence_all_the_time() -> None:
    tape = Tape(rule(off_delay_s=3.0))
    assert tape.all_after(41.0, 30.0, 30.0, 41.0, 30.0, 30.0, 30.0) == [Change.RAISED]
    assert tape.after(30.0) == Change.RETURNED


def test_delays_are_seconds_whatever_the_period() -> None:
    tape = Tape(rule(on_delay_s=60.0))
    assert tape.after(41.0, 60.0) == Change.NONE
    assert tape.after(41.0, 60.0) == Change.RAISED


def test_a_value_that_cannot_be_told_changes_nothing() -> None:
    tape = Tape()
    tape.after(41.0)
    before = tape.state
    assert tape.after(NAN, 1e6) == Change.NONE
    assert tape.state is before


def test_a_delay_begins_anew_after_a_value_that_could_not_be_told() -> None:
    tape = Tape(rule(on_delay_s=2.0))
    assert tape.all_after(41.0, 41.0, NAN, 41.0, 41.0) == []
    assert tape.after(41.0) == Change.RAISED


def test_an_acknowledged_alarm_clears_by_itself() -> None:
    tape = Tape()
    tape.after(41.0)
    tape.state, change = acknowledge(tape.state, tape.rule, tape.now_s)
    assert (change, tape.state.standing) == (Change.ACKNOWLEDGED, Standing.ACKNOWLEDGED)
    assert tape.state.is_present
    assert tape.after(30.0) == Change.CLEARED
    assert tape.state.standing == Standing.NORMAL


def test_a_latched_alarm_stays_until_it_is_acknowledged() -> None:
    tape = Tape(rule(is_latched=True))
    assert tape.all_after(41.0, 30.0) == [Change.RAISED, Change.LATCHED]
    assert tape.after(30.0, 1e6) == Change.NONE
    assert tape.state.standing == Standing.LATCHED
    tape.state, change = acknowledge(tape.state, tape.rule, tape.now_s)
    assert (change, tape.state.standing) == (Change.ACKNOWLEDGED, Standing.NORMAL)


def test_a_returned_alarm_that_comes_again_is_told_again() -> None:
    tape = Tape()
    assert tape.all_after(41.0, 30.0, 42.0) == [Change.RAISED, Change.RETURNED, Change.RETRIGGERED]
    assert tape.state.raises == 2
    assert tape.state.value == 42.0


def test_getting_clearly_worse_takes_the_acknowledgement_back() -> None:
    tape = Tape(rule(worse_by=5.0))
    tape.after(41.0)
    tape.state, _ = acknowledge(tape.state, tape.rule, tape.now_s)
    assert tape.after(45.9) == Change.NONE
    assert tape.after(46.0) == Change.ESCALATED
    assert tape.state.standing == Standing.UNACKNOWLEDGED
    tape.state, _ = acknowledge(tape.state, tape.rule, tape.now_s)
    assert tape.after(50.0) == Change.NONE
    assert tape.after(51.0) == Change.ESCALATED


def test_getting_worse_before_anybody_took_note_is_no_escalation() -> None:
    tape = Tape(rule(worse_by=5.0))
    assert tape.all_after(41.0, 60.0) == [Change.RAISED]
    assert tape.state.value == 60.0


def test_a_new_bit_tells_it_again_and_an_old_one_does_not() -> None:
    tape = Tape(rule(comparison=Comparison.BITS, limit=1.0, hysteresis=0.0))
    assert tape.after(1.0) == Change.RAISED
    tape.state, _ = acknowledge(tape.state, tape.rule, tape.now_s)
    assert tape.after(5.0) == Change.RETRIGGERED
    assert tape.state.standing == Standing.UNACKNOWLEDGED
    assert tape.all_after(1.0, 4.0, 5.0) == []
    assert tape.state.value == 5.0
    assert tape.after(0.0) == Change.RETURNED


def chattered() -> Tape:
    tape = Tape()
    for _ in range(CHATTERING_RAISES - 1):
        tape.all_after(41.0, 30.0)
    return tape


def chattering() -> Tape:
    tape = chattered()
    assert tape.after(41.0) == Change.CHATTERING
    return tape


def test_coming_and_going_is_told_once_and_its_end_after_a_long_quiet_time() -> None:
    tape = chattering()
    assert tape.all_after(*[30.0, 41.0] * 50) == []
    assert tape.after(30.0) == Change.NONE
    assert tape.state.is_chattering
    assert tape.after(30.0, CHATTERING_WINDOW_S) == Change.RETURNED
    assert not tape.state.is_chattering


def test_a_chattering_alarm_is_present_only_while_its_condition_holds() -> None:
    tape = chattering()
    for value, standing in ((30.0, Standing.RETURNED), (41.0, Standing.UNACKNOWLEDGED)) * 3:
        tape.after(value)
        assert (tape.state.standing, tape.state.is_present) == (standing, value > 40.0)


def test_a_chattering_condition_that_stays_is_told_and_so_is_its_end() -> None:
    tape = chattering()
    assert tape.all_after(30.0, 41.0) == []
    began_s = tape.now_s
    assert tape.after(41.0, LASTING_S - 1.0) == Change.NONE
    assert tape.after(41.0) == Change.RETRIGGERED
    assert (tape.state.raised_s, tape.state.is_chattering) == (began_s, False)
    assert tape.after(30.0) == Change.RETURNED
    assert tape.after(41.0) == Change.RETRIGGERED, "it is told one by one again"


def test_the_very_time_that_made_it_chatter_may_be_the_long_one() -> None:
    tape = chattering()
    assert tape.after(41.0, LASTING_S) == Change.RETRIGGERED


@pytest.mark.parametrize("value", [41.0, 30.0], ids=["while it is there", "while it is gone"])
def test_chattering_that_somebody_knows_of_stays_known_until_it_stays(value: float) -> None:
    tape = chattering()
    tape.after(value)
    tape.state, _ = acknowledge(tape.state, tape.rule, tape.now_s)
    assert tape.all_after(30.0, 41.0, 30.0, 41.0) == []
    known = tape.state
    assert tape.after(41.0, LASTING_S) == Change.RETRIGGERED
    assert (known.standing, tape.state.standing) == (Standing.ACKNOWLEDGED, Standing.UNACKNOWLEDGED)


def test_chattering_that_somebody_knew_of_clears_once_it_has_stayed_away() -> None:
    tape = chattering()
    tape.state, _ = acknowledge(tape.state, tape.rule, tape.now_s)
    assert tape.after(30.0) == Change.NONE
    assert tape.state.standing == Standing.NORMAL
    assert tape.after(30.0, CHATTERING_WINDOW_S) == Change.CLEARED


def test_a_latched_alarm_that_chattered_stays_latched() -> None:
    tape = Tape(rule(is_latched=True))
    for _ in range(CHATTERING_RAISES):
        tape.all_after(41.0, 30.0)
    assert tape.state.standing == Standing.LATCHED
    assert tape.after(30.0, CHATTERING_WINDOW_S) == Change.LATCHED


def test_another_sensor_is_told_while_the_first_chatters() -> None:
    tape = Tape(rule(comparison=Comparison.BITS, limit=1.0))
    for _ in range(CHATTERING_RAISES):
        tape.all_after(1.0, 0.0)
    assert tape.all_after(1.0, 0.0, 2.0) == [Change.RETRIGGERED]
    assert tape.state.value == 3.0


def test_a_shelf_is_silent_about_chattering_too() -> None:
    tape = chattering()
    tape.state, _ = shelve(tape.state, 10_000.0, tape.now_s)
    assert tape.all_after(30.0, 41.0) == []
    assert tape.after(41.0, LASTING_S) == Change.NONE
    assert (tape.state.standing, tape.state.beneath) == (Standing.SHELVED, Standing.UNACKNOWLEDGED)


def test_coming_and_going_slowly_is_not_chattering() -> None:
    tape = Tape()
    for _ in range(3 * CHATTERING_RAISES):
        assert tape.after(41.0, CHATTERING_WINDOW_S / CHATTERING_RAISES) != Change.CHATTERING
        tape.after(30.0, CHATTERING_WINDOW_S / CHATTERING_RAISES)


def test_acknowledging_between_does_not_hide_that_it_chatters() -> None:
    tape = Tape()
    seen = []
    for _ in range(CHATTERING_RAISES):
        seen.append(tape.after(41.0))
        tape.state, _ = acknowledge(tape.state, tape.rule, tape.now_s)
        tape.after(30.0)
    assert seen[-1] == Change.CHATTERING


def test_a_shelf_is_silent_and_ends_by_itself() -> None:
    tape = Tape()
    tape.after(41.0)
    tape.state, change = shelve(tape.state, 10.0, tape.now_s)
    assert (change, tape.state.standing) == (Change.SHELVED, Standing.SHELVED)
    assert tape.all_after(30.0, 41.0, 45.0) == []
    assert tape.after(45.0, 10.0) == Change.SHELF_ENDED
    assert tape.state.standing == Standing.UNACKNOWLEDGED
    assert math.isnan(tape.state.shelved_until_s)


def test_a_shelf_ends_also_while_nothing_can_be_told() -> None:
    tape = Tape()
    tape.state, _ = shelve(tape.state, 5.0, 0.0)
    assert tape.after(NAN, 5.0) == Change.SHELF_ENDED
    assert tape.state.standing == Standing.NORMAL


def test_a_latched_alarm_comes_latched_from_its_shelf() -> None:
    tape = Tape(rule(is_latched=True))
    tape.state, _ = shelve(tape.state, 10.0, 0.0)
    assert tape.all_after(41.0, 30.0) == []
    tape.state, change = unshelve(tape.state, tape.now_s)
    assert (change, tape.state.standing) == (Change.UNSHELVED, Standing.LATCHED)


def test_an_acknowledged_alarm_comes_acknowledged_from_its_shelf() -> None:
    tape = Tape()
    tape.after(41.0)
    tape.state, _ = acknowledge(tape.state, tape.rule, tape.now_s)
    tape.state, _ = shelve(tape.state, 10.0, tape.now_s)
    tape.after(41.0)
    tape.state, _ = unshelve(tape.state, tape.now_s)
    assert tape.state.standing == Standing.ACKNOWLEDGED


@pytest.mark.parametrize("standing", [Standing.NORMAL, Standing.ACKNOWLEDGED, Standing.SHELVED])
def test_there_is_nothing_to_acknowledge(standing: Standing) -> None:
    state = restored(standing, False, 0.0, NAN, 41.0, 1, 100.0 if standing == Standing.SHELVED else NAN)
    assert acknowledge(state, rule(), 1.0) == (state, Change.NONE)


def test_nothing_is_shelved_into_the_past() -> None:
    state = normal()
    assert shelve(state, 5.0, 5.0) == (state, Change.NONE)
    assert unshelve(state, 5.0) == (state, Change.NONE)


@pytest.mark.parametrize("standing", [Standing.UNACKNOWLEDGED, Standing.ACKNOWLEDGED])
def test_a_restart_neither_raises_again_nor_forgets(standing: Standing) -> None:
    tape = Tape(state=restored(standing, True, -500.0, NAN, 44.0, 2, NAN))
    assert tape.all_after(NAN, 42.0, 43.0) == []
    assert tape.state.standing == standing
    assert (tape.state.raised_s, tape.state.value, tape.state.raises) == (-500.0, 44.0, 2)
    after = Change.CLEARED if standing == Standing.ACKNOWLEDGED else Change.RETURNED
    assert tape.after(30.0) == after


def test_a_shelf_outlives_a_restart() -> None:
    tape = Tape(state=restored(Standing.SHELVED, True, -500.0, NAN, 44.0, 1, 50.0))
    assert tape.after(41.0) == Change.NONE
    assert tape.after(41.0, 60.0) == Change.SHELF_ENDED
    assert tape.state.standing == Standing.UNACKNOWLEDGED


def test_an_alarm_switched_off_is_forgotten_and_never_raised() -> None:
    off = rule(is_enabled=False)
    tape = Tape(off, restored(Standing.LATCHED, False, 0.0, 1.0, 44.0, 1, NAN))
    assert tape.after(41.0) == Change.CLEARED
    assert tape.after(41.0) == Change.NONE
    assert tape.state.standing == Standing.NORMAL


def test_a_quiet_alarm_stays_the_very_same_object() -> None:
    state = normal()
    assert step(state, rule(), 20.0, 1.0)[0] is state
    raised, _ = step(state, rule(), 45.0, 1.0)
    assert step(raised, rule(), 44.0, 2.0)[0] is raised
