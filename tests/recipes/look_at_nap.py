"""Run in the copy of the tree: tells as JSON, for each place, what it shows of the new mode."""

import importlib.util
import json
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from types import ModuleType
from typing import Any

import typer.main
from tools.dashboards.__main__ import files
from tools.prometheus_rules.__main__ import client_names

from tests.unit.control.process_images import Panel, configured
from vigie.assembly.past import past_of
from vigie.cli.commands import running as order_commands
from vigie.cli.settings import in_force
from vigie.config import BadSettings, check, warnings
from vigie.config.reading import rows
from vigie.config.sections import StartMode
from vigie.control.commands import Mode, Phase
from vigie.control.signals import Contact
from vigie.controller.orders import order_of
from vigie.controller.status import thresholds
from vigie.link.hub import Hub
from vigie.link.messages import Command
from vigie.simulation.plot import thresholds as lines
from vigie.simulation.replay import mode_named
from vigie.telemetry.metrics import METRICS, FromRecord, client_series, our_series
from vigie.telemetry.reader import JournalReader
from vigie.telemetry.retention import JournalSettings
from vigie.telemetry.rows import record_of
from vigie.telemetry.schema import APPLICATION_ID, MIGRATIONS, period_columns
from vigie.telemetry.store import Store
from vigie.web.app import create_app
from vigie.web.settings import WebSettings
from vigie.wording.words import describe, translator

NUMBER = 5


def settings() -> dict[str, Any]:
    crossed = {"nap": {"doze_above_v": 12.4, "wake_below_v": 12.5}}
    low, high = {"nap": {"wake_below_v": 11.5}}, {"nap": {"doze_above_v": 14.9}}
    faults = []
    for tables in (crossed, low):
        try:
            check(tables, "test")
        except BadSettings as error:
            faults += [str(fault) for fault in error.faults]
    return {
        "keys": [row.key for row in rows("nap")],
        "shown": in_force(check({}, "test"))["nap"],
        "faults": faults,
        "warnings": [str(warning) for warning in warnings(check(high, "test")) if "nap" in str(warning)],
        "start": check({"start": {"mode": "nap"}}, "test").start.mode.name,
    }


def orders() -> dict[str, Any]:
    command = typer.main.get_command(order_commands.app).commands["mode"]  # type: ignore[attr-defined]
    order = order_of(Command(id="12345678", action="set_mode", mode="nap", not_after_utc_ms=1, who="test"))
    return {
        "command_line": command.make_context("mode", ["nap"]).params["name"],
        "help": command.params[0].help,
        "link": order.mode.name,  # type: ignore[union-attr]
        "replay": mode_named("nap").name,
    }


def pages(folder: Path) -> dict[str, Any]:
    client = create_app(WebSettings(), Hub("secret"), folder / "none.sqlite").test_client()
    home, relays, french = (
        client.get(f"/flask{path}", headers={"Accept-Language": language}).get_data(as_text=True)
        for path, language in (("/", "en"), ("/relays", "en"), ("/", "fr"))
    )
    data = json.loads(home.split('id="page-data"', 1)[1].split(">", 1)[1].split("</script>", 1)[0])
    return {
        "button": 'data-mine="nap"' in home and "The battery dozes." in home and "Start mode Nap?" in home,
        "french": "fr: it dozes." in french,
        "waits": 'data-wanted="protect|cycle|maintain|nap"' in home,
        "relays": 'data-wanted="nap"' in relays and "follow the mode Nap." in relays,
        "word": data["words"]["mode"]["nap"],
        "lines": [data["texts"][name] for name in data["limits"]["nap"]],
        "snapshot": {name: volts for name, volts in thresholds(configured()).items() if name.startswith("nap")},
        "picture": [line.label for line in lines(Mode(NUMBER), configured())],
    }


def metrics() -> dict[str, Any]:
    row = [0] * len(period_columns())
    row[period_columns().index("mode")] = NUMBER
    (metric,) = (one for one in METRICS if one.name == "vigie_mode")
    assert isinstance(metric.source, FromRecord)
    samples = list(metric.source.read(record_of(tuple(row))))
    series = [*our_series(metric, samples), *client_series(metric, samples)]
    return {dict(labels)[name] if (name := "mode") in dict(labels) else "": value for _, labels, value in series}


def journal(folder: Path) -> dict[str, Any]:
    """Open a journal of the program before this mode, as the controller does, and read a period of the mode."""
    path = folder / "journal.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None)) as old:
        for step in MIGRATIONS[:5]:
            for statement in step:
                old.execute(statement)
        old.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        old.execute("PRAGMA user_version = 5")
        old.execute(f"INSERT INTO period (key, mode, phase, mains) VALUES (64000, {NUMBER}, 2, 1)")
        old.execute(
            "INSERT INTO event (utc_ms, kind, subject, before, after, reason, who, text, data) "
            "VALUES (1000, 'mode', 'mode', 'observe', 'nap', '', 'ada', '', '{}')"
        )
    Store(path, JournalSettings()).close()
    with closing(sqlite3.connect(path)) as connection:
        (view,) = connection.execute("SELECT mode, phase, mains FROM period_si").fetchall()
    with closing(JournalReader(path)) as reader:
        past = past_of(reader, StartMode.LAST).past
    return {"view": view, "resumed": [past.mode.name, past.mode_by]}


def control() -> dict[str, Any]:
    panel = Panel(configured(), Mode(NUMBER))
    kept = panel.after(battery_v=13.0).contacts.r2
    opened = panel.after(battery_v=13.2).contacts.r2
    phase = panel.state.plan.phase
    return {"13.0": kept == Contact.CLOSED, "13.2": opened == Contact.OPEN, "phase": phase == Phase.REST}


def generated() -> dict[str, Any]:
    told = {path.name: text for path, text in files().items()}
    pages = {name: _tool(f"write_{name}_page").page() for name in ("modes", "settings", "metrics")}
    return {
        "dashboards": sorted(name for name in told if "nap" in name),
        "shown in": sorted(name for name, text in told.items() if "-en.json" in name and "nap" in text),
        "threshold": "vector($doze_above_v)" in told["vigie-nap-en.json"],
        "modes": f"| `nap` | `au_na` | {NUMBER} |" in pages["modes"],
        "settings": "## [nap]" in pages["settings"],
        "metrics": "au_na" in pages["metrics"],
        "rules": "{mode: au_na}" in client_names(),
    }


def _tool(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, Path("tools") / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    scratch = Path(sys.argv[1])
    found = {
        "word": describe(Mode(NUMBER), translator("de")),
        "settings": settings(),
        "orders": orders(),
        "pages": pages(scratch),
        "metrics": metrics(),
        "journal": journal(scratch),
        "control": control(),
        "generated": generated(),
    }
    sys.stdout.write(json.dumps(found))
