"""What Hypothesis may think of: settings within their declared ranges, and what happens period after period."""

import math
from typing import Annotated, Any, NamedTuple, get_args, get_origin, get_type_hints

from hypothesis import strategies as st

from vigie.control.commands import Mode
from vigie.control.filtering import ChannelSettings, ChannelsSettings, FilterSettings
from vigie.control.interlocks import InterlockSettings, Latch
from vigie.control.mains import MainsSettings
from vigie.control.modes.spec import Crossing, ModeSpec
from vigie.control.modes.table import SPECS, ModeSettings
from vigie.control.modes.wish import MinimumTimes
from vigie.control.signals import Contact, Contacts, Reading, Relay, Status, Sweep, Temperature, Wiring
from vigie.control.steadiness import MainsStanding, Steadiness
from vigie.control.supervisor import Action, Order, SupervisorSettings

SWEEPS = 10
NEEDED = ("battery", "charge", "load")
WRONG = tuple(int(status) for status in Status if status not in {Status.GOOD, Status.FROZEN, Status.ODD})


def within_ranges(kind: Any) -> st.SearchStrategy[Any]:
    """Draw a settings tuple: its defaults, or each field anything in the range it declares."""
    hints = get_type_hints(kind, include_extras=True)
    drawn = {name: _within_range(hints[name], default) for name, default in kind._field_defaults.items()}
    return st.just(kind()) | st.builds(kind, **drawn)


def _within_range(hint: Any, default: Any) -> st.SearchStrategy[Any]:
    assert get_origin(hint) is Annotated
    plain, field = get_args(hint)[:2]
    if plain is bool:
        return st.booleans()
    limits = {name: vars_of[name] for limit in field.metadata if (vars_of := _bounds(limit)) for name in vars_of}
    low = limits.get("ge", limits.get("gt"))
    if plain is int:
        return st.just(default) | st.integers(low, limits["le"])
    return st.just(default) | st.floats(low, limits["le"], exclude_min="gt" in limits)


def _bounds(limit: Any) -> dict[str, float]:
    return {name: getattr(limit, name) for name in ("ge", "gt", "le") if hasattr(limit, name)}


def mains_of_all_kinds() -> st.SearchStrategy[MainsSettings]:
    """Draw how the mains is recognised; its hold-off often none, or as short as a story."""
    steady_s = st.sampled_from([0.0, 0.0, 2.0, 300.0])
    return st.builds(lambda rules, needed_s: rules._replace(steady_s=needed_s), within_ranges(MainsSettings), steady_s)


def modes() -> st.SearchStrategy[ModeSettings]:
    """Draw settings of all modes, each falling threshold under the rising ones."""
    return st.builds(
        ModeSettings,
        **{
            spec.name: within_ranges(spec.settings).filter(lambda drawn, spec=spec: _is_ordered(spec, drawn))
            for spec in SPECS
            if spec.settings is not None
        },
    )


def _is_ordered(spec: ModeSpec, drawn: Any) -> bool:
    lows, highs = (
        [getattr(drawn, one.setting) for one in spec.thresholds if one.crossing == crossing]
        for crossing in (Crossing.FALLING, Crossing.RISING)
    )
    return not (lows and highs) or max(lows) < min(highs)


def supervisors(mains: st.SearchStrategy[MainsSettings]) -> st.SearchStrategy[SupervisorSettings]:
    return st.builds(
        SupervisorSettings,
        wiring=st.sampled_from(Wiring),
        r2_may_black_out=st.sampled_from([False, False, False, True]),
        mains=mains,
        interlocks=st.builds(
            lambda limits, longest_s, hot: limits._replace(longest_drill_s=longest_s, hot_periods=hot),
            within_ranges(InterlockSettings),
            st.sampled_from([10.0, 60.0, 600.0, 14_400.0]),  # as short as a story
            st.sampled_from([1, 1, 2, 3]),
        ),
        modes=modes(),
        minimum_times=st.just(MinimumTimes(0.0, 0.0, 0.0)) | within_ranges(MinimumTimes),
    )


def filters() -> st.SearchStrategy[FilterSettings]:
    usual = FilterSettings(sweeps=SWEEPS)
    return st.builds(
        lambda least_good, frozen_after_s, apart_v: usual._replace(
            least_good=least_good, frozen_after_s=frozen_after_s, contradiction_v=apart_v
        ),
        st.integers(1, SWEEPS),
        st.sampled_from([0.0, 0.0, 21_600.0]),
        st.sampled_from([0.0, 0.0, 0.2]),
    )


UNCALIBRATED = ChannelSettings(True, 1.0, 0.0, 1.0, 0.1, 0.0, 0.0, 20.0, 3.2)


