import pytest

from vigie.control.alarms.catalogue import Alarm, Severity
from vigie.control.alarms.engine import Change
from vigie.notify.policy import MessageKind, follow
from vigie.telemetry.outbox import AlarmEvent, TrackedAlarm


def event(change: str, after: str, raised_utc_ms: int = 1000, *, row: int = 1, severity: str = "warning") -> AlarmEvent:
    data = {"severity": severity, "raised_utc_ms": raised_utc_ms}
    return AlarmEvent(row, 5000, "battery_warm", "", after, change, "", "", data)


def told(*events: AlarmEvent) -> tuple[TrackedAlarm | None, list[MessageKind | None]]:
    known, kinds = None, []
    for one in events:
        known, kind = follow(known, one, 9000)
        kinds.append(kind)
    return known, kinds


RAISED = event("raised", "unacknowledged")


def test_raise_and_end_are_told_once_each() -> None:
    _, kinds = told(RAISED, RAISED, event("returned", "returned"), event("cleared", "normal"))
    assert kinds == [MessageKind.RAISED, None, MessageKind.OVER, None]


def test_acknowledging_and_shelving_tell_nothing() -> None:
    noted, shelved = event("acknowledged", "acknowledged"), event("shelved", "shelved")
    _, kinds = told(RAISED, noted, shelved, event("cleared", "normal"))
    assert kinds == [MessageKind.RAISED, None, None, MessageKind.OVER]


def test_end_of_an_alarm_nobody_was_told_of_is_not_told() -> None:
    assert told(event("returned", "returned"))[1] == [None]


def test_alarm_that_comes_off_its_shelf_unnoted_is_told_again() -> None:
    _, kinds = told(RAISED, event("shelved", "shelved"), event("shelf_ended", "unacknowledged"))
    assert kinds[-1] == MessageKind.RETRIGGERED


def test_alarm_that_ended_on_its_shelf_is_told_to_be_over() -> None:
    shelved = event("shelved", "shelved")
    assert told(RAISED, shelved, event("unshelved", "normal"))[1][-1] == MessageKind.OVER
    assert told(RAISED, shelved, event("unshelved", "acknowledged"))[1][-1] is None


def test_new_raise_begins_a_new_thread_and_a_return_of_the_alarm_does_not() -> None:
    known, _ = told(RAISED, event("returned", "returned"), event("retriggered", "unacknowledged", 2000))
    assert known is not None
    assert (known.first_utc_ms, known.raised_utc_ms) == (1000, 2000)
    known, _ = told(RAISED, event("cleared", "normal"), event("raised", "unacknowledged", 3000))
    assert known is not None
    assert known.first_utc_ms == 3000


def test_end_goes_to_those_who_heard_of_the_worst() -> None:
    known, _ = told(event("raised", "unacknowledged", severity="critical"), event("returned", "returned"))
    assert known is not None
    assert known.severity == Severity.CRITICAL


def test_event_after_the_live_report_tells_nothing_new() -> None:
    live = event("raised", "unacknowledged", row=0)
    assert told(live, RAISED)[1] == [MessageKind.RAISED, None]
    assert told(live, event("retriggered", "unacknowledged"))[1] == [MessageKind.RAISED, None]
    again = told(live, RAISED, event("returned", "returned"), event("retriggered", "unacknowledged", 2000))
    assert again[1][2:] == [MessageKind.OVER, MessageKind.RETRIGGERED]


@pytest.mark.parametrize("change", [change.name.lower() for change in Change if change != Change.NONE])
def test_every_change_is_understood(change: str) -> None:
    known, _ = told(RAISED)
    follow(known, event(change, "unacknowledged", 2000), 9000)


def test_severity_of_the_future_counts_as_a_warning() -> None:
    known, _ = told(event("raised", "unacknowledged", severity="apocalyptic"))
    assert known is not None
    assert known.severity == Severity.WARNING


def test_alarm_of_the_future_is_told_too() -> None:
    assert "from_the_future" not in {alarm.name.lower() for alarm in Alarm}
    _, kind = follow(None, event("raised", "unacknowledged")._replace(alarm="from_the_future"), 0)
    assert kind == MessageKind.RAISED
