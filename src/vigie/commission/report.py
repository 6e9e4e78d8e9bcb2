"""The report of a commissioning: what was found, on what evidence, and what is weak."""

from datetime import UTC, datetime
from typing import Any

from vigie.commission.known import Finding, Known
from vigie.commission.outcome import Changes
from vigie.control.signals import Channel


def markdown(site: str, utc_s: float, known: Known, found: Changes, checked: list[str]) -> str:
    """Return the report as Markdown.

    Args:
        site: name of the installation.
        utc_s: when it was commissioned.
        known: what all steps have found.
        found: the settings that were written.
        checked: what the check with the new settings showed.
    """
    when = datetime.fromtimestamp(utc_s, UTC).strftime("%Y-%m-%d %H:%M UTC")
    weak = [finding for finding in known.findings if finding.is_weak]
    parts = [f"# Commissioning of {site}", f"{when}."]
    parts.append("\n".join(["## To look at again", *[f"* {finding.text}" for finding in weak or _NOTHING]]))
    parts.append("\n".join(["## What was found", *[_told(finding) for finding in known.findings]]))
    parts.append("\n".join(["## Calibration", *_table(known)]))
    parts.append("\n".join(["## Settings", "```toml", *_settings(found), "```"]))
    parts.append("\n".join(["## Check with these settings", *[f"* {line}" for line in checked]]))
    return "\n\n".join(parts) + "\n"


def as_json(known: Known, found: Changes, checked: list[str]) -> dict[str, Any]:
    """Return the same for programs."""
    return {
        "findings": [finding._asdict() for finding in known.findings],
        "calibration_points": {channel.name.lower(): points for channel, points in known.points.items()},
        "settings": found,
        "checked": checked,
    }


_NOTHING = (Finding("", "Nothing."),)


def _told(finding: Finding) -> str:
    evidence = "".join(f"\n  * {line}" for line in finding.evidence)
    return f"* {finding.text}{evidence}"


def _table(known: Known) -> list[str]:
    rows = ["| channel | reading V | multimeter V | with the calibration V |", "|---|---|---|---|"]
    for channel in (Channel.BATTERY, Channel.CHARGE, Channel.LOAD):
        line = known.calibrations[channel]
        for raw, meter_v in known.points[channel]:
            rows.append(f"| V{channel + 1} | {raw:.3f} | {meter_v:.3f} | {line.gain * raw + line.offset_v:.3f} |")
    return rows


def _settings(found: Changes) -> list[str]:
    lines = []
    for section, values in found.items():
        lines.append(f"[{section}]")
        lines += [f"{key} = {_toml(key, value)}" for key, value in values.items()]
    return lines


def _toml(key: str, value: object) -> str:
    if isinstance(value, str):
        return f'"{value}"'
    return f"0x{value:02x}" if isinstance(value, int) and key.endswith("_address") else f"{value}"
