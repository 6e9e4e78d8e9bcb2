"""What must hold of every dashboard file, seen without Grafana and Prometheus."""

import doctest
import itertools
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml
from tools.dashboards import promql, reference
from tools.dashboards.__main__ import SHEETS, files
from tools.dashboards.panels import House
from tools.dashboards.sheet import written
from tools.dashboards.words import Words, catalogue

from tests.packaging.grafana.dashboards import (
    FILES,
    OF_PROMETHEUS,
    RULES,
    asked_by_annotations,
    asked_by_panels,
    metrics_in,
    name,
    panels,
    read,
)
from vigie.control.modes.table import SPECS
from vigie.telemetry.metrics import METRICS, exposed_names
from vigie.wording.languages import LANGUAGE_CODES

NAMES = ("overview", *(spec.name for spec in SPECS), "charge", "ageing", "computer", "fleet")
each_file = pytest.mark.parametrize("path", FILES, ids=name)


def test_the_files_are_what_the_generator_makes() -> None:
    made = files()
    assert set(made) == set(FILES)
    stale = [path.name for path, text in made.items() if path.read_text(encoding="utf-8") != text]
    assert not stale, "run: python -m tools.dashboards"


def test_every_dashboard_is_there_in_every_language() -> None:
    uids = {read(path)["uid"] for path in FILES}
    assert uids == {f"vigie-{each}-{language}" for each in NAMES for language in LANGUAGE_CODES}
    assert all(path.stem == read(path)["uid"] for path in FILES)


@pytest.mark.parametrize("language", [code for code in LANGUAGE_CODES if code != "en"])
def test_every_text_of_the_catalogue_is_used_and_translated(language: str) -> None:
    words = Words("en")
    for make in SHEETS:
        written(make(House(words)), words)
    texts = catalogue(language)
    assert not set(texts) - words.asked
    assert [text for text, word in texts.items() if not word.strip()] == []
    numbers = re.compile(r"\d+(?:[.,]\d+)?")
    for text, word in texts.items():
        assert sorted(numbers.findall(text)) == sorted(each.replace(",", ".") for each in numbers.findall(word)), text


@each_file
def test_panels_have_numbers_of_their_own(path: Path) -> None:
    numbers = [panel["id"] for panel in read(path)["panels"]]
    assert len(set(numbers)) == len(numbers)


@each_file
def test_no_two_panels_overlap_and_none_leaves_the_grid(path: Path) -> None:
    places = [(panel.get("title"), panel["gridPos"]) for panel in read(path)["panels"]]
    for title, place in places:
        assert place["x"] + place["w"] <= 24, title
    for (one, a), (other, b) in itertools.combinations(places, 2):
        beside = a["x"] + a["w"] <= b["x"] or b["x"] + b["w"] <= a["x"]
        above = a["y"] + a["h"] <= b["y"] or b["y"] + b["h"] <= a["y"]
        assert beside or above, f"{one!r} overlaps {other!r}"


@each_file
def test_rows_of_the_grid_are_full(path: Path) -> None:
    """A hole beside a panel looks like one that does not load."""
    rows: dict[int, int] = {}
    for panel in read(path)["panels"]:
        rows[panel["gridPos"]["y"]] = rows.get(panel["gridPos"]["y"], 0) + panel["gridPos"]["w"]
    assert set(rows.values()) == {24}, rows


@each_file
def test_panels_explain_themselves(path: Path) -> None:
    for panel in panels(read(path)):
        assert panel["title"]
        assert panel["type"] == "text" or len(panel["description"]) > 5, panel["title"]
        assert panel["type"] == "text" or panel["datasource"]["uid"] == "vigie-prometheus"


@each_file
def test_only_metrics_that_exist_are_asked_for(path: Path) -> None:
    known = {each for metric in METRICS for each in exposed_names(metric)} | recorded() | OF_PROMETHEUS
    board = read(path)
    for query in itertools.chain(asked_by_panels(board), asked_by_annotations(board)):
        assert metrics_in(query.expr) or query.expr.startswith("vector("), query
        assert metrics_in(query.expr) <= known, query


def recorded() -> set[str]:
    """Return the names that Prometheus' recording rules make."""
    found = set()
    for path in RULES.glob("*.yml"):
        content: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
        found |= {rule["record"] for group in content["groups"] for rule in group["rules"] if "record" in rule}
    return found


@each_file
def test_it_shows_one_battery_of_one_site(path: Path) -> None:
    """A query that forgot a variable would add up several batteries."""
    board = read(path)
    if "vigie-fleet" in path.stem:
        return
    assert [variable["name"] for variable in board["templating"]["list"]][:2] == ["site", "battery"]
    for query in itertools.chain(asked_by_panels(board), asked_by_annotations(board)):
        for metric in metrics_in(query.expr) - OF_PROMETHEUS:
            asked = query.expr.count(metric + "{")
            assert query.expr.count(f'{metric}{{site="$site", battery="$battery"') == asked > 0, query


@each_file
def test_nothing_refreshes_faster_than_grafana_allows(path: Path) -> None:
    board = read(path)
    assert board["refresh"] in {"5s", "10s", "30s", "1m", "1h"}
    assert "1s" not in board["timepicker"]["refresh_intervals"]


@pytest.mark.parametrize("module", [promql, reference])
def test_the_examples_in_the_generator_hold(module: ModuleType) -> None:
    assert doctest.testmod(module).attempted > 0
    assert doctest.testmod(module).failed == 0


def test_green_and_red_never_tell_states_apart() -> None:
    assert not [path.name for path in FILES if '"green"' in path.read_text(encoding="utf-8")]


def test_the_expected_charge_follows_the_model_between_its_points() -> None:
    """Straight lines instead of the model: what they are off by is little beside what batteries differ by."""
    empty = reference.modelled(0.0)
    assert abs(empty[0].current_per_ah - 0.2) < 1e-6
    returned_ah = sum(
        (before.current_per_ah + after.current_per_ah) / 2 * (after.hours - before.hours)
        for before, after in itertools.pairwise(empty)
    )
    assert 1.0 < returned_ah < 1.15, "charge returned to a wholly empty battery, per Ah of capacity"
    assert max(point.volts for point in empty) <= reference.CHARGER_V
