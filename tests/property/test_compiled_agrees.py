"""The compiled control decides bit for bit as the plain one: what the laboratory simulates is what the Pi runs."""

import math
import struct
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings

from tests.property.sequences import Story, read_back, stories, swept
from vigie.control import supervisor
from vigie.control.filtering import ChannelSettings, initial_filter_state, summarise
from vigie.control.signals import NO_SENSOR
from vigie.control.supervisor import adopted, obey, overruled, step
from vigie.simulation.compiled import compiled

MISCALIBRATED = ChannelSettings(True, 1.031, 0.37, -1.0, 0.0993, 0.0021, 0.0, 20.0, 3.2)


class Control(NamedTuple):
    """The functions of control a program calls, plain or compiled."""

    adopted: Callable[..., Any]
    summarise: Callable[..., Any]
    obey: Callable[..., Any]
    step: Callable[..., Any]
    overruled: Callable[..., Any]


PLAIN = Control(adopted, summarise, obey, step, overruled)


@pytest.fixture(scope="session")
def machine_code() -> Control:
    """Compile once; every story has the same argument types."""
    return Control(*(compiled(function) for function in PLAIN))


def bits(value: Any) -> Any:
    """Return a value that is equal exactly when all floats have the same bits (any NaN is NaN)."""
    if isinstance(value, tuple):
        return type(value).__name__, tuple(bits(item) for item in value)
    if isinstance(value, float):
        return "nan" if math.isnan(value) else struct.pack("<d", value)
    return type(value).__name__, int(value)


def lived(control: Control, story: Story) -> list[Any]:
    """Return everything that came out of a story, period by period, starting from its own state each time."""
    now_s = 0.0
    outcomes: list[Any] = []
    state = control.adopted(story.found, story.mode, now_s, story.r1_open_s, story.latch, story.known)
    filtered = initial_filter_state()
    channels = story.channels._replace(spare=MISCALIBRATED)
    commanded = story.found
    for moment in story.moments:
        now_s += moment.elapsed_s
        sweeps = tuple(sweep._replace(spare=sweep.charge) for sweep in swept(moment, story.channels))
        contacts = read_back(commanded, moment)
        filtered, image = control.summarise(
            filtered, sweeps, moment.temperature, NO_SENSOR, contacts, now_s, channels, story.filtering
        )
        answers = []
        for order in moment.orders:
            state, answer = control.obey(state, order, story.supervisor, now_s)
            answers.append(answer)
        state, decision = control.step(state, image, story.supervisor)
        commanded = decision.contacts
        refusals = [control.overruled(order, decision) for order in moment.orders]
        outcomes.append(bits((filtered, image, tuple(answers), state, decision, tuple(refusals))))
    return outcomes


@pytest.mark.long
@pytest.mark.timeout(400)
@settings(max_examples=100)
@given(stories())
def test_compiled_and_plain_control_agree_bit_for_bit(machine_code: Control, story: Story) -> None:
    for period, (plain, machine) in enumerate(zip(lived(PLAIN, story), lived(machine_code, story), strict=True)):
        assert plain == machine, f"period {period}"


def test_the_comparison_tells_the_smallest_difference_of_a_float() -> None:
    assert bits((0.1, math.nan)) == bits((0.1, -math.nan))
    assert bits((0.1,)) != bits((math.nextafter(0.1, 1.0),))
    assert bits((0.0,)) != bits((-0.0,))


def test_a_function_is_compiled_once() -> None:
    assert compiled(supervisor.step) is compiled(step)
