"""The server judges a state once; the page's script ages it, and says what the server says of the same age."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask_babel import force_locale, gettext

from tests.integration.web.snapshots import UTC_MS, make_alarm, make_channel, make_relay, make_snapshot
from vigie.web import static_files
from vigie.web.i18n import init_i18n
from vigie.web.presentation import judged, look_at
from vigie.web.texts import script_texts
from vigie.wording.languages import day_mark, languages
from vigie.wording.words import vocabulary

HERE = Path(__file__).parent
SCRIPTS = Path(static_files.__file__).parent / "static" / "js"
NODE = shutil.which("node")
HOT = make_alarm("battery_too_hot", severity="critical", standing="latched", is_present=False)
SHELVED = make_alarm("sensor_lost", standing="shelved")
OF_THE_WEB = make_alarm("mail_refused", raised_utc_ms=UTC_MS - 5_000)


def state(age_ms: int | None = 500, link: str = "connected", web: tuple[Any, ...] = (), **changes: Any) -> Any:
    snapshot = make_snapshot(**changes)
    alarms = list(web)
    return {"snapshot": snapshot, "age_ms": age_ms, "link": link, "web_version": "1", "web_alarms": alarms,
            "mail": None, "delivery": None}  # fmt: skip


def contacts(r2: str, reason: str) -> list[Any]:
    return [make_relay("R2", contact=r2, commanded=r2, reason=reason), *map(make_relay, ("R1", "R3", "R4"))]


LOST = [make_channel("load", current_a=None, bus_v=None), *map(make_channel, ("battery", "charge", "spare"))]
CASES = {
    "all is well": state(),
    "an outage": state(mains="absent", verdict="alarm", verdict_reasons=["mains_lost"]),
    "a rest": state(relays=contacts("open", "upper_voltage_reached")),
    "too hot": state(
        verdict="alarm", verdict_reasons=["over_temperature"], relays=contacts("open", "over_temperature")
    ),
    "a drill": state(mains="cut", relays=contacts("closed", "observing")),
    "a lost meter": state(channels=LOST),
    "alarms": state(alarms=[SHELVED, make_alarm(), HOT], web=(OF_THE_WEB,)),
    "an alarm of the web alone": state(web=(OF_THE_WEB,)),
    "a fast simulation": state(speed=60.0, age_ms=2_400),
    "old": state(age_ms=9_000),
    "a lost link": state(link="lost"),
    "nobody knows how old": state(age_ms=None),
    "nothing yet": state(age_ms=None, link="never", web=(OF_THE_WEB,)) | {"snapshot": None},
}


@pytest.fixture
def app() -> Flask:
    made = Flask(__name__)
    init_i18n(made)
    return made


def aged(language: str, cases: list[dict[str, Any]], folder: Path, app: Flask) -> list[dict[str, Any]]:
    """Return what the script makes of judged states."""
    for name in ("state.js", "format.js", "page.js"):
        shutil.copy(SCRIPTS / name, folder)
    (folder / "package.json").write_text('{"type": "module"}')
    with app.test_request_context(), force_locale(language):
        words, texts = vocabulary(gettext), script_texts()
    page = {"language": language, "dayMark": day_mark(language), "timezone": "UTC", "words": words, "texts": texts}
    ran = subprocess.run(
        [str(NODE), str(HERE / "judged.mjs"), str(folder)],
        input=json.dumps({"page": page, "cases": cases}), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    told: list[dict[str, Any]] = json.loads(ran.stdout)
    return told


@pytest.mark.skipif(NODE is None, reason="needs node")
@pytest.mark.parametrize("language", languages())
def test_the_script_says_what_the_server_says(app: Flask, language: str, tmp_path: Path) -> None:
    cases = [{"state": judged(one), "cutMs": None} for one in CASES.values()]
    for name, told in zip(CASES, aged(language, cases, tmp_path, app), strict=True):
        with app.test_request_context(), force_locale(language):
            look = look_at(CASES[name])
        assert told["isFresh"] == look.is_fresh, name
        assert (told["verdict"], told["why"], told["sinceUtcMs"]) == (look.verdict, look.why, look.since_utc_ms), name
        assert told["wires"] == {wire: drawn._asdict() for wire, drawn in look.wires.items()}, name
        assert told["values"] == dict(look.values), name


@pytest.mark.skipif(NODE is None, reason="needs node")
def test_a_cut_page_claims_nothing_however_well_all_was(app: Flask, tmp_path: Path) -> None:
    (told,) = aged("en", [{"state": judged(CASES["all is well"]), "cutMs": 4_000}], tmp_path, app)
    assert (told["isFresh"], told["verdict"], told["sinceUtcMs"]) == (False, "unknown", None)
    assert told["why"] == "This page has had no answer from the server for 4\u00a0s."
    assert {wire["state"] for wire in told["wires"].values()} == {"unknown"}


def test_the_server_says_why_in_every_language() -> None:
    why = judged(CASES["an outage"])["look"]["why"]
    assert sorted(why) == languages()
    assert len(set(why.values())) == len(why)
    assert judged(CASES["nothing yet"])["look"]["why"] == {}
