"""Which coil moves the mains contact, which the battery contact, and over NO or NC."""

from vigie.commission.coils import LONGEST_PROBE_S, Coils, Probe, Sagged
from vigie.commission.job import CommissioningJob
from vigie.commission.known import CommissioningRefused, Contactor
from vigie.commission.looking import Effect, Sources, described
from vigie.commission.person import Topic
from vigie.control.signals import Relay
from vigie.wording.dialogue import spoken
from vigie.wording.words import mark

ROUNDS = 3
_DRAIN_S = 20.0
"""A battery that has given something takes a current that can be seen."""
_OF_MAINS = (Effect.MAINS_OPENED, Effect.MAINS_CLOSED)
_CLOSED = (Effect.MAINS_CLOSED, Effect.BATTERY_CLOSED)
_NAMES = {Relay.R1: mark("R1, the mains contact"), Relay.R2: mark("R2, the battery contact")}
_EFFECTS = {
    Effect.MAINS_OPENED: mark("mains opened: {before} -> {after}"),
    Effect.MAINS_CLOSED: mark("mains closed: {before} -> {after}"),
    Effect.BATTERY_OPENED: mark("battery opened: {before} -> {after}"),
    Effect.BATTERY_CLOSED: mark("battery closed: {before} -> {after}"),
}
_BLINKS = {
    Relay.R1: (
        mark(
            "The battery is not connected. One of the relays connects it; trying the wrong one cuts the loads for some "
            "30 ms until that is seen and undone. Is that allowed?"
        ),
        mark(
            "the battery is not connected, and its relay cannot be found without the risk of a short interruption: "
            "connect the battery by hand (or wire its relay on NC) and begin again"
        ),
    ),
    Relay.R2: (
        mark(
            "The mains is not connected. One of the relays connects it; trying the wrong one cuts the loads for some "
            "30 ms until that is seen and undone. Is that allowed?"
        ),
        mark(
            "the mains is not connected, and its relay cannot be found without the risk of a short interruption: "
            "connect the mains by hand (or wire its relay on NC) and begin again"
        ),
    ),
}
"""Question and refusal where the relay that feeds the loads alone is not known yet."""


