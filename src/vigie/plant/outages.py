"""When the 230 V of the simulated mains is away."""

import csv
import random
from collections.abc import Iterator
from enum import IntEnum
from math import inf
from pathlib import Path
from typing import Annotated, NamedTuple

from vigie.errors import SettingsError
from vigie.units import by_name, setting
from vigie.wording.dialogue import spoken


class OutageSource(IntEnum):
    """Where outages come from."""

    NONE = 0
    LISTED = 1
    """The pairs of ``listed``."""
    EVERY = 2
    """One every ``every_s``, moved by up to ``jitter_s``."""
    RANDOM = 3
    """Exponential waiting times and lengths with the means ``every_s`` and ``lasting_s``."""
    CSV = 4
    """A file with the columns ``start_s`` and ``duration_s``."""


class OutageSettings(NamedTuple):
    """The outages of the simulated mains, in seconds since the simulated world began."""

    kind: Annotated[OutageSource, *by_name(OutageSource), setting("Outages: none, listed, every, random or csv")] = (
        OutageSource.NONE
    )
    listed: Annotated[
        tuple[tuple[float, float], ...], setting("Pairs of start and duration, for listed", unit="s")
    ] = ()
    every_s: Annotated[float, setting("From one outage to the next", unit="s", ge=10.0, le=1e9)] = 86_400.0
    lasting_s: Annotated[float, setting("Length of an outage", unit="s", gt=0.0, le=1e7)] = 600.0
    jitter_s: Annotated[float, setting("Most an outage is early or late", unit="s", ge=0.0, le=1e7)] = 0.0
    first_s: Annotated[float, setting("First outage of every, before jitter", unit="s", ge=0.0, le=1e9)] = 3600.0
    seed: Annotated[int, setting("Seed of jitter and random outages", ge=0)] = 1
    csv_path: Annotated[str, setting("File of the kind csv")] = ""


Spell = tuple[float, float]
"""Start and end of an outage, seconds."""


def _every(settings: OutageSettings) -> Iterator[Spell]:
    draw = random.Random(settings.seed)  # noqa: S311 - weather, not secrets
    start_s = settings.first_s
    while True:
        moved_s = max(start_s + draw.uniform(-settings.jitter_s, settings.jitter_s), 0.0)
        yield moved_s, moved_s + settings.lasting_s
        start_s += settings.every_s


def _random(settings: OutageSettings) -> Iterator[Spell]:
    draw = random.Random(settings.seed)  # noqa: S311 - weather, not secrets
    end_s = 0.0
    while True:
        start_s = end_s + draw.expovariate(1.0 / settings.every_s)
        end_s = start_s + draw.expovariate(1.0 / settings.lasting_s)
        yield start_s, end_s


def _listed(pairs: tuple[tuple[float, float], ...]) -> Iterator[Spell]:
    for start_s, duration_s in sorted(pairs):
        if not (start_s >= 0.0 and 0.0 < duration_s < inf):
            raise SettingsError(
                spoken(
                    "outage at {start_s} s lasting {duration_s} s: start must be 0 s or later, duration above 0 s",
                    start_s=start_s,
                    duration_s=duration_s,
                )
            )
        yield start_s, start_s + duration_s


def _read_csv(path: Path) -> tuple[tuple[float, float], ...]:
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = csv.DictReader(file)
            return tuple((float(row["start_s"]), float(row["duration_s"])) for row in rows)
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"outages in {path}: {error}; give a readable CSV file") from error
    except (KeyError, TypeError, ValueError) as error:
        raise SettingsError(
            f"outages in {path}: {error!r}; expected the columns start_s,duration_s with numbers"
        ) from error


class Outages:
    """The outages of one simulated world, asked for in the order of time."""

    def __init__(self, settings: OutageSettings) -> None:
        """Prepare the outages.

        Raises:
            SettingsError: a list or a file that cannot be used.
        """
        self._spells = self._chosen(settings)
        self._next_spell: Spell | None = next(self._spells, None)
        self._start_s, self._end_s = -inf, -inf

    @staticmethod
    def _chosen(settings: OutageSettings) -> Iterator[Spell]:
        if settings.kind == OutageSource.LISTED:
            return iter(list(_listed(settings.listed)))
        if settings.kind == OutageSource.CSV:
            return iter(list(_listed(_read_csv(Path(settings.csv_path)))))
        if settings.kind == OutageSource.EVERY:
            if settings.lasting_s >= settings.every_s:
                raise SettingsError(
                    spoken(
                        "outages of {lasting_s:g} s every {every_s:g} s leave no mains between them: make lasting_s "
                        "shorter than every_s, or give one long outage as listed",
                        lasting_s=settings.lasting_s,
                        every_s=settings.every_s,
                    )
                )
            return _every(settings)
        if settings.kind == OutageSource.RANDOM:
            return _random(settings)
        return iter(())

    def _turn_to(self, now_s: float) -> None:
        """Take the spells that have begun; spells that touch or overlap become one."""
        while self._next_spell is not None and self._next_spell[0] <= max(now_s, self._end_s):
            start_s, end_s = self._next_spell
            if start_s > self._end_s:
                self._start_s = start_s
            self._end_s = max(self._end_s, end_s)
            self._next_spell = next(self._spells, None)

    def is_out(self, now_s: float) -> bool:
        """Say whether the mains is away at ``now_s``, which never goes back."""
        self._turn_to(now_s)
        return self._start_s <= now_s < self._end_s

    def next_change_s(self, now_s: float) -> float:
        """Return when the mains next goes or comes after ``now_s``; infinite when never."""
        self._turn_to(now_s)
        if now_s < self._end_s:
            return self._end_s
        return inf if self._next_spell is None else self._next_spell[0]
