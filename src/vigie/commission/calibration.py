"""Two-point calibration of V1, V2 and V3 against a multimeter: on charge, and with the loads on the battery."""

from vigie.commission.coils import Coils, Sagged
from vigie.commission.known import METER_BIAS_A, METER_INPUT_OHM, Calibrated, Known, Refused, SenseKind, Surroundings
from vigie.commission.looking import Pins, Sources, look
from vigie.commission.person import Topic
from vigie.control.signals import Channel, Contact, Relay
from vigie.hardware.ina219 import Averaging

SPAN_V = 0.5
"""The two points should be this far apart."""
LEAST_SPAN_V = 0.25
"""Closer together, a few millivolts of either meter would make the gain a guess."""
LONGEST_DRILL_S = 600.0
METER_ERROR = 0.02
"""What a good chip and a good multimeter may differ by: 1 % of the chip over temperature, and its shunt."""
TRIES = 3
NONSENSE = 0.08
"""A gain this far from the usual one comes from a wrong value."""
_SLICE_S = 0.2
_CALM_V = 0.004
_CALM_S = 3.0
_TREND = 10
"""Looks over which the fall is judged."""
_SWEEPS = 10
_ASKED = {
    Channel.BATTERY: (Topic.BATTERY_V, "Multimeter at the battery's poles"),
    Channel.CHARGE: (Topic.CHARGE_V, "Multimeter between IN- and GND of V2"),
    Channel.LOAD: (Topic.LOAD_V, "Multimeter between IN- and GND of V3"),
}


class CalibrateOnCharge:
    """The first point, nothing moved."""

    title = "Calibrate V1, V2, V3 on charge"
    effect = "Nothing is moved. Have a multimeter ready: three voltages are asked for, here and in the next step."

    def run(self, around: Surroundings, coils: Coils, known: Known) -> None:
        _need_both_sources(coils)
        around.bench.average(Averaging.TIMES_32)
        _compare(around, coils, known, {}, "on charge")
        _need_both_sources(coils)


class CalibrateInDrill:
    """The second point, with R1 open."""

    title = "Calibrate V1, V2, V3 on the battery"
    effect = (
        f"R1 opens until the battery has fallen by {SPAN_V:g} V and three voltages are read, {LONGEST_DRILL_S / 60:g} "
        "minutes at most: the loads run on the battery. R1 closes at once when a voltage falls under its floor."
    )

    def run(self, around: Surroundings, coils: Coils, known: Known) -> None:
        limits, channels = around.limits, known.channels
        floors = {channels[Channel.LOAD]: limits.load_floor_v, channels[Channel.CHARGE]: limits.floor_v}
        _need_both_sources(coils)
        before = coils.look()
        high_v = before[channels[Channel.CHARGE]].bus_v
        coils.move(Relay.R1, Contact.OPEN)
        try:
            _discharge(around, coils, channels[Channel.CHARGE], high_v - SPAN_V, floors)
            _compare(around, coils, known, floors, "on the battery")
        except Sagged as sag:
            raise Refused(f"the battery could not carry the loads ({sag}) and R1 was closed: charge it first") from sag
        finally:
            coils.move(Relay.R1, Contact.CLOSED)
        coils.recover(before)
        for channel in _ASKED:
            known.calibrations[channel] = _judged(around, known, channel)
        around.bench.average(Averaging.BITS_12)


def _need_both_sources(coils: Coils) -> None:
    coils.await_sources(lambda fed_by: fed_by == Sources.BOTH, "by the supply with the battery behind it")


def _discharge(around: Surroundings, coils: Coils, address: int, to_v: float, floors: dict[int, float]) -> None:
    """Wait until the battery is down to ``to_v`` and calm, or is falling too slowly to get there in time."""
    clock = around.bench.clock
    until_s = clock.now_s() + LONGEST_DRILL_S / 2
    seen_v = [coils.look()[address].bus_v]
    while clock.now_s() < until_s:
        coils.hold(_CALM_S, floors)
        seen_v.append(coils.look()[address].bus_v)
        now_v = seen_v[-1]
        if now_v <= to_v and abs(now_v - seen_v[-2]) <= _CALM_V:
            return
        if len(seen_v) > _TREND:
            fall_v_per_s = (seen_v[-1 - _TREND] - now_v) / (_TREND * _CALM_S)
            if fall_v_per_s * (until_s - clock.now_s()) < now_v - to_v:
                return


