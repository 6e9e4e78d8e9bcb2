"""The program's own export as a recording: which of its columns are the battery's, and rows out of a Parquet file."""

import importlib
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO

from vigie.errors import RecordingError

EVIDENCE = ("mains", "load_current_a")
"""Columns of single periods that say whether the battery feeds the loads, and with how much."""
WITHOUT_SUPPLY = frozenset({"absent", "cut"})
_PARQUET = b"PAR1"
_FIRST = ["utc", "utc_ms"]


def columns_of(header: Sequence[str]) -> tuple[str, str, str, str] | None:
    """Return the columns of time, voltage, current and temperature of an export; None when the header is of none.

    Single periods have plain names, minutes and hours their means. The current is that of the charging path, or the
    battery's own in an imported log; an empty name stands for a temperature that is not there.

    >>> columns_of(["utc", "utc_ms", "battery_bus_v_mean", "charge_current_a_mean"])
    ('utc', 'battery_bus_v_mean', 'charge_current_a_mean', '')
    >>> columns_of(["time", "voltage", "current"]) is None
    True
    """
    if list(header[:2]) != _FIRST:
        return None
    for of in ("", "_mean"):
        currents = [name + of for name in ("charge_current_a", "battery_current_a") if name + of in header]
        if f"battery_bus_v{of}" in header and currents:
            temperature = f"temperature_c{of}" if f"temperature_c{of}" in header else ""
            return "utc", f"battery_bus_v{of}", currents[0], temperature
    return None


def battery_current(charge_a: float, load_a: float) -> float:
    """Return the battery's current without supply, positive into it.

    Where R2 cuts the charging path alone, the battery feeds the loads past V2, which then shows nothing: the loads'
    current says it.

    >>> battery_current(0.0, 1.0), battery_current(-1.1, 1.0)
    (-1.0, -1.1)
    """
    return min(charge_a, -load_a)


@contextmanager
def as_csv(path: Path) -> Iterator[Path]:
    """Give a log as a CSV file. Parquet is turned into one by a process of its own, with whom pyarrow's memory goes.

    Raises:
        OSError: it cannot be opened.
        RecordingError: Parquet that cannot be read.
    """
    with path.open("rb") as start:
        is_parquet = start.read(len(_PARQUET)) == _PARQUET
    if not is_parquet:
        yield path
        return
    with NamedTemporaryFile("w", suffix=".csv") as file:
        command = [sys.executable, "-P", "-m", "vigie.plant.own_export", str(path)]
        done = subprocess.run(command, stdout=file, stderr=subprocess.PIPE, text=True, check=False)
        if done.returncode:
            raise RecordingError(f"recording {path}: {done.stderr.strip().splitlines()[-1]}; or export CSV")
        yield Path(file.name)


def write_csv(path: str, out: IO[bytes]) -> None:
    """Write those columns of a Parquet file that a recording is made of as CSV; of a foreign file all there are."""
    try:
        arrow, csv, parquet = map(importlib.import_module, ("pyarrow", "pyarrow.csv", "pyarrow.parquet"))
    except ImportError:
        sys.exit("Parquet needs pyarrow: install vigie with its extra 'lab'")
    try:
        file = parquet.ParquetFile(path)
    except arrow.ArrowException as error:
        sys.exit(str(error))
    whole = file.schema_arrow
    own = columns_of(whole.names)
    names = (
        whole.names if own is None else [*_FIRST, *filter(None, own[1:]), *(e for e in EVIDENCE if e in whole.names)]
    )
    with csv.CSVWriter(out, arrow.schema([whole.field(name) for name in names])) as rows:
        for batch in file.iter_batches(columns=names):
            rows.write_batch(batch.select(names))


if __name__ == "__main__":
    write_csv(sys.argv[1], sys.stdout.buffer)
