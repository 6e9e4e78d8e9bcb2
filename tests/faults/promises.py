"""What is promised about every fault. The table a user reads in docs/faults.md comes from here; the matrix holds it.

Times count from the fault (from what somebody asks of the contacts, where the fault shows only then; from the limit
that is passed, where it takes its time). A period is 1 s. ``when`` is the kind of situation, narrowed by the wiring
where that matters; the most particular line holds.
"""

from collections.abc import Mapping
from typing import NamedTuple

from vigie.control.signals import Wiring

from .situations import Situation

HOUR_S = 3600.0
NEVER = 0.0
"""It does not show: nothing is promised but the contacts."""
BOTH = "both closed"
R2_OPEN = "R2 open"
AS_BEFORE = "as before"
AS_THE_MODE_WANTS = "as the mode wants"
FOR_GOOD = 1e9


class Promise(NamedTuple):
    """What holds for one fault in one kind of situation."""

    noticed_by: str
    """The event that names it, as kind:subject; empty when it does not show."""
    noticed_s: float
    alarm: str
    """Empty: none."""
    alarm_s: float
    contacts: str
    contacts_s: float = 1.0
    """The contacts are so after this time, and stay so while the fault lasts."""
    dark_s: float = 0.0
    """Longest stretch the loads are without voltage."""
    lost: int = 0
    """Periods missing in the journal."""
    also: tuple[str, ...] = ()
    """Alarms that may come along, for they are true too."""
    stays: tuple[str, ...] = ()
    """Alarms that are not over when the fault is."""
    because: str = ""
    """Why it cannot be better, or why it is enough."""


Lines = Mapping[str, Promise]
SENSOR_ALARM_S = 12.0


def _sensor_lost(subject: str) -> Lines:
    return {"any": Promise(f"fault:{subject}", 1, "sensor_lost", SENSOR_ALARM_S, BOTH)}


DARK_S = 0.06
"""50 ms, and 10 ms of the relay."""
NO_BACKUP = "R2 carries the backup and is open: what falls begins the next period, which closes it"
DRILL = "In a discharge R1 is open and the mains cannot be seen; it shows when R1 closes"
NOBODY = "Manual mode is not resumed: nobody may be there"
UNMOVED = "A line shows that it is dead when it is to move"
REPEATED = "V3 alone would show the mains: after 30 s without a bit of movement R2 closes, before the mains fails"
CONTRADICTED = "V1 and V2 must contradict each other for 30 s"
MASKED = "While the mains is there a battery that is no battery looks like a full one; the first discharge shows it"