def _compare(around: Surroundings, coils: Coils, known: Known, floors: dict[int, float], when: str) -> None:
    """Ask for the multimeter at each channel and keep it beside the reading."""
    until_s = around.bench.clock.now_s() + LONGEST_DRILL_S / 2

    def watch() -> None:
        coils.hold(_SLICE_S, floors)
        if floors and around.bench.clock.now_s() > until_s:
            raise Refused(f"no value for {LONGEST_DRILL_S / 2:g} s: R1 was closed; begin again with the meter at hand")

    for channel, (topic, question) in _ASKED.items():
        for _ in range(TRIES):
            meter_v = around.person.number(topic, f"{question}, {when}", "V", watch)
            pins = look(around.bench, around.limits.shunt_ohm, _SWEEPS)[known.channels[channel]]
            doubt = _doubt(known, channel, pins, meter_v)
            if not doubt:
                break
            around.person.tell(doubt, is_weak=True)
        else:
            raise Refused(f"V{channel + 1} was not calibrated: {doubt}")
        known.points.setdefault(channel, []).append((pins.bus_v, meter_v))
        around.person.tell(f"V{channel + 1} reads {pins.bus_v:.3f} V, the multimeter {meter_v:.3f} V.")


def _doubt(known: Known, channel: Channel, pins: Pins, meter_v: float) -> str:
    """Return why a multimeter's value cannot be right, or nothing."""
    expected_v = pins.bus_v
    if channel == Channel.BATTERY and known.sense is SenseKind.SERIES:
        expected_v += known.sense_ohm * (pins.bus_v / METER_INPUT_OHM + METER_BIAS_A)
    if abs(meter_v - expected_v) <= METER_ERROR * expected_v:
        return ""
    return (
        f"{meter_v:g} V cannot be right: V{channel + 1} reads {pins.bus_v:.2f} V, so {expected_v:.2f} V +-"
        f"{METER_ERROR:.0%} is expected there; look at the multimeter's range and where its probes are"
    )


def _judged(around: Surroundings, known: Known, channel: Channel) -> Calibrated:
    """Return the calibration of the two points; with the usual gain of one when they are too close together."""
    (high, meter_high_v), (low, meter_low_v) = known.points[channel]
    evidence = tuple(f"reading {raw:.3f} V, multimeter {meter_v:.3f} V" for raw, meter_v in known.points[channel])
    name = f"V{channel + 1}"
    usual, tolerance = _usual_gain(known, channel)
    span_v = abs(high - low)
    gain, is_two_point = usual, span_v >= LEAST_SPAN_V
    if is_two_point:
        gain = (meter_high_v - meter_low_v) / (high - low)
        if abs(gain / usual - 1.0) > NONSENSE:
            raise Refused(
                f"{name}: the two points give a gain of {gain:.3f}, {usual:.2f} is usual ({'; '.join(evidence)}): one "
                "of the four values is wrong; begin again"
            )
        gain = min(max(gain, usual * (1.0 - tolerance)), usual * (1.0 + tolerance))
    offset_v = 0.5 * (meter_high_v + meter_low_v - gain * (high + low))
    text = f"{name}: volts = {gain:.5f} * reading {offset_v:+.3f} V."
    if not is_two_point:
        text += (
            f" The two points are only {span_v:.2f} V apart, so the gain is assumed: calibrate again with a battery "
            "that is further discharged."
        )
    known.note(around.person, name, text, *evidence, is_weak=not is_two_point)
    return Calibrated(gain, offset_v, is_two_point)


def _usual_gain(known: Known, channel: Channel) -> tuple[float, float]:
    """Return the gain that is expected, and how far a chip can be from it (the rest is the multimeter's last digit).

    A chip is within 1 % (SBOS448G page 5). What its input takes through a resistor has no limits in the data sheet.
    """
    if channel == Channel.BATTERY and known.sense is SenseKind.SERIES:
        return 1.0 + known.sense_ohm / METER_INPUT_OHM, 0.03
    return 1.0, 0.01
