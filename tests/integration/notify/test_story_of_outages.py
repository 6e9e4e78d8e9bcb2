"""Five short outages and one long one, told by the whole program to a real mail server, read as a person would."""

import re
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from tests.waiting import wait_for

from ..process.installations import TWIN, Site
from .mail_servers import Mailbox, serving

SPELLS = [[120.0 + 60.0 * number, 20.0] for number in range(5)] + [[500.0, 420.0]]
"""Start and length in seconds: twenty seconds once a minute, then seven minutes."""
STORY = (
    TWIN.replace('kind = "none"', f'kind = "listed"\nlisted = {SPELLS}')
    + """
[mail]
host = "127.0.0.1"
port = {smtp}
security = "none"
sender = "vigie@site.example"
digest_after = 50
hourly_cap = 500

[[mail.receivers]]
address = "ada@example.org"
severity = "warning"
"""
)


@pytest.fixture
def site(tmp_path: Path, port: int) -> Iterator[Site]:
    made = Site(tmp_path / "site", STORY, soc=0.9, speed=40, smtp=port)
    yield made
    made.end()


def about_mains(box: Mailbox) -> list[EmailMessage]:
    return [message for message in box.messages if "Mains lost" in message["Subject"]]


def since_chattering(box: Mailbox) -> list[EmailMessage]:
    """Return the messages about the mains from the one that says it comes and goes."""
    mails = about_mains(box)
    said = [number for number, mail in enumerate(mails) if "comes and goes" in str(mail["Subject"])]
    return mails[said[0] :] if said else []


def text_of(message: EmailMessage) -> str:
    body = message.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def test_five_short_outages_and_a_long_one_are_told_as_they_were(site: Site, box: Mailbox, port: int) -> None:
    with serving(box, port):
        site.started()
        wait_for(lambda: len(since_chattering(box)) > 2, what="the long one and its end", log=lambda: site.log)
        state = site.state()
    mails = about_mains(box)
    _, again, over = since_chattering(box)
    assert "again: Mains lost" in str(again["Subject"])
    assert "over: Mains lost" in str(over["Subject"])
    for mail in mails:
        assert re.search(r"\(\d+\.\d\d V, [+-]\d+\.\d\d A, \d+\.\d W, -?\d+\.\d\s+°C\)", str(mail["Subject"])), mail[
            "Subject"
        ]
        first_lines = text_of(mail).splitlines()[:8]
        assert any(line.startswith("Battery: ") for line in first_lines), first_lines
        assert any(line.startswith("Lowest battery voltage: ") for line in first_lines), first_lines
    assert "Over since" in text_of(over)
    assert state is not None
    mains = [one for one in state["snapshot"]["alarms"] if one["alarm"] == "mains_lost"]
    assert [one["is_present"] for one in mains] == [False], "the mains is back, and so says its alarm"
