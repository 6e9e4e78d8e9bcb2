"""The web process's own two alarms, in a real journal."""

import math
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from vigie.control.alarms.catalogue import Alarm
from vigie.control.alarms.rules import web_rules
from vigie.control.alarms.settings import AlarmSettings
from vigie.errors import CommandRefused
from vigie.notify.dispatch import Dispatcher
from vigie.notify.outpost import Outpost
from vigie.telemetry.outbox import Outbox
from vigie.telemetry.report import AlarmReport

from .mail_servers import Clocks, Mailbox, serving


class Watch:
    """What the web process knows of controller and mail."""

    def __init__(self) -> None:
        self.silence_s = 0.0
        self.is_mail_in_trouble = False


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def outpost(
    path: Path, clocks: Clocks, watch: Watch, dispatch: Callable[..., Dispatcher]
) -> Iterator[Callable[..., Outpost]]:
    made: list[Outpost] = []

    def make(dispatcher: Dispatcher | None = None) -> Outpost:
        made.append(
            Outpost(
                web_rules(AlarmSettings()),
                Outbox(path),
                (dispatcher or dispatch()).note,
                lambda: watch.silence_s,
                {
                    Alarm.MAIL_REFUSED: lambda: watch.is_mail_in_trouble,
                    Alarm.DELIVERY_FAILED: lambda: False,
                },
                clocks.monotonic_s,
                clocks.utc_s,
            )
        )
        return made[-1]

    yield make
    for one in made:
        one.close()


def test_silent_controller_is_told_by_mail_and_so_is_its_return(
    outpost: Callable[..., Outpost],
    dispatch: Callable[..., Dispatcher],
    watch: Watch,
    clocks: Clocks,
    box: Mailbox,
    port: int,
) -> None:
    dispatcher = dispatch()
    post = outpost(dispatcher)
    watch.silence_s = math.inf
    post.step()
    assert post.reports() == [], "a web process that has just started has not waited yet"
    clocks.pass_s(31)
    with serving(box, port):
        post.step()
        dispatcher.tick()
        assert box.subjects() == ["[the mill] Critical: Controller lost"]
        (report,) = post.reports()
        assert (report["alarm"], report["standing"], report["is_present"]) == (
            "controller_lost",
            "unacknowledged",
            True,
        )
        watch.silence_s = 0.5
        clocks.pass_s(1)
        post.step()
        dispatcher.tick()
        assert box.subjects()[1:] == ["[the mill] over: Controller lost"]
    assert post.reports()[0]["standing"] == "returned"
    assert post.acknowledge(None, "ada")
    assert post.reports() == []


def test_reports_are_what_the_link_carries(outpost: Callable[..., Outpost], watch: Watch, clocks: Clocks) -> None:
    post = outpost()
    clocks.pass_s(100)
    watch.silence_s, watch.is_mail_in_trouble = 60.0, True
    post.step()
    reports = TypeAdapter(list[AlarmReport]).validate_python(post.reports())
    assert [report["alarm"] for report in reports] == ["controller_lost", "mail_refused"]


def test_acknowledgement_survives_a_restart_of_the_web(
    outpost: Callable[..., Outpost], watch: Watch, clocks: Clocks
) -> None:
    post = outpost()
    watch.is_mail_in_trouble = True
    post.step()
    assert post.is_mine("mail_refused")
    assert post.acknowledge("mail_refused", "ada", "the provider is told")
    clocks.pass_s(3600)
    again = outpost()
    again.step()
    (report,) = again.reports()
    assert (report["standing"], report["by"], report["why"]) == ("acknowledged", "ada", "the provider is told")
    watch.is_mail_in_trouble = False
    again.step()
    assert again.reports() == []


def test_shelved_alarm_comes_back_when_its_time_is_over(
    outpost: Callable[..., Outpost], watch: Watch, clocks: Clocks
) -> None:
    post = outpost()
    watch.is_mail_in_trouble = True
    post.step()
    assert post.shelve("mail_refused", 600.0, "ada", "moving house")
    post.step()
    assert post.reports()[0]["standing"] == "shelved"
    clocks.pass_s(601)
    post.step()
    assert post.reports()[0]["standing"] == "unacknowledged"
    assert post.shelve("mail_refused", 600.0, "ada", "again")
    assert post.unshelve("mail_refused", "ada")


def test_alarm_of_the_controller_is_not_taken(outpost: Callable[..., Outpost]) -> None:
    with pytest.raises(CommandRefused, match="battery_warm"):
        outpost().acknowledge("battery_warm", "ada")


def test_outpost_works_without_a_journal(
    tmp_path: Path, watch: Watch, clocks: Clocks, box: Mailbox, port: int, settings: object
) -> None:
    nowhere = Outbox(tmp_path / "gone" / "journal.sqlite")
    dispatcher = Dispatcher(nowhere, settings, "the mill", clocks.monotonic_s, clocks.utc_s)  # type: ignore[arg-type]
    post = Outpost(
        web_rules(AlarmSettings()), nowhere, dispatcher.note, lambda: watch.silence_s, {},
        clocks.monotonic_s, clocks.utc_s,
    )  # fmt: skip
    clocks.pass_s(100)
    watch.silence_s = 60.0
    post.step()
    with serving(box, port):
        dispatcher.tick()
        dispatcher.tick()
    assert box.subjects() == ["[the mill] Critical: Controller lost"]
    dispatcher.close()


@pytest.mark.slow
def test_what_happens_while_the_journal_is_locked_is_told_at_once_and_written_afterwards(
    outpost: Callable[..., Outpost],
    dispatch: Callable[..., Dispatcher],
    watch: Watch,
    clocks: Clocks,
    box: Mailbox,
    port: int,
    path: Path,
) -> None:
    """A controller that is stopped in the middle of a transaction keeps its journal locked."""
    dispatcher = dispatch()
    post = outpost(dispatcher)
    post.step()
    dispatcher.tick()
    watch.silence_s = math.inf
    clocks.pass_s(31)
    with serving(box, port):
        with closing(sqlite3.connect(path, isolation_level=None)) as stopped:
            stopped.execute("BEGIN IMMEDIATE")
            post.step()
            dispatcher.tick()
            assert box.subjects() == ["[the mill] Critical: Controller lost"]
        clocks.pass_s(5)
        assert post.acknowledge("controller_lost", "ada")
        watch.silence_s = 0.0
        clocks.pass_s(5)
        post.step()
        for _ in range(3):
            clocks.pass_s(60)
            dispatcher.tick()
    told = Outbox(path)
    events, _ = told.new_events(0)
    told.close()
    assert [event.change for event in events] == ["raised", "acknowledged", "cleared"]
    assert box.subjects() == ["[the mill] Critical: Controller lost", "[the mill] over: Controller lost"]
