"""Whole installations: a healthy one raises nothing but its outages, and each fault raises what names it."""

import math
from typing import Any, NamedTuple

import pytest

from tests.unit.control.process_images import TRUSTED
from vigie.clock import SimulatedClock
from vigie.config import check
from vigie.control.alarms.board import quiet_board, step_board
from vigie.control.alarms.catalogue import Alarm
from vigie.control.alarms.engine import Change
from vigie.control.alarms.rules import AlarmSettings, rules
from vigie.control.alarms.watch import Surroundings, initial_watch, observe, watch_settings
from vigie.control.commands import Mode, Phase
from vigie.control.estimation.estimate import estimate, initial_estimation
from vigie.control.filtering import initial_filter_state, summarise
from vigie.control.interlocks import Latch
from vigie.control.signals import Relay, Temperature
from vigie.control.supervisor import adopted, entered, step
from vigie.plant.installation import Installation
from vigie.plant.twin import Twin

DAY_S = 86_400.0
SWEEPS = 6


class Raised(NamedTuple):
    """An alarm that was raised, and whether the mains was there then."""

    alarm: Alarm
    at_s: float
    has_mains: bool


class Life(NamedTuple):
    """What happened to an installation."""

    raised: list[Raised]
    phases: dict[Phase, float]
    """When each phase of the mode was first entered."""
    longest_dark_s: float
    """How long the loads were without voltage at a stretch, in whole periods."""
    outage_s: float
    """Time without the mains."""


def lived(scenario: str, mode: Mode, days: float, period_s: float, **installation: Any) -> Life:
    """Let an installation run under control and return what happened."""
    settings: dict[str, Any] = {"plant": {"kind": "twin", "scenario": scenario}, "twin": {"installation": installation}}
    if "wiring" in installation:
        settings["wiring"] = {"battery_contact": installation["wiring"]}
    config = check(settings, "test")
    clock = SimulatedClock(math.inf)
    site = Installation(config.twin.installation)
    twin = Twin(site, clock, config.twin)
    control, channels, alarms = config.supervisor_settings(), config.channels_settings(), AlarmSettings()
    table = rules(alarms, control.interlocks, 0.8)
    limits = watch_settings(alarms, control.interlocks, control.mains)
    state = adopted(twin.read_contacts(), Mode.OBSERVE, 0.0, 0.0, Latch(False, False, 0), TRUSTED)
    state = entered(state, mode, state.plan.hands, 0.0)
    estimation, its_rules = initial_estimation(0.0), config.lookout_settings().estimation
    filtered, watch, board = initial_filter_state(), initial_watch(0.0), quiet_board(table)
    moved_s: list[float] = []
    raised: list[Raised] = []
    phases: dict[Phase, float] = {}
    dark_s = longest_dark_s = outage_s = 0.0
    while (now_s := clock.now_s()) < days * DAY_S:
        clock.sleep_until(now_s + period_s)
        now_s = clock.now_s()
        contacts = twin.read_contacts()
        sweeps = tuple(twin.read_sweep() for _ in range(SWEEPS))
        air = Temperature(site.ambient_c, 0)
        filtered, image = summarise(
            filtered, sweeps, twin.read_temperature(), air, contacts, now_s, channels, config.filter
        )
        estimation, _ = estimate(estimation, image, its_rules)
        state, decision = step(state, image, control)
        phases.setdefault(state.plan.phase, now_s)
        dark_s = 0.0 if site.loads_are_powered else dark_s + period_s
        longest_dark_s = max(longest_dark_s, dark_s)
        outage_s += 0.0 if site.has_mains else period_s
        for relay in (Relay.R1, Relay.R2):
            if decision.contacts[relay] != contacts[relay]:
                twin.switch(relay, decision.contacts[relay])
                moved_s.append(now_s)
        moved_s = [moment for moment in moved_s if moment > now_s - 3600.0]
        around = Surroundings(0.0, 0.0, 0.0, 0.0, 0.0, 0.5, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, float(len(moved_s)), 0.0, 0.0)
        watch, values = observe(watch, estimation.charge, state, decision, image, around, limits)
        board, changes = step_board(board, table, values, now_s)
        for index, change in changes:
            if change in (Change.RAISED, Change.RETRIGGERED, Change.CHATTERING, Change.ESCALATED):
                raised.append(Raised(table[index].alarm, now_s, site.has_mains))
    return Life(raised, phases, longest_dark_s, outage_s)


@pytest.mark.parametrize("mode", [Mode.OBSERVE, Mode.PROTECT, Mode.CYCLE])
@pytest.mark.parametrize("wiring", ["line", "charge_only"])
@pytest.mark.parametrize(("scenario", "days", "period_s"), [("demo", 0.5, 10.0), ("standby", 2.0, 60.0)])
def test_a_healthy_installation_raises_nothing_but_its_outages(
    scenario: str, days: float, period_s: float, mode: Mode, wiring: str
) -> None:
    raised = lived(scenario, mode, days, period_s, wiring=wiring).raised
    assert {one.alarm for one in raised} == {Alarm.MAINS_LOST}
    assert all(not one.has_mains for one in raised if one.alarm == Alarm.MAINS_LOST)
    assert any(one.alarm == Alarm.MAINS_LOST for one in raised)


