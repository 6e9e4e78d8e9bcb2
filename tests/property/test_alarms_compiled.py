"""The compiled alarms say bit for bit what the plain ones say; and no acknowledgement makes an alarm forget."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.property.sequences import Story, read_back, stories, swept
from tests.property.test_compiled_agrees import bits
from vigie.control.alarms import engine
from vigie.control.alarms.catalogue import Alarm, Protection, Severity, Standing
from vigie.control.alarms.engine import AlarmState
from vigie.control.alarms.rules import AlarmSettings, Comparison, Rule
from vigie.control.alarms.watch import Surroundings, initial_watch, observe, watch_settings
from vigie.control.estimation.estimate import estimate, initial_estimation
from vigie.control.estimation.settings import EstimationSettings, estimation_rules
from vigie.control.filtering import initial_filter_state, summarise
from vigie.control.outages import OutageLogSettings
from vigie.control.signals import Temperature
from vigie.control.supervisor import adopted, step
from vigie.simulation.compiled import compiled

SURROUNDINGS = Surroundings(0.0, 0.0, 0.0, 0.0, 0.0, 0.5, 0.0, 1.0, 0.0, 0.0, 0.1, 0.2, 3.0, 0.0, 0.0)


class Engine(NamedTuple):
    """What a program calls, plain or compiled."""

    normal: Callable[..., Any]
    restored: Callable[..., Any]
    step: Callable[..., Any]
    acknowledge: Callable[..., Any]
    shelve: Callable[..., Any]
    unshelve: Callable[..., Any]


PLAIN = Engine(engine.normal, engine.restored, engine.step, engine.acknowledge, engine.shelve, engine.unshelve)


class Moment(NamedTuple):
    """A period of one alarm, and what a person does before it."""

    act: str
    elapsed_s: float
    value: float


VALUES = st.sampled_from([0.0, 1.0, 2.0, 3.0, 5.0, 7.0, math.nan]) | st.floats(0.0, 8.0)
MOMENTS = st.lists(
    st.builds(
        Moment,
        st.sampled_from(["", "", "", "acknowledge", "shelve", "unshelve"]),
        st.sampled_from([0.2, 1.0, 60.0, 700.0]),
        VALUES,
    ),
    min_size=1,
    max_size=60,
)
RULES = st.builds(
    Rule,
    alarm=st.just(Alarm.BATTERY_WARM),
    comparison=st.sampled_from(Comparison),
    limit=st.sampled_from([1.0, 3.0]),
    hysteresis=st.sampled_from([0.0, 0.5]),
    on_delay_s=st.sampled_from([0.0, 2.0, 100.0]),
    off_delay_s=st.sampled_from([0.0, 2.0, 100.0]),
    severity=st.just(Severity.WARNING),
    is_latched=st.booleans(),
    is_enabled=st.sampled_from([True, True, True, False]),
    protection=st.just(Protection.NONE),
    worse_by=st.sampled_from([0.0, 1.5]),
)


@pytest.fixture(scope="session")
def machine_code() -> Engine:
    return Engine(*(compiled(function) for function in PLAIN))


def lived(alarm: Engine, rule: Rule, moments: list[Moment]) -> list[tuple[AlarmState, Any]]:
    """Return state and change after everything that happened."""
    now_s = 0.0
    state = alarm.normal()
    seen = []
    for moment in moments:
        if moment.act == "acknowledge":
            state, change = alarm.acknowledge(state, rule, now_s)
            seen.append((state, change))
        elif moment.act == "shelve":
            state, change = alarm.shelve(state, now_s + 100.0, now_s)
            seen.append((state, change))
        elif moment.act == "unshelve":
            state, change = alarm.unshelve(state, now_s)
            seen.append((state, change))
        now_s += moment.elapsed_s
        state, change = alarm.step(state, rule, moment.value, now_s)
        seen.append((state, change))
    return seen


@settings(max_examples=200)
@given(RULES, MOMENTS)
def test_compiled_and_plain_alarms_agree_bit_for_bit(machine_code: Engine, rule: Rule, moments: list[Moment]) -> None:
    for plain, machine in zip(lived(PLAIN, rule, moments), lived(machine_code, rule, moments), strict=True):
        assert bits(plain) == bits(machine)


@pytest.mark.parametrize("standing", Standing)
def test_a_restored_alarm_is_the_same_compiled(machine_code: Engine, standing: Standing) -> None:
    kept = (standing, True, -5.0, math.nan, 41.0, 2, 9.0)
    assert bits(PLAIN.restored(*kept)) == bits(machine_code.restored(*kept))


@given(RULES, MOMENTS)
def test_standing_and_presence_never_contradict_each_other(rule: Rule, moments: list[Moment]) -> None:
    for state, _ in lived(PLAIN, rule, moments):
        shown = state.beneath
        assert shown != Standing.SHELVED
        assert state.standing in (shown, Standing.SHELVED)
        assert state.is_present == (shown in (Standing.UNACKNOWLEDGED, Standing.ACKNOWLEDGED))
        assert rule.is_latched or shown != Standing.LATCHED
        assert not rule.is_latched or shown != Standing.RETURNED
        assert math.isnan(state.shelved_until_s) == (state.standing != Standing.SHELVED)


@given(RULES, MOMENTS)
def test_nothing_that_was_raised_goes_without_a_person(rule: Rule, moments: list[Moment]) -> None:
    untouched = [moment._replace(act="") for moment in moments]
    was_raised = False
    for state, _ in lived(PLAIN, rule, untouched):
        was_raised = was_raised or state.is_present
        assert (state.standing != Standing.NORMAL) == was_raised


def seen(control: tuple[Callable[..., Any], ...], story: Story) -> list[Any]:
    """Return the watch and the values of every period of a story."""
    its_adopted, its_step, its_start, its_estimate, its_initial, its_observe = control
    limits = watch_settings(AlarmSettings(), story.supervisor.interlocks, story.supervisor.mains)
    state = its_adopted(story.found, story.mode, 0.0, story.r1_open_s, story.latch, story.known)
    mains = story.supervisor.mains
    known = estimation_rules(EstimationSettings(), 7.0, AlarmSettings(), mains, OutageLogSettings())
    filtered, watch, now_s, commanded = initial_filter_state(), its_initial(0.0), 0.0, story.found
    estimation = its_start(0.0)
    outcomes = []
    for moment in story.moments:
        now_s += moment.elapsed_s
        filtered, image = summarise(
            filtered, swept(moment, story.channels), moment.temperature, Temperature(20.0, 0),
            read_back(commanded, moment), now_s, story.channels, story.filtering,
        )  # fmt: skip
        estimation, told = its_estimate(estimation, image, known)
        state, decision = its_step(state, image, story.supervisor)
        commanded = decision.contacts
        watch, values = its_observe(watch, estimation.charge, state, decision, image, SURROUNDINGS, limits)
        outcomes.append(bits((estimation, told, watch, values)))
    return outcomes


@pytest.mark.long
@settings(max_examples=40)
@given(stories())
def test_compiled_and_plain_watch_agree_bit_for_bit(story: Story) -> None:
    plain = (adopted, step, initial_estimation, estimate, initial_watch, observe)
    machine = tuple(compiled(function) for function in plain)
    for period, (one, other) in enumerate(zip(seen(plain, story), seen(machine, story), strict=True)):
        assert one == other, f"period {period}"
