"""What happened in a period: faults that begin and end, the latch, contacts that move."""

from collections.abc import Mapping

from vigie.control.commands import Reason
from vigie.control.signals import Channel, ChannelMean, Contact, Measurement, Relay, Status
from vigie.errors import VigieError
from vigie.telemetry.events import ChannelFacts, ContactMoved, FaultBegan, FaultEnded, FaultFacts, Happening, LatchMoved

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
        self._is_latched = False

    def standing(self) -> Mapping[str, str]:
        """Return the faults that stand now: subject -> text."""
        return dict(self._standing)

    def tell(self, subject: str, fault: str, text: str, facts: FaultFacts | None = None) -> list[Happening]:
        """Return what is told of one subject's fault: begun (``fault`` not empty), changed, ended, or nothing."""
        before = self._standing.get(subject, "")
        if fault == before:
            return []
        if not fault:
            del self._standing[subject]
            return [FaultEnded(subject, before, facts)]
        self._standing[subject] = fault
        return [FaultBegan(subject, before or "good", fault, text, facts)]

    def latch(self, is_set: bool, measurement: Measurement) -> list[Happening]:
        """Return what is told of the over-temperature latch: that it moved, or nothing."""
        if is_set == self._is_latched:
            return []
        self._is_latched = is_set
        temperature = measurement.temperature
        celsius = temperature.celsius if temperature.status == Status.GOOD else None
        return [LatchMoved(is_set, celsius, _heat_text(temperature.celsius) if is_set else "")]

    def channel_faults(self, measurement: Measurement, errors: Mapping[Channel, VigieError]) -> list[Happening]:
        """Return what is told of all channels and of the thermometer in a period."""
        told: list[Happening] = []
        for channel in Channel:
            mean = mean_of(measurement, channel)
            fault = ",".join(status_names(mean.status & FAULT_BITS))
            if not fault and not mean.is_valid and not mean.status & Status.ABSENT:
                fault = "too_few_sweeps"
            error = errors.get(channel)
            text = str(error) if error is not None and fault else ""
            bus_v, current_a = (mean.bus_v, mean.current_a) if mean.good else (None, None)
            told += self.tell(
                channel.name.lower(), fault, text, ChannelFacts(mean.good, mean.rejected, bus_v, current_a)
            )
        temperature = measurement.temperature
        lost = temperature.status not in (Status.GOOD, Status.ABSENT)
        fault = ",".join(status_names(temperature.status)) if lost else ""
        return told + self.tell("temperature", fault, "battery temperature lost" if fault else "")


def moved(
    relay: Relay,
    before: Contact,
    after: Contact,
    reason: Reason,
    who: str,
    measurement: Measurement,
    switched_a: float | None = None,
) -> ContactMoved:
    """Return a contact's movement with the readings that decided it and the current it switched."""
    battery, charge, load, temperature = (
        measurement.battery, measurement.charge, measurement.load, measurement.temperature,
    )  # fmt: skip
    return ContactMoved(
        relay,
        before,
        after,
        reason,
        who,
        switched_a,
        battery.bus_v if battery.is_valid else None,
        charge.current_a if charge.is_valid else None,
        load.bus_v if load.is_valid else None,
        temperature.celsius if temperature.status == Status.GOOD else None,
    )


def words_of(error: Exception) -> str:
    """Return what a driver said, or that it failed in a way nobody foresaw."""
    return str(error) if isinstance(error, VigieError) else f"the driver failed unexpectedly: {error!r}"


def _heat_text(celsius: float) -> str:
    return f"battery at {celsius:.1f} degC: charge stopped until it is acknowledged and has cooled down"
