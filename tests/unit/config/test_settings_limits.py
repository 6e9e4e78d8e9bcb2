"""Limits that contradict each other: the program would misbehave with them, so they are refused with the reason."""

from collections.abc import Mapping
from typing import Any

import pytest

from vigie.config import BadSettings, check, warnings
from vigie.config.limits import ORDER
from vigie.config.reading import rows

Tables = Mapping[str, Mapping[str, Any]]


def faults(tables: Tables) -> dict[str, str]:
    with pytest.raises(BadSettings) as caught:
        check(tables, "test")
    return {fault.key: fault.message for fault in caught.value.faults}


@pytest.mark.parametrize("line", ORDER, ids=lambda line: f"{line.lower} under {line.upper}")
def test_every_ordered_pair_holds_by_default_and_is_refused_when_equal(line: Any) -> None:
    (below, lower), (above, upper) = line.lower.rsplit(".", 1), line.upper.rsplit(".", 1)
    high = next(row.default for row in rows(above) if row.key == upper)
    assert next(row.default for row in rows(below) if row.key == lower) < high
    with pytest.raises(BadSettings) as caught:
        check({below: {lower: high}}, "test")
    assert any(fault.key == line.lower for fault in caught.value.faults)


def test_an_order_says_both_values_with_their_unit_and_what_would_happen() -> None:
    message = faults({"interlocks": {"floor_v": 12.3, "proof_v": 12.8}, "cycle": {"recharge_below_v": 12.2}})
    assert message["interlocks.floor_v"] == (
        "12.3 V must be under cycle.recharge_below_v = 12.2 V; cycle would rest the battery down to where a drill ends"
    )


@pytest.mark.parametrize(
    ("tables", "key", "told"),
    [
        ({"interlocks": {"temperature_limit_c": 45.0, "temperature_release_k": 25.0}},
         "interlocks.temperature_release_k", "20 degC; a battery in a room may never be so cool"),
        ({"filter": {"frozen_after_s": 1.0}}, "filter.frozen_after_s", "at least 60 s, or 0 for no watch"),
        ({"channels.load": {"plausible_min_v": 5.0}}, "channels.load.plausible_min_v", "at most 0 V"),
        ({"alarms": {"loads_dark_v": 10.8}}, "alarms.loads_dark_v", "under interlocks.load_floor_v = 10.5 V"),
        ({"alarms": {"undercharge_days": 0.5, "recharged_h": 12.0}}, "alarms.undercharge_days", "recharged_h = 12 h"),
        ({"alarms": {"controller_silent_s": 9.0}, "loop": {"period_s": 5.0}}, "alarms.controller_silent_s", "= 10 s"),
        ({"journal": {"waiting_periods": 60}, "plant": {"speed": 300.0}}, "journal.waiting_periods", "at least 600"),
        ({"metrics": {"port": 8000}}, "metrics.port", "8000 is web.port too"),
        ({"web": {"trusted_proxies": ["nginx"]}}, "web", "'nginx'"),
        ({"mail": {"reminder_h": 0.01}}, "mail", "mail.reminder_h"),
        ({"twin": {"installation": {"battery": {"model": "none"}}}}, "twin.installation.battery.model", "unknown"),
        ({"twin": {"installation": {"ambient": {"course": [[9.0, 1.0], [0.0, 1.0]]}}}},
         "twin.installation.ambient.course", "its times must rise"),
        ({"twin": {"installation": {"outages": {"kind": "listed", "listed": [[-1.0, 5.0]]}}}},
         "twin.installation.outages", "start must be 0 s or later"),
        ({"twin": {"installation": {"outages": {"kind": "every", "every_s": 10.0, "lasting_s": 10.0}}}},
         "twin.installation.outages", "outages of 10 s every 10 s leave no mains between them"),
        ({"plant": {"kind": "rig"}, "rig": {"r1_contact": "nc", "r2_contact": "nc", "battery_address": 0}},
         "rig.battery_address", "0 is no chip, but channels.battery is fitted"),
    ],
)  # fmt: skip
def test_what_the_program_would_misbehave_with_is_refused_with_the_reason(tables: Tables, key: str, told: str) -> None:
    assert told in faults(tables)[key]


