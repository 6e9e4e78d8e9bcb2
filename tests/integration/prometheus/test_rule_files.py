"""The files as promtool and the program's own tables see them."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from vigie.control.alarms.table import TABLE
from vigie.telemetry.metrics import METRICS, delivered_names, exposed_names

from .servers import DEPLOY, program_or_skip, promtool

ROOT = DEPLOY.parents[1]
RULES = sorted((DEPLOY / "rules").glob("*.yml"))
TESTS = sorted((DEPLOY / "tests").glob("*.yml"))


def named(kind: str, paths: list[Path]) -> list[str]:
    return [name for path in paths for name in re.findall(rf"(?m)^ *- {kind}: (\S+)$", path.read_text())]


def test_promtool_takes_configuration_and_rules() -> None:
    checked = promtool("check", "config", "--lint=all", DEPLOY / "prometheus.yml")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "4 rule files found" in checked.stdout
    warnings = [line for line in checked.stdout.splitlines() if "WARNING" in line]
    assert [line for line in warnings if "file_sd in alertmanager config" not in line] == []


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.stem)
def test_rules_do_what_their_tests_say(path: Path) -> None:
    told = promtool("test", "rules", path)
    assert told.returncode == 0, told.stdout + told.stderr


def test_generated_parts_are_what_the_tables_say() -> None:
    told = subprocess.run(
        [sys.executable, "-m", "tools.prometheus_rules", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stderr


def test_the_scrape_drops_exactly_what_is_delivered() -> None:
    drops = re.findall(r'action: drop, regex: "([^"]*)"', (DEPLOY / "prometheus.yml").read_text())
    assert {name for drop in drops for name in drop.split("|")} == set(delivered_names())
    names = {name for metric in METRICS for name in exposed_names(metric)}
    assert {name for name in names if any(re.fullmatch(drop, name) for drop in drops)} == set(delivered_names())


def test_every_clients_name_that_is_dropped_is_recorded() -> None:
    delivered = {name for metric in METRICS if metric.is_of_period for name in metric.client_names}
    assert set(named("record", [DEPLOY / "rules" / "client-names.yml"])) == delivered


def test_every_alarm_of_the_controller_has_one_alert() -> None:
    told = re.findall(r'vigie_alarm_unacknowledged\{alarm="(\w+)"\}', (DEPLOY / "rules" / "alarms.yml").read_text())
    assert told == [line.alarm.name.lower() for line in TABLE]


def test_every_alert_says_what_it_is_and_what_to_do_in_french_and_english() -> None:
    for path in RULES:
        text = path.read_text(encoding="utf-8")
        for part in text.split("  - alert: ")[1:]:
            for name in ("summary", "description", "summary_en", "description_en"):
                assert re.search(rf'(?m)^      {name}: "\S.{{10,}}"$', part), f"{part.split()[0]} has no {name}"


def test_every_rule_is_documented() -> None:
    page = (ROOT / "docs" / "prometheus.md").read_text(encoding="utf-8")
    rules = [name for kind in ("record", "alert") for name in named(kind, RULES)]
    assert len(rules) > 100
    client = {name for metric in METRICS for name in metric.client_names}
    assert [name for name in rules if f"`{name}`" not in page and name not in client] == []


def test_every_hand_made_alert_and_every_figure_is_tested() -> None:
    tests = "".join(path.read_text(encoding="utf-8") for path in TESTS)
    families = {
        re.sub(r"(avg|min|max|\d\w)+$", "", name) for name in named("record", [DEPLOY / "rules" / "figures.yml"])
    }
    assert [name for name in families if name not in tests] == []
    assert [name for name in named("alert", [DEPLOY / "rules" / "watch.yml"]) if name not in tests] == []


def test_every_figure_of_prometheus_itself_that_is_asked_for_is_kept() -> None:
    (kept,) = re.findall(r'action: keep, regex: "([^"]*)"', (DEPLOY / "prometheus.yml").read_text())
    asked = {name for path in RULES for name in re.findall(r"(?<!tools.)\bprometheus_[a-z_]+", path.read_text())}
    assert len(asked) > 5
    assert [name for name in asked if not re.fullmatch(kept, name)] == []


def test_alertmanager_takes_its_configuration() -> None:
    told = subprocess.run(
        [program_or_skip("amtool", "prometheus-alertmanager"), "check-config", DEPLOY / "alertmanager.yml"],
        capture_output=True, text=True, timeout=20, check=False,
    )  # fmt: skip
    assert told.returncode == 0, told.stdout + told.stderr
    assert "1 templates" in told.stdout
