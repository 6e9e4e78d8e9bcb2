"""Small logs written row by row, and the replay of them with the product's own default settings."""

from pathlib import Path

from vigie.config import Config, load
from vigie.control.commands import Mode
from vigie.plant.recording import Recording, read_recording
from vigie.simulation.plot import Trace
from vigie.simulation.replay import ReplayReport, ReplaySettings, replay

START_S = 1_700_000_000.0
HEADER = "time,voltage,current,temperature"


class Log:
    """A CSV that grows: times in seconds from the start, current as in the product, + INTO the battery."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lines = [HEADER]

    def row(self, at_s: float, voltage_v: float, current_a: float) -> "Log":
        self._lines.append(f"{START_S + at_s!r},{voltage_v!r},{-current_a!r},")  # the file's + is discharge
        return self

    def rows(self, from_s: float, to_s: float, voltage_v: float, current_a: float, every_s: float = 60.0) -> "Log":
        for step in range(round((to_s - from_s) / every_s)):
            self.row(from_s + step * every_s, voltage_v, current_a)
        return self

    def celsius(self, at_s: float, celsius: float) -> "Log":
        self._lines.append(f"{START_S + at_s!r},,,{celsius!r}")
        return self

    def config(self, **sections: dict[str, object]) -> Config:
        self.path.write_text("\n".join(self._lines) + "\n", encoding="utf-8")
        recorded = {**sections.pop("recorded", {}), "path": str(self.path)}
        return load(None, {"plant": {"kind": "recorded"}, "recorded": recorded, **sections})

    def recording(self, config: Config) -> Recording:
        return read_recording(config.recorded)

    def replayed(self, mode: Mode, trace: Trace | None = None, **sections: dict[str, object]) -> ReplayReport:
        config = self.config(**sections)
        watch = None if trace is None else trace.take
        return replay(self.recording(config), settings_of(config), mode, watch)


def settings_of(config: Config) -> ReplaySettings:
    """Return a configuration's settings as the command hands them to the replay."""
    return ReplaySettings(config.recorded, config.channels_settings(), config.filter, config.supervisor_settings())
