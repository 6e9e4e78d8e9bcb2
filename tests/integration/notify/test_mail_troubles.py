"""What goes wrong on the way: servers that are away, silent, distrusted, refusing; disks; a killed sender."""

import http.server
import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ClassVar

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.ports import free_port
from tests.small_disk import small_disk
from vigie.notify.dispatch import Dispatcher
from vigie.notify.settings import MailSettings, MessageChannel, Receiver, Security, Weekday
from vigie.telemetry.outbox import Outbox

from .conftest import Alarms
from .mail_servers import Certificates, Clocks, Mailbox, make_journal, password_checker, serving, silent_server

Dispatch = Callable[..., Dispatcher]


def told(dispatcher: Dispatcher) -> dict[str, object]:
    state = dispatcher.state()
    assert state is not None
    return state


@pytest.fixture
def certificates(tmp_path: Path) -> Certificates:
    return Certificates(tmp_path)


def test_starttls_with_login_and_own_authority(
    alarms: Alarms, dispatch: Dispatch, box: Mailbox, port: int, certificates: Certificates, tmp_path: Path
) -> None:
    file = tmp_path / "password"
    file.write_text("s3cret\n")
    checker = password_checker(b"mill", b"s3cret")
    dispatcher = dispatch(
        security=Security.STARTTLS, ca_file=str(certificates.ca_file), user="mill", password_file=str(file)
    )
    alarms.raise_()
    with serving(
        box, port, tls_context=certificates.server, require_starttls=True, authenticator=checker, auth_required=True
    ):
        dispatcher.tick()
    assert len(box.messages) == 1
    assert told(dispatcher)["last_error"] == ""


def test_tls_from_the_first_byte_with_own_authority(
    alarms: Alarms, dispatch: Dispatch, box: Mailbox, port: int, certificates: Certificates
) -> None:
    dispatcher = dispatch(security=Security.TLS, ca_file=str(certificates.ca_file))
    alarms.raise_()
    with serving(box, port, wrapped=certificates.server):
        dispatcher.tick()
    assert len(box.messages) == 1


@pytest.mark.parametrize("security", [Security.TLS, Security.STARTTLS])
def test_untrusted_certificate_is_refused_and_told(
    alarms: Alarms, dispatch: Dispatch, box: Mailbox, port: int, certificates: Certificates, security: Security
) -> None:
    dispatcher = dispatch(security=security)
    alarms.raise_()
    options = {"wrapped": certificates.server} if security == Security.TLS else {"tls_context": certificates.server}
    with serving(box, port, **options):
        dispatcher.tick()
    assert box.messages == []
    assert "mail.ca_file" in str(told(dispatcher)["last_error"])
    assert dispatcher.is_in_trouble()
    assert told(dispatcher)["waiting"] == 1


def test_server_without_encryption_gets_nothing_when_it_is_demanded(
    alarms: Alarms, dispatch: Dispatch, box: Mailbox, port: int
) -> None:
    dispatcher = dispatch(security=Security.STARTTLS)
    alarms.raise_()
    with serving(box, port):
        dispatcher.tick()
    assert box.messages == []
    assert "mail.security" in str(told(dispatcher)["last_error"])


def test_wrong_password_is_told_and_the_right_one_cures_it(
    alarms: Alarms, dispatch: Dispatch, box: Mailbox, port: int, clocks: Clocks, tmp_path: Path
) -> None:
    file = tmp_path / "password"
    file.write_text("wrong\n")
    dispatcher = dispatch(user="mill", password_file=str(file))
    alarms.raise_()
    checker = password_checker(b"mill", b"right")
    with serving(box, port, authenticator=checker, auth_require_tls=False):
        dispatcher.tick()
        assert "mail.password_file" in str(told(dispatcher)["last_error"])
        assert "535" in str(told(dispatcher)["last_error"])
        assert dispatcher.is_in_trouble()
        file.write_text("right\n")
        clocks.pass_s(100)
        dispatcher.tick()
    assert len(box.messages) == 1
    assert not dispatcher.is_in_trouble()


