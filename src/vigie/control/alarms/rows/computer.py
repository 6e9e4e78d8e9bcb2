"""Alarms about the computer, its programs, its journal and its settings; the last three are the web process's."""

from vigie.control.alarms.catalogue import Alarm, Severity
from vigie.control.alarms.row import AlarmRow
from vigie.translatable import mark

ROWS = (
    AlarmRow(
        Alarm.JOURNAL_GAP,
        title=mark("Measurements not kept"),
        advice=mark("Check that the disk is there, not full and not read-only; read the journal's message."),
        looks_at="measurements cannot be written, or some were lost",
        severity=Severity.WARNING,
        delays_s=(30, 60),
    ),
    AlarmRow(
        Alarm.PI_UNDER_VOLTAGE,
        title=mark("Raspberry Pi short of voltage"),
        advice=mark("Use the supply made for the Raspberry Pi and a short, thick cable."),
        looks_at="the Raspberry Pi reports under-voltage",
        severity=Severity.WARNING,
        delays_s=(2, 300),
    ),
    AlarmRow(
        Alarm.PI_THROTTLED,
        title=mark("Raspberry Pi throttled"),
        advice=mark("Give the Raspberry Pi air or a fan, and check its supply."),
        looks_at="the Raspberry Pi is throttled",
        severity=Severity.WARNING,
        delays_s=(60, 300),
    ),
    AlarmRow(
        Alarm.CLOCK_NOT_SYNCHRONISED,
        title=mark("Clock not synchronised"),
        advice=mark(
            "Dates may be wrong; control does not depend on them. Connect a network with a time server, or fit the "
            "clock's battery."
        ),
        looks_at="no time server or clock sets the calendar",
        severity=Severity.INFO,
        delays_s=(3600, 0),
    ),
    AlarmRow(
        Alarm.DISK_NEARLY_FULL,
        title=mark("Disk nearly full"),
        advice=mark("Free some space, or shorten how long the journal keeps measurements."),
        looks_at="share of the journal's disk that is used",
        severity=Severity.WARNING,
        is_share=True,
        limit="alarms.disk_used",
        hysteresis=0.02,
        delays_s=(300, 60),
        worse_by=0.05,
    ),
    AlarmRow(
        Alarm.WATCHDOG_RESTART,
        title=mark("Controller restarted by itself"),
        advice=mark(
            "It had stopped without being asked: power, crash or hang. Read the messages from before the restart."
        ),
        looks_at="within the last hour the controller began without having been stopped before",
        severity=Severity.WARNING,
        is_latched=True,
    ),
    AlarmRow(
        Alarm.JOURNAL_DAMAGED,
        title=mark("Journal damaged"),
        advice=mark(
            "A damaged file is kept, and a new one written. `vigie journal salvage` brings back what can still be "
            "read of it. Suspect the memory card: make a `vigie backup`, and replace the card soon."
        ),
        looks_at="parts of the journal found damaged within the last hour",
        severity=Severity.WARNING,
        is_said_in_words=True,
        is_latched=True,
        worse_by=1,
    ),
    AlarmRow(
        Alarm.SETTINGS_REFUSED,
        title=mark("Settings file refused"),
        advice=mark(
            "The settings file has faults, and the last settings that worked are in force; where there were none, the "
            "file without what has faults. `vigie config check` names the faults and the difference. Correct the "
            "file: it is taken over within seconds."
        ),
        looks_at="faults of the settings file, in whose place the last good settings are in force",
        severity=Severity.WARNING,
        is_said_in_words=True,
        worse_by=1,
    ),
    AlarmRow(
        Alarm.CONTROLLER_LOST,
        title=mark("Controller lost"),
        advice=mark(
            "The contacts stay as they are, and nothing watches. Look at the controller's service and its messages, "
            "and start it again."
        ),
        looks_at="time since the web process heard of the controller",
        severity=Severity.CRITICAL,
        unit="s",
        limit="alarms.controller_silent_s",
        is_of_web=True,
    ),
    AlarmRow(
        Alarm.MAIL_REFUSED,
        title=mark("Mail refused"),
        advice=mark("Messages do not reach anybody. Read the server's answer and check the mail settings."),
        looks_at="messages the mail server refused",
        severity=Severity.WARNING,
        is_of_web=True,
    ),
    AlarmRow(
        Alarm.DELIVERY_FAILED,
        title=mark("Central store takes no measurements"),
        advice=mark(
            "The journal keeps the measurements and they are sent when the store takes them. `vigie delivery show` "
            "says what it answered, `vigie delivery test` tries it. What it can never take (refused, or of a wrong "
            "calendar) is set aside: `vigie delivery forget` gives it up and ends the alarm."
        ),
        looks_at=(
            "the central store has taken nothing for 15 minutes (one where address, certificate or login is wrong), "
            "or refused something for good"
        ),
        severity=Severity.WARNING,
        is_of_web=True,
    ),
)
