"""What the commands show a person is in the language of the system."""

import json
import re
import socket
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import requests

from tests.integration.delivery.histories import write as write_journal
from tests.integration.web.snapshots import make_alarm, make_snapshot
from tests.unit.cli.conftest import Told
from vigie.assembly.backup import Content
from vigie.cli import alarms, backup, central_store, exports, first_login, imports, replays, settings, status
from vigie.cli.log_reading import Said
from vigie.config import load
from vigie.controller.lock import ControllerLock
from vigie.errors import VigieError
from vigie.web.server import listen
from vigie.wording.dialogue import speaking

ENGLISH = ("readings", "status", "why", "since", "switchings", " old", "began", "lasted", "lowest V", "backup",
           "enough", "stands", "says what", "Log in", "password", "shown this once", "no faults")  # fmt: skip
OUTAGE: dict[str, Any] = {
    "kind": "outage", "began_utc_ms": 1_800_000_000_000, "lowest_v": 12.1, "charge_out_ah": 0.04, "dark_s": 1.0,
    "rest_dark_s": 1.0, "was_enough": True, "duration_s": 300.0,
}  # fmt: skip


def state(**changes: Any) -> dict[str, Any]:
    snapshot = make_snapshot(**changes)
    return {"snapshot": snapshot, "age_ms": 900, "link": "connected", "web_alarms": []}


