"""Two-point calibration of V1, V2 and V3 against a multimeter: on charge, and with the loads on the battery."""

from math import inf

from vigie.commission.coils import Sagged
from vigie.commission.job import CommissioningJob
from vigie.commission.known import Calibrated, CommissioningRefused, SenseKind
from vigie.commission.looking import Pins, Sources
from vigie.commission.person import Topic
from vigie.commission.supply import judge_supply
from vigie.control.signals import Channel, Relay
from vigie.wording.dialogue import spoken
from vigie.wording.words import mark

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
_ASKED = {
    Channel.BATTERY: (Topic.BATTERY_V, mark("Multimeter at the battery's poles")),
    Channel.CHARGE: (Topic.CHARGE_V, mark("Multimeter between IN- and GND of V2")),
    Channel.LOAD: (Topic.LOAD_V, mark("Multimeter between IN- and GND of V3")),
}


class CalibrateOnCharge:
    """The first point, nothing moved."""

    title = mark("Calibrate V1, V2, V3 on charge")

    @property
    def effect(self) -> str:
        return spoken(
            "Nothing is moved. Have a multimeter ready: three voltages are asked for, here and in the next step."
        )

    def run(self, job: CommissioningJob) -> None:
        job.coils.await_sources(Sources.BOTH)
        _compare(job, mark("{question}, on charge"), inf)
        job.coils.await_sources(Sources.BOTH)
        judge_supply(job, job.known.points[Channel.LOAD][-1][1])


class CalibrateInDrill:
    """The second point, with R1 open."""

    title = mark("Calibrate V1, V2, V3 on the battery")

    @property
    def effect(self) -> str:
        return spoken(
            "R1 opens until the battery has fallen by {fall_v:g} V and three voltages are read, {minutes:g} minutes at "
            "most: the loads run on the battery. R1 closes at once when a voltage falls under its floor.",
            fall_v=SPAN_V,
            minutes=LONGEST_DRILL_S / 60,
        )

    def run(self, job: CommissioningJob) -> None:
        coils, limits, place = job.coils, job.limits, job.known.channels
        floors = {place[Channel.LOAD]: limits.load_floor_v, place[Channel.CHARGE]: limits.floor_v}
        coils.await_sources(Sources.BOTH)
        before = coils.look()
        try:
            with coils.opened(Relay.R1, floors):
                _discharge(job, before[place[Channel.CHARGE]].bus_v - SPAN_V)
                _compare(job, mark("{question}, on the battery"), LONGEST_DRILL_S / 2)
        except Sagged as sag:
            raise CommissioningRefused(
                spoken("the battery could not carry the loads ({sag}) and R1 was closed: charge it first", sag=sag)
            ) from sag
        coils.recover(before)
        for channel in _ASKED:
            job.known.calibrations[channel] = _judged(job, channel)


def _discharge(job: CommissioningJob, to_v: float) -> None:
    """Wait until the battery is down to ``to_v`` and calm, or is falling too slowly to get there in time."""
    clock, address = job.bench.clock, job.known.channels[Channel.CHARGE]
    until_s = clock.now_s() + LONGEST_DRILL_S / 2
    seen_v = [job.coils.look()[address].bus_v]
    while clock.now_s() < until_s:
        job.coils.hold(_CALM_S)
        seen_v.append(job.coils.look()[address].bus_v)
        now_v = seen_v[-1]
        if now_v <= to_v and abs(now_v - seen_v[-2]) <= _CALM_V:
            return
        if len(seen_v) > _TREND:
            fall_v_per_s = (seen_v[-1 - _TREND] - now_v) / (_TREND * _CALM_S)
            if fall_v_per_s * (until_s - clock.now_s()) < now_v - to_v:
                return


