"""The delivery process put together."""

import threading
from collections.abc import Callable

import structlog

from vigie.assembly.files import files
from vigie.clock import machine_monotonic_s
from vigie.config import Config
from vigie.config.sections import PlantKind
from vigie.controller.lock import ControllerLock
from vigie.delivery.courier import Courier
from vigie.delivery.dates import MachineCalendar
from vigie.delivery.feed import Feed
from vigie.delivery.sender import Sender
from vigie.errors import AlreadyRunning, SettingsError
from vigie.hardware.kernel_clock import clock_is_synchronised, uptime_s
from vigie.hardware.systemd import Notifier
from vigie.telemetry.delivery_log import DeliveryLog

log = structlog.get_logger("vigie.delivery")

ALIVE_EVERY_S = 5.0
END_S = 3.0
"""How long a request under way is waited for at the end; one that is cut off is sent again after the next start."""


def deliver(config: Config, stop: threading.Event) -> None:
    """Deliver the journal's periods to ``remote_write.url`` until ``stop`` is set.

    Raises:
        SettingsError: there is no address to deliver to.
        AlreadyRunning: another process delivers from this journal.
    """
    if not config.remote_write.url:
        raise SettingsError("remote_write.url is empty: name the store's remote-write address")
    paths = files(config)
    lock = _lock(config)
    notifier = Notifier()
    courier = Courier(
        config.remote_write,
        DeliveryLog(paths.journal),
        Feed(config.site.name, config.site.battery, with_client_names=config.remote_write.client_names),
        Sender(config.remote_write),
        stop,
        machine=MachineCalendar(clock_is_synchronised, uptime_s),
        is_real_time=config.plant.kind == PlantKind.RIG,
        alive=_sparsely(notifier.alive),
    )
    ended = threading.Event()

    def run() -> None:
        try:
            courier.run()
        finally:
            ended.set()
            stop.set()

    notifier.ready()
    threading.Thread(target=run, name="courier", daemon=True).start()
    log.info("delivery ready", url=config.remote_write.url)
    stop.wait()
    notifier.stopping()
    ended.wait(END_S)
    lock.close()


def _lock(config: Config) -> ControllerLock:
    path = files(config).directory / "delivery.lock"
    try:
        return ControllerLock(path, with_folder=False)
    except AlreadyRunning as error:
        raise AlreadyRunning(f"another delivery works on this journal already (lock {path}): stop it first") from error


def _sparsely(act: Callable[[], object]) -> Callable[[], None]:
    """Return ``act`` as something that may be called often."""
    due_s = float("-inf")

    def sometimes() -> None:
        nonlocal due_s
        now_s = machine_monotonic_s()
        if now_s >= due_s:
            due_s = now_s + ALIVE_EVERY_S
            act()

    return sometimes
