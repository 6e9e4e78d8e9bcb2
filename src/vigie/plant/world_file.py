"""The file in which a twin's world outlives the process."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vigie.battery.step import BatteryState
from vigie.battery.thermal import HOTTEST_C
from vigie.battery.wells import FULLEST, Wells
from vigie.control.signals import Contact, Contacts, Relay
from vigie.errors import SettingsError
from vigie.plant.computer import ALWAYS_UP, Computer, ComputerPhase
from vigie.plant.installation import WorldState
from vigie.unfinished import gone_if_it_fails

FORMAT = 2
_READABLE = (1, 2)
"""Format 1 knew no computer: it was always up."""
_LONGEST_S = 1e11
_RANGES = {
    "c20_ah": (0.1, 1e4),
    "now_s": (0.0, _LONGEST_S),
    "x1": (0.0, FULLEST),
    "x2": (0.0, FULLEST),
    "surface_v": (0.0, 5.0),
    "temperature_c": (-60.0, HOTTEST_C),
}
_COMPUTER_RANGES = {"since_s": (0.0, _LONGEST_S), "deaths": (0.0, 1e9), "died_s": (0.0, _LONGEST_S)}


def write_world(path: Path, state: WorldState, c20_ah: float) -> None:
    """Write ``state`` of a battery of ``c20_ah`` to ``path``, whole or not at all.

    Raises:
        OSError: the disk refuses.
    """
    computer = state.computer
    text = json.dumps(
        {
            "format": FORMAT,
            "c20_ah": c20_ah,
            "now_s": state.now_s,
            "x1": state.battery.wells.x1,
            "x2": state.battery.wells.x2,
            "surface_v": state.battery.surface_v,
            "temperature_c": state.battery.temperature_c,
            "contacts": {relay.name: state.contacts[relay].name.lower() for relay in Relay},
            "loads_dropped": state.loads_dropped,
            "computer": {**computer._asdict(), "phase": computer.phase.name.lower()},
        },
        indent=1,
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(path.name + ".new")
    with gone_if_it_fails(unfinished):
        with unfinished.open("w", encoding="utf-8") as file:
            file.write(text + "\n")
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)


def read_world(path: Path) -> tuple[WorldState, float]:
    """Return the world in ``path`` and the capacity of its battery in Ah.

    Raises:
        SettingsError: unreadable, damaged, or of another format.
    """
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        if stored["format"] not in _READABLE:
            raise SettingsError(
                f"world file {path} has format {stored['format']}, this program reads {FORMAT} and older: delete it"
            )
        values = {key: _within(stored, key, *limits) for key, limits in _RANGES.items()}
        battery = BatteryState(Wells(values["x1"], values["x2"]), values["surface_v"], values["temperature_c"])
        contacts = Contacts(*(Contact[stored["contacts"][relay.name].upper()] for relay in Relay))
        computer = _computer(stored["computer"]) if stored["format"] > 1 else ALWAYS_UP
        state = WorldState(values["now_s"], battery, contacts, bool(stored["loads_dropped"]), computer)
        return state, values["c20_ah"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise SettingsError(f"world file {path} is damaged ({error!r}): delete it to begin a new world") from error


def _computer(stored: Mapping[str, Any]) -> Computer:
    values = {key: _within(stored, key, *limits) for key, limits in _COMPUTER_RANGES.items()}
    phase = ComputerPhase[stored["phase"].upper()]
    return Computer(phase, values["since_s"], int(values["deaths"]), values["died_s"], bool(stored["is_bridged"]))


def _within(stored: Mapping[str, Any], key: str, low: float, high: float) -> float:
    value = stored[key]
    if not isinstance(value, int | float) or not low <= value <= high:
        raise ValueError(f"{key} {value} outside {low}..{high}")
    return float(value)
