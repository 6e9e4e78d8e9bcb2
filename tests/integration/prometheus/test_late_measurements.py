"""Measurements that come hours late, and the figures made for them afterwards, as docs/prometheus.md says."""

import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.waiting import wait_for
from vigie.delivery.wire import SeriesBlock

from .servers import DEPLOY, Prometheus, promtool

HOUR_MS = 3_600_000
MILL = (("battery", "1"), ("site", "mill"))


@pytest.fixture
def prometheus(tmp_path: Path) -> Iterator[Prometheus]:
    server = Prometheus(tmp_path / "prometheus")
    config = server.folder / "prometheus.yml"
    config.write_text(re.sub(r"(scrape_interval|scrape_timeout): \w+", r"\1: 1s", config.read_text()))
    server.start()
    wait_for(lambda: server.value('up{job="prometheus"}') == 1, what="a scrape of itself", log=server.log)
    yield server
    server.stop()


def series(name: str, times_ms: list[int], value: float, **labels: str) -> SeriesBlock:
    named = sorted((("__name__", name), *MILL, *labels.items()))
    return SeriesBlock(tuple(named), times_ms, [value] * len(times_ms))


def test_figures_of_a_time_without_prometheus_are_made_afterwards(prometheus: Prometheus) -> None:
    end_ms = round(time.time() * 1000) // HOUR_MS * HOUR_MS - 4 * HOUR_MS
    times_ms = list(range(end_ms - 2 * HOUR_MS, end_ms + 1, 10_000))
    late, early = times_ms[::2], times_ms[1::2]
    for part in (late, early):  # neither in one go nor in order
        prometheus.write(
            [
                series("vigie_channel_bus_volts", part, 13.6, channel="1", role="battery"),
                series("vigie_channel_current_amperes", part, 2.0, channel="2", role="charge"),
                series("vigie_measurement_valid", part, 1.0),
                series("vigie_contact_closed", part, 1.0, relay="R1"),
            ]
        )
    end_s = end_ms / 1000
    assert prometheus.value(f"count_over_time(vigie_measurement_valid[{2 * 3600 + 1}s])", end_s) == len(times_ms)
    assert prometheus.query("battery:charged_ampere_hours:sum1h", end_s) == []
    before = prometheus.value('count_over_time(up{job="prometheus"}[1h])')

    blocks = prometheus.folder / "blocks"
    made = promtool(
        "tsdb", "create-blocks-from", "rules", f"--url={prometheus.url}", f"--start={end_s - 3600:.0f}",
        f"--end={end_s:.0f}", f"--output-dir={blocks}", prometheus.folder / "rules" / "figures.yml",
        prometheus.folder / "rules" / "client-names.yml",
    )  # fmt: skip
    assert made.returncode == 0, made.stdout + made.stderr
    prometheus.stop()
    shutil.copytree(blocks, prometheus.data, dirs_exist_ok=True)
    prometheus.start()

    assert prometheus.value("battery:charged_ampere_hours:sum1h", end_s) == pytest.approx(2.0)
    assert prometheus.value("battery:float_seconds:sum1h", end_s) == pytest.approx(3600)
    assert prometheus.value("battery:measured:ratio1h", end_s) == pytest.approx(1.0)
    assert prometheus.value("bus_voltage_01", end_s - 60) == 13.6
    assert prometheus.value('rs_01{rs_01="starting"}', end_s - 60) == 1
    assert prometheus.value(f"count_over_time(vigie_measurement_valid[{2 * 3600 + 1}s])", end_s) == len(times_ms)
    after = prometheus.value('count_over_time(up{job="prometheus"}[1h])')
    assert before is not None
    assert after is not None
    assert after >= before


def test_what_comes_later_than_the_window_is_refused(prometheus: Prometheus) -> None:
    window = re.search(r"out_of_order_time_window: (\d+)d", (DEPLOY / "prometheus.yml").read_text())
    assert window is not None
    days = int(window[1])
    now_ms = round(time.time() * 1000)
    prometheus.write([series("vigie_measurement_valid", [now_ms - (days * 24 - 1) * HOUR_MS], 1.0)])
    with pytest.raises(AssertionError, match=r"too old|out of bounds"):
        prometheus.write([series("vigie_measurement_valid", [now_ms - (days * 24 + 1) * HOUR_MS], 1.0)])
