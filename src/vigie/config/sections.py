"""Every section of the settings, and the checked whole."""

from collections.abc import Mapping
from enum import IntEnum
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

from vigie.access.settings import AccessSettings
from vigie.control.alarms.rules import rules
from vigie.control.alarms.settings import AlarmSettings
from vigie.control.alarms.watch import watch_settings
from vigie.control.contact_truth import TruthSettings
from vigie.control.estimation.settings import EstimationSettings, estimation_rules
from vigie.control.filtering import ChannelSettings, ChannelsSettings, FilterSettings
from vigie.control.interlocks import InterlockSettings
from vigie.control.mains import MainsSettings
from vigie.control.modes.table import SPECS, ModeSettings
from vigie.control.modes.wish import MinimumTimes
from vigie.control.outages import OutageLogSettings, outage_rules
from vigie.control.signals import Relay, Wiring
from vigie.control.supervisor import SupervisorSettings
from vigie.control.wear import WearSettings
from vigie.controller.lookout import LookoutSettings
from vigie.controller.loop import LoopSettings
from vigie.delivery.settings import RemoteWriteSettings
from vigie.hardware.relay_board import ContactKind
from vigie.notify.settings import MailSettings
from vigie.plant.boot import is_open_at_boot
from vigie.plant.faults import FaultSettings
from vigie.plant.recorded_settings import RecordedSettings
from vigie.plant.rig import Boards, RigSettings
from vigie.plant.scenario import SCENARIOS
from vigie.plant.site import ControllerSupply, chosen_battery
from vigie.plant.twin import TwinSettings
from vigie.telemetry.retention import JournalSettings
from vigie.units import by_name, setting
from vigie.web.settings import StackSettings, WebSettings
from vigie.wording.languages import languages
from vigie.wording.words import mark

USUAL_FOLDER = "~/.local/share/vigie"
CLEARLY_V = 0.1
"""A full battery at the lowest voltage its charger may hold takes no charge: less than this under it says nothing."""


class PlantKind(IntEnum):
    """Which implementation of the plant runs. Nothing falls back to another."""

    TWIN = 0
    RIG = 1
    RECORDED = 2


PLANTS = {
    "twin": mark("the twin (simulated)"),
    "rig": mark("the rig (real boards)"),
    "emulated": mark("a rig over emulated boards (simulated)"),
    "recorded": mark("a recording"),
}
"""Every :attr:`Config.plant_name`, in words."""


class Calibration(IntEnum):
    """How far a channel's readings can be trusted."""

    NONE = 0
    PRESET = 1
    TWO_POINT = 2


if TYPE_CHECKING:

    class StartMode(IntEnum):
        """The mode after a start: ``LAST``, or a mode by its number; by hand none, for nobody may be there."""

        LAST = -1
else:
    _STARTABLE = {spec.mode.name: int(spec.mode) for spec in SPECS if not spec.is_by_hand}
    StartMode = IntEnum("StartMode", {"LAST": -1, **_STARTABLE}, module=__name__)


class SiteSettings(NamedTuple):
    """What this installation is called, and where its files live."""

    name: Annotated[str, setting("Name of the site, shown on every page; label 'site' of the metrics")] = "Vigie"
    battery: Annotated[
        str, setting("Name of the battery, label 'battery' of the metrics; a new name for a new one")
    ] = "1"
    data: Annotated[str, setting("Folder of journal, lock and token; empty: ~/.local/share/vigie")] = ""
    language: Annotated[
        str,
        setting(f"Language of `vigie commission` and its report: {', '.join(languages())}; empty: that of the system"),
    ] = ""


class PlantSettings(NamedTuple):
    """Which installation, and how fast its time runs."""

    kind: Annotated[PlantKind, *by_name(PlantKind), setting("twin: simulated; rig: boards; recorded: a log")] = (
        PlantKind.TWIN
    )
    scenario: Annotated[str, setting(f"Simulated site that [twin] starts from: {', '.join(SCENARIOS)}")] = "demo"
    speed: Annotated[
        float,
        setting("Plant seconds per second; only twin and recorded can be other than 1", unit="s/s", ge=0.1, le=300),
    ] = 1.0


class WiringSettings(NamedTuple):
    """How the installation is wired, as far as a blackout depends on it."""

    battery_contact: Annotated[
        Wiring, *by_name(Wiring), setting("line: R2 cuts charge AND backup; charge_only: only the charging path")
    ] = Wiring.LINE
    bypass_diode: Annotated[
        bool,
        setting(
            "true: a Schottky diode stands across R2, anode at the battery (wiring line). The next mains failure with "
            "R2 open proves it, or alarm diode_missing tells"
        ),
    ] = False
    controller_supply: Annotated[
        ControllerSupply | None,
        *by_name(ControllerSupply),
        setting("loads: this computer dies when the loads go dark; independent: it does not. Demanded on the rig"),
    ] = None
    accept_blackout_risk: Annotated[
        bool,
        setting(
            "true: R2 may open although this computer lives on the loads and R2 is wired NO (a mains failure would "
            "then leave the site dark until somebody comes)"
        ),
    ] = False


