"""The verdict never contradicts the alarms beside it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.control.process_images import configured, found, measured
from vigie.control.supervisor import step
from vigie.controller.status import verdict_of

READINGS: list[dict[str, Any]] = [
    {"battery_v": 13.6, "charge_v": 13.6, "charge_a": 0.01},
    {"battery_v": 12.5, "charge_v": 12.5, "charge_a": -0.5, "load_v": 12.3},
    {"battery_v": 11.5, "charge_v": 11.5, "charge_a": -0.5, "load_v": 11.3},
]
ALARMS = st.lists(
    st.fixed_dictionaries(
        {
            "severity": st.sampled_from(["info", "warning", "critical"]),
            "standing": st.sampled_from(["unacknowledged", "acknowledged", "returned", "latched", "shelved"]),
            "is_present": st.booleans(),
        }
    ),
    max_size=6,
)


@given(st.sampled_from(READINGS), ALARMS)
def test_verdict_is_neither_better_nor_worse_than_the_alarms(
    readings: dict[str, Any], alarms: list[dict[str, Any]]
) -> None:
    _, decision = step(found(measured(0.0).contacts), measured(1.0, **readings), configured())
    verdict, _ = verdict_of(decision, False, alarms)
    open_ = [one for one in alarms if one["severity"] != "info" and one["standing"] != "shelved"]
    standing = [one for one in open_ if one["is_present"] or one["standing"] == "latched"]
    if verdict == "ok":
        assert not standing
    if any(one["severity"] == "critical" and one["is_present"] for one in open_):
        assert verdict == "alarm"
    if verdict == "alarm":
        assert "critical" in {one["severity"] for one in alarms if one["is_present"] or one["standing"] == "latched"}


PUT_ASIDE = {"severity": "critical", "standing": "shelved", "is_present": True}


@pytest.mark.parametrize(
    ("has_disobeyed", "celsius", "alarms", "verdict"),
    [
        (False, 70.0, [], "alarm"),
        (False, 70.0, [PUT_ASIDE], "alarm"),
        (True, 25.0, [PUT_ASIDE], "alarm"),
        (True, 25.0, [], "attention"),
    ],
    ids=["hot, alarm off", "hot, put aside", "disobeys, put aside", "disobeys, not told yet"],
)
def test_putting_an_alarm_aside_makes_nothing_well(
    has_disobeyed: bool, celsius: float, alarms: list[dict[str, Any]], verdict: str
) -> None:
    state, settings = found(measured(0.0).contacts), configured()
    for second in range(1, 7):
        state, decision = step(state, measured(float(second), **READINGS[0], celsius=celsius), settings)
    assert verdict_of(decision, has_disobeyed, alarms)[0] == verdict


@pytest.mark.parametrize(
    ("standing", "is_present", "verdict"),
    [("returned", False, "ok"), ("latched", False, "attention"), ("shelved", True, "ok")],
)
def test_only_what_waits_for_a_person_keeps_a_quiet_installation_from_being_well(
    standing: str, is_present: bool, verdict: str
) -> None:
    _, decision = step(found(measured(0.0).contacts), measured(1.0, **READINGS[0]), configured())
    alarm = {"severity": "warning", "standing": standing, "is_present": is_present}
    assert verdict_of(decision, False, [alarm])[0] == verdict
