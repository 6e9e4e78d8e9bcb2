"""A hot room from beginning to end with every real part: program, journal, API, mail server."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.integration.notify.mail_servers import Certificates, Mailbox, password_checker, serving
from tests.integration.process.installations import Site
from tests.ports import free_port
from tests.waiting import wait_for
from vigie.telemetry.records import EventKind

HOT = """
[plant]
kind = "twin"
scenario = "chatter"
speed = 300

[twin.installation.battery]
c20_ah = 1.2
start_soc = 0.2

[twin.installation.ambient]
course = [[0, 25], [300, 70], [9000, 70], [9300, -20]]

[twin.installation.outages]
kind = "none"

[mail]
host = "127.0.0.1"
port = {smtp}
security = "starttls"
user = "vigie"
password_file = "{secrets}/password"
ca_file = "{ca}"
sender = "vigie@example.org"
page_url = "http://pi.local/flask"

[[mail.receivers]]
address = "ada@example.org"
language = "en"
"""


@pytest.fixture
def mail_port() -> int:
    return free_port()


@pytest.fixture
def certificates(tmp_path: Path) -> Certificates:
    return Certificates(tmp_path)


@pytest.fixture
def site(tmp_path: Path, mail_port: int, certificates: Certificates) -> Iterator[Site]:
    (tmp_path / "password").write_text("geheim\n")
    (tmp_path / "password").chmod(0o600)
    hot = Site(tmp_path / "site", HOT, smtp=mail_port, secrets=tmp_path, ca=certificates.ca_file)
    yield hot
    hot.end()


def alarm(site: Site, name: str) -> dict[str, object] | None:
    return next((one for one in site.snapshot()["alarms"] if one["alarm"] == name), None)


def standing(site: Site, name: str) -> object:
    found = alarm(site, name)
    return None if found is None else found["standing"]


@pytest.mark.long
@pytest.mark.timeout(240)
def test_hot_room_is_told_mailed_and_stops_the_charge_until_it_is_cool_and_acknowledged(
    site: Site, mail_port: int, certificates: Certificates
) -> None:
    box = Mailbox()
    with ExitStack() as servers:
        site.started()
        # Nobody serves mail while the battery gets warm: the message has to wait for its server.
        wait_for(lambda: alarm(site, "battery_warm"), what="the warning", log=lambda: site.log)
        state = wait_for(lambda: (site.state() or {})["mail"] or None, what="the state of the mail")
        wait_for(lambda: (site.state() or {})["mail"]["last_error"], what="a server that does not answer")
        assert state["is_configured"]
        servers.enter_context(
            serving(
                box,
                mail_port,
                tls_context=certificates.server,
                require_starttls=True,
                auth_required=True,
                authenticator=password_checker(b"vigie", b"geheim"),
            )
        )
        wait_for(lambda: alarm(site, "battery_too_hot"), what="the limit", log=lambda: site.log)
        wait_for(lambda: site.relay("R2")["contact"] == "open", what="R2 open")
        assert site.relay("R2")["reason"] == "over_temperature"
        # An acknowledgement ends nothing while it is hot.
        assert site.order(action="acknowledge", alarm="battery_too_hot", why="seen")["is_accepted"]
        assert standing(site, "battery_too_hot") == "acknowledged"
        assert site.relay("R2")["contact"] == "open"
        wait_for(lambda: site.relay("R2")["contact"] == "closed", what="a battery cool enough", log=lambda: site.log)
        assert site.snapshot()["temperature_c"] < 45.5
        wait_for(lambda: alarm(site, "battery_warm") is None or standing(site, "battery_warm") == "returned")
        subjects = wait_for(
            lambda: box.subjects() if _has_all(box) else None, 100, "every message", lambda: "\n".join(box.subjects())
        )
        status, _ = site.stop()
    assert status == 0
    told = [subject.removeprefix("[Tests [/bold]] ") for subject in subjects]
    story = ["Warning: Battery warm", "Critical: Battery too hot", "over: Battery too hot", "over: Battery warm"]
    assert [step for subject in told for step in story if subject.startswith(step)] == story
    letter = next(message for message in box.messages if "too hot" in message["Subject"])
    text = letter.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "R2 is open" in text
    assert "50" in text
    _check_the_journal(site)


def _has_all(box: Mailbox) -> bool:
    return any("over: Battery warm" in subject for subject in box.subjects())


def _check_the_journal(site: Site) -> None:
    """The whole story stands there, in its order."""
    events = site.events(EventKind.ALARM, EventKind.SWITCHING)
    story = [(event.subject, event.reason or event.after) for event in events]
    r2 = [(event.after, event.reason) for event in events if event.kind == EventKind.SWITCHING]
    assert r2 == [("open", "over_temperature"), ("closed", r2[1][1])]
    expected = [
        ("battery_warm", "raised"),
        ("battery_too_hot", "raised"),
        ("battery_too_hot", "acknowledged"),
        ("battery_too_hot", "cleared"),
    ]
    places = [story.index(step) for step in expected]
    assert places == sorted(places)
    hot = next(event for event in events if event.subject == "battery_too_hot")
    assert hot.data["limit"] == 50.0
    assert hot.data["protection"] == "r2_opened"
    assert float(hot.data["value"]) >= 50.0
