"""Alarms about mains, loads, contacts and how they are wired."""

from vigie.control.alarms.catalogue import Alarm, Protection, Severity
from vigie.control.alarms.row import AlarmRow, Comparison
from vigie.control.contact_truth import ContactFault
from vigie.control.signals import Relay
from vigie.translatable import mark

ROWS = (
    AlarmRow(
        Alarm.LOADS_DARK,
        title=mark("Loads without voltage"),
        advice=mark(
            "Check the mains, the fuses and the battery's terminals. With the mains away the battery is empty or cut "
            "off: bring the mains back or another source."
        ),
        looks_at="voltage of the loads (V3)",
        severity=Severity.CRITICAL,
        unit="V",
        comparison=Comparison.BELOW,
        limit="alarms.loads_dark_v",
        hysteresis=1,
        delays_s=(3, 10),
        protection=Protection.R1_CLOSED,
    ),
    AlarmRow(
        Alarm.R1_DISOBEYED,
        title=mark("Mains contact R1 did not do what it was told"),
        advice=mark(
            "Look at the relay and its wires: welded, dead, or R1 and R2 exchanged. Stay in observe until it is "
            "repaired."
        ),
        looks_at="kind of fault the readings show after R1 was told to move",
        severity=Severity.CRITICAL,
        kinds=ContactFault,
        is_latched=True,
    ),
    AlarmRow(
        Alarm.R2_DISOBEYED,
        title=mark("Battery contact R2 did not do what it was told"),
        advice=mark(
            "Look at the relay and its wires: welded, dead, or R1 and R2 exchanged. A welded R2 cannot stop a charge: "
            "switch the charger off by hand if the battery is hot."
        ),
        looks_at="kind of fault the readings show after R2 was told to move",
        severity=Severity.CRITICAL,
        kinds=ContactFault,
        is_latched=True,
    ),
    AlarmRow(
        Alarm.RELAY_LINE_FAILED,
        title=mark("Relay line does not follow"),
        advice=mark(
            "Check that no other program uses the relay board's pins and that the board sits well; then restart the "
            "controller."
        ),
        looks_at="relays whose line does not read what it was told",
        severity=Severity.CRITICAL,
        bits=Relay,
        comparison=Comparison.BITS,
        delays_s=(3, 10),
        is_latched=True,
    ),
    AlarmRow(
        Alarm.MAINS_LOST,
        title=mark("Mains lost"),
        advice=mark(
            "The battery carries the loads. Check the breaker and the supply. Under 12.0 V a lead-acid battery is "
            "nearly empty."
        ),
        looks_at="the mains is absent, and not by a drill",
        severity=Severity.WARNING,
        delays_s=("alarms.mains_lost_after_s", 5),
        protection=Protection.R2_CLOSED,
    ),
    AlarmRow(
        Alarm.SWITCHING_OFTEN,
        title=mark("Contacts switch too often"),
        advice=mark(
            "Widen the distance between the mode's two voltages or lengthen the minimum times: contacts wear out, and "
            "such short charges do not fill the battery."
        ),
        looks_at="movements of R1 and R2 in the last hour",
        severity=Severity.WARNING,
        unit="1/h",
        limit="alarms.switchings_per_hour",
        hysteresis=5,
        delays_s=(0, 3600),
    ),
    AlarmRow(
        Alarm.R1_WORN,
        title=mark("Mains contact R1 worn"),
        advice=mark("Plan to replace the relay board, then set its count of operations back."),
        looks_at="share of R1's life that is used",
        severity=Severity.WARNING,
        is_share=True,
        limit="contacts.warn_share",
        worse_by=0.1,
    ),
    AlarmRow(
        Alarm.R2_WORN,
        title=mark("Battery contact R2 worn"),
        advice=mark("Plan to replace the relay board, then set its count of operations back."),
        looks_at="share of R2's life that is used",
        severity=Severity.WARNING,
        is_share=True,
        limit="contacts.warn_share",
        worse_by=0.1,
    ),
    AlarmRow(
        Alarm.WIRING_CONTRADICTED,
        title=mark("R2 carries the backup, and the settings say charge_only"),
        advice=mark(
            "The loads' current came through V2 while the battery fed them: open, R2 cuts the backup off. Set "
            'wiring.battery_contact = "line", or run `vigie commission`.'
        ),
        looks_at="R2 carries the backup although wiring.battery_contact says charge_only",
        severity=Severity.WARNING,
        is_latched=True,
    ),
    AlarmRow(
        Alarm.DIODE_MISSING,
        title=mark("Bypass diode missing"),
        advice=mark(
            "The mains failed with R2 open, and the loads were dark until R2 closed. Test the diode across R2 with "
            "the installation dead as the install guide says: anode to the battery, and not burnt out. Or set "
            "wiring.bypass_diode = false."
        ),
        looks_at="the bypass diode that wiring.bypass_diode promises did not carry the loads",
        severity=Severity.WARNING,
        is_latched=True,
    ),
)
