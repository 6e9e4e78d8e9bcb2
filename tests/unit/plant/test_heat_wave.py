"""The air of a simulated site, and the scenario that makes a battery too hot."""

from typing import Any

import pytest

from vigie.control.interlocks import InterlockSettings
from vigie.control.signals import Contact, Relay
from vigie.errors import SettingsError
from vigie.plant.air import Air
from vigie.plant.installation import Installation
from vigie.plant.scenario import HEAT_WAVE
from vigie.plant.site import AmbientSettings

HOUR_S = 3600.0
COURSE = ((100.0, 20.0), (200.0, 30.0), (300.0, 10.0))


def test_a_course_runs_in_straight_lines_and_holds_its_ends() -> None:
    air = Air(AmbientSettings(course=COURSE))
    assert [air.celsius(float(now_s)) for now_s in (0, 100, 150, 200, 250, 300, 1e6)] == [20, 20, 25, 30, 20, 10, 10]


def test_a_course_begins_again_when_told_so() -> None:
    air = Air(AmbientSettings(course=COURSE, course_every_s=400.0))
    assert [air.celsius(now_s) for now_s in (150.0, 550.0, 950.0)] == [25.0, 25.0, 25.0]


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"course": ((10.0, 20.0), (10.0, 30.0))}, "must rise"),
        ({"course": ((10.0, float("nan")),)}, "finite"),
        ({"course": ((0.0, 20.0), (60.0, -400.0))}, "-400 degC, outside -60..100 degC"),
        ({"course": COURSE, "course_every_s": 300.0}, "make course_every_s longer"),
    ],
)
def test_a_course_that_cannot_be_is_refused(given: dict[str, Any], why: str) -> None:
    with pytest.raises(SettingsError, match=why):
        Air(AmbientSettings(**given))


def test_the_heat_wave_passes_its_marks_when_its_description_says() -> None:
    limits = InterlockSettings()
    installation = Installation(HEAT_WAVE.settings.installation)
    marks_h: dict[str, float] = {}
    lead_k = 0.0
    while installation.now_s < 13 * HOUR_S:
        installation.advance_to(installation.now_s + 10.0)
        celsius, hour = installation.temperature_c, installation.now_s / HOUR_S
        lead_k = max(lead_k, celsius - installation.ambient_c)
        if celsius > 40.0:
            marks_h.setdefault("warm", hour)
        if celsius > limits.temperature_limit_c:
            marks_h.setdefault("too hot", hour)
            installation.set_contact(Relay.R2, Contact.OPEN)
        if "too hot" in marks_h and celsius < limits.temperature_limit_c - limits.temperature_release_k:
            marks_h.setdefault("release", hour)
        if "release" in marks_h and celsius < 38.0:
            marks_h.setdefault("cool", hour)
    assert marks_h == {
        "warm": pytest.approx(2 + 43 / 60, abs=0.05),
        "too hot": pytest.approx(5 + 13 / 60, abs=0.05),
        "release": pytest.approx(8 + 41 / 60, abs=0.05),
        "cool": pytest.approx(10 + 47 / 60, abs=0.05),
    }
    assert lead_k < 10.0, "the battery is warmed by the air, not by itself: no alarm of that kind"