@pytest.mark.parametrize(
    "written",
    ["ab\u00a0cd\u202fef\n", "\ufeffabcdef\r\n", "abc\u200bdef\u00a0"],
    ids=["no-break spaces", "byte order mark", "zero width"],
)
def test_a_pasted_password_is_cleaned_of_what_nobody_sees(
    alarms: Alarms, dispatch: Dispatch, box: Mailbox, port: int, tmp_path: Path, written: str
) -> None:
    file = tmp_path / "password"
    file.write_text(written, encoding="utf-8", newline="")
    alarms.raise_()
    dispatcher = dispatch(user="mill", password_file=str(file))
    with serving(box, port, authenticator=password_checker(b"mill", b"abcdef"), auth_require_tls=False):
        dispatcher.tick()
    assert len(box.messages) == 1, told(dispatcher)


def test_password_or_host_that_cannot_be_sent_is_told(
    alarms: Alarms, dispatch: Dispatch, box: Mailbox, port: int, tmp_path: Path
) -> None:
    file = tmp_path / "password"
    file.write_text("pässword\n", encoding="utf-8")
    alarms.raise_()
    dispatcher = dispatch(user="mill", password_file=str(file))
    with serving(box, port, authenticator=password_checker(b"mill", b"right"), auth_require_tls=False):
        dispatcher.tick()
    assert "plain ASCII" in str(told(dispatcher)["last_error"])
    elsewhere = dispatch(host="mail..example.org")
    elsewhere.tick()
    assert "plain ASCII" in str(told(elsewhere)["last_error"])


def test_message_the_server_chokes_on_does_not_stop_the_others(
    alarms: Alarms, dispatch: Dispatch, box: Mailbox, port: int, clocks: Clocks
) -> None:
    class Choking(Mailbox):
        async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
            if b"undercharge" in (envelope.content or b"")[:2000]:  # type: ignore[operator]
                server.transport.abort()
                return "421 gone"
            return await super().handle_DATA(server, session, envelope)

    choking = Choking()
    dispatcher = dispatch(alive_weekday=Weekday.OFF)
    alarms.raise_("undercharge")
    alarms.raise_("r1_worn")
    with serving(choking, port):
        for _ in range(60):
            clocks.pass_s(60)
            dispatcher.tick()
    assert [str(message["References"]).split(".")[0][1:] for message in choking.messages] == ["r1_worn"]


def test_refused_sender_is_asked_less_and_less_often(
    alarms: Alarms, dispatch: Dispatch, port: int, clocks: Clocks
) -> None:
    class Strict(Mailbox):
        asked = 0

        async def handle_MAIL(self, *_: object) -> str:  # noqa: N802
            self.asked += 1
            return "553 who are you"

    strict = Strict()
    dispatcher = dispatch(alive_weekday=Weekday.OFF)
    alarms.raise_()
    with serving(strict, port):
        for _ in range(60):
            clocks.pass_s(60)
            dispatcher.tick()
    assert 4 <= strict.asked <= 8
    assert "mail.sender vigie@site.example" in str(told(dispatcher)["last_error"])
    assert dispatcher.is_in_trouble()
    assert told(dispatcher)["waiting"] == 1


def test_missing_password_file_is_told(alarms: Alarms, dispatch: Dispatch, box: Mailbox, port: int) -> None:
    dispatcher = dispatch(user="mill", password_file="/nowhere/password")
    alarms.raise_()
    with serving(box, port):
        dispatcher.tick()
    assert "/nowhere/password cannot be read" in str(told(dispatcher)["last_error"])


