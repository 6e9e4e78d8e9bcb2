"""What was found, as settings."""

from collections.abc import Mapping
from typing import Any

from vigie.commission.known import Contactors, Known
from vigie.control.signals import Channel, Relay, Wiring
from vigie.plant.rig import NOT_FITTED, RigSettings, relay_wiring

Changes = dict[str, dict[str, Any]]
"""Section -> key -> value, as a settings file writes it."""


def changes(known: Known, contactors: Contactors, lines: tuple[str, ...], settings: RigSettings) -> Changes:
    """Return every setting that the commissioning has found.

    Args:
        known: what all steps have found.
        contactors: coils of R1 and R2.
        lines: GPIO line of each coil.
        settings: the board, and whether it is emulated.
    """
    if known.wiring is None:
        raise ValueError("the commissioning has not reached its end")
    found: Changes = {
        "plant": {"kind": "rig"},
        "wiring": {
            "battery_contact": known.wiring.name.lower(),
            "bypass_diode": known.has_diode and known.wiring == Wiring.LINE,
            "controller_supply": "loads" if known.lives_on_loads else "independent",
        },
        "rig": {
            "boards": settings.boards.name.lower(),
            **_contacts(contactors, known),
            **_lines(contactors, lines, settings),
            **{f"{channel.name.lower()}_address": known.channels.get(channel, 0) for channel in Channel},
        },
    }
    if known.proving_v is not None:
        found["mains"] = {"supply_present_v": known.proving_v}
    if known.is_polarity_reversed:
        found["rig"]["relay_is_active_high"] = not settings.relay_is_active_high
    if known.thermometer is not None and not settings.thermometer and known.thermometer.address:
        found["rig"] |= {"thermometer": known.thermometer.name, "thermometer_address": known.thermometer.address}
    for channel, calibrated in known.calibrations.items():
        found[f"channels.{channel.name.lower()}"] = {
            "gain": round(calibrated.gain, 6),
            "offset_v": round(calibrated.offset_v, 4),
            "calibration": "two_point" if calibrated.is_two_point else "preset",
        }
    for channel, sign in known.signs.items():
        found[f"channels.{channel.name.lower()}"]["sign"] = sign
    return found


def _contacts(contactors: Contactors, known: Known) -> Mapping[str, str]:
    return {
        f"{relay.name.lower()}_contact": "no" if found.closes_energised != known.is_polarity_reversed else "nc"
        for relay, found in sorted(contactors.items())
    }


def _lines(contactors: Contactors, lines: tuple[str, ...], settings: RigSettings) -> Mapping[str, str]:
    """Return the lines that are not the board's own, and those that the settings so far name."""
    bare = settings._replace(r1_line="", r2_line="", r3_line="", r4_line="")
    usual = [wiring.line for wiring in relay_wiring(bare)]
    taken = {relay: found.coil for relay, found in contactors.items()}
    left = [coil for coil in range(len(lines)) if coil not in taken.values()]
    coils = [taken[Relay.R1], taken[Relay.R2], *left]
    told = (settings.r1_line, settings.r2_line, settings.r3_line, settings.r4_line)
    found = {relay: lines[coil] or NOT_FITTED for relay, coil in zip(Relay, coils, strict=True)}
    return {
        f"{relay.name.lower()}_line": "" if line == usual[relay] else line
        for relay, line in found.items()
        if line != usual[relay] or told[relay]
    }
