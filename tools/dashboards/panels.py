"""Panels as the house draws them: one function per kind, the same units, colours and legends everywhere."""

from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import Any, NamedTuple

from grafana_foundation_sdk.builders import common as common_builders
from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.builders import prometheus, stat, statetimeline, table, text, timeseries
from grafana_foundation_sdk.models import common
from grafana_foundation_sdk.models.dashboard import (
    DashboardSpecialValueMapOptions,
    DataSourceRef,
    DataTransformerConfig,
    DynamicConfigValue,
    FieldColorModeId,
    SpecialValueMap,
    SpecialValueMatch,
    Threshold,
    ThresholdsMode,
    ValueMap,
    ValueMapping,
    ValueMappingResult,
)
from grafana_foundation_sdk.models.prometheus import PromQueryFormat
from grafana_foundation_sdk.models.text import TextMode
from tools.dashboards import colours
from tools.dashboards.words import Words

PROMETHEUS = DataSourceRef(type_val="prometheus", uid="vigie-prometheus")
SHORTEST_STEP = "5s"

States = Mapping[int, tuple[str, str]]
"""What a number stands for: words and colour."""
Limits = Sequence[tuple[float | None, str]]
"""Colour from a value on; the first has no value."""


class Line(NamedTuple):
    """One query of a chart."""

    expr: str
    name: str
    """Legend; text for the catalogue, or a template with ``{{label}}``."""
    colour: str = ""
    is_dashed: bool = False
    is_right: bool = False
    unit: str = ""
    """Where it differs from the panel's."""
    fills_to: str = ""
    """Name of the line under this one; the space between them is a band."""
    is_edge: bool = False
    """The edge of a band: a hairline without a place in the legend."""


class Strip(NamedTuple):
    """One row of a state timeline."""

    expr: str
    name: str
    states: States


