"""What happened in a period, told as journal events: faults that begin and end, contacts that move."""

from collections.abc import Mapping

from vigie.control.commands import Reason
from vigie.control.signals import Channel, ChannelMean, Measurement, Status
from vigie.errors import VigieError
from vigie.telemetry.records import Event, EventKind

FAULT_BITS = Status.FAILED | Status.OVERFLOW | Status.SATURATED | Status.RESET | Status.IMPLAUSIBLE | Status.FROZEN
"""What is told as a fault of a channel. A single stale sweep is not: it shows in the rejected count."""


def status_names(status: int) -> list[str]:
    """Return the lower-case names of the bits set in ``status``; empty when it is good.

    >>> status_names(Status.FAILED | Status.RESET)
    ['failed', 'reset']
    """
    return [bit.name.lower() for bit in Status if bit and status & bit]


def mean_of(measurement: Measurement, channel: Channel) -> ChannelMean:
    """Return one channel's mean by its role."""
    return (measurement.battery, measurement.charge, measurement.load, measurement.spare)[channel]


class Chronicle:
    """Remembers which faults stand, so that each is told once when it begins and once when it ends."""

    def __init__(self) -> None:
        self._standing: dict[str, str] = {}

    def standing(self) -> Mapping[str, str]:
        """Return the faults that stand now: subject -> text."""
        return dict(self._standing)

    def tell(
        self, utc_ms: int, subject: str, fault: str, text: str, data: Mapping[str, float | int | str]
    ) -> list[Event]:
        """Return the events of one subject's fault: begun (``fault`` not empty), changed, ended, or none."""
        before = self._standing.get(subject, "")
        if fault == before:
            return []
        if not fault:
            del self._standing[subject]
            return [Event(utc_ms, EventKind.FAULT_CLEARED, subject, before, "good", "", "controller", "", data)]
        self._standing[subject] = fault
        return [Event(utc_ms, EventKind.FAULT, subject, before or "good", fault, "", "controller", text, data)]

    def channel_events(
        self,
        utc_ms: int,
        measurement: Measurement,
        errors: Mapping[Channel, VigieError],
    ) -> list[Event]:
        """Return the events of all channels and of the thermometer for a period."""
        events: list[Event] = []
        for channel in Channel:
            mean = mean_of(measurement, channel)
            fault = ",".join(status_names(mean.status & FAULT_BITS))
            if not fault and not mean.is_valid and not mean.status & Status.ABSENT:
                fault = "too_few_sweeps"
            error = errors.get(channel)
            text = str(error) if error is not None and fault else ""
            data: dict[str, float | int | str] = {"good": mean.good, "rejected": mean.rejected}
            if mean.good:
                data["bus_v"] = round(mean.bus_v, 4)
                data["current_a"] = round(mean.current_a, 5)
            events += self.tell(utc_ms, channel.name.lower(), fault, text, data)
        temperature = measurement.temperature
        lost = temperature.status not in (Status.GOOD, Status.ABSENT)
        fault = ",".join(status_names(temperature.status)) if lost else ""
        return events + self.tell(utc_ms, "temperature", fault, "battery temperature lost" if fault else "", {})


def switching(
    utc_ms: int,
    relay: str,
    before: str,
    after: str,
    reason: Reason,
    who: str,
    measurement: Measurement,
    switched_a: float | None = None,
) -> Event:
    """Return the event of a contact that has moved, with the readings that decided it and the current it switched."""
    data: dict[str, float | int | str] = {} if switched_a is None else {"switched_a": round(switched_a, 5)}
    if measurement.battery.is_valid:
        data["battery_v"] = round(measurement.battery.bus_v, 4)
    if measurement.charge.is_valid:
        data["charge_a"] = round(measurement.charge.current_a, 5)
    if measurement.load.is_valid:
        data["load_v"] = round(measurement.load.bus_v, 4)
    if measurement.temperature.status == Status.GOOD:
        data["temperature_c"] = round(measurement.temperature.celsius, 2)
    return Event(utc_ms, EventKind.SWITCHING, relay, before, after, reason.name.lower(), who, "", data)


def words_of(error: Exception) -> str:
    """Return what a driver said, or that it failed in a way nobody foresaw."""
    return str(error) if isinstance(error, VigieError) else f"the driver failed unexpectedly: {error!r}"


def heat_text(measurement: Measurement) -> str:
    """Return what is told of a battery over its temperature limit."""
    celsius = measurement.temperature.celsius
    return f"battery at {celsius:.1f} degC: charge stopped until it is acknowledged and has cooled down"
