"""The shape of a step, and the first ones, which move nothing."""

from typing import Protocol

from vigie.commission.coils import Coils
from vigie.commission.job import CommissioningJob
from vigie.commission.known import CommissioningRefused, Known
from vigie.commission.looking import Look, Sources, battery_v, described, sources
from vigie.commission.person import Topic
from vigie.plant.bench import FOUR_CHANNEL_HAT
from vigie.wording.dialogue import spoken
from vigie.wording.words import mark

LEAST_FED = 3
_FOUND = {True: mark("{line} energised"), False: mark("{line} released")}


class Step(Protocol):
    """One step: what it is, what it does to the loads, and the doing."""

    title: str
    """Message of the catalogues."""

    @property
    def effect(self) -> str:
        """What it will do to the loads, told before the person agrees."""
        ...

    def run(self, job: CommissioningJob) -> None:
        """Find something out and note it in ``known``.

        Raises:
            Refused: it cannot be found out, or not without a risk for the loads.
            HardwareError: a board stopped answering.
        """
        ...


class FindBoards:
    """Which chips answer, which lines there are."""

    title = mark("Find the boards")

    @property
    def effect(self) -> str:
        return spoken("Nothing is moved. The meter chips are configured and read, the relay lines are read.")

    def run(self, job: CommissioningJob) -> None:
        bench, coils, known = job.bench, job.coils, job.known
        known.chips = bench.scan()
        answering = ", ".join(f"0x{address:02x}" for address in known.chips) or spoken("none")
        job.note("meter", spoken("Meter chips that answer: {chips}.", chips=answering))
        for address in FOUR_CHANNEL_HAT:
            if address not in known.chips:
                job.note(
                    "meter",
                    spoken(
                        "No answer from {chip}: check how the HAT sits on the header, and its address links.",
                        chip=f"0x{address:02x}",
                    ),
                    is_weak=True,
                )
        lines = [spoken(_FOUND[coils.found[coil]], line=bench.lines[coil]) for coil in coils.fitted]
        job.note("relays", spoken("Relay lines as found: {lines}.", lines=", ".join(lines)))
        sensed = bench.thermometers()
        for one in sensed:
            text = spoken("Thermometer {name} shows {celsius:.1f} degC.", name=one, celsius=one.celsius)
            job.note("temperature", text)
        if len(sensed) == 1:
            known.thermometer = sensed[0]
        else:
            job.note(
                "temperature",
                spoken("{count} thermometers: name the one on the battery as rig.thermometer.", count=len(sensed))
                if sensed
                else spoken("No thermometers: name the one on the battery as rig.thermometer."),
                is_weak=True,
            )


class AskFacts:
    """What no measurement can tell."""

    title = mark("What only you know")

    @property
    def effect(self) -> str:
        return spoken("Nothing is moved.")

    def run(self, job: CommissioningJob) -> None:
        person, known = job.person, job.known
        supply = person.choose(
            Topic.CONTROLLER_SUPPLY,
            spoken("What feeds the computer this program runs on?"),
            {
                mark("loads"): spoken("the 12 V of the loads: it dies when they go dark"),
                mark("independent"): spoken("something else: it lives on when they go dark"),
            },
        )
        known.lives_on_loads = supply == "loads"
        job.note("controller_supply", spoken("This computer lives on: {supply}.", supply=spoken(supply)))
        _ask_for_the_diode(job)
        _ask_for_leds(job)
        known.capacity_ah = person.number(Topic.CAPACITY, spoken("Capacity printed on the battery (20 h)"), "Ah", None)
        if not 0.5 <= known.capacity_ah <= 1000.0:
            raise CommissioningRefused(
                spoken(
                    "battery capacity {capacity_ah:g} Ah outside 0.5..1000 Ah; read the block's label",
                    capacity_ah=known.capacity_ah,
                )
            )
        job.note("battery", spoken("Battery: 12 V, {capacity_ah:g} Ah.", capacity_ah=known.capacity_ah))
        if not person.agrees(Topic.MAINS, spoken("Is there 230 V mains at the site now?")):
            raise CommissioningRefused(
                spoken(
                    "without mains only the battery feeds the loads, and a wrong move would cut it off: begin again "
                    "when the mains is back"
                )
            )


def _ask_for_the_diode(job: CommissioningJob) -> None:
    """Nothing shows it here: it carries nothing while R2 is closed, or the mains is there."""
    job.known.has_diode = job.person.agrees(
        Topic.BYPASS_DIODE,
        spoken("Does a bypass diode (Schottky, anode to the battery) stand across the battery contact R2?"),
    )
    if job.known.has_diode:
        job.note(
            "bypass_diode",
            spoken(
                "A bypass diode stands across R2, you say. The next mains failure with R2 open proves it, or the alarm "
                "diode_missing tells; try it by hand: R2 open, mains off, the loads stay."
            ),
            is_weak=True,
        )
    else:
        job.note("bypass_diode", spoken("No bypass diode stands across R2."))


