"""The recipe "add an alarm": it appears everywhere, and each part that is forgotten is missed by name."""

from pathlib import Path

import pytest

from .tree import Tree, recipe

ALARMS = "src/vigie/control/alarms"
NAMES, ROWS, VALUES = f"{ALARMS}/catalogue.py", f"{ALARMS}/rows/battery.py", f"{ALARMS}/values.py"
WATCH, SETTINGS, AT_REST = (
    f"{ALARMS}/watch.py",
    f"{ALARMS}/settings.py",
    "tests/unit/control/alarms/test_alarm_rules.py",
)
CATALOGUES = "tests/unit/wording/test_catalogues.py::test_no_message_is_missing_left_over_or_fuzzy"
MEMBER = '''    BATTERY_COLD = 99
    """It takes less charge, and gives less."""
'''
THE_LAST = '    """The full battery did not hold its voltage at rest."""\n'
TITLE = '        title=mark("Battery cold"),\n'
ROW = f"""    AlarmRow(
        Alarm.BATTERY_COLD,
{TITLE}        advice=mark("Warm the room: a cold battery carries the loads for less long."),
        looks_at="battery temperature",
        severity=Severity.INFO,
        unit="degC",
        comparison=Comparison.BELOW,
        limit="alarms.battery_cold_c",
        hysteresis=2,
        delays_s=(60, 60),
    ),
"""
SETTING = """    battery_cold_c: Annotated[
        float, setting("Battery temperature that is low", unit="degC", ge=-20, le=10)
    ] = 0.0
"""
WORDS = {
    "fr": {
        "Battery cold": "Batterie froide",
        "Warm the room: a cold battery carries the loads for less long.": (
            "Chauffez la pièce\u00a0: une batterie froide alimente les charges moins longtemps."
        ),
    },
    "de": {
        "Battery cold": "Batterie kalt",
        "Warm the room: a cold battery carries the loads for less long.": (
            "Den Raum heizen: Eine kalte Batterie trägt die Verbraucher weniger lange."
        ),
    },
}
GENERATED = (
    ("tools/write_alarms_page.py",),
    ("tools/write_settings_page.py",),
    ("-m", "tools.prometheus_rules"),
    ("-m", "tools.dashboards"),
)
SEEN = """
from vigie.control.alarms.catalogue import Alarm
from vigie.control.alarms.rules import rules
from vigie.control.alarms.settings import AlarmSettings
from vigie.control.alarms.table import TABLE
from vigie.control.alarms.values import AlarmValues
from vigie.control.interlocks import InterlockSettings
from vigie.notify.compose import Composer
from vigie.notify.settings import MailSettings, Receiver
from vigie.telemetry import metrics
from vigie.telemetry.alarm_book import AlarmBook, Instant
from vigie.web.alarms import NAMES
from vigie.web.schemas import ALARMS
from vigie.wording.alarms import advice, title
from vigie.wording.words import translator

table = rules(AlarmSettings(battery_cold_c=2.0), InterlockSettings(), 0.8)
assert not rules(AlarmSettings(off=("battery_cold",)), InterlockSettings(), 0.8)[-1].is_enabled
book = AlarmBook(table, {}, Instant(0.0, 0))
quiet = AlarmValues(**dict.fromkeys(AlarmValues._fields, float("nan")))
for now_s in (0.0, 61.0):
    told = book.period(quiet._replace(battery_cold=1.5)._asdict(), (), Instant(now_s, round(now_s * 1000)))
(event,) = told
assert (event.subject, event.reason, event.data["unit"]) == ("battery_cold", "raised", "degC"), event
(report,) = book.reports(Instant(61.0, 61_000))
assert (report["severity"], report["limit"], report["now"]) == ("info", 2.0, 1.5), report
assert title("battery_cold", translator("fr")) == "Batterie froide"
assert advice("battery_cold", translator("de")).startswith("Den Raum heizen")
assert "battery_cold" in NAMES and "battery_cold" in ALARMS, "page and API"
assert ("battery_cold", "info") in metrics._ALARMS
"""


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path / "tree")


