"""The web process while its settings do not fit: the page that says what to do, until they do."""

import os
import signal
import threading
import time

import structlog

from vigie.config import UnfitSettings
from vigie.errors import SettingsError
from vigie.hardware.systemd import Notifier
from vigie.web.server import serve
from vigie.web.settings import WebSettings, check
from vigie.web.setup import create_setup_app
from vigie.wording.service_commands import ServiceCommands

LOOK_EVERY_S = 1.0
log = structlog.get_logger(__name__)


def serve_setup(unfit: UnfitSettings, commands: ServiceCommands) -> None:
    """Serve the page until the settings fit or a signal comes.

    Raises:
        VigieError: the address cannot be listened on.
    """
    settings = web_settings(unfit, commands.host)
    application = create_setup_app(settings, commands, lambda: unfit.error.is_uncommissioned)

    def end_when_they_fit() -> None:
        while not unfit.fit_now():
            time.sleep(LOOK_EVERY_S)
        os.kill(os.getpid(), signal.SIGTERM)

    def on_ready(port: int) -> None:
        Notifier().ready("waits for settings; the page says what to do")
        log.warning("web waits for settings", url=f"http://{settings.host}:{port}/flask/")
        threading.Thread(target=end_when_they_fit, name="settings", daemon=True).start()

    serve(application, settings, on_ready)


def web_settings(unfit: UnfitSettings, host: str) -> WebSettings:
    """Return where the application would answer, as far as the settings can say it."""
    try:
        settings: WebSettings = unfit.section("web", {"host": host})
        check(settings)
    except SettingsError:
        return WebSettings(host=host)
    return settings