@pytest.fixture(params=["fr_CH.UTF-8", "de_DE.UTF-8"])
def language(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("LC_ALL", request.param)
    monkeypatch.setenv("COLUMNS", "200")
    return str(request.param)[:2]


def test_status_alarms_and_outages_speak_it(language: str, capsys: pytest.CaptureFixture[str]) -> None:
    status._print(state(alarms=[make_alarm("battery_warm")]))
    alarms._print_alarms([make_alarm("battery_warm")], state())
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


def test_durations_and_decimals_are_written_as_on_the_pages(language: str, capsys: pytest.CaptureFixture[str]) -> None:
    with speaking(language):
        alarms._print_outages([OUTAGE | {"duration_s": 599.0}], state(), 7)
        status._print(state())
    shown = capsys.readouterr().out
    assert " 9 min " in shown
    assert "12,10" in shown
    assert "0,040" in shown
    assert re.search(r"\d\.\d", re.sub(r"\d+\.\d+\.\d+", "", shown)) is None


def _log(folder: Path) -> Path:
    rows = (f"2026-01-01 00:{minute:02}:00,{13.2 if minute < 9 else 12.5},{minute % 2},20" for minute in range(30))
    file = folder / "logger.csv"
    file.write_text("time,voltage,current,temperature\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return file


REPORTS = {
    "import": {"fr": "est importé", "de": "importiert: "},
    "logs": {"fr": "colonnes", "de": "Spalten"},
    "replay": {"fr": "Comment lire ce rapport", "de": "Wie der Bericht zu lesen"},
    "export": {"fr": "lignes dans", "de": "Zeilen in"},
    "backup": {"fr": "SANS JOURNAL", "de": "OHNE JOURNAL"},
    "delivery": {"fr": "transmis jusqu", "de": "übertragen bis"},
}
"""What a report says in each language."""


def test_what_was_recorded_is_reported_in_it(language: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = load(None, {"site": {"data": str(tmp_path / "data")}})
    (tmp_path / "data").mkdir()
    (tmp_path / "data/link.token").write_text("x" * 43)
    log = _log(tmp_path)
    told: dict[str, str] = {}

    def heard(name: str) -> None:
        told[name] = "".join(capsys.readouterr())

    with speaking(language):
        imports.take(config, imports.ImportWish(log, None, Said(), replace=False, dry_run=False), as_json=False)
        heard("import")
        imports.show(config, as_json=False)
        heard("logs")
        recorded = config._replace(recorded=config.recorded._replace(path=str(log)))
        replays.show(recorded, "protect", {}, None, may_replace=False, as_json=False)
        heard("replay")
        wish = exports.ExportWish(None, None, "UTC", "measurements", "raw", "csv", "logger", tmp_path / "x.csv", False)
        exports.write(config, wish)
        heard("export")
        backup.write(config, str(tmp_path), Content(demands_journal=False), as_json=False)
        heard("backup")
        write_journal(tmp_path / "data/journal.sqlite", range(3))
        central_store.show(config, as_json=False)
        heard("delivery")
    assert [name for name, words in REPORTS.items() if words[language] not in told[name]] == []
    english = (" rows", " to ", "Ah in", "of the time", "delivered", "periods", "never", "it again", "no mains")
    assert [word for word in english for text in told.values() if word in text] == []


class Trouble(NamedTuple):
    """A command line that must fail, what is done to its folder before, and what the web application answers it."""

    arguments: tuple[str, ...]
    prepare: Callable[[Path], object] = lambda _folder: None
    answer: tuple[int, object] | None = None


def written(text: str | bytes) -> Callable[[Path], object]:
    content = text if isinstance(text, bytes) else text.encode()
    return lambda folder: (folder / "vigie.toml").write_bytes(content)


def users(content: bytes, application: int = 0) -> Callable[[Path], object]:
    def write(folder: Path) -> None:
        (folder / "data").mkdir()
        if content:
            (folder / "data/users.sqlite").write_bytes(content)
            return
        with closing(sqlite3.connect(folder / "data/users.sqlite")) as file:
            file.execute("CREATE TABLE other (a)")
            file.execute(f"PRAGMA application_id = {application}")
            file.execute("PRAGMA user_version = 999")

    return write


def away(**changes: Any) -> tuple[int, object]:
    return 200, state(alarms=[]) | changes


CHECK = ("config", "check", "--config", "vigie.toml")
URL = ("--url", "http://127.0.0.1:9/flask")
TROUBLES = {
    "nobody answers, no journal": Trouble(("status", *URL)),
    "a journal that is none": Trouble(
        ("status", *URL, "--data", "data"),
        lambda folder: ((folder / "data").mkdir(), (folder / "data/journal.sqlite").write_bytes(b"no journal" * 200)),
    ),
    "no address": Trouble(("alarms", "--url", "pi:8000")),
    "another program answers": Trouble(("outages", *URL), answer=(200, "text")),
    "another JSON": Trouble(("alarms", *URL), answer=(200, {"title": "Nginx"})),
    "a server's error": Trouble(("status", *URL), answer=(503, {"detail": "out of memory"})),
    "no login": Trouble(("status", *URL), answer=(401, {})),
    "no snapshot": Trouble(("status", *URL), answer=(200, state() | {"snapshot": None})),
    "never connected": Trouble(("status", *URL), answer=away(link="never")),
    "connection lost": Trouble(("status", *URL), answer=away(link="lost")),
    "silent": Trouble(("status", *URL), answer=away(age_ms=900_000)),
    "no file": Trouble(CHECK),
    "a folder": Trouble(CHECK, lambda folder: (folder / "vigie.toml").mkdir()),
    "no TOML": Trouble(CHECK, written("[plant\n")),
    "UTF-16": Trouble(CHECK, written("[plant]".encode("utf-16"))),
    "Latin-1": Trouble(CHECK, written("[site]\nname = 'r\u00e9seau'".encode("latin-1"))),
    "too large": Trouble(CHECK, written("#" * 1_000_001)),
    "unknown names": Trouble(CHECK, written("a = 1\nplant = 2\nchannels = 3\n")),
    "unknown settings": Trouble(CHECK, written("[plantx]\n[plant]\nscenario = 'x'\n[channels.battery]\ngain_ = 1.0\n")),
    "wrong types": Trouble(
        CHECK,
        written(
            "[protect]\nopen_above_v = '12'\n[site]\nname = 3\n[web]\nport = 1.5\norigins = 'x'\n"
            "[wiring]\nbypass_diode = 1\nbattery_contact = 'x'\n[mail]\nreceivers = [{}]\n"
        ),
    ),
    "out of range": Trouble(
        CHECK,
        written("[protect]\nopen_above_v = 99.0\n[loop]\nperiod_s = -1.0\n[twin.installation.battery]\nc20_ah = 0.0\n"),
    ),
    "texts": Trouble(
        CHECK,
        written(
            f"[site]\nname = ' '\nbattery = '{'x' * 101}'\nlanguage = 'xx'\n[relays]\nr1 = 'a\\nb'\n"
            "[web]\nhost = ''\n[stack]\ngrafana_url = 'x'\nprometheus_url = 'https://pi:80/prometheus'\n"
        ),
    ),
    "contradictions": Trouble(
        CHECK,
        written(
            "[plant]\nspeed = 100.0\n[protect]\nclose_below_v = 13.0\n[filter]\nleast_good = 90\n"
            "[interlocks]\nfloor_v = 13.5\ntemperature_limit_c = 60.0\ntemperature_release_k = 40.0\n"
            "[channels.battery]\nsign = 0\nis_fitted = false\n[channels.load]\nplausible_min_v = 1.0\n"
            "[alarms]\noff = ['x']\nbattery_warm_c = 60.0\n[web]\nhost = '0.0.0.0'\nlive_browsers = 500\n"
            "[access]\nlogin = 'off'\n[mail]\nhost = 'x'\n[remote_write]\nurl = 'x'\nusername = 'a:b'\n"
            "[twin.installation.battery]\nmodel = 'x'\n[twin.installation.outages]\nkind = 'every'\n"
            "lasting_s = 9.0\nevery_s = 8.0\n[journal]\nwaiting_periods = 1\n[manual]\ndefault_s = 9000.0\n"
        ),
    ),
    "contradictions of a rig": Trouble(
        CHECK,
        written(
            "[plant]\nkind = 'rig'\nspeed = 2.0\n[rig]\nr1_line = 'GPIO5'\nr2_line = 'GPIO5'\nr1_contact = 'nc'\n"
            "r2_contact = 'nc'\nload_address = 0\naveraging = 'times_128'\n[loop]\nperiod_s = 0.5\n"
            "[mains]\npresent_unless_discharging = true\n[metrics]\nport = 8000\n"
        ),
    ),
    "a real rig without settings": Trouble(("config", "check", "--plant", "rig")),
    "no folder": Trouble(("user", "list", "--data", "nowhere")),
    "damaged users": Trouble(("user", "list", "--data", "data"), users(b"damaged" * 1_000)),
    "foreign users": Trouble(("user", "list", "--data", "data"), users(b"", 7)),
    "users of a newer version": Trouble(("user", "list", "--data", "data"), users(b"", 0x56474945)),
    "a wrong name": Trouble(("user", "role", "jo", "admin", "--data", "data"), users(b"")),
    "nothing to commission": Trouble(("commission", "--config", "vigie.toml")),
    "no TOML to commission": Trouble(("commission", "--config", "vigie.toml"), written("[plant\n")),
    "a folder for the settings": Trouble(("commission", "--output", ".")),
    "no folder for the settings": Trouble(("commission", "--output", "nowhere/vigie.toml")),
    "another suffix": Trouble(("commission", "--output", "settings")),
    "a report elsewhere": Trouble(("commission", "--output", "a.toml", "--report", "b.txt")),
    "practice on real boards": Trouble(("commission", "--plant", "rig", "--yes")),
    "a plant nobody commissions": Trouble(("commission", "--plant", "recorded")),
    "another language": Trouble(("commission", "--language", "xx")),
    "an empty folder's name": Trouble(("status", "--data", "")),
    "no date": Trouble(("export", "--from", "yesterday", "--data", "data"), users(b"")),
    "no time before another": Trouble(
        ("export", "--from", "2026-02-01", "--to", "2026-01-01", "--data", "data"), users(b"")
    ),
    "no time zone": Trouble(("export", "--timezone", "Mars", "--data", "data"), users(b"")),
    "no resolution": Trouble(("export", "--resolution", "x", "--data", "data"), users(b"")),
    "no boards": Trouble(
        ("commission", "--config", "vigie.toml", "--data", "data"),
        written("[plant]\nkind = 'rig'\n[rig]\nr1_line = 'NOWHERE'\n"),
    ),
}
SAID_IN_ENGLISH = re.compile(
    r"\b(the|is|are|must|cannot|not|of|with|and|this|it|has|you|nobody|its|there|which|does|be|to|fault)\b",
    re.IGNORECASE,
)


def shown_words(told: Told, folder: Path, language: str) -> str:
    """Return what was said without what is typed, quoted or marked as a technical detail in English."""
    text = (told.out + told.err).replace(str(folder), "")
    detail = {"fr": r"\(détail technique, en anglais\)", "de": r"\(technische Einzelheit, auf Englisch\)"}[language]
    text = re.sub(rf"(?m)[^:,\n]*(?:: [^:\n]*)? {detail}", "", text)
    text = "\n".join(line for line in text.split("\n") if not line.startswith(("Usage:", "Try ", "│", "╭", "╰")))
    return re.sub(r"`[^`]*`|--\w+|'[^']*'|\[[\w.|]+\]|\w+\.\w+|http\S+", "", text)


@pytest.mark.parametrize("name", TROUBLES)
def test_ordinary_trouble_is_told_in_it(
    name: str, language: str, vigie: Callable[..., Told], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    trouble = TROUBLES[name]
    monkeypatch.setenv("LC_ALL", f"{language}_XX.UTF-8")
    monkeypatch.chdir(tmp_path)
    trouble.prepare(tmp_path)
    if trouble.answer is not None:
        answer = requests.Response()
        answer.status_code, content = trouble.answer
        answer._content = json.dumps(content).encode()
        answer.url = URL[1]
        monkeypatch.setattr(requests, "request", lambda *_, **__: answer)
    told = vigie(*trouble.arguments)
    assert told.status != 0
    assert SAID_IN_ENGLISH.findall(shown_words(told, tmp_path, language)) == [], told


def test_a_taken_port_and_a_held_installation_are_told_in_it(language: str, tmp_path: Path) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken, pytest.raises(VigieError) as error:
        listen("127.0.0.1", taken.getsockname()[1])
    assert {"fr": "choisissez un autre", "de": "anderen web.port"}[language] in str(error.value)
    with closing(ControllerLock(tmp_path / "lock")), speaking(language), pytest.raises(VigieError) as held:
        ControllerLock(tmp_path / "lock")
    assert {"fr": "un autre contrôleur", "de": "eine andere Steuerung"}[language] in str(held.value)
