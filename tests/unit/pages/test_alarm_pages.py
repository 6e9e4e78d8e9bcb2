"""The alarm bar of every page and the alarms page, without a browser."""

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.browser.journals import month
from tests.integration.web.snapshots import make_alarm
from tests.unit.pages.test_pages import PAGES, Site, verdict_of
from vigie.telemetry.journal import Journal, JournalSettings
from vigie.telemetry.reader import JournalReader
from vigie.web.alarms import filters_of, past_of
from vigie.web.presentation import alarms_of, look_at

END_MS = 1_800_000_000_000


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with closing(Site(tmp_path)) as opened:
        yield opened


def state(*alarms: Any, web_alarms: Any = (), snapshot: bool = True) -> dict[str, Any]:
    shown = list(alarms)
    return {"snapshot": {"alarms": shown} if snapshot else None, "web_alarms": list(web_alarms)}


@pytest.mark.parametrize("path", PAGES)
def test_every_page_carries_the_worst_alarm_in_its_bar_and_the_count_in_its_title(site: Site, path: str) -> None:
    site.publish(alarms=[make_alarm(), make_alarm("mains_lost", severity="critical", protection="r2_closed")])
    html = site.page(path)
    assert "<title>(2) ⚠ " in html
    assert "favicon-alarm.svg" in re.search(r'id="favicon".*?>', html, re.S)[0]  # type: ignore[index]
    bar = re.search(r'<div class="alarm-bar is-asking".*?</a>', html, re.S)
    assert bar
    assert "Critique" in bar[0]
    assert "Coupure secteur" in bar[0]
    assert "encore 1" in html
    assert verdict_of(html) == "alarm"


def test_an_acknowledged_alarm_is_told_calmly(site: Site) -> None:
    site.publish(alarms=[make_alarm(standing="acknowledged", by="marie")])
    html = site.page("/")
    assert "<title>Accueil – Vigie</title>" in html
    assert '<div class="alarm-bar "' in html
    assert "bar-ack-battery_warm" not in html
    assert verdict_of(html) == "attention"
    assert "Batterie chaude · depuis" not in html
    assert re.search(r'id="verdict-why">Batterie chaude<', html)


def test_a_shelved_alarm_leaves_the_bar_and_the_verdict_and_stays_on_its_page(site: Site) -> None:
    site.publish(
        alarms=[make_alarm(standing="shelved", by="marie", why="Ventilateur commandé", shelved_until_utc_ms=END_MS)]
    )
    html = site.page("/")
    assert 'class="alarm-bar' not in html
    assert verdict_of(html) == "ok"
    assert "Ventilateur commandé" in site.page("/alarms")


def test_what_is_over_and_not_acknowledged_asks_and_leaves_the_verdict_alone(site: Site) -> None:
    site.publish(alarms=[make_alarm(standing="returned", is_present=False)])
    html = site.page("/")
    assert "(1) ⚠" in html
    assert verdict_of(html) == "ok"
    assert "<template data-popup" not in html


def test_news_of_no_weight_do_not_pop_up(site: Site) -> None:
    site.publish(alarms=[make_alarm("meter_reset", severity="info"), make_alarm("mains_lost")])
    assert re.findall(r'<template data-popup="(\w+)', site.page("/")) == ["mains_lost"]


def test_the_worst_that_is_present_comes_first_whoever_took_note_of_it() -> None:
    alarms = alarms_of(
        state(
            make_alarm("sensor_lost", severity="critical", standing="acknowledged"),
            make_alarm("meter_reset", severity="info"),
            make_alarm("battery_warm"),
            make_alarm("loads_dark", severity="critical", standing="returned", is_present=False),
            web_alarms=[make_alarm("controller_lost", severity="critical")],
        )
    )
    assert [alarm["alarm"] for alarm in alarms] == [
        "controller_lost",
        "sensor_lost",
        "battery_warm",
        "meter_reset",
        "loads_dark",
    ]


def test_the_web_s_own_alarm_is_told_before_any_snapshot(site: Site) -> None:
    lost = make_alarm("controller_lost", severity="critical")
    site.hub.side = lambda: {"web_alarms": [lost], "mail": None}
    html = site.page("/alarms")
    assert "<title>(1) ⚠ Alarmes – Vigie</title>" in html
    assert 'data-needs="web"' in html
    assert "row-shelve-controller_lost" not in html


def test_an_alarm_that_waits_says_what_to_do_its_value_and_what_the_program_did(site: Site) -> None:
    hot = make_alarm(
        "battery_too_hot", severity="critical", value=51.25, limit=50.0, unit="degC", protection="r2_opened"
    )
    site.publish(alarms=[hot])
    html = site.page("/alarms")
    assert re.search(r'data-live="alarms.battery_too_hot.value" data-fmt="of:degC">51,3\u00a0°C<', html)
    assert "limite 50,0\u00a0°C" in html
    assert re.search(r'<details class="todo" id="todo-battery_too_hot" open>', html)
    assert "aérez le local" in html
    assert "La charge est coupée\u00a0: R2 est ouvert" in html