def test_one_refused_receiver_does_not_stop_the_others(
    alarms: Alarms, dispatch: Dispatch, box: Mailbox, port: int, clocks: Clocks
) -> None:
    receivers = tuple(Receiver(f"{name}@example.org") for name in ("ada", "gone", "bob"))
    dispatcher = dispatch(receivers=receivers)
    box.answer_to = lambda address: "550 no such mailbox" if address.startswith("gone") else "250 OK"
    alarms.raise_()
    with serving(box, port):
        dispatcher.tick()
        assert sorted(box.to) == ["ada@example.org", "bob@example.org"]
        (refused,) = [letter for letter in dispatcher.letters() if letter["state"] == "refused"]
        assert refused["receiver"] == "gone@example.org"
        assert "550 no such mailbox" in refused["last_error"]
        assert dispatcher.is_in_trouble()
        assert told(dispatcher)["refused"] == 1
        clocks.pass_s(7200)
        dispatcher.tick()
        assert len(box.messages) == 2, "a refused message is not tried again"
        box.answer_to = lambda _: "250 OK"
        alarms.end()
        dispatcher.tick()
    assert not dispatcher.is_in_trouble(), "his next message was taken"


def test_message_put_off_by_the_server_is_tried_again_later(
    alarms: Alarms, dispatch: Dispatch, box: Mailbox, port: int, clocks: Clocks
) -> None:
    dispatcher = dispatch()
    box.answer_data = lambda _: "451 later"
    alarms.raise_()
    with serving(box, port):
        dispatcher.tick()
        (letter,) = dispatcher.letters()
        assert (letter["state"], letter["tries"], letter["last_error"]) == ("waiting", 1, "451 later")
        box.answer_data = lambda _: "250 taken"
        clocks.pass_s(30)
        dispatcher.tick()
        assert box.messages == []
        clocks.pass_s(60)
        dispatcher.tick()
    assert len(box.messages) == 1
    assert told(dispatcher)["waiting"] == 0


def test_server_that_never_answers_holds_nobody_up_longer_than_the_timeout(alarms: Alarms, dispatch: Dispatch) -> None:
    alarms.raise_()
    with silent_server() as port:
        dispatcher = dispatch(port=port, timeout_s=1.0)
        dispatcher.tick()
        assert "no answer within 1 s" in str(told(dispatcher)["last_error"])
        dispatcher.tick()
        (letter,) = dispatcher.letters()
        assert letter["tries"] == 1, "it is not asked again at once"