@st.composite
def channels(draw: st.DrawFn) -> ChannelsSettings:
    """Draw which of V2 and V3 are fitted; raw readings are calibrated ones."""
    is_fitted = st.sampled_from([True, True, True, False])
    charge = UNCALIBRATED._replace(is_fitted=draw(is_fitted))
    load = UNCALIBRATED._replace(is_fitted=draw(is_fitted))
    battery = UNCALIBRATED._replace(plausible_min_v=8.0, plausible_max_v=15.5)
    return ChannelsSettings(battery, charge, load, UNCALIBRATED)


class Fault(NamedTuple):
    """Sweeps of a period that go wrong on one channel, and how."""

    channel: str
    sweeps: int
    status: int


class Moment(NamedTuple):
    """Everything one period brings.

    ``fails_after``: the mains fails after so many sweeps; those after it see the battery carry the loads.
    ``line_r1`` and ``line_r2``: a line that reads so whatever it was told.
    """

    elapsed_s: float
    battery_v: float
    charge_v: float
    charge_a: float
    load_v: float
    temperature: Temperature
    faults: tuple[Fault, ...]
    fails_after: int
    line_r1: Contact | None
    line_r2: Contact | None
    orders: tuple[Order, ...]


def orders() -> st.SearchStrategy[Order]:
    return st.builds(
        Order,
        action=st.sampled_from([Action.SET_MODE, Action.SET_CONTACT, Action.SET_CONTACT, Action.ACKNOWLEDGE]),
        mode=st.sampled_from(Mode),
        relay=st.sampled_from([Relay.R1, Relay.R2, Relay.R1, Relay.R2, Relay.R3, Relay.R4]),
        contact=st.sampled_from(Contact),
        manual_s=st.sampled_from([0.0, 60.0, 7200.0]),
    )


def _order(action: Action, mode: Mode, relay: Relay = Relay.R1, contact: Contact = Contact.OPEN) -> Order:
    return Order(action, mode, relay, contact, 7200.0)


EAGER = (
    (_order(Action.SET_MODE, Mode.MANUAL), _order(Action.SET_CONTACT, Mode.MANUAL, Relay.R1)),
    (_order(Action.SET_MODE, Mode.MANUAL), _order(Action.SET_CONTACT, Mode.MANUAL, Relay.R2)),
    (_order(Action.SET_MODE, Mode.OBSERVE), _order(Action.SET_MODE, Mode.CYCLE)),
)
"""Orders that open a contact when nothing forbids it."""


def faults() -> st.SearchStrategy[tuple[Fault, ...]]:
    fault = st.builds(Fault, st.sampled_from(NEEDED), st.integers(1, SWEEPS), st.sampled_from(WRONG))
    return st.sampled_from([()] * 4) | st.lists(fault, max_size=2).map(tuple)


def temperatures(limit_c: float) -> st.SearchStrategy[Temperature]:
    celsius = st.sampled_from([25.0, 25.0, 25.0, limit_c, limit_c + 0.1, limit_c - 31.0]) | st.floats(-40.0, 99.0)
    known = celsius.map(lambda value: Temperature(value, 0))
    lost = st.sampled_from([Status.FAILED, Status.ABSENT]).map(lambda status: Temperature(math.nan, int(status)))
    return known | known | known | lost


def limits_of_modes(settings: SupervisorSettings) -> list[float]:
    """Return the settings of all modes that act at voltages."""
    return [
        getattr(getattr(settings.modes, spec.name), threshold.setting)
        for spec in SPECS
        for threshold in spec.thresholds
    ]


def moments(settings: SupervisorSettings) -> st.SearchStrategy[Moment]:
    """Draw periods whose voltages crowd around the thresholds of ``settings``, with a healthy one now and then."""
    thresholds = (
        settings.interlocks.floor_v,
        settings.interlocks.load_floor_v,
        settings.interlocks.proof_v,
        *limits_of_modes(settings),
        settings.mains.supply_present_v,
    )
    near = st.sampled_from([t + d for t in thresholds for d in (-0.01, 0.0, 0.01)])
    volts = near | st.floats(10.0, 15.0)
    amperes = st.sampled_from([0.0, 0.3, -0.5, 0.05, -0.05, 0.06]) | st.floats(-3.0, 3.0)
    stuck = st.sampled_from([None, None, None, None, None, Contact.OPEN, Contact.CLOSED])
    asked = st.just(()) | st.lists(orders(), max_size=2).map(tuple)
    elapsed = st.sampled_from([1.0, 1.0, 30.0, 100.0, 4000.0])
    wild = st.builds(
        Moment,
        elapsed_s=elapsed,
        battery_v=volts,
        charge_v=volts,
        charge_a=amperes,
        load_v=st.sampled_from([0.0, 13.6, 13.6]) | volts,
        temperature=temperatures(settings.interlocks.temperature_limit_c),
        faults=faults(),
        fails_after=st.just(SWEEPS) | st.integers(0, SWEEPS),
        line_r1=stuck,
        line_r2=stuck,
        orders=asked,
    )
    healthy = st.builds(
        Moment,
        elapsed_s=elapsed,
        battery_v=st.just(13.6) | volts,
        charge_v=st.just(13.6),
        charge_a=st.sampled_from([0.0, 2.5]),
        load_v=st.sampled_from([15.0, 13.6]),
        temperature=st.just(Temperature(25.0, 0)),
        faults=st.just(()),
        fails_after=st.just(SWEEPS),
        line_r1=st.none(),
        line_r2=st.none(),
        orders=asked,
    )
    best = Moment(1.0, 13.6, 13.6, 2.5, 15.0, Temperature(25.0, 0), (), SWEEPS, None, None, ())
    eager = st.sampled_from(EAGER).map(lambda wanted: best._replace(orders=wanted))
    calm = elapsed.map(lambda elapsed_s: best._replace(elapsed_s=elapsed_s))
    return eager | calm | healthy | wild


