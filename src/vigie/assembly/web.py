"""The web process put together."""

import structlog

from vigie.assembly.files import files, link_token
from vigie.config import Config
from vigie.hardware.systemd import Notifier
from vigie.link.hub import Hub
from vigie.web.app import create_app
from vigie.web.server import serve as serve_application

log = structlog.get_logger(__name__)


def serve(config: Config) -> None:
    """Serve the web application until a signal stops it.

    Raises:
        VigieError: the address cannot be listened on.
    """
    paths = files(config)
    hub = Hub(link_token(paths.token), paths.snapshot)
    application = create_app(config.web, hub, paths.journal)

    def on_ready(port: int) -> None:
        url = f"http://{config.web.host}:{port}/flask/"
        Notifier().ready()
        log.info("web ready", url=url)

    serve_application(application, config.web, on_ready)
