"""All alarms together: one step for the whole table, and which of them came first."""

from typing import NamedTuple

from vigie.control.alarms.catalogue import Severity, Standing
from vigie.control.alarms.engine import AlarmState, Change, normal, step
from vigie.control.alarms.rules import Rule


class Board(NamedTuple):
    """Every alarm's state, in the order of the rules."""

    states: tuple[AlarmState, ...]
    first_out: int
    """Index of the alarm that opened the present story, -1 when there is none; see :func:`first_out`."""


def quiet_board(rules: tuple[Rule, ...]) -> Board:
    """Return a board on which nothing was ever raised."""
    return Board(tuple(normal() for _ in rules), -1)


def step_board(
    board: Board, rules: tuple[Rule, ...], values: tuple[float, ...], now_s: float
) -> tuple[Board, tuple[tuple[int, Change], ...]]:
    """Take one period's values into every alarm.

    Args:
        board: from the period before.
        rules: of the alarms, in the board's order.
        values: of the alarms, in the board's order.
        now_s: monotonic plant time.

    Returns:
        The next board (the same object when nothing changed), and what happened, most urgent alarm first.
    """
    states: list[AlarmState] | None = None
    changes: list[tuple[int, Change]] = []
    nothing = Change.NONE
    for index, (state, rule, value) in enumerate(zip(board.states, rules, values, strict=True)):
        after, change = step(state, rule, value, now_s)
        if after is not state:
            if states is None:
                states = list(board.states)
            states[index] = after
        if change is not nothing:
            changes.append((index, change))
    if states is None:
        return board, ()
    after_all = tuple(states)
    opening = tuple(index for index, _ in changes if after_all[index].standing == Standing.UNACKNOWLEDGED)
    return Board(after_all, first_out(board.first_out, after_all, rules, opening)), tuple(changes)


def with_state(board: Board, rules: tuple[Rule, ...], index: int, state: AlarmState) -> Board:
    """Return the board after a person acknowledged, shelved or unshelved the alarm at ``index``."""
    states = (*board.states[:index], state, *board.states[index + 1 :])
    opening = (index,) if state.standing == Standing.UNACKNOWLEDGED else ()
    return Board(states, first_out(board.first_out, states, rules, opening))


def first_out(before: int, states: tuple[AlarmState, ...], rules: tuple[Rule, ...], opening: tuple[int, ...]) -> int:
    """Return the alarm that came first, -1 for none.

    It is the warning that began to wait for a person while no other did, and it keeps the title, even returned, until
    every warning is acknowledged, gone or shelved. Of several in one period the most severe came first. Information
    opens no story.

    Args:
        before: the answer of the period before.
        states: of this period.
        rules: of the alarms.
        opening: alarms that wait since this period, most urgent first.
    """
    waiting = (Standing.UNACKNOWLEDGED, Standing.RETURNED, Standing.LATCHED)
    if before >= 0:
        for state, rule in zip(states, rules, strict=True):
            if rule.severity > Severity.INFO and state.standing in waiting:
                return before
    best = -1
    for index in opening:
        severity = rules[index].severity
        if severity > Severity.INFO and (best < 0 or severity > rules[best].severity):
            best = index
    return best
