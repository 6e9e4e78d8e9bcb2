"""What a change of the chips' readings is taken for, before it is known which chip is which."""

import pytest

from vigie.commission.looking import Effect, Look, Pins, Sources, battery_v, effect, is_supplied, look, sources
from vigie.control.signals import Reading, Status
from vigie.errors import ReadingError

SUPPLY_V = 13.2


def seen(*pins: tuple[float, float]) -> Look:
    return {0x40 + index: Pins(bus_v, current_a, False) for index, (bus_v, current_a) in enumerate(pins)}


CHARGING = seen((12.38, 0.0), (13.17, 1.4), (13.56, 0.4), (0.0, 0.0))
FLOAT = seen((12.78, 0.0), (13.59, 0.004), (13.56, 0.4), (0.0, 0.0))
MAINS_ALONE = seen((11.89, 0.0), (12.66, 0.0), (13.56, 0.4), (0.0, 0.0))
DRILL = seen((11.86, 0.0), (12.58, -0.4), (12.48, 0.4), (0.0, 0.0))
PAST_V2 = seen((11.86, 0.0), (12.58, 0.0), (12.48, 0.4), (0.0, 0.0))
DARK = seen((11.89, 0.0), (12.66, 0.0), (0.0, 0.0), (0.0, 0.0))
LOOKS = {
    "charging": (CHARGING, Sources.BOTH),
    "float": (FLOAT, Sources.BOTH),
    "mains alone": (MAINS_ALONE, Sources.MAINS),
    "drill": (DRILL, Sources.BATTERY),
    "drill past V2": (PAST_V2, Sources.BATTERY),
    "dark": (DARK, Sources.NONE),
}


def reversed_in(shown: Look, *addresses: int) -> Look:
    return {
        address: pins._replace(current_a=-pins.current_a) if address in addresses else pins
        for address, pins in shown.items()
    }


@pytest.mark.parametrize("name", LOOKS)
@pytest.mark.parametrize("turned", [(), (0x41,), (0x42,), (0x41, 0x42)])
def test_what_feeds_the_loads_is_told_whichever_way_round_the_shunts_are(name: str, turned: tuple[int, ...]) -> None:
    shown, fed_by = LOOKS[name]
    assert sources(reversed_in(shown, *turned), SUPPLY_V) == fed_by


def test_a_battery_just_charged_is_no_supply_although_it_shows_its_voltage() -> None:
    assert not is_supplied(seen((13.4, 0.0), (13.4, -0.1), (13.38, 0.1)), SUPPLY_V)


def test_a_charge_current_that_happens_to_equal_the_loads_is_still_a_supply() -> None:
    assert is_supplied(seen((12.9, 0.0), (13.03, -1.4), (13.60, -1.4)), SUPPLY_V)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (CHARGING, DRILL, Effect.MAINS_OPENED),
        (CHARGING, PAST_V2, Effect.MAINS_OPENED),
        (FLOAT, DRILL, Effect.MAINS_OPENED),
        (DRILL, CHARGING, Effect.MAINS_CLOSED),
        (PAST_V2, CHARGING, Effect.MAINS_CLOSED),
        (CHARGING, MAINS_ALONE, Effect.BATTERY_OPENED),
        (FLOAT, MAINS_ALONE, Effect.BATTERY_OPENED),
        (MAINS_ALONE, CHARGING, Effect.BATTERY_CLOSED),
        (MAINS_ALONE, FLOAT, Effect.BATTERY_CLOSED),
        (DARK, MAINS_ALONE, Effect.MAINS_CLOSED),
        (DARK, DRILL, Effect.BATTERY_CLOSED),
        (MAINS_ALONE, DARK, Effect.MAINS_OPENED),
        (DRILL, DARK, Effect.BATTERY_OPENED),
    ],
)
@pytest.mark.parametrize("turned", [(), (0x41,), (0x42,), (0x41, 0x42)])
def test_a_move_is_recognised_by_what_changes(
    before: Look, after: Look, expected: Effect, turned: tuple[int, ...]
) -> None:
    assert effect(reversed_in(before, *turned), reversed_in(after, *turned), SUPPLY_V) is expected


@pytest.mark.parametrize("name", LOOKS)
def test_nothing_is_seen_where_nothing_moves(name: str) -> None:
    shown, _ = LOOKS[name]
    drifted = {address: pins._replace(bus_v=pins.bus_v + 0.012) for address, pins in shown.items()}
    assert effect(shown, drifted, SUPPLY_V) is Effect.NOTHING


@pytest.mark.parametrize(
    ("name", "expected_v"), [("charging", 13.17), ("mains alone", 12.66), ("drill", 12.58), ("dark", 12.66)]
)
def test_the_battery_is_estimated_and_not_taken_for_the_supply(name: str, expected_v: float) -> None:
    assert battery_v(*LOOKS[name]) == expected_v


def test_chips_that_convert_nothing_are_an_error_and_not_a_mean() -> None:
    stale = {0x40: Reading(12.0, 0.0, int(Status.STALE))}
    with pytest.raises(ReadingError, match="sweeps were good"):
        look(lambda: stale, 0.1)


def test_a_stale_sweep_is_left_out_of_the_mean() -> None:
    sweeps = iter([{0x40: Reading(99.0, 0.0, int(Status.STALE))}, *[{0x40: Reading(12.0, 0.04, 0)}] * 12])
    assert look(lambda: next(sweeps), 0.1)[0x40] == Pins(pytest.approx(12.0), pytest.approx(0.4), False)
