"""Between the link's words and the supervisor's: commands in, answers and what is told of them out."""

from typing import NamedTuple

from vigie.control import supervisor
from vigie.control.commands import Mode, Reason
from vigie.control.signals import Contact, Relay
from vigie.control.supervisor import Action, Decision, Order
from vigie.controller.inbox import Pending
from vigie.link.messages import Answer, Command
from vigie.telemetry.events import CommandAnswered


def order_of(command: Command) -> Order | Reason:
    """Return a command in the supervisor's terms, or UNKNOWN_COMMAND when it lacks what its action needs."""
    no_mode, no_relay, no_contact = Mode.OBSERVE, Relay.R1, Contact.CLOSED
    manual_s = float(command.manual_s or 0.0)
    if command.action == "set_mode" and command.mode is not None:
        return Order(Action.SET_MODE, Mode[command.mode.upper()], no_relay, no_contact, manual_s)
    if command.action == "set_contact" and command.relay is not None and command.contact is not None:
        return Order(Action.SET_CONTACT, no_mode, Relay[command.relay], Contact[command.contact.upper()], 0.0)
    return Reason.UNKNOWN_COMMAND


class Obeyed(NamedTuple):
    """A command after :func:`supervisor.obey`, waiting for the step that decides."""

    pending: Pending
    order: Order | None
    reason: Reason


def answer_of(obeyed: Obeyed, decision: Decision, mode: Mode, seq: int) -> Answer:
    """Return what became of a command, after the step of its period."""
    reason = obeyed.reason
    if reason == Reason.DONE and obeyed.order is not None:
        overruled = supervisor.overruled(obeyed.order, decision)
        reason = Reason.DONE if overruled == Reason.NONE else overruled
    return Answer(
        id=obeyed.pending.command.id,
        is_accepted=reason in {Reason.DONE, Reason.ACKNOWLEDGED},
        reason=reason.name.lower(),
        mode=mode.name.lower(),
        contacts={relay.name: decision.contacts[relay].name.lower() for relay in Relay},
        seq=seq,
    )


def answered(command: Command, answer: Answer) -> CommandAnswered:
    """Return what is told of a command and its answer."""
    named: tuple[tuple[str, float | str | None], ...] = (
        ("mode", command.mode),
        ("relay", command.relay),
        ("contact", command.contact),
        ("manual_s", command.manual_s),
        ("alarm", command.alarm),
        ("shelve_s", command.shelve_s),
    )
    asked = {name: value for name, value in named if value is not None}
    return CommandAnswered(
        command.action, command.id, answer.is_accepted, answer.reason, command.who, command.why, asked
    )