def _ask_for_leds(job: CommissioningJob) -> None:
    """Nothing but the eye sees which level energises a coil; what a relay does without power depends on it."""
    lines, found, known = job.bench.lines, job.coils.found, job.known
    lit = [lines[coil] for coil, is_energised in found.items() if is_energised]
    dark = [lines[coil] for coil, is_energised in found.items() if not is_energised]
    question = spoken(
        "Look at the relay board's LEDs. By the settings (rig.relay_is_active_high) they should be lit at {lit} and "
        "dark at {dark}. Is that so?",
        lit=", ".join(lit) or spoken("no relay"),
        dark=", ".join(dark) or spoken("no relay"),
    )
    known.is_polarity_reversed = not job.person.agrees(Topic.LEDS, question)
    if known.is_polarity_reversed:
        job.note(
            "polarity",
            spoken(
                "The relay board energises its coils at the other level than the settings say: "
                "rig.relay_is_active_high is turned round."
            ),
        )
    else:
        job.note("polarity", spoken("The relay board's LEDs follow its lines as the settings say."))


class ReadChips:
    """What stands on the chips before anything is moved, and whether that allows a move."""

    title = mark("Read everything as it stands")

    @property
    def effect(self) -> str:
        return spoken("Nothing is moved.")

    def run(self, job: CommissioningJob) -> None:
        limits = job.limits
        seen = job.coils.look()
        fed_by = sources(seen, limits.supply_v)
        job.note("readings", spoken("Fed by {sources}.", sources=fed_by.said), described(seen))
        if fed_by == Sources.BATTERY:
            job.note("supply", _why_no_supply(seen, limits.supply_v), is_weak=True)
        fed = [pins for pins in seen.values() if pins.is_fed]
        if not fed:
            raise CommissioningRefused(
                spoken("no chip has a voltage: connect IN+, IN- and GND of V1, V2 and V3 (without GND none is read)")
            )
        _refuse_what_cannot_be_watched(seen, len(fed), fed_by, limits.supply_v)
        estimate_v = battery_v(seen, fed_by)
        if estimate_v < limits.proof_v:
            raise CommissioningRefused(
                spoken(
                    "the battery shows {estimate_v:.2f} V, under {proof_v:g} V (interlocks.proof_v): it could not "
                    "carry the loads while the mains contact is looked for; charge it first",
                    estimate_v=estimate_v,
                    proof_v=limits.proof_v,
                )
            )
        if job.known.lives_on_loads:
            _refuse_what_could_kill_this_computer(job.coils, job.known, fed_by)


def _refuse_what_cannot_be_watched(seen: Look, count: int, fed_by: Sources, supply_v: float) -> None:
    """Refuse readings that would not show what a move does; ``count`` chips have a voltage."""
    if count < LEAST_FED and (fed_by != Sources.NONE or len(seen) < len(FOUR_CHANNEL_HAT)):
        raise CommissioningRefused(
            spoken(
                "only {count} chips have a voltage ({seen}): V1, V2 and V3 must all answer and be connected, with "
                "their GND, or the loads cannot be watched; then begin again",
                count=count,
                seen=described(seen) + _silent(seen),
            )
        )
    if fed_by == Sources.NONE and count >= LEAST_FED:
        raise CommissioningRefused(
            spoken(
                "no current flows to any load ({seen}): connect loads of 50 mA or more, without them the channels "
                "cannot be told apart",
                seen=described(seen),
            )
        )
    if _supply_gives_nothing(seen, supply_v):
        raise CommissioningRefused(
            spoken(
                "the supply's voltage is there, but no current with it ({seen}): connect loads of 50 mA or more, "
                "without them the channels cannot be told apart",
                seen=described(seen),
            )
        )


def _why_no_supply(seen: Look, supply_v: float) -> str:
    return spoken(
        "The mains is there, but no chip shows the supply ({highest_v:.2f} V at most; from {supply_v:g} V on, "
        "mains.supply_present_v, it counts as present). Either the mains contact is open now, which will be found, or "
        "the supply gives too little: turn it up to 13.6 V, measured at V3.",
        highest_v=max(pins.bus_v for pins in seen.values()),
        supply_v=supply_v,
    )


def _silent(seen: Look) -> str:
    silent = [f"0x{address:02x}" for address in FOUR_CHANNEL_HAT if address not in seen]
    return spoken("; no answer from {chips}", chips=", ".join(silent)) if silent else ""


def _supply_gives_nothing(seen: Look, supply_v: float) -> bool:
    high = [pins for pins in seen.values() if pins.bus_v >= supply_v]
    return bool(high) and not any(pins.flows for pins in high)


def _refuse_what_could_kill_this_computer(coils: Coils, known: Known, fed_by: Sources) -> None:
    """With everything released and both sources there, a computer that dies lets go, and all is as before."""
    why = ""
    if fed_by != Sources.BOTH:
        why = spoken(
            "they are fed by {sources}, and looking for the relay of the other source could cut this one and the "
            "computer with it",
            sources=fed_by.said,
        )
    elif known.is_polarity_reversed or any(coils.found[coil] for coil in coils.candidates):
        why = spoken(
            "a coil is energised, which may be what connects them (a contact wired NO): if a move darkened the loads, "
            "the computer would die and let go of the coil, and they would stay dark"
        )
    if why:
        raise CommissioningRefused(
            spoken(
                "this computer lives on the loads: {why}. Feed the computer from something else while commissioning, "
                "or wire R1 and R2 on NC and begin with both sources connected",
                why=why,
            )
        )
