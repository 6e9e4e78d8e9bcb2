"""Which chip is V1, V2 or V3, which way round they are, what R2 cuts, and what resistor stands before V1."""

from typing import NamedTuple

from vigie.commission.coils import Coils, Sagged
from vigie.commission.job import CommissioningJob
from vigie.commission.known import CommissioningRefused, Known, SenseKind
from vigie.commission.looking import FLOWS_A, Look, described
from vigie.control.signals import Channel, Relay, Wiring
from vigie.wording.dialogue import spoken
from vigie.wording.words import mark

SEEN_A = 0.004
"""Smallest change of a charge current that counts; the chips' offsets have cancelled out of it."""
_LOOKS_S = 1.0
_DRILLS_S = (3.0, 60.0, 240.0)
"""Each longer drill makes the battery take more charge."""
_BATTERY_LIKE_V = 8.0
_SAME_V = 0.13
"""Two chips at one voltage differ by twice their 0.5 % at most (SBOS448G page 5)."""
_ELSEWHERE_V = 0.25
"""More than the loads' current can drop between V1's and V2's places at the battery."""
_PLACES = {
    Channel.BATTERY: mark("V1 (battery) is {chip}"),
    Channel.CHARGE: mark("V2 (charge) is {chip}"),
    Channel.LOAD: mark("V3 (load) is {chip}"),
    Channel.SPARE: mark("V4 (spare) is {chip}"),
}
_STATES = (mark("R2 open: {seen}"), mark("R1 open: {seen}"), mark("both closed again: {seen}"))
"""Of :class:`_Looks`."""


class _Looks(NamedTuple):
    """Three states of the contacts, and the charge after the drill."""

    alone: Look
    """R1 closed, R2 open: the supply feeds the loads, nothing charges."""
    drill: Look
    """R1 open, R2 closed."""
    charge: Look
    """Both closed, after the drill."""


class FindChannels:
    """Compares the currents of all chips in the three states of the contacts."""

    title = mark("Find out what each meter chip measures")

    @property
    def effect(self) -> str:
        first_s, second_s, third_s = _DRILLS_S
        return spoken(
            "R2 opens for {looks_s:g} s (no backup meanwhile), then R1 opens for {first_s:g} s (the loads run on the "
            "battery), and for {second_s:g} and {third_s:g} s if no charge current can be seen after that. If a "
            "voltage falls, R1 or R2 closes at once.",
            looks_s=_LOOKS_S,
            first_s=first_s,
            second_s=second_s,
            third_s=third_s,
        )

    def run(self, job: CommissioningJob) -> None:
        coils = job.coils
        alone = _held(coils, Relay.R2, _LOOKS_S)
        for drill_s in _DRILLS_S:
            drill = _held(coils, Relay.R1, drill_s)
            coils.hold(_LOOKS_S)
            looks = _Looks(alone, drill, coils.look())
            if _identify(looks, job.known):
                break
            job.person.tell(spoken("No charge current yet after {drill_s:g} s on the battery.", drill_s=drill_s))
        else:
            raise CommissioningRefused(
                spoken(
                    "no charge current was seen after {drill_s:g} s on the battery ({seen}): check V2 and the charger",
                    drill_s=_DRILLS_S[-1],
                    seen=described(looks.charge),
                )
            )
        _note(job, looks)
        _find_sense(job, looks)


def _held(coils: Coils, relay: Relay, seconds: float) -> Look:
    """Return what the chips show after ``relay`` has been open for ``seconds``; it is closed again."""
    before = coils.look()
    try:
        with coils.opened(relay, coils.floors(before)):
            coils.hold(seconds)
            seen = coils.look()
    except Sagged as sag:
        why = (
            mark(
                "with R1 open, {sag}, and it was closed again: the battery cannot carry the loads; mend that and begin "
                "again"
            )
            if relay == Relay.R1
            else mark(
                "with R2 open, {sag}, and it was closed again: the mains may have failed; mend that and begin again"
            )
        )
        raise CommissioningRefused(spoken(why, sag=sag)) from sag
    coils.recover(before)
    return seen


def _identify(looks: _Looks, known: Known) -> bool:
    """Tell the chips apart; return false when the charge current cannot be seen.

    Raises:
        Refused: V1 or V3 is not connected.
    """
    alone, drill, charge = looks
    fed = [address for address, pins in alone.items() if pins.is_fed]
    load = max(fed, key=lambda address: abs(alone[address].current_a))
    load_a = drill[load].current_a
    if not alone[load].flows or abs(load_a) < FLOWS_A or alone[load].current_a * load_a < 0.0:
        raise CommissioningRefused(
            spoken(
                "no chip shows the loads' current on the supply and on the battery ({alone} on the supply, {drill} on "
                "the battery): check V3 and its loads",
                alone=described(alone),
                drill=described(drill),
            )
        )
    others = [address for address in fed if address != load]
    drained = {address: drill[address].current_a - alone[address].current_a for address in others}
    charged = {address: charge[address].current_a - alone[address].current_a for address in others}
    in_line = max(others, key=lambda address: abs(drained[address]))
    if abs(drained[in_line]) >= 0.5 * abs(load_a):
        charger, sign, known.wiring = in_line, -1 if drained[in_line] > 0.0 else 1, Wiring.LINE
    else:
        charger = max(others, key=lambda address: abs(charged[address]))
        if abs(charged[charger]) < SEEN_A:
            return False
        sign, known.wiring = 1 if charged[charger] > 0.0 else -1, Wiring.CHARGE_ONLY
    senses = [address for address in others if address != charger and alone[address].bus_v >= _BATTERY_LIKE_V]
    if not senses:
        raise CommissioningRefused(
            spoken("no chip is left that shows the battery's voltage ({seen}): connect V1", seen=described(alone))
        )
    battery = min(senses, key=lambda address: abs(alone[address].bus_v - alone[charger].bus_v))
    known.channels = {Channel.BATTERY: battery, Channel.CHARGE: charger, Channel.LOAD: load}
    known.signs = {Channel.CHARGE: sign, Channel.LOAD: 1 if load_a > 0.0 else -1}
    spare = [address for address in known.chips if address not in known.channels.values()]
    if spare:
        known.channels[Channel.SPARE] = spare[0]
    return True


