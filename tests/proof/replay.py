"""A story lived again by the real functions on plain numbers and a calendar that only goes on: no classes, no ages."""

from collections.abc import Iterable
from typing import NamedTuple

from tests.proof.explore import Period, Restart
from tests.proof.hostile_steadiness import Hold, answering
from tests.proof.properties import Memory, Property, judged, told
from tests.proof.readings import concrete
from tests.proof.states import SPARE, Control
from tests.unit.control.process_images import CLOSED
from vigie.control import supervisor
from vigie.control.commands import Mode
from vigie.control.interlocks import Latch
from vigie.control.signals import Contact, Contacts
from vigie.control.steadiness import MainsStanding, Steadiness
from vigie.control.supervisor import Decision


class Replayed(NamedTuple):
    """What the real functions did."""

    decisions: tuple[Decision, ...]
    broken: Property | None
    """By the last period."""


def replayed(control: Control, events: Iterable[Restart | Period]) -> Replayed:
    """Live a hostile story; every period has the readings that the story tells of."""
    now_s = 0.0
    state = adopted(Restart(Mode.OBSERVE, CLOSED, CLOSED, 0, False), now_s)
    memory = Memory(CLOSED, CLOSED, 0, False, False, (), False)
    decisions = []
    broken = None
    for event in events:
        if isinstance(event, Restart):
            state = adopted(event, now_s)
            memory = Memory(event.r1, event.r2, event.r1_age, event.is_latched, False, (), False)
            continue
        now_s += event.elapsed
        memory = memory._replace(r1_age=memory.r1_age + event.elapsed)
        for ordered in event.orders:
            state, _ = supervisor.obey(state, ordered.order, control.settings, now_s)
            memory = told(memory, (ordered.order,))
        image = concrete(*control.image.first(event.masks), now_s)
        remaining_s = 0.0 if event.masks[4] & 1 else 1.0
        with answering(remaining_s) as shown:
            state, decision = supervisor.step(state, image, control.settings)
        hold = Hold(remaining_s, shown[-1])
        memory, broken = judged(memory, image, decision, state.latch.is_set, hold, control.settings)
        decisions.append(decision._replace(hold_off_s=0.0))
    return Replayed(tuple(decisions), broken)


def adopted(restart: Restart, now_s: float) -> supervisor.State:
    """Return the real state after a start."""
    found = Contacts(Contact(restart.r1), Contact(restart.r2), SPARE[0].contact, SPARE[1].contact)
    latch, known = Latch(restart.is_latched, False, 0), Steadiness(MainsStanding.LOST, 0.0, 0.0)
    return supervisor.adopted(found, restart.mode, now_s, float(restart.r1_age), latch, known)
