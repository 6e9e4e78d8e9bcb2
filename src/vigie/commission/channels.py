"""Which chip is V1, V2 or V3, which way round they are, what R2 cuts, and what resistor stands before V1."""

from typing import NamedTuple

from vigie.commission.coils import Coils, Sagged
from vigie.commission.job import Job
from vigie.commission.known import METER_BIAS_A, METER_INPUT_OHM, Known, Refused, SenseKind
from vigie.commission.looking import FLOWS_A, Look, described
from vigie.control.signals import Channel, Relay, Wiring

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
_LOAD_SHUNT_V = 50e-6


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

    title = "Find out what each meter chip measures"
    effect = (
        f"R2 opens for {_LOOKS_S:g} s (no backup meanwhile), then R1 opens for {_DRILLS_S[0]:g} s (the loads run on "
        f"the battery), and for {_DRILLS_S[1]:g} and {_DRILLS_S[2]:g} s if no charge current can be seen after that. "
        "If a voltage falls, R1 or R2 closes at once."
    )

    def run(self, job: Job) -> None:
        coils = job.coils
        alone = _held(coils, Relay.R2, _LOOKS_S)
        for drill_s in _DRILLS_S:
            drill = _held(coils, Relay.R1, drill_s)
            coils.hold(_LOOKS_S)
            looks = _Looks(alone, drill, coils.look())
            if _identify(looks, job.known):
                break
            job.person.tell(f"No charge current yet after {drill_s:g} s on the battery.")
        else:
            raise Refused(
                f"no charge current was seen after {_DRILLS_S[-1]:g} s on the battery ({described(looks.charge)}): "
                "check V2 and the charger"
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
        why = "the battery cannot carry the loads" if relay == Relay.R1 else "the mains may have failed"
        raise Refused(
            f"with {relay.name} open, {sag}, and it was closed again: {why}; mend that and begin again"
        ) from sag
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
        raise Refused(
            f"no chip shows the loads' current on the supply and on the battery ({described(alone)} on the "
            f"supply, {described(drill)} on the battery): check V3 and its loads"
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
        raise Refused(f"no chip is left that shows the battery's voltage ({described(alone)}): connect V1")
    battery = min(senses, key=lambda address: abs(alone[address].bus_v - alone[charger].bus_v))
    known.channels = {Channel.BATTERY: battery, Channel.CHARGE: charger, Channel.LOAD: load}
    known.signs = {Channel.CHARGE: sign, Channel.LOAD: 1 if load_a > 0.0 else -1}
    spare = [address for address in known.chips if address not in known.channels.values()]
    if spare:
        known.channels[Channel.SPARE] = spare[0]
    return True


def _note(job: Job, looks: _Looks) -> None:
    known = job.known
    evidence = tuple(
        f"{name}: {described(seen)}"
        for name, seen in zip(("R2 open", "R1 open", "both closed again"), looks, strict=True)
    )
    places = ", ".join(
        f"V{channel + 1} ({channel.name.lower()}) is 0x{address:02x}"
        for channel, address in sorted(known.channels.items())
    )
    job.note("channels", f"{places}.", *evidence)
    for channel, sign in known.signs.items():
        way = "the right way round" if sign > 0 else "the other way round (sign = -1)"
        job.note(f"V{channel + 1}", f"V{channel + 1} is wired {way}.")
    if known.wiring == Wiring.LINE:
        text = "R2 cuts charge and backup: the loads' current comes through V2 when the battery feeds them (line)."
    else:
        text = "R2 cuts the charge only: the battery feeds the loads past V2 (charge_only)."
    job.note("wiring", text)
    saturated = [
        f"V{channel + 1}"
        for channel, address in known.channels.items()
        if any(seen[address].is_saturated for seen in looks)
    ]
    if saturated:
        job.note(
            "range",
            f"{' and '.join(saturated)} reached the end of the meter's range: the true current "
            "is larger; a smaller shunt resistor is needed.",
            is_weak=True,
        )


def _find_sense(job: Job, looks: _Looks) -> None:
    """With R2 open no current flows in V2: V1 and V2 are at the same voltage, whatever stands before V1 apart."""
    known, place = job.known, job.known.channels
    sense, charge = looks.alone[place[Channel.BATTERY]], looks.alone[place[Channel.CHARGE]]
    missing_v = charge.bus_v - sense.bus_v
    in_drill_v = looks.drill[place[Channel.CHARGE]].bus_v - looks.drill[place[Channel.BATTERY]].bus_v
    if abs(missing_v - in_drill_v) > _ELSEWHERE_V:
        job.note(
            "V2",
            f"V2 shows {charge.bus_v:.2f} V with R2 open, not the battery: it stands on the charger's side of R2.",
            described(looks.alone),
            described(looks.drill),
            is_weak=True,
        )
        missing_v = in_drill_v
    fine_v = job.bench.fine_shunt_v(place[Channel.BATTERY])
    evidence = (
        f"V1 {missing_v:.3f} V under V2",
        f"V1 shunt {fine_v * 1e6:.0f} uV (range +-40 mV, 128 samples)",
    )
    if missing_v > _SAME_V:
        known.sense = SenseKind.SERIES
        known.sense_ohm = missing_v / (sense.bus_v / METER_INPUT_OHM + METER_BIAS_A)
        job.note(
            "sense",
            f"A resistor of about {known.sense_ohm / 1e3:.0f} kOhm stands in series before V1: "
            f"it reads {missing_v:.2f} V low, which the calibration makes good. A fuse or 100 Ohm would do better.",
            *evidence,
        )
    elif abs(missing_v) > _SAME_V:
        raise Refused(
            f"V1 shows {sense.bus_v:.2f} V and V2 {charge.bus_v:.2f} V with R2 open, though both are at the "
            "battery: check where V1's wires end"
        )
    elif abs(fine_v) >= _LOAD_SHUNT_V:
        known.sense, known.sense_ohm = SenseKind.LOAD, sense.bus_v / (abs(fine_v) / job.limits.shunt_ohm)
        job.note(
            "sense",
            f"A resistor of about {known.sense_ohm / 1e3:.0f} kOhm loads V1 (IN- to GND): harmless, and without use.",
            *evidence,
        )
    else:
        known.sense = SenseKind.NONE
        job.note("sense", "No resistor before V1 that matters.", *evidence)
