"""The report of a commissioning: what was found, on what evidence, and what is weak."""

from datetime import UTC, datetime
from typing import Any, NamedTuple

from vigie.commission.known import CommissioningFinding, Known
from vigie.commission.outcome import Changes
from vigie.control.signals import Channel
from vigie.wording.dialogue import spoken


class Result(NamedTuple):
    """A commissioning that has reached its end."""

    known: Known
    """What all steps have found."""
    found: Changes
    """The same as settings."""
    checked: list[str]
    """What the check with the new settings showed."""


def markdown(site: str, utc_s: float, result: Result) -> str:
    """Return the report on the installation called ``site``, commissioned at ``utc_s``, as Markdown."""
    when = datetime.fromtimestamp(utc_s, UTC).strftime("%Y-%m-%d %H:%M UTC")
    findings = result.known.findings
    weak = [finding.text for finding in findings if finding.is_weak] or [spoken("Nothing.")]
    parts = (
        ["# " + spoken("Commissioning of {site}", site=site), "", f"{when}."],
        ["## " + spoken("To look at again"), *_listed(weak)],
        ["## " + spoken("What was found"), *[_told(finding) for finding in findings]],
        ["## " + spoken("Calibration"), *_table(result.known)],
        ["## " + spoken("Settings"), "```toml", *_settings(result.found), "```"],
        ["## " + spoken("Check with these settings"), *_listed(result.checked)],
    )
    return "\n\n".join("\n".join(lines) for lines in parts) + "\n"


def as_json(result: Result) -> dict[str, Any]:
    """Return the same for programs."""
    known = result.known
    return {
        "findings": [finding._asdict() for finding in known.findings],
        "calibration_points": {channel.name.lower(): points for channel, points in known.points.items()},
        "settings": result.found,
        "checked": result.checked,
    }


def _listed(texts: list[str]) -> list[str]:
    return [f"* {text}" for text in texts]


def _told(finding: CommissioningFinding) -> str:
    evidence = "".join(f"\n  * {line}" for line in finding.evidence)
    return f"* {finding.text}{evidence}"


def _table(known: Known) -> list[str]:
    rows = [spoken("| channel | reading V | multimeter V | with the calibration V |"), "|---|---|---|---|"]
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
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{value}"'
    return f"0x{value:02x}" if isinstance(value, int) and key.endswith("_address") else f"{value}"
