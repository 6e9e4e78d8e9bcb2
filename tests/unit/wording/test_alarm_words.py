import math
from enum import IntEnum

import pytest

from vigie.control.alarms.catalogue import Alarm, Protection, Severity, Standing
from vigie.control.alarms.engine import Change
from vigie.control.alarms.row import AlarmRow
from vigie.control.alarms.table import ALARM_ROWS, TABLE, detail
from vigie.control.alarms.values import Place
from vigie.control.contact_truth import ContactFault
from vigie.control.contradictions import Doubt
from vigie.control.signals import Relay
from vigie.wording import alarms

KINDS: dict[str, type[IntEnum]] = {
    "alarm": Alarm,
    "advice": Alarm,
    "acted": Protection,
    "severity": Severity,
    "standing": Standing,
    "change": Change,
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_member_has_words(kind: str) -> None:
    words = alarms.vocabulary(str)[kind]
    assert list(words) == [member.name.lower() for member in KINDS[kind]]
    assert all(words.values())


def test_no_two_alarms_have_the_same_title() -> None:
    titles = [alarms.title(alarm.name.lower(), str) for alarm in Alarm]
    assert len(set(titles)) == len(titles)


@pytest.mark.parametrize("alarm", Alarm)
def test_advice_is_one_to_three_sentences(alarm: Alarm) -> None:
    text = alarms.advice(alarm.name.lower(), str)
    assert text.endswith(".")
    assert 1 <= text.count(". ") + 1 <= 3


def test_every_detail_a_value_can_have_is_in_words() -> None:
    words = alarms.vocabulary(str)["detail"]
    names = {name for row in TABLE if row.bits for name in detail(row, 63.0)}
    faults = {name for kind in ContactFault for name in detail(ALARM_ROWS[Alarm.R1_DISOBEYED], float(kind))}
    assert names == {member.name.lower() for member in [*Place, *Relay, *Doubt]}
    assert names | faults == set(words)


@pytest.mark.parametrize("row", ALARM_ROWS.values())
def test_a_value_with_a_unit_or_a_share_says_its_number(row: AlarmRow) -> None:
    told = alarms.describe_value(row.name, 41.0, row.unit, [], str)
    assert ("41" in told) == (bool(row.unit) or row.is_share)


@pytest.mark.parametrize(
    ("alarm", "value", "unit", "detail_names", "words"),
    [
        ("battery_over_voltage", 14.712, "V", [], "14.71 V"),
        ("undercharge", 31.25, "d", [], "31.2 days"),
        ("controller_lost", 45.0, "s", [], "45 s"),
        ("charger_absent", 5400.0, "s", [], "90 min"),
        ("charger_absent", 9000.0, "s", [], "2.5 h"),
        ("r2_worn", 0.8, "", [], "80 %"),
        ("r2_disobeyed", 2.0, "", ["welded"], "welded"),
        ("sensor_lost", 1.0, "", ["from_the_future"], "from_the_future"),
        ("battery_warm", None, "degC", [], ""),
        ("battery_warm", math.nan, "degC", [], ""),
        ("mains_lost", 1.0, "", [], ""),
    ],
)
def test_a_value_is_told_as_a_person_says_it(
    alarm: str, value: float | None, unit: str, detail_names: list[str], words: str
) -> None:
    assert alarms.describe_value(alarm, value, unit, detail_names, str) == words


def test_words_are_translated() -> None:
    shout = str.upper
    assert alarms.title("mains_lost", shout) == "MAINS LOST"
    assert alarms.describe_value("sensor_lost", 1.0, "", ["battery"], shout) == "BATTERY METER"
    assert alarms.describe_value("undercharge", 31.0, "d", [], shout) == "31.0 DAYS"
    assert alarms.change("raised", shout) == "RAISED"
    assert alarms.standing("shelved", shout) == "SHELVED"


def test_a_name_from_the_future_stays_readable() -> None:
    assert alarms.title("from_the_future", str) == "from the future"
    assert alarms.advice("from_the_future", str) == ""
    assert alarms.severity("dire_need", str) == "dire need"
