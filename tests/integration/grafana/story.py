"""A real Prometheus, as deploy/prometheus sets it up, filled by the real program with an hour of a battery."""

import json
import re
import shutil
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.integration.process.installations import Site
from tests.packaging.grafana.dashboards import ROOT
from tests.ports import free_port
from tests.waiting import wait_for

SPEED = 60.0
QUARTER_S = 900
_SHORTEST_S = 2840
SETTINGS = """
[plant]
kind = "twin"
scenario = "chatter"
speed = {speed}

[remote_write]
url = "{store}/api/v1/write"
interval_s = 0.5

[cycle]
discharge_to_v = 12.75

[twin.meter]
has_spare = true

[channels.spare]
is_fitted = true

[twin.installation.battery]
start_soc = 0.97

[twin.installation.load]
current_a = 1.0

[twin.installation.outages]
kind = "listed"
listed = [[360.0, 240.0], [2820.0, 3600.0]]
"""


class Store:
    """Prometheus with the configuration, rules and paths of the tree, only faster."""

    def __init__(self, folder: Path, metrics_port: int) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/prometheus"
        shutil.copytree(ROOT / "deploy" / "prometheus", folder / "configuration")
        configuration = folder / "configuration" / "prometheus.yml"
        text = configuration.read_text(encoding="utf-8").replace("127.0.0.1:9090", f"127.0.0.1:{self.port}")
        text = re.sub(r"(scrape_interval|scrape_timeout|evaluation_interval): \w+", r"\1: 1s", text)
        configuration.write_text(text, encoding="utf-8")
        for rules in (folder / "configuration" / "rules").glob("*.yml"):
            rules.write_text(re.sub(r"  interval: \w+", "  interval: 5s", rules.read_text(encoding="utf-8")))
        targets = folder / "configuration" / "targets" / "vigie.yml"
        targets.write_text(f'- targets: ["127.0.0.1:{metrics_port}"]\n', encoding="utf-8")
        self._log = (folder / "prometheus.log").open("w")
        self._server = subprocess.Popen(
            ["prometheus", f"--config.file={configuration}", f"--storage.tsdb.path={folder / 'tsdb'}",
             f"--web.listen-address=127.0.0.1:{self.port}", "--web.external-url=/prometheus/",
             "--web.enable-remote-write-receiver", "--storage.tsdb.retention.time=5y"],
            stdout=self._log, stderr=self._log,
        )  # fmt: skip
        wait_for(self._is_ready, what="Prometheus", log=(folder / "prometheus.log").read_text)

    def _is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/-/ready", timeout=2):
                return True
        except OSError:
            return False

    def ask(self, path: str, **parameters: str) -> Any:
        """Return the data of an answer.

        Raises:
            AssertionError: Prometheus refused the question.
        """
        body = urllib.parse.urlencode(parameters).encode()
        try:
            with urllib.request.urlopen(f"{self.url}/api/v1/{path}", body, timeout=60) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as refused:
            with refused:
                raise AssertionError(f"{refused.read().decode()}: {parameters}") from None

    def end(self) -> None:
        self._server.kill()
        self._server.wait(10)
        self._log.close()


class Story:
    """What is in the store, from when to when."""

    def __init__(self, store: Store, site: Site, from_s: float, to_s: float) -> None:
        self.store = store
        self.site = site
        self.from_s = from_s
        self.to_s = to_s


def behind(folder: Path, behind_s: int) -> dict[str, str]:
    """Return the environment of a machine whose calendar is ``behind_s`` late.

    A fast twin's calendar runs ahead of the store's: begun late it ends where the store's is. (libfaketime does the
    same, but breaks Python's sleep.)
    """
    folder.mkdir()
    patch = f"import time\n\n_true = time.time\ntime.time = lambda: _true() - {behind_s}\n"
    (folder / "sitecustomize.py").write_text(patch, encoding="utf-8")
    return {"PYTHONPATH": str(folder)}


def lived(folder: Path) -> Story:
    """Let the program live through every mode, two outages and an alarm; return when all of it has been delivered."""
    site = Site(folder / "site", SETTINGS, speed=SPEED, store="{store}")
    store = Store(folder, site.metrics_port)
    try:
        return _lived(site, store)
    except BaseException:
        site.end()
        store.end()
        raise


def _lived(site: Site, store: Store) -> Story:
    text = site.config.read_text(encoding="utf-8")
    site.config.write_text(text.replace("{store}", store.url), encoding="utf-8")
    now_s = round(time.time())
    behind_s = _SHORTEST_S + (now_s - _SHORTEST_S + 180) % QUARTER_S  # begins three minutes before a full quarter
    began_s = now_s - behind_s
    site.start(**behind(site.config.parent / "calendar", behind_s))
    site.wait_until_connected()
    at = _Plant(site, began_s).at
    at(11, lambda: site.order(action="set_mode", mode="protect"))
    at(24, lambda: site.order(action="set_mode", mode="cycle"))
    at(39, lambda: site.order(action="set_mode", mode="manual", manual_s=1800.0))
    at(40, lambda: site.order(action="set_contact", relay="R3", contact="closed"))
    at(41, lambda: site.order(action="set_contact", relay="R2", contact="open"))
    at(44, lambda: site.order(action="set_contact", relay="R2", contact="closed"))
    at(45.5, lambda: site.order(action="set_mode", mode="observe"))
    at(46.5, lambda: site.order(action="set_mode", mode="maintain"))
    at(48, lambda: None)
    wait_for(lambda: _newest_s(store) >= time.time(), what="the calendar of the store's now", log=lambda: site.log)
    wait_for(lambda: _minutes_recorded(store) >= 2, what="recorded minutes", log=lambda: site.log)
    return Story(store, site, began_s, time.time())


def _minutes_recorded(store: Store) -> float:
    """Return how often the rules have been worked out over a minute of measurements."""
    asked = store.ask("query", query="min(count_over_time(channel:vigie_channel_current_amperes:avg1m[10m]))")
    return float(asked["result"][0]["value"][1]) if asked["result"] else 0.0


def _newest_s(store: Store) -> float:
    """Return the time of the newest measurement that has been delivered, also one that is ahead of now."""
    asked = store.ask("query", query="max(timestamp(vigie_measurement_valid))", time=str(time.time() + 240))
    return float(asked["result"][0]["value"][1]) if asked["result"] else 0.0


class _Plant:
    """Waits for the plant's own time."""

    def __init__(self, site: Site, began_s: float) -> None:
        self._site = site
        self._began_s = began_s

    def at(self, minute: float, do: Callable[[], Any]) -> None:
        wait_for(lambda: self._minute() >= minute, what=f"minute {minute}", log=lambda: self._site.log)
        do()

    def _minute(self) -> float:
        state = self._site.state()
        utc_ms = state["snapshot"]["utc_ms"] if state and state["snapshot"] else 0
        return (utc_ms / 1000 - self._began_s) / 60
