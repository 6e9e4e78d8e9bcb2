import json
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.integration.web.snapshots import make_snapshot
from vigie.errors import LinkError
from vigie.link.hub import BadAnswer, ControllerAway, Hub, NoAnswer
from vigie.link.messages import Command

COMMAND = Command(id="command-1", action="acknowledge", not_after_utc_ms=1, who="Ada")
ANSWER = {
    "id": "command-1",
    "is_accepted": True,
    "reason": "acknowledged",
    "mode": "observe",
    "contacts": {"R1": "closed"},
    "seq": 3,
}


class Wire:
    """A controller at the other end of nothing: replies with what it was given."""

    def __init__(self, reply: object = None) -> None:
        self.reply = reply
        self.sent: list[dict[str, Any]] = []

    def call(self, command: dict[str, Any], timeout_s: float) -> object:
        self.sent.append(command)
        if isinstance(self.reply, Exception):
            raise self.reply
        return self.reply


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    now = {"monotonic_s": 1000.0, "utc_s": 1_790_000_000.0, "boot": 1.0}
    for module in ("hub", "snapshot_file"):
        monkeypatch.setattr(f"vigie.link.{module}.machine_monotonic_s", lambda: now["monotonic_s"])
    monkeypatch.setattr("vigie.link.snapshot_file.machine_utc_s", lambda: now["utc_s"])
    monkeypatch.setattr("vigie.link.snapshot_file._boot_id", lambda: f"boot-{now['boot']:.0f}")
    return now


def snapshot(**changes: Any) -> dict[str, Any]:
    return make_snapshot(**changes)


def test_nothing_is_known_before_the_first_snapshot() -> None:
    state = Hub("secret").state()
    assert (state["snapshot"], state["age_ms"], state["link"]) == (None, None, "never")


def test_age_counts_from_receipt(clock: dict[str, float]) -> None:
    hub = Hub("secret")
    hub.receive(snapshot(seq=4))
    clock["monotonic_s"] += 1.25
    assert hub.state()["age_ms"] == 1250
    assert hub.silence_s() == 1.25


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"mode": "party"}, "mode"),
        ({"seq": -1}, "seq"),
        ({"surprise": 1}, "surprise"),
        ({"channels": []}, "channels"),
        ({"temperature_c": float("nan")}, "temperature_c is not a finite number"),
        ({"thresholds": {"floor_v": float("inf")}}, r"thresholds\.floor_v is not"),
    ],
)
def test_invalid_snapshot_is_refused_counted_and_not_shown(change: dict[str, Any], named: str) -> None:
    hub = Hub("secret")
    hub.receive(snapshot(seq=1))
    with capture_logs() as logs, pytest.raises(LinkError, match=named):
        hub.receive({**snapshot(seq=2), **change})
    assert hub.state()["snapshot"] == snapshot(seq=1)
    assert hub.invalid_snapshots == 1
    assert [entry["event"] for entry in logs] == ["snapshot_invalid"]


@pytest.mark.parametrize("data", [None, [], "text", 7, {}])
def test_what_is_no_snapshot_at_all_is_refused(data: object) -> None:
    hub = Hub("secret")
    with pytest.raises(LinkError, match="invalid snapshot"):
        hub.receive(data)
    assert hub.state()["snapshot"] is None


@pytest.mark.parametrize("candidate", [None, "", "Secret", "secret ", b"secret", 1, ["secret"], "\ud800", "sécret"])
def test_any_other_token_is_wrong(candidate: object) -> None:
    assert not Hub("secret").is_token(candidate)


def test_right_token_is_right_even_with_accents() -> None:
    assert Hub("sécret").is_token("sécret")


def test_empty_token_is_refused_at_start() -> None:
    with pytest.raises(LinkError, match="token file"):
        Hub("")


def test_link_goes_from_never_to_connected_to_lost_and_tells() -> None:
    hub, told, wire = Hub("secret"), [], Wire()
    hub.subscribe(lambda: told.append(hub.state()["link"]))
    hub.attach(wire)
    hub.receive(make_snapshot())
    hub.detach(wire)
    assert told == ["never", "connected", "lost"]


def test_a_controller_that_comes_anew_is_believed_once_it_has_reported() -> None:
    hub = Hub("secret")
    for seq in (1, 2):
        hub.attach(Wire())
        assert hub.state()["link"] in ("never", "lost"), "the snapshot that is there is of the one before"
        hub.receive(make_snapshot(seq=seq))
        assert hub.state()["link"] == "connected"


