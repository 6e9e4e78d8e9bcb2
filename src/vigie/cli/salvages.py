"""``vigie journal salvage``."""

import json
from pathlib import Path

from vigie.assembly.files import files_in
from vigie.cli import screen
from vigie.config import Config
from vigie.errors import JournalError
from vigie.telemetry.damage import asides_of
from vigie.telemetry.salvage import salvage


def bring_back(config: Config, file: Path | None, *, as_json: bool) -> None:
    """Bring one damaged journal back, or all that were set aside.

    Raises:
        JournalError: there is none, or a file cannot be used.
    """
    journal = files_in(config.data_directory).journal
    damaged = [file] if file is not None else asides_of(journal)
    if not damaged:
        raise JournalError(f"no damaged journal was set aside beside {journal}; name the file if it lies elsewhere")
    found = {str(one): salvage(one, journal) for one in damaged}
    console = screen.console()
    if as_json:
        console.print_json(json.dumps(found))
        return
    for name, counts in found.items():
        rows = ", ".join(f"{count} of {table}" for table, count in counts.items())
        console.print(f"{name}: rows that {journal.name} did not have: {rows}", markup=False)
    console.print("The damaged files stay where they are: delete them when nothing is missing.", markup=False)