def test_what_an_alarm_concerns_is_named_instead_of_a_number(site: Site) -> None:
    site.publish(alarms=[make_alarm("sensor_lost", value=18.0, detail=["charge", "thermometer"])])
    assert "mesure de la charge, thermomètre de la batterie" in site.page("/alarms")


def test_a_reason_a_person_wrote_cannot_become_markup(site: Site) -> None:
    site.publish(alarms=[make_alarm(standing="shelved", by="<b>x</b>", why="<script>x</script>")])
    html = site.page("/alarms")
    assert "<b>x</b>" not in html
    assert "<script>x" not in html


def test_without_mail_the_page_says_so_and_with_it_what_waits(site: Site) -> None:
    assert "Aucun courriel n’est envoyé" in site.page("/alarms")
    report = {
        "is_configured": True,
        "waiting": 2,
        "refused": 1,
        "last_error": "550 no such user",
        "last_sent_utc_ms": 1,
    }
    site.hub.side = lambda: {"web_alarms": [], "mail": report}
    html = site.page("/alarms")
    assert "550 no such user" in html
    assert 'id="mail-test"' in html


@pytest.mark.parametrize("path", ["/alarms/bar", "/alarms/now", "/alarms/past", "/alarms/mail", "/outages/log"])
def test_the_pieces_a_page_fetches_are_the_page_s_own(site: Site, path: str) -> None:
    site.publish(alarms=[make_alarm()])
    piece = site.page(path)
    assert "<html" not in piece
    whole = site.page("/outages" if path.startswith("/outages") else "/alarms")
    assert piece.strip() in whole


def past(path: Path, **arguments: str) -> list[tuple[str, str]]:
    with closing(JournalReader(path)) as reader:
        return [(event.subject, event.reason) for event in past_of(reader, END_MS, filters_of(arguments)).events]


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    path = tmp_path / "journal.sqlite"
    writer = Journal(path, JournalSettings())
    writer.start()
    for event in month(END_MS / 1000):
        writer.note(event)
    writer.close()
    return path


def test_the_history_is_filtered_by_time_severity_and_alarm(journal: Path) -> None:
    assert past(journal, days="1") == [("mains_lost", "returned"), ("mains_lost", "raised")]
    week = past(journal)
    assert len(week) == 7
    assert week == past(journal, days="7", severity="info")
    assert {name for name, _ in past(journal, severity="warning")} == {"mains_lost", "battery_warm"}
    assert {name for name, _ in past(journal, severity="critical")} == {"mains_lost"}
    assert past(journal, alarm="meter_reset") == [("meter_reset", "shelved"), ("meter_reset", "raised")]


def test_filters_that_make_no_sense_are_not_an_error(journal: Path) -> None:
    assert past(journal, days="-3", severity="grave", alarm="nonsense") == past(journal)


def test_an_unreadable_journal_is_told_in_the_history(site: Site) -> None:
    site.publish()
    assert "Le journal est illisible" in site.page("/alarms/past")


def test_a_stale_page_keeps_the_alarms_it_knows_and_claims_nothing_else(site: Site) -> None:
    site.publish(alarms=[make_alarm()])
    site.hub._received_s -= 10  # type: ignore[operator]
    html = site.page("/")
    assert verdict_of(html) == "unknown"
    assert "(1) ⚠" in html


def test_an_empty_list_is_well_only_while_the_values_are_fresh(site: Site) -> None:
    site.publish()
    assert "Aucune alarme.</" not in site.page("/relays")
    assert "Aucune alarme." in site.page("/alarms")
    site.hub._received_s -= 10  # type: ignore[operator]
    assert "Aucune alarme connue" in site.page("/alarms")


def test_a_look_without_a_snapshot_counts_the_web_s_alarms() -> None:
    lost = make_alarm("controller_lost", severity="critical")
    empty = {"snapshot": None, "age_ms": None, "link": "never", "web_alarms": [lost]}
    with Site(Path("/nonexistent")).app.test_request_context("/"):
        assert look_at(empty).values["alarm_count"] == 1


def test_a_reading_that_is_lost_while_its_alarm_is_present_is_not_shown_as_one_of_now(site: Site) -> None:
    site.publish(alarms=[make_alarm("battery_warm", now=None)])
    said = re.sub(r"<[^>]+>", "", site.page("/alarms", "en"))
    assert "now no value, worst 41.2\u00a0°C" in said
