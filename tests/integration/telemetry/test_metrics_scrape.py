import json
import re
import shutil
import socket
import struct
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.ports import free_port
from vigie.control.commands import Mode
from vigie.control.signals import Contact, Contacts
from vigie.errors import VigieError
from vigie.telemetry.exporter import Exporter
from vigie.telemetry.report import Figures, Period

from .samples import FIGURES, START_MS, host, measurement, period, wait_until

Key = tuple[str, tuple[tuple[str, str], ...]]


@pytest.fixture(scope="module")
def exporter() -> Iterator[Exporter]:
    exporter = Exporter(0)
    yield exporter
    exporter.close()


def get(exporter: Exporter, path: str = "/metrics") -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{exporter.port}{path}", timeout=5) as answer:
        assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        return str(answer.read().decode())


def scrape(exporter: Exporter, seen: Period | None = None, figures: Figures = FIGURES) -> dict[Key, float]:
    if seen is not None:
        exporter.update(seen, host(figures))
    samples = [s for family in text_string_to_metric_families(get(exporter)) for s in family.samples]
    found = {(s.name, tuple(sorted(s.labels.items()))): s.value for s in samples}
    assert len(found) == len(samples)
    return found


def names(found: dict[Key, float]) -> set[str]:
    return {name for name, _ in found}


def test_both_names_of_a_quantity_carry_the_same_value(exporter: Exporter) -> None:
    found = scrape(exporter, period())
    assert found["bus_voltage_01", ()] == 12.9
    assert found["vigie_channel_bus_volts", (("channel", "1"), ("role", "battery"))] == 12.9
    assert found["current_02", ()] == -0.25
    assert found["vigie_channel_current_amperes", (("channel", "2"), ("role", "charge"))] == -0.25
    assert found["power_03", ()] == 13.5 * 1.75
    assert found["vigie_temperature_celsius", ()] == 23.4375
    assert found["vigie_last_measurement_timestamp_seconds", ()] == START_MS / 1000


def test_figures_come_in_the_clients_unit_and_in_base_units(exporter: Exporter) -> None:
    found = scrape(exporter, period())
    assert (found["cpu_usage", ()], found["vigie_cpu_usage_ratio", ()]) == (12.5, 0.125)
    assert (found["ram_total", ()], found["vigie_ram_size_bytes", ()]) == (16e9, 16e9)
    assert (found["porcent_disk_ussed", ()], found["vigie_disk_used_ratio", ()]) == (50.0, 0.5)  # of what is not root's


def test_a_closed_relay_is_starting_and_an_open_one_stopped(exporter: Exporter) -> None:
    contacts = Contacts(Contact.CLOSED, Contact.OPEN, Contact.OPEN, Contact.CLOSED)
    found = scrape(exporter, period(measurement()._replace(contacts=contacts)))
    for number, is_closed in enumerate((1, 0, 0, 1), start=1):
        name = f"rs_0{number}"
        assert found[name, ((name, "starting"),)] == is_closed
        assert found[name, ((name, "stopped"),)] == 1 - is_closed
        assert found["vigie_contact_closed", (("relay", f"R{number}"),)] == is_closed


@pytest.mark.parametrize(
    ("mode", "code"),
    [
        (Mode.OBSERVE, "au_ob"),
        (Mode.PROTECT, "au_pr"),
        (Mode.CYCLE, "au_co"),
        (Mode.MANUAL, "au_ma"),
        (Mode.MAINTAIN, "au_mt"),
    ],
)
def test_the_mode_carries_the_clients_code(exporter: Exporter, mode: Mode, code: str) -> None:
    seen = period()
    found = scrape(exporter, seen._replace(record=seen.record._replace(mode=mode)))
    codes = {labels[0][1]: value for (name, labels), value in found.items() if name == "mode"}
    assert codes == {c: float(c == code) for c in ("au_ob", "au_pr", "au_co", "au_ma", "au_mt")}
    assert found["vigie_mode", (("mode", mode.name.lower()),)] == 1


def test_what_is_not_valid_has_no_series_under_either_name(exporter: Exporter) -> None:
    scrape(exporter, period())
    found = scrape(exporter, period(measurement(is_valid=False)), FIGURES | {"cpu_v": None})
    assert not names(found) & {"bus_voltage_01", "current_01", "power_01", "shunt_voltage_01", "bus_voltage_04"}
    assert not names(found) & {"cpu_volt", "vigie_cpu_core_volts"}
    assert ("vigie_channel_bus_volts", (("channel", "1"), ("role", "battery"))) not in found
    assert "bus_voltage_02" in names(found)
    assert found["vigie_measurement_valid", ()] == 0
    assert not any(value != value for value in found.values())