def add(tree: Tree, *left_out: str) -> None:
    """Follow the recipe of CONTRIBUTING.md, but for the parts that are left out."""
    tree.replace(NAMES, THE_LAST, THE_LAST + MEMBER)
    if "row" not in left_out:
        file = tree.root / ROWS
        text = file.read_text(encoding="utf-8")
        row = ROW.replace(TITLE, "") if "title" in left_out else ROW
        file.write_text(text.removesuffix(")\n") + row + ")\n", encoding="utf-8")
    if "field" not in left_out:
        tree.replace(
            VALUES, "    charge_not_stopped: float\n", "    charge_not_stopped: float\n    battery_cold: float\n"
        )
    if "value" not in left_out:
        warm = "        battery_warm=temperature_c,\n"
        tree.replace(WATCH, warm, f"{warm}        battery_cold=temperature_c,\n")
    if "setting" not in left_out:
        tree.replace(SETTINGS, "    over_ambient_k:", f"{SETTING}    over_ambient_k:")
    if "rest" not in left_out:
        tree.replace(AT_REST, "Alarm.BATTERY_WARM: 10.0,", "Alarm.BATTERY_WARM: 10.0, Alarm.BATTERY_COLD: 20.0,")


def test_the_recipe_names_what_is_touched() -> None:
    told = recipe("Add an alarm")
    touched = (NAMES, VALUES, WATCH, SETTINGS, AT_REST)
    assert [path for path in touched if Path(path).name not in told] == []
    assert "control/alarms/rows/" in told
    assert "translations.py" in told
    assert "make docs" in told


def test_an_alarm_that_is_added_appears_everywhere(tree: Tree) -> None:
    add(tree)
    tree.translate(WORDS)
    for tool in GENERATED:
        tree.told(*tool)
    tree.told("-c", SEEN)
    for path, told in {
        "docs/alarms.md": "### `battery_cold`: Battery cold",
        "docs/settings.md": "battery_cold_c",
        "deploy/prometheus/rules/alarms.yml": 'vigie_alarm_unacknowledged{alarm="battery_cold"}',
        "deploy/grafana/dashboards/fr/vigie-fleet-fr.json": "Batterie froide",
    }.items():
        assert told in (tree.root / path).read_text(encoding="utf-8"), path


@pytest.mark.parametrize(
    ("left_out", "asks", "told"),
    [
        (
            "row",
            (AT_REST, "-k", "has_one_row"),
            "no row for ['BATTERY_COLD']: add one to a module of control/alarms/rows",
        ),
        ("setting", (AT_REST, "-k", "names_settings"), "add the setting to control/alarms/settings.py"),
        ("rest", (AT_REST, "-k", "ends_at_rest"), "Alarm.BATTERY_COLD"),
        ("field", ("tests/unit/control/alarms/test_alarm_watch.py", "-k", "by_its_name"), "battery_cold"),
        ("page", ("tests/unit/docs/test_alarms_page.py",), "run tools/write_alarms_page.py"),
        ("words", (CATALOGUES,), "run python tools/translations.py"),
    ],
)
def test_a_part_that_is_forgotten_is_missed_by_name(
    tree: Tree, left_out: str, asks: tuple[str, ...], told: str
) -> None:
    add(tree, left_out)
    assert told in tree.refusal(*tree.tests(*asks))


def test_what_has_no_value_or_no_words_is_refused_by_the_types(tree: Tree) -> None:
    add(tree, "value", "title")
    told = tree.refusal(*tree.types(WATCH, ROWS))
    assert 'Missing positional argument "battery_cold" in call to "AlarmValues"' in told
    assert 'Missing positional argument "title" in call to "AlarmRow"' in told
