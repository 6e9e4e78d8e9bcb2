"""The modes as the pages offer them."""

from typing import NamedTuple

from flask_babel import gettext

from vigie.control.modes.spec import ModeSpec
from vigie.control.modes.table import SPECS
from vigie.web.binding import current_look
from vigie.web.formats import number
from vigie.wording.modes import words_of


class ModeButton(NamedTuple):
    """A mode that can be chosen, in the page's language."""

    name: str
    word: str
    what: str
    question: str
    """Empty where it begins at a click."""
    consequence: str
    is_by_hand: bool
    waits_for_mains: bool
    """It may want R2 open, and waits until the mains has stood for long enough."""


def buttons() -> list[ModeButton]:
    """Return every mode, what a person does by hand last; its consequence with the limits in force."""
    return [_button(spec) for spec in sorted(SPECS, key=lambda spec: spec.is_by_hand)]


def _button(spec: ModeSpec) -> ModeButton:
    words, snapshot = words_of(spec.mode), current_look().snapshot
    volts = {
        threshold.setting: number(snapshot["thresholds"].get(spec.limit(threshold)) if snapshot else None, 2)
        for threshold in spec.thresholds
    }
    return ModeButton(
        spec.name,
        gettext(words.name),
        gettext(words.what),
        gettext(words.question) if words.question else "",
        gettext(words.consequence, **volts) if words.consequence else "",
        spec.is_by_hand,
        spec.decides_by_readings,
    )