class House:
    """Draws panels in one language."""

    def __init__(self, words: Words) -> None:
        self.say = words

    def figure(
        self,
        title: str,
        about: str,
        expr: str,
        unit: str = "none",
        decimals: int | None = None,
        limits: Limits = ((None, colours.GOOD),),
        states: States | None = None,
        missing: str = "unknown",
    ) -> stat.Panel:
        """Draw one number or state of now. An instant query: what is old is shown as missing, never as now."""
        panel = (
            stat.Panel()
            .title(self.say(title))
            .description(self.say(about))
            .datasource(PROMETHEUS)
            .with_target(_target(expr, "").instant())
            .unit(unit)
            .thresholds(_thresholds(limits))
            .color_scheme(builders.FieldColor().mode(FieldColorModeId.THRESHOLDS))
            .no_value(self.say(missing))
            .graph_mode(common.BigValueGraphMode.NONE)
            .color_mode(common.BigValueColorMode.BACKGROUND_SOLID if states else common.BigValueColorMode.VALUE)
            .text_mode(common.BigValueTextMode.VALUE)
            .justify_mode(common.BigValueJustifyMode.AUTO)
            .reduce_options(common_builders.ReduceDataOptions().calcs(["lastNotNull"]).fields("").values(False))
            .height(4)
            .span(4)
        )
        if decimals is not None:
            panel.decimals(decimals)
        if states:
            panel.mappings([value_map(states), _unknown(self.say(missing))])
        return panel

    def lines(
        self,
        title: str,
        about: str,
        lines: Sequence[Line],
        unit: str,
        decimals: int | None = None,
        limits: Limits = (),
        soft: tuple[float, float] | None = None,
        step: str = SHORTEST_STEP,
        is_bars: bool = False,
    ) -> timeseries.Panel:
        """Draw values over time, with smallest, mean and largest in the legend."""
        panel = (
            timeseries.Panel()
            .title(self.say(title))
            .description(self.say(about))
            .datasource(PROMETHEUS)
            .unit(unit)
            .interval(step)
            .thresholds(_thresholds(limits or ((None, colours.NOTHING),)))
            .thresholds_style(
                common_builders.GraphThresholdsStyleConfig().mode(
                    common.GraphThresholdsStyleMode.DASHED if limits else common.GraphThresholdsStyleMode.OFF
                )
            )
            .color_scheme(builders.FieldColor().mode(FieldColorModeId.PALETTE_CLASSIC))
            .draw_style(common.GraphDrawStyle.BARS if is_bars else common.GraphDrawStyle.LINE)
            .line_width(1)
            .fill_opacity(60 if is_bars else 0)
            .show_points(common.VisibilityMode.NEVER)
            .span_nulls(False)
            .legend(_legend(is_bars))
            .tooltip(_tooltip())
            .height(8)
            .span(12)
        )
        if decimals is not None:
            panel.decimals(decimals)
        if soft:
            panel.axis_soft_min(soft[0]).axis_soft_max(soft[1])
        for letter, line in zip("ABCDEFGHIJ", lines, strict=False):
            panel.with_target(_target(line.expr, self.name(line.name), letter).interval(step))
            if properties := self._properties(line):
                panel.override_by_query(letter, properties)
        return panel

    def summed(self, title: str, about: str, line: Line, unit: str, decimals: int) -> timeseries.Panel:
        """Draw the running sum of a line's values, from the left edge of the chart."""
        options = {
            "mode": "cumulativeFunctions",
            "cumulative": {"field": self.name(line.name), "reducer": "sum"},
            "alias": self.say("sum"),
            "replaceFields": True,
        }
        return self.lines(title, about, [line], unit, decimals).with_transformation(
            DataTransformerConfig(id_val="calculateField", options=options)
        )

    def _properties(self, line: Line) -> list[DynamicConfigValue]:
        properties = []
        if line.colour:
            colour = {"mode": "fixed", "fixedColor": line.colour}
            properties.append(DynamicConfigValue(id_val="color", value=colour))
        if line.is_dashed:
            properties.append(DynamicConfigValue("custom.lineStyle", {"fill": "dash", "dash": [8, 6]}))
        if line.is_right:
            properties.append(DynamicConfigValue("custom.axisPlacement", "right"))
        if line.unit:
            properties.append(DynamicConfigValue("unit", line.unit))
        if line.is_edge:
            properties.append(DynamicConfigValue("custom.lineWidth", 0))
            properties.append(DynamicConfigValue("custom.hideFrom", {"legend": True, "tooltip": False, "viz": False}))
        if line.fills_to:
            properties.append(DynamicConfigValue("custom.fillBelowTo", self.name(line.fills_to)))
            properties.append(DynamicConfigValue("custom.fillOpacity", 15))
        return properties

    def strips(self, title: str, about: str, strips: Sequence[Strip], height: int = 7) -> statetimeline.Panel:
        """Draw states over time, one row each."""
        panel = self._timeline(title, about).height(height)
        for letter, strip in zip("ABCDEFGHIJ", strips, strict=False):
            name = self.name(strip.name)
            panel.with_target(_target(strip.expr, name, letter).interval(SHORTEST_STEP))
            mappings = [plain(value_map(strip.states))]
            panel.override_by_name(name, [DynamicConfigValue("mappings", mappings)])
        return panel

    def happenings(
        self,
        title: str,
        about: str,
        expr: str,
        names: Mapping[str, str],
        state: tuple[str, str],
        missing: str,
        legend: str = "{{alarm}}",
    ) -> statetimeline.Panel:
        """Draw when something of a kind was the case: a row per thing that was, called as ``names`` has it."""
        panel = (
            self._timeline(title, about)
            .with_target(_target(expr, legend).interval(SHORTEST_STEP))
            .mappings([value_map({1: state})])
            .no_value(self.say(missing))
            .height(6)
        )
        for label, name in names.items():
            panel.override_by_regexp(f"/(^| ){label}$/", [DynamicConfigValue("displayName", _called(legend, name))])
        return panel

    def _timeline(self, title: str, about: str) -> statetimeline.Panel:
        return (
            statetimeline.Panel()
            .title(self.say(title))
            .description(self.say(about))
            .datasource(PROMETHEUS)
            .interval(SHORTEST_STEP)
            .thresholds(_thresholds([(None, colours.NOTHING)]))
            .color_scheme(builders.FieldColor().mode(FieldColorModeId.THRESHOLDS))
            .merge_values(True)
            .show_value(common.VisibilityMode.AUTO)
            .row_height(0.85)
            .fill_opacity(75)
            .line_width(0)
            .legend(common_builders.VizLegendOptions().show_legend(False).display_mode(common.LegendDisplayMode.LIST)
                    .placement(common.LegendPlacement.BOTTOM).calcs([]))
            .tooltip(_tooltip())
            .span(24)
        )  # fmt: skip

    def note(self, title: str, markdown: str, height: int = 6, span: int = 24) -> text.Panel:
        """Write a text that explains what is seen."""
        return (
            text.Panel()
            .title(self.say(title))
            .mode(TextMode.MARKDOWN)
            .content(self.say(markdown))
            .height(height)
            .span(span)
        )

    def rows(
        self, title: str, about: str, columns: Sequence[tuple[str, str]], missing: str
    ) -> tuple[table.Panel, list[str]]:
        """Draw a table with a column per query, joined by the labels; return it and its columns' field names."""
        panel = (
            table.Panel()
            .title(self.say(title))
            .description(self.say(about))
            .datasource(PROMETHEUS)
            .thresholds(_thresholds([(None, colours.NOTHING)]))
            .no_value(self.say(missing))
            .show_header(True)
            .cell_height(common.TableCellHeight.MD)
            .span(24)
        )
        fields = []
        for letter, (expr, _) in zip("ABCDEFGHIJKL", columns, strict=False):
            panel.with_target(_target(expr, "", letter).instant().format(PromQueryFormat.TABLE))
            fields.append(f"Value #{letter}")
        panel.with_transformation(DataTransformerConfig(id_val="merge", options={}))
        for field, (_, name) in zip(fields, columns, strict=True):
            panel.override_by_name(field, [DynamicConfigValue("displayName", self.say(name))])
        return panel, fields

    def without(self, *fields: str) -> DataTransformerConfig:
        """Return the transformation that hides fields."""
        options = {"excludeByName": dict.fromkeys(fields, True), "indexByName": {}, "renameByName": {}}
        return DataTransformerConfig(id_val="organize", options=options)

    def name(self, text: str) -> str:
        """Return a legend; a template of labels stays what it is."""
        return text if "{{" in text else self.say(text)

    def states(self, kind: type[IntEnum], *shades: str) -> States:
        """Return the words and colours of an enum's members, in their order."""
        return {member.value: (self.say.state(member), shade) for member, shade in zip(kind, shades, strict=True)}