def test_leaving_of_a_replaced_controller_changes_nothing() -> None:
    hub, old, new = Hub("secret"), Wire(), Wire()
    hub.attach(old)
    hub.attach(new)
    hub.receive(make_snapshot())
    hub.detach(old)
    assert hub.state()["link"] == "connected"


def test_command_is_sent_as_json_and_the_answer_comes_back() -> None:
    hub, wire = Hub("secret"), Wire(ANSWER)
    hub.attach(wire)
    assert hub.send_command(COMMAND).model_dump(mode="json") == ANSWER
    assert wire.sent == [COMMAND.model_dump(mode="json")]


def test_command_without_a_controller_is_not_kept_for_later() -> None:
    hub, wire = Hub("secret"), Wire(ANSWER)
    with pytest.raises(ControllerAway, match="not sent"):
        hub.send_command(COMMAND)
    hub.attach(wire)
    assert wire.sent == []


@pytest.mark.parametrize(
    ("reply", "error", "named"),
    [
        ({"error": "the inbox is full"}, BadAnswer, "the inbox is full"),
        (None, BadAnswer, "malformed"),
        ({**ANSWER, "mode": "party"}, BadAnswer, "malformed"),
        ({**ANSWER, "id": "command-2"}, BadAnswer, "command-2, not command-1"),
        (NoAnswer("silence"), NoAnswer, "silence"),
    ],
)
def test_bad_answers_are_told_apart(reply: object, error: type[Exception], named: str) -> None:
    hub = Hub("secret")
    hub.attach(Wire(reply))
    with pytest.raises(error, match=named):
        hub.send_command(COMMAND)


def test_file_is_written_at_most_every_ten_seconds_and_at_the_end(clock: dict[str, float], tmp_path: Path) -> None:
    path = tmp_path / "last.json"
    hub = Hub("secret", path)
    kept = []
    for seq in range(25):
        hub.receive(snapshot(seq=seq))
        kept.append(json.loads(path.read_text())["snapshot"]["seq"])
        clock["monotonic_s"] += 1
    assert sorted(set(kept)) == [0, 10, 20]
    hub.close()
    assert json.loads(path.read_text())["snapshot"]["seq"] == 24
    assert [entry.name for entry in tmp_path.iterdir()] == ["last.json"]


def restarted(clock: dict[str, float], path: Path, monotonic_s: float, utc_s: float, boot: float) -> Hub:
    hub = Hub("secret", path)
    hub.receive(snapshot(seq=9))
    hub.close()
    clock.update(monotonic_s=monotonic_s, utc_s=utc_s, boot=boot)
    return Hub("secret", path)


def test_restart_within_one_boot_counts_the_age_on_even_when_the_calendar_jumped(
    clock: dict[str, float], tmp_path: Path
) -> None:
    hub = restarted(clock, tmp_path / "last.json", 1042.0, 5.0, 1.0)
    assert hub.state()["age_ms"] == 42_000
    assert (hub.state()["link"], hub.state()["snapshot"]["seq"]) == ("never", 9)


def test_restart_after_a_reboot_takes_the_age_from_the_calendar(clock: dict[str, float], tmp_path: Path) -> None:
    hub = restarted(clock, tmp_path / "last.json", 3.0, 1_790_000_600.0, 2.0)
    assert hub.state()["age_ms"] == 600_000


def test_calendar_that_went_backwards_makes_the_age_unknown_and_not_fresh(
    clock: dict[str, float], tmp_path: Path
) -> None:
    hub = restarted(clock, tmp_path / "last.json", 3.0, 1_700_000_000.0, 2.0)
    assert hub.state()["age_ms"] is None
    assert hub.state()["snapshot"]["seq"] == 9
    assert hub.silence_s() == float("inf")


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"snapshot": {}}', b"\xff", b'{"snapshot": null}'])
def test_unreadable_file_is_said_and_forgotten(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "last.json"
    path.write_bytes(content)
    with capture_logs() as logs:
        hub = Hub("secret", path)
    assert hub.state()["snapshot"] is None
    assert [entry["event"] for entry in logs] == ["last_snapshot_unreadable"]
    hub.receive(snapshot())
    assert Hub("secret", path).state()["snapshot"] is not None


def test_full_disk_does_not_stop_the_snapshots(tmp_path: Path) -> None:
    hub = Hub("secret", tmp_path / "no such folder" / "last.json")
    with capture_logs() as logs:
        hub.receive(snapshot(seq=5))
    assert hub.state()["snapshot"]["seq"] == 5
    assert logs[0]["event"] == "last_snapshot_not_kept"
