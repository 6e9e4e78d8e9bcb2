"""Whoever reads a command's output goes away, or reads it through a pipe: in a clean environment, as under cron."""

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.integration.telemetry.samples import record
from tests.waiting import wait_for
from vigie.telemetry.retention import JournalSettings
from vigie.telemetry.store import Store

from .installations import TWIN, VIGIE, Site

CLEAN = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
READER_GONE = 141
MORE_THAN_A_PIPE_HOLDS = 2_000


@contextmanager
def pipe_nobody_reads() -> Iterator[int]:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        yield writing
    finally:
        os.close(writing)


def unread(folder: Path, *arguments: str, both: bool = False) -> subprocess.CompletedProcess[str]:
    """Run a command whose standard output (or both) nobody reads."""
    with pipe_nobody_reads() as nobody:
        return subprocess.run(
            [VIGIE, *arguments], stdout=nobody, stderr=nobody if both else subprocess.PIPE, stdin=subprocess.DEVNULL,
            text=True, timeout=60, check=False, env={**CLEAN, "HOME": str(folder)},
        )  # fmt: skip


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a journal that is longer than a pipe."""
    folder = tmp_path_factory.mktemp("full")
    with closing(Store(folder / "journal.sqlite", JournalSettings())) as store:
        store.write([record(second) for second in range(MORE_THAN_A_PIPE_HOLDS)], [], False)
    return folder


@pytest.mark.parametrize(
    "command",
    [
        "--help", "--version", "backup --help", "export --data {data}", "export --what events --data {data}",
        "import --list --data {data}", "backup {data}/kept.tar.gz --data {data}", "backup - --data {data}",
        "delivery show --data {data}", "user list --data {data}",
        "commission --plant twin --yes --output {data}/found.toml --data {data}",
    ],
)  # fmt: skip
def test_a_command_nobody_reads_ends_without_a_word(command: str, full: Path) -> None:
    told = unread(full, *command.format(data=full).split())
    assert (told.returncode, told.stderr) == (READER_GONE, "")


def test_a_reader_that_has_seen_enough_ends_the_export(full: Path) -> None:
    with subprocess.Popen(
        [VIGIE, "export", "--data", str(full)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**CLEAN, "HOME": str(full)},
    ) as export:  # fmt: skip
        assert export.stdout is not None
        assert export.stderr is not None
        assert export.stdout.readline().startswith("utc")
        export.stdout.close()
        assert export.wait(30) == READER_GONE
        assert export.stderr.read() == ""


def test_the_text_of_an_error_nobody_reads_costs_only_the_text(tmp_path: Path) -> None:
    nobody = Site(tmp_path, TWIN, speed=1, soc=0.8)
    assert unread(tmp_path, "status", *nobody.options, both=True).returncode == 6


def test_a_full_disk_below_the_output_is_told(full: Path) -> None:
    with Path("/dev/full").open("w") as full_disk:
        for words in (["--version"], ["export", "--data", str(full)]):
            told = subprocess.run(
                [VIGIE, *words], stdout=full_disk, stderr=subprocess.PIPE, text=True, check=False, timeout=30, env=CLEAN
            )
            assert told.returncode == 1
            assert told.stderr == "the output cannot be written: No space left on device\n"


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_command_started_without_its_streams_does_its_work(closed: str, full: Path, tmp_path: Path) -> None:
    command = f'"{VIGIE}" export --data "{full}" --output "{tmp_path}/part.csv" {closed}'
    told = subprocess.run(["sh", "-c", command], env={**CLEAN, "HOME": str(full)}, check=False, timeout=30)
    assert told.returncode == 0
    assert (tmp_path / "part.csv").read_text().count("\n") == MORE_THAN_A_PIPE_HOLDS + 1


def test_what_run_says_is_read_at_once_and_control_goes_on_when_nobody_reads_any_more(
    site: Callable[..., Site],
) -> None:
    """``vigie run 2>&1 | head -1``."""
    one = site(TWIN, speed=10, soc=0.8)
    reading, writing = os.pipe()
    one.start(output=writing, PYTHONUNBUFFERED="")
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8") as said:
        assert any("watches the twin" in line for line in said)
    assert one.run.poll() is None, "it was read while it went on"
    one.wait_until_connected()
    # every part now says something: the web process that it starts again, the supervisor that it restarts it
    controller = one.controller().pid
    for process in (one.web(), *one.web().children()):
        process.kill()
    wait_for(lambda: one.state() is None, what="the page is away")
    one.wait_until_connected()
    periods = one.snapshot()["loop"]["periods"]
    wait_for(lambda: one.snapshot()["loop"]["periods"] > periods, what="control goes on")
    assert one.controller().pid == controller
    assert one.stop()[0] == 0
