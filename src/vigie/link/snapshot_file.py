"""The last snapshot in a file, so that a restarted web process knows what it last knew, and how old that is."""

import json
from pathlib import Path
from typing import Any

import structlog

from vigie.clock import machine_monotonic_s, machine_utc_s
from vigie.link.messages import Snapshot, validated_snapshot
from vigie.unfinished import gone_if_it_fails

log = structlog.get_logger(__name__)

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class SnapshotFile:
    """One snapshot and the instant it came. Never raises: what cannot be kept or read is logged."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def save(self, snapshot: Snapshot, received_s: float) -> None:
        """Replace the file at once or not at all; ``received_s`` is monotonic machine time."""
        kept = {
            "boot_id": _boot_id(),
            "received_s": received_s,
            "received_utc_s": machine_utc_s() - (machine_monotonic_s() - received_s),
            "snapshot": snapshot,
        }
        partial = self._path.with_name(self._path.name + ".partial")
        try:
            with gone_if_it_fails(partial):
                partial.write_text(json.dumps(kept), encoding="utf-8")
                partial.replace(self._path)
        except OSError as error:
            log.warning("last_snapshot_not_kept", path=str(self._path), error=str(error))

    def load(self) -> tuple[Snapshot, float | None] | None:
        """Return the snapshot and when it came by today's monotonic clock (None: nobody can tell), or nothing."""
        try:
            kept = json.loads(self._path.read_text(encoding="utf-8"))
            snapshot = validated_snapshot(kept["snapshot"])
            age_s = _age_s(kept)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            log.warning("last_snapshot_unreadable", path=str(self._path), error=str(error))
            return None
        return snapshot, None if age_s is None else machine_monotonic_s() - age_s


def _age_s(kept: dict[str, Any]) -> float | None:
    """Return the age of a kept snapshot: by the monotonic clock within one boot, else by the calendar.

    A calendar that went backwards (no clock chip, not synchronised yet) cannot tell: None.
    """
    boot_id = _boot_id()
    if boot_id and kept["boot_id"] == boot_id:
        age_s = machine_monotonic_s() - float(kept["received_s"])
    else:
        age_s = machine_utc_s() - float(kept["received_utc_s"])
    return age_s if age_s >= 0 else None


def _boot_id() -> str:
    try:
        return _BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return ""
