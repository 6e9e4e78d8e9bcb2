"""No sequence of readings, faults, orders and stuck contacts breaks an interlock, whatever the settings."""

import math
import statistics
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.property.sequences import NEEDED, Moment, Story, read_back, stories, swept
from tests.property.witness import Witness
from vigie.control import interlocks, steadiness, supervisor
from vigie.control.commands import Mains, Reason
from vigie.control.filtering import ChannelsSettings, FilterSettings, initial_filter_state, summarise
from vigie.control.interlocks import Latch
from vigie.control.signals import NO_SENSOR, Contact, Measurement, Status, Sweep
from vigie.control.steadiness import MainsStanding
from vigie.control.supervisor import adopted, obey, step


def live(story: Story) -> None:
    """Live a story period by period with a witness looking on."""
    now_s = 0.0
    state = adopted(story.found, story.mode, now_s, story.r1_open_s, story.latch, story.known)
    assert tuple(relay.contact for relay in state.relays) == story.found, "6: starting moved a contact"
    filtered = initial_filter_state()
    known = {"hold_off_s": story.known.hold_off_s, "is_away": story.known.standing == MainsStanding.LOST}
    witness = Witness(story.supervisor, story.found, now_s - story.r1_open_s, story.latch, **known)
    commanded = story.found
    for moment in story.moments:
        now_s += moment.elapsed_s
        sweeps = swept(moment, story.channels)
        contacts = read_back(commanded, moment)
        filtered, image = summarise(
            filtered, sweeps, moment.temperature, NO_SENSOR, contacts, now_s, story.channels, story.filtering
        )
        for order in moment.orders:
            before = state.relays
            state, _ = obey(state, order, story.supervisor, now_s)
            assert state.relays[:2] == before[:2], "6: an order alone moved R1 or R2"
        witness.hear(moment.orders)
        state, decision = step(state, image, story.supervisor)
        witness.see(sweeps, image, decision)
        assert tuple(relay.contact for relay in state.relays) == decision.contacts
        commanded = decision.contacts


@given(stories())
def test_no_sequence_breaks_an_interlock(story: Story) -> None:
    live(story)


@settings(max_examples=60)
@given(stories())
def test_a_measurement_is_valid_just_when_enough_good_readings_are_there(story: Story) -> None:
    filtered = initial_filter_state()
    last_c = math.nan
    never_frozen = story.filtering._replace(frozen_after_s=0.0)
    for moment in story.moments:
        sweeps = swept(moment, story.channels)
        arguments = (sweeps, moment.temperature, NO_SENSOR, story.found, 0.0, story.channels, never_frozen)
        filtered, image = summarise(filtered, *arguments)
        _check_against_raw(image, sweeps, moment, story.channels, never_frozen, last_c)
        if image.temperature.status == Status.GOOD:
            last_c = image.temperature.celsius


def _is_believable(celsius: float, last_c: float, rules: FilterSettings) -> bool:
    says_nothing = celsius in (0.0, 85.0, -1 / 16, -1 / 128) and not abs(celsius - last_c) <= 5.0
    return rules.temperature_min_c <= celsius <= rules.temperature_max_c and not says_nothing


def _without_odd(values: list[float], floor: float) -> list[float]:
    middle = statistics.median_high(values)
    far = [abs(value - middle) for value in values]
    near = [value for value in values if abs(value - middle) <= max(floor, 9.0 * statistics.median_high(far))]
    return values if len(values) - len(near) > len(values) // 4 else near


def _check_against_raw(
    image: Measurement,
    sweeps: tuple[Sweep, ...],
    moment: Moment,
    channels: ChannelsSettings,
    rules: FilterSettings,
    last_c: float,
) -> None:
    is_valid = moment.temperature.status in (Status.GOOD, Status.ABSENT)
    if moment.temperature.status == Status.GOOD:
        is_valid = _is_believable(moment.temperature.celsius, last_c, rules)
    for name in NEEDED:
        channel, mean = getattr(channels, name), getattr(image, name)
        good = [
            r.bus_v
            for r in (getattr(sweep, name) for sweep in sweeps)
            if channel.is_fitted
            and r.status == 0
            and channel.plausible_min_v <= r.bus_v <= channel.plausible_max_v
            and abs(r.shunt_v / 0.1) <= channel.plausible_max_a
        ]
        assert (mean.good, mean.rejected) == (len(good), len(sweeps) - len(good) if channel.is_fitted else 0)
        if good:
            assert math.isclose(mean.bus_v, statistics.fmean(_without_odd(good, 0.02)), abs_tol=1e-12)
            assert math.isclose(mean.lowest_v, min(good))
        else:
            assert math.isnan(mean.bus_v)
        is_enough = len(good) >= rules.least_good
        assert mean.is_valid == is_enough
        is_valid = is_valid and (is_enough or (name != "battery" and not channel.is_fitted))
    assert image.is_valid == is_valid


BREAKAGES = [
    (interlocks, "r2_block", lambda *_: Reason.NONE, "[12]:"),
    (interlocks, "r1_block", lambda *_: Reason.NONE, "[135]"),
    (interlocks, "hot_r2", lambda *_: Contact.CLOSED, "4:"),
    (interlocks, "hot_r2", lambda *_: Contact.OPEN, "[124]:"),
    (interlocks, "next_latch", lambda *_: Latch(False, False, 0), "[34]:"),
    (interlocks, "next_latch", lambda *_: Latch(True, False, 0), "[2345]"),
    (interlocks, "lowest_battery_v", lambda *_: 99.0, "3:"),
    (interlocks, "is_steady", lambda *_: True, "2:"),
    (interlocks, "is_steady", lambda *_: False, "4:"),
    (interlocks, "gives_nothing", lambda *_: True, "2:"),
    (steadiness, "after_a_loss", lambda *_: 0.0, "2: R2 opens before"),
    (steadiness, "remaining_s", lambda *_: 0.0, "2: R2 opens before"),
    (steadiness, "seen", lambda *_: MainsStanding.STANDS, "2: R2 opens before"),
    (interlocks, "periods_in", lambda *_: 0, "[34]:"),
    (
        supervisor,
        "_moved",
        lambda before, contact, reason, now_s: before._replace(contact=contact, since_s=now_s),
        "3:",
    ),
    (supervisor, "evidence", lambda *_: Mains.PRESENT, "[1234]:"),
    (supervisor, "evidence", lambda *_: Mains.UNKNOWN, "[124]:"),
    (
        supervisor,
        "_moved",
        lambda before, contact, reason, now_s: before._replace(contact=contact, since_s=now_s),
        "3:",
    ),
]


@pytest.mark.parametrize(
    ("module", "name", "broken", "caught"), BREAKAGES, ids=[f"{b[1]}-{i}" for i, b in enumerate(BREAKAGES)]
)
def test_the_witness_catches_a_broken_interlock(
    monkeypatch: pytest.MonkeyPatch, module: ModuleType, name: str, broken: Callable[..., Any], caught: str
) -> None:
    monkeypatch.setattr(module, name, broken)
    search = settings(
        max_examples=1500,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    with pytest.raises(AssertionError, match=caught):
        search(given(stories())(live))()
