"""The product itself, not a feed: `vigie run` on the twin, steered from the page by a person's hold of a button."""

import json
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.integration.process.installations import TWIN, Site
from tests.waiting import wait_for
from vigie.telemetry.records import EventKind
from vigie.wording.words import describe_name, translator

from .acting import go_manual, hold

pytestmark = pytest.mark.browser

FRENCH = translator("fr")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    one = Site(tmp_path_factory.mktemp("real"), TWIN, speed=60, soc=0.8)
    try:
        one.started()
        yield one
    finally:
        one.end()


def card(page: Page, relay: str, term: str) -> str:
    """Return one value of a relay's card."""
    pairs = page.locator(f"[data-relay={relay}] dl div")
    return pairs.filter(has=page.locator("dt", has_text=re.compile(f"^{term}$"))).locator("dd").inner_text()


def test_protect_chosen_on_the_page_moves_r2_and_everybody_agrees(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/")
    expect(page.locator("#verdict-word")).to_have_text("Tout va bien")
    hold(page, "Protéger")
    expect(page.locator(".order-modes .answer")).to_have_text("Confirmé.")
    wait_for(lambda: site.relay("R2")["contact"] == "open", 30, "R2 opens by its threshold")
    page.get_by_role("button", name="Observer").click()
    wait_for(lambda: site.snapshot()["mode"] == "observe" and site.relay("R2")["contact"] == "closed")
    page.goto(f"{site.url}/relays")

    def same() -> bool:
        shown = card(page, "R2", "Manœuvres"), card(page, "R2", "Dernière manœuvre")
        moves = [event for event in site.events(EventKind.SWITCHING) if event.subject == "R2"]
        counted = site.metrics()['vigie_switchings_total{relay="R2"}']
        told = str(len(moves)), describe_name("reason", moves[-1].reason, FRENCH)
        return shown == told and counted == len(moves)

    wait_for(same, 30, "page, journal and metrics agree on R2's movements and their reason")
    status = json.loads(site.cli("status", "--json").stdout)["snapshot"]["relays"][1]
    assert str(status["switchings"]) == card(page, "R2", "Manœuvres"), "the command line says the same"


def test_r2_opened_by_hand_stops_the_charge_and_observing_closes_it(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/relays")
    go_manual(page)
    page.get_by_role("button", name="Ouvrir R2").click()
    page.locator("#confirm-ok").click()
    expect(page.locator("[data-relay=R2] .reading-word")).to_have_text("ouvert")
    wait_for(lambda: abs(site.snapshot()["channels"][1]["current_a"]) < 0.01, what="no current into the battery")
    page.get_by_role("button", name="Revenir au mode Observer").first.click()
    expect(page.locator("[data-relay=R2] .reading-word")).to_have_text("fermé")
