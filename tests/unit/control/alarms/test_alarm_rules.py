from typing import Any, get_type_hints

import pytest
from pydantic import TypeAdapter, ValidationError

from vigie.config.alarm_limits import alarm_faults
from vigie.config.reading import rows
from vigie.control.alarms.catalogue import Alarm
from vigie.control.alarms.engine import has_left
from vigie.control.alarms.quantities import MEANINGS, UNITS, WATCHED, AlarmQuantity, Place, detail
from vigie.control.alarms.rules import TABLE, WEB_TABLE, AlarmSettings, Comparison, rules, web_rules
from vigie.control.interlocks import InterlockSettings

INTERLOCKS = InterlockSettings()


def faults(**changes: Any) -> dict[str, str]:
    return {fault.key: fault.message for fault in alarm_faults(AlarmSettings(**changes), INTERLOCKS)}


def test_every_alarm_has_one_rule_in_one_of_the_two_processes() -> None:
    named = [line.alarm for line in TABLE + WEB_TABLE]
    assert sorted(named) == list(Alarm)
    assert len(set(named)) == len(named)


@pytest.mark.parametrize("table", [TABLE, WEB_TABLE])
def test_the_rules_stand_in_the_order_of_the_alarms(table: tuple[Any, ...]) -> None:
    assert [line.alarm for line in table] == sorted(line.alarm for line in table)


def test_the_controller_asks_for_nothing_only_the_web_process_knows() -> None:
    assert all(line.quantity < WATCHED for line in TABLE)
    assert all(line.quantity >= WATCHED for line in WEB_TABLE)


def test_every_quantity_is_looked_at() -> None:
    assert {line.quantity for line in TABLE + WEB_TABLE} == set(AlarmQuantity)


def test_every_quantity_is_explained() -> None:
    assert list(MEANINGS) == list(AlarmQuantity)


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
    AlarmQuantity.HOT_C: 0.0, AlarmQuantity.BATTERY_C: 10.0, AlarmQuantity.OVER_AMBIENT_K: 1.0,
    AlarmQuantity.BATTERY_V: 13.6,
    AlarmQuantity.LOAD_V: 13.6, AlarmQuantity.CHARGER_OFF_V: 0.05, AlarmQuantity.DISK_USED: 0.05,
    AlarmQuantity.BATTERY_LOW_V: 13.6, AlarmQuantity.BATTERY_EMPTIED_V: 13.6,
}  # fmt: skip
"""What an installation shows at rest; every other quantity is 0 then."""


@pytest.mark.parametrize("end", ["ge", "le"])
@pytest.mark.parametrize("key", [row.key for row in rows("alarms") if row.key != "off"])
def test_every_alarm_ends_at_rest_wherever_its_limit_may_be(key: str, end: str) -> None:
    (metadata,) = get_type_hints(AlarmSettings, include_extras=True)[key].__metadata__
    bound = next(getattr(one, end) for one in metadata.metadata if hasattr(one, end))
    settings = AlarmSettings()._replace(**{key: bound})
    if list(alarm_faults(settings, INTERLOCKS)):
        return  # refused
    for rule in rules(settings, INTERLOCKS, 0.8) + web_rules(settings):
        if rule.quantity not in {AlarmQuantity.R1_WEAR, AlarmQuantity.R2_WEAR}:
            assert has_left(rule, QUIET.get(rule.quantity, 0.0)), rule


def test_the_settings_are_checked_by_their_declarations() -> None:
    adapter = TypeAdapter(AlarmSettings)
    assert adapter.validate_python({"off": ["undercharge"]}) == AlarmSettings(off=("undercharge",))
    with pytest.raises(ValidationError):
        adapter.validate_python({"battery_warm_c": 90.0})


def test_the_bits_of_every_rule_of_bits_have_names() -> None:
    for line in TABLE:
        if line.comparison == Comparison.BITS:
            assert len(detail(line.quantity, 63.0)) in (2, 4, len(Place))
            assert line.quantity not in UNITS
    assert detail(AlarmQuantity.SENSORS_LOST, 0.0) == ()
    assert detail(AlarmQuantity.BATTERY_C, 41.0) == ()
    assert detail(AlarmQuantity.SENSORS_LOST, float("nan")) == ()
