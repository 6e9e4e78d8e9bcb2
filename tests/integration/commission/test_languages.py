"""Commissioning speaks one language: every word of dialogue, report and refusals, and who decides which one."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.integration.commission.practice import SITE, practice
from tests.integration.commission.test_command import BY_HAND, arguments, commission, site
from tests.unit.wording.test_spoken_texts import english_words
from vigie.cli.exit_codes import Exit
from vigie.commission.known import CommissioningRefused
from vigie.commission.person import Topic
from vigie.plant.miswired import MiswiringSettings, TruePolarity
from vigie.plant.site import BatterySettings
from vigie.wording.dialogue import speaking

__all__ = ["site"]
TYPED = {
    "fr": BY_HAND.replace("y", "o").replace("independent", "autre"),
    "de": BY_HAND.replace("y", "j").replace("independent", "unabhängig"),
}
LAST_STEP = {"fr": "Étape 7 sur 7", "de": "Schritt 7 von 7"}
REPORT = {"fr": "# Mise en service de Cellar", "de": "# Inbetriebnahme von Cellar"}
DIFFERENCE = re.compile(r"^--- .*?(?=^Écrire|^Diese Einstellungen|\Z)", re.MULTILINE | re.DOTALL)


def english_in(text: str, language: str = "fr") -> set[str]:
    """Return the English words in what was said; names of settings, files and commands belong to no language."""
    prose = re.sub(r"```toml.*?```|`[^`]*`|\S*[./_=]\S*|\((?:line|charge_only)\)", " ", text, flags=re.DOTALL)
    return english_words(language) & {word.lower() for word in re.findall(r"[^\W\d_]{2,}", prose)}


@pytest.mark.parametrize("language", TYPED)
def test_a_whole_dialogue_has_no_english_word_nor_has_its_report(site: Path, language: str) -> None:
    ran = commission(site, "--speed", "100", "--language", language, typed=TYPED[language])
    assert ran.returncode == Exit.OK, ran.stderr
    assert LAST_STEP[language] in ran.stdout
    assert english_in(DIFFERENCE.sub("", ran.stdout), language) == set()
    report = (site / "site.commissioning.md").read_text()
    assert report.startswith(REPORT[language])
    assert english_in(report, language) == set()


def test_english_words_would_be_seen(site: Path) -> None:
    ran = commission(site, "--yes", "--language", "en")
    assert {"the", "relay", "battery", "moved", "reads"} <= english_in(ran.stdout)


MISWIRED = {
    "V2 reversed, resistor as a load": (MiswiringSettings(charge_reversed=True, sense_is_load=True), SITE),
    "active low, a chip away": (MiswiringSettings(relays_active=TruePolarity.LOW, absent_address=0x43), SITE),
    "no chips": (MiswiringSettings(absent_address=0x40), SITE),
    "battery empty": (MiswiringSettings(), SITE._replace(battery=BatterySettings(start_soc=0.05))),
}


@pytest.mark.parametrize("language", TYPED)
@pytest.mark.parametrize("name", MISWIRED)
def test_what_is_found_and_why_it_refuses_is_of_the_language_too(name: str, language: str) -> None:
    miswiring, settings = MISWIRED[name]
    bench = practice(miswiring, settings)
    with speaking(language):
        try:
            bench.run()
        except CommissioningRefused as refusal:
            bench.person.said.append(str(refusal))
    said = "\n".join([*bench.person.said, *bench.person.weak])
    assert len(bench.person.said) > 5
    assert english_in(said, language) == set(), said


def test_a_wrong_multimeter_is_doubted_in_french() -> None:
    bench = practice(answers={Topic.BATTERY_V: 9.0})
    with (
        speaking("fr"),
        pytest.raises(CommissioningRefused, match="V1 n’est pas étalonnée\u00a0: 9 V ne peut être juste"),
    ):
        bench.run()


BATTERY = {"fr": "Batterie : 12 V, 7 Ah.", "en": "Battery: 12 V, 7 Ah.", "de": "Batterie: 12 V, 7 Ah."}


@pytest.mark.parametrize(
    ("of_settings", "of_system", "options", "language"),
    [
        ("", {"LANG": "fr_CH.UTF-8"}, [], "fr"),
        ("", {"LANG": "fr_CH.UTF-8", "LC_MESSAGES": "C"}, [], "en"),
        ("", {"LANG": "de_CH.UTF-8"}, [], "de"),
        ("", {"LANG": "nl_BE.UTF-8"}, [], "en"),
        ("en", {"LC_ALL": "fr_FR.UTF-8"}, [], "en"),
        ("fr", {"LC_ALL": "C"}, [], "fr"),
        ("de", {"LC_ALL": "fr_FR.UTF-8"}, [], "de"),
        ("fr", {"LC_ALL": "fr_FR.UTF-8"}, ["--language", "en"], "en"),
    ],
)
def test_the_option_decides_then_the_settings_then_the_system(
    site: Path, of_settings: str, of_system: dict[str, str], options: list[str], language: str
) -> None:
    settings = site / "site.toml"
    settings.write_text(settings.read_text().replace("[site]", f'[site]\nlanguage = "{of_settings}"'))
    others = {key: value for key, value in os.environ.items() if key not in {"LC_ALL", "LC_MESSAGES", "LANG"}}
    ran = subprocess.run(
        arguments(site, ["--yes", "--json", *options]),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=others | of_system,
    )
    assert ran.returncode == Exit.OK, ran.stderr
    texts = {finding["text"].replace("\u00a0", " ") for finding in json.loads(ran.stdout)["findings"]}
    assert texts & set(BATTERY.values()) == {BATTERY[language]}


def test_a_language_without_words_is_told(site: Path) -> None:
    ran = commission(site, "--yes", "--language", "nl")
    assert ran.returncode == Exit.USAGE
    assert "de, en, fr" in " ".join(ran.stderr.split())
    (site / "site.toml").write_text('[site]\nlanguage = "nl"\n')
    ran = commission(site, "--yes")
    assert ran.returncode == Exit.SETTINGS
    assert "site.language" in ran.stderr
