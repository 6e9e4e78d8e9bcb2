"""Every query of every dashboard, asked of a real Prometheus that the real program has filled."""

import math
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tools.dashboards import promql

from tests.integration.grafana.story import Story, lived
from tests.packaging.grafana.dashboards import (
    FILES,
    Asked,
    asked_by_annotations,
    asked_by_panels,
    metrics_in,
    name,
    panels,
    read,
)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
WIDTH = 1000
"""Points across a panel, as Grafana asks for them."""
LONGEST_STEP_S = 5.0
"""A story of an hour has no second day: panels with a point a day get one every five seconds."""
OF_A_RASPBERRY_PI = {"vigie_cpu_temperature_celsius", "vigie_cpu_core_volts"}
"""What other machines may not tell; where the program tells it, its panels must show it."""
_UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    if shutil.which("prometheus") is None:
        pytest.skip("Prometheus is not installed: sudo apt-get install prometheus")
    told = lived(tmp_path_factory.mktemp("story"))
    yield told
    told.site.end()
    told.store.end()


def in_seconds(text: str) -> float:
    return float(text[:-1]) * _UNITS_S[text[-1]]


def filled_in(text: str, board: dict[str, Any], story: Story, step_s: float) -> str:
    """Put in what Grafana puts in."""
    range_s = round(story.to_s - story.from_s)
    values = {"site": "Tests [/bold]", "battery": "1"}
    for variable in board.get("templating", {}).get("list", []):
        if variable["type"] == "textbox":
            values[variable["name"]] = variable["query"]
    values |= {
        "__interval_ms": f"{step_s * 1000:.0f}",
        "__interval": f"{step_s:.0f}s",
        "__rate_interval": f"{max(step_s + 15, 60):.0f}s",
        "__range_s": f"{range_s}",
        "__range": f"{range_s}s",
    }
    return re.sub(r"\$(\w+)", lambda found: values[found[1]], text)


def answers(query: Asked, board: dict[str, Any], story: Story) -> list[dict[str, Any]]:
    smallest_s = min(in_seconds(query.step), LONGEST_STEP_S) if query.step else 0.0
    step_s = max(math.ceil((story.to_s - story.from_s) / WIDTH), smallest_s)
    expr = re.sub(r":1[dhm]\]", ":5s]", query.expr) if ":1d" in query.expr or "1d:" in query.expr else query.expr
    expr = filled_in(expr, board, story, step_s)
    if query.is_instant:
        found = story.store.ask("query", query=expr, time=f"{story.to_s}")
    else:
        found = story.store.ask(
            "query_range", query=expr, start=f"{story.from_s}", end=f"{story.to_s}", step=f"{step_s}"
        )
    result: list[dict[str, Any]] = found["result"]
    return result


def numbers(series: dict[str, Any]) -> list[float]:
    return [float(value) for _, value in series.get("values") or [series["value"]]]


@pytest.mark.parametrize(
    "path",
    [pytest.param(path, marks=[] if path.stem.endswith("-fr") else [pytest.mark.long]) for path in FILES],
    ids=name,
)
def test_every_panel_shows_something(path: Path, story: Story) -> None:
    board = read(path)
    untold = OF_A_RASPBERRY_PI - {series.split("{")[0] for series in story.site.metrics()}
    empty = []
    for query in asked_by_panels(board):
        if metrics_in(query.expr) <= untold:
            continue
        found = answers(query, board, story)
        if not found or all(math.isnan(number) for series in found for number in numbers(series)):
            empty.append(query)
    assert not empty, "\n".join(f"{query.where}: {query.expr}" for query in empty)


def test_a_query_that_cannot_be_read_or_finds_nothing_is_noticed(story: Story) -> None:
    board = read(FILES[0])
    with pytest.raises(AssertionError, match="parse error"):
        answers(Asked("", 'rate(up{job="vigie"}', False, ""), board, story)
    assert answers(Asked("", "vigie_no_such_metric", True, ""), board, story) == []


def test_the_expected_charge_begins_where_the_charge_began(story: Story) -> None:
    """R2 closes in the 44th minute, after a rest; the mains goes in the 47th."""
    board = read(next(path for path in FILES if path.stem == "vigie-charge-en"))
    before = Story(story.store, story.site, story.from_s, story.from_s + 46.5 * 60)
    (current,) = [panel for panel in panels(board) if panel["title"] == "Current"]
    expected = Asked("", current["targets"][1]["expr"], False, "5s")
    (series,) = answers(expected, board, before)
    assert 43 < (series["values"][0][0] - story.from_s) / 60 < 45.5
    assert numbers(series)[0] == pytest.approx(0.2 * 7.0)
    volts = Asked("", "min_over_time(" + promql.BATTERY_V + "[1m])", True, "")
    (measured,) = answers(volts, board, before)
    assert numbers(measured)[0] > 13.0, "it was a charge"


@pytest.mark.parametrize("path", FILES, ids=name)
def test_every_mark_is_found(path: Path, story: Story) -> None:
    board = read(path)
    empty = [query.where for query in asked_by_annotations(board) if not answers(query, board, story)]
    assert not empty


@pytest.mark.parametrize("path", FILES, ids=name)
def test_every_variable_has_values(path: Path, story: Story) -> None:
    for variable in read(path).get("templating", {}).get("list", []):
        if variable["type"] != "query":
            assert float(variable["query"]) > 0
            continue
        asked = re.fullmatch(r"label_values\((.+), (\w+)\)", variable["query"]["query"])
        assert asked is not None
        selector = filled_in(asked[1], {}, story, 0)
        found = {each[asked[2]] for each in story.store.ask("series", **{"match[]": selector})}
        assert found == {{"site": "Tests [/bold]", "battery": "1"}[variable["name"]]}
