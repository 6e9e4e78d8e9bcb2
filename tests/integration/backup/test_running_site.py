"""Backups of installations that run, and a restore between two lives of one."""

import json
import sqlite3
import tarfile
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from tests.integration.process.installations import TWIN, Site, vigie
from tests.integration.telemetry.samples import record, switching
from tests.waiting import wait_for
from vigie.telemetry.records import EventKind
from vigie.telemetry.retention import JournalSettings
from vigie.telemetry.snapshot_copy import copy_database
from vigie.telemetry.store import Store

from .at_rest import count


def test_a_journal_written_all_the_time_is_copied_as_it_was_at_one_instant(tmp_path: Path) -> None:
    """The writer commits a period and its event together: a copy that has one without the other is torn."""
    stop, written = threading.Event(), [0]

    def write() -> None:
        store = Store(tmp_path / "journal.sqlite", JournalSettings())
        while not stop.is_set():
            second = float(written[0])
            store.write([record(second)], [switching(second, "R2")], is_stepped=False)
            written[0] += 1
        store.close()

    thread = threading.Thread(target=write)
    thread.start()
    try:
        wait_for(lambda: written[0] > 50)
        copies = []
        began = written[0]
        while len(copies) < 15 or (written[0] < began + 15 and len(copies) < 300):
            copies.append(tmp_path / f"copy{len(copies)}.sqlite")
            copy_database(tmp_path / "journal.sqlite", copies[-1])
    finally:
        stop.set()
        thread.join(20)
    counts = [count(copy) for copy in copies]
    assert counts == [count(copy, "event") for copy in copies]
    assert counts == sorted(counts)
    assert counts[-1] > counts[0], "the writer went on meanwhile"
    for copy in copies:
        with closing(sqlite3.connect(copy)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_running_site_is_backed_up_refused_while_it_runs_and_comes_back(
    site: Callable[..., Site], tmp_path: Path
) -> None:
    one = site(TWIN, speed=60, soc=0.9)
    one.started()
    assert one.cli("mode", "protect").returncode == 0
    wait_for(lambda: one.events(EventKind.MODE), what="the order in the journal")
    file = tmp_path / "b.tar.gz"
    made = one.cli("backup", str(file), "--json")
    assert made.returncode == 0, made.stderr
    facts = json.loads(made.stdout)
    assert {"data/journal.sqlite", "data/link.token", "data/twin.json", "settings.toml"} <= set(facts["files"])
    with tarfile.open(file) as archive:
        settings = archive.extractfile("settings.toml")
        assert settings is not None
        assert settings.read() == one.config.read_bytes()

    refused = one.cli("restore", str(file))
    assert refused.returncode == 4, refused.stdout + refused.stderr
    assert f"process {one.controller().pid}" in refused.stderr
    one.stop()
    token = (one.data / "link.token").read_text()
    events = len(one.events())
    (one.data / "link.token").unlink()
    (one.data / "twin.json").unlink()
    (one.data / "journal.sqlite").unlink()
    done = one.cli("restore", str(file))
    assert done.returncode == 0, done.stderr
    assert (one.data / "link.token").read_text() == token

    one.started()
    assert one.snapshot()["mode"] == "protect", "the journal that came back says so"
    assert len(one.events()) > events / 2
    assert one.events(EventKind.MODE)[0].after == "protect"


def test_pages_that_run_alone_are_noticed_too(site: Callable[..., Site], tmp_path: Path) -> None:
    one = site(TWIN, speed=60, soc=0.9)
    one.started()
    file = tmp_path / "b.tar.gz"
    assert one.cli("backup", str(file)).returncode == 0
    one.stop()
    one.start(command="web")
    wait_for(one.state, what="the pages", log=lambda: one.log)
    refused = one.cli("restore", str(file))
    assert refused.returncode == 4
    assert "stop the program first" in refused.stderr
    one.end()
    assert vigie("restore", str(file), *one.options).returncode == 0
