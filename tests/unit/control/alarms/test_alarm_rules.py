from importlib import import_module
from pathlib import Path
from typing import Any, get_type_hints

import pytest
from pydantic import TypeAdapter, ValidationError

from vigie.config.alarm_limits import alarm_faults
from vigie.config.reading import rows
from vigie.control.alarms import rows as rows_package
from vigie.control.alarms.catalogue import Alarm
from vigie.control.alarms.engine import has_left
from vigie.control.alarms.row import AlarmRow, Comparison
from vigie.control.alarms.rules import AlarmSettings, rules, web_rules
from vigie.control.alarms.table import ALARM_ROWS, TABLE, WEB_TABLE, detail
from vigie.control.alarms.values import Place
from vigie.control.interlocks import InterlockSettings

INTERLOCKS = InterlockSettings()


def faults(**changes: Any) -> dict[str, str]:
    return {fault.key: fault.message for fault in alarm_faults(AlarmSettings(**changes), INTERLOCKS)}


def test_every_alarm_has_one_row() -> None:
    missing = [alarm.name for alarm in Alarm if alarm not in ALARM_ROWS]
    assert not missing, f"no row for {missing}: add one to a module of control/alarms/rows"
    folder = Path(rows_package.__file__).parent
    modules = [import_module(f"{rows_package.__name__}.{path.stem}") for path in sorted(folder.glob("[a-z]*.py"))]
    named = [row.alarm for module in modules for row in module.ROWS]
    assert sorted(named) == list(Alarm), "two rows of one alarm, or rows that control/alarms/table.py leaves out"


def test_the_rules_stand_in_the_order_of_the_alarms() -> None:
    assert list(ALARM_ROWS) == list(Alarm)
    assert [rule.alarm for rule in rules(AlarmSettings(), INTERLOCKS, 0.8)] == [row.alarm for row in TABLE]
    assert [rule.alarm for rule in web_rules(AlarmSettings())] == [row.alarm for row in WEB_TABLE]


@pytest.mark.parametrize("row", ALARM_ROWS.values(), ids=[row.name for row in ALARM_ROWS.values()])
def test_a_row_names_settings_that_there_are(row: AlarmRow) -> None:
    known = {
        *(f"alarms.{key}" for key in AlarmSettings._fields),
        *(f"interlocks.{key}" for key in InterlockSettings._fields),
        "contacts.warn_share",
    }
    named = {value for value in (row.limit, row.delays_s[0]) if isinstance(value, str)}
    assert named <= known, f"{row.name} names {named - known}: add the setting to control/alarms/settings.py"


def test_a_row_says_what_it_looks_at_and_in_one_way() -> None:
    for row in ALARM_ROWS.values():
        assert row.looks_at
        assert not (row.bits and row.kinds)
        assert (row.bits is not None) == (row.comparison == Comparison.BITS)


def test_limits_and_delays_come_from_the_settings() -> None:
    settings = AlarmSettings(battery_warm_c=42.0, mains_lost_after_s=7.0)
    by_alarm = {rule.alarm: rule for rule in rules(settings, InterlockSettings(temperature_limit_c=55.0), 0.6)}
    assert by_alarm[Alarm.BATTERY_WARM].limit == 42.0
    assert by_alarm[Alarm.BATTERY_TOO_HOT].limit == 55.0
    assert by_alarm[Alarm.MAINS_LOST].on_delay_s == 7.0
    assert by_alarm[Alarm.R1_WORN].limit == 0.6


def test_the_clients_temperatures_are_the_defaults() -> None:
    by_alarm = {rule.alarm: rule for rule in rules(AlarmSettings(), INTERLOCKS, 0.8)}
    assert (by_alarm[Alarm.BATTERY_WARM].limit, by_alarm[Alarm.BATTERY_TOO_HOT].limit) == (40.0, 50.0)


