"""Pages without a browser: complete, careful with what they claim, at home under any prefix."""

import json
import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.integration.web.snapshots import (
    UTC_MS,
    make_channel,
    make_estimate,
    make_relay,
    make_snapshot,
    unknown_value,
)
from vigie.link.hub import Hub
from vigie.web import pages
from vigie.web.app import create_app
from vigie.web.page_table import NAVIGATION
from vigie.web.settings import WebSettings

PAGES = tuple(page.path for page in NAVIGATION)


class Silent:
    """A connected controller that is asked nothing."""

    def call(self, command: dict[str, Any], timeout_s: float) -> object:
        raise AssertionError(f"a page sent {command} within {timeout_s} s")


class Site:
    def __init__(self, folder: Path) -> None:
        self.hub = Hub("a-token")
        self.app = create_app(WebSettings(), self.hub, folder / "journal.sqlite")
        self.client: FlaskClient = self.app.test_client()

    def close(self) -> None:
        self.app.extensions["vigie_journal"].close()

    def publish(self, **changes: Any) -> None:
        self.hub.attach(Silent())
        self.hub.receive(make_snapshot(**changes))

    def page(self, path: str, language: str = "fr") -> str:
        response = self.client.get(f"/flask{path}", headers={"Accept-Language": language, "Host": "localhost"})
        assert response.status_code == 200, response.text
        return response.text


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with closing(Site(tmp_path)) as opened:
        yield opened


def verdict_of(html: str) -> str:
    found = re.search(r'<body data-verdict="(\w+)"', html)
    assert found
    return found[1]


@pytest.mark.parametrize("path", PAGES)
def test_without_a_thermometer_every_page_says_that_heat_is_not_watched(site: Site, path: str) -> None:
    site.publish(plant="rig", temperature_c=None, temperature_status=["absent"])
    assert "La chaleur n’est pas surveillée" in site.page(path)
    assert "Heat is not watched" in site.page(path, "en")


@pytest.mark.parametrize(("plant", "status"), [("rig", []), ("rig", ["failed"]), ("recorded", ["absent"])])
def test_heat_that_is_watched_or_long_past_is_not_called_unwatched(site: Site, plant: str, status: list[str]) -> None:
    site.publish(plant=plant, temperature_status=status)
    assert "Heat is not watched" not in site.page("/", "en")


@pytest.mark.parametrize("path", PAGES)
def test_a_page_before_any_measurement_claims_nothing(site: Site, path: str) -> None:
    html = site.page(path)
    assert verdict_of(html) == "unknown"
    assert "Aucune mesure reçue" in html
    assert "Tout va bien<" not in html


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_complete_without_its_script(site: Site, path: str) -> None:
    site.publish()
    html = site.page(path)
    assert verdict_of(html) == "ok"
    if path == "/":
        assert "13,58" in html
    assert "Installation simulée" in html
    assert "style=" not in html
    assert not re.search(r"<script(?![^>]*(src=|application/json))", html)
    assert not re.search(r'(src|href)="https?:', html)


def told_of_the_battery(html: str) -> str:
    """Return the visible text of the battery's tile."""
    tile = html.split('id="tile-battery"')[1].split("</section>", maxsplit=1)[0]
    shown = re.sub(r"<p [^>]* hidden>.*?</p>", "", tile)
    return re.sub(r"<[^>]+>", "", shown).replace("\u00a0", " ").replace("&nbsp;", " ")


def test_the_battery_tile_says_how_long_it_lasts_with_its_band(site: Site) -> None:
    site.publish()
    assert "tient environ 7 h (4 h – 9 h) à une consommation de 6,8 W" in told_of_the_battery(site.page("/"))
    assert "lasts about 7 h (4 h – 9 h) at a load of 6.8 W" in told_of_the_battery(site.page("/", "en"))
    german = told_of_the_battery(site.page("/", "de"))
    assert "hält etwa 7 h (4 h – 9 h) bei einer Last von 6,8 W" in german
    assert "unbekannt" not in german