class StartSettings(NamedTuple):
    """What happens at a start."""

    mode: Annotated[
        StartMode,
        *by_name(StartMode),
        setting("Mode after a start; last: the one before the stop (manual becomes observe)"),
    ] = StartMode.LAST


class MetricsSettings(NamedTuple):
    """The controller's own /metrics."""

    host: Annotated[str, setting("Address /metrics listens on")] = "127.0.0.1"
    port: Annotated[int, setting("TCP port of /metrics; 0 takes any free one (tests)", ge=0, le=65_535)] = 9108


class ChannelConfig(NamedTuple):
    """One meter channel."""

    label: Annotated[str, setting("Name on the pages")]
    is_fitted: Annotated[bool, setting("false: this channel is not part of the installation")]
    gain: Annotated[float, setting("Calibration: volts = gain * reading + offset_v", ge=0.5, le=2)]
    offset_v: Annotated[float, setting("Calibration: see gain", unit="V", ge=-5, le=5)]
    sign: Annotated[int, setting("-1 turns the current's direction round (shunt wired the other way)", ge=-1, le=1)]
    shunt_ohm: Annotated[float, setting("Shunt resistor", unit="Ohm", ge=0.0001, le=1)]
    current_offset_a: Annotated[float, setting("Added to the current after the sign", unit="A", ge=-1, le=1)]
    plausible_min_v: Annotated[float, setting("Voltages below are not believed", unit="V", ge=-5, le=20)]
    plausible_max_v: Annotated[float, setting("Voltages above are not believed", unit="V", ge=0, le=32)]
    plausible_max_a: Annotated[
        float, setting("Currents beyond, either way, are not believed", unit="A", ge=0.1, le=100)
    ]
    calibration: Annotated[
        Calibration, *by_name(Calibration), setting("none, preset (typical values), two_point (against a meter)")
    ]


class RelayLabels(NamedTuple):
    """Names of the relays on the pages."""

    r1: Annotated[str, setting("Name of R1")] = "R1"
    r2: Annotated[str, setting("Name of R2")] = "R2"
    r3: Annotated[str, setting("Name of R3")] = "R3"
    r4: Annotated[str, setting("Name of R4")] = "R4"


CHANNEL_DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "battery": {"label": "V1", "is_fitted": True, "plausible_min_v": 8.0, "plausible_max_v": 15.5},
    "charge": {"label": "V2", "is_fitted": True, "plausible_min_v": -0.5, "plausible_max_v": 20.0},
    "load": {"label": "V3", "is_fitted": True, "plausible_min_v": -0.5, "plausible_max_v": 20.0},
    "spare": {"label": "V4", "is_fitted": False, "plausible_min_v": -0.5, "plausible_max_v": 26.0},
}
PLANT_DEFAULTS: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    # The simulated V1 hangs behind its 10 kOhm resistor like the real one.
    "twin": {"channels.battery": {"gain": 1.03125, "offset_v": 0.4, "calibration": "preset"}},
    # A recording has the battery alone: no V3, so the mains is what the battery's current says.
    "recorded": {
        "channels.load": {"is_fitted": False},
        "mains": {"present_unless_discharging": True, "alone_still_s": 0.0},
        "filter": {"contradiction_v": 0.0},
    },
}
"""What is different by default on a plant of that kind."""
EVERY_CHANNEL: Mapping[str, Any] = {
    "gain": 1.0,
    "offset_v": 0.0,
    "sign": 1,
    "shunt_ohm": 0.1,
    "current_offset_a": 0.0,
    "plausible_max_a": 3.3,
    "calibration": "none",
}

MODE_SECTIONS: Mapping[str, type] = {spec.name: spec.settings for spec in SPECS if spec.settings is not None}
SECTIONS: Mapping[str, type] = {
    "site": SiteSettings,
    "plant": PlantSettings,
    "wiring": WiringSettings,
    "start": StartSettings,
    "channels.battery": ChannelConfig,
    "channels.charge": ChannelConfig,
    "channels.load": ChannelConfig,
    "channels.spare": ChannelConfig,
    "relays": RelayLabels,
    "filter": FilterSettings,
    "battery": EstimationSettings,
    "mains": MainsSettings,
    "interlocks": InterlockSettings,
    **MODE_SECTIONS,
    "minimum_times": MinimumTimes,
    "alarms": AlarmSettings,
    "contacts": WearSettings,
    "loop": LoopSettings,
    "journal": JournalSettings,
    "metrics": MetricsSettings,
    "web": WebSettings,
    "access": AccessSettings,
    "stack": StackSettings,
    "mail": MailSettings,
    "remote_write": RemoteWriteSettings,
    "twin": TwinSettings,
    "recorded": RecordedSettings,
    "rig": RigSettings,
    "faults": FaultSettings,
}
"""Every section of the settings file, in the order of the reference page."""


