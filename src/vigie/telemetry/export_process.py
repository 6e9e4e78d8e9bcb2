"""An export in a process of its own, written to a pipe: ``python -m vigie.telemetry.export_process ORDER``.

The web process starts it, so that neither the work nor pyarrow's hundred megabytes are its own. When the reader of
the pipe goes away, the next write ends the process.
"""

import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Literal, NamedTuple

from vigie import streams
from vigie.errors import VigieError
from vigie.telemetry.export import Extract, export_csv
from vigie.telemetry.parquet import export_parquet
from vigie.telemetry.reader import JournalReader

Format = Literal["csv", "parquet"]
NICENESS = 10
"""Control comes first; but somebody waits for it, so that it must get its share of a busy machine."""


class ExportOrder(NamedTuple):
    """What such a process is to do."""

    journal: Path
    extract: Extract
    form: Format
    about: Mapping[str, str]
    """Goes into a Parquet file's metadata."""

    def command(self) -> list[str]:
        """Return the command line of the process that does it."""
        order = {"journal": str(self.journal), "extract": self.extract, "form": self.form, "about": dict(self.about)}
        return [sys.executable, "-P", "-m", "vigie.telemetry.export_process", json.dumps(order)]


def parse(text: str) -> ExportOrder:
    """Return the order that a command line carries."""
    order = json.loads(text)
    table, from_utc_ms, to_utc_ms, only = order["extract"]
    extract = Extract(table, from_utc_ms, to_utc_ms, tuple(only))
    return ExportOrder(Path(order["journal"]), extract, order["form"], order["about"])


def main(text: str) -> int:
    """Write the export to the standard output; return the exit status."""
    os.nice(NICENESS)
    streams.end_without_reader()
    order = parse(text)
    try:
        with closing(JournalReader(order.journal)) as reader:
            for _ in _written(reader, order):
                pass
        sys.stdout.flush()
    except VigieError as error:
        sys.stderr.write(str(error))
        return 1
    return 0


def _written(reader: JournalReader, order: ExportOrder) -> Iterator[int]:
    if order.form == "parquet":
        return export_parquet(reader, sys.stdout.buffer, order.extract, order.about)
    sys.stdout.reconfigure(encoding="utf-8", newline="")  # type: ignore[union-attr]  # a text file, as started
    return export_csv(reader, sys.stdout, order.extract)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
