"""Which plant a data folder belongs to. It stands beside the journal from the first start; no other plant runs there.

The mark is there to keep records apart. It never keeps the real rig, which has contacts to close, from running because
it is damaged, missing or cannot be written.
"""

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from vigie.assembly.files import Files
from vigie.config import Config
from vigie.config.sections import PLANTS, PlantKind
from vigie.errors import SettingsError
from vigie.unfinished import gone_if_it_fails
from vigie.wording.dialogue import spoken

FORMAT = 1


class PlantMark(NamedTuple):
    """A plant as a data folder bears it."""

    plant: str
    """One of :data:`vigie.config.sections.PLANTS`."""
    recording: str = ""
    """File name of the log that is shown, for people."""
    first_utc_ms: int | None = None
    """Of that log's first row, which tells it from others; None where nobody knows."""

    def __str__(self) -> str:
        return spoken("the recording {name}", name=self.recording) if self.recording else spoken(PLANTS[self.plant])

    def may_run_as(self, other: "PlantMark") -> bool:
        """Tell whether both are one plant, as far as is known."""
        starts = {self.first_utc_ms, other.first_utc_ms} - {None}
        return self.plant == other.plant and len(starts) <= 1


def mark_of(config: Config, start_utc_s: float) -> PlantMark:
    """Return the mark of the plant that settings name; a recording's calendar begins with its first row."""
    if config.plant.kind != PlantKind.RECORDED:
        return PlantMark(config.plant_name)
    return PlantMark(config.plant_name, Path(config.recorded.path).name, round(start_utc_s * 1_000))


def claim(paths: Files, mine: PlantMark) -> str:
    """Let a data folder bear this plant; return what should be told of its mark, empty when all is well.

    Raises:
        SettingsError: the folder belongs to another plant.
    """
    trouble = ""
    found: PlantMark | None = None
    try:
        found = _read(paths.plant)
    except FileNotFoundError:
        pass
    except (OSError, ValueError, KeyError, TypeError) as error:
        trouble = f"{paths.plant} cannot be used ({error})"
    if found is not None:
        _demand_same(paths, found, mine)
        return ""
    earlier = _earlier(paths)
    if earlier is not None and mine.plant != "rig":
        _demand_same(paths, earlier, mine)
    elif earlier is not None and not earlier.may_run_as(mine):
        trouble = f"{trouble or f'{paths.directory} bore no mark'}; its files look like those of {earlier}"
    try:
        _write(paths.plant, mine)
    except OSError as error:
        return f"{trouble}; {paths.plant} cannot be written: {error.strerror}".removeprefix("; ")
    return trouble and f"{trouble}; from now on it is the folder of {mine}"


def _demand_same(paths: Files, found: PlantMark, mine: PlantMark) -> None:
    if not found.may_run_as(mine):
        raise SettingsError(
            spoken(
                "data folder {folder} belongs to {found}; {mine} does not run in it, because the measurements, outages "
                "and alarms of both would mix. Give {mine} a folder of its own: --data OTHER, or site.data",
                folder=paths.directory,
                found=found,
                mine=mine,
            )
        )


def _earlier(paths: Files) -> PlantMark | None:
    """Return the plant that the files of a version without marks speak of; None where they do not, or there is none."""
    if not paths.journal.exists():
        return None
    with suppress(OSError, ValueError, KeyError, TypeError):
        plant = json.loads(paths.snapshot.read_text(encoding="utf-8"))["snapshot"]["plant"]
        if plant in PLANTS:
            return PlantMark("emulated" if plant == "rig" and paths.levels.exists() else plant)
    if paths.world.exists():
        return PlantMark("twin")
    return PlantMark("emulated") if paths.levels.exists() else None


def _read(path: Path) -> PlantMark:
    kept = json.loads(path.read_text(encoding="utf-8"))
    if kept["format"] != FORMAT or kept["plant"] not in PLANTS:
        raise ValueError(f"format {kept['format']!r}, plant {kept['plant']!r}")
    first_utc_ms = kept.get("first_utc_ms")
    return PlantMark(kept["plant"], str(kept.get("recording", "")), first_utc_ms and int(first_utc_ms))


def _write(path: Path, mark: PlantMark) -> None:
    """Write the mark whole or not at all, and see that it is on the disk."""
    unfinished = path.with_name(path.name + ".new")
    with gone_if_it_fails(unfinished):
        with unfinished.open("w", encoding="utf-8") as file:
            file.write(json.dumps({"format": FORMAT, **mark._asdict()}) + "\n")
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
        descriptor = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