class SettingsFault(NamedTuple):
    """One thing wrong with the settings."""

    key: str
    message: str
    is_demanded: bool = False
    """It has no default and was not given."""

    def __str__(self) -> str:
        return f"{self.key}: {self.message}"


class Config(NamedTuple):
    """The whole tree, checked."""

    source: str
    """The file it came from."""
    site: SiteSettings
    plant: PlantSettings
    wiring: WiringSettings
    start: StartSettings
    channels: tuple[ChannelConfig, ChannelConfig, ChannelConfig, ChannelConfig]
    relays: RelayLabels
    filter: FilterSettings
    battery: EstimationSettings
    mains: MainsSettings
    interlocks: InterlockSettings
    modes: ModeSettings
    minimum_times: MinimumTimes
    alarms: AlarmSettings
    contacts: WearSettings
    loop: LoopSettings
    journal: JournalSettings
    metrics: MetricsSettings
    web: WebSettings
    access: AccessSettings
    stack: StackSettings
    mail: MailSettings
    remote_write: RemoteWriteSettings
    twin: TwinSettings
    recorded: RecordedSettings
    rig: RigSettings | None
    """None unless the plant is the rig."""
    faults: FaultSettings
    given: Mapping[str, Mapping[str, Any]] = MappingProxyType({})
    """What the file says, without the command line's options; empty without a file."""
    refused: tuple[str, ...] = ()
    """Faults of the file, in whose place these, the last good settings, are in force."""

    @property
    def data_directory(self) -> Path:
        """The folder of journal, lock and token."""
        return Path(self.site.data or USUAL_FOLDER).expanduser()

    @property
    def plant_name(self) -> str:
        """The plant as it is shown, one of :data:`PLANTS`: a rig over emulated boards is none."""
        is_emulated = self.rig is not None and self.rig.boards == Boards.EMULATED
        return "emulated" if self.plant.kind == PlantKind.RIG and is_emulated else self.plant.kind.name.lower()

    @property
    def r2_may_black_out(self) -> bool:
        """Opening R2 could leave the site dark for good, and nobody has accepted that."""
        return (
            self.wiring.controller_supply == ControllerSupply.LOADS
            and self._r2_falls_open
            and self.wiring.battery_contact == Wiring.LINE
            and not self.wiring.accept_blackout_risk
        )

    @property
    def _r2_falls_open(self) -> bool:
        """R2 is open without power, or as soon as the computer boots."""
        if self.plant.kind == PlantKind.TWIN:
            return self.twin.installation.r2_contact == ContactKind.NO
        if self.rig is None:
            return False
        return self.rig.r2_contact == ContactKind.NO or is_open_at_boot(self.rig, Relay.R2)

    def supervisor_settings(self) -> SupervisorSettings:
        """Return what the supervisor reads."""
        return SupervisorSettings(
            self.wiring.battery_contact,
            self.r2_may_black_out,
            self.mains,
            self.interlocks,
            self.modes,
            self.minimum_times,
        )

    def lookout_settings(self) -> LookoutSettings:
        """Return what decides what people are told."""
        return LookoutSettings(
            rules(self.alarms, self.interlocks, self.contacts.warn_share),
            watch_settings(
                self.alarms,
                self.interlocks,
                self.mains,
                self.wiring.battery_contact,
                has_diode=self.wiring.bypass_diode,
            ),
            TruthSettings(takes_charge_below_v=takes_charge_below_v(self.alarms)),
            self.contacts,
            outage_rules(OutageLogSettings(low_v=takes_charge_below_v(self.alarms)), self.mains),
            self.supervisor_settings(),
            self.plant.kind != PlantKind.RECORDED,
            estimation_rules(self.battery, self._c20_ah, self.alarms, self.mains, OutageLogSettings()),
        )

    @property
    def _c20_ah(self) -> float:
        """The battery's label; a twin knows its own."""
        if self.battery.c20_ah > 0.0 or self.plant.kind != PlantKind.TWIN:
            return self.battery.c20_ah
        return chosen_battery(self.twin.installation.battery).parameters.c20_ah

    def channels_settings(self) -> ChannelsSettings:
        """Return calibration and plausibility as the filter reads them."""
        return ChannelsSettings(*(_channel_settings(channel) for channel in self.channels))


def takes_charge_below_v(alarms: AlarmSettings) -> float:
    """Return the voltage below which a battery takes charge for sure: clearly under what the charger may hold.

    >>> takes_charge_below_v(AlarmSettings()), round(takes_charge_below_v(AlarmSettings(charger_v=13.1)), 3)
    (12.9, 12.6)
    """
    return min(TruthSettings().takes_charge_below_v, alarms.charger_v - alarms.charger_tolerance_v - CLEARLY_V)


def _channel_settings(channel: ChannelConfig) -> ChannelSettings:
    return ChannelSettings(
        channel.is_fitted,
        channel.gain,
        channel.offset_v,
        float(channel.sign),
        channel.shunt_ohm,
        channel.current_offset_a,
        channel.plausible_min_v,
        channel.plausible_max_v,
        channel.plausible_max_a,
    )