class FindRelays:
    """Moves one coil at a time and looks at all channels."""

    title = mark("Find out which relay does what")

    def __init__(self) -> None:
        self._may_blink = False

    @property
    def effect(self) -> str:
        return spoken(
            "Each relay is moved for at most {longest_s:g} s. The one of the mains makes the loads run on the battery "
            "meanwhile; the one of the battery leaves them without backup meanwhile. If a voltage falls, the move is "
            "undone at once.",
            longest_s=LONGEST_PROBE_S,
        )

    def run(self, job: CommissioningJob) -> None:
        coils = job.coils
        order = coils.candidates[::-1] if coils.sources() == Sources.MAINS else coils.candidates
        if not self._search(order, job):
            spare = coils.fitted[len(coils.candidates) :]
            question = spoken(
                "Neither of the first two relays shows an effect. May the others be moved too, one at a time?"
            )
            if spare and job.person.agrees(Topic.SPARE_RELAYS, question):
                self._search(spare, job)
        missing = [spoken(_NAMES[relay]) for relay in _NAMES if relay not in coils.contactors]
        if missing:
            raise CommissioningRefused(
                spoken(
                    "no relay was seen to be {missing}: check that the relay board has its supply, that its LEDs "
                    "follow, and that the wires are on the contacts; a welded contact moves nothing either, and R1 "
                    "shows nothing without mains",
                    missing=spoken(" nor ").join(missing),
                )
            )
        coils.make_safe()
        coils.await_sources(Sources.BOTH)

    def _search(self, order: tuple[int, ...], job: CommissioningJob) -> bool:
        """Move each unknown coil until R1 and R2 are known; return whether they are."""
        found = job.coils.contactors
        for again in range(ROUNDS):
            if again and Relay.R1 in found:
                _drain(job.coils)
            for coil in order:
                if all(known.coil != coil for known in found.values()):
                    self._try(coil, job)
                if len(found) == len(_NAMES):
                    return True
        return False

    def _try(self, coil: int, job: CommissioningJob) -> None:
        coils, line = job.coils, job.bench.lines[coil]
        fed_by = coils.sources()
        self._ask_for_a_blink(fed_by, job)
        job.person.tell(spoken("Now the relay at {line} is moved.", line=line))
        probe = coils.probe(coil)
        if probe.effect is Effect.NOTHING:
            coils.toggle(coil)
            job.person.tell(spoken("The relay at {line} moved nothing that can be seen yet.", line=line))
            return
        _judge_battery(probe, fed_by, job, coil)
        is_energised = job.bench.is_energised(coil) != probe.is_undone  # while its effect was there
        closes_energised = is_energised == (probe.effect in _CLOSED)
        relay = Relay.R1 if probe.effect in _OF_MAINS else Relay.R2
        if relay in coils.contactors:
            raise CommissioningRefused(
                spoken(
                    "the relays at {one} and at {other} both seem to be {name} ({before} -> {after}); if the mains "
                    "failed just now, or the loads take less than 50 mA, mend that and begin again; else check the "
                    "wiring",
                    one=job.bench.lines[coils.contactors[relay].coil],
                    other=line,
                    name=spoken(_NAMES[relay]),
                    before=described(probe.before),
                    after=described(probe.after),
                )
            )
        coils.identify(relay, Contactor(coil, closes_energised))
        if probe.effect not in _CLOSED:
            coils.close(relay)
            coils.recover(probe.before)
        is_no = closes_energised != job.known.is_polarity_reversed
        text = (
            mark("The relay at {line} is {name}, wired over NO: energised closes it.")
            if is_no
            else mark("The relay at {line} is {name}, wired over NC: released closes it.")
        )
        job.note(
            relay.name,
            spoken(text, line=line, name=spoken(_NAMES[relay])),
            spoken(_EFFECTS[probe.effect], before=described(probe.before), after=described(probe.after)),
        )

    def _ask_for_a_blink(self, fed_by: Sources, job: CommissioningJob) -> None:
        """With one source only, the relay that is tried may be the one that connects it."""
        only = {Sources.MAINS: Relay.R1, Sources.BATTERY: Relay.R2}.get(fed_by)
        if only is None or only in job.coils.contactors or self._may_blink:
            return
        question, refusal = _BLINKS[only]
        self._may_blink = job.person.agrees(Topic.BLINK, spoken(question))
        if not self._may_blink:
            raise CommissioningRefused(spoken(refusal))


def _judge_battery(probe: Probe, fed_by: Sources, job: CommissioningJob, coil: int) -> None:
    """Refuse to go on with a battery that could not carry the loads when the mains contact opened."""
    floor_v = job.limits.floor_v
    if probe.effect is not Effect.MAINS_OPENED or fed_by != Sources.BOTH:
        return
    highest_v = max(pins.bus_v for pins in probe.after.values())
    if not probe.is_undone and highest_v >= floor_v:
        return
    if not probe.is_undone:
        job.coils.toggle(coil)
    raise CommissioningRefused(
        spoken(
            "when the mains contact opened, the voltages fell ({seen}) and it was closed again: the battery cannot "
            "carry the loads above {floor_v:g} V (interlocks.floor_v), or it is not connected; charge it, check its "
            "fuse and its wires",
            seen=described(probe.after),
            floor_v=floor_v,
        )
    )


def _drain(coils: Coils) -> None:
    """Let the loads run on the battery for a while, when it is there."""
    before = coils.look()
    if coils.sources() != Sources.BOTH:
        return
    try:
        with coils.opened(Relay.R1, coils.floors(before)):
            coils.hold(_DRAIN_S)
    except Sagged as sag:
        raise CommissioningRefused(
            spoken(
                "the battery could not carry the loads for {drain_s:g} s: {sag}; charge it first",
                drain_s=_DRAIN_S,
                sag=sag,
            )
        ) from sag
    coils.recover(before)