def test_an_alarm_is_switched_off_by_name() -> None:
    settings = AlarmSettings(off=("undercharge", "mail_refused"))
    is_enabled = {rule.alarm: rule.is_enabled for rule in rules(settings, INTERLOCKS, 0.8) + web_rules(settings)}
    assert {alarm for alarm in Alarm if not is_enabled[alarm]} == {Alarm.UNDERCHARGE, Alarm.MAIL_REFUSED}


def test_every_number_of_a_rule_is_a_float() -> None:
    for rule in rules(AlarmSettings(), INTERLOCKS, 0.8) + web_rules(AlarmSettings()):
        numbers = (rule.limit, rule.hysteresis, rule.on_delay_s, rule.off_delay_s, rule.worse_by)
        assert [type(number) for number in numbers] == [float] * 5


def test_the_default_settings_do_not_contradict_themselves() -> None:
    assert faults() == {}


@pytest.mark.parametrize(
    ("changes", "key", "told"),
    [
        ({"battery_warm_c": 50.0}, "alarms.battery_warm_c", "interlocks.temperature_limit_c = 50"),
        ({"battery_under_v": 12.0}, "alarms.battery_under_v", "interlocks.floor_v = 11.8"),
        ({"charger_dead_v": 13.5}, "alarms.charger_dead_v", "13.2"),
        ({"charger_v": 14.6}, "alarms.charger_v", "alarms.battery_over_v - 0.2 V = 14.5"),
        ({"off": ("mains_gone",)}, "alarms.off", "did you mean mains_lost?"),
        ({"off": ("xyz",)}, "alarms.off", "known: battery_too_hot"),
    ],
)
def test_a_contradiction_is_named_with_its_limit(changes: dict[str, Any], key: str, told: str) -> None:
    assert told in faults(**changes)[key]


QUIET = {
    Alarm.BATTERY_TOO_HOT: 0.0, Alarm.BATTERY_WARM: 10.0, Alarm.BATTERY_OVER_AMBIENT: 1.0,
    Alarm.BATTERY_OVER_VOLTAGE: 13.6,
    Alarm.LOADS_DARK: 13.6, Alarm.CHARGER_SET_POINT: 0.05, Alarm.DISK_NEARLY_FULL: 0.05,
    Alarm.BATTERY_UNDER_VOLTAGE: 13.6, Alarm.BATTERY_EMPTIED: 13.6,
}  # fmt: skip
"""What an installation shows at rest; every other value is 0 then."""


@pytest.mark.parametrize("end", ["ge", "le"])
@pytest.mark.parametrize("key", [row.key for row in rows("alarms") if row.key != "off"])
def test_every_alarm_ends_at_rest_wherever_its_limit_may_be(key: str, end: str) -> None:
    (metadata,) = get_type_hints(AlarmSettings, include_extras=True)[key].__metadata__
    bound = next(getattr(one, end) for one in metadata.metadata if hasattr(one, end))
    settings = AlarmSettings()._replace(**{key: bound})
    if list(alarm_faults(settings, INTERLOCKS)):
        return  # refused
    for rule in rules(settings, INTERLOCKS, 0.8) + web_rules(settings):
        if rule.alarm not in {Alarm.R1_WORN, Alarm.R2_WORN}:
            assert has_left(rule, QUIET.get(rule.alarm, 0.0)), rule


def test_the_settings_are_checked_by_their_declarations() -> None:
    adapter = TypeAdapter(AlarmSettings)
    assert adapter.validate_python({"off": ["undercharge"]}) == AlarmSettings(off=("undercharge",))
    with pytest.raises(ValidationError):
        adapter.validate_python({"battery_warm_c": 90.0})


def test_the_bits_of_every_row_of_bits_have_names() -> None:
    for row in TABLE:
        if row.comparison == Comparison.BITS:
            assert len(detail(row, 63.0)) in (2, 4, len(Place))
            assert row.unit == ""
    assert detail(ALARM_ROWS[Alarm.SENSOR_LOST], 0.0) == ()
    assert detail(ALARM_ROWS[Alarm.BATTERY_WARM], 41.0) == ()
    assert detail(ALARM_ROWS[Alarm.SENSOR_LOST], float("nan")) == ()
