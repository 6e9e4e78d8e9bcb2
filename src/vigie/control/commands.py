"""What a person or a program may ask of the supervisor, and what it can answer."""

from enum import IntEnum


class Mode(IntEnum):
    """What the installation is being used for; the journal stores the number."""

    OBSERVE = 0
    PROTECT = 1
    CYCLE = 2
    MANUAL = 3
    MAINTAIN = 4


class Phase(IntEnum):
    """Where a mode stands."""

    STEADY = 0
    """Nothing to do but watch (observe, manual)."""
    CHARGE = 1
    """R1 and R2 closed, waiting for the upper voltage."""
    REST = 2
    """R2 open, waiting for the lower voltage."""
    DISCHARGE = 3
    """R1 open, the battery carries the loads."""


class Mains(IntEnum):
    """The 230 V behind R1, as far as the meter can tell."""

    UNKNOWN = 0
    PRESENT = 1
    ABSENT = 2
    """Absent at the supply and not by our doing."""
    CUT = 3
    """Absent because R1 is open: a drill."""


class Reason(IntEnum):
    """Why a contact is where it is, why a command was refused, why a mode moved on."""

    NONE = 0
    ADOPTED = 1
    """Found like this at start; nothing has decided yet."""
    OBSERVING = 2
    """The mode watches with both contacts closed."""
    CHARGING = 3
    """Closed so that the battery charges to the upper voltage."""
    UPPER_VOLTAGE_REACHED = 4
    LOWER_VOLTAGE_REACHED = 5
    DISCHARGING = 6
    """R1 open so that the battery carries the loads."""
    DISCHARGED = 7
    """The discharge ended at its voltage; mains and charger come back."""
    MANUAL_WISH = 8
    """A person set it."""
    MANUAL_EXPIRED = 9
    MODE_CHANGED = 10
    MINIMUM_TIME = 11
    """The contact has not been in its state for the least time yet."""
    FULL = 12
    """The battery has shown itself full, and rests."""
    FILLING = 13
    """Closed so that the battery charges until it has shown itself full."""
    RESTED_LONG = 14
    """It rested for as long as a rest may last."""
    WEAK_CELL = 15
    """A full battery lost its voltage at rest within days."""
    BOTH_OPEN = 20
    """Interlock 1: R1 and R2 must not be open together."""
    MAINS_NOT_PROVEN = 21
    """Interlock 2: R2 opens only while the mains is proven present."""
    MAINS_LOST = 22
    """Interlock 2: the mains failed, the battery is needed."""
    BLACKOUT_RISK = 23
    """Interlock 2: this controller would die with the loads and R2 is wired NO."""
    MAINS_NOT_STEADY = 24
    """Interlock 2: the mains has not stood for long enough since it failed."""
    METER_STANDS_STILL = 25
    """Interlock 2: V3, which alone tells of the mains while R2 is open, has not moved for long."""
    WIRING_NOT_PROVEN = 26
    """Interlock 3: not shown yet in this drill that the battery feeds the loads past R2, as charge_only says."""
    BATTERY_NOT_PROVEN = 30
    """Interlock 3: the battery has not shown that it can carry the loads."""
    BATTERY_UNDER_FLOOR = 31
    DRILL_TOO_LONG = 32
    NOT_BACK_AFTER_DRILL = 33
    """R1 closed after a drill and the mains is not there: a real outage."""
    LOADS_NOT_CARRIED = 34
    """The battery does not reach the loads in a drill: V3 is dark."""
    OVER_TEMPERATURE = 40
    """Interlock 4: battery over its limit, charge stopped and latched."""
    MEASUREMENT_LOST = 50
    """Interlock 5: a needed reading is lost or implausible."""
    READINGS_CONTRADICT = 51
    """Interlock 5: readings contradict each other, so none of them decides."""
    RELAY_FAILED = 60
    """The line did not take the level it was told."""
    DUPLICATE = 70
    TOO_LATE = 71
    NOT_MANUAL = 72
    """Contacts are set by hand in manual mode only."""
    UNKNOWN_COMMAND = 73
    NOT_LATCHED = 74
    """Nothing to acknowledge."""
    STILL_HOT = 75
    ACKNOWLEDGED = 76
    SET_BY_USER = 77
    """A spare relay follows the user's wish in every mode."""
    DONE = 78
    NOT_SHELVED = 79
    """The alarm lies on no shelf, or cannot be put there."""


class Verdict(IntEnum):
    """The one word for the whole installation."""

    UNKNOWN = 0
    OK = 1
    ATTENTION = 2
    ALARM = 3
