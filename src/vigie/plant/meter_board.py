"""The meter's four chips read together: fresh conversions, verified settings, chips that hang, looks in between."""

import contextlib
from collections.abc import Mapping, Sequence

from vigie.clock import Clock
from vigie.control.signals import Channel, Reading, Status, Sweep
from vigie.errors import ChipError, VigieError
from vigie.hardware.meter import Averaging
from vigie.plant.instruments import Meter
from vigie.plant.meter_chips import as_reading
from vigie.plant.port import LOOK_EVERY_S, HasFallen

HANGS_AFTER_S = 0.03
"""A chip that refuses (NACK) answers within milliseconds; one that takes longer to fail holds the bus."""
_NAN = float("nan")
_GOOD, _ABSENT, _FAILED = int(Status.GOOD), int(Status.ABSENT), int(Status.FAILED)


class MeterBoard:
    """Up to four meter chips, one per channel. Belongs to one thread."""

    def __init__(self, meters: Sequence[Meter | None], clock: Clock, averaging: Averaging, verify_s: float) -> None:
        """Take over the chips; nothing is sent yet.

        Args:
            meters: one per channel in the order of ``Channel``; None where none is fitted.
            clock: paces the sweeps, so that each finds a new conversion.
            averaging: of the chips while nobody watches.
            verify_s: how often each chip's configuration is read back.
        """
        if len(meters) != len(Channel):
            raise ValueError(f"{len(meters)} meters given, {len(Channel)} channels")
        self._meters = tuple(meters)
        self._clock = clock
        self._averaging = averaging
        self._verify_s = verify_s
        self._verify_at_s = clock.now_s()
        self._is_watchful = False
        self._fresh_at_s = [clock.now_s()] * len(Channel)
        self._errors: dict[Channel, VigieError] = {}
        self._hanging: dict[Channel, VigieError] = {}

    @property
    def errors(self) -> Mapping[Channel, VigieError]:
        """Why channels failed in the newest sweep."""
        return self._errors

    def read_sweep(self) -> Sweep:
        """Read all channels, each no sooner than one conversion after the sweep before.

        Raises:
            BusError: the bus as a whole is gone.
        """
        now_s = self._clock.now_s()
        must_verify = now_s >= self._verify_at_s
        if must_verify:
            self._verify_at_s = now_s + self._verify_s
        self._errors = {}
        return Sweep(
            self._read(Channel.BATTERY, must_verify),
            self._read(Channel.CHARGE, must_verify),
            self._read(Channel.LOAD, must_verify),
            self._read(Channel.SPARE, must_verify),
        )

    def set_watchful(self, is_watchful: bool) -> None:
        """Let the chips average nothing, or what the settings say.

        Raises:
            BusError: the bus as a whole is gone.
        """
        if is_watchful == self._is_watchful:
            return
        self._is_watchful = is_watchful
        for channel, meter in zip(Channel, self._meters, strict=True):
            if meter is None:
                continue
            with contextlib.suppress(ChipError):  # its next reading says so, and sets it up
                meter.set_averaging(Averaging.BITS_12 if is_watchful else self._averaging)
            self._fresh_at_s[channel] = self._clock.now_s() + meter.conversion_s

    def watch(self, until_s: float, has_fallen: HasFallen) -> bool:
        """Look at V2 and V3 until ``until_s``, or until they have fallen; then the next sweep waits for conversions.

        A chip that does not answer is not looked at again before the next sweep, which knows what to do about it.

        Raises:
            BusError: the bus as a whole is gone.
        """
        looked_at = {Channel.CHARGE, Channel.LOAD}
        while (look_s := self._clock.now_s() + LOOK_EVERY_S) < until_s and looked_at:
            self._clock.sleep_until(look_s)
            if has_fallen(self._look(Channel.CHARGE, looked_at), self._look(Channel.LOAD, looked_at)):
                now_s = self._clock.now_s()
                self._fresh_at_s = [now_s + meter.conversion_s if meter else now_s for meter in self._meters]
                return True
        self._clock.sleep_until(until_s)
        return False

    def _read(self, channel: Channel, must_verify: bool) -> Reading:
        meter = self._meters[channel]
        if meter is None:
            return Reading(_NAN, _NAN, _ABSENT)
        if channel in self._hanging and not must_verify:  # asked again with the next verification
            self._errors[channel] = self._hanging[channel]
            return Reading(_NAN, _NAN, _FAILED)
        self._clock.sleep_until(self._fresh_at_s[channel])
        began_s = self._clock.now_s()
        try:
            if must_verify:
                meter.verify()
            reading = meter.read()
        except ChipError as error:
            self._errors[channel] = error
            if self._clock.now_s() - began_s > HANGS_AFTER_S:
                self._hanging[channel] = error
            return Reading(_NAN, _NAN, _FAILED)
        self._hanging.pop(channel, None)
        self._fresh_at_s[channel] = self._clock.now_s() + meter.conversion_s
        return as_reading(reading)

    def _look(self, channel: Channel, looked_at: set[Channel]) -> Reading:
        meter = self._meters[channel]
        if meter is None or channel in self._hanging or channel not in looked_at:
            return Reading(_NAN, _NAN, _ABSENT)
        try:
            if channel == Channel.CHARGE:
                return Reading(_NAN, meter.look_at_shunt_v(), _GOOD)
            return Reading(meter.look_at_bus_v(), _NAN, _GOOD)
        except OSError:
            looked_at.discard(channel)
            return Reading(_NAN, _NAN, _FAILED)
