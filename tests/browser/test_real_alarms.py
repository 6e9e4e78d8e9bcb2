"""The product itself: a simulated outage seen, acknowledged, mailed and remembered through the pages."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.integration.notify.mail_servers import Mailbox, serving
from tests.integration.process.installations import TWIN, Site
from tests.ports import free_port
from tests.waiting import wait_for
from vigie.telemetry.records import EventKind

pytestmark = pytest.mark.browser

OUTAGES = TWIN.replace('kind = "none"', 'kind = "listed"\nlisted = [[{begins_s}, 400.0]]')
MAIL = """
[mail]
host = "127.0.0.1"
port = {smtp}
security = "none"
sender = "vigie@site.example"

[[mail.receivers]]
address = "ada@example.org"
language = "fr"
"""


@pytest.fixture
def box() -> Mailbox:
    return Mailbox()


@pytest.fixture
def site(request: pytest.FixtureRequest, tmp_path: Path, box: Mailbox) -> Iterator[Site]:
    """The product on a twin whose mains fails for 400 s, after the seconds the test has asked for."""
    port = free_port()
    one = Site(tmp_path / "site", OUTAGES + MAIL, soc=0.9, speed=40, smtp=port, begins_s=request.param)
    with serving(box, port):
        try:
            yield one.started()
        finally:
            one.end()


def changes(site: Site) -> list[tuple[str, str]]:
    return [(event.reason, event.who) for event in site.events(EventKind.ALARM) if event.subject == "mains_lost"]


# late enough for a page to be open before, on a busy machine too
@pytest.mark.parametrize("site", [600.0], indirect=True)
def test_an_outage_pops_up_is_acknowledged_mailed_and_stands_in_the_log(page: Page, site: Site, box: Mailbox) -> None:
    page.goto(f"{site.url}/")
    expect(page.locator(".popup", has_text="Coupure secteur")).to_be_visible(timeout=30_000)
    bar = page.locator(".alarm-bar")
    expect(bar).to_contain_text("Coupure secteur")
    page.goto(f"{site.url}/outages")
    expect(page.locator(".outage-now")).to_contain_text("Coupure secteur")
    page.locator("#bar-ack-mains_lost").click()
    wait_for(lambda: ("acknowledged", "web") in changes(site), what="the acknowledgement in the journal")
    expect(bar.locator("#bar-ack-mains_lost")).to_have_count(0)
    expect(page.locator(".outage-now")).to_be_hidden(timeout=40_000)
    log = page.locator(".log tbody tr").first
    expect(log).to_contain_text("suffisant")
    expect(log).to_contain_text(re.compile(r"6\u00a0min"))

    page.goto(f"{site.url}/alarms")
    past = page.locator("#history tbody")
    expect(past).to_contain_text("Déclenchée")
    expect(past).to_contain_text("la page web")
    wait_for(lambda: any("Coupure secteur" in subject for subject in box.subjects()), what="the mail")
    outbox = page.get_by_role("group", name="Boîte d’envoi")
    expect(outbox).to_contain_text("ada@example.org")
    page.get_by_role("button", name="Envoyer un courriel d’essai").click()
    expect(page.locator("#mail-answer")).to_have_text("ada@example.org: envoyé")


@pytest.mark.parametrize("site", [1.0], indirect=True)
def test_a_shelved_alarm_of_the_real_controller_is_quiet_until_it_is_taken_back(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/alarms")
    shelve = page.locator("#row-shelve-mains_lost")
    expect(shelve).to_have_attribute("aria-disabled", "false")
    shelve.click()
    page.get_by_label("Pourquoi").fill("Essai du disjoncteur")
    page.keyboard.press("Enter")
    row = page.locator("#now-mains_lost")
    expect(row).to_have_attribute("data-standing", "shelved")
    expect(row).to_contain_text("«\u00a0Essai du disjoncteur\u00a0»")
    row.get_by_role("button", name="Reprendre").click()
    expect(row).not_to_have_attribute("data-standing", "shelved")
