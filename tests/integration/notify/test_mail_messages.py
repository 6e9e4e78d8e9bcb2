"""From an alarm in the journal to a message a real mail server took."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.waiting import wait_for
from vigie.control.alarms.catalogue import Severity
from vigie.notify.dispatch import Dispatcher
from vigie.notify.settings import MailSettings, Receiver
from vigie.telemetry.outbox import Outbox
from vigie.wording.alarms import advice, title
from vigie.wording.words import languages, translator

from .conftest import Alarms
from .mail_servers import Clocks, Mailbox

pytestmark = pytest.mark.usefixtures("server")
Dispatch = Callable[..., Dispatcher]


def test_mail_says_what_since_when_value_limit_what_was_done_and_what_to_do(
    alarms: Alarms, dispatch: Dispatch, box: Mailbox
) -> None:
    alarms.raise_("battery_too_hot", severity="critical", value=51.25, limit=50.0, protection="r2_opened")
    dispatch().tick()
    (message,) = box.messages
    assert message["Subject"] == "[the mill] Critical: Battery too hot"
    assert message["From"] == "vigie@site.example"
    assert box.to == ["ada@example.org"]
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Message-ID"].endswith("@site.example>")
    assert message["References"].startswith("<battery_too_hot.")
    text = message.get_body(("plain",))
    assert text is not None
    told = text.get_content()
    for part in (
        "51.2 °C",
        "Limit: 50.0 °C",
        "Since: 2026-11-23",
        "Severity: Critical",
        "R2 is open",
        advice("battery_too_hot", str),
        "http://pi.local/flask/alarms",
    ):
        assert part in told
    html = message.get_body(("html",))
    assert html is not None
    assert "<h1" in html.get_content()


def test_alarm_is_handed_over_by_itself(path: Path, alarms: Alarms, settings: MailSettings, box: Mailbox) -> None:
    dispatcher = Dispatcher(Outbox(path), settings, "the mill")
    dispatcher.start()
    try:
        alarms.raise_()
        wait_for(lambda: box.messages, what="the message")
    finally:
        dispatcher.close()


def test_end_escalation_and_return_are_told_in_the_same_thread(
    alarms: Alarms, dispatch: Dispatch, box: Mailbox, clocks: Clocks
) -> None:
    dispatcher = dispatch()
    alarms.raise_()
    dispatcher.tick()
    clocks.pass_s(60)
    alarms.change("battery_warm", "acknowledged", "unacknowledged", "acknowledged")
    clocks.pass_s(60)
    alarms.change("battery_warm", "escalated", "acknowledged", "unacknowledged", value=47.0)
    clocks.pass_s(60)
    alarms.end()
    clocks.pass_s(60)
    alarms.change("battery_warm", "retriggered", "returned", "unacknowledged")
    dispatcher.tick()
    assert [subject.removeprefix("[the mill] ") for subject in box.subjects()] == [
        "Warning: Battery warm",
        "Warning: worse: Battery warm",
        "over: Battery warm",
        "Warning: again: Battery warm",
    ]
    assert len({message["References"] for message in box.messages}) == 1
    assert len({message["Message-ID"] for message in box.messages}) == 4


@pytest.mark.parametrize("language", [code for code in languages() if code != "en"])
def test_receivers_hear_from_their_severity_in_their_language(
    language: str, alarms: Alarms, dispatch: Dispatch, box: Mailbox
) -> None:
    dispatcher = dispatch(
        receivers=(
            Receiver("all@example.org", severity=Severity.INFO),
            Receiver("chef@example.org", language=language, severity=Severity.CRITICAL),
        )
    )
    alarms.raise_("meter_reset", severity="info")
    alarms.raise_("loads_dark", severity="critical")
    dispatcher.tick()
    assert sorted(box.to) == ["all@example.org", "all@example.org", "chef@example.org"]
    own = box.messages[box.to.index("chef@example.org")]
    assert title("loads_dark", translator(language)) in own["Subject"] != title("loads_dark", str)
    body = own.get_body(("html",))
    assert body is not None
    assert f'<html lang="{language}">' in body.get_content()


def test_several_messages_share_one_connection(alarms: Alarms, dispatch: Dispatch, box: Mailbox) -> None:
    for name in ("battery_warm", "undercharge", "r1_worn"):
        alarms.raise_(name)
    dispatch().tick()
    assert len(box.messages) == 3
    assert len(box.sessions) == 1


def test_hostile_site_name_writes_no_header(
    path: Path, alarms: Alarms, settings: MailSettings, clocks: Clocks, box: Mailbox
) -> None:
    dispatcher = Dispatcher(Outbox(path), settings, "mill\nBcc: eve@x.org", clocks.monotonic_s, clocks.utc_s)
    alarms.raise_()
    dispatcher.tick()
    dispatcher.close()
    (message,) = box.messages
    assert message["Bcc"] is None
    assert message["Subject"].startswith("[mill Bcc: eve@x.org]")


def test_many_alarms_become_a_digest_that_leaves_none_out(
    alarms: Alarms, dispatch: Dispatch, box: Mailbox, clocks: Clocks
) -> None:
    dispatcher = dispatch()
    names = ["undercharge", "r1_worn", "r2_worn", "battery_warm", "sensor_lost", "meter_reset", "charger_absent"]
    for name in names:
        alarms.raise_(name)
        clocks.pass_s(1)
    dispatcher.tick()
    (message,) = box.messages
    assert message["Subject"] == "[the mill] 7 messages in one: Warning: Battery not charged for long"
    body = message.get_body(("plain",))
    assert body is not None
    told = body.get_content()
    places = [told.index(title(name, str)) for name in names]
    assert places == sorted(places)
    assert [letter["state"] for letter in dispatcher.letters()] == ["sent", *["folded"] * 7]


def test_a_storm_is_capped_and_summed_up_and_nothing_is_lost(
    alarms: Alarms, dispatch: Dispatch, box: Mailbox, clocks: Clocks
) -> None:
    dispatcher = dispatch(hourly_cap=10)
    times = []
    raised = 0
    while raised < 180:
        alarms.raise_("sensor_lost", detail="charge", times=raised)
        raised += 1
        clocks.pass_s(10)
        alarms.end("sensor_lost")
        clocks.pass_s(10)
        before = len(box.messages)
        dispatcher.tick()
        times += [clocks.monotonic_s()] * (len(box.messages) - before)
    for _ in range(80):
        clocks.pass_s(60)
        before = len(box.messages)
        dispatcher.tick()
        times += [clocks.monotonic_s()] * (len(box.messages) - before)
    busiest = max(sum(1 for at in times if start <= at < start + 3600) for start in times)
    assert busiest <= 10
    letters = dispatcher.letters(1000)
    assert {letter["state"] for letter in letters} == {"sent", "folded"}
    lines = 0
    for message in box.messages:
        body = message.get_body(("plain",))
        assert body is not None
        lines += body.get_content().count("sensor") if "in one" not in message["Subject"] else 0
    told = sum(int(s.split("] ")[1].split()[0]) if "in one" in s else 1 for s in box.subjects())
    assert told == 360


def test_critical_alarm_finds_room_while_small_ones_flood(
    alarms: Alarms, dispatch: Dispatch, box: Mailbox, clocks: Clocks
) -> None:
    dispatcher = dispatch(hourly_cap=5, digest_after=1)
    for number in range(30):
        alarms.raise_("sensor_lost", times=number)
        clocks.pass_s(60)
        dispatcher.tick()
    before = len(box.messages)
    alarms.raise_("loads_dark", severity="critical")
    dispatcher.tick()
    assert len(box.messages) == before + 1
    body = box.messages[-1].get_body(("plain",))
    assert body is not None
    assert "Loads without voltage" in body.get_content()


def test_reminder_comes_every_twelve_hours_until_somebody_takes_note(
    alarms: Alarms, dispatch: Dispatch, box: Mailbox, clocks: Clocks
) -> None:
    dispatcher = dispatch(alive_weekday=-1)
    alarms.raise_("battery_warm")
    alarms.raise_("undercharge")
    dispatcher.tick()
    for _ in range(5):
        clocks.pass_s(5 * 3600)
        dispatcher.tick()
    assert box.subjects()[2:] == ["[the mill] reminder: 2 alarms nobody has taken note of"]
    clocks.pass_s(5 * 3600)
    dispatcher.tick()
    assert len(box.messages) == 4
    before = len(box.messages)
    alarms.change("battery_warm", "acknowledged", "unacknowledged", "acknowledged")
    alarms.change("undercharge", "acknowledged", "unacknowledged", "acknowledged")
    clocks.pass_s(48 * 3600)
    dispatcher.tick()
    assert len(box.messages) == before


def test_reminder_of_one_alarm_names_it(alarms: Alarms, dispatch: Dispatch, box: Mailbox, clocks: Clocks) -> None:
    dispatcher = dispatch(alive_weekday=-1)
    alarms.change("battery_too_hot", "latched", "unacknowledged", "latched", raised_utc_ms=1)
    dispatcher.tick()
    alarms.raise_("battery_warm")
    dispatcher.tick()
    alarms.change("battery_too_hot", "acknowledged", "latched", "normal")
    clocks.pass_s(13 * 3600)
    dispatcher.tick()
    assert box.subjects()[-1] == "[the mill] reminder: Battery warm"


def test_a_clock_that_jumps_makes_no_burst_of_reminders(
    alarms: Alarms, dispatch: Dispatch, box: Mailbox, clocks: Clocks
) -> None:
    dispatcher = dispatch(alive_weekday=-1)
    alarms.raise_("battery_warm")
    dispatcher.tick()
    for jump_s in (400 * 86400, -800 * 86400, 400 * 86400):
        clocks.utc += jump_s
        clocks.pass_s(60)
        dispatcher.tick()
        dispatcher.tick()
    assert len(box.messages) == 1


def test_weekly_sign_of_life_comes_once_a_week_whatever_the_clock_does(
    dispatch: Dispatch, box: Mailbox, clocks: Clocks
) -> None:
    dispatcher = dispatch()
    dispatcher.tick()
    for _ in range(21 * 4):
        clocks.pass_s(6 * 3600)
        dispatcher.tick()
    assert box.subjects() == ["[the mill] I am alive"] * 3
    clocks.utc += 7 * 86400
    dispatcher.tick()
    clocks.utc -= 7 * 86400
    dispatcher.tick()
    clocks.pass_s(7 * 86400)
    dispatcher.tick()
    assert len(box.messages) == 4


def test_sign_of_life_survives_a_clock_that_was_years_ahead(dispatch: Dispatch, box: Mailbox, clocks: Clocks) -> None:
    dispatcher = dispatch()
    dispatcher.tick()
    clocks.utc += 900 * 86400
    dispatcher.tick()
    assert len(box.messages) == 1
    clocks.utc -= 900 * 86400
    for _ in range(15 * 4):
        clocks.pass_s(6 * 3600)
        dispatcher.tick()
    assert len(box.messages) == 3


def test_restart_sends_no_sign_of_life_twice(dispatch: Dispatch, box: Mailbox, clocks: Clocks) -> None:
    dispatch().tick()
    clocks.pass_s(7 * 86400)
    dispatch().tick()
    dispatch().tick()
    assert box.subjects() == ["[the mill] I am alive"]


def test_test_message_reaches_the_receiver_that_was_asked_for(dispatch: Dispatch, box: Mailbox) -> None:
    dispatcher = dispatch(receivers=(Receiver("ada@example.org"), Receiver("bob@example.org")))
    assert dispatcher.test("bob@example.org") == [("bob@example.org", True, "")]
    assert box.to == ["bob@example.org"]
    assert len(dispatcher.test()) == 2
    assert len(box.messages) == 3