def test_a_period_of_a_second_raises_nothing_more() -> None:
    raised = lived("demo", Mode.CYCLE, 0.1, 1.0).raised
    assert {one.alarm for one in raised} == {Alarm.MAINS_LOST}


@pytest.mark.parametrize(
    ("mode", "hours", "phases"),
    [(Mode.PROTECT, 2.0, {Phase.CHARGE, Phase.REST}), (Mode.CYCLE, 3.0, {Phase.DISCHARGE, Phase.CHARGE, Phase.REST})],
)
def test_the_demonstration_shows_what_the_product_is_for(mode: Mode, hours: float, phases: set[Phase]) -> None:
    """At speed 60 within two or three minutes: every phase, and an outage that the battery carries."""
    life = lived("demo", mode, hours / 24.0, 1.0)
    assert set(life.phases) == phases
    assert life.outage_s > 300.0
    assert life.longest_dark_s == 0.0
    assert {one.alarm for one in life.raised} == {Alarm.MAINS_LOST}


def test_chatter_is_the_bad_case_that_its_description_says() -> None:
    life = lived("chatter", Mode.PROTECT, 0.25, 1.0)
    assert life.longest_dark_s == 1.0
    assert {one.alarm for one in life.raised} == {Alarm.MAINS_LOST, Alarm.SWITCHING_OFTEN}


NEVER: dict[str, Any] = {"kind": "none"}
FAULTS: dict[str, tuple[set[Alarm], dict[str, Any]]] = {
    "the charger is off": ({Alarm.CHARGER_ABSENT}, {"charger": {"set_v": 12.0}}),
    "the charger is set low": ({Alarm.CHARGER_SET_POINT}, {"charger": {"set_v": 13.1}}),
    "the charger is set high": ({Alarm.CHARGER_SET_POINT}, {"charger": {"set_v": 14.3}}),
    "the charger is set much too high": (
        {Alarm.CHARGER_SET_POINT, Alarm.BATTERY_OVER_VOLTAGE},
        {"charger": {"set_v": 15.0}},
    ),
    "the charger is far too weak": (
        {Alarm.CHARGE_NOT_RISING},
        {"charger": {"limit_a": 0.2}, "battery": {"c20_ah": 30.0, "start_soc": 0.4}},
    ),
    "the room is warm": ({Alarm.BATTERY_WARM}, {"ambient": {"mean_c": 42.0}}),
    "the room is hot": ({Alarm.BATTERY_WARM, Alarm.BATTERY_TOO_HOT}, {"ambient": {"mean_c": 52.0}}),
    "the loads are beyond the meter": ({Alarm.LOADS_OVER_RANGE}, {"load": {"current_a": 3.5}}),
    "the mains stays away": (
        {Alarm.MAINS_LOST, Alarm.BATTERY_UNDER_VOLTAGE, Alarm.LOADS_DARK},
        {"outages": {"kind": "every", "every_s": 500_000.0, "first_s": 3600.0, "lasting_s": 400_000.0}},
    ),
}


def test_a_charger_that_follows_the_temperature_in_the_cold_is_as_it_should_be() -> None:
    cold = {"charger": {"set_v": 14.4}, "ambient": {"mean_c": -8.0}, "outages": NEVER}
    assert lived("standby", Mode.OBSERVE, 1.0, 60.0, **cold).raised == []


def test_an_emptied_battery_is_told_when_the_mains_is_back() -> None:
    long = {"kind": "every", "every_s": 500_000.0, "first_s": 3600.0, "lasting_s": 80_000.0}
    raised = lived("standby", Mode.OBSERVE, 1.2, 60.0, outages=long).raised
    assert [one.alarm for one in raised if one.has_mains] == [Alarm.BATTERY_EMPTIED]
    assert Alarm.BATTERY_UNDER_VOLTAGE in {one.alarm for one in raised}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_raises_what_names_it_and_nothing_else(fault: str) -> None:
    expected, installation = FAULTS[fault]
    raised = lived("standby", Mode.OBSERVE, 1.5, 60.0, **({"outages": NEVER} | installation)).raised
    assert {one.alarm for one in raised} == expected


@pytest.mark.parametrize("has_diode", [False, True])
def test_a_bypass_diode_spares_the_loads_what_an_open_r2_would_cost_them(has_diode: bool) -> None:
    outages = {"kind": "every", "every_s": 3_607.0, "lasting_s": 300.0, "first_s": 1_803.0}
    life = lived("standby", Mode.PROTECT, 0.5, 10.0, wiring="line", bypass_diode=has_diode, outages=outages)
    assert Phase.REST in life.phases
    assert life.outage_s > 0.0
    assert life.longest_dark_s == (0.0 if has_diode else 10.0)
    if has_diode:
        assert {one.alarm for one in life.raised} == {Alarm.MAINS_LOST}
