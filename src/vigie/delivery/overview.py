"""How delivery is doing, as the web process sees it: for pages, and for the alarm ``delivery_failed``."""

import threading
from collections.abc import Callable

from vigie.clock import machine_monotonic_s, machine_utc_s
from vigie.errors import JournalError
from vigie.link.messages import DeliveryReport
from vigie.telemetry.delivery_log import DeliveryLog, DeliveryState

LOOK_EVERY_S = 5.0
PATIENCE_S = 900.0
"""A store that takes nothing for longer is worth an alarm; a restart of the store is not."""
SETTINGS_PATIENCE_S = 60.0
"""A wrong address, certificate or login does not heal by itself; what stands before a starting store may say 404."""


class Overview:
    """Looks at what delivery tells in the journal, every few seconds at most. Safe from any thread."""

    def __init__(
        self,
        log: DeliveryLog,
        monotonic_s: Callable[[], float] = machine_monotonic_s,
        utc_s: Callable[[], float] = machine_utc_s,
    ) -> None:
        self._log = log
        self._monotonic_s = monotonic_s
        self._utc_s = utc_s
        self._lock = threading.Lock()
        self._looked_s = float("-inf")
        self._state: DeliveryState | None = None
        self._error = ""
        self._well_s = monotonic_s()
        """When it was last seen to go well; a web process that has just started has seen nothing."""

    def report(self) -> DeliveryReport:
        """Return how delivery is doing."""
        state = self._look()
        return {
            "url": state.url if state else "",
            "delivered_utc_ms": state.delivered_utc_ms if state else None,
            "waiting_periods": state.waiting_periods if state else 0,
            "lag_s": state.lag_s if state else 0.0,
            "set_aside": state.set_aside if state else 0,
            "lost_periods": state.lost_periods if state else 0,
            "last_ok_utc_ms": state.last_ok_utc_ms if state else None,
            "last_error": state.last_error if state else self._error,
            "is_settings": state.is_settings if state else False,
        }

    def is_in_trouble(self) -> bool:
        """Return whether the store has taken nothing for :data:`PATIENCE_S`, or has refused something for good.

        Where the settings are to blame, :data:`SETTINGS_PATIENCE_S` is enough.
        """
        state = self._look()
        if state is None:
            return False  # no journal to deliver from: other alarms tell of that
        patience_s = SETTINGS_PATIENCE_S if state.is_settings else PATIENCE_S
        return state.set_aside > 0 or self._monotonic_s() - self._well_s > patience_s or self._is_long_past(state)

    def _is_long_past(self, state: DeliveryState) -> bool:
        return bool(
            state.last_error
            and state.last_ok_utc_ms is not None
            and self._utc_s() - state.last_ok_utc_ms / 1000 > PATIENCE_S
        )

    def _look(self) -> DeliveryState | None:
        now_s = self._monotonic_s()
        with self._lock:
            if now_s - self._looked_s < LOOK_EVERY_S:
                return self._state
            self._looked_s = now_s
            before = self._state
            try:
                self._state, self._error = self._log.state(round(self._utc_s() * 1000)), ""
            except JournalError as error:
                self._state, self._error = None, str(error)
                return None
            was_heard = before is None or self._state.updated_utc_ms != before.updated_utc_ms
            if was_heard and self._state.updated_utc_ms and not self._state.last_error:
                self._well_s = now_s
            return self._state
