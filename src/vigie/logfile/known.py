"""Files that are no table of named columns, told by what they are, and what to do to have one."""

import re
from collections.abc import Sequence
from typing import NamedTuple

_STARTS = (
    (b"PK\x03\x04", "a spreadsheet or an archive (.xlsx, .ods, .zip): save its sheet as CSV, or unpack it"),
    (b"\xd0\xcf\x11\xe0", "an old spreadsheet (.xls): save its sheet as CSV"),
    (b"SQLite format 3\0", "a database of SQLite: export the table of measurements as CSV"),
    (b"PAR1", "Parquet: export CSV instead; an export of Vigie is replayed as it stands"),
    (b"\x1f\x8b", "compressed: unpack it first (gunzip)"),
    (b"BZh", "compressed: unpack it first (bunzip2)"),
    (b"\xfd7zXZ", "compressed: unpack it first (unxz)"),
    (b"\x28\xb5\x2f\xfd", "compressed: unpack it first (unzstd)"),
    (b"%PDF", "a PDF document: export CSV instead"),
)


class _Kind(NamedTuple):
    line: re.Pattern[str]
    share: float
    """Of the lines that must look like this."""
    told: str


_HEADED = "; put a first line time,battery_v above its lines"
_KINDS = (
    _Kind(
        re.compile(
            r"(?:PID|FW|S(?:ER#|OC)|V|VS|VM|VPV|PPV|I|IL|T|P|CE|TTG|CS|ERR|MPPT|LOAD|Alarm|Relay|AR|BMV|Checksum|H\d+)\t.*"
        ),
        0.7,
        "VE.Direct text of a battery monitor or charger: a label and a value per line, and no time. Log it again as "
        "CSV with the time of each block: first line time,battery_mv,battery_ma, then time, V and I of a block a line",
    ),
    _Kind(
        re.compile(r"\d{8} \d{6} \S+ \S+ \S+ \[[^\]]*\] \S+.*"),
        0.7,
        "a log of NUT's upslog in its default form, which does not hold the battery's voltage. Log it again with "
        f"upslog -f '%TIME @Y-@m-@dT@H:@M:@S@z%,%VAR battery.voltage%'{_HEADED}",
    ),
    _Kind(
        re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4}  \S.*"),
        0.7,
        "events of apcupsd: words, not measurements. Log the voltage: once a minute "
        f'echo "$(date -u +%FT%TZ),$(apcaccess -u -p BATTV)" >> log.csv{_HEADED}',
    ),
    _Kind(
        re.compile(r"[A-Z][A-Z0-9]*(?: [A-Z0-9]+)* *: .*"),
        0.9,
        "a status of apcupsd (apcaccess): one moment, not a log. Log the voltage: once a minute "
        f'echo "$(date -u +%FT%TZ),$(apcaccess -u -p BATTV)" >> log.csv{_HEADED}',
    ),
    _Kind(
        re.compile(r"[a-z]+(?:\.[a-z0-9]+)+: .*"),
        0.9,
        "a status of NUT (upsc): one moment, not a log. Log the voltage with "
        f"upslog -f '%TIME @Y-@m-@dT@H:@M:@S@z%,%VAR battery.voltage%'{_HEADED}",
    ),
    _Kind(
        re.compile(r"\s*(?:[\[{\]}]|\"[^\"]*\"\s*:).*"),
        0.95,
        "JSON: write it as CSV, one line a moment (jq -r '.[] | [.time, .voltage, .current] | @csv'), with the names "
        "of the columns in the first line",
    ),
    _Kind(re.compile(r"\s*<.*"), 0.9, "XML or a web page: export CSV instead"),
)


def binary_named(start: bytes) -> str | None:
    """Return what a file that begins so is, and what to do; None when it may be text."""
    return next((told for begin, told in _STARTS if start.startswith(begin)), None)


def text_named(lines: Sequence[str]) -> str | None:
    r"""Return what a text without named columns is, and what to do; None when nobody knows.

    >>> text_named(["V\t12700", "I\t-350", "Checksum\tx"]).split(":")[0]
    'VE.Direct text of a battery monitor or charger'
    """
    said = [line.strip("\r\n\0") for line in lines if line.strip("\r\n\0 ")]
    for kind in _KINDS:
        if said and sum(kind.line.fullmatch(line) is not None for line in said) >= kind.share * len(said):
            return kind.told
    return None
