import threading
import time

import pytest

from tests.unit.controller.scripted_plant import command_of
from vigie.clock import machine_utc_s
from vigie.control.commands import Reason
from vigie.controller.inbox import Inbox, lateness
from vigie.errors import LinkError
from vigie.link.messages import Answer, Command


def answer_to(command: Command) -> Answer:
    return Answer(id=command.id, is_accepted=True, reason="done", mode="observe", contacts={}, seq=7)


def submitted(inbox: Inbox, command: Command, answers: list[Answer]) -> threading.Thread:
    person = threading.Thread(target=lambda: answers.append(inbox.submit(command, 3.0)))
    person.start()
    return person


def taken(inbox: Inbox) -> list:
    deadline_s = time.monotonic() + 2
    while time.monotonic() < deadline_s:
        if waiting := inbox.take():
            return waiting
    raise AssertionError("nothing came in")


def test_command_waits_for_the_period_that_decides() -> None:
    inbox, answers = Inbox(), []
    command = command_of("acknowledge")
    person = submitted(inbox, command, answers)
    (pending,) = taken(inbox)
    assert not answers
    pending.answer(answer_to(command))
    person.join(2)
    assert answers == [answer_to(command)]
    assert inbox.take() == []


def test_repeated_id_gets_the_first_answer_and_is_not_carried_out_again() -> None:
    inbox, answers = Inbox(), []
    command = command_of("acknowledge")
    people = [submitted(inbox, command, answers) for _ in range(4)]
    (pending,) = taken(inbox)
    pending.answer(answer_to(command))
    for person in people:
        person.join(2)
    assert answers == [answer_to(command)] * 4
    assert inbox.submit(command, 0.1) == answer_to(command)
    assert inbox.take() == []


def test_loop_that_does_not_decide_in_time_is_an_error() -> None:
    with pytest.raises(LinkError, match=r"not decided command order-\d+ within 0\.02 s"):
        Inbox().submit(command_of("acknowledge"), 0.02)


def test_too_many_waiting_commands_are_refused() -> None:
    inbox = Inbox()
    for _ in range(Inbox.WAITING_AT_MOST):
        with pytest.raises(LinkError, match="not decided"):
            inbox.submit(command_of("acknowledge"), 0.0)
    with pytest.raises(LinkError, match="50 commands wait already"):
        inbox.submit(command_of("acknowledge"), 0.0)
    assert len(inbox.take()) == Inbox.WAITING_AT_MOST


def test_only_the_newest_ids_are_remembered() -> None:
    inbox = Inbox()
    first = command_of("acknowledge")
    for command in [first, *(command_of("acknowledge") for _ in range(Inbox.REMEMBERED))]:
        with pytest.raises(LinkError):
            inbox.submit(command, 0.0)
        for pending in inbox.take():
            pending.answer(answer_to(pending.command))
    assert len(inbox._known) == Inbox.REMEMBERED
    assert first.id not in inbox._known


def test_command_is_late_once_its_own_deadline_has_passed() -> None:
    now_ms = round(machine_utc_s() * 1_000)
    assert lateness(command_of("acknowledge", not_after_utc_ms=now_ms - 1)) == Reason.TOO_LATE
    assert lateness(command_of("acknowledge", not_after_utc_ms=now_ms + 5_000)) == Reason.NONE
