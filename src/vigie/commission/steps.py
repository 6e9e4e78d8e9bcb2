"""The shape of a step, and the first ones, which move nothing."""

from typing import Protocol

from vigie.commission.coils import Coils
from vigie.commission.job import Job
from vigie.commission.known import Known, Refused
from vigie.commission.looking import Look, Sources, battery_v, described, sources
from vigie.commission.person import Topic
from vigie.plant.bench import FOUR_CHANNEL_HAT

LEAST_FED = 3


class Step(Protocol):
    """One step: what it is, what it does to the loads, and the doing."""

    title: str
    effect: str
    """What it will do to the loads, told before the person agrees."""

    def run(self, job: Job) -> None:
        """Find something out and note it in ``known``.

        Raises:
            Refused: it cannot be found out, or not without a risk for the loads.
            HardwareError: a board stopped answering.
        """
        ...


class FindBoards:
    """Which chips answer, which lines there are."""

    title = "Find the boards"
    effect = "Nothing is moved. The meter chips are configured and read, the relay lines are read."

    def run(self, job: Job) -> None:
        bench, coils, known = job.bench, job.coils, job.known
        known.chips = bench.scan()
        answering = ", ".join(f"0x{address:02x}" for address in known.chips) or "none"
        job.note("meter", f"Meter chips that answer: {answering}.")
        for address in FOUR_CHANNEL_HAT:
            if address not in known.chips:
                job.note(
                    "meter",
                    f"No answer from 0x{address:02x}: check how the HAT sits on the header, and its address links.",
                    is_weak=True,
                )
        lines = [f"{bench.lines[coil]} {'energised' if coils.found[coil] else 'released'}" for coil in coils.fitted]
        job.note("relays", f"Relay lines as found: {', '.join(lines)}.")
        sensed = bench.thermometers()
        for one in sensed:
            job.note("temperature", f"Thermometer {one} shows {one.celsius:.1f} degC.")
        if len(sensed) == 1:
            known.thermometer = sensed[0]
        else:
            job.note(
                "temperature",
                f"{len(sensed) or 'No'} thermometers: name the one on the battery as rig.thermometer.",
                is_weak=True,
            )


class AskFacts:
    """What no measurement can tell."""

    title = "What only you know"
    effect = "Nothing is moved."

    def run(self, job: Job) -> None:
        person, known = job.person, job.known
        supply = person.choose(
            Topic.CONTROLLER_SUPPLY,
            "What feeds the computer this program runs on?",
            {
                "loads": "the 12 V of the loads: it dies when they go dark",
                "independent": "something else: it lives on when they go dark",
            },
        )
        known.lives_on_loads = supply == "loads"
        job.note("controller_supply", f"This computer lives on: {supply}.")
        _ask_for_the_diode(job)
        _ask_for_leds(job)
        known.capacity_ah = person.number(Topic.CAPACITY, "Capacity printed on the battery (20 h)", "Ah", None)
        if not 0.5 <= known.capacity_ah <= 1000.0:
            raise Refused(f"battery capacity {known.capacity_ah:g} Ah outside 0.5..1000 Ah; read the block's label")
        job.note("battery", f"Battery: 12 V, {known.capacity_ah:g} Ah.")
        if not person.agrees(Topic.MAINS, "Is there 230 V mains at the site now?"):
            raise Refused(
                "without mains only the battery feeds the loads, and a wrong move would cut it off: begin again when "
                "the mains is back"
            )


def _ask_for_the_diode(job: Job) -> None:
    """Nothing shows it here: it carries nothing while R2 is closed, or the mains is there."""
    job.known.has_diode = job.person.agrees(
        Topic.BYPASS_DIODE,
        "Does a bypass diode (Schottky, anode to the battery) stand across the battery contact R2?",
    )
    if job.known.has_diode:
        job.note(
            "bypass_diode",
            "A bypass diode stands across R2, you say. The next mains failure with R2 open proves it, or the alarm "
            "diode_missing tells; try it by hand: R2 open, mains off, the loads stay.",
            is_weak=True,
        )
    else:
        job.note("bypass_diode", "No bypass diode stands across R2.")