class Story(NamedTuple):
    """One installation and what happens to it."""

    supervisor: SupervisorSettings
    filtering: FilterSettings
    channels: ChannelsSettings
    found: Contacts
    mode: Mode
    r1_open_s: float
    latch: Latch
    known: Steadiness
    moments: tuple[Moment, ...]


def found_contacts() -> st.SearchStrategy[Contacts]:
    contact = st.sampled_from(Contact)
    return st.builds(Contacts, contact, contact, contact, contact)


@st.composite
def stories(draw: st.DrawFn) -> Story:
    supervisor = draw(supervisors(mains_of_all_kinds()))
    lasting = st.tuples(moments(supervisor), st.sampled_from([1, 1, 2, 5]))
    is_short = draw(st.booleans())  # long ones get into rare states, short ones are easy to read when they fail
    happening = draw(st.lists(lasting, min_size=1 if is_short else 10, max_size=25))
    found = draw(found_contacts())
    return Story(
        supervisor,
        draw(filters()),
        draw(channels()),
        found,
        draw(st.sampled_from(Mode)),
        draw(st.sampled_from([0.0, 600.0])) if found.r1 == Contact.OPEN else 0.0,
        draw(st.sampled_from([Latch(False, False, 0)] * 8 + [Latch(True, False, 0), Latch(True, True, 0)])),
        draw(st.sampled_from([0.0, 0.0, 2.0, 300.0]).map(lambda s: Steadiness(MainsStanding.LOST, 0.0, s))),
        tuple(one for moment, periods in happening for one in lasted(moment, periods)),
    )


def lasted(moment: Moment, periods: int) -> list[Moment]:
    """Return a moment that lasts; its orders are given once."""
    return [moment] + [moment._replace(orders=())] * (periods - 1)


def swept(moment: Moment, fitted: ChannelsSettings) -> tuple[Sweep, ...]:
    """Return the period's sweeps as the meter would have read them."""
    readings = {
        "battery": Reading(moment.battery_v, 0.0, 0),
        "charge": Reading(moment.charge_v, moment.charge_a * 0.1, 0),
        "load": Reading(moment.load_v, 0.05, 0),
    }
    on_battery = readings | {"charge": Reading(moment.charge_v, -0.05, 0), "load": Reading(moment.battery_v, 0.05, 0)}
    rows = []
    for index in range(SWEEPS):
        row = dict(readings if index < moment.fails_after else on_battery)
        for fault in moment.faults:
            if index < fault.sweeps:
                row[fault.channel] = _spoilt(row[fault.channel], fault.status)
        for name in ("charge", "load"):
            if not getattr(fitted, name).is_fitted:
                row[name] = Reading(math.nan, math.nan, int(Status.ABSENT))
        rows.append(Sweep(row["battery"], row["charge"], row["load"], Reading(math.nan, math.nan, int(Status.ABSENT))))
    return tuple(rows)


def _spoilt(reading: Reading, status: int) -> Reading:
    if status in (Status.ABSENT, Status.FAILED):
        return Reading(math.nan, math.nan, status)
    if status == Status.IMPLAUSIBLE:
        return Reading(99.0, reading.shunt_v, 0)  # the filter must find out by itself
    return Reading(7.0, 0.3, status)


def read_back(commanded: Contacts, moment: Moment) -> Contacts:
    """Return what the lines say at the start of the period."""
    r1 = commanded.r1 if moment.line_r1 is None else moment.line_r1
    r2 = commanded.r2 if moment.line_r2 is None else moment.line_r2
    return Contacts(r1, r2, commanded.r3, commanded.r4)
