"""What the rig reads with: the ports of a meter chip and of a thermometer."""

from typing import Protocol

from vigie.hardware.meter import Averaging, MeterReading


class Meter(Protocol):
    """One meter chip as the rig and the bench need it. Belongs to one thread."""

    conversion_s: float
    """Longest time between two fresh readings, as it averages now."""

    def verify(self) -> bool:
        """Return whether the chip is set up as it should be; set it up when it is not.

        Raises:
            ChipError: it does not answer; WrongChipError: another chip does.
            BusError: the bus itself is gone.
        """
        ...

    def read(self) -> MeterReading:
        """Read bus and shunt voltage and what is wrong with them; raises as :meth:`verify`."""
        ...

    def look_at_bus_v(self) -> float:
        """Read the bus voltage as it stands, in one transfer; the next :meth:`read` is as fresh as without it.

        Raises:
            OSError: the transfer failed; nothing is tried again.
            BusError: the bus itself is gone.
        """
        ...

    def look_at_shunt_v(self) -> float:
        """Read the shunt voltage in the same way."""
        ...

    def set_averaging(self, averaging: Averaging) -> None:
        """Average otherwise from now on; raises as :meth:`verify`."""
        ...

    def begin_fine_shunt(self) -> float:
        """Convert the shunt as finely as the chip can; return the seconds until a look at it shows that.

        Raises as :meth:`look_at_bus_v`. The chip needs a new driver afterwards.
        """
        ...


class Thermometer(Protocol):
    """A thermometer as the rig needs it."""

    def read(self) -> float:
        """Return degrees Celsius at once, or raise TemperatureError."""
        ...

    def close(self) -> None: ...
