"""What the alarms cost a control period, beside the supervisor itself."""

import math
import statistics
import time

from vigie.control.alarms.board import Board, quiet_board, step_board
from vigie.control.alarms.charge import WatchState
from vigie.control.alarms.rules import AlarmSettings, Rule, rules
from vigie.control.alarms.watch import Surroundings, initial_watch, observe, watch_settings
from vigie.control.commands import Mode
from vigie.control.estimation.charge import resumed_charge
from vigie.control.interlocks import InterlockSettings, Latch
from vigie.control.mains import MainsSettings
from vigie.control.modes.cycle import CycleSettings
from vigie.control.modes.manual import ManualSettings
from vigie.control.modes.protect import ProtectSettings
from vigie.control.modes.wish import MinimumTimes
from vigie.control.signals import ChannelMean, Contact, Contacts, Measurement, Temperature, Wiring
from vigie.control.steadiness import MainsStanding, Steadiness
from vigie.control.supervisor import State, SupervisorSettings, adopted, step

Row = tuple[str, float, str, float | None]
PERIODS = 2000
ROUNDS = 7
CLOSED = Contacts(Contact.CLOSED, Contact.CLOSED, Contact.CLOSED, Contact.CLOSED)
CONTROL = SupervisorSettings(
    Wiring.LINE,
    False,
    MainsSettings(),
    InterlockSettings(),
    ProtectSettings(),
    CycleSettings(),
    ManualSettings(),
    MinimumTimes(),
)
CHARGE = resumed_charge(0.0, 0.0, math.nan)
QUIET = Surroundings(0.0, 0.0, 0.0, 0.0, 0.0, 0.5, 0.0, 0.0, 0.0, 0.0, 0.1, 0.1, 0.0, 0.0, 0.0)


def _image(now_s: float, load_v: float, charge_a: float) -> Measurement:
    nan = math.nan
    battery = ChannelMean(13.6, 0.002, 0.0, 0.0, 0.0, 0.0, 10, 0, 0, True)
    charge = ChannelMean(13.6, 0.002, charge_a * 0.1, charge_a, 0.0, 0.1, 10, 0, 0, True)
    load = ChannelMean(load_v, 0.002, 0.05, 0.5, 0.0, 6.8, 10, 0, 0, True)
    spare = ChannelMean(nan, nan, nan, nan, nan, nan, 0, 0, 1, False)
    return Measurement(now_s, battery, charge, load, spare, Temperature(25.0, 0), Temperature(22.0, 0), CLOSED, True)


def _us_a_period(images: list[Measurement], *, with_alarms: bool) -> float:
    """Return the microseconds of one period: the best of several rounds."""
    alarms = AlarmSettings()
    table = rules(alarms, CONTROL.interlocks, 0.8)
    limits = watch_settings(alarms, CONTROL.interlocks, CONTROL.mains)
    taken = []
    for _ in range(ROUNDS):
        state: State = adopted(
            CLOSED, Mode.OBSERVE, 0.0, 0.0, Latch(False, False, 0), Steadiness(MainsStanding.STANDS, 0.0, 0.0)
        )
        watch: WatchState = initial_watch(0.0)
        board: Board = quiet_board(table)
        began_s = time.perf_counter()
        for image in images:
            state, decision = step(state, image, CONTROL)
            if with_alarms:
                watch, values = observe(watch, CHARGE, state, decision, image, QUIET, limits)
                board, _ = step_board(board, table, values, image.now_s)
        taken.append((time.perf_counter() - began_s) / len(images) * 1e6)
    return min(taken)


def _board_alone(board: Board, table: tuple[Rule, ...], values: tuple[float, ...]) -> float:
    taken: list[float] = []
    for _ in range(ROUNDS):
        began_s = time.perf_counter()
        for now_s in range(PERIODS):
            step_board(board, table, values, float(now_s))
        taken.append((time.perf_counter() - began_s) / PERIODS * 1e6)
    return statistics.median(taken)


def rows() -> list[Row]:
    """Measure quiet periods, and ones in which the mains comes and goes."""
    quiet = [_image(float(n), 13.55, 0.01) for n in range(PERIODS)]
    outages = [_image(float(n), *((13.55, 0.2) if n // 20 % 2 else (12.3, -0.5))) for n in range(PERIODS)]
    table = rules(AlarmSettings(), CONTROL.interlocks, 0.8)
    unknown = tuple(math.nan for _ in range(len(table)))
    return [
        ("supervisor alone", _us_a_period(quiet, with_alarms=False), "us", None),
        ("supervisor and alarms, nothing to tell", _us_a_period(quiet, with_alarms=True), "us", 60.0),
        ("supervisor and alarms, an outage every 40 periods", _us_a_period(outages, with_alarms=True), "us", 150.0),
        (f"{len(table)} alarms without a reading", _board_alone(quiet_board(table), table, unknown), "us", 60.0),
    ]


if __name__ == "__main__":
    for name, value, unit, limit in rows():
        print(f"{name:52} {value:8.1f} {unit:3}" + (f" (at most {limit:g})" if limit is not None else ""))
