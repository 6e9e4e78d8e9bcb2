"""The settings of a logged battery, apart from what reads it: every process reads settings, few read a log."""

from enum import IntEnum
from typing import Annotated, NamedTuple

from vigie.logfile.reading import ReadingSettings
from vigie.units import by_name, setting


class Sign(IntEnum):
    """What a positive current means in the file."""

    DISCHARGE = 0
    CHARGE = 1


class ColumnSettings(NamedTuple):
    """Which column holds what. The defaults read the BBOXX logs."""

    time: Annotated[str, setting("Column of the time")] = "time"
    voltage: Annotated[str, setting("Column of the battery voltage")] = "voltage"
    current: Annotated[str, setting("Column of the battery current")] = "current"
    temperature: Annotated[str, setting("Column of the battery temperature, empty for none", unit="degC")] = (
        "temperature"
    )
    positive_current: Annotated[Sign, *by_name(Sign), setting("Meaning of a positive current: discharge or charge")] = (
        Sign.DISCHARGE
    )
    volts_per_unit: Annotated[float, setting("0.001 for a file in millivolts", unit="V", ge=1e-6, le=1000.0)] = 1.0
    amperes_per_unit: Annotated[float, setting("0.001 for a file in milliamperes", unit="A", ge=1e-6, le=1000.0)] = 1.0


class RecordedSettings(NamedTuple):
    """How a log is read and replayed."""

    path: Annotated[str, setting("CSV file of the log, or an export of this program (CSV, Parquet)")] = ""
    columns: ColumnSettings = ColumnSettings()
    reading: ReadingSettings = ReadingSettings()
    gap_s: Annotated[float, setting("A longer silence is reported as a gap", unit="s", ge=1.0)] = 1200.0
    hold_s: Annotated[float, setting("Oldest sample still shown", unit="s", ge=1.0)] = 900.0