def _note(job: CommissioningJob, looks: _Looks) -> None:
    known = job.known
    evidence = tuple(spoken(state, seen=described(seen)) for state, seen in zip(_STATES, looks, strict=True))
    places = ", ".join(
        spoken(_PLACES[channel], chip=f"0x{address:02x}") for channel, address in sorted(known.channels.items())
    )
    job.note("channels", f"{places}.", *evidence)
    for channel, sign in known.signs.items():
        text = (
            mark("V{number} is wired the right way round.")
            if sign > 0
            else mark("V{number} is wired the other way round (sign = -1).")
        )
        job.note(f"V{channel + 1}", spoken(text, number=channel + 1))
    if known.wiring == Wiring.LINE:
        text = mark(
            "R2 cuts charge and backup: the loads' current comes through V2 when the battery feeds them (line)."
        )
    else:
        text = mark("R2 cuts the charge only: the battery feeds the loads past V2 (charge_only).")
    job.note("wiring", spoken(text))
    saturated = [
        f"V{channel + 1}"
        for channel, address in known.channels.items()
        if any(seen[address].is_saturated for seen in looks)
    ]
    if saturated:
        job.note(
            "range",
            spoken(
                "{channels}: the end of the meter's range was reached, the true current is larger; a smaller shunt "
                "resistor is needed.",
                channels=", ".join(saturated),
            ),
            is_weak=True,
        )


def _find_sense(job: CommissioningJob, looks: _Looks) -> None:
    """With R2 open no current flows in V2: V1 and V2 are at the same voltage, whatever stands before V1 apart."""
    known, place = job.known, job.known.channels
    sense, charge = looks.alone[place[Channel.BATTERY]], looks.alone[place[Channel.CHARGE]]
    missing_v = charge.bus_v - sense.bus_v
    in_drill_v = looks.drill[place[Channel.CHARGE]].bus_v - looks.drill[place[Channel.BATTERY]].bus_v
    if abs(missing_v - in_drill_v) > _ELSEWHERE_V:
        job.note(
            "V2",
            spoken(
                "V2 shows {charge_v:.2f} V with R2 open, not the battery: it stands on the charger's side of R2.",
                charge_v=charge.bus_v,
            ),
            described(looks.alone),
            described(looks.drill),
            is_weak=True,
        )
        missing_v = in_drill_v
    fine_v, chip = job.bench.fine_shunt_v(place[Channel.BATTERY]), job.limits.meter
    evidence = (
        spoken("V1 {missing_v:.3f} V under V2", missing_v=missing_v),
        spoken("V1 shunt {fine_uv:.0f} uV (finest range, averaged)", fine_uv=fine_v * 1e6),
    )
    if missing_v > _SAME_V:
        known.sense = SenseKind.SERIES
        known.sense_ohm = missing_v / (sense.bus_v / chip.input_ohm + chip.bias_a)
        job.note(
            "sense",
            spoken(
                "A resistor of about {kohm:.0f} kOhm stands in series before V1: it reads {missing_v:.2f} V low, which "
                "the calibration makes good. A fuse or 100 Ohm would do better.",
                kohm=known.sense_ohm / 1e3,
                missing_v=missing_v,
            ),
            *evidence,
        )
    elif abs(missing_v) > _SAME_V:
        raise CommissioningRefused(
            spoken(
                "V1 shows {sense_v:.2f} V and V2 {charge_v:.2f} V with R2 open, though both are at the battery: check "
                "where V1's wires end",
                sense_v=sense.bus_v,
                charge_v=charge.bus_v,
            )
        )
    elif abs(fine_v) >= chip.shunt_offset_v:
        known.sense, known.sense_ohm = SenseKind.LOAD, sense.bus_v / (abs(fine_v) / job.limits.shunt_ohm)
        job.note(
            "sense",
            spoken(
                "A resistor of about {kohm:.0f} kOhm loads V1 (IN- to GND): harmless, and without use.",
                kohm=known.sense_ohm / 1e3,
            ),
            *evidence,
        )
    else:
        known.sense = SenseKind.NONE
        job.note("sense", spoken("No resistor before V1 that matters."), *evidence)