def _called(legend: str, name: str) -> str:
    """Return a display name: the alarm's own, after the site's where the legend has it."""
    return f"${{__field.labels.site}} : {name}" if "{{site}}" in legend else name


def _target(expr: str, legend: str, letter: str = "A") -> prometheus.Dataquery:
    return prometheus.Dataquery().expr(expr).legend_format(legend).ref_id(letter).datasource(PROMETHEUS).range()


def _thresholds(limits: Limits) -> builders.ThresholdsConfig:
    steps = [Threshold(value=value, color=colour) for value, colour in limits]
    return builders.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(steps)


def value_map(states: States) -> ValueMap:
    results = [(str(number), *shown) for number, shown in states.items()]
    return ValueMap(
        {
            number: ValueMappingResult(text=words, color=colour, index=index)
            for index, (number, words, colour) in enumerate(results)
        }
    )


def _unknown(words: str) -> ValueMapping:
    return SpecialValueMap(
        DashboardSpecialValueMapOptions(
            match=SpecialValueMatch.NULL_AND_NAN, result=ValueMappingResult(text=words, color=colours.NOTHING)
        )
    )


def plain(mapping: ValueMap) -> dict[str, Any]:
    """Return a mapping as an override holds it."""
    return {"type": mapping.type_val, "options": {key: result.to_json() for key, result in mapping.options.items()}}


def _legend(is_bars: bool) -> common_builders.VizLegendOptions:
    return (
        common_builders.VizLegendOptions()
        .show_legend(True)
        .display_mode(common.LegendDisplayMode.TABLE)
        .placement(common.LegendPlacement.BOTTOM)
        .calcs(["lastNotNull", "max"] if is_bars else ["lastNotNull", "min", "mean", "max"])
    )


def _tooltip() -> common_builders.VizTooltipOptions:
    return common_builders.VizTooltipOptions().mode(common.TooltipDisplayMode.MULTI).sort(common.SortOrder.NONE)