def test_nothing_is_told_before_the_first_period() -> None:
    exporter = Exporter(0)
    assert scrape(exporter) == {}
    exporter.close()


def test_scrapes_that_are_given_up_leave_no_traceback(exporter: Exporter, capfd: pytest.CaptureFixture[str]) -> None:
    reset = struct.pack("ii", 1, 0)
    for _ in range(50):
        with socket.create_connection(("127.0.0.1", exporter.port)) as scraper:
            scraper.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
            scraper.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
    get(exporter)
    assert capfd.readouterr().err == ""


def test_a_silent_control_loop_leaves_no_values_standing() -> None:
    now_s = 100.0
    exporter = Exporter(0, silence_s=15.0, monotonic_s=lambda: now_s)
    try:
        assert "bus_voltage_01" in names(scrape(exporter, period()))
        now_s = 115.5
        found = scrape(exporter)
        assert not names(found) & {"bus_voltage_01", "rs_01", "mode", "vigie_contact_closed", "cpu_temp"}
        assert found["vigie_periods_total", ()] == 5
        assert found["vigie_last_measurement_timestamp_seconds", ()] == START_MS / 1000
        assert "bus_voltage_01" in names(scrape(exporter, period()))
    finally:
        exporter.close()


SITE = {"site": 'the "old"\\mill\nby the river', "battery": "2"}


def test_every_series_says_of_which_site_and_battery_it_is() -> None:
    with closing(Exporter(0)) as plain, closing(Exporter(0, labels=SITE)) as labelled:
        bare = scrape(plain, period())
        found = scrape(labelled, period())
    more = set(SITE.items())
    assert found == {(name, tuple(sorted({*labels, *more}))): value for (name, labels), value in bare.items()}
    assert len({name for name, _ in found}) > 60


def test_only_metrics_is_served(exporter: Exporter) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        get(exporter, "/")
    assert refused.value.code == 404
    refused.value.close()


def test_a_taken_port_is_named_with_what_to_do(exporter: Exporter) -> None:
    with pytest.raises(VigieError, match=f"127.0.0.1:{exporter.port} cannot be opened.*choose another port"):
        Exporter(exporter.port)


def test_a_closed_exporter_frees_its_port() -> None:
    first = Exporter(0)
    first.close()
    second = Exporter(first.port)
    second.close()


def test_a_client_that_says_nothing_does_not_keep_others_waiting(exporter: Exporter) -> None:
    with socket.create_connection(("127.0.0.1", exporter.port)):
        assert scrape(exporter, period())


def test_promtool_objects_to_nothing_but_two_names_of_the_client(exporter: Exporter) -> None:
    if shutil.which("promtool") is None:
        pytest.skip("promtool is not installed (apt-get install prometheus)")
    exporter.update(period(), host())
    checked = subprocess.run(
        ["promtool", "check", "metrics"], input=get(exporter), capture_output=True, text=True, timeout=20, check=False
    )
    complaints = (checked.stdout + checked.stderr).splitlines()
    assert "parsing" not in checked.stderr
    assert {re.split(r"[ :]", line)[0] for line in complaints} == {"ram_total", "disk_total"}, complaints


def answers(port: int, query: str) -> list[dict[str, Any]]:
    url = f"http://127.0.0.1:{port}/api/v1/query?{urllib.parse.urlencode({'query': query})}"
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            found: list[dict[str, Any]] = json.load(answer)["data"]["result"]
            return found
    except OSError:
        return []


def test_a_real_prometheus_takes_every_series(exporter: Exporter, tmp_path: Path) -> None:
    if shutil.which("prometheus") is None:
        pytest.skip("Prometheus is not installed (apt-get install prometheus)")
    exporter.update(period(), host())
    expected = len(scrape(exporter))
    (tmp_path / "prometheus.yml").write_text(
        "scrape_configs:\n- job_name: vigie\n  scrape_interval: 1s\n  static_configs:\n"
        f"  - targets: ['127.0.0.1:{exporter.port}']\n"
    )
    port = free_port()
    server = subprocess.Popen(
        ["prometheus", f"--config.file={tmp_path}/prometheus.yml", f"--storage.tsdb.path={tmp_path}/data",
         f"--web.listen-address=127.0.0.1:{port}"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        wait_until(lambda: answers(port, 'bus_voltage_01{job="vigie"}') != [])
        assert answers(port, "up")[0]["value"][1] == "1"
        (taken,) = answers(port, 'scrape_samples_scraped{job="vigie"}')
        assert int(taken["value"][1]) == expected
        assert answers(port, 'rs_01{rs_01="starting"} == 1')[0]["metric"]["__name__"] == "rs_01"
        assert answers(port, "ram_total")[0]["value"][1] == "16000000000"
    finally:
        server.terminate()
        server.wait(timeout=10)
