import importlib.util
import math
from collections import Counter
from pathlib import Path

import pytest

from tests.unit.control.estimation.batteries import Believer
from vigie.control.commands import Mains
from vigie.control.signals import Status, Temperature
from vigie.telemetry.metrics import METRICS, Metric, MetricKind, delivered_names, exposed_names
from vigie.telemetry.report import Period

from .samples import host, lost_channel, measurement, period

ROOT = Path(__file__).parents[3]
CLIENT_NAMES = {
    *(f"{name}_0{n}" for name in ("bus_voltage", "shunt_voltage", "power", "current", "rs") for n in (1, 2, 3, 4)),
    *("cpu_temp", "cpu_usage", "cpu_volt", "porcent_ram_ussed", "ram_free", "ram_ussed", "ram_total"),
    *("porcent_disk_ussed", "disk_ussed", "disk_free", "disk_total", "mode"),
}


def values(name: str, seen: Period) -> list[float | None]:
    (metric,) = (metric for metric in METRICS if metric.name == name)
    return [value for _, value in metric.samples(seen, host())]


def test_every_name_of_the_client_is_exported_exactly() -> None:
    assert {name for metric in METRICS for name in metric.client_names} == CLIENT_NAMES


def test_no_name_is_defined_twice() -> None:
    assert max(Counter(name for metric in METRICS for name in exposed_names(metric)).values()) == 1


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_a_row_says_what_it_is_and_reads_as_many_labels_as_it_names(metric: Metric) -> None:
    samples = list(metric.samples(period(), host()))
    assert metric.help
    assert metric.name.startswith("vigie_")
    assert not metric.name.endswith(("_total", "_info"))
    assert {len(labels) for labels, _ in samples} == {len(metric.labels)}
    if metric.kind is not MetricKind.STATES:
        assert len(metric.client_names) in (0, len(samples))
    elif metric.client_names:
        assert len(metric.client_states) == len(samples)


def test_an_invalid_channel_has_no_value_even_when_a_number_is_there() -> None:
    seen = period(measurement(is_valid=False))
    assert math.isfinite(seen.measurement.battery.bus_v)
    for name in ("bus_volts", "shunt_volts", "current_amperes", "power_watts", "bus_spread_volts"):
        battery, charge, load, spare = values(f"vigie_channel_{name}", seen)
        assert battery is None
        assert spare is None
        assert None not in (charge, load)


def test_an_estimate_has_its_bounds_and_no_series_where_it_is_unknown() -> None:
    told = Believer(soc=1.0).see(load_a=0.5, battery_v=13.6, charge_v=13.6, charge_a=0.01)
    seen = period()._replace(estimate=told)
    assert values("vigie_estimate_remaining_seconds", seen) == list(told.remaining_s[:3])
    assert values("vigie_estimate_full", seen) == [None]
    drawn = values("vigie_estimate_drawn_ampere_hours", seen)
    assert all(value is not None and math.isnan(value) for value in drawn)
    assert not [name for name in delivered_names() if "estimate" in name]  # the journal keeps none


def test_a_lost_temperature_has_no_value() -> None:
    image = measurement()._replace(temperature=Temperature(22.0, Status.FAILED), spare=lost_channel())
    assert values("vigie_temperature_celsius", period(image)) == [None]


@pytest.mark.parametrize(
    ("mains", "value"), [(Mains.UNKNOWN, None), (Mains.PRESENT, 1), (Mains.ABSENT, 0), (Mains.CUT, 0)]
)
def test_unknown_mains_is_neither_present_nor_absent(mains: Mains, value: float | None) -> None:
    seen = period()
    assert values("vigie_mains_present", seen._replace(record=seen.record._replace(mains=mains))) == [value]


def test_no_metric_has_a_label_that_the_site_puts_on_every_series() -> None:
    assert not [metric.name for metric in METRICS if {"site", "battery"} & set(metric.labels)]


def test_what_delivery_sends_is_named_with_the_clients_names() -> None:
    named = set(delivered_names())
    assert {"vigie_channel_bus_volts", "bus_voltage_01", "rs_04", "mode", "vigie_mains_present"} <= named
    assert not named & {"vigie_switchings_total", "cpu_temp", "vigie_last_measurement_timestamp_seconds"}


def test_metrics_page_is_up_to_date() -> None:
    spec = importlib.util.spec_from_file_location("write_metrics_page", ROOT / "tools" / "write_metrics_page.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    text = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
    assert text == module.page(), "run tools/write_metrics_page.py"
