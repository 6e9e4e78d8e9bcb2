"""The wires of the diagram tell where current flows, and never more than is known."""

from typing import Any

from tests.integration.web.snapshots import make_channel, make_relay, make_snapshot
from vigie.web.presentation import WIRES, Wire, look_up, wires_of


def snapshot(charge_a: float | None = 0.4, load_a: float | None = 0.8, open_relay: str = "", **changes: Any) -> Any:
    channels = [
        make_channel("battery"),
        make_channel("charge", current_a=charge_a),
        make_channel("load", current_a=load_a, bus_v=None if load_a is None else 13.5),
        make_channel("spare"),
    ]
    relays = [
        make_relay(name, **({"contact": "open"} if name == open_relay else {})) for name in ("R1", "R2", "R3", "R4")
    ]
    return make_snapshot(channels=channels, relays=relays, **changes)


def states(values: Any) -> dict[str, str]:
    return {name: wire.state for name, wire in wires_of(values).items()}


def test_on_the_mains_current_flows_everywhere_away_from_it() -> None:
    wires = wires_of(snapshot())
    assert tuple(wires) == WIRES
    assert {(wire.state, wire.direction) for wire in wires.values()} == {("flow", "forward")}


def test_in_an_outage_the_battery_feeds_the_loads_and_nothing_comes_from_the_supply() -> None:
    wires = wires_of(snapshot(charge_a=-0.8, load_a=0.8, mains="absent"))
    assert wires["battery"] == Wire("flow", "back", "2")
    assert wires["load"].direction == "forward"
    assert {name: wire.state for name, wire in wires.items()} == {
        "mains": "dead",
        "supply": "dead",
        "output": "live",
        "load": "flow",
        "charge": "flow",
        "battery": "flow",
    }


def test_behind_an_open_r2_the_battery_stands_still_under_voltage() -> None:
    assert states(snapshot(charge_a=0.0, open_relay="R2"))["battery"] == "live"


def test_before_an_open_r1_nobody_can_tell_the_mains() -> None:
    drill = states(snapshot(charge_a=-0.8, open_relay="R1", mains="cut"))
    assert drill["mains"] == "unknown"
    assert drill["supply"] == "dead"


def test_a_lost_reading_is_drawn_as_not_known() -> None:
    lost = states(snapshot(load_a=None))
    assert lost["load"] == lost["output"] == "unknown"


def test_faster_current_moves_faster() -> None:
    assert [wires_of(snapshot(charge_a=amps))["battery"].speed for amps in (0.1, 1.0, 2.0)] == ["1", "2", "3"]


def test_a_path_finds_channels_and_relays_by_name_and_nothing_in_nothing() -> None:
    assert look_up(snapshot(), "relays.R2.contact") == "closed"
    assert look_up(None, "channels.battery.bus_v") is None