def test_the_battery_tile_says_why_it_does_not_know_how_long_it_lasts(site: Site) -> None:
    site.publish(estimate=make_estimate(remaining_s=unknown_value("capacity_not_set")))
    html = site.page("/")
    told = told_of_the_battery(html)
    assert "autonomie inconnue : la capacité inscrite sur son étiquette n’est pas indiquée" in told
    assert "tient environ" not in told


def test_nothing_is_said_of_the_time_where_a_controller_does_not_estimate(site: Site) -> None:
    site.publish(estimate=None)
    told = told_of_the_battery(site.page("/", "en"))
    assert "last" not in told


def test_an_old_snapshot_is_never_well(site: Site) -> None:
    site.publish()
    site.hub._received_s -= 10  # type: ignore[operator]
    html = site.page("/")
    assert verdict_of(html) == "unknown"
    assert "Le contrôleur ne dit plus rien depuis 10\u00a0s." in html
    assert 'class="is-stale"' in html


def test_a_lost_link_is_never_well(site: Site) -> None:
    controller = Silent()
    site.hub.attach(controller)
    site.hub.receive(make_snapshot())
    site.hub.detach(controller)
    assert verdict_of(site.page("/")) == "unknown"


def test_a_fast_simulation_is_stale_no_sooner_than_a_real_one_and_says_its_speed(site: Site) -> None:
    site.publish(speed=60.0)
    site.hub._received_s -= 2  # type: ignore[operator]
    html = site.page("/")
    assert verdict_of(html) == "ok"
    assert "Installation simulée ×60" in html


def test_the_real_boards_carry_no_mark_of_a_simulation(site: Site) -> None:
    site.publish(plant="rig")
    assert "banner-plant" not in site.page("/")


def test_an_alarm_says_why_and_marks_the_title(site: Site) -> None:
    hot = [make_relay("R2", reason="over_temperature", contact="open", commanded="open")]
    others = [make_relay(name) for name in ("R1", "R3", "R4")]
    site.publish(
        verdict="alarm", verdict_reasons=["over_temperature"], over_temperature_latched=True, relays=[*hot, *others]
    )
    html = site.page("/")
    assert "<title>⚠ Accueil – Vigie</title>" in html
    assert "Batterie trop chaude\u00a0: la charge est coupée" in html
    assert 'id="verdict-since" >' in html


def test_an_unreadable_journal_is_told_and_the_page_still_works(site: Site) -> None:
    site.publish()
    html = site.page("/")
    assert "Le journal est illisible." in html
    assert verdict_of(html) == "ok"


def test_an_uncalibrated_v1_says_why_it_matters(site: Site) -> None:
    channels = [make_channel(name) for name in ("charge", "load", "spare")]
    site.publish(channels=[make_channel("battery", calibration="none"), *channels])
    html = site.page("/multimeter")
    assert re.search(r'class="note" data-show="channels.battery.calibration" data-wanted="none">', html)


def test_what_the_wiring_cuts_changes_the_words_of_the_consequence(site: Site) -> None:
    site.publish(wiring="line")
    assert "La batterie sera isolée" in site.page("/relays")
    site.publish(wiring="charge_only")
    assert "La batterie sera isolée" not in site.page("/relays")


@pytest.mark.parametrize("path", PAGES)
def test_every_address_keeps_the_prefix(site: Site, path: str) -> None:
    site.publish()
    response = site.client.get(f"/flask{path}", headers={"Host": "localhost"})
    addresses = re.findall(r'(?:href|src|data-url|data-series-url|data-normal|data-alarm)="([^"#]+)"', response.text)
    assert len(addresses) > 15
    assert [address for address in addresses if not address.startswith("/flask/")] == []


