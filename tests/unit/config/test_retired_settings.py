"""Settings that have become constants: a file that still names one runs, and its reader is told what holds instead."""

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_type_hints

import pytest

from vigie.config import SECTIONS, BadSettings, check, load, warnings
from vigie.config.reading import rows
from vigie.config.retired import CONSTANTS, RETIRED, RETIRED_SECTIONS, without_retired
from vigie.config.sections import takes_charge_below_v
from vigie.control.alarms.settings import AlarmSettings
from vigie.control.contact_truth import TruthSettings
from vigie.control.filtering import FilterSettings
from vigie.control.outages import OutageLogSettings


def table_of(name: str, value: object) -> dict[str, Any]:
    section, *nested, key = name.split(".")
    table: dict[str, Any] = {key: value}
    for part in reversed(nested):
        table = {part: table}
    return {section: table}


def constants(kind: Any, prefix: str) -> Iterator[tuple[str, type]]:
    """Yield every field of a settings type that says no meaning, with the type it is declared in."""
    for key, hint in get_type_hints(kind, include_extras=True).items():
        if hasattr(hint, "_field_defaults"):
            yield from constants(hint, f"{prefix}.{key}")
        elif not any(getattr(piece, "description", None) for piece in getattr(hint, "__metadata__", ())):
            yield f"{prefix}.{key}", kind


def documented(kind: type) -> set[str]:
    """Return the fields of a class that have a docstring of their own."""
    body = ast.parse(inspect.getsource(kind)).body[0]
    assert isinstance(body, ast.ClassDef)
    pairs = zip(body.body, body.body[1:], strict=False)
    return {
        one.target.id
        for one, after in pairs
        if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name) and isinstance(after, ast.Expr)
    }


def test_what_is_no_setting_is_a_constant_with_its_reason_and_known_as_retired() -> None:
    found = dict(pair for name, kind in SECTIONS.items() for pair in constants(kind, name))
    assert {name for name in CONSTANTS if name.partition(".")[0] not in RETIRED_SECTIONS} == found.keys()
    assert {name for name, kind in found.items() if name.rpartition(".")[2] not in documented(kind)} == set()
    for kind in (TruthSettings, OutageLogSettings):
        assert documented(kind) == set(kind._fields)


def test_no_reference_page_shows_a_retired_key() -> None:
    assert not {f"{name}.{row.key}" for name in SECTIONS for row in rows(name)} & set(RETIRED)


@pytest.mark.parametrize("name", CONSTANTS)
def test_a_file_that_still_names_a_retired_key_is_taken_and_told_of_it(name: str, tmp_path: Path) -> None:
    file = tmp_path / "vigie.toml"
    section, _, key = name.rpartition(".")
    demanded = 'r1_contact = "nc"\nr2_contact = "nc"\n' if section == "rig" else ""
    file.write_text(f"[{section}]\n{demanded}{key} = 54321\n")
    told = [fault.message for fault in warnings(load(file)) if fault.key == name]
    assert told == [f"is no setting any more: it is always {CONSTANTS[name]}; 54321 is not used, delete the line"]


@pytest.mark.parametrize("value", ["nonsense", [], True, {"a": 1}])
def test_whatever_a_retired_key_was_set_to_it_counts_for_nothing(value: object) -> None:
    config = check(table_of("mail.timeout_s", value), "test")
    assert config.mail.timeout_s == CONSTANTS["mail.timeout_s"]


def test_what_never_was_a_setting_is_refused_also_where_none_is_left() -> None:
    with pytest.raises(BadSettings) as caught:
        check({"contact_truth": {"flows_a": 0.1, "flow_a": 0.1}, "truth": {}}, "test")
    assert {fault.key for fault in caught.value.faults} == {"contact_truth.flow_a", "truth"}


def test_only_what_is_retired_is_left_out() -> None:
    table = {"seed": 2, "save_every_s": 1.0, "meter": {"gain_error": 0.1, "has_spare": True}}
    assert without_retired("twin", table) == {"seed": 2, "meter": {"has_spare": True}}


def highest(section: str, key: str) -> float:
    limits = next(row.limits for row in rows(section) if row.key == key)
    return float(limits.rpartition("<= ")[2])


def lowest(section: str, key: str) -> float:
    limits = next(row.limits for row in rows(section) if row.key == key)
    return float(limits.partition(">= ")[2].partition(",")[0])


def test_constants_contradict_no_setting_at_the_end_of_its_range() -> None:
    truth, log, longest_period_s = TruthSettings(), OutageLogSettings(), highest("loop", "period_s")
    assert log.dark_v < lowest("interlocks", "floor_v"), "loads fed well enough for a drill would count as dark"
    assert FilterSettings().temperature_max_c >= highest("interlocks", "temperature_limit_c") + 10.0, (
        "a hotter battery would seem a broken thermometer and be charged on"
    )
    assert truth.settle_s + truth.proof_s < truth.answer_s
    assert log.longest_gap_s >= 2 * longest_period_s, "or no outage would have cost any charge"


@pytest.mark.parametrize(
    ("charger_v", "tolerance_v"), [(13.6, 0.4), (12.9, 1.0), (12.9, 0.2), (14.4, 0.2), (15.0, 1.0)]
)
def test_a_full_battery_on_its_charger_is_never_expected_to_take_charge(charger_v: float, tolerance_v: float) -> None:
    alarms = AlarmSettings(charger_v=charger_v, charger_tolerance_v=tolerance_v)
    assert takes_charge_below_v(alarms) < charger_v - tolerance_v
    assert takes_charge_below_v(alarms) <= TruthSettings().takes_charge_below_v


def test_contacts_and_outages_are_judged_by_one_voltage() -> None:
    lookout = check({"alarms": {"charger_v": 13.2, "charger_dead_v": 12.5}}, "test").lookout_settings()
    assert lookout.truth.takes_charge_below_v == pytest.approx(12.7)
    assert lookout.outages.low_v == pytest.approx(12.7)
