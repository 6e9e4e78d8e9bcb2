from tests.unit.control.alarms.panels import rule
from vigie.control.alarms.board import Board, quiet_board, step_board, with_state
from vigie.control.alarms.catalogue import Severity
from vigie.control.alarms.engine import Change, acknowledge, shelve

HOT = rule(severity=Severity.CRITICAL)
WARM = rule()
NEWS = rule(limit=1.0, hysteresis=0.0, severity=Severity.INFO)
RULES = (WARM, HOT, NEWS)


def values(warm: float = 20.0, hot: float = 20.0, news: float = 0.0) -> tuple[float, ...]:
    return warm, hot, news


def after(board: Board, now_s: float, **them: float) -> Board:
    return step_board(board, RULES, values(**them), now_s)[0]


def acknowledged(board: Board, index: int) -> Board:
    return with_state(board, RULES, index, acknowledge(board.states[index], RULES[index], 0.0)[0])


def test_a_quiet_board_stays_the_very_same_object() -> None:
    board = quiet_board(RULES)
    assert step_board(board, RULES, values(), 1.0) == (board, ())
    assert step_board(board, RULES, values(), 1.0)[0] is board


def test_each_rule_reads_its_own_value() -> None:
    board, changes = step_board(quiet_board(RULES), RULES, values(warm=41.0, news=1.0), 1.0)
    assert changes == ((0, Change.RAISED), (2, Change.RAISED))
    assert [state.is_present for state in board.states] == [True, False, True]


def test_the_first_alarm_of_a_story_is_kept_even_when_it_returns() -> None:
    board = after(quiet_board(RULES), 1.0, warm=41.0)
    board = after(board, 2.0, warm=41.0, hot=60.0)
    board = after(board, 3.0, warm=20.0, hot=60.0)
    assert board.first_out == 0


def test_of_several_at_once_the_most_severe_came_first() -> None:
    assert after(quiet_board(RULES), 1.0, warm=41.0, hot=60.0).first_out == 1


def test_the_story_ends_when_everything_is_acknowledged() -> None:
    board = after(quiet_board(RULES), 1.0, warm=41.0)
    board = after(board, 2.0, warm=41.0, hot=60.0)
    board = acknowledged(board, 0)
    assert board.first_out == 0
    board = acknowledged(board, 1)
    assert board.first_out == -1
    board = after(board, 3.0, warm=20.0, hot=20.0)
    assert after(board, 4.0, hot=60.0).first_out == 1


def test_a_shelved_alarm_holds_no_story_open() -> None:
    board = after(quiet_board(RULES), 1.0, warm=41.0)
    board = with_state(board, RULES, 0, shelve(board.states[0], 100.0, 1.0)[0])
    assert board.first_out == -1


def test_information_opens_no_story() -> None:
    board = after(quiet_board(RULES), 1.0, news=1.0)
    assert board.first_out == -1
    assert after(board, 2.0, warm=41.0, news=1.0).first_out == 0


def test_an_acknowledged_alarm_that_gets_worse_opens_a_story() -> None:
    board = acknowledged(after(quiet_board(RULES), 1.0, warm=41.0), 0)
    board = after(board, 2.0, warm=50.0)
    assert board.first_out == 0
    assert after(board, 3.0, warm=50.0, hot=60.0).first_out == 0
