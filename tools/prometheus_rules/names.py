"""The client's own names, as rules that make them from ours, and what the scrape leaves to delivery."""

from collections.abc import Iterator
from typing import NamedTuple

from tools.prometheus_rules.figures import BATTERY

from vigie.telemetry.metrics import METRICS, FromRecord, Metric, MetricKind, exposed_names
from vigie.telemetry.rows import record_of
from vigie.telemetry.schema import period_columns

FRESH_S = 60
"""A name of the client's ends with its measurements; when they just stop coming after this long, not after the five
minutes for which Prometheus holds a value."""

_PERIOD = record_of((0,) * len(period_columns()))
"""Asked only for the labels of its samples, which are the same in every period."""


class Recording(NamedTuple):
    """One recording rule."""

    name: str
    expression: str
    labels: tuple[tuple[str, str], ...] = ()


def delivered() -> list[Metric]:
    """Return the metrics that come with a period's own time stamp, by remote write."""
    return [metric for metric in METRICS if metric.is_of_period]


def dropped() -> list[str]:
    """Return what the scrape must drop, an expression per metric."""
    return ["|".join(exposed_names(metric)) for metric in delivered()]


def recordings() -> list[Recording]:
    """Return the rules for the client's names of all that is delivered; his other names are scraped."""
    return [rule for metric in delivered() if metric.client_names for rule in _rules(metric)]


def _rules(metric: Metric) -> Iterator[Recording]:
    read = metric.source.read if isinstance(metric.source, FromRecord) else lambda _: ()
    samples = [_latest(metric, labels) for labels, _ in read(_PERIOD)]
    if metric.kind is MetricKind.STATES:
        (name,) = metric.client_names
        for state, latest in zip(metric.client_states, samples, strict=True):
            yield Recording(name, latest, ((name, state),))
        return
    for name, latest in zip(metric.client_names, samples, strict=True):
        if metric.client_states:
            at_0, at_1 = metric.client_states
            yield Recording(name, f"1 - {latest}", ((name, at_0),))
            yield Recording(name, latest, ((name, at_1),))
        else:
            yield Recording(name, latest if metric.factor == 1.0 else f"{latest} / {metric.factor:g}")


def _latest(metric: Metric, labels: tuple[str, ...]) -> str:
    selected = ", ".join(f'{name}="{value}"' for name, value in zip(metric.labels, labels, strict=True))
    series = f"{exposed_names(metric)[0]}{{{selected}}}"
    return f"max by ({BATTERY}) ({series} and time() - timestamp({series}) < {FRESH_S})"
