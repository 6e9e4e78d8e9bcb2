"""What a replay tells is what the controller's own loop does when it plays the same log."""

from pathlib import Path

import pytest

from vigie.config import load
from vigie.control.commands import Mode
from vigie.controller.inbox import Inbox
from vigie.controller.loop import Loop, LoopSettings
from vigie.controller.period import NO_PAST, Period
from vigie.plant.recorded import Recorded
from vigie.plant.recording import read_recording
from vigie.simulation.replay import ReplaySettings, for_a_log, replay
from vigie.telemetry.records import Event, EventKind

HOLD_S = 30.0


class JumpingClock:
    """Plant time that stands where the test puts it; real time for the loop's own deadline."""

    speed = 1.0

    def __init__(self, start_utc_s: float) -> None:
        self._start_utc_s = start_utc_s
        self._now_s = 0.0

    def now_s(self) -> float:
        return self._now_s

    def utc_s(self) -> float:
        return self._start_utc_s + self._now_s

    def sleep_until(self, now_s: float) -> None:
        self._now_s = max(self._now_s, now_s)


class Witness:
    """Keeps the switchings."""

    def __init__(self) -> None:
        self.switchings: list[Event] = []

    def period(self, period: Period) -> None:
        pass

    def event(self, event: Event) -> None:
        if event.kind == EventKind.SWITCHING:
            self.switchings.append(event)


def write_log(path: Path) -> None:
    """A row a second: charge over 12.9 V, rest under 12.7 V, charge, outage, a silence, float."""
    volts_amperes = (
        [(12.5 + 0.005 * second, 1.0) for second in range(100)]
        + [(13.0 - 0.004 * second, 0.0) for second in range(100)]
        + [(13.1, 0.8)] * 80
        + [(12.8, -1.5)] * 70
        + [(13.6, 0.1)] * 100
    )
    rows = [f"{1_700_000_000 + second},{volts},{-amperes}," for second, (volts, amperes) in enumerate(volts_amperes)]
    rows += [f"{1_700_000_000 + second},13.6,-0.1," for second in range(550, 650)]
    path.write_text("\n".join(["time,voltage,current,temperature", *rows]) + "\n", encoding="utf-8")


@pytest.mark.parametrize(("mode", "moves"), [(Mode.OBSERVE, 0), (Mode.PROTECT, 7)])
def test_the_loop_moves_the_same_contacts_for_the_same_reasons(tmp_path: Path, mode: Mode, moves: int) -> None:
    path = tmp_path / "log.csv"
    write_log(path)
    tables = {"plant": {"kind": "recorded"}, "recorded": {"path": str(path), "hold_s": HOLD_S}}
    config = load(
        None, tables | {"mains": {"steady_s": 0}}
    )  # a loop that starts knows of no mains before, a log begins
    settings = ReplaySettings(config.recorded, config.channels_settings(), config.filter, config.supervisor_settings())
    recording = read_recording(config.recorded)
    told = replay(recording, settings, mode).switchings

    clock, witness = JumpingClock(recording[0].utc_s), Witness()
    _, channels, filtering, control = for_a_log(settings)
    loop = Loop(
        Recorded(recording, clock, HOLD_S),
        clock,
        Inbox(),
        [witness],
        channels=channels,
        filtering=filtering,
        lookout=config.lookout_settings()._replace(control=control),
        rhythm=LoopSettings(period_s=60.0, bus_deadline_s=5.0),
        past=NO_PAST._replace(mode=mode),
    )
    for second in range(650):
        clock.sleep_until(float(second))
        loop.run_period()

    live = witness.switchings
    assert [(one.relay.name, one.after.name.lower(), one.reason.name.lower()) for one in told] == [
        (event.subject, event.after, event.reason) for event in live
    ]
    assert len(told) == moves
    for one, event in zip(told, live, strict=True):  # the live loop notices a silence up to a period later
        assert 0.0 <= event.utc_ms / 1_000 - one.utc_s <= (1.0 if one.reason.name == "MEASUREMENT_LOST" else 0.0)