def test_the_language_is_the_cookie_then_the_browser_then_french(site: Site) -> None:
    assert '<html lang="fr"' in site.page("/about", "zz")
    assert '<html lang="en"' in site.page("/about", "en-GB,fr;q=0.5")
    assert '<html lang="de"' in site.page("/about", "de-CH,fr;q=0.5")
    assert "Deutsch</a>" in site.page("/about", "fr")
    response = site.client.get("/flask/language/en?back=relays", headers={"Host": "localhost"})
    assert response.headers["Location"].endswith("/relays")
    assert '<html lang="en"' in site.page("/about", "fr")
    site.client.get("/flask/language/de?back=relays", headers={"Host": "localhost"})
    assert '<html lang="de"' in site.page("/about", "fr")


def test_a_choice_never_leads_to_another_site(site: Site) -> None:
    for address in ("/language/fr?back=//evil.example", "/theme?choice=dark&back=https://evil.example"):
        response = site.client.get(f"/flask{address}", headers={"Host": "localhost"})
        assert response.status_code == 302
        assert "evil" not in response.headers["Location"]


@pytest.mark.parametrize("address", ["/language/xx", "/theme?choice=pink", "/theme"])
def test_an_unknown_choice_is_not_found(site: Site, address: str) -> None:
    assert site.client.get(f"/flask{address}", headers={"Host": "localhost"}).status_code == 404


def test_the_script_gets_the_state_and_the_words(site: Site) -> None:
    site.publish()
    found = re.search(r'<script type="application/json" id="page-data">(.*?)</script>', site.page("/"), re.S)
    assert found
    data = json.loads(found[1])
    assert data["state"]["snapshot"]["utc_ms"] == UTC_MS
    assert data["words"]["contact"] == {"open": "ouvert", "closed": "fermé"}


def test_what_people_wrote_cannot_become_markup(site: Site) -> None:
    site.publish(site="<script>alert(1)</script>", mode_by="</script><b>")
    html = site.page("/")
    assert "<script>alert" not in html
    assert "</script><b>" not in html


def test_the_scripts_stay_small() -> None:
    folder = Path(pages.__file__).parent / "static" / "js"
    lines = sum(len(path.read_text().splitlines()) for path in folder.glob("*.js"))
    # 900 for values, orders and charts; 150 since alarms pop up, sound and are shelved on every page; 25 for
    # logins and the page before anything is commissioned; 15 for an address that is not accepted;
    # 30 for charts of any stretch and menus that Escape closes
    assert lines <= 1130, "the scripts are an enhancement: keep them small"


def test_address_that_leads_nowhere_is_a_page_of_ours_in_the_reader_s_language(site: Site) -> None:
    answer = site.client.get("/flask/nowhere", headers={"Accept-Language": "fr", "Host": "localhost"})
    assert answer.status_code == 404
    assert "Il n’y a rien ici" in answer.text
    assert "Retour à l’accueil" in answer.text
    api = site.client.get("/flask/api/v1/nowhere", headers={"Host": "localhost"})
    assert api.mimetype == "application/problem+json"


@pytest.mark.parametrize(
    ("mode", "limits_v"),
    [
        ("observe", {11.8, 12.7, 12.9}),
        ("protect", {11.8, 12.7, 12.9}),
        ("cycle", {11.8, 12.4, 12.9}),
        ("maintain", {11.8, 12.6}),
    ],
)
def test_the_gauge_marks_the_limits_of_the_mode_in_force(site: Site, mode: str, limits_v: set[float]) -> None:
    site.publish(mode=mode, thresholds=make_snapshot()["thresholds"] | {"maintain_close_below_v": 12.6})
    groups = re.findall(r'<g data-show="mode" data-wanted="(\w+)"( hidden)?>(.*?)</g>', site.page("/multimeter"))
    shown = {name: re.findall(r'gauge-limit" x="([0-9.]+)"', drawn) for name, hidden, drawn in groups if not hidden}
    assert {name: {round(10 + float(x) / 40, 2) for x in found} for name, found in shown.items()} == {mode: limits_v}


def test_the_gauge_leaves_out_a_limit_that_an_older_controller_does_not_tell(site: Site) -> None:
    site.publish(mode="maintain")
    assert "gauge-limit" in site.page("/multimeter")
