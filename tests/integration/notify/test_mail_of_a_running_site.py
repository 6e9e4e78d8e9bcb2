"""The whole program with a real mail server beside it."""

import json
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.waiting import wait_for
from vigie.errors import JournalError
from vigie.telemetry.outbox import Outbox

from ..process.installations import TWIN, Site
from .mail_servers import Mailbox, serving

MAIL = """
[mail]
host = "127.0.0.1"
port = {smtp}
security = "none"
sender = "vigie@site.example"

[[mail.receivers]]
address = "ada@example.org"
severity = "info"
"""


@pytest.fixture
def make_site(tmp_path: Path) -> Iterator[Callable[[int], Site]]:
    made: list[Site] = []

    def make(smtp: int) -> Site:
        made.append(Site(tmp_path / "site", TWIN + MAIL, soc=0.8, speed=1, smtp=smtp))
        return made[-1]

    yield make
    for one in made:
        one.end()


def raised(site: Site, alarm: str) -> bool:
    outbox = Outbox(site.data / "journal.sqlite")
    try:
        return outbox.last_event(alarm) is not None
    except JournalError:
        return False
    finally:
        outbox.close()


def test_alarm_of_the_real_controller_is_handed_over(make_site: Callable[[int], Site], box: Mailbox, port: int) -> None:
    with serving(box, port):
        site = make_site(port).started()
        site.controller().send_signal(signal.SIGKILL)
        wait_for(lambda: raised(site, "watchdog_restart"), what="an alarm in the journal", log=lambda: site.log)
        wait_for(lambda: any("restarted by itself" in subject for subject in box.subjects()), what="a mail")
        told = site.cli("mail", "show", "--json")
        assert told.returncode == 0, told.stderr
        answer = json.loads(told.stdout)
        assert [message["state"] for message in answer["messages"]] == ["sent"] * len(answer["messages"])
        assert answer["is_configured"]


def test_messages_survive_a_killed_web_process_while_the_mail_server_is_down(
    make_site: Callable[[int], Site], box: Mailbox, port: int
) -> None:
    site = make_site(port).started()
    site.controller().send_signal(signal.SIGKILL)
    wait_for(lambda: (state := site.state()) and (state["mail"] or {}).get("waiting"), what="a message that waits")
    site.web().send_signal(signal.SIGKILL)
    with serving(box, port):
        wait_for(lambda: any("restarted by itself" in subject for subject in box.subjects()), what="the mail")
        wait_for(
            lambda: (state := site.state()) and not (state["mail"] or {"waiting": 1})["waiting"], what="no message left"
        )
        assert len({message["Message-ID"] for message in box.messages}) == len(box.messages)


def test_test_message_from_the_command_line_says_how_it_went(
    make_site: Callable[[int], Site], box: Mailbox, port: int
) -> None:
    site = make_site(port).started()
    refused = site.cli("mail", "test")
    assert refused.returncode == 7
    assert f"mail server 127.0.0.1:{port}" in refused.stderr
    with serving(box, port):
        taken = site.cli("mail", "test", "--to", "ada@example.org")
        assert taken.returncode == 0, taken.stderr
        assert taken.stdout.strip() == "ada@example.org: handed over"
        assert box.subjects() == ["[Tests [/bold]] test message"]
    unknown = site.cli("mail", "test", "--to", "nobody@example.org")
    assert unknown.returncode == 7
    assert "ada@example.org" in unknown.stderr