def _ask_for_leds(job: Job) -> None:
    """Nothing but the eye sees which level energises a coil; what a relay does without power depends on it."""
    lines, found, known = job.bench.lines, job.coils.found, job.known
    lit = [lines[coil] for coil, is_energised in found.items() if is_energised]
    dark = [lines[coil] for coil, is_energised in found.items() if not is_energised]
    question = (
        f"Look at the relay board's LEDs. By the settings (rig.relay_is_active_high) they should be lit at "
        f"{', '.join(lit) or 'no relay'} and dark at {', '.join(dark) or 'no relay'}. Is that so?"
    )
    known.is_polarity_reversed = not job.person.agrees(Topic.LEDS, question)
    if known.is_polarity_reversed:
        job.note(
            "polarity",
            "The relay board energises its coils at the other level than the settings say: rig.relay_is_active_high "
            "is turned round.",
        )
    else:
        job.note("polarity", "The relay board's LEDs follow its lines as the settings say.")


class ReadChips:
    """What stands on the chips before anything is moved, and whether that allows a move."""

    title = "Read everything as it stands"
    effect = "Nothing is moved."

    def run(self, job: Job) -> None:
        limits = job.limits
        seen = job.coils.look()
        fed_by = sources(seen, limits.supply_v)
        job.note("readings", f"Fed by {fed_by.said}.", described(seen))
        if fed_by == Sources.BATTERY:
            job.note("supply", _why_no_supply(seen, limits.supply_v), is_weak=True)
        fed = [pins for pins in seen.values() if pins.is_fed]
        if not fed:
            raise Refused("no chip has a voltage: connect IN+, IN- and GND of V1, V2 and V3 (without GND none is read)")
        if len(fed) < LEAST_FED and (fed_by != Sources.NONE or len(seen) < len(FOUR_CHANNEL_HAT)):
            raise Refused(
                f"only {len(fed)} chips have a voltage ({described(seen)}{_silent(seen)}): V1, V2 and V3 must all "
                "answer and be connected, with their GND, or the loads cannot be watched; then begin again"
            )
        if fed_by == Sources.NONE and len(fed) >= LEAST_FED:
            raise Refused(
                f"no current flows to any load ({described(seen)}): connect loads of 50 mA or more, without them the "
                "channels cannot be told apart"
            )
        if _supply_gives_nothing(seen, limits.supply_v):
            raise Refused(
                f"the supply's voltage is there, but no current with it ({described(seen)}): connect loads of 50 mA or "
                "more, without them the channels cannot be told apart"
            )
        estimate_v = battery_v(seen, fed_by)
        if estimate_v < limits.proof_v:
            raise Refused(
                f"the battery shows {estimate_v:.2f} V, under {limits.proof_v:g} V (interlocks.proof_v): it could not "
                "carry the loads while the mains contact is looked for; charge it first"
            )
        if job.known.lives_on_loads:
            _refuse_what_could_kill_this_computer(job.coils, job.known, fed_by)


def _why_no_supply(seen: Look, supply_v: float) -> str:
    highest_v = max(pins.bus_v for pins in seen.values())
    return (
        f"The mains is there, but no chip shows the supply ({highest_v:.2f} V at most; from {supply_v:g} V on, "
        "mains.supply_present_v, it counts as present). Either the mains contact is open now, which will be found, or "
        "the supply gives too little: turn it up to 13.6 V, measured at V3."
    )


def _silent(seen: Look) -> str:
    silent = [f"0x{address:02x}" for address in FOUR_CHANNEL_HAT if address not in seen]
    return f"; no answer from {', '.join(silent)}" if silent else ""


def _supply_gives_nothing(seen: Look, supply_v: float) -> bool:
    high = [pins for pins in seen.values() if pins.bus_v >= supply_v]
    return bool(high) and not any(pins.flows for pins in high)


def _refuse_what_could_kill_this_computer(coils: Coils, known: Known, fed_by: Sources) -> None:
    """With everything released and both sources there, a computer that dies lets go, and all is as before."""
    why = ""
    if fed_by != Sources.BOTH:
        why = (
            f"they are fed by {fed_by.said}, and looking for the relay of the other source could cut this one and "
            "the computer with it"
        )
    elif known.is_polarity_reversed or any(coils.found[coil] for coil in coils.candidates):
        why = (
            "a coil is energised, which may be what connects them (a contact wired NO): if a move darkened the loads, "
            "the computer would die and let go of the coil, and they would stay dark"
        )
    if why:
        raise Refused(
            f"this computer lives on the loads: {why}. Feed the computer from something else while commissioning, or "
            "wire R1 and R2 on NC and begin with both sources connected"
        )