def test_server_down_for_an_hour_loses_no_message_and_keeps_their_order(
    alarms: Alarms, dispatch: Dispatch, box: Mailbox, port: int, clocks: Clocks
) -> None:
    dispatcher = dispatch(alive_weekday=Weekday.OFF)
    names = ["undercharge", "r1_worn", "battery_warm", "meter_reset"]
    for minute in range(62):
        if minute % 20 == 0:
            alarms.raise_(names[minute // 20])
        clocks.pass_s(60)
        dispatcher.tick()
    assert told(dispatcher)["waiting"] == 4
    assert dispatcher.is_in_trouble(), "after an hour a person should look"
    with serving(box, port):
        for _ in range(80):
            clocks.pass_s(60)
            dispatcher.tick()
    assert [str(message["References"]).split(".")[0][1:] for message in box.messages] == names
    assert "alarm of 12:00, sent 13:" in box.subjects()[0] or "sent 14:" in box.subjects()[0]
    assert not dispatcher.is_in_trouble()


def test_restart_while_the_server_is_down_loses_no_message(
    alarms: Alarms, dispatch: Dispatch, box: Mailbox, port: int, clocks: Clocks
) -> None:
    alarms.raise_("r1_worn")
    dispatch().tick()
    alarms.raise_("r2_worn")
    clocks.pass_s(3600)
    with serving(box, port):
        dispatch().tick()
        dispatch().tick()
    assert len(box.messages) == 2


def test_message_is_given_up_after_two_days_of_trying(alarms: Alarms, dispatch: Dispatch, clocks: Clocks) -> None:
    dispatcher = dispatch(alive_weekday=Weekday.OFF, reminder_h=0)
    alarms.raise_()
    tries = 0
    for _ in range(47 * 12):
        clocks.pass_s(300)
        dispatcher.tick()
    (letter,) = dispatcher.letters()
    tries = letter["tries"]
    assert letter["state"] == "waiting"
    assert 40 < tries < 80
    for _ in range(36):
        clocks.pass_s(300)
        dispatcher.tick()
    (letter,) = dispatcher.letters()
    assert letter["state"] == "expired"
    assert told(dispatcher)["refused"] == 1
    assert dispatcher.is_in_trouble()


def test_clock_that_jumps_gives_up_no_message_and_delays_none(
    alarms: Alarms, dispatch: Dispatch, box: Mailbox, port: int, clocks: Clocks
) -> None:
    dispatcher = dispatch(alive_weekday=Weekday.OFF)
    alarms.raise_()
    dispatcher.tick()
    clocks.utc += 10 * 365 * 86400
    clocks.pass_s(120)
    dispatcher.tick()
    clocks.utc -= 20 * 365 * 86400
    with serving(box, port):
        clocks.pass_s(300)
        dispatcher.tick()
    assert len(box.messages) == 1


def test_killed_between_hand_over_and_commit_sends_the_same_message_at_most_twice(
    path: Path, alarms: Alarms, box: Mailbox, port: int, tmp_path: Path
) -> None:
    for name in ("undercharge", "r1_worn", "r2_worn"):
        alarms.raise_(name)
    program = tmp_path / "sender.py"
    program.write_text(
        "import sys\n"
        "from pathlib import Path\n"
        "from vigie.notify.dispatch import Dispatcher\n"
        "from vigie.notify.settings import MailSettings, Receiver, Security\n"
        "from vigie.telemetry.outbox import Outbox\n"
        "settings = MailSettings(host='127.0.0.1', port=int(sys.argv[2]), security=Security.NONE,\n"
        "    sender='vigie@site.example', receivers=(Receiver('ada@example.org'),))\n"
        "Dispatcher(Outbox(Path(sys.argv[1])), settings, 'the mill').tick()\n"
    )
    command = [sys.executable, str(program), str(path), str(port)]
    sender: list[subprocess.Popen[bytes]] = []

    class Killer(Mailbox):
        async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
            answer = await super().handle_DATA(server, session, envelope)
            if len(self.messages) == 2 and sender[0].poll() is None:
                os.kill(sender[0].pid, signal.SIGKILL)  # the server has taken it, the sender will never know
            return answer

    killer = Killer()
    with serving(killer, port):
        sender.append(subprocess.Popen(command))
        assert sender[0].wait(20) == -signal.SIGKILL
        assert len(killer.messages) == 2
        assert subprocess.run(command, timeout=20, check=False).returncode == 0
    identities = [message["Message-ID"] for message in killer.messages]
    assert len(identities) == 4
    assert len(set(identities)) == 3
    assert identities[1] == identities[2]


def test_journal_that_is_not_there_yet_is_waited_for(
    tmp_path: Path, settings: MailSettings, clocks: Clocks, box: Mailbox, port: int
) -> None:
    path = tmp_path / "later" / "journal.sqlite"
    dispatcher = Dispatcher(Outbox(path), settings, "the mill", clocks.monotonic_s, clocks.utc_s)
    dispatcher.tick()
    assert "has not run yet" in str(told(dispatcher)["last_error"])
    assert not path.exists()
    path.parent.mkdir()
    make_journal(path)
    alarms = Alarms(path, clocks)
    alarms.raise_()
    with serving(box, port):
        dispatcher.tick()
    assert len(box.messages) == 1
    alarms.close()
    dispatcher.close()


def test_journal_moved_aside_while_messages_wait_loses_none(
    path: Path, alarms: Alarms, dispatch: Dispatch, box: Mailbox, port: int, clocks: Clocks
) -> None:
    dispatcher = dispatch()
    alarms.raise_("r1_worn")
    dispatcher.tick()
    assert told(dispatcher)["waiting"] == 1
    alarms.close()
    for suffix in ("", "-wal", "-shm"):
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.rename(path.with_name(f"{path.name}.corrupt{suffix}"))
    dispatcher.tick()
    make_journal(path)
    fresh = Alarms(path, clocks)
    fresh.raise_("r2_worn")
    clocks.pass_s(120)
    with serving(box, port):
        dispatcher.tick()
        clocks.pass_s(3600)
        dispatcher.tick()
    fresh.close()
    assert [str(message["References"]).split(".")[0][1:] for message in box.messages] == ["r1_worn", "r2_worn"]
    assert [letter["state"] for letter in dispatcher.letters()] == ["sent", "sent"]


def test_disk_that_takes_nothing_keeps_no_message_back(
    path: Path, alarms: Alarms, dispatch: Dispatch, box: Mailbox, port: int, clocks: Clocks
) -> None:
    dispatcher = dispatch()
    dispatcher.tick()
    alarms.raise_()
    blocker = sqlite3.connect(path, isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")  # like a full or read-only disk, it can be read and not written
    with serving(box, port):
        dispatcher.tick()
        assert len(box.messages) == 1
        assert "in memory only" in str(told(dispatcher)["last_error"])
        dispatcher.tick()
        assert len(box.messages) == 1
        blocker.execute("ROLLBACK")
        blocker.close()
        dispatcher.tick()
        dispatch().tick()
    assert len(box.messages) == 1, "and it is not told again after the disk came back, or after a restart"
    assert told(dispatcher)["last_error"] == ""


def test_outcomes_the_disk_does_not_take_are_not_forgotten(
    path: Path, alarms: Alarms, dispatch: Dispatch, box: Mailbox, port: int, clocks: Clocks
) -> None:
    dispatcher = dispatch(alive_weekday=Weekday.OFF)
    for name in ("undercharge", "r1_worn", "r2_worn", "battery_warm", "sensor_lost", "meter_reset"):
        alarms.raise_(name)
    dispatcher.tick()
    blocker = sqlite3.connect(path, isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    clocks.pass_s(120)
    with serving(box, port):
        for _ in range(3):
            dispatcher.tick()
            clocks.pass_s(3)
        assert box.subjects() == ["[the mill] 6 messages in one: Warning: Battery not charged for long"]
        assert told(dispatcher)["waiting"] == 0
        blocker.execute("ROLLBACK")
        blocker.close()
        dispatcher.tick()
        dispatch().tick()
    assert len(box.messages) == 1
    assert {letter["state"] for letter in dispatcher.letters()} == {"sent", "folded"}


def test_alarm_the_journal_cannot_tell_of_comes_from_the_live_report(
    dispatch: Dispatch, box: Mailbox, port: int, clocks: Clocks, alarms: Alarms
) -> None:
    dispatcher = dispatch()
    raised_ms = int(clocks.utc_s() * 1000)
    report = {
        "alarm": "disk_nearly_full", "severity": "warning", "standing": "unacknowledged", "is_present": True,
        "raised_utc_ms": raised_ms, "value": 0.97, "limit": 0.9, "unit": "", "detail": [], "protection": "none",
        "times": 1,
    }  # fmt: skip
    with serving(box, port):
        for _ in range(15):
            dispatcher.notice([report])
            dispatcher.tick()
            clocks.pass_s(1)
        assert box.subjects() == ["[the mill] Warning: Disk nearly full"]
        alarms.raise_("disk_nearly_full", raised_utc_ms=raised_ms)
        dispatcher.tick()
        assert len(box.messages) == 1, "the journal's event, late, tells nothing new"
        alarms.end("disk_nearly_full", raised_utc_ms=raised_ms)
        dispatcher.notice([])
        dispatcher.tick()
    assert len(box.messages) == 2


def test_two_programs_on_one_journal_send_each_message_once(
    alarms: Alarms, dispatch: Dispatch, box: Mailbox, port: int, clocks: Clocks
) -> None:
    one, other = dispatch(), dispatch()
    with serving(box, port):
        for number in range(3):
            one.tick()
            other.tick()
            alarms.raise_("sensor_lost", times=number)
            clocks.pass_s(700)
        one.tick()
        other.tick()
    assert len(box.messages) == 3


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk", "512k") as folder:
        yield folder


@pytest.mark.parametrize("trouble", ["full", "read-only"])
def test_full_or_read_only_disk_keeps_no_message_back(
    full_disk: Path, settings: MailSettings, clocks: Clocks, box: Mailbox, port: int, trouble: str
) -> None:
    path = full_disk / "journal.sqlite"
    make_journal(path)
    alarms = Alarms(path, clocks)
    outbox = Outbox(path)
    dispatcher = Dispatcher(outbox, settings, "the mill", clocks.monotonic_s, clocks.utc_s)
    alarms.raise_("undercharge")
    dispatcher.tick()
    alarms.raise_("r1_worn")
    if trouble == "full":
        subprocess.run(["dd", "if=/dev/zero", f"of={full_disk / 'filler'}"], capture_output=True, check=False)
    else:
        dispatcher.tick()
        alarms.close()
        outbox.close()  # or the kernel would not let it become read-only
        subprocess.run(["mount", "-o", "remount,ro", str(full_disk)], check=True)
    live = {
        "alarm": "disk_nearly_full", "severity": "warning", "standing": "unacknowledged", "is_present": True,
        "raised_utc_ms": 1, "value": 1.0, "limit": 0.9, "unit": "", "detail": [], "protection": "none", "times": 1,
    }  # fmt: skip
    with serving(box, port):
        for _ in range(25):
            clocks.pass_s(10)
            dispatcher.notice([live])
            dispatcher.tick()
        names = [str(message["References"]).split(".")[0][1:] for message in box.messages]
        assert sorted(names) == ["disk_nearly_full", "r1_worn", "undercharge"]
        assert told(dispatcher)["last_error"] != ""
        if trouble == "full":
            (full_disk / "filler").unlink()
        else:
            subprocess.run(["mount", "-o", "remount,rw", str(full_disk)], check=True)
        for _ in range(3):
            clocks.pass_s(10)
            dispatcher.notice([live])
            dispatcher.tick()
        again = Dispatcher(Outbox(path), settings, "the mill", clocks.monotonic_s, clocks.utc_s)
        again.tick()
    assert len(box.messages) == 3
    assert told(dispatcher)["last_error"] == ""
    alarms.close()
    dispatcher.close()
    again.close()


class Hook(http.server.BaseHTTPRequestHandler):
    """Takes what Apprise's json:// service posts."""

    taken: ClassVar[list[dict[str, object]]] = []

    def do_POST(self) -> None:
        self.taken.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.mark.filterwarnings("ignore:'imghdr'")
def test_apprise_receiver_is_served_beside_mail(
    alarms: Alarms, dispatch: Dispatch, clocks: Clocks, tmp_path: Path
) -> None:
    url_file = tmp_path / "phone.url"
    port = free_port()
    url_file.write_text(f"json://127.0.0.1:{port}/\n")
    phone = Receiver("phone", channel=MessageChannel.APPRISE, url_file=str(url_file))
    dispatcher = dispatch(host="", receivers=(phone,), timeout_s=60.0)
    alarms.raise_()
    dispatcher.tick()
    assert told(dispatcher)["waiting"] == 1
    Hook.taken.clear()
    with http.server.ThreadingHTTPServer(("127.0.0.1", port), Hook) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        clocks.pass_s(120)
        dispatcher.tick()
        server.shutdown()
    assert told(dispatcher)["waiting"] == 0
    (message,) = Hook.taken
    assert message["title"] == "[the mill] Warning: Battery warm"
    assert "41.5 °C" in str(message["message"])
