"""What the commands show a person is in the language of the system."""

from typing import Any

import pytest

from tests.integration.web.snapshots import make_alarm, make_snapshot
from vigie.cli import alarms, first_login, settings, status
from vigie.config import load

ENGLISH = ("readings", "status", "why", "since", "switchings", " old", "began", "lasted", "lowest V", "backup",
           "enough", "stands", "says what", "Log in", "password", "shown this once", "no faults")  # fmt: skip
OUTAGE: dict[str, Any] = {
    "kind": "outage", "began_utc_ms": 1_800_000_000_000, "lowest_v": 12.1, "charge_out_ah": 0.04, "dark_s": 1.0,
    "rest_dark_s": 1.0, "was_enough": True, "duration_s": 300.0,
}  # fmt: skip


def state(**changes: Any) -> dict[str, Any]:
    snapshot = make_snapshot(**changes).model_dump(mode="json")
    return {"snapshot": snapshot, "age_ms": 900, "link": "connected", "web_alarms": []}


@pytest.fixture(params=["fr_CH.UTF-8", "de_DE.UTF-8"])
def language(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("LC_ALL", request.param)
    monkeypatch.setenv("COLUMNS", "200")
    return str(request.param)[:2]


def test_status_alarms_and_outages_speak_it(language: str, capsys: pytest.CaptureFixture[str]) -> None:
    status._print(state(alarms=[make_alarm("battery_warm")]))
    alarms._print_alarms([make_alarm("battery_warm").model_dump(mode="json")], state())
    alarms._print_alarms([], state())
    alarms._print_outages([OUTAGE, OUTAGE | {"was_enough": False, "dark_s": 9.0}], state(), 7)
    alarms._print_outages([], state(), 7)
    shown = capsys.readouterr().out
    assert {"fr": "manœuvres", "de": "Schaltungen"}[language] in shown
    assert {"fr": "insuffisant", "de": "nicht ausreichend"}[language] in shown
    assert "8\u00a0s" in shown
    assert [word for word in ENGLISH if word in shown] == []


def test_the_first_login_and_the_check_of_settings_speak_it(
    language: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(first_login, "first_password", lambda config: "correct-horse")
    first_login.announce(load(None))
    settings.check([], probe=False, as_json=False)
    shown = "".join(capsys.readouterr())
    assert {"fr": "Première connexion", "de": "Erste Anmeldung"}[language] in shown
    assert [word for word in ENGLISH if word in shown] == []
