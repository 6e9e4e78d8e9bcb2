"""What the page Prometheus reads, from the real Prometheus."""

import signal
from collections.abc import Iterator

import psutil
import pytest

from tests.ports import free_port
from tests.waiting import wait_for
from vigie.web.neighbours import Prometheus as Neighbour
from vigie.web.neighbours import Remembered, Silence, prometheus_at

from .door import Prometheus


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    running = Prometheus(tmp_path_factory.mktemp("stack") / "prometheus", free_port(), free_port())
    yield running.start()
    running.end()


def test_prometheus_tells_everything_the_page_shows(prometheus: Prometheus) -> None:
    wait_for(lambda: len(prometheus_at(prometheus.url).targets) == 2, what="targets")
    found = wait_for(lambda: _asked(prometheus), what="targets were asked")
    assert found.version[0].isdigit()
    assert (found.retention_time, found.retention_size, found.out_of_order) == ("5y", "8GiB", "30d")
    assert found.takes_remote_write
    assert found.series >= 0
    assert found.graph.startswith("/prometheus/")
    assert [target.job for target in found.targets] == ["nobody", "vigie"]
    assert all(target.is_up is False and "refused" in target.error for target in found.targets)
    assert found.newest == ()


def _asked(prometheus: Prometheus) -> Neighbour | None:
    found = prometheus_at(prometheus.url)
    return found if all(target.is_up is not None for target in found.targets) else None


def test_a_frozen_prometheus_costs_one_timeout_and_comes_back(prometheus: Prometheus) -> None:
    now_s = [0.0]
    asked: list[float] = []
    remembered = Remembered(
        lambda: [asked.append(now_s[0]), prometheus_at(prometheus.url)][1],  # type: ignore[func-returns-value]
        lambda: now_s[0],
    )
    assert remembered.get().takes_remote_write
    assert prometheus.process is not None
    prometheus.process.send_signal(signal.SIGSTOP)
    wait_for(lambda: psutil.Process(prometheus.process.pid).status() == psutil.STATUS_STOPPED, what="it stands still")
    now_s[0] += 10
    for _ in range(3):
        with pytest.raises(Silence, match="timed out"):
            remembered.get()
    assert asked == [0.0, 10.0]
    prometheus.process.send_signal(signal.SIGCONT)
    now_s[0] += 10
    assert remembered.get().takes_remote_write