@pytest.mark.parametrize(
    "tables",
    [
        {"filter": {"frozen_after_s": 0.0}},
        {"interlocks": {"load_floor_v": 0.0}, "alarms": {"loads_dark_v": 10.9}},
        {"channels.charge": {"is_fitted": False, "plausible_min_v": 12.0}},
        {"channels.load": {"is_fitted": False, "plausible_max_v": 13.0}},
        {"alarms": {"controller_silent_s": 5.0}, "loop": {"period_s": 5.0}, "plant": {"speed": 2.0}},
        {"metrics": {"port": 0}, "web": {"port": 0}},
        {"journal": {"waiting_periods": 60}},
        {"mail": {"reminder_h": 0.0}},
        {"twin": {"installation": {"outages": {"kind": "csv", "csv_path": "on another machine.csv"}}}},
    ],
)
def test_what_only_looks_like_a_contradiction_is_taken(tables: Tables) -> None:
    check(tables, "test")


@pytest.mark.parametrize(
    ("section", "key", "smallest"),
    [
        ("mains", "supply_present_v", 12.9),
        ("alarms", "loads_dark_v", 1.0),
        ("contacts", "rated_current_a", 0.1),
        ("channels.charge", "shunt_ohm", 0.0001),
        ("channels.charge", "plausible_max_a", 0.6),
    ],
)
def test_a_smallest_value_still_works(section: str, key: str, smallest: float) -> None:
    check({section: {key: smallest}}, "test")
    assert f"{section}.{key}" in faults({section: {key: smallest * 0.9 if smallest != 0.6 else 0.05}})


@pytest.mark.parametrize(
    ("section", "key"),
    [("site", "name"), ("site", "battery"), ("relays", "r1"), ("channels.battery", "label")],
)
@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("", "is empty"),
        (" \t", "is empty"),
        ("Mill\nBcc: eve@example.org", "line end or control character"),
        ("red \x1b[31m", "line end or control character"),
        ("one\u2028two", "line end or control character"),
        ("x" * 101, "has 101 characters; at most 100"),
    ],
)
def test_a_name_nobody_can_read_is_refused(section: str, key: str, name: str, told: str) -> None:
    assert told in faults({section: {key: name}})[f"{section}.{key}"]


@pytest.mark.parametrize("name", ["Château d’eau 🔋", 'a "b" \\ <i>', "中文", "x" * 100])
def test_any_readable_name_is_taken(name: str) -> None:
    assert check({"site": {"name": name}}, "test").site.name == name


@pytest.mark.parametrize(
    ("section", "key"),
    [("stack", "grafana_url"), ("stack", "prometheus_url"), ("mail", "page_url")],
)
@pytest.mark.parametrize(
    "url",
    ["not a url", "ftp://here/x", "http://", "ftp://[::", "javascript:alert(1)", "http://a b/", "http://h:99999/"],
)
def test_an_address_no_program_can_call_is_refused(section: str, key: str, url: str) -> None:
    assert "is no address like http" in faults({section: {key: url}})[f"{section}.{key}"]
    check({section: {key: "http://pi.local:3000/path"}}, "test")


@pytest.mark.parametrize("section", ["web", "metrics"])
def test_no_host_is_not_everybody(section: str) -> None:
    assert "127.0.0.1" in faults({section: {"host": ""}})[f"{section}.host"]


@pytest.mark.parametrize(
    ("tables", "key"),
    [
        ({"protect": {"open_above_v": 13.6}}, "protect.open_above_v"),
        ({"cycle": {"charge_to_v": 14.0}}, "cycle.charge_to_v"),
        ({"interlocks": {"proof_v": 13.6}}, "interlocks.proof_v"),
        ({"mains": {"supply_present_v": 13.7}}, "mains.supply_present_v"),
    ],
)
def test_a_threshold_the_charger_never_reaches_is_told(tables: Tables, key: str) -> None:
    told = {warning.key: warning.message for warning in warnings(check(tables, "test"))}
    assert "is not under alarms.charger_v = 13.6 V" in told[key]
    assert key not in {warning.key for warning in warnings(check({}, "test"))}


def test_a_twin_that_runs_ahead_of_every_store_is_told() -> None:
    store = {"remote_write": {"url": "http://127.0.0.1:9090/api/v1/write"}}
    told = {one.key: one.message for one in warnings(check({"plant": {"speed": 60.0}, **store}, "test"))}
    assert "at plant.speed = 60 the dates run ahead" in told["remote_write.url"]
    assert "remote_write.url" not in {one.key for one in warnings(check(store, "test"))}


def test_a_recording_with_a_channel_for_the_loads_is_told() -> None:
    recorded = {"plant": {"kind": "recorded"}, "recorded": {"path": "a.csv"}}
    assert warnings(check(recorded, "test")) == []
    told = warnings(check({**recorded, "channels.load": {"is_fitted": True}}, "test"))
    assert [warning.key for warning in told] == ["channels.load.is_fitted"]
