"""The words of each mode: its name, what it does, what is asked before it begins, what its thresholds are."""

from collections.abc import Mapping
from typing import NamedTuple, assert_never

from vigie.control.commands import Mode
from vigie.translatable import mark


class ThresholdWords(NamedTuple):
    """What is said of a threshold."""

    label: str
    """Beside its line in a chart."""
    otherwise: str = ""
    """What would be wrong: of a rising one the charger never reaches, of a falling one under the floor of a drill."""


class ModeWords(NamedTuple):
    """What is said of a mode."""

    name: str
    what: str
    """What it does, on its button."""
    question: str = ""
    """Asked before it begins; empty: it begins at a click."""
    consequence: str = ""
    """What follows then; ``%(open_above_v)s`` stands for a threshold of that name, in volts."""
    thresholds: Mapping[str, ThresholdWords] = {}
    """By the name of the setting, as in the mode's spec."""


def words_of(mode: Mode) -> ModeWords:
    """Return the words of a mode, as message ids."""
    match mode:
        case Mode.OBSERVE:
            return ModeWords(mark("Observe"), mark("Both contacts stay closed; everything is measured."))
        case Mode.PROTECT:
            return _PROTECT
        case Mode.CYCLE:
            return _CYCLE
        case Mode.MANUAL:
            return ModeWords(
                mark("Manual"),
                mark("A person sets each contact; it ends by itself."),
                mark("Start manual mode?"),
                mark(
                    "The contacts will follow your orders only. Interlocks stay on, and the installation goes back to "
                    "observation when the time is over."
                ),
            )
        case Mode.MAINTAIN:
            return _MAINTAIN
        case _:
            assert_never(mode)


_PROTECT = ModeWords(
    mark("Protect"),
    mark("The battery rests between two voltages instead of floating."),
    mark("Start mode Protect?"),
    mark(
        "R2 will open above %(open_above_v)s V and close again below %(close_below_v)s V. While it is open the battery "
        "is not charged, and R2 closes at once if the mains fails."
    ),
    {
        "open_above_v": ThresholdWords(mark("protect: rest above"), mark("protect never rests the battery")),
        "close_below_v": ThresholdWords(
            mark("protect: charge below"), mark("protect would rest the battery down to where a drill ends")
        ),
    },
)
_CYCLE = ModeWords(
    mark("Cycle"),
    mark("The battery is exercised: discharge on the loads, charge, rest."),
    mark("Start mode Cycle?"),
    mark(
        "R1 will open: the mains is cut and the battery alone carries the loads down to %(discharge_to_v)s V. It "
        "closes at once if the battery weakens."
    ),
    {
        "charge_to_v": ThresholdWords(mark("cycle: charge to"), mark("cycle never ends its charge")),
        "discharge_to_v": ThresholdWords(mark("cycle: discharge to")),
        "recharge_below_v": ThresholdWords(
            mark("cycle: recharge below"), mark("cycle would rest the battery down to where a drill ends")
        ),
    },
)
_MAINTAIN = ModeWords(
    mark("Maintain"),
    mark("The battery rests once it is really full, and is filled up again now and then."),
    mark("Start mode Maintain?"),
    mark(
        "The battery is charged until it has been full for days; then R2 opens, and closes again below "
        "%(close_below_v)s V, after weeks, or at once if the mains fails. While R2 is open the battery is not charged."
    ),
    {
        "close_below_v": ThresholdWords(
            mark("maintain: charge below"), mark("maintain would rest the battery down to where a drill ends")
        ),
    },
)
