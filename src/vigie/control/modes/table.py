"""Every mode there is: a row is a field of :class:`ModeSettings`, a branch of :func:`spec_of` and one of :func:`wish`.

``assert_never`` makes the type checker refuse a mode without a branch, so none can run as another one.
"""

from typing import NamedTuple, assert_never

from vigie.control.commands import Mode, Phase
from vigie.control.modes import cycle, maintain, manual, observe, protect
from vigie.control.modes.cycle import CycleSettings
from vigie.control.modes.maintain import MaintainSettings
from vigie.control.modes.manual import ManualSettings
from vigie.control.modes.protect import ProtectSettings
from vigie.control.modes.spec import ModeSpec
from vigie.control.modes.wish import ModeInputs, Wish
from vigie.control.signals import Contact, Contacts


class ModeSettings(NamedTuple):
    """The settings of the modes, a section each."""

    protect: ProtectSettings
    cycle: CycleSettings
    manual: ManualSettings
    maintain: MaintainSettings


def spec_of(mode: Mode) -> ModeSpec:
    """Return what is known of a mode."""
    if mode == Mode.OBSERVE:
        spec = observe.SPEC
    elif mode == Mode.PROTECT:
        spec = protect.SPEC
    elif mode == Mode.CYCLE:
        spec = cycle.SPEC
    elif mode == Mode.MANUAL:
        spec = manual.SPEC
    elif mode == Mode.MAINTAIN:
        spec = maintain.SPEC
    else:
        assert_never(mode)
    return spec


def wish(mode: Mode, seen: ModeInputs, settings: ModeSettings) -> Wish:
    """Return what a mode wants of this period."""
    if mode == Mode.OBSERVE:
        found = observe.wish(seen)
    elif mode == Mode.PROTECT:
        found = protect.wish(seen, settings.protect)
    elif mode == Mode.CYCLE:
        found = cycle.wish(seen, settings.cycle)
    elif mode == Mode.MANUAL:
        found = manual.wish(seen)
    elif mode == Mode.MAINTAIN:
        found = maintain.wish(seen, settings.maintain)
    else:
        assert_never(mode)
    return found


SPECS: tuple[ModeSpec, ...] = tuple(spec_of(mode) for mode in Mode)
"""All modes, in the order of their numbers."""

# Facts by the mode's number, for compiled code: it reads bits and tuples of one type, not a ModeSpec.
_DECIDES_BY_READINGS = sum(spec.decides_by_readings << spec.mode for spec in SPECS)
_IS_BY_HAND = sum(spec.is_by_hand << spec.mode for spec in SPECS)
_FIRST = tuple(spec.phases.first for spec in SPECS)
_FIRST_AT_REST = tuple(spec.phases.first_at_rest for spec in SPECS)
_RESUMED = tuple(spec.phases.resumed for spec in SPECS)
_RESUMED_AT_REST = tuple(spec.phases.resumed_at_rest for spec in SPECS)
_DISCHARGES = tuple(spec.phases.discharges for spec in SPECS)
_AFTER_DRILL = tuple(spec.phases.after_drill for spec in SPECS)
_AFTER_REST = tuple(spec.phases.after_rest for spec in SPECS)


def decides_by_readings(mode: Mode) -> bool:
    """Return whether a mode moves contacts because of what is measured."""
    return _DECIDES_BY_READINGS >> int(mode) & 1 == 1


def is_by_hand(mode: Mode) -> bool:
    """Return whether a person sets R1 and R2 in a mode."""
    return _IS_BY_HAND >> int(mode) & 1 == 1


def first_phase(mode: Mode, r2: Contact) -> Phase:
    """Return the phase a mode starts in when a person chooses it."""
    return _FIRST_AT_REST[mode] if r2 == Contact.OPEN else _FIRST[mode]


def resumed_phase(mode: Mode, contacts: Contacts) -> Phase:
    """Return the phase a mode resumes in after a restart, from the contacts found."""
    if contacts.r1 == Contact.OPEN and _DISCHARGES[mode]:
        return Phase.DISCHARGE
    if contacts.r2 == Contact.OPEN:
        return _RESUMED_AT_REST[mode]
    return _RESUMED[mode]


def after_broken_drill(mode: Mode) -> Phase:
    """Return the phase that follows a discharge which an interlock ended."""
    return _AFTER_DRILL[mode]


def after_broken_rest(mode: Mode) -> Phase:
    """Return the phase that follows a rest which an interlock ended."""
    return _AFTER_REST[mode]