def _compare(job: CommissioningJob, when: str, longest_s: float) -> None:
    """Ask for the multimeter at each channel and keep it beside the reading."""
    known, until_s = job.known, job.bench.clock.now_s() + longest_s

    def watch() -> None:
        job.coils.hold(_SLICE_S)
        if job.bench.clock.now_s() > until_s:
            raise CommissioningRefused(
                spoken(
                    "no value for {longest_s:g} s: R1 was closed; begin again with the meter at hand",
                    longest_s=longest_s,
                )
            )

    for channel, (topic, question) in _ASKED.items():
        for _ in range(TRIES):
            meter_v = job.person.number(topic, spoken(when, question=spoken(question)), "V", watch)
            pins = job.coils.look()[known.channels[channel]]
            doubt = _doubt(job, channel, pins, meter_v)
            if not doubt:
                break
            job.person.tell(doubt, is_weak=True)
        else:
            raise CommissioningRefused(spoken("V{number} was not calibrated: {doubt}", number=channel + 1, doubt=doubt))
        known.points.setdefault(channel, []).append((pins.bus_v, meter_v))
        job.person.tell(
            spoken(
                "V{number} reads {read_v:.3f} V, the multimeter {meter_v:.3f} V.",
                number=channel + 1,
                read_v=pins.bus_v,
                meter_v=meter_v,
            )
        )


def _doubt(job: CommissioningJob, channel: Channel, pins: Pins, meter_v: float) -> str:
    """Return why a multimeter's value cannot be right, or nothing."""
    expected_v, known, chip = pins.bus_v, job.known, job.limits.meter
    if channel == Channel.BATTERY and known.sense is SenseKind.SERIES:
        expected_v += known.sense_ohm * (pins.bus_v / chip.input_ohm + chip.bias_a)
    if abs(meter_v - expected_v) <= METER_ERROR * expected_v:
        return ""
    return spoken(
        "{meter_v:g} V cannot be right: V{number} reads {read_v:.2f} V, so {expected_v:.2f} V +-{error:.0%} is "
        "expected there; look at the multimeter's range and where its probes are",
        meter_v=meter_v,
        number=channel + 1,
        read_v=pins.bus_v,
        expected_v=expected_v,
        error=METER_ERROR,
    )


def _judged(job: CommissioningJob, channel: Channel) -> Calibrated:
    """Return the calibration of the two points; with the usual gain of one when they are too close together."""
    known = job.known
    (high, meter_high_v), (low, meter_low_v) = known.points[channel]
    evidence = tuple(
        spoken("reading {read_v:.3f} V, multimeter {meter_v:.3f} V", read_v=raw, meter_v=meter_v)
        for raw, meter_v in known.points[channel]
    )
    name = f"V{channel + 1}"
    usual, tolerance = _usual_gain(job, channel)
    span_v = abs(high - low)
    gain, is_two_point = usual, span_v >= LEAST_SPAN_V
    if is_two_point:
        gain = (meter_high_v - meter_low_v) / (high - low)
        if abs(gain / usual - 1.0) > NONSENSE:
            raise CommissioningRefused(
                spoken(
                    "{name}: the two points give a gain of {gain:.3f}, {usual:.2f} is usual ({evidence}): one of the "
                    "four values is wrong; begin again",
                    name=name,
                    gain=gain,
                    usual=usual,
                    evidence="; ".join(evidence),
                )
            )
        gain = min(max(gain, usual * (1.0 - tolerance)), usual * (1.0 + tolerance))
    offset_v = 0.5 * (meter_high_v + meter_low_v - gain * (high + low))
    text = spoken("{name}: volts = {gain:.5f} * reading {offset_v:+.3f} V.", name=name, gain=gain, offset_v=offset_v)
    if not is_two_point:
        text += " " + spoken(
            "The two points are only {span_v:.2f} V apart, so the gain is assumed: calibrate again with a battery that "
            "is further discharged.",
            span_v=span_v,
        )
    job.note(name, text, *evidence, is_weak=not is_two_point)
    return Calibrated(gain, offset_v, is_two_point)


def _usual_gain(job: CommissioningJob, channel: Channel) -> tuple[float, float]:
    """Return the gain that is expected, and how far a chip can be from it (the rest is the multimeter's last digit).

    A chip is within 1 %, many within less. What its input takes through a resistor has no limits in the data sheets.
    """
    if channel == Channel.BATTERY and job.known.sense is SenseKind.SERIES:
        return 1.0 + job.known.sense_ohm / job.limits.meter.input_ohm, 0.03
    return 1.0, 0.01
