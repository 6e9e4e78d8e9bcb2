"""The dashboards as they lie in the tree, and what can be asked of them without Grafana."""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[3]
GRAFANA = ROOT / "deploy" / "grafana"
RULES = ROOT / "deploy" / "prometheus" / "rules"
FILES = tuple(sorted((GRAFANA / "dashboards").glob("*/*.json")))
OF_PROMETHEUS = {"up", "scrape_duration_seconds"}
_WORDS = {"and", "or", "unless", "on", "by", "group_left", "group_right", "offset", "bool"}


class Asked(NamedTuple):
    """One query that Grafana would send."""

    where: str
    expr: str
    is_instant: bool
    step: str
    """Smallest step, empty where it is free."""


@cache
def read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def name(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


def panels(board: dict[str, Any]) -> list[dict[str, Any]]:
    return [panel for panel in board["panels"] if panel["type"] != "row"]


def asked_by_panels(board: dict[str, Any]) -> Iterator[Asked]:
    for panel in panels(board):
        for target in panel.get("targets", ()):
            where = f"{panel['title']} {target['refId']}"
            yield Asked(where, target["expr"], bool(target.get("instant")), target.get("interval", ""))


def asked_by_annotations(board: dict[str, Any]) -> Iterator[Asked]:
    for mark in board["annotations"]["list"]:
        yield Asked(f"mark {mark['name']}", mark["expr"], False, mark["step"])


def metrics_in(expr: str) -> set[str]:
    """Return the names of the series a query asks for.

    >>> sorted(metrics_in('sum by (site) (rate(a_total{x="b c"}[5m])) / on (site) group_left c:d:e offset 5m'))
    ['a_total', 'c:d:e']
    """
    bare = re.sub(r'"[^"]*"', "", expr)
    bare = re.sub(r"\{[^}]*\}", " ", bare)
    bare = re.sub(r"\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)", " ", bare)
    bare = re.sub(r"\[[^\]]*\]|\$\w+|\b\d[\w.]*", " ", bare)
    return {word for word in re.findall(r"[a-zA-Z_:][\w:]*(?!\w|\s*\()", bare) if word not in _WORDS}
