"""A recording as a plant: what was logged, shown again at the pace of a clock."""

from bisect import bisect_right
from collections.abc import Mapping
from math import nan

from vigie.clock import Clock
from vigie.control.signals import Channel, Contact, Contacts, Reading, Relay, Status, Sweep, Temperature
from vigie.errors import ReadingError, VigieError
from vigie.plant.port import HasFallen
from vigie.plant.recording import Recording

_ABSENT = Reading(nan, nan, int(Status.ABSENT))
_SHUNT_OHM = 0.1


class Recorded:
    """A log replayed: V1 and V2 show the battery's voltage, V2 its current, V3 and V4 are absent.

    The last sample is held until the next; once it is older than ``hold_s``, and after the end, the
    channels are FAILED and STALE. The log is an open loop: contacts are remembered so that a
    supervisor sees what it asked for, and change nothing in what was logged.
    """

    name = "recorded"

    def __init__(self, recording: Recording, clock: Clock, hold_s: float, shunt_ohm: float = _SHUNT_OHM) -> None:
        """Show ``recording`` from its first row at the present time of ``clock``."""
        self.recording = recording
        self._clock = clock
        self._hold_s = hold_s
        self._shunt_ohm = shunt_ohm
        self._contacts = [Contact.CLOSED, Contact.CLOSED, Contact.OPEN, Contact.OPEN]
        self._start_s = clock.now_s()
        self._times_s = [sample.utc_s for sample in recording.samples()]
        self._temperature_times_s = [point.utc_s for point in recording.temperatures]
        self._errors: dict[Channel, VigieError] = {}

    @property
    def log_utc_s(self) -> float:
        """The log's own calendar time that is being shown."""
        return self._times_s[0] + self._clock.now_s() - self._start_s

    @property
    def is_finished(self) -> bool:
        """The last row has been shown for as long as it holds."""
        return self.log_utc_s - self._times_s[-1] > self._hold_s

    def read_sweep(self) -> Sweep:
        log_s = self.log_utc_s
        sample = self.recording[bisect_right(self._times_s, log_s) - 1]
        age_s = log_s - sample.utc_s
        if age_s > self._hold_s:
            error = ReadingError(
                f"recording: newest sample is {age_s:.0f} s old, limit {self._hold_s:.0f} s: a gap or the end"
            )
            self._errors = {Channel.BATTERY: error, Channel.CHARGE: error}
            lost = Reading(nan, nan, int(Status.FAILED | Status.STALE))
            return Sweep(lost, lost, _ABSENT, _ABSENT)
        self._errors = {}
        battery = Reading(sample.voltage_v, 0.0, int(Status.GOOD))
        charge = Reading(sample.voltage_v, sample.current_a * self._shunt_ohm, int(Status.GOOD))
        return Sweep(battery, charge, _ABSENT, _ABSENT)

    def set_watchful(self, is_watchful: bool) -> None:
        """A log is as it is."""

    def watch(self, until_s: float, has_fallen: HasFallen) -> bool:
        """Wait; a log of V1 and V2 alone cannot tell that the supply fails."""
        del has_fallen
        self._clock.sleep_until(until_s)
        return False

    def read_temperature(self) -> Temperature:
        if not self._temperature_times_s:
            return Temperature(nan, int(Status.ABSENT))
        log_s = self.log_utc_s
        place = bisect_right(self._temperature_times_s, log_s) - 1
        if place < 0 or log_s - self._temperature_times_s[place] > self._hold_s:
            return Temperature(nan, int(Status.FAILED))
        return Temperature(self.recording.temperatures[place].celsius, int(Status.GOOD))

    def read_ambient(self) -> Temperature:
        """No log holds the air's temperature."""
        return Temperature(nan, int(Status.ABSENT))

    def read_contacts(self) -> Contacts:
        return Contacts(*self._contacts)

    def switch(self, relay: Relay, contact: Contact) -> None:
        """Remember the contact; the record goes on as it was logged."""
        self._contacts[relay] = contact

    def errors(self) -> Mapping[Channel, VigieError]:
        return dict(self._errors)

    def close(self) -> None:
        """Hold nothing."""