PROMISES: Mapping[str, Lines] = {
    "battery_chip_lost": _sensor_lost("battery"),
    "charge_chip_lost": _sensor_lost("charge"),
    "load_chip_lost": _sensor_lost("load"),
    "thermometer_lost": _sensor_lost("temperature"),
    "air_thermometer_lost": {"any": Promise("alarm:sensor_lost", 12, "sensor_lost", SENSOR_ALARM_S, AS_BEFORE,
                                            because="Nothing is decided by the air's temperature")},
    "chip_reset": {"any": Promise("fault:charge", 1, "meter_reset", 1, AS_BEFORE,
                                  because="The chip is set up again within the sweep; nine good sweeps are left")},
    "battery_reads_nonsense": {"any": Promise("fault:battery", 1, "sensor_implausible", 12, BOTH)},
    "battery_reads_low": {"any": Promise("alarm:battery_under_voltage", 12, "readings_contradict", 32, BOTH,
                                         contacts_s=32, also=("battery_under_voltage", "battery_emptied", "weak_cell"),
                                         stays=("battery_emptied", "battery_under_voltage", "weak_cell"),
                                         because=f"{CONTRADICTED}; an emptied battery is told until a charge is seen, "
                                                 "a weak cell (mode maintain) until it is full again")},
    "battery_reads_high": {"any": Promise("alarm:readings_contradict", 32, "battery_over_voltage", 62, BOTH,
                                          contacts_s=32, also=("readings_contradict",), because=CONTRADICTED)},
    "battery_noisy": {"any": Promise("", NEVER, "", NEVER, AS_THE_MODE_WANTS,
                                     because="Ten sweeps average it out; the least times hold the contacts")},
    "battery_chip_frozen": {"any": Promise("fault:battery", 21_720, "sensor_frozen", 21_720, BOTH, contacts_s=21_720,
                                           also=("readings_contradict",),
                                           because="A real value can stand still for hours; V2 guards the floor too, "
                                                   "and tells once it is further away")},
    "load_chip_frozen": {"any": Promise("fault:load", 21_720, "sensor_frozen", 21_720, BOTH, contacts_s=21_720,
                                        also=("switching_often",),
                                        because="A real value can stand still for hours")},
    "supply_repeated": {
        "any": Promise("alarm:sensor_frozen", 1, "mains_lost", 8, BOTH, also=("sensor_frozen",), because=REPEATED),
        "R2 open, charge_only": Promise("alarm:sensor_frozen", 1, "sensor_frozen", 1, BOTH,
                                        because="The battery feeds the loads past V2, and V3 is not believed any more: "
                                                "nothing is left to show the mains"),
    },
    "charge_repeated": {"any": Promise("fault:mains", 1, "mains_lost", 8, BOTH, also=("sensor_frozen",),
                                       because="A V2 that repeats itself is not heard where V3 says otherwise")},
    "battery_half_a_volt_high": {"any": Promise("alarm:readings_contradict", 32, "readings_contradict", 32, BOTH,
                                                contacts_s=32, because=CONTRADICTED)},
    "battery_little_low": {"any": Promise("alarm:readings_contradict", 32, "readings_contradict", 32, BOTH,
                                          contacts_s=32, because=CONTRADICTED)},
    "thermometer_stuck_in_heat": {
        "any": Promise("alarm:readings_contradict", 1560, "readings_contradict", 1560, BOTH, contacts_s=1560,
                       also=("battery_over_ambient", "battery_warm"),
                       because="The air must have pulled for so long that the largest battery would have moved"),
    },
    "thermometer_frozen": {"any": Promise("", NEVER, "", NEVER, AS_BEFORE,
                                          because="A room can have the same temperature for days: not watched")},
    "bus_lost": {"any": Promise("fault:bus", 1, "meter_bus_lost", 12, BOTH)},
    "bus_stuck": {"any": Promise("fault:bus", 1, "meter_bus_lost", 12, BOTH)},
    "lines_unreadable": {"any": Promise("fault:relays", 1, "relay_line_failed", 5, BOTH)},
    "r1_line_dead": {"any": Promise("fault:R1", 2, "relay_line_failed", 6, AS_THE_MODE_WANTS, because=UNMOVED)},
    "r2_line_dead": {"any": Promise("fault:R2", 2, "relay_line_failed", 6, AS_THE_MODE_WANTS, because=UNMOVED)},
    "r1_welded": {
        "any": Promise("alarm:r1_disobeyed", 12, "r1_disobeyed", 12, AS_THE_MODE_WANTS, stays=("r1_disobeyed",),
                       because="What the readings prove must last 5 s; only a switching that is obeyed ends the alarm"),
        "closed, charge_only": Promise("", NEVER, "", NEVER, AS_THE_MODE_WANTS,
                                       because="Past a full battery's surface charge V3 shows no difference for hours"),
    },
    "r2_welded": {
        "any": Promise("alarm:r2_disobeyed", 12, "r2_disobeyed", 12, AS_THE_MODE_WANTS, stays=("r2_disobeyed",),
                       because="What the readings prove must last 5 s; only a switching that is obeyed ends the alarm"),
    },
    "r2_welded_hot": {
        "any": Promise("latch:over_temperature", 40, "charge_not_stopped", 660, R2_OPEN, contacts_s=40,
                       also=("battery_too_hot", "battery_warm", "battery_over_ambient", "r2_disobeyed"),
                       stays=("r2_disobeyed",),
                       because="R2 is told to open and does not; the alarm says what to do by hand. A full battery "
                               "takes so little that only its voltage shows it, ten minutes later"),
    },
    "backup_through_r2": {
        "any": Promise("alarm:wiring_contradicted", 60, "wiring_contradicted", 60, AS_THE_MODE_WANTS,
                       stays=("wiring_contradicted",),
                       because="V2 shows the loads' current in the first drill; R2 stays closed. Surface charge can "
                               "look like the supply for a while"),
    },
    "r1_contact_dead": {
        "any": Promise("fault:mains", 1, "mains_lost", 8, BOTH, because="It looks like an outage and is told as one"),
        "R2 open, line": Promise("fault:mains", 1, "mains_lost", 8, BOTH, dark_s=DARK_S, because=NO_BACKUP),
        "R1 open": Promise("fault:mains", 11, "mains_lost", 17, BOTH, because=DRILL),
    },
    "r2_contact_dead": {
        "any": Promise("alarm:charger_absent", 610, "charger_absent", 610, AS_THE_MODE_WANTS,
                       because="No charge may be the charger's fault, and a minute without one is no fault at all"),
        "R2 open": Promise("alarm:r2_disobeyed", 60, "charger_absent", 610, BOTH, contacts_s=2,
                           also=("r2_disobeyed",),
                           because="The charger has 30 s to start before a closed R2 without charge is doubted"),
        "R1 open, line": Promise("switching:R1", 1, "charger_absent", 620, BOTH, dark_s=1, stays=("charger_absent",),
                                 because="The battery was cut off in a discharge: R1 closes in the next period"),
        "R1 open, charge_only": Promise("", NEVER, "", NEVER, AS_THE_MODE_WANTS,
                                        because="R2 only charges here, and nothing is charged in a discharge"),
    },
    "mains_out": {
        "any": Promise("fault:mains", 1, "mains_lost", 8, BOTH),
        "R2 open, line": Promise("fault:mains", 1, "mains_lost", 8, BOTH, dark_s=DARK_S, because=NO_BACKUP),
        "R1 open": Promise("fault:mains", 12, "mains_lost", 18, BOTH, contacts_s=2, because=DRILL),
    },
    "mains_flicker_fast": {
        "any": Promise("", NEVER, "", NEVER, AS_THE_MODE_WANTS, also=("mains_lost",),
                       because="Within a period the mains is half there: it may show or not, and nothing goes dark"),
        "R2 open, line": Promise("fault:mains", 2, "", NEVER, AS_THE_MODE_WANTS, dark_s=DARK_S, also=("mains_lost",),
                                 because=NO_BACKUP),
        "R1 open": Promise("", NEVER, "", NEVER, AS_BEFORE, because=DRILL),
    },
    "mains_flicker": {
        "any": Promise("fault:mains", 1, "", NEVER, AS_THE_MODE_WANTS, because="Under 5 s an outage is kept, not told"),
        "R2 open, line": Promise("fault:mains", 1, "", NEVER, AS_THE_MODE_WANTS, dark_s=DARK_S, because=NO_BACKUP),
        "R1 open": Promise("", NEVER, "", NEVER, AS_BEFORE, because=DRILL),
    },
    "mains_flicker_slow": {
        "any": Promise("fault:mains", 1, "mains_lost", 8, AS_THE_MODE_WANTS),
        "R2 open, line": Promise("fault:mains", 1, "mains_lost", 8, AS_THE_MODE_WANTS, dark_s=DARK_S,
                                 because=NO_BACKUP),
        "R1 open": Promise("", NEVER, "", NEVER, AS_BEFORE, because=DRILL),
    },
    "mains_out_with_diode": {"any": Promise("fault:mains", 1, "mains_lost", 8, BOTH)},
    "diode_missing": {"any": Promise("fault:mains", 1, "diode_missing", 2, BOTH, dark_s=DARK_S, also=("mains_lost",),
                                     stays=("diode_missing",), because=NO_BACKUP)},
    "mains_away": {
        "any": Promise("alarm:battery_under_voltage", 120, "battery_under_voltage", 120, BOTH,
                       dark_s=FOR_GOOD, also=("mains_lost", "loads_dark", "battery_emptied"),
                       stays=("battery_emptied",),
                       because="The battery is warned of before it is empty; then the loads are dark"),
    },
    "mains_out_on_the_loads": {
        "any": Promise("fault:mains", 1, "mains_lost", 8, BOTH),
        "R2 open, line": Promise("fault:mains", 35, "mains_lost", 45, BOTH, dark_s=0.05, lost=35, contacts_s=35,
                                 also=("watchdog_restart",), stays=("watchdog_restart",),
                                 because="The computer dies with the loads, R2 falls closed, and it boots for 30 s"),
        "R1 open": Promise("fault:mains", 12, "mains_lost", 18, BOTH, contacts_s=2, because=DRILL),
    },
    "charger_dead": {
        "any": Promise("alarm:charger_absent", 610, "charger_absent", 610, AS_THE_MODE_WANTS, also=("r2_disobeyed",),
                       because="Ten minutes without charge on a battery that needs it; on a full one it takes hours"),
    },
    "charger_set_high": {"any": Promise("alarm:battery_over_voltage", 80, "battery_over_voltage", 80, AS_BEFORE,
                                        also=("charger_set_point",))},
    "charger_set_low": {"any": Promise("alarm:charger_set_point", 25 * 3600, "charger_set_point", 25 * 3600, AS_BEFORE,
                                       because="Surface charge hides a low charger for a day")},
    "charger_in_the_cold": {"any": Promise("", NEVER, "", NEVER, AS_BEFORE,
                                           because="What a charger should hold follows the battery's temperature")},
    "cell_shorted": {
        "any": Promise("alarm:battery_under_voltage|switching_often|battery_over_ambient", 4 * HOUR_S,
                       "battery_over_ambient", 20 * HOUR_S, AS_THE_MODE_WANTS,
                       also=("battery_under_voltage", "battery_emptied", "switching_often", "battery_warm",
                             "battery_too_hot"),
                       because="It heats for hours; at 50 degC the charge is stopped. A low or hard worked battery "
                               "tells sooner"),
    },
    "battery_open": {
        "any": Promise("", NEVER, "", NEVER, AS_THE_MODE_WANTS, also=("switching_often",), stays=("switching_often",),
                       because=MASKED),
        "R2 open": Promise("fault:battery", 1, "", NEVER, AS_THE_MODE_WANTS, also=("switching_often",),
                           stays=("switching_often",), because="Off the charger V1 is dead: R2 closes and tries again"),
        "R1 open": Promise("switching:R1", 1, "", NEVER, AS_THE_MODE_WANTS, dark_s=1, also=("switching_often",),
                           stays=("switching_often",), because="The discharge is broken off in the next period"),
    },
    "over_temperature": {
        "any": Promise("latch:over_temperature", 40, "battery_too_hot", 40, R2_OPEN, contacts_s=40,
                       also=("battery_warm", "battery_over_ambient"),
                       because="Three periods of 10 s in this trial; acknowledged and cooled, it charges again"),
        "R1 open": Promise("latch:over_temperature", 40, "battery_too_hot", 40, R2_OPEN, contacts_s=70,
                           also=("battery_warm", "battery_over_ambient"),
                           because="R1 closes first; R2 opens once the mains has stood anew for its hold-off"),
    },
    "warm": {"any": Promise("alarm:battery_warm", 180, "battery_warm", 180, AS_THE_MODE_WANTS,
                             also=("battery_over_ambient",), because="The air has cooled before the battery has")},
    "loads_over": {"any": Promise("fault:load", 1, "loads_over_range", 4, BOTH)},
    "clock_forward": {"any": Promise("clock:calendar", 1, "", NEVER, AS_BEFORE)},
    "clock_back": {"any": Promise("clock:calendar", 1, "", NEVER, AS_BEFORE)},
    "restarted": {
        "any": Promise("start:controller", 6, "", NEVER, AS_BEFORE, contacts_s=6),
        "manual, R2 open": Promise("start:controller", 6, "", NEVER, BOTH, contacts_s=6, because=NOBODY),
        "manual, R1 open": Promise("start:controller", 6, "", NEVER, BOTH, contacts_s=6, because=NOBODY),
    },
    "killed": {
        "any": Promise("start:controller", 6, "watchdog_restart", 6, AS_BEFORE, contacts_s=6,
                       stays=("watchdog_restart",)),
        "manual, R2 open": Promise("start:controller", 6, "watchdog_restart", 6, BOTH, contacts_s=6,
                                   stays=("watchdog_restart",), because=NOBODY),
        "manual, R1 open": Promise("start:controller", 6, "watchdog_restart", 6, BOTH, contacts_s=6,
                                   stays=("watchdog_restart",), because=NOBODY),
    },
    "disk_full": {"any": Promise("alarm:journal_gap", 45, "journal_gap", 45, AS_BEFORE)},
    "disk_read_only": {"any": Promise("alarm:journal_gap", 45, "journal_gap", 45, AS_BEFORE, lost=20,
                                      because="What was being written when the disk broke may be gone: one batch")},
}  # fmt: skip


def promise_of(name: str, situation: Situation, wiring: Wiring) -> Promise:
    """Return what is promised about a fault in a situation."""
    lines = PROMISES[name]
    whole = f"{situation.kind}, {wiring.name.lower()}"
    for when in (
        f"{situation.name}, {wiring.name.lower()}",
        situation.name,
        whole,
        situation.kind,
        wiring.name.lower(),
    ):
        if when in lines:
            return lines[when]
    return lines["any"]
