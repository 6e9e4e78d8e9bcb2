"""What the alarms are told of the computer."""

import math

import pytest

from vigie.assembly.controller import machine_of
from vigie.telemetry.journal import JournalStatus
from vigie.telemetry.report import UNKNOWN_FIGURES, Figures

JOURNAL = JournalStatus("j", 0, True, None, 0, 0, 0)


@pytest.mark.parametrize(
    ("figures", "share"),
    [
        ({"disk_total_bytes": 100, "disk_used_bytes": 95, "disk_free_bytes": 0}, 1.0),  # 5 are kept for root
        ({"disk_total_bytes": 100, "disk_used_bytes": 19, "disk_free_bytes": 76}, 0.2),
        ({"disk_total_bytes": None, "disk_used_bytes": None, "disk_free_bytes": None}, math.nan),
        ({}, math.nan),
    ],
)
def test_a_disk_is_full_when_nothing_more_can_be_written(figures: dict[str, int | None], share: float) -> None:
    known = Figures(**(UNKNOWN_FIGURES | figures))
    assert machine_of(known, JOURNAL).disk_used_share == pytest.approx(share, nan_ok=True)
