"""The sample log that ships is what its script makes, and shows what it is there for."""

import csv

import pytest
from tools.sample_log import FILE, lines

from vigie.plant.recorded_settings import RecordedSettings
from vigie.plant.recording import read_recording


def test_sample_log_is_what_the_script_writes() -> None:
    kept, made = (list(csv.reader(text)) for text in (FILE.read_text(encoding="utf-8").splitlines(), lines()))
    assert [row[0] for row in kept] == [row[0] for row in made]
    for one, other in zip(kept[1:], made[1:], strict=True):
        assert list(map(float, one[1:])) == pytest.approx(list(map(float, other[1:])), abs=0.11), "make docs writes it"


def test_sample_log_has_a_charge_a_rest_and_an_outage_and_is_small() -> None:
    recording = read_recording(RecordedSettings(str(FILE)))
    currents = [sample.current_a for sample in recording.samples()]
    assert recording.summary.dropped == ()
    assert sum(current > 0.05 for current in currents) > 300
    assert sum(current == 0.0 for current in currents) == 6 * 60
    assert sum(current < -0.5 for current in currents) == 2 * 60
    assert FILE.stat().st_size < 300_000
