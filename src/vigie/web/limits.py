"""The limits that charts draw: which in which mode, and what they are called."""

from flask_babel import gettext

from vigie.control.commands import Mode
from vigie.control.modes.table import SPECS, spec_of
from vigie.wording.modes import words_of

OTHERWISE = Mode.PROTECT
"""Whose limits are drawn in a mode that has none of its own."""


def drawn() -> dict[str, list[str]]:
    """Return the names of the limits drawn in each mode."""
    return {spec.name: _drawn_in(spec.mode) or _drawn_in(OTHERWISE) for spec in SPECS}


def _drawn_in(mode: Mode) -> list[str]:
    spec = spec_of(mode)
    return [spec.limit(threshold) for threshold in spec.thresholds if threshold.is_drawn]


def labels() -> dict[str, str]:
    """Return what stands beside each limit of a mode, in the page's language."""
    return {
        spec.limit(threshold): gettext(words_of(spec.mode).thresholds[threshold.setting].label)
        for spec in SPECS
        for threshold in spec.thresholds
    }
