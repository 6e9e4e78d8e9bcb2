"""kill -9 before and after every request and every write of the cursor: what was recorded arrives, once."""

import shutil
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from tests.integration.telemetry.samples import START_MS
from vigie.delivery.wire import SeriesBlock
from vigie.telemetry.delivery_log import DeliveryLog

from .histories import write
from .kill_driver import site
from .stores import Reply, Samples, ToldStore, journalled

JOURNALS = 90
BAD_MS = START_MS + 17_000
BAD = "vigie_temperature_celsius"


def refuse_one_sample(blocks: list[SeriesBlock], _number: int) -> Reply:
    is_bad = any(BAD_MS in block.times_ms and dict(block.labels)["__name__"] == BAD for block in blocks)
    return Reply(400, "duplicate sample for timestamp") if is_bad else Reply()


def of_site(samples: Samples, name: str) -> Samples:
    return {series: values for series, values in samples.items() if f'site="{name}"' in series}


def refused_samples(path: Path) -> int:
    with closing(DeliveryLog(path)) as log:
        assert log.state(0).waiting_periods == 0
        return sum(aside.samples for aside in log.asides())


def test_a_kill_at_any_step_leaves_nothing_out_and_nothing_twice(tmp_path: Path, told: ToldStore) -> None:
    first = tmp_path / "first.sqlite"
    write(first, range(30))
    write(first, [*range(22, 28), *range(28, 36)])  # a calendar that ran backwards, past where it had been
    folder = tmp_path / "journals"
    folder.mkdir()
    for number in range(1, JOURNALS + 1):
        shutil.copy(first, folder / f"{number}.sqlite")
    told.answer = refuse_one_sample
    driver = subprocess.run(
        [sys.executable, "-m", "tests.integration.delivery.kill_driver", told.url, str(folder)],
        capture_output=True, text=True, timeout=110, check=False,
    )  # fmt: skip
    assert driver.returncode == 0, driver.stderr
    steps = int(driver.stdout)
    assert steps > 40
    for number in range(1, steps + 1):
        expected = journalled(folder / f"{number}.sqlite", site(number))
        del expected[f'{BAD}{{battery="1",site="{site(number)}"}}'][BAD_MS]
        assert of_site(told.samples, site(number)) == expected, f"killed at step {number}"
        assert refused_samples(folder / f"{number}.sqlite") == 1, f"killed at step {number}"
    assert told.doubled > 0  # a batch is sent again after a kill: the store keeps it once
