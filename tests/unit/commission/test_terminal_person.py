"""The person at the terminal: words understood, drills watched while they think, q stops."""

import os
from collections.abc import Iterator
from io import StringIO
from typing import NamedTuple

import pytest
from rich.console import Console

from vigie.cli.terminal_person import Lines, TerminalPerson
from vigie.commission.person import Stopped, Topic


class Desk(NamedTuple):
    """A person, what is typed to them and what they see."""

    person: TerminalPerson
    keyboard: int
    screen: StringIO

    def type(self, text: str) -> None:
        os.write(self.keyboard, text.encode())


@pytest.fixture
def desk() -> Iterator[Desk]:
    reading, writing = os.pipe()
    screen = StringIO()
    yield Desk(
        TerminalPerson(Console(file=screen, width=200, markup=False, emoji=False), Lines(reading)), writing, screen
    )
    os.close(reading)
    os.close(writing)


@pytest.mark.parametrize(
    ("typed", "is_yes"), [("y\n", True), ("Yes\n", True), ("oui\n", True), ("n\n", False), ("x\nno\n", False)]
)
def test_yes_and_no_are_understood(desk: Desk, typed: str, is_yes: bool) -> None:
    desk.type(typed)
    assert desk.person.agrees(Topic.GO_ON, "Go on?") is is_yes


@pytest.mark.parametrize(
    ("typed", "value"), [("12.63\n", 12.63), ("12,63\n", 12.63), ("12.63 V\n", 12.63), ("?\n12\n", 12.0)]
)
def test_numbers_are_understood_with_point_comma_and_unit(desk: Desk, typed: str, value: float) -> None:
    desk.type(typed)
    assert desk.person.number(Topic.BATTERY_V, "Volts", "V", None) == value


def test_the_beginning_of_a_choice_is_enough(desk: Desk) -> None:
    desk.type("\nother\nind\n")
    options = {"loads": "dies", "independent": "lives"}
    assert desk.person.choose(Topic.CONTROLLER_SUPPLY, "What?", options) == "independent"
    assert "dies" in desk.screen.getvalue()


@pytest.mark.parametrize("typed", ["q\n", "Q\n", "stop\n"])
def test_q_stops(desk: Desk, typed: str) -> None:
    desk.type(typed)
    with pytest.raises(Stopped):
        desk.person.agrees(Topic.GO_ON, "Go on?")


def test_the_drill_is_watched_while_the_person_thinks(desk: Desk) -> None:
    watched = [0]

    def watch() -> None:
        watched[0] += 1
        if watched[0] == 2:
            desk.type("12.6\n")

    assert desk.person.number(Topic.BATTERY_V, "Volts", "V", watch) == 12.6
    assert watched[0] == 2


def test_what_the_watch_finds_ends_the_question(desk: Desk) -> None:
    def watch() -> None:
        raise Stopped("the battery fell")

    with pytest.raises(Stopped, match="battery fell"):
        desk.person.number(Topic.BATTERY_V, "Volts", "V", watch)


def test_an_input_that_ends_stops(desk: Desk) -> None:
    reading, writing = os.pipe()
    os.close(writing)
    with pytest.raises(Stopped, match="input has ended"):
        Lines(reading).next()
    os.close(reading)


def test_text_from_outside_is_no_markup(desk: Desk) -> None:
    desk.person.tell("[bold]GPIO19[/nothing]")
    assert "[bold]GPIO19[/nothing]" in desk.screen.getvalue()
