"""One dashboard put together: rows of panels on the grid, variables, marks of what happened, ways to the others."""

import json
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import (
    Dashboard,
    DashboardCursorSync,
    DashboardLinkType,
    Panel,
    VariableHide,
    VariableOption,
    VariableRefresh,
    VariableSort,
)
from tools.dashboards import colours, promql
from tools.dashboards.panels import PROMETHEUS
from tools.dashboards.words import Words

from vigie.control.commands import Mode

Panels = Iterable[Builder[Panel]]
INTERVALS = ["5s", "10s", "30s", "1m", "5m", "1h"]
_STEP = "10s"


class Mark(NamedTuple):
    """What is marked in every chart: an annotation that is a query."""

    name: str
    expr: str
    title: str
    colour: str


class Sheet(NamedTuple):
    """What a dashboard is made of."""

    name: str
    title: str
    about: str
    span: str
    """How far back it shows, as Grafana writes it: ``24h``."""
    refresh: str
    rows: Sequence[tuple[str, Panels]]
    """A heading, empty for none, and its panels from left to right."""
    numbers: Sequence[tuple[str, str, float]] = ()
    """Variables a person may change: name, label and value."""
    is_of_one_battery: bool = True


def written(sheet: Sheet, say: Words) -> str:
    """Return the dashboard's JSON, the same for the same sheet."""
    dashboard = _assembled(sheet, say)
    found: dict[str, Any] = json.loads(JSONEncoder().encode(dashboard))
    found["annotations"]["list"] += [_annotation(mark, say) for mark in _marks(say)] if sheet.is_of_one_battery else []
    for panel in found["panels"]:
        panel.get("options", {}).pop("footer", None)  # a table's empty one, which Grafana 12 has moved elsewhere
    for variable in found.get("templating", {}).get("list", []):
        for key in [key for key in variable if key.startswith("auto")]:  # of intervals, yet written for every kind
            del variable[key]
    return json.dumps(found, indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def _assembled(sheet: Sheet, say: Words) -> Dashboard:
    language = say.language
    board = (
        builders.Dashboard(say(sheet.title))
        .uid(f"vigie-{sheet.name}-{language}")
        .description(say(sheet.about))
        .tags(["vigie", f"vigie-{language}"])
        .timezone("browser")
        .week_start("monday")
        .readonly()
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .time(f"now-{sheet.span}", "now")
        .refresh(sheet.refresh)
        .timepicker(builders.TimePicker().refresh_intervals(INTERVALS))
        .link(_to_the_others(say))
        .link(_to_the_pages(say))
        .annotations([])
    )
    for variable in _variables(sheet, say):
        board.with_variable(variable)
    number = 0
    for heading, panels in sheet.rows:
        if heading:
            number += 1
            board.with_row(builders.Row(say(heading)).id(number))
        for panel in panels:
            number += 1
            board.with_panel(panel.id(number))  # type: ignore[attr-defined]  # every panel's builder has it
    return board.build()


def _to_the_others(say: Words) -> builders.DashboardLink:
    return (
        builders.DashboardLink(say("Vigie's dashboards"))
        .type(DashboardLinkType.DASHBOARDS)
        .tags([f"vigie-{say.language}"])
        .icon("external link")
        .include_vars(True)
        .keep_time(False)
        .as_dropdown(True)
    )


def _to_the_pages(say: Words) -> builders.DashboardLink:
    """Return the way to Vigie, in a tab of its own: this one may be a frame within Vigie."""
    return (
        builders.DashboardLink("Vigie")
        .type(DashboardLinkType.LINK)
        .url("/flask/")
        .icon("external link")
        .tooltip(say("Vigie's own pages"))
        .target_blank(True)
    )


def _variables(sheet: Sheet, say: Words) -> Iterable[Builder[Any]]:
    if not sheet.is_of_one_battery:
        return
    yield _chosen("site", say("Site"), "label_values(vigie_measurement_valid, site)")
    yield _chosen("battery", say("Battery"), 'label_values(vigie_measurement_valid{site="$site"}, battery)')
    for name, label, value in sheet.numbers:
        text = f"{value:g}"
        yield (
            builders.TextBoxVariable(name)
            .label(say(label))
            .default_value(text)
            .current(VariableOption(text=text, value=text, selected=True))
            .options([VariableOption(text=text, value=text, selected=True)])
        )


def _chosen(name: str, label: str, query: str) -> builders.QueryVariable:
    return (
        builders.QueryVariable(name)
        .label(label)
        .datasource(PROMETHEUS)
        .query({"qryType": 1, "query": query, "refId": "PrometheusVariableQueryEditor-VariableQuery"})
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(VariableSort.ALPHABETICAL_ASC)
        .hide(VariableHide.DONT_HIDE)
        .multi(False)
        .include_all(False)
    )


def _marks(say: Words) -> Iterable[Mark]:
    """Yield what a chart should be read with. A state is new where it was not there one step before."""
    for mode in Mode:
        is_in = promql.series("vigie_mode", mode=mode.name.lower())
        name = f"{say('Mode')} : {say.state(mode)}" if say.language == "fr" else f"{say('Mode')}: {say.state(mode)}"
        expr = f"({is_in} == 1) unless ({is_in} offset $__interval == 1)"
        yield Mark(name, expr, name, colours.GOOD)
    contacts = promql.series("vigie_contact_closed")
    opened = f"(1 - {contacts}) * ({contacts} offset $__interval) == 1"
    closed = f"{contacts} * (1 - {contacts} offset $__interval) == 1"
    yield Mark(say("Contacts opened"), opened, f"{{{{relay}}}} {say('opened')}", colours.CHARGE)
    yield Mark(say("Contacts closed"), closed, f"{{{{relay}}}} {say('closed')}", colours.NOTHING)
    alarms = f"max_over_time({promql.series('vigie_alarm_present')}[$__interval]) == 1"
    yield Mark(say("Alarms"), alarms, f"{say('Alarm')} {{{{alarm}}}}", colours.ALARM)


def _annotation(mark: Mark, say: Words) -> dict[str, Any]:
    """Return an annotation. The SDK's builder knows Grafana's own store only, not a query's titles."""
    return {
        "name": mark.name,
        "datasource": {"type": PROMETHEUS.type_val, "uid": PROMETHEUS.uid},
        "enable": True,
        "hide": False,
        "iconColor": mark.colour,
        "expr": mark.expr,
        "step": _STEP,
        "titleFormat": mark.title,
        "textFormat": "{{severity}}",
        "tagKeys": "",
        "useValueForTime": False,
    }
