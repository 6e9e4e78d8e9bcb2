"""Delivery to a real Prometheus: an outage of a day made good, the lag in health, and what it costs."""

import contextlib
import math
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psutil
import requests
from bench.bench_journal import START_MS, periods
from bench.bench_processes import Product, free_port

from vigie.delivery.feed import Feed, samples_in
from vigie.delivery.wire import encode
from vigie.telemetry.delivery_log import START, DeliveryLog
from vigie.telemetry.journal import JournalSettings
from vigie.telemetry.store import Store

Row = tuple[str, float, str, float | None]
DAY_S = 86_400
HEALTHY_S = 60.0
SITE = "Vigie"


class Prometheus:
    """A server with an empty folder."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        (folder / "prometheus.yml").write_text("storage: {tsdb: {out_of_order_time_window: 95d}}\n")
        self.port = free_port()
        self.process = subprocess.Popen(
            [
                "prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data",
                f"--web.listen-address=127.0.0.1:{self.port}", "--web.enable-remote-write-receiver",
            ],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self.url = f"http://127.0.0.1:{self.port}"
        while True:
            with contextlib.suppress(requests.RequestException):
                if requests.get(f"{self.url}/-/ready", timeout=1).ok:
                    return
            time.sleep(0.05)

    def query(self, text: str, at_s: float) -> list[dict[str, Any]]:
        answer = requests.get(f"{self.url}/api/v1/query", params={"query": text, "time": str(at_s)}, timeout=60)
        return list(answer.json()["data"]["result"])

    def counts(self, name: str, at_s: float) -> list[int]:
        found = self.query(f'count_over_time({name}{{site="{SITE}"}}[2d])', at_s)
        return [int(series["value"][1]) for series in found]

    def stop(self) -> None:
        self.process.kill()
        self.process.wait(10)


@contextlib.contextmanager
def _prometheus(folder: Path) -> Iterator[Prometheus]:
    server = Prometheus(folder)
    try:
        yield server
    finally:
        server.stop()


def _journal_of_a_day(path: Path) -> None:
    with closing(Store(path, JournalSettings(raw_days=0))) as store:
        day = list(periods(DAY_S))
        for at in range(0, DAY_S, 600):
            store.write(day[at : at + 600], [], False)


def _outage(folder: Path) -> list[Row]:
    """Deliver a day at 1 s periods; the time runs from the start of the process to the last sample there."""
    folder.mkdir()
    _journal_of_a_day(folder / "journal.sqlite")
    feed = Feed(SITE, "1", with_client_names=False)
    with closing(DeliveryLog(folder / "journal.sqlite")) as log:
        chunk = log.read(START, 500)
    began_s = time.process_time()
    blocks, _ = feed.blocks(chunk)
    encode(blocks)
    sample_us = (time.process_time() - began_s) / samples_in(blocks) * 1e6
    expected, end_s = {block.labels: DAY_S for block in blocks}, START_MS / 1000 + DAY_S
    with _prometheus(folder / "prometheus") as server:
        settings = folder / "delivery.toml"
        settings.write_text(f'[remote_write]\nurl = "{server.url}/api/v1/write"\n')
        command = [sys.executable, "-m", "vigie.cli.delivery_process", "--config", str(settings), "--data", str(folder)]
        began_s = time.monotonic()
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        try:
            while server.counts("vigie_measurement_valid", end_s) != [DAY_S] and time.monotonic() - began_s < 300:
                time.sleep(0.2)
            took_s = time.monotonic() - began_s
            usage = psutil.Process(process.pid)
            cpu_s, most_mb = sum(usage.cpu_times()[:2]), usage.memory_info().rss / 1e6
        finally:
            process.kill()
            process.wait(10)
        names = {dict(labels)["__name__"] for labels in expected}
        there = sorted(count for name in names for count in server.counts(name, end_s))
    missing = abs(sum(there) - sum(expected.values())) + abs(len(there) - len(expected))
    return [
        ("outage of 24 h at 1 s periods: backfilled", took_s, "s", 60.0),
        (f"samples missing or doubled, of {sum(expected.values())} in {len(expected)} series", missing, "", 0.0),
        ("CPU of delivery for that day", cpu_s, "s", None),
        ("its resident memory during the backfill", most_mb, "MB", 70.0),
        ("a sample made and encoded, CPU", sample_us, "us", 16.0),
    ]


def _in_health(folder: Path) -> list[Row]:
    """Run the product at real speed and watch from the store how late each second comes in."""
    folder.mkdir()
    with _prometheus(folder / "prometheus") as server:
        more = f'[remote_write]\nurl = "{server.url}/api/v1/write"\n[journal]\nbatch_s = 3\n'
        product = Product(folder, 1.0, more)
        try:
            product.wait()
            time.sleep(8)
            delivery = product.child("delivery_process")
            cpu_s, began_s = sum(delivery.cpu_times()[:2]), time.monotonic()
            lags, newest_s = [], math.nan
            while time.monotonic() - began_s < HEALTHY_S:
                time.sleep(0.1)
                found = server.query(f'timestamp(vigie_measurement_valid{{site="{SITE}"}})', time.time() + 2)
                at_s = float(found[0]["value"][1]) if found else math.nan
                if at_s > newest_s:
                    lags.append(time.time() - (newest_s + 1.0))  # the oldest of what has just come in
                newest_s = at_s
            busy = (sum(delivery.cpu_times()[:2]) - cpu_s) / (time.monotonic() - began_s) * 100
            return [
                ("lag in health, longest of a minute (journal.batch_s = 3)", max(lags), "s", 5.0),
                ("share of one core at 1 s periods", busy, "%", 0.5),
                ("resident memory", delivery.memory_info().rss / 1e6, "MB", 60.0),
            ]
        finally:
            product.stop()


def rows() -> list[Row]:
    """Measure both; about two minutes."""
    if shutil.which("prometheus") is None:
        return [("delivery to Prometheus (Debian package prometheus)", math.nan, "", None)]
    with tempfile.TemporaryDirectory() as name:
        return [*_outage(Path(name) / "outage"), *_in_health(Path(name) / "health")]


if __name__ == "__main__":
    for name, value, unit, limit in rows():
        print(f"{name:75} {value:10.3f} {unit:3}" + (f" (at most {limit:g})" if limit is not None else ""))
