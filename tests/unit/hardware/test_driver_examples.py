import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))


def run(example: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", str(example), *arguments],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_an_example_runs_without_hardware(example: Path) -> None:
    done = run(example, "--emulated")
    assert (done.returncode, done.stderr) == (0, "")


def test_the_meter_example_prints_what_the_emulated_chip_sees() -> None:
    assert run(ROOT / "examples/read_ina219.py", "--emulated").stdout == "12.800 V  +0.5000 A  good\n" * 3


def test_the_relay_example_moves_the_second_relay_only() -> None:
    done = run(ROOT / "examples/switch_relay.py", "--emulated")
    assert done.stdout == "open open closed closed\nopen closed closed closed\n"


@pytest.mark.skipif(Path("/dev/i2c-1").exists(), reason="this machine has an I2C bus")
def test_without_the_bus_an_example_says_what_to_do() -> None:
    done = run(ROOT / "examples/read_ina219.py")
    assert done.returncode == 1
    assert "enable I2C" in done.stderr


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_the_page_quotes_the_examples_as_they_are(example: Path) -> None:
    assert f"```python\n{example.read_text()}```" in (ROOT / "docs/drivers.md").read_text()
